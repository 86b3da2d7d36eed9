"use strict";
/* The room "adversarial_autoencoder": the plane of codes, decoded; and the code of what the visitor draws. */
Playground.room("adversarial_autoencoder", (box, { adversarial_autoencoder_plane: { encoder, decoder, shape }, reach }) => {
  const { t, el, paint } = Playground, [height, width] = shape, encode = Networks.load(encoder), decode = Networks.load(decoder);
  const shown = Pictures.large("adversarial_autoencoder", ["decoded"]);
  const [here, own] = ["here", "code"].map(id => el("p", { class: "said", id, "aria-live": "polite" }));
  const codeAt = (x, y) => [reach * (2 * x - 1), reach * (1 - 2 * y)];
  let place = [0, 0], code = null;

  const plane = Pictures.plane((x, y) => decode.run([codeAt(x, y)])[0], shape, "adversarial_autoencoder.map", (x, y) => { place = codeAt(x, y); refresh(); });
  function read(pixels) {
    code = Pictures.black(pixels) ? null : encode.run([pixels])[0];
    paint(shown.decoded, code ? decode.run([code])[0] : pixels, width, height);
    if (code && !far()) {
      place = code;
      plane.moved((code[0] / reach + 1) / 2, (1 - code[1] / reach) / 2);
    }
    refresh();
  }
  const far = () => Math.max(...code.map(Math.abs)) > reach;
  const named = ([first, second]) => ({ first: first.toFixed(2), second: second.toFixed(2) });
  function refresh() {
    here.textContent = t("adversarial_autoencoder.here", named(place));
    own.textContent = !code ? t("adversarial_autoencoder.empty") : t(far() ? "adversarial_autoencoder.outside" : "adversarial_autoencoder.code", named(code));
  }
  const pad = Pictures.pad(shape, read);
  pad.refresh();
  box.append(
    el("div", { class: "pair" },
      el("section", { class: "panel" }, el("h2", { t: "adversarial_autoencoder.plane" }), plane.element, here, el("p", { class: "soft", t: "adversarial_autoencoder.why" })),
      el("section", { class: "panel" }, el("h2", { t: "adversarial_autoencoder.draw" }), el("p", { t: "adversarial_autoencoder.how" }),
        el("div", { class: "field" }, pad.element, Pictures.figures("adversarial_autoencoder", shown)), own)),
  );
  return { refresh };
});
