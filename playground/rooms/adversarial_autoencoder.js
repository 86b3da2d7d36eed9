"use strict";
/* The room "adversarial_autoencoder": the plane of codes, decoded; and the code of what the visitor draws. */
Playground.room("adversarial_autoencoder", (box, { adversarial_autoencoder: { encoder, decoder, shape } }) => {
  const { t, el, paint } = Playground, [height, width] = shape, FAR = 2.5; // 98% of the prior's codes are nearer in both numbers
  const encode = Networks.load(encoder), decode = Networks.load(decoder);
  const shown = Pictures.large("adversarial_autoencoder", ["decoded"]), said = el("p", { class: "said", id: "code", "aria-live": "polite" });
  const inside = v => Math.min(1, Math.max(0, v));
  let code = null;

  const plane = Pictures.plane((x, y) => decode.run([[FAR * (2 * x - 1), FAR * (1 - 2 * y)]])[0], shape, "adversarial_autoencoder.map", () => {});
  function read(pixels) {
    code = pixels.some(each => each > 0) ? encode.run([pixels])[0] : null;
    if (code) {
      paint(shown.decoded, decode.run([code])[0], width, height);
      plane.moved(inside((code[0] / FAR + 1) / 2), inside((1 - code[1] / FAR) / 2));
    } else paint(shown.decoded, new Float32Array(width * height), width, height);
    refresh();
  }
  const refresh = () => {
    said.textContent = code ? t("adversarial_autoencoder.code", { first: code[0].toFixed(2), second: code[1].toFixed(2) }) : t("adversarial_autoencoder.empty");
  };
  const pad = Pictures.pad(shape, read);
  pad.refresh();
  box.append(
    el("div", { class: "pair" },
      el("section", { class: "panel" }, el("h2", { t: "adversarial_autoencoder.plane" }), plane.element, el("p", { class: "soft", t: "adversarial_autoencoder.why" })),
      el("section", { class: "panel" }, el("h2", { t: "adversarial_autoencoder.draw" }), el("p", { t: "adversarial_autoencoder.how" }),
        el("div", { class: "field" }, pad.element, Pictures.figures("adversarial_autoencoder", shown)), said)),
  );
  return { refresh, close: plane.close };
});
