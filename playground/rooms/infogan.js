"use strict";
/* The room "infogan": the parts of G's code as buttons and sliders. No label said what they should mean. */
Playground.room("infogan", (box, { infogan, noise: given, categories }) => {
  const { el, paint } = Playground, [height, width] = infogan.shape, ROWS = 4, FAR = 2, NUMBERS = ["first", "second"];
  const network = Networks.load(infogan.generator), noise = given.map(each => Networks.floats(each));
  const places = [...Array(categories).keys()], letters = places.map(each => String.fromCharCode(65 + each)); // not digits
  const draw = (z, category, numbers) => network.run([[...z, ...places.map(each => Number(each === category)), ...numbers]])[0];
  const shown = Pictures.large("infogan", ["drawn"]);
  const sliders = NUMBERS.map(name => Pictures.slider(`infogan.${name}`, name, { min: -FAR, max: FAR, step: 0.1, value: 0, oninput: show }));
  let now = 0, category = 0;

  function show() {
    for (const each of sliders) each.tell();
    paint(shown.drawn, draw(noise[now], category, sliders.map(({ input }) => Number(input.value))), width, height);
    buttons.forEach((button, place) => button.setAttribute("aria-pressed", place === category));
  }
  function back() {
    for (const { input } of sliders) input.value = 0;
    show();
  }
  const buttons = places.map(each => el("button", { onclick: () => { category = each; show(); } }, letters[each]));
  const other = () => { now = (now + 1) % noise.length; show(); };
  box.append(
    el("div", { class: "pair" },
      el("section", { class: "panel" }, el("div", { class: "field" }, el("div", { class: "one" }, shown.drawn), el("div", {},
        el("h2", { t: "infogan.category" }), el("div", { class: "row", id: "categories" }, ...buttons),
        ...sliders.map(each => each.element),
        el("div", { class: "row" }, el("button", { t: "editing.back", id: "back", onclick: back }), el("button", { t: "conditional.other", id: "other", onclick: other }))))),
      el("section", { class: "panel" }, el("h2", { t: "infogan.all" }),
        el("div", { class: "columns", "aria-hidden": "true" }, ...letters.map(each => el("span", {}, each))),
        Pictures.table(ROWS, categories, infogan.shape, (row, column) => draw(noise[row], column, [0, 0]), { label: "infogan.table", id: "table" }),
        el("p", { class: "soft", t: "infogan.why" }))),
  );
  show();
});
