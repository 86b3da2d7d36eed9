"use strict";
/* The room "editing": G's noise moves along a direction that makes strokes heavier or slanted; G is told the digit, which stays if the
noise does not go too far. */
Playground.room("editing", (box, { conditional_residual: conditional, handwritings, directions }) => {
  const { el, paint } = Playground, [height, width] = conditional.shape, FAR = 3;
  const draw = Pictures.asking(conditional), noise = handwritings.map(each => Networks.floats(each));
  const along = Object.fromEntries(Object.entries(directions).map(([name, each]) => [name, Networks.floats(each)]));
  const shown = Pictures.large("editing", ["before", "after"]);
  const sliders = Object.fromEntries(Object.keys(along).map(name =>
    [name, Pictures.slider(`editing.${name}`, name, { min: -FAR, max: FAR, step: 0.1, value: 0, oninput: show })]));
  let now = 0, digit = 5;

  function show() {
    for (const each of Object.values(sliders)) each.tell();
    const moved = noise[now].map((v, i) =>
      Math.max(-1, Math.min(1, Object.keys(along).reduce((sum, name) => sum + Number(sliders[name].input.value) * along[name][i], v))));
    paint(shown.before, draw(noise[now], digit), width, height);
    paint(shown.after, draw(moved, digit), width, height);
    for (const button of digits) button.setAttribute("aria-pressed", Number(button.textContent) === digit);
  }
  function back() {
    for (const { input } of Object.values(sliders)) input.value = 0;
    show();
  }
  const digits = [...Array(10).keys()].map(each => el("button", { onclick: () => { digit = each; show(); } }, `${each}`));
  const other = () => { now = (now + 1) % noise.length; show(); };
  box.append(
    el("div", { class: "pair" },
      el("section", { class: "panel" },
        Pictures.figures("editing", shown)),
      el("section", { class: "panel" }, el("div", { class: "row", id: "digits" }, ...digits),
        ...Object.values(sliders).map(each => each.element),
        el("div", { class: "row" }, el("button", { t: "editing.back", id: "back", onclick: back }), el("button", { t: "conditional.other", id: "other", onclick: other })),
        el("p", { class: "soft", t: "editing.why" }))),
  );
  show();
});
