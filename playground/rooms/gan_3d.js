"use strict";
/* The room "gan_3d": solids that G draws of noise. They turn, and one becomes the next. */
Playground.room("gan_3d", (box, { gan_3d, noise: given }) => {
  const { t, el, COLOURS } = Playground, SIDE = 16, TILT = 0.45, TURN = 0.6; // radians; radians a second
  const network = Networks.load(gan_3d.generator), series = Pictures.series(given.map(each => Networks.floats(each)), "gan_3d", make);
  const canvas = el("canvas", { class: "solid", tabindex: 0, role: "img", label: "gan_3d.solid", id: "solid" });
  const place = (x, y, z) => (x * SIDE + y) * SIDE + z, inside = v => v >= 0 && v < SIDE;
  let angle = 0.7, turning = !matchMedia("(prefers-reduced-motion: reduce)").matches, solid = [], from = null;

  function make() {
    solid = network.run([series.noise()])[0];
    canvas.dataset.cubes = solid.filter(each => each > 0.5).length;
    draw();
  }

  // Draws the free faces of all cubes, the far ones first: seen from the front, from a little above, and turned by `angle`.
  function draw() {
    const wide = canvas.clientWidth || 1, dense = Math.min(2, devicePixelRatio || 1), pen = canvas.getContext("2d");
    canvas.width = canvas.height = Math.round(wide * dense);
    const unit = canvas.width / (1.75 * SIDE), cos = Math.cos(angle), sin = Math.sin(angle), filled = (x, y, z) => [x, y, z].every(inside) && solid[place(x, y, z)] > 0.5;
    const project = (x, y, z) => {
      const right = (x - SIDE / 2) * cos - (y - SIDE / 2) * sin, far = (x - SIDE / 2) * sin + (y - SIDE / 2) * cos;
      return [canvas.width / 2 + unit * right, canvas.height * 0.74 - unit * (z * Math.cos(TILT) + far * Math.sin(TILT))];
    };
    const face = (corners, lightness) => {
      pen.fillStyle = pen.strokeStyle = `hsl(28 60% ${lightness}%)`;
      pen.beginPath();
      for (const corner of corners) pen.lineTo(...project(...corner));
      pen.closePath();
      pen.fill();
      pen.stroke(); // else the ground shows between neighbours
    };
    pen.fillStyle = COLOURS.line;
    pen.beginPath();
    for (const [x, y] of [[0, 0], [SIDE, 0], [SIDE, SIDE], [0, SIDE]]) pen.lineTo(...project(x, y, 0));
    pen.fill();
    const along = [...Array(SIDE).keys()], back = [...along].reverse();
    for (const x of sin > 0 ? back : along) for (const y of cos > 0 ? back : along) for (const z of along) {
      if (!filled(x, y, z)) continue;
      const [beside, side] = sin > 0 ? [x - 1, x] : [x + 1, x + 1], [before, front] = cos > 0 ? [y - 1, y] : [y + 1, y + 1];
      if (!filled(beside, y, z)) face([[side, y, z], [side, y + 1, z], [side, y + 1, z + 1], [side, y, z + 1]], 38 + 14 * Math.abs(sin));
      if (!filled(x, before, z)) face([[x, front, z], [x + 1, front, z], [x + 1, front, z + 1], [x, front, z + 1]], 38 + 14 * Math.abs(cos));
      if (!filled(x, y, z + 1)) face([[x, y, z + 1], [x + 1, y, z + 1], [x + 1, y + 1, z + 1], [x, y + 1, z + 1]], 68);
    }
  }
  function turn(by) {
    angle = (angle + by + 2 * Math.PI) % (2 * Math.PI);
    draw();
  }
  function turnByHand(by) {
    if (turning) toggle();
    turn(by);
  }
  function toggle() {
    turning = !turning;
    refresh();
  }
  const play = el("button", { id: "play", onclick: toggle });
  const refresh = () => { play.textContent = t(turning ? "gan_3d.stop" : "gan_3d.turn"); draw(); };
  Playground.drag(canvas, (x, y, first) => { turnByHand(first ? 0 : 4 * (x - from)); from = x; }); // the front follows the pointer
  Playground.arrows(canvas, dx => turnByHand(0.15 * dx), dx => dx !== 0);
  const stop = Playground.animate(seconds => { if (turning && !document.hidden) turn(TURN * seconds); });
  box.append(
    el("div", { class: "pair" },
      el("section", { class: "panel" }, canvas),
      el("section", { class: "panel" }, el("div", { class: "row" }, play, series.button),
        series.slider, el("p", { t: "gan_3d.how" }), el("p", { class: "soft", t: "gan_3d.why" }))),
  );
  make();
  return { close: stop, refresh };
});
