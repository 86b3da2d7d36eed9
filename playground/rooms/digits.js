"use strict";
/* The room "digits": the same plane of noise for the collapsed G and for the one that draws digits; D's opinion. */
Playground.room("digits", (box, { collapsed, digits, anchors }) => {
  const { el } = Playground;
  const planes = [
    Pictures.plane(Pictures.walk(collapsed, anchors), collapsed.shape, "digits.map", (x, y) => planes[1].moved(x, y)),
    Pictures.plane(Pictures.walk(digits, anchors), digits.shape, "digits.map", (x, y) => planes[0].moved(x, y)),
  ];
  const field = Pictures.field(digits);
  box.append(
    el("div", { class: "pair" },
      el("section", { class: "panel", id: "collapsed" }, el("h2", { t: "digits.collapsed" }), el("p", { t: "digits.one" }), planes[0].element),
      el("section", { class: "panel", id: "varied" }, el("h2", { t: "digits.digits" }), el("p", { t: "digits.many" }), planes[1].element)),
    el("p", { class: "soft", t: "pictures.plane" }),
    el("section", { class: "panel", id: "opinion" }, el("h2", { t: "pictures.opinion" }), el("p", { t: "pictures.draw" }), field.element),
  );
  return { refresh: field.refresh };
});
