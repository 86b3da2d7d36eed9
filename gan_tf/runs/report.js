// The script of report.html: shows a run (`content`), computes its networks, and says everything in the words of `said`.
"use strict";
const $ = id => document.getElementById(id);
const content = JSON.parse($("content").textContent), said = JSON.parse($("words").textContent);
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"];
const own = (table, name) => Object.hasOwn(table, name) ? table[name] : null;

// ---- Words ----

// The words called `key`, with `values` in their places {name}.
function say(key, values = {}) {
  return said.texts[key].replace(/\{(\w+)\}/g, (whole, name) => Object.hasOwn(values, name) ? values[name] : whole);
}
// Puts text into an element: *this* becomes bold, [this] becomes the next of `links`, if there is one.
function write(node, text, links = []) {
  node.textContent = "";
  let next = 0;
  for (const part of text.split(/(\*[^*]+\*|\[[^\]]+\])/)) {
    const inside = part.slice(1, -1), link = part.startsWith("[") && links[next++];
    const made = link ? document.createElement("a") : part.startsWith("*") ? document.createElement("b") : null;
    if (link) made.setAttribute("href", link);
    if (made) { made.textContent = inside; node.append(made); } else node.append(part.startsWith("[") ? inside : part);
  }
}
const short = value => Math.abs(value) >= 1e-3 || value === 0 ? String(Number(value.toPrecision(3))) : value.toExponential(1);
const whole = value => Number(value).toLocaleString("en");
const counted = (number, thing) => say(number === 1 ? thing : `${thing}s`, { n: whole(number) });
const label = name => name === "spread" ? say(content.within ? "spread.title.within" : "spread.title") : own(said.texts, name) || name;

for (const node of document.querySelectorAll("[data-say]")) {
  write(node, say(node.dataset.say), node.dataset.say === "lessons" ? content.links : []);
}
for (const node of document.querySelectorAll("[data-label]")) node.setAttribute("aria-label", say(node.dataset.label));

// ---- The networks ----

const live = content.networks, [HEIGHT, WIDTH, CHANNELS] = live.shape.length ? live.shape : [1, 1, 1];
const generator = live.generator && Networks.load(live.generator);
const discriminator = live.discriminator && Networks.load(live.discriminator);
// What this GAN can be asked for, such as digits: [name, numbers] each. A D that does not see it has its own list: none.
const asking = live.noise && live.noise.conditions, judging = live.judge && live.judge.conditions;

// A random number as in training.
function random() {
  if (live.noise.kind === "uniform") return 2 * Math.random() - 1;
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}
// Noise for G, as in training. `asked` is the place of a condition, if G takes one.
function noise(asked = 0) {
  const made = Float64Array.from({ length: live.noise.width }, random);
  for (const [, first, last] of live.noise.codes) {
    if (last - first > 1) made.fill(0, first, last)[first + Math.floor(Math.random() * (last - first))] = 1;
  }
  if (asking) asking.columns.forEach((column, i) => { made[column] = asking.rows[asked][1][i]; });
  return made;
}
// The pixels in [0, 1], row by row, the channels last, from a list of noise.
function generate(noise) { return generator.run([noise])[0]; }
// D's output for such pixels. `asked` is the place of a condition, if D takes one.
function discriminate(pixels, asked = 0) {
  const given = [];
  given[live.judge.picture] = pixels;
  if (judging) given[live.judge.asked] = judging.rows[asked][1];
  return discriminator.run(given)[live.judge.output][0];
}
// The place of the condition that noise asks for.
function askedBy(noise) {
  return asking ? asking.rows.findIndex(([, row]) => row.every((value, i) => value === noise[asking.columns[i]])) : 0;
}

// ---- D's opinion ----

const known = { fake: [], real: [] };  // D's outputs for 16 pictures of G, and for real images
const realBytes = live.real && Uint8Array.from(atob(live.real), c => c.charCodeAt(0));
const PIXELS = HEIGHT * WIDTH * CHANNELS, realImages = [];
for (let at = 0; realBytes && at < realBytes.length; at += PIXELS) {
  realImages.push(Float32Array.from(realBytes.subarray(at, at + PIXELS), each => each / 255));
}
if (discriminator && !judging) known.real = realImages.map(image => discriminate(image));

