"use strict";
/* The room "completion": the middle of a digit is hidden; a network guesses G's noise from the rest, and G fills it. */
Playground.room("completion", (box, { r3gan, encoder, hole, digits }) => {
  const { el, paint } = Playground, [height, width] = r3gan.shape;
  const guess = Networks.load(encoder), generate = Networks.load(r3gan.generator);
  const drawn = digits.map(each => generate.run([Networks.floats(each)])[0]);
  const [top, left] = [height, width].map(side => Math.floor((side - hole) / 2));
  const inside = i => { const x = i % width, y = Math.floor(i / width); return x >= left && x < left + hole && y >= top && y < top + hole; };
  const shown = Pictures.large("completion", ["hidden", "filled", "whole"]);
  const nothing = el("p", { class: "said", t: "completion.nothing", "aria-live": "polite" });
  let next = 0;

  function fill(pixels) {
    const seen = pixels.map((each, i) => (inside(i) ? 0 : each)), empty = Pictures.black(seen); // no digit to guess
    const whole = empty ? seen : generate.run([guess.run([seen])[0]])[0];
    nothing.hidden = !empty;
    paint(shown.hidden, seen.map((each, i) => (inside(i) ? 0.45 : each)), width, height);
    paint(shown.filled, seen.map((each, i) => (inside(i) ? whole[i] : each)), width, height);
    paint(shown.whole, whole, width, height);
  }
  const another = () => pad.put(drawn[next++ % drawn.length]);
  const pad = Pictures.pad(r3gan.shape, fill, [el("button", { t: "completion.another", id: "another", onclick: another })]);
  box.append(
    el("div", { class: "pair" },
      el("section", { class: "panel" }, el("h2", { t: "completion.draw" }), el("p", { t: "completion.how" }), pad.element),
      el("section", { class: "panel" }, el("h2", { t: "completion.result" }),
        Pictures.figures("completion", shown), nothing,
        el("p", { class: "soft", t: "completion.why" }))),
  );
  another();
});
