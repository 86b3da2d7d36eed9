"use strict";
/* The room "stackgan": a caption, the small picture that G1 draws of it, and the large one that G2 makes of that. */
Playground.room("stackgan", (box, { stackgan, noise: given, normal, words }) => {
  const { t, el, paint } = Playground, SMALL = 14, [height, width] = stackgan.shape, STYLES = words.slice(0, -10), DIGITS = words.slice(-10);
  const networks = Object.fromEntries(["augmentation", "generator", "second_augmentation", "second_generator"].map(name => [name, Networks.load(stackgan[name])]));
  const noise = given.map(each => Networks.floats(each)), normals = normal.map(each => Networks.floats(each));
  const shown = Pictures.large("stackgan", ["first", "second"]), figures = Pictures.figures("stackgan", shown);
  const split = text => [...new Set(text.toLowerCase().split(/[^\p{L}\p{N}]+/u).filter(Boolean))];
  let now = 0;

  // The caption's vector with noise: the network gives means and logarithms of deviations.
  function cloud(augmentation, caption) {
    const [found] = networks[augmentation].run([caption]), count = normals[now].length;
    return normals[now].map((each, i) => found[i] + Math.exp(found[count + i]) * each);
  }
  // What keeps G from drawing these words, in words; null if nothing does. "" while a last word is being written.
  function wrong(said, text) {
    const unknown = said.find(each => !["a", "an", ...words].includes(each));
    if (unknown && text.toLowerCase().endsWith(unknown) && words.some(each => each.startsWith(unknown))) return "";
    if (unknown) return t("stackgan.unknown", { word: unknown });
    return said.filter(each => DIGITS.includes(each)).length === 1 ? null : t("stackgan.one");
  }
  function draw() {
    const said = split(field.value), problem = wrong(said, field.value);
    message.textContent = problem ? `${problem} ${t("stackgan.last")}` : "";
    figures.classList.toggle("old", problem !== null);
    for (const button of buttons) button.setAttribute("aria-pressed", said.includes(button.textContent));
    if (problem !== null) return;
    const caption = words.map(each => Number(said.includes(each)));
    const [small] = networks.generator.run([[...noise[now], ...cloud("augmentation", caption)]]);
    const [large] = networks.second_generator.run([small, cloud("second_augmentation", caption)]);
    paint(shown.first, small, SMALL, SMALL);
    paint(shown.second, large, width, height);
  }
  // A style goes on or off, a digit takes the place of the other.
  function pick(word) {
    const said = split(field.value), styles = STYLES.filter(each => said.includes(each) !== (each === word));
    const digit = STYLES.includes(word) ? DIGITS.find(each => said.includes(each)) ?? DIGITS[0] : word, all = [...styles, digit];
    field.value = [all[0] === "eight" ? "an" : "a", ...all].join(" ");
    draw();
  }
  const field = el("input", {
    type: "text", id: "caption", value: "a bold three", lang: "en", autocomplete: "off", autocapitalize: "off", spellcheck: "false", maxlength: 60,
    label: "stackgan.caption", oninput: draw,
  });
  const buttons = words.map(word => el("button", { lang: "en", onclick: () => pick(word) }, word));
  const message = el("p", { class: "said", "aria-live": "polite", id: "message" });
  const other = () => { now = (now + 1) % noise.length; draw(); };
  box.append(
    el("div", { class: "pair" },
      el("section", { class: "panel" }, el("h2", { t: "stackgan.caption" }), el("p", { t: "stackgan.how" }),
        el("div", { class: "row" }, field, el("button", { t: "conditional.other", id: "other", onclick: other })), message,
        el("div", { class: "row", id: "words" }, ...buttons)),
      el("section", { class: "panel" }, figures, el("p", { class: "soft", t: "stackgan.why" }))),
  );
  draw();
  return { refresh: draw };
});