// Where an output lies between "generated" (0) and "real" (1): its sigmoid, if that is D's probability. Else between the
// lowest and the highest output that D has for known pictures.
function position(output) {
  if (live.probability) return 1 / (1 + Math.exp(-output));
  const all = [...known.fake, ...known.real], low = Math.min(...all), high = Math.max(...all);
  return all.length && high > low ? Math.min(1, Math.max(0, (output - low) / (high - low))) : 0.5;
}
function opinion(output) {
  if (!live.probability) return say("d.output", { logit: short(output) });
  const key = output > 3 ? "sure.real" : output > 0.5 ? "rather.real" : output >= -0.5 ? "undecided" : output >= -3 ? "rather.fake" : "sure.fake";
  return say(`d.${key}`);
}
function judged(pixels, asked) {
  if (!discriminator || judging && asked < 0) return "";
  const output = discriminate(pixels, asked);
  return live.probability ? say("d.says", { words: opinion(output) }) : opinion(output);
}
function mark(scale, output, kind = "") {
  const node = document.createElement("i");
  node.className = kind;
  node.style.left = `${100 * position(output)}%`;
  scale.append(node);
}

// ---- Helpers ----

const sized = canvas => { canvas.width = WIDTH; canvas.height = HEIGHT; };
function paint(canvas, pixels, left = 0, top = 0) {
  const image = new ImageData(WIDTH, HEIGHT);
  for (let i = 0; i < WIDTH * HEIGHT; i++) for (let c = 0; c < 4; c++) {
    image.data[4 * i + c] = c === 3 ? 255 : Math.round(255 * pixels[CHANNELS === 3 ? 3 * i + c : i]);
  }
  canvas.getContext("2d").putImageData(image, left, top);
}
// Calls each(item) for the items, in parts: between them the page can answer. A later call with the same name stops it.
const turns = {};
function slowly(name, items, each) {
  const turn = turns[name] = {};
  let next = 0;
  (function part() {
    const begun = performance.now();
    while (next < items.length && performance.now() - begun < 30) each(items[next++]);
    if (next < items.length) setTimeout(() => { if (turns[name] === turn) part(); });
  })();
}
function fill(table, heads, rows) {
  for (const { cells, chosen } of rows) {
    const tr = table.tBodies[0].insertRow();
    if (chosen) { tr.className = "chosen"; tr.title = say("settings.chosen"); }
    cells.forEach((text, i) => {
      const td = tr.insertCell();
      td.textContent = text;
      if (i && i < cells.length - 1) { td.className = "number"; td.dataset.head = heads[i]; }
    });
  }
}
// Calls move(x, y), each in [0, 1], where the field is pressed or dragged with the first button or a finger.
function drag(field, press, move) {
  const at = event => {
    const box = field.getBoundingClientRect(), unit = v => Math.min(1, Math.max(0, v));
    return [unit((event.clientX - box.left) / box.width), unit((event.clientY - box.top) / box.height)];
  };
  field.addEventListener("pointerdown", event => {
    if (event.button) return;
    field.setPointerCapture(event.pointerId);
    press(...at(event));
  });
  field.addEventListener("pointermove", event => { if (field.hasPointerCapture(event.pointerId)) move(...at(event)); });
}
// Calls step(dx, dy) for the arrow keys.
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
function arrows(field, step) {
  field.addEventListener("keydown", event => {
    if (ARROWS[event.key]) { event.preventDefault(); step(...ARROWS[event.key]); }
  });
}
function place(marker, x, y) { marker.style.left = `${100 * x}%`; marker.style.top = `${100 * y}%`; }
function options(select, names) {
  select.replaceChildren(...names.map((name, i) => {
    const option = document.createElement("option");
    option.value = i;
    option.textContent = name;
    return option;
  }));
}

// ---- What was run ----

const pictures = content.grids.length > 0;
for (const node of document.querySelectorAll(".pictures")) node.hidden = !pictures;
for (const node of document.querySelectorAll(".other")) node.hidden = pictures;
$("what").textContent = say("what", {
  gan: content.gan, data: content.data.name, iterations: counted(content.trained, "iteration"),
  images: counted(content.data.images, pictures ? "image" : "example"),
});
$("stretched").hidden = content.colour;
for (const canvas of document.querySelectorAll("canvas")) sized(canvas);

// ---- The run: a slider through the grids, and the curves ----

