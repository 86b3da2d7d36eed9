"use strict";
/* The room "conditional": G draws the digits of a number that the visitor types, all from one noise: one handwriting. */
Playground.room("conditional", (box, { conditional_residual: conditional, handwritings }) => {
  const { t, el, paint } = Playground, [height, width] = conditional.shape, LONGEST = 8, ROWS = 4;
  const draw = Pictures.asking(conditional), noise = handwritings.map(each => Networks.floats(each));
  const written = el("div", { class: "written", id: "written", role: "img", label: "conditional.written" });
  const table = Pictures.table(ROWS, 10, conditional.shape, (row, digit) => draw(noise[row], digit), { label: "conditional.table", id: "table" });
  let now = 0;

  const digitsOf = text => text.normalize("NFKC").replace(/\D/g, ""); // also those of a Chinese keyboard, "３４"
  function write(event) {
    if (event?.isComposing) return; // a keyboard that offers words has not finished this one
    const typed = field.value, digits = digitsOf(typed).slice(0, LONGEST);
    if (digits !== typed) {
      const caret = digitsOf(typed.slice(0, field.selectionStart)).length;
      field.value = digits;
      field.setSelectionRange(caret, caret);
    }
    const wrong = /\D/.test(typed.normalize("NFKC")) ? "conditional.only" : digits ? null : "conditional.empty";
    delete message.dataset.t;
    if (wrong) message.dataset.t = wrong;
    message.textContent = wrong ? t(wrong) : "";
    written.hidden = !digits; // it has a name, and would be a picture of nothing
    written.replaceChildren(...[...digits].map(digit => {
      const canvas = el("canvas", { class: "pixels", "data-digit": digit });
      paint(canvas, draw(noise[now], Number(digit)), width, height);
      return canvas;
    }));
  }
  const field = el("input", { type: "text", inputmode: "numeric", id: "number", value: "2014", maxlength: LONGEST, autocomplete: "off", label: "conditional.number", oninput: write, oncompositionend: write });
  const message = el("p", { class: "said", id: "message", "aria-live": "polite" });
  const other = () => { now = (now + 1) % noise.length; write(); };
  box.append(
    el("div", { class: "pair" },
      el("section", { class: "panel" }, el("h2", { t: "conditional.type" }), el("p", { t: "conditional.how" }),
        el("div", { class: "row" }, field, el("button", { t: "conditional.other", id: "other", onclick: other })), message, written),
      el("section", { class: "panel" }, el("h2", { t: "conditional.all" }), table, el("p", { class: "soft", t: "conditional.rows" }))),
  );
  write();
});
