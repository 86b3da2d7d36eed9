"use strict";
/* The room "seqgan": what the oracle, SeqGAN, maximum likelihood and chance write, and how the oracle judges it. */
Playground.room("seqgan", (box, content) => {
  const { t, el } = Playground, ROWS = 3, MANY = 100;
  const models = Object.fromEntries(Object.entries(content).map(([name, model]) => [name, Object.fromEntries(
    Object.entries(model).map(([key, value]) => [key, typeof value === "string" ? Networks.floats(value) : value]))]));
  const { oracle } = models, words = oracle.output_bias.length;
  const writers = {
    oracle: random => Sequences.write(oracle, random),
    seqgan: random => Sequences.write(models.seqgan, random),
    seqgan_likelihood: random => Sequences.write(models.seqgan_likelihood, random),
    chance: random => Array.from({ length: Sequences.LENGTH }, () => Math.floor(words * random())),
  };
  const mean = values => values.reduce((a, b) => a + b) / values.length;
  let seed = 1;
  const shown = Object.fromEntries(Object.keys(writers).map(name => [name, { rows: el("div"), said: el("p", { class: "numbers" }) }]));
  box.append(
    el("div", { class: "panel" },
      el("div", { class: "row" }, el("button", { class: "main", id: "more", t: "seqgan.more", onclick: () => { seed++; refresh(); } })),
      el("p", { t: "seqgan.how" }),
      ...Object.entries(shown).map(([name, { rows, said }]) => el("section", { "data-writer": name }, el("h2", { t: `seqgan.${name}` }), said, rows))));

  // A word's colour says how much it surprises the oracle: blue not at all, orange very much.
  function word(number, surprise) {
    const share = Math.min(1, surprise / 8), mixed = [[150, 196, 230], [255, 255, 255], [240, 178, 122]];
    const [from, to, part] = share < 0.5 ? [mixed[0], mixed[1], 2 * share] : [mixed[1], mixed[2], 2 * share - 1];
    const found = el("span", { title: surprise.toFixed(2) }, String(number));
    found.style.background = `rgb(${from.map((v, i) => Math.round(v + part * (to[i] - v))).join()})`;
    return found;
  }

  function refresh() {
    for (const [name, write] of Object.entries(writers)) {
      const random = gan2d.randomOf(seed), sequences = Array.from({ length: MANY }, () => write(random));
      const all = sequences.map(each => Sequences.surprises(oracle, each)), { rows, said } = shown[name];
      rows.replaceChildren(...sequences.slice(0, ROWS).map((each, i) => el("div", { class: "sequence" }, ...each.map((number, k) => word(number, all[i][k])))));
      said.replaceChildren(`${t("seqgan.nll", { count: MANY })} `, el("b", {}, mean(all.map(mean)).toFixed(2)));
    }
  }
  return { refresh };
});