const { grids, charts } = content;
const last = content.trained, slider = $("slider");
const now = () => grids.length ? grids[slider.value].iteration : Number(slider.value);

function nearest(xs, x) {
  let best = 0;
  xs.forEach((each, i) => { if (Math.abs(each - x) < Math.abs(xs[best] - x)) best = i; });
  return best;
}
function svg(parent, name, attributes, text) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  return parent.appendChild(node);
}
function ticks(low, high, log) {
  const found = [];
  if (log) {
    const marks = Math.log10(high / low) < 2.2 ? [1, 2, 5] : [1];
    for (let e = Math.floor(Math.log10(low)); e <= Math.log10(high); e++) for (const m of marks) found.push(m * 10 ** e);
  } else {
    const rough = (high - low) / 4, power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].find(m => m * power >= rough) * power;
    for (let i = Math.ceil(low / step); i * step <= high * 1.0001; i++) found.push(i * step);
  }
  return found.filter(t => t >= low * 0.9999 && t <= high * 1.0001 || t === 0);
}
const LEFT = 50, RIGHT = 34;  // margins of a chart: half of the last iteration's number lies in the right one
function drawChart(chart, first) {
  const node = chart.node, w = node.clientWidth || 600, h = 190, left = LEFT, right = RIGHT, top = 30, bottom = 38;
  node.replaceChildren();
  node.setAttribute("viewBox", `0 0 ${w} ${h}`);
  const level = chart.level;
  const values = chart.lines.flatMap(line => line.y).concat(level ?? []);
  const log = first && Math.min(...values) > 0;
  let low = Math.min(...values), high = Math.max(...values);
  if (!log) low = Math.min(0, low);
  if (high === low) high = low + 1;
  const scale = v => log ? Math.log(v / low) / Math.log(high / low) : (v - low) / (high - low);
  const X = it => left + (w - left - right) * it / Math.max(1, last), Y = v => h - bottom - (h - top - bottom) * scale(v);
  for (const t of ticks(low, high, log)) {
    svg(node, "line", { x1: left, x2: w - right, y1: Y(t), y2: Y(t), stroke: "#e4e8ee" });
    svg(node, "text", { x: left - 7, y: Y(t) + 4, "text-anchor": "end" }, short(t));
  }
  for (const t of ticks(0, Math.max(1, last), false)) svg(node, "text", { x: X(t), y: h - bottom + 17, "text-anchor": "middle" }, whole(t));
  svg(node, "text", { x: w - 2, y: h - 3, "text-anchor": "end" }, say("axis"));
  if (level !== null) {
    svg(node, "line", { x1: left, x2: w - right, y1: Y(level), y2: Y(level), stroke: "#1c2430", "stroke-dasharray": "3 4" });
  }
  const title = svg(node, "text", { x: left, y: 16, class: "title" });
  chart.lines.forEach((line, i) => {
    const colour = COLOURS[first ? i % COLOURS.length : 2];
    title.append(i ? "   " : "");
    svg(title, "tspan", { fill: colour }, `${label(line.name)}`);
    svg(node, "polyline", { points: line.x.map((x, k) => `${X(x)},${Y(line.y[k])}`).join(" "), fill: "none", stroke: colour, "stroke-width": 1.2 });
  });
  const notes = [log ? say("log") : "", level === null ? "" : say(first ? "dotted.blind" : "dotted.real")];
  svg(node, "text", { x: left, y: h - 3 }, notes.filter(each => each).join("; "));
  chart.X = X; chart.Y = Y;
  chart.marker = svg(node, "g", { class: "position" });
}
function drawCharts() { charts.forEach((chart, i) => drawChart(chart, i === 0)); show(); }
function show() {
  const it = now(), found = [];
  if (grids.length) {
    $("grid").src = grids[slider.value].picture;
    $("grid").alt = say("grid.alt", { n: whole(it) });
  }
  charts.forEach((chart, number) => {
    chart.marker.replaceChildren();
    svg(chart.marker, "line", { x1: chart.X(it), x2: chart.X(it), y1: 24, y2: 152, stroke: "#1c2430", "stroke-width": 1.5 });
    chart.lines.forEach((line, i) => {
      if (!line.x.length) return;
      const step = (line.x.at(-1) - line.x[0]) / Math.max(1, line.x.length - 1);
      if (it < line.x[0] - 2 * step || it > line.x.at(-1) + 2 * step) return;  // another phase
      const k = nearest(line.x, it), colour = COLOURS[number ? 2 : i % COLOURS.length];
      svg(chart.marker, "circle", { cx: chart.X(line.x[k]), cy: chart.Y(line.y[k]), r: 5, fill: colour, stroke: "#fff", "stroke-width": 2 });
      found.push({ what: `${line.name === "spread" ? say("spread") : label(line.name)} ${short(line.y[k])}`, at: line.x[k] });
    });
  });
  // What was measured at another iteration says at which: once, after the last of those measured there.
  const readings = found.map(({ what, at }, i) =>
    at === it || found[i + 1] && found[i + 1].at === at ? what : say("of.iteration", { what, n: whole(at) }));
  $("reading").textContent = [say(it === last ? "at.end" : "at", { n: whole(it) }), ...readings].join("  ·  ");
  slider.setAttribute("aria-valuetext", $("reading").textContent);
}
{
  for (const each of document.querySelectorAll(".travel")) each.hidden = grids.length === 1;
  $("grid-side").hidden = !grids.length;
  if (!grids.length) document.querySelector("#run .sides").style.gridTemplateColumns = "minmax(0, 1fr)";
  slider.max = grids.length ? grids.length - 1 : last;
  slider.value = slider.max;
  for (const chart of charts) {
    chart.node = svg($("charts"), "svg", { role: "img", "aria-label": chart.lines.map(line => label(line.name)).join(", ") });
    chart.node.addEventListener("pointerdown", event => {
      if (event.button) return;
      const it = (event.offsetX - LEFT) / (chart.node.clientWidth - LEFT - RIGHT) * last;
      slider.value = grids.length ? nearest(grids.map(grid => grid.iteration), it) : it;
      show();
    });
  }
  slider.addEventListener("input", show);
  addEventListener("resize", drawCharts);
  let timer = 0;
  const stop = () => { clearInterval(timer); timer = 0; $("play").textContent = say("play"); };
  $("play").addEventListener("click", () => {
    if (timer) return stop();
    const step = Math.max(1, Math.round(slider.max / 100));
    if (slider.value === slider.max) slider.value = 0;
    $("play").textContent = say("stop");
    show();
    timer = setInterval(() => {
      slider.value = Number(slider.value) + step;
      show();
      if (slider.value === slider.max) stop();
    }, 150);
  });
  drawCharts();
  const notes = [];
  if (live.probability) notes.push(say("losses.usual"), say("losses.blind", { level: short(charts[0].level) }), say("losses.won"));
  const spread = charts.find(chart => chart.lines[0].name === "spread"), real = spread && spread.level;
  if (spread) {
    const more = real ? [say("spread.real", { level: short(real) })] : [];
    notes.push([say(content.within ? "spread.within" : "spread.read"), ...more].join(said.join));
    if (spread.lines[0].y.at(-1) < 0.05 * (real || 0.2)) {  // as in the log's warning
      notes.push([say("collapsed"), ...(content.gan === "reference" ? [say("collapsed.cure")] : [])].join(said.join));
    }
  }
  $("reading-curves").hidden = !notes.length;
  for (const text of notes) $("healthy").appendChild(document.createElement("li")).textContent = text;
}

