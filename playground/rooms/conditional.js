"use strict";
/* The room "conditional": G draws the digits of a number that the visitor types, all from one noise: one handwriting. */
Playground.room("conditional", (box, { conditional_residual: conditional, handwritings }) => {
  const { el, paint } = Playground, [height, width] = conditional.shape, LONGEST = 8, ROWS = 4;
  const draw = Pictures.asking(conditional), noise = handwritings.map(each => Networks.floats(each));
  const written = el("div", { class: "written", id: "written", role: "img", label: "conditional.written" });
  const table = Pictures.table(ROWS, 10, conditional.shape, (row, digit) => draw(noise[row], digit), { label: "conditional.table", id: "table" });
  let now = 0;

  function write() {
    const digits = [...field.value].filter(each => /\d/.test(each)).slice(0, LONGEST);
    if (digits.join("") !== field.value) field.value = digits.join("");
    written.replaceChildren(...digits.map(digit => {
      const canvas = el("canvas", { class: "pixels", "data-digit": digit });
      paint(canvas, draw(noise[now], Number(digit)), width, height);
      return canvas;
    }));
  }
  const field = el("input", { type: "text", inputmode: "numeric", id: "number", value: "2014", maxlength: LONGEST, autocomplete: "off", label: "conditional.number", oninput: write });
  const other = () => { now = (now + 1) % noise.length; write(); };
  box.append(
    el("div", { class: "pair" },
      el("section", { class: "panel" }, el("h2", { t: "conditional.type" }), el("p", { t: "conditional.how" }),
        el("div", { class: "row" }, field, el("button", { t: "conditional.other", id: "other", onclick: other })), written),
      el("section", { class: "panel" }, el("h2", { t: "conditional.all" }), table, el("p", { class: "soft", t: "conditional.rows" }))),
  );
  write();
});
