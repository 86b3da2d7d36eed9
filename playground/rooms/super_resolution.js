"use strict";
/* The room "super_resolution": 7 × 7 pixels become 28 × 28, by SRGAN, and by the same network trained by squared error. */
Playground.room("super_resolution", (box, { super_resolution, super_resolution_error_alone, small }) => {
  const { el, paint } = Playground, [height, width] = super_resolution.shape, TIMES = 4;
  const networks = { gan: Networks.load(super_resolution.generator), error: Networks.load(super_resolution_error_alone.generator) };
  const FAINT = (right, down) => 1 - Math.hypot(right, down); // a stroke is narrower than one of these pixels
  const shown = Pictures.large("super_resolution", Object.keys(networks));
  let next = 0;

  function enlarge(pixels) {
    const empty = Pictures.black(pixels);
    for (const [name, network] of Object.entries(networks)) {
      paint(shown[name], empty ? new Float32Array(width * height) : network.run([pixels])[0], width, height);
    }
  }
  const another = () => pad.put(Networks.floats(small[next++ % small.length]));
  const pad = Pictures.pad([height / TIMES, width / TIMES], enlarge,
    [el("button", { t: "completion.another", id: "another", onclick: another })], FAINT);
  box.append(
    el("div", { class: "pair" },
      el("section", { class: "panel" }, el("h2", { t: "super_resolution.small" }), el("p", { t: "super_resolution.how" }), pad.element),
      el("section", { class: "panel" }, el("h2", { t: "super_resolution.large" }), Pictures.figures("super_resolution", shown), el("p", { class: "soft", t: "super_resolution.why" }))),
  );
  another();
});