// ---- The generator, live ----

let samples = [], ends = [0, 1], next = 0, plane = null, at = [0.83, 0.17], coded = null;
const CELLS = 9;

const chosen = () => asking && $("asked").value > 0 ? $("asked").value - 1 : null;
const another = i => noise(asking ? chosen() ?? i % asking.rows.length : 0);

function draw16(noises) {
  samples = noises.map(each => ({ noise: each, pixels: generate(each), asked: askedBy(each) }));
  if (discriminator) for (const each of samples) each.output = discriminate(each.pixels, each.asked);
  if (discriminator) known.fake = samples.map(({ output }) => output);
  $("samples").replaceChildren(...samples.map(({ pixels, asked, output }, i) => {
    const button = document.createElement("button"), canvas = document.createElement("canvas");
    sized(canvas);
    canvas.className = "pixels";
    paint(canvas, pixels);
    const about = [say("picture", { n: i + 1 }), ...(asking ? [asking.rows[asked][0]] : [])];
    button.append(canvas);
    if (discriminator) {
      const scale = document.createElement("div");
      scale.className = "opinion";
      mark(scale, output);
      button.append(scale);
      about.push(live.probability ? say("d.says", { words: opinion(output) }) : opinion(output));
    }
    button.setAttribute("aria-label", about.join(", "));
    button.title = about.slice(1).join(", ");
    button.addEventListener("click", () => { ends[next] = i; next = 1 - next; interpolate(); });
    return button;
  }));
  interpolate();
}
function interpolate() {
  const t = $("mix").value / 100, [a, b] = ends.map(end => samples[end]);
  [...$("samples").children].forEach((button, i) => {
    const names = ["A", "B"].filter((name, end) => ends[end] === i).join(" ");
    if (names) button.dataset.end = names;
    else delete button.dataset.end;
  });
  const pixels = generate(a.noise.map((value, i) => (1 - t) * value + t * b.noise[i]));
  paint($("a"), a.pixels);
  paint($("b"), b.pixels);
  paint($("between"), pixels);
  $("mix-reading").textContent = say("mix.reading", { a: (1 - t).toFixed(2), b: t.toFixed(2) });
  $("between-judged").textContent = judged(pixels, a.asked === b.asked ? a.asked : -1);
}

