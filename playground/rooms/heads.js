"use strict";
/* The room "heads": a G that is told the colour of the hair. Noise decides the rest; a slider mixes two noises. */
Playground.room("heads", (box, { heads, noise: given, colours }) => {
  const { el, paint } = Playground, [height, width] = heads.shape, ROWS = 3;
  const draw = Pictures.asking(heads), noise = given.map(each => Networks.floats(each));
  const shown = Pictures.large("heads", ["drawn"]), series = Pictures.series(noise, "heads", show);
  let colour = 0;

  function show() {
    paint(shown.drawn, draw(series.noise(), colour), width, height);
    buttons.forEach((button, place) => button.setAttribute("aria-pressed", place === colour));
  }
  const buttons = colours.map((name, place) => el("button", { t: `heads.hair.${name}`, onclick: () => { colour = place; show(); } }));
  box.append(
    el("div", { class: "pair" },
      el("section", { class: "panel" }, el("div", { class: "field" }, el("div", { class: "one" }, shown.drawn), el("div", {},
        el("h2", { t: "heads.hair" }), el("div", { class: "row", id: "colours" }, ...buttons), series.slider, series.button))),
      el("section", { class: "panel" }, el("h2", { t: "heads.all" }),
        Pictures.table(ROWS, colours.length, heads.shape, (row, column) => draw(noise[row], column), { label: "heads.table", id: "table" }),
        el("p", { class: "soft", t: "heads.why" }))),
  );
  show();
});
