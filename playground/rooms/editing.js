"use strict";
/* The room "editing": G's noise moves along a direction that makes strokes heavier or slanted; the digit is told. */
Playground.room("editing", (box, { conditional_residual: conditional, handwritings, directions }) => {
  const { el, paint } = Playground, [height, width] = conditional.shape, FAR = 3;
  const draw = Pictures.asking(conditional), noise = handwritings.map(each => Networks.floats(each));
  const along = Object.fromEntries(Object.entries(directions).map(([name, each]) => [name, Networks.floats(each)]));
  const shown = Object.fromEntries(["before", "after"].map(name =>
    [name, el("canvas", { class: "large pixels", role: "img", label: `editing.${name}`, id: name })]));
  const sliders = Object.fromEntries(Object.keys(along).map(name =>
    [name, el("input", { type: "range", min: -FAR, max: FAR, step: 0.1, value: 0, id: name, label: `editing.${name}`, oninput: show })]));
  let now = 0, digit = 5;

  function show() {
    const moved = noise[now].map((v, i) =>
      Math.max(-1, Math.min(1, Object.keys(along).reduce((sum, name) => sum + Number(sliders[name].value) * along[name][i], v))));
    paint(shown.before, draw(noise[now], digit), width, height);
    paint(shown.after, draw(moved, digit), width, height);
    for (const button of digits) button.setAttribute("aria-pressed", Number(button.textContent) === digit);
  }
  function back() {
    for (const slider of Object.values(sliders)) slider.value = 0;
    show();
  }
  const digits = [...Array(10).keys()].map(each => el("button", { onclick: () => { digit = each; show(); } }, `${each}`));
  const other = () => { now = (now + 1) % noise.length; show(); };
  box.append(
    el("div", { class: "pair" },
      el("section", { class: "panel" },
        el("div", { class: "figures two" }, ...Object.entries(shown).map(([name, canvas]) => el("figure", {}, canvas, el("figcaption", { t: `editing.${name}` }))))),
      el("section", { class: "panel" }, el("div", { class: "row", id: "digits" }, ...digits),
        ...Object.entries(sliders).map(([name, slider]) => el("label", { class: "slider" }, el("span", { t: `editing.${name}` }), slider)),
        el("div", { class: "row" }, el("button", { t: "editing.back", id: "back", onclick: back }), el("button", { t: "conditional.other", id: "other", onclick: other })),
        el("p", { class: "soft", t: "editing.why" }))),
  );
  show();
});