// The numbers of the noise that the plane moves: those that say no condition and no category.
const moving = [];
if (generator) {
  const fixed = new Set(asking ? asking.columns : []);
  for (const [, first, end] of live.noise.codes) if (end - first > 1) for (let i = first; i < end; i++) fixed.add(i);
  for (let i = 0; i < live.noise.width; i++) moving.push(!fixed.has(i));
}
// The plane through 0 with (1, 1) at the noise `plane`; x sets its even numbers, y its odd ones.
const onPlane = (x, y) => plane.map((value, i) => moving[i] ? (i % 2 ? 1 - 2 * y : 2 * x - 1) * value : value);
function drawPlane() {
  plane = another(0);
  const canvas = document.querySelector("#plane canvas");
  canvas.width = CELLS * WIDTH;
  canvas.height = CELLS * HEIGHT;
  go(...at);
  slowly("plane", Array.from({ length: CELLS * CELLS }, (_, i) => i), i => {
    const column = i % CELLS, row = Math.floor(i / CELLS);
    paint(canvas, generate(onPlane((column + 0.5) / CELLS, (row + 0.5) / CELLS)), column * WIDTH, row * HEIGHT);
  });
}
function go(x, y) {
  at = [x, y].map(v => Math.min(1, Math.max(0, v)));
  const pixels = generate(onPlane(...at));
  place(document.querySelector("#plane .marker"), ...at);
  paint($("there"), pixels);
  $("there-reading").textContent = say("plane.reading", { x: (2 * at[0] - 1).toFixed(2), y: (1 - 2 * at[1]).toFixed(2) });
  $("there-judged").textContent = judged(pixels, askedBy(plane));
}

function drawCodes() {
  for (const [name, first, end] of live.noise.codes) {
    const value = Number($(`code-${name}`).value);
    if (end - first > 1) coded.fill(0, first, end)[first + value] = 1;
    else coded[first] = value;
    $(`code-${name}-reading`).textContent = end - first > 1 ? value : value.toFixed(1);
  }
  paint($("codes-picture"), generate(coded));
}
function makeCodes() {
  $("codes").hidden = !live.noise.codes.length;
  if (!live.noise.codes.length) return;
  for (const [name, first, end] of live.noise.codes) {
    const line = document.createElement("label"), range = $(`code-${name}`) || document.createElement("input");
    const reading = $(`code-${name}-reading`) || document.createElement("output"), many = end - first > 1;
    Object.assign(range, { id: `code-${name}`, type: "range", min: many ? 0 : -2, max: many ? end - first - 1 : 2, step: many ? 1 : 0.1, value: 0 });
    reading.id = `code-${name}-reading`;
    range.addEventListener("input", drawCodes);
    line.append(own(said.texts, `code.${name}`) || name, range, reading);
    $("codes-controls").append(line);
  }
  coded = noise();
  $("codes-other").addEventListener("click", () => { coded = noise(); drawCodes(); });
  drawCodes();
}

