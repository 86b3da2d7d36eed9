"use strict";
/* The room "r3gan": a plane of noise, and D's opinion of what the visitor draws or G has drawn. */
Playground.room("r3gan", (box, { r3gan, anchors }) => {
  const { el } = Playground;
  let drawn = null;
  const plane = Pictures.plane(Pictures.walk(r3gan, anchors), r3gan.shape, "r3gan.map", (x, y, pixels) => { drawn = pixels; });
  const field = Pictures.field(r3gan);
  box.append(
    el("div", { class: "pair" },
      el("section", { class: "panel", id: "varied" }, el("h2", { t: "r3gan.plane" }), plane.element, el("p", { class: "soft", t: "pictures.plane" })),
      el("section", { class: "panel", id: "opinion" }, el("h2", { t: "pictures.opinion" }), el("p", { t: "r3gan.draw" }), field.element,
        el("button", { t: "r3gan.show", id: "show", onclick: () => field.put(drawn ?? plane.moved(0.5, 0.5)) }))),
  );
  return { refresh: field.refresh };
});
