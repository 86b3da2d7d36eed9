"use strict";
/* Draws a GAN of the plane: D's opinion as colours, data, G's points and where its loss pulls them; and curves. */
const Plane = (() => {
  const REACH = 1.75; // the square from -REACH to REACH is shown
  const CELLS = 44; // of D's surface, in each direction
  const FAKE = [240, 178, 122], REAL = [150, 196, 230], MIDDLE = [255, 255, 255];
  const { COLOURS } = Playground;

  const cells = new Float64Array(2 * CELLS * CELLS);
  for (let i = 0; i < CELLS * CELLS; i++) {
    cells[2 * i] = ((i % CELLS) + 0.5) / CELLS * 2 * REACH - REACH;
    cells[2 * i + 1] = REACH - (Math.floor(i / CELLS) + 0.5) / CELLS * 2 * REACH;
  }
  const surface = document.createElement("canvas");
  surface.width = surface.height = CELLS;

  // D's opinion of points, from 0 (fake) to 1 (real). The outputs of WGAN-GP's D mean something only next to each other.
  function opinions(gan, points) {
    const outputs = gan2d.judge(gan, points), { loss } = gan.settings;
    if (loss === "wgan_gp") {
      const middle = outputs.reduce((a, b) => a + b, 0) / outputs.length;
      const wide = Math.sqrt(outputs.reduce((sum, each) => sum + (each - middle) ** 2, 0) / outputs.length) || 1;
      return outputs.map(each => gan2d.sigmoid((2 * (each - middle)) / wide));
    }
    if (loss === "least_squares") return outputs.map(each => Math.min(1, Math.max(0, each)));
    return outputs.map(gan2d.sigmoid);
  }

  // Makes a canvas as sharp as the screen. Returns what draws, in units of the page.
  function prepare(canvas) {
    const { width, height } = canvas.getBoundingClientRect(), dense = Math.min(2, devicePixelRatio || 1);
    const [w, h] = [Math.round(width * dense), Math.round(height * dense)];
    if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
    const pen = canvas.getContext("2d");
    pen.setTransform(dense, 0, 0, dense, 0, 0);
    pen.clearRect(0, 0, width, height);
    return [pen, width, height];
  }

  function dots(pen, points, size, colour, place) {
    const radius = Math.max(2, size / 190);
    pen.fillStyle = colour;
    pen.strokeStyle = "#fff";
    pen.lineWidth = 1.2;
    pen.beginPath();
    for (let i = 0; i < points.length; i += 2) {
      const [x, y] = place(points[i], points[i + 1]);
      pen.moveTo(x + radius, y);
      pen.arc(x, y, radius, 0, 2 * Math.PI);
    }
    pen.stroke();
    pen.fill();
  }

  // A point outside of the picture is drawn at its edge.
  const inside = (place, size) => (x, y) => place(x, y).map(v => Math.min(size - 4, Math.max(4, v)));
  const placing = size => (x, y) => [((x + REACH) / (2 * REACH)) * size, ((REACH - y) / (2 * REACH)) * size];

  // `shown` has the points of the data and the noise of G's points; with `arrows`, some have arrows.
  function draw(canvas, gan, { data, noise, arrows }) {
    const [pen, size] = prepare(canvas), place = placing(size);
    const image = new ImageData(CELLS, CELLS);
    opinions(gan, cells).forEach((real, i) => {
      const end = real < 0.5 ? FAKE : REAL, share = Math.abs(2 * real - 1);
      for (let c = 0; c < 3; c++) image.data[4 * i + c] = MIDDLE[c] + share * (end[c] - MIDDLE[c]);
      image.data[4 * i + 3] = 255;
    });
    surface.getContext("2d").putImageData(image, 0, 0);
    pen.imageSmoothingEnabled = true;
    pen.drawImage(surface, 0, 0, size, size);
    dots(pen, data, size, COLOURS.data, place);
    const fake = gan2d.generate(gan, noise);
    if (arrows) drawArrows(pen, size, place, fake.subarray(0, 80), gan);
    dots(pen, fake, size, COLOURS.fake, inside(place, size));
  }

  // An arrow's length grows with the pull: 1 is a fortieth of the width, and none is longer than a seventh of it.
  function drawArrows(pen, size, place, points, gan) {
    const pulls = gan2d.pull(gan, points);
    pen.strokeStyle = COLOURS.ink;
    pen.lineWidth = 1.5;
    for (let i = 0; i < points.length; i += 2) {
      const strength = Math.hypot(pulls[i], pulls[i + 1]), long = Math.min(size / 7, (strength * size) / 40);
      if (long < 1) continue;
      const [x, y] = place(points[i], points[i + 1]), dx = (pulls[i] / strength) * long, dy = (-pulls[i + 1] / strength) * long;
      const head = Math.min(6, long / 2) / long;
      pen.beginPath();
      pen.moveTo(x, y);
      pen.lineTo(x + dx, y + dy);
      pen.lineTo(x + dx - head * (dx - 0.6 * dy), y + dy - head * (dy + 0.6 * dx));
      pen.moveTo(x + dx, y + dy);
      pen.lineTo(x + dx - head * (dx + 0.6 * dy), y + dy - head * (dy - 0.6 * dx));
      pen.stroke();
    }
  }

  // The plane of the smallest GAN: theta to the right, psi upwards, with the path so far.
  function drawPoint(canvas, path, words) {
    const [pen, size] = prepare(canvas), place = placing(size), [cx, cy] = place(0, 0);
    pen.font = "15px system-ui, sans-serif";
    pen.strokeStyle = COLOURS.line;
    pen.lineWidth = 1;
    for (let i = -1; i <= 1; i++) {
      const [x, y] = place(i, i);
      pen.beginPath();
      pen.moveTo(x, 0);
      pen.lineTo(x, size);
      pen.moveTo(0, y);
      pen.lineTo(size, y);
      pen.stroke();
      pen.fillStyle = COLOURS.soft;
      pen.fillText(i, x + 4, size - 6);
      if (i) pen.fillText(i, 4, y - 4);
    }
    pen.strokeStyle = COLOURS.fake;
    pen.lineWidth = 1.8;
    pen.beginPath();
    path.forEach(({ theta, psi }, i) => pen[i ? "lineTo" : "moveTo"](...place(theta, psi)));
    pen.stroke();
    pen.strokeStyle = COLOURS.data;
    pen.lineWidth = 4;
    pen.beginPath();
    pen.moveTo(cx - 9, cy);
    pen.lineTo(cx + 9, cy);
    pen.moveTo(cx, cy - 9);
    pen.lineTo(cx, cy + 9);
    pen.stroke();
    const { theta, psi } = path.at(-1);
    pen.fillStyle = COLOURS.fake;
    pen.beginPath();
    pen.arc(...place(theta, psi), 7, 0, 2 * Math.PI);
    pen.fill();
    pen.fillStyle = COLOURS.ink;
    pen.textAlign = "right";
    pen.fillText(words.theta, size - 8, cy - 8);
    pen.textAlign = "left";
    pen.fillText(words.psi, cx + 8, 20);
  }

  const brief = v => v >= 0.001 && v < 1e4 ? String(Number(v.toPrecision(2))) : v.toExponential(0);

  /* Curves over the iterations. `lines` is [{name, colour, dash, values}], all of the same length; value number i is of
  iteration i · every. With `logarithmic`, the axis has powers of ten. `whole` is for curves without noise: all of their
  values are shown, and much smaller ones. */
  function drawCurves(canvas, lines, every, { logarithmic, level, whole } = {}) {
    const [pen, width, height] = prepare(canvas), left = 52, right = width - 10, top = 24, bottom = height - 22;
    const scale = logarithmic ? v => Math.log10(Math.max(v, whole ? 1e-30 : 1e-8)) : v => v;
    const all = lines.flatMap(line => line.values).filter(Number.isFinite).map(scale).sort((a, b) => a - b);
    // A few wild values must not press all others flat.
    const at = share => all[Math.round(share * (all.length - 1))], cut = whole ? 0 : 0.01;
    let low = all.length ? at(cut) : 0, high = all.length ? at(1 - cut) : 1;
    if (level !== undefined) [low, high] = [Math.min(low, scale(level)), Math.max(high, scale(level))];
    if (high - low < 0.1) [low, high] = [low - 0.1, high + 0.1];
    [low, high] = [low - 0.06 * (high - low), high + 0.06 * (high - low)];
    const count = Math.max(1, ...lines.map(line => line.values.length));
    const x = i => left + ((right - left) * i) / Math.max(1, count - 1);
    const y = v => Math.min(bottom, Math.max(top, bottom - ((bottom - top) * (scale(v) - low)) / (high - low)));
    pen.font = "13px system-ui, sans-serif";
    pen.strokeStyle = COLOURS.line;
    pen.lineWidth = 1;
    pen.strokeRect(left, top, right - left, bottom - top);
    pen.fillStyle = COLOURS.soft;
    pen.textAlign = "right";
    for (const share of all.length ? [0, 0.5, 1] : []) {
      const value = low + share * (high - low), shown = logarithmic ? brief(10 ** value) : value.toFixed(high - low < 2 ? 2 : 1);
      pen.fillText(shown, left - 5, bottom - share * (bottom - top) + 4);
    }
    if (count > 1) pen.fillText(((count - 1) * every).toLocaleString("en"), right, height - 6);
    pen.textAlign = "left";
    pen.fillText("0", left, height - 6);
    if (level !== undefined) {
      pen.setLineDash([2, 4]);
      pen.strokeStyle = COLOURS.soft;
      pen.beginPath();
      pen.moveTo(left, y(level));
      pen.lineTo(right, y(level));
      pen.stroke();
      pen.setLineDash([]);
    }
    let named = left;
    for (const { name, colour, dash, values } of lines) {
      pen.strokeStyle = colour;
      pen.lineWidth = 1.6;
      pen.setLineDash(dash ?? []);
      pen.beginPath();
      values.forEach((value, i) => Number.isFinite(value) && pen.lineTo(x(i), y(value)));
      pen.stroke();
      pen.beginPath();
      pen.lineWidth = 3;
      pen.moveTo(named, 12);
      pen.lineTo(named + 22, 12);
      pen.stroke();
      pen.setLineDash([]);
      pen.fillStyle = COLOURS.ink;
      pen.fillText(name, named + 28, 16);
      named += 42 + pen.measureText(name).width;
    }
  }

  // How many points of G are outside of the picture.
  function outside(gan, noise) {
    const points = gan2d.generate(gan, noise);
    let count = 0;
    for (let i = 0; i < points.length; i += 2) if (Math.max(Math.abs(points[i]), Math.abs(points[i + 1])) > REACH) count++;
    return count;
  }

  // The points that are shown: 256 of the data, and the noise of 256 of G, the same for every visitor.
  function shownOf({ data, dots }) {
    const random = gan2d.randomOf(7);
    const points = data === "dots" ? Float64Array.from(dots.flat()) : gan2d.dataOf(data, 256, random);
    return { data: points, noise: gan2d.noise(256, gan2d.randomOf(8)) };
  }

  // The milliseconds of a picture for training: as many as drawing takes on a slow machine, and at least 12.
  const budget = seconds => Math.min(80, Math.max(12, 500 * seconds));

  // The picture of the first page: one number of the script is changed, and G covers the ring.
  function hero(canvas) {
    const gan = gan2d.make({ dRate: 1 }), shown = shownOf(gan.settings);
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    draw(canvas, gan, shown);
    const stop = Playground.animate(seconds => {
      if (still || gan.iteration >= 3000 || document.hidden) return;
      const end = performance.now() + budget(seconds);
      while (performance.now() < end && gan.iteration < 3000) gan2d.step(gan);
      draw(canvas, gan, shown);
    });
    return { close: stop };
  }

  return { REACH, budget, outside, draw, drawPoint, drawCurves, shownOf, hero };
})();