if (generator) {
  $("generator").hidden = false;
  $("marks").hidden = !discriminator;
  const sizes = { weights: whole(generator.weights), inputs: whole(generator.inputs[0]), pixels: whole(generator.outputs[0]) };
  $("size").textContent = say("g.weights", sizes);
  if (asking) {
    $("asking").hidden = false;
    options($("asked"), [say("asked.all"), ...asking.rows.map(([name]) => name)]);
    $("asked").value = 0;
    $("asked").addEventListener("change", () => { draw16(Array.from({ length: 16 }, (_, i) => another(i))); drawPlane(); });
  }
  const flat = Networks.floats(live.noise.shown), width = live.noise.width;
  draw16(Array.from({ length: 16 }, (_, i) => Float64Array.from(flat.slice(i * width, (i + 1) * width))));
  $("another").addEventListener("click", () => draw16(Array.from({ length: 16 }, (_, i) => another(i))));
  $("mix").addEventListener("input", interpolate);
  makeCodes();
  $("plane").style.aspectRatio = `${WIDTH} / ${HEIGHT}`;
  drawPlane();
  drag($("plane"), go, go);
  arrows($("plane"), (dx, dy) => go(at[0] + dx / 40, at[1] + dy / 40));
  $("other-plane").addEventListener("click", drawPlane);
  const keras = Networks.floats(live.noise.keras), ours = generate(flat.slice(0, width));
  const distance = ours.reduce((most, value, i) => Math.max(most, Math.abs(value - keras[i])), 0);
  $("checked").textContent = [say("checked", { distance: distance.toExponential(1) }),
    ...(live.generator.bits === 16 ? [say("checked.rounded")] : [])].join(said.join);
}

// ---- The discriminator, live ----

const drawing = new Float32Array(PIXELS);
let pen = [WIDTH / 2, HEIGHT / 2], empty = true;
// As wide as MNIST's strokes are in 28 pixels; the same share of larger pictures.
const PEN = Math.max(1, Math.min(WIDTH, HEIGHT) / 28);

// A dot of a soft pen; x and y in pixels.
function dot(x, y) {
  const colour = CHANNELS === 3 ? [1, 3, 5].map(i => parseInt($("colour").value.slice(i, i + 2), 16) / 255) : [1];
  for (let i = 0; i < WIDTH * HEIGHT; i++) {
    const distance = Math.hypot(i % WIDTH + 0.5 - x, Math.floor(i / WIDTH) + 0.5 - y) / PEN;
    const ink = Math.min(1, Math.max(0, 1.8 - distance));
    for (let c = 0; c < CHANNELS; c++) {
      const before = drawing[i * CHANNELS + c];
      drawing[i * CHANNELS + c] = CHANNELS === 1 ? Math.max(before, ink) : before + ink * (colour[c] - before);
    }
  }
}
function stroke(x, y) {
  const steps = Math.ceil(2 * Math.hypot(x - pen[0], y - pen[1])) || 1;
  for (let i = 1; i <= steps; i++) dot(pen[0] + (x - pen[0]) * i / steps, pen[1] + (y - pen[1]) * i / steps);
  movePen(x, y);
  empty = false;
  judge();
}
function movePen(x, y) {
  pen = [x, y];
  place(document.querySelector("#draw .marker"), x / WIDTH, y / HEIGHT);
}
function judge() {
  paint(document.querySelector("#draw canvas"), drawing);
  $("scale").replaceChildren();
  for (const kind of ["fake", "real"]) for (const output of known[kind]) mark($("scale"), output, kind);
  $("logit").textContent = "";
  $("verdict").textContent = empty ? say("d.empty") : "";
  if (empty) return;
  const output = discriminate(drawing, Number($("judged-as").value) || 0);
  mark($("scale"), output);
  $("verdict").textContent = opinion(output);
  $("logit").textContent = live.probability ? say("d.logit", { logit: output.toFixed(4) }) : say("d.number", { logit: short(output) });
}
function showPicture(pixels, asked) {
  drawing.set(pixels);
  empty = false;
  if (judging && asked !== undefined) $("judged-as").value = asked;
  judge();
}
if (discriminator) {
  $("discriminator").hidden = false;
  $("draw").style.aspectRatio = `${WIDTH} / ${HEIGHT}`;
  drag($("draw"), (x, y) => { movePen(x * WIDTH, y * HEIGHT); stroke(x * WIDTH, y * HEIGHT); }, (x, y) => stroke(x * WIDTH, y * HEIGHT));
  const inside = (v, size) => Math.min(size - 0.5, Math.max(0.5, v));
  arrows($("draw"), (dx, dy) => movePen(inside(pen[0] + dx, WIDTH), inside(pen[1] + dy, HEIGHT)));
  $("draw").addEventListener("keydown", event => {
    if (event.key === " ") { event.preventDefault(); stroke(...pen); }
  });
  $("clear").addEventListener("click", () => { drawing.fill(0); empty = true; judge(); });
  $("colouring").hidden = CHANNELS !== 3;
  if (judging) {
    $("judging").hidden = false;
    options($("judged-as"), judging.rows.map(([name]) => name));
    $("judged-as").value = 0;
    $("judged-as").addEventListener("change", judge);
  }
  $("fake").hidden = !generator;
  let shown = 0;
  $("fake").addEventListener("click", () => { const given = another(shown++); showPicture(generate(given), askedBy(given)); });
  $("real").hidden = !realImages.length;
  let image = -1;
  $("real").addEventListener("click", () => showPicture(realImages[image = (image + 1) % realImages.length]));
  const counts = { fake: known.fake.length, real: known.real.length };
  const marks = counts.fake && counts.real ? "d.marks" : counts.fake ? "d.marks.fake" : "d.marks.real";
  $("known").textContent = counts.fake || counts.real ? say(marks, counts) : "";
  movePen(...pen);
  judge();
}
if (generator || discriminator) {
  $("console").hidden = false;
  document.querySelector(".g").hidden = !generator;
  document.querySelector(".d").hidden = !discriminator;
}
for (const [which, { key, ...values }] of pictures ? Object.entries(live.why) : []) {
  $("not-live").hidden = false;
  const line = document.querySelector("#not-live ul").appendChild(document.createElement("li"));
  line.textContent = say(`why.${which}`, { why: say(`why.${key}`, values) });
}

