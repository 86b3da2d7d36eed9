"use strict";
/* The room "pix2pix": the visitor draws an outline, and G draws the digit that belongs to it. */
Playground.room("pix2pix", (box, { pix2pix, outlines }) => {
  const { el, paint } = Playground, [height, width] = pix2pix.shape, network = Networks.load(pix2pix.generator);
  const THIN = distance => Number(distance < 0.6); // outlines are one pixel wide, and black or white
  const shown = Pictures.large("pix2pix", ["drawn"]);
  let next = 0;
  const another = () => pad.put(Networks.floats(outlines[next++ % outlines.length]));
  const pad = Pictures.pad(pix2pix.shape, pixels => paint(shown.drawn, network.run([pixels])[0], width, height),
    [el("button", { t: "pix2pix.another", id: "another", onclick: another })], THIN);
  box.append(
    el("div", { class: "pair" },
      el("section", { class: "panel" }, el("h2", { t: "pix2pix.outline" }), el("p", { t: "pix2pix.how" }), pad.element),
      el("section", { class: "panel" }, el("h2", { t: "pix2pix.drawn" }), el("div", { class: "one" }, shown.drawn), el("p", { class: "soft", t: "pix2pix.why" }))),
  );
  another();
});
