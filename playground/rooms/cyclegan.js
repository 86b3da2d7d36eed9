"use strict";
/* The room "cyclegan": printed digits become handwritten ones and printed again; what the visitor writes, the other way. */
Playground.room("cyclegan", (box, { cyclegan, printed, written }) => {
  const { el, paint } = Playground, [height, width] = cyclegan.shape;
  const toWritten = Networks.load(cyclegan.to_written), toPrinted = Networks.load(cyclegan.to_printed);
  const shown = Pictures.large("cyclegan", ["printed", "handwritten", "again", "typeset", "back"]);
  const { typeset, back, ...there } = shown, nothing = new Float32Array(width * height);
  let digit = 3, turn = 0, next = 0;

  function print() {
    const pixels = Networks.floats(printed[10 * turn + digit]), made = toWritten.run([pixels])[0];
    paint(shown.printed, pixels, width, height);
    paint(shown.handwritten, made, width, height);
    paint(shown.again, toPrinted.run([made])[0], width, height);
    for (const button of digits) button.setAttribute("aria-pressed", Number(button.textContent) === digit);
  }
  function write(pixels) {
    const empty = Pictures.black(pixels), made = empty ? nothing : toPrinted.run([pixels])[0];
    paint(typeset, made, width, height);
    paint(back, empty ? nothing : toWritten.run([made])[0], width, height);
  }
  const digits = [...Array(10).keys()].map(each => el("button", { onclick: () => { digit = each; print(); } }, `${each}`));
  const other = () => { turn = (turn + 1) % (printed.length / 10); print(); };
  const another = () => pad.put(Networks.floats(written[next++ % written.length]));
  const pad = Pictures.pad(cyclegan.shape, write, [el("button", { t: "completion.another", id: "another", onclick: another })]);
  box.append(
    el("div", { class: "pair" },
      el("section", { class: "panel" }, el("h2", { t: "cyclegan.there" }),
        el("div", { class: "row", id: "digits" }, ...digits), el("div", { class: "row" }, el("button", { t: "cyclegan.other", id: "other", onclick: other })),
        Pictures.figures("cyclegan", there), el("p", { class: "soft", t: "cyclegan.why" })),
      el("section", { class: "panel" }, el("h2", { t: "cyclegan.yours" }), el("p", { t: "cyclegan.how" }),
        pad.element, Pictures.figures("cyclegan", { typeset, back }))),
  );
  print();
  another();
});