// ---- Scores and settings, in words ----

// What is said of MNIST alone was measured there. Of the reference's settings the page says what is usual; other GANs
// have flags of their own, with the words of --help.
function meaning(name) {
  const text = own(said.scores, name) || (name.startsWith("sliced_wasserstein_") ? said.scores.sliced_wasserstein_ : "");
  return [text, content.data.name === "mnist" && own(said.scores_of_mnist, name)].filter(each => each).join(said.join);
}
function titled(name, title) {
  const level = name.replace("sliced_wasserstein_", "");
  return level === name ? own(said.titles, title) || title : say("level", { n: level });
}
function setting(name) {
  if (own(content.explained, name)) return [name, content.explained[name]];
  const found = own(said.settings, name);
  return found ? [found.title, [found.meaning, content.gan === "reference" && found.usual].filter(each => each).join(said.join)] : [name, ""];
}
function value(name, v) {
  const text = v === true ? say("yes") : v === false ? say("no") : typeof v === "number" ? (Number.isInteger(v) ? whole(v) : String(v))
    : typeof v === "string" ? v : JSON.stringify(v);
  // A run that was stopped, or trained further later, has done other iterations than --iters says.
  return name === "iters" && v !== content.trained ? say("done", { value: text, n: whole(content.trained) }) : text;
}
fill($("settings").querySelector("table"), ["", say("settings.value")], content.settings
  .filter(([name]) => pictures || name !== "sample_every")
  .map(([name, v, chosen]) => { const [title, text] = setting(name); return { cells: [title, value(name, v), text], chosen }; }));
$("machine").textContent = Object.entries(content.machine).filter(([, v]) => v).map(([name, v]) => `${name}: ${v}`).join(" · ");
if (content.metrics) {
  const { count, iterations, scores } = content.metrics;
  $("metrics").hidden = false;
  $("metrics").className = count === null ? "own" : "";
  const key = count === null ? (iterations === null ? "measured" : "measured.after") : iterations === null ? "measured.count" : "measured.both";
  const values = { count: whole(count), iterations: iterations === null ? "" : counted(iterations, "iteration") };
  $("measured").textContent = say(key, values)
    + (count !== null && content.data.classifier === "mnist" && content.data.name !== "mnist" ? said.join + say("measured.mnist") : "");
  fill($("metrics").querySelector("table"), ["", say("scores.run"), say("scores.real")],
    scores.map(([name, title, ours, real]) => ({ cells: [titled(name, title), ours, real, meaning(name)] })));
}
