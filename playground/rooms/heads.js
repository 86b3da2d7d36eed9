"use strict";
/* The room "heads": a G that is told the colour of the hair. Noise decides the rest; a slider mixes two noises. */
Playground.room("heads", (box, { heads, handwritings, colours }) => {
  const { el, paint } = Playground, [height, width] = heads.shape, ROWS = 3;
  const draw = Pictures.asking(heads), noise = handwritings.map(each => Networks.floats(each));
  const shown = Pictures.large("heads", ["drawn"]);
  const between = Pictures.slider("heads.between", "between", { min: 0, max: 1, step: 0.02, value: 0, oninput: show });
  let now = 0, colour = 0;

  // A mean of independent numbers is nearer to 0 than they are, so it is made as long as they are again.
  function mixed() {
    const share = Number(between.input.value), next = noise[(now + 1) % noise.length], length = Math.hypot(1 - share, share);
    return noise[now].map((v, i) => Math.max(-1, Math.min(1, ((1 - share) * v + share * next[i]) / length)));
  }
  function show() {
    paint(shown.drawn, draw(mixed(), colour), width, height);
    buttons.forEach((button, place) => button.setAttribute("aria-pressed", place === colour));
  }
  function other() {
    now = (now + 1) % noise.length;
    between.input.value = 0;
    show();
  }
  const buttons = colours.map((name, place) => el("button", { t: `heads.hair.${name}`, onclick: () => { colour = place; show(); } }));
  const table = Pictures.table(ROWS, colours.length, heads.shape, (row, column) => draw(noise[row], column), { label: "heads.table", id: "table" });
  box.append(
    el("div", { class: "pair" },
      el("section", { class: "panel" }, el("div", { class: "field" }, shown.drawn, el("div", {},
        el("h2", { t: "heads.hair" }), el("div", { class: "row", id: "colours" }, ...buttons), between.element,
        el("button", { t: "heads.other", id: "other", onclick: other })))),
      el("section", { class: "panel" }, el("h2", { t: "heads.all" }), table, el("p", { class: "soft", t: "heads.why" }))),
  );
  show();
});
