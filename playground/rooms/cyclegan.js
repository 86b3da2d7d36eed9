"use strict";
/* The room "cyclegan": printed digits become handwritten ones and printed again; what the visitor writes, the other way. */
Playground.room("cyclegan", (box, { cyclegan, printed, written }) => {
  const { el, paint } = Playground, [height, width] = cyclegan.shape;
  const toWritten = Networks.load(cyclegan.to_written), toPrinted = Networks.load(cyclegan.to_printed);
  const shown = Pictures.large("cyclegan", ["printed", "handwritten", "again", "typeset", "back"]);
  const { typeset, back, ...there } = shown;
  let digit = 3, turn = 0, next = 0;

  // Draws a picture, what `one` makes of it, and what `other` makes of that.
  function chain(pixels, one, other, canvases) {
    const made = one.run([pixels])[0];
    [pixels, made, other.run([made])[0]].slice(-canvases.length).forEach((each, i) => paint(canvases[i], each, width, height));
  }
  function print() {
    chain(Networks.floats(printed[10 * turn + digit]), toWritten, toPrinted, Object.values(there));
    for (const button of digits) button.setAttribute("aria-pressed", Number(button.textContent) === digit);
  }
  const digits = [...Array(10).keys()].map(each => el("button", { onclick: () => { digit = each; print(); } }, `${each}`));
  const font = () => { turn = (turn + 1) % (printed.length / 10); print(); };
  const another = () => pad.put(Networks.floats(written[next++ % written.length]));
  const pad = Pictures.pad(cyclegan.shape, pixels => chain(pixels, toPrinted, toWritten, [typeset, back]),
    [el("button", { t: "completion.another", id: "another", onclick: another })]);
  box.append(
    el("div", { class: "pair" },
      el("section", { class: "panel" }, el("h2", { t: "cyclegan.there" }),
        el("div", { class: "row", id: "digits" }, ...digits, el("button", { t: "cyclegan.font", id: "font", onclick: font })),
        Pictures.figures("cyclegan", there), el("p", { class: "soft", t: "cyclegan.why" })),
      el("section", { class: "panel" }, el("h2", { t: "cyclegan.yours" }), el("p", { t: "cyclegan.how" }),
        pad.element, Pictures.figures("cyclegan", { typeset, back }))),
  );
  print();
  another();
});
