"use strict";
/* The room "imitation": the same game for three players at the same time. cart_pole.js has the physics. */
Playground.room("imitation", (box, content) => {
  const { t, el, COLOURS } = Playground, AGAIN = 1.5; // seconds until a fallen player begins a new game
  const networks = { gail: content.imitation.player, clone: content.imitation_cloning.player };
  const players = [
    { name: "expert", act: CartPole.expert },
    ...Object.entries(networks).map(([name, network]) => ({ name, act: CartPole.player(Networks.load(network)) })),
  ];
  const random = gan2d.randomOf(4);
  let running = true, due = 0, pushed = 0;

  const play = el("button", { class: "main", id: "play", onclick: () => { running = !running; refresh(); } });
  const push = side => el("button", { t: side < 0 ? "imitation.left" : "imitation.right", id: side < 0 ? "left" : "right", onclick: () => shove(side) });
  box.append(
    el("div", { class: "panel" },
      el("div", { class: "row" }, push(-1), push(1), play, el("button", { t: "imitation.again", id: "again", onclick: () => begin() })),
      el("p", { t: "imitation.how" }),
      el("div", { class: "tracks" }, ...players.map(each => {
        each.canvas = el("canvas", { class: "cart", role: "img" });
        each.said = el("p", { class: "numbers" });
        return el("section", { "data-player": each.name }, el("h2", { t: `imitation.${each.name}` }), each.canvas, each.said);
      })),
    ),
  );
  box.classList.add("carts");

  // All three begin from the same state.
  function begin() {
    const first = Array.from({ length: 4 }, () => 0.1 * random() - 0.05);
    for (const each of players) Object.assign(each, { state: first, steps: 0, waits: 0, last: null });
    pushed = 0;
    refresh();
  }

  function shove(side) {
    for (const each of players) each.state = [each.state[0], each.state[1] + 0.7 * side, each.state[2], each.state[3]];
    pushed = 12 * side;
    draw();
  }

  function step() {
    for (const each of players) {
      if (each.waits > 0) {
        each.waits -= CartPole.SECONDS;
        if (each.waits <= 0) Object.assign(each, { state: Array.from({ length: 4 }, () => 0.1 * random() - 0.05), steps: 0 });
        continue;
      }
      each.action = each.act(each.state);
      each.state = CartPole.step(each.state, each.action);
      each.steps++;
      if (CartPole.fallen(each.state)) Object.assign(each, { waits: AGAIN, last: each.steps });
    }
    pushed -= Math.sign(pushed);
  }

  function draw() {
    for (const { canvas, said, state, steps, waits, last } of players) {
      const box = canvas.getBoundingClientRect(), dense = Math.min(2, devicePixelRatio || 1);
      [canvas.width, canvas.height] = [Math.round(box.width * dense), Math.round(box.height * dense)];
      const pen = canvas.getContext("2d"), width = box.width, ground = box.height * 0.82, metre = width / (2 * CartPole.TRACK + 0.6);
      pen.scale(dense, dense);
      const x = width / 2 + state[0] * metre, long = Math.min(1.8 * metre, ground - 0.18 * metre - 12); // drawn longer than it is
      pen.strokeStyle = COLOURS.line;
      pen.lineWidth = 3;
      pen.beginPath();
      pen.moveTo(width / 2 - CartPole.TRACK * metre, ground);
      pen.lineTo(width / 2 + CartPole.TRACK * metre, ground);
      pen.stroke();
      pen.fillStyle = COLOURS.line;
      for (const side of [-1, 1]) pen.fillRect(width / 2 + side * CartPole.TRACK * metre - 2, ground - 14, 4, 28);
      pen.fillStyle = COLOURS.data;
      pen.fillRect(x - 0.25 * metre, ground - 0.18 * metre, 0.5 * metre, 0.18 * metre);
      pen.strokeStyle = waits > 0 ? COLOURS.soft : COLOURS.fake;
      pen.lineWidth = Math.max(5, 0.08 * metre);
      pen.lineCap = "round";
      pen.beginPath();
      pen.moveTo(x, ground - 0.18 * metre);
      pen.lineTo(x + long * Math.sin(state[2]), ground - 0.18 * metre - long * Math.cos(state[2]));
      pen.stroke();
      if (pushed) {
        pen.fillStyle = COLOURS.third;
        const side = Math.sign(pushed), tip = x - side * 0.3 * metre, y = ground - 0.09 * metre;
        pen.beginPath();
        pen.moveTo(tip, y);
        pen.lineTo(tip - side * 22, y - 12);
        pen.lineTo(tip - side * 22, y + 12);
        pen.fill();
      }
      const words = waits > 0 ? t("imitation.fell", { steps }) : t("imitation.stands", { steps });
      const text = last !== null && waits <= 0 ? `${words} ${t("imitation.before", { steps: last })}` : words;
      if (said.textContent !== text) said.textContent = text;
    }
  }

  function refresh() {
    play.textContent = t(running ? "imitation.pause" : "imitation.play");
    for (const { canvas, name } of players) canvas.setAttribute("aria-label", t(`imitation.${name}`));
    draw();
  }

  const stop = Playground.animate(seconds => {
    if (!running || document.hidden) return;
    for (due += seconds; due >= CartPole.SECONDS; due -= CartPole.SECONDS) step();
    draw();
  });
  // Of the whole page: the visitor has not touched the box yet. A key that is held is one push, as a button is.
  const stopKeys = Playground.arrows(document, (dx, _, held) => { if (!held) shove(dx); }, dx => dx !== 0);
  begin();
  return { close: () => { stop(); stopKeys(); }, refresh };
});
