"use strict";
/* What rooms of pictures share: a plane to walk on, a field to draw in, with D's opinion, a G to ask, tables and sliders. */
const Pictures = (() => {
  const { t, el, paint, drag, arrows } = Playground;
  const SIDE = 8; // pictures of the map, in each direction

  /* A mixture of noise vectors by their `shares`. A mean of independent numbers is nearer to 0 than they are, so it is made
  as long as they are again. Uniform noise stays in [-1, 1]. */
  function mixture(vectors, shares) {
    const most = vectors.every(each => each.every(v => Math.abs(v) <= 1)) ? 1 : Infinity, length = Math.hypot(...shares);
    return vectors[0].map((_, i) => Math.max(-most, Math.min(most, shares.reduce((sum, share, k) => sum + share * vectors[k][i], 0) / length)));
  }

  // The plane of noise, the same for all visitors: three rows of three noise vectors, and between them their mixtures. x
  // and y are from 0 to 1.
  function mix(anchors, x, y) {
    const column = x < 0.5 ? 0 : 1, row = y < 0.5 ? 0 : 1, right = 2 * x - column, down = 2 * y - row, first = 3 * row + column;
    const around = [first, first + 1, first + 3, first + 4].map(place => anchors[place]);
    return mixture(around, [(1 - right) * (1 - down), right * (1 - down), (1 - right) * down, right * down]);
  }

  /* Returns draw(noise, number): what G draws of a noise vector and the number of a class, for a G that is told the class. */
  function asking({ generator, classes }) {
    const network = Networks.load(generator), places = [...Array(classes).keys()];
    return (noise, number) => network.run([[...noise, ...places.map(each => Number(each === number))]])[0];
  }

  // Returns at(x, y): what G draws at a place of the plane of noise.
  function walk({ generator }, anchors) {
    const network = Networks.load(generator), points = anchors.map(each => Networks.floats(each));
    return (x, y) => network.run([mix(points, x, y)])[0];
  }

  /* A map of SIDE × SIDE pictures `at(x, y)`, and a large picture of the place that the visitor walks to. Returns
  { element, moved }: `moved(x, y)` shows another place. `onmove(x, y, pixels)` is called after a move by the visitor. */
  function plane(at, shape, label, onmove) {
    const [height, width] = shape;
    const map = el("canvas", { class: "map pixels", tabindex: 0, role: "img", label, width: SIDE * width, height: SIDE * height });
    const large = el("canvas", { class: "large pixels", role: "img", label: "pictures.large" }), marker = el("i", { class: "marker" });
    const element = el("div", { class: "plane" }, el("div", { class: "around" }, map, marker), large);
    let place = [0.5, 0.5];

    function moved(x, y) {
      place = [x, y];
      const pixels = at(x, y);
      paint(large, pixels, width, height);
      marker.style.left = `${100 * x}%`;
      marker.style.top = `${100 * y}%`;
      return pixels;
    }
    const go = (x, y) => onmove(x, y, moved(x, y));
    drag(map, go);
    arrows(map, (dx, dy) => go(...[place[0] + dx / 24, place[1] + dy / 24].map(v => Math.max(0, Math.min(1, v)))));

    tile(map, SIDE, SIDE, shape, (row, column) => at((column + 0.5) / SIDE, (row + 0.5) / SIDE));
    moved(...place);
    return { element, moved };
  }

  // Fills a canvas with rows and columns of pictures `at(row, column)`, in parts, so that the page answers meanwhile.
  function tile(canvas, rows, columns, [height, width], at) {
    const pen = canvas.getContext("2d"), one = document.createElement("canvas");
    let cell = 0;
    setTimeout(function fill() {
      const end = performance.now() + 20;
      for (; cell < rows * columns && performance.now() < end; cell++) {
        const column = cell % columns, row = Math.floor(cell / columns);
        paint(one, at(row, column), width, height);
        pen.drawImage(one, column * width, row * height);
      }
      if (cell === rows * columns) canvas.dataset.ready = "";
      else if (canvas.isConnected) setTimeout(fill); // else the visitor has left
    });
  }

  // A picture with rows and columns of pictures `at(row, column)`.
  function table(rows, columns, shape, at, given) {
    const canvas = el("canvas", { class: "tiles pixels", role: "img", width: columns * shape[1], height: rows * shape[0], ...given });
    tile(canvas, rows, columns, shape, at);
    return canvas;
  }

  // A large picture with its words below it, by name: { name: canvas }.
  function large(room, names) {
    return Object.fromEntries(names.map(name => [name, el("canvas", { class: "large pixels", role: "img", label: `${room}.${name}`, id: name })]));
  }
  function figures(room, canvases) {
    const many = Object.entries(canvases).map(([name, canvas]) => el("figure", {}, canvas, el("figcaption", { t: `${room}.${name}` })));
    return el("div", { class: ["", "figures single", "figures two"][many.length] ?? "figures" }, ...many);
  }

  // A slider with its words above it. `tell()` writes its number next to them. (A reader of the page says it anyway.)
  function slider(words, id, given) {
    const input = el("input", { type: "range", id, label: words, ...given }), number = el("b", { "aria-hidden": "true" });
    const name = el("span", { t: words });
    const tell = () => { number.textContent = Number(input.value).toFixed(1); name.after(" ", number); };
    return { input, tell, element: el("label", { class: "slider" }, name, input) };
  }

  const black = pixels => pixels.every(each => each === 0);

  // How much of its ink a pen leaves at a distance from its middle, in pixels. PEN is about as wide as MNIST's strokes.
  const PEN = (right, down) => 1.8 - Math.hypot(right, down);

  /* A field to draw in, with the mouse, a finger or the keyboard. `onchange(pixels)` is called after each change. `buttons`
  stand next to the one that wipes. Returns { element, put, refresh }: `put(pixels)` shows others, `refresh()` calls
  `onchange` again. */
  function pad([height, width], onchange, buttons = [], ink = PEN) {
    const canvas = el("canvas", { class: "pad pixels", tabindex: 0, role: "img", label: "pictures.pad" }), marker = el("i", { class: "marker" });
    const pixels = new Float32Array(width * height);
    let pen = [width, height].map(side => Math.floor(side / 2) + 0.5), waits = false; // the middle of a pixel

    // Returns whether this changes a pixel.
    function dot(x, y) {
      let changed = false;
      for (let i = 0; i < pixels.length; i++) {
        const more = Math.min(1, ink((i % width) + 0.5 - x, Math.floor(i / width) + 0.5 - y));
        if (more <= pixels[i]) continue;
        pixels[i] = more;
        changed = true;
      }
      return changed;
    }
    function stroke(x, y) {
      const steps = Math.ceil(2 * Math.hypot(x - pen[0], y - pen[1])) || 1, [left, up] = pen;
      let changed = false;
      for (let i = 1; i <= steps; i++) changed = dot(left + ((x - left) * i) / steps, up + ((y - up) * i) / steps) || changed;
      movePen(x, y);
      return changed;
    }
    // The pointer may move many times before the next picture of the screen. One call of `onchange` is enough for all.
    function later() {
      paint(canvas, pixels, width, height);
      if (waits) return;
      waits = true;
      requestAnimationFrame(() => { waits = false; onchange(pixels); });
    }
    function movePen(x, y) {
      pen = [x, y];
      marker.style.left = `${(100 * x) / width}%`;
      marker.style.top = `${(100 * y) / height}%`;
    }
    function refresh() {
      paint(canvas, pixels, width, height);
      onchange(pixels);
    }
    function put(others) {
      pixels.set(others);
      refresh();
    }
    drag(canvas, (x, y, first) => {
      if (first) movePen(x * width, y * height);
      if (stroke(x * width, y * height)) later();
    }, true);
    const inside = (v, most) => Math.min(most - 1, Math.max(0, Math.floor(v))) + 0.5;
    arrows(canvas, (dx, dy) => movePen(inside(pen[0] + dx, width), inside(pen[1] + dy, height)));
    canvas.addEventListener("keydown", event => {
      if (event.key !== " ") return;
      event.preventDefault();
      movePen(inside(pen[0], width), inside(pen[1], height));
      stroke(...pen);
      refresh();
    });
    movePen(...pen);
    const clear = el("button", { t: "pictures.clear", onclick: () => put(new Float32Array(pixels.length)) });
    const element = el("div", {}, el("div", { class: "around" }, canvas, marker), el("div", { class: "row" }, clear, ...buttons));
    return { element, put, refresh };
  }

  /* A field to draw in, and what D says of it. Before anything is drawn, D says nothing. `probability` is true if D's
  sigmoid is an opinion from 0 to 1. */
  function field({ discriminator, shape, probability }) {
    const network = Networks.load(discriminator);
    const said = el("p", { class: "said", "aria-live": "polite" }), bar = el("div", { class: "bar" }, el("span"));

    function judge(pixels) {
      const empty = black(pixels);
      bar.hidden = empty || !probability;
      said.textContent = t("pictures.nothing");
      said.dataset.logit = "";
      if (empty) return;
      const logit = network.run([pixels])[0][0], real = 1 / (1 + Math.exp(-logit));
      said.dataset.logit = logit;
      bar.firstElementChild.style.width = `${100 * real}%`;
      said.textContent = probability
        ? t(real > 0.9 ? "pictures.real" : real > 0.6 ? "pictures.rather real" : real > 0.4 ? "pictures.unsure" : real > 0.1 ? "pictures.rather fake" : "pictures.fake", { real: real.toFixed(2) })
        : t("pictures.number", { number: logit.toFixed(2) });
    }
    const drawn = pad(shape, judge);
    drawn.refresh();
    return { element: el("div", { class: "field" }, drawn.element, el("div", {}, bar, said)), put: drawn.put, refresh: drawn.refresh };
  }

  /* Steps through noise vectors and the mixtures of each with the next one: a slider and a button. `change()` is called
  after a step. Returns { slider, button, noise }: `noise()` is the present vector. */
  function series(vectors, room, change) {
    let now = 0;
    const { element, input } = slider(`${room}.between`, "between", { min: 0, max: 1, step: 0.02, value: 0, oninput: () => change() });
    const after = steps => vectors[(now + steps) % vectors.length];
    function other() { // than the nearer one of the two
      now = (now + (Number(input.value) > 0.5 ? 2 : 1)) % vectors.length;
      input.value = 0;
      change();
    }
    return { slider: element, button: el("button", { t: `${room}.other`, id: "other", onclick: other }), noise: () => mixture([after(0), after(1)], [1 - input.value, Number(input.value)]) };
  }

  return { plane, walk, table, large, figures, slider, series, pad, field, asking, black };
})();
