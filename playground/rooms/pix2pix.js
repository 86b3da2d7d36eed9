"use strict";
/* The room "pix2pix": the visitor draws an outline, and G draws the digit that belongs to it. */
Playground.room("pix2pix", (box, { pix2pix, outlines }) => {
  const { el, paint } = Playground, [height, width] = pix2pix.shape, network = Networks.load(pix2pix.generator);
  const THIN = (right, down) => Number(Math.max(Math.abs(right), Math.abs(down)) <= 0.5); // one pixel, black or white
  const shown = Pictures.large("pix2pix", ["drawn"]);
  let next = 0;
  const fill = pixels => paint(shown.drawn, Pictures.black(pixels) ? pixels : network.run([pixels])[0], width, height);
  const another = () => pad.put(Networks.floats(outlines[next++ % outlines.length]));
  const pad = Pictures.pad(pix2pix.shape, fill, [el("button", { t: "pix2pix.another", id: "another", onclick: another })], THIN);
  box.append(
    el("div", { class: "pair" },
      el("section", { class: "panel" }, el("h2", { t: "pix2pix.outline" }), el("p", { t: "pix2pix.how" }), pad.element),
      el("section", { class: "panel" }, el("h2", { t: "pix2pix.drawn" }), el("div", { class: "one" }, shown.drawn), el("p", { class: "soft", t: "pix2pix.why" }))),
  );
  another();
});
