"use strict";
/* The room "train a GAN": buttons, settings, and the loop. gan2d.js has the mathematics, plane.js the drawing. */
Playground.room("train", box => {
  const { t, el, COLOURS } = Playground;

  /* Each story changes some of gan2d.SETTINGS, the script's. tests/playground/test_gan2d.py checks what they show. */
  const SPOT = { data: "spot", dOptimizer: "adam", dRate: 0.005, gOptimizer: "sgd", gRate: 0.01, alone: 200 };
  const POINT = { data: "point", dOptimizer: "sgd", gOptimizer: "sgd", dRate: 0.05, gRate: 0.05 };
  const STORIES = {
    script: {},
    faster: { dRate: 1 },
    vanishing: { ...SPOT, loss: "minimax" },
    rescued: { ...SPOT, loss: "non_saturating" },
    circle: { ...POINT, loss: "minimax" },
    arrives: { ...POINT, loss: "r1", penalty: 0.3 },
    own: { data: "dots", dRate: 1 },
  };
  const RATES = [0.00001, 0.0001, 0.0003, 0.001, 0.003, 0.005, 0.01, 0.03, 0.05, 0.1, 0.3, 1];
  const FIELDS = {
    data: ["ring", "moons", "spot", "dots", "point"],
    loss: Object.keys(gan2d.LOSSES),
    penalty: [0.01, 0.1, 0.3, 1, 10],
    dSteps: [1, 2, 5, 10, 20],
    dOptimizer: Object.keys(gan2d.OPTIMIZERS),
    dRate: RATES,
    gOptimizer: Object.keys(gan2d.OPTIMIZERS),
    gRate: RATES,
    alone: [0, 50, 200, 1000],
    seed: [1, 2, 3, 4, 5],
  };
  const SPEEDS = [2, 10, 30, 100, 300, Infinity]; // iterations a second, at most
  const SLOW = 2; // of SPEEDS, at most, for the stories in which all happens within 500 iterations
  const PAUSE = 1000; // of these stories: with some seeds, G has no gradient any more after 3,000
  const WATCHED = ["vanishing", "rescued"];
  const POINTS = 400; // in a curve; then every second one is left out

  // ---- The page ----

  const stage = el("canvas", { class: "stage", tabindex: 0, role: "img", id: "stage" });
  const losses = el("canvas", { class: "chart", role: "img", label: "train.curves" });
  const slopes = el("canvas", { class: "chart", role: "img", label: "train.slope" });
  const watch = el("p", { class: "watch", id: "watch", "aria-live": "polite" });
  const numbers = el("p", { class: "numbers", id: "numbers" });
  const legend = el("ul", { class: "legend" });
  const step = el("button", { t: "train.step", id: "step", onclick: () => { run(false); advance(1); show(); } });
  const play = el("button", { class: "main", id: "play", onclick: () => { run(!running); show(); } });
  const stories = Object.keys(STORIES).map(name =>
    el("button", { t: `train.story.${name}`, "data-story": name, onclick: () => tell(name) }));
  const arrows = el("input", { type: "checkbox", id: "arrows", onchange: () => show() });
  const speed = el("input", { type: "range", id: "speed", min: 0, max: SPEEDS.length - 1, value: 4, label: "train.speed", onchange: () => { chosen = speed.value; } });
  const curves = el("h2", { t: "train.curves" }), slope = el("h2", { t: "train.slope" });
  const clear = el("button", { t: "train.clear", hidden: true, onclick: () => { settings.dots = []; again(); } });
  const choices = (kind, values) => values.map(value =>
    typeof value === "number" ? el("option", {}, String(value)) : el("option", { t: `train.${kind}.${value}` }));
  const fields = Object.fromEntries(Object.entries(FIELDS).map(([name, values]) => [name, el("select",
    { "data-setting": name, onchange: event => change(name, values[event.target.selectedIndex]) },
    ...choices(name.endsWith("Optimizer") ? "optimizer" : name, values))]));
  const labels = Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, el("label", {}, el("span", { t: `train.${name}` }), field)]));

  box.className = "room train";
  box.append(
    el("div", { class: "panel wide" }, el("h2", { t: "train.stories" }), el("div", { class: "stories" }, ...stories), watch),
    el("div", { class: "panel" }, stage, legend, numbers,
      el("div", { class: "row" }, play, step, el("button", { t: "train.again", id: "again", onclick: () => again() }), clear),
      el("label", { class: "soft" }, el("span", { t: "train.speed" }), speed),
    ),
    el("div", {},
      el("div", { class: "panel" }, curves, losses, slope, slopes),
      el("div", { class: "panel" }, el("h2", { t: "train.settings" }), el("div", { class: "fields" }, ...Object.values(labels)),
        el("label", { class: "check" }, arrows, el("span", { t: "train.arrows" }))),
    ),
  );

  // ---- The state ----

  let settings, gan, shown, point, path, history, every, last, running = false, due = 0, pictures = 0, story, chosen = speed.value, cursor = [0, 0];
  const evaluation = gan2d.noise(1000, gan2d.randomOf(9));
  const isPoint = () => settings.data === "point";
  const empty = () => settings.data === "dots" && !settings.dots.length;

  function tell(name) {
    settings = { ...gan2d.SETTINGS, dots: settings?.dots ?? [], ...STORIES[name], seed: settings?.seed ?? gan2d.SETTINGS.seed };
    story = name;
    arrows.checked = WATCHED.includes(name);
    speed.value = WATCHED.includes(name) ? Math.min(chosen, SLOW) : chosen;
    again();
    run(true);
  }

  // Starts again, from the same seed.
  function again() {
    [history, every, last, due] = [{ dLoss: [], gLoss: [], gSlope: [] }, 1, null, 0];
    if (isPoint()) [point, path] = [{ theta: 1, psi: 1, iteration: 0 }, [{ theta: 1, psi: 1 }]];
    else if (!empty()) gan = gan2d.make(settings);
    else gan = gan2d.make({ ...settings, data: "ring" });
    shown = isPoint() ? null : Plane.shownOf(settings);
    words();
    show();
  }

  function change(name, value) {
    settings[name] = value;
    story = null;
    if (name === "data" && value === "point") Object.assign(settings, { dOptimizer: "sgd", gOptimizer: "sgd" });
    if (isPoint() || ["data", "seed", "alone"].includes(name)) return again();
    gan.settings[name] = value;
    if (name === "dOptimizer" || name === "gOptimizer") gan2d.setOptimizer(gan, name[0]);
    words();
    show();
  }

  function run(on) {
    running = on && !empty();
    play.disabled = step.disabled = empty();
    play.dataset.t = running ? "train.pause" : "train.play";
    play.textContent = t(play.dataset.t);
  }

  const iteration = () => (isPoint() ? point : gan).iteration;

  // Trains for `count` iterations, but not longer than `until`.
  function advance(count, until = Infinity) {
    if (empty()) return 0;
    let done = 0;
    while (done < count && performance.now() < until) {
      if (isPoint()) {
        point = { ...gan2d.onePoint(point, settings), iteration: point.iteration + 1 };
        path.push(point);
        if (path.length > 5000) path.shift();
        last = { dLoss: point.theta, gLoss: point.psi, gSlope: Math.hypot(point.theta, point.psi) };
      } else last = gan2d.step(gan);
      done++;
      if (iteration() % every === 0) {
        for (const name of Object.keys(history)) history[name].push(last[name]);
        if (history.dLoss.length >= POINTS) {
          for (const name of Object.keys(history)) history[name] = history[name].filter((_, i) => i % 2);
          every *= 2;
        }
      }
      if (!Number.isFinite(last.dLoss + last.gLoss) || (WATCHED.includes(story) && iteration() === PAUSE)) { run(false); break; }
    }
    return done;
  }

  // ---- What is shown ----

  const short = v => !Number.isFinite(v) ? "–" : Math.abs(v) >= 1e-3 && Math.abs(v) < 1e4 ? String(Number(v.toPrecision(3))) : v === 0 ? "0" : v.toExponential(1);

  // Words that depend on the settings.
  function words() {
    for (const button of stories) button.setAttribute("aria-pressed", button.dataset.story === story);
    for (const [name, field] of Object.entries(fields)) {
      const value = settings[name], place = FIELDS[name].indexOf(value);
      field.selectedIndex = place;
    }
    const penalised = gan2d.LOSSES[settings.loss].penalty;
    labels.penalty.hidden = !penalised;
    for (const name of ["dSteps", "dOptimizer", "gOptimizer", "alone", "seed"]) labels[name].hidden = isPoint();
    arrows.parentElement.hidden = isPoint();
    clear.hidden = settings.data !== "dots";
    stage.classList.toggle("drawing", settings.data === "dots");
    curves.textContent = t(isPoint() ? "train.point.curves" : "train.curves");
    slope.textContent = t(isPoint() ? "train.point.distance" : "train.slope");
    watch.textContent = settings.data === "dots" && empty() ? t("train.draw") : story ? t(`train.watch.${story}`) : t("train.own");
    stage.setAttribute("aria-label", t(isPoint() ? "train.point.stage" : "train.stage"));
    const kinds = isPoint() ? [["data", "train.point.goal"], ["fake", "train.point.now"]]
      : [["data", "train.real"], ["fake", "train.fakes"]];
    const flat = isPoint() ? [] : [["rgb(150,196,230)", "train.d.real"], ["#fff", "train.d.unsure"], ["rgb(240,178,122)", "train.d.fake"]];
    const item = (colour, key, kind) => {
      const sign = el("span", { class: kind });
      sign.style.background = colour;
      return el("li", {}, sign, t(key));
    };
    legend.replaceChildren(...kinds.map(([name, key]) => item(COLOURS[name], key, "")), ...flat.map(([colour, key]) => item(colour, key, "flat")));
    run(running);
  }

  // Draws the stage; with `all`, the numbers and the curves, too.
  function show(all = true) {
    drawStage();
    if (all) drawNumbers();
  }

  function drawStage() {
    if (isPoint()) return Plane.drawPoint(stage, path, { theta: t("train.point.theta"), psi: t("train.point.psi") });
    Plane.draw(stage, gan, { ...shown, arrows: arrows.checked });
    if (settings.data === "dots" && stage.matches(":focus-visible")) drawCursor();
  }

  function drawNumbers() {
    const facts = [[t("train.iteration"), iteration().toLocaleString("en")]];
    if (isPoint()) {
      facts.push([t("train.point.theta"), short(point.theta)], [t("train.point.psi"), short(point.psi)]);
    } else {
      if (settings.data === "ring") {
        const { modes, good } = gan2d.coverage(gan2d.generate(gan, evaluation));
        facts.push([t("train.modes"), t("train.of", { modes, all: gan2d.MODES })], [t("train.good"), t("train.of", { modes: Math.round(1000 * good), all: "1000" })]);
      }
      if (last) facts.push([t("train.dLoss"), short(last.dLoss)], [t("train.gLoss"), short(last.gLoss)], [t("train.gSlope"), short(last.gSlope)]);
      const out = Plane.outside(gan, shown.noise);
      if (out) facts.push([t("train.outside", { count: out }), ""]);
      if (gan.iteration < settings.alone) facts.push([t("train.waits"), ""]);
      else if (last?.gSlope === 0) facts.push([t("train.still"), ""]);
    }
    if (last && !Number.isFinite(last.dLoss + last.gLoss)) facts.push([t("train.lost"), ""]);
    numbers.replaceChildren(...facts.map(([name, value]) => el("span", {}, `${name} `, el("b", {}, value))));
    const names = isPoint() ? [t("train.point.theta"), t("train.point.psi")] : [t("train.dLoss"), t("train.gLoss")];
    const level = !isPoint() && ["non_saturating", "minimax", "r1"].includes(settings.loss) ? 2 * Math.log(2) : undefined;
    Plane.drawCurves(losses, [
      { name: names[0], colour: isPoint() ? COLOURS.fake : COLOURS.data, values: history.dLoss },
      { name: names[1], colour: isPoint() ? COLOURS.data : COLOURS.fake, dash: [6, 3], values: history.gLoss },
    ], every, { level, whole: isPoint() });
    Plane.drawCurves(slopes, [{ name: t(isPoint() ? "train.point.distance" : "train.gSlope"), colour: COLOURS.third, values: history.gSlope }], every, { logarithmic: true, whole: isPoint() });
  }

  // ---- Own dots ----

  function addDot(x, y) {
    const first = empty();
    settings.dots.push([(2 * x - 1) * Plane.REACH, (1 - 2 * y) * Plane.REACH]);
    if (settings.dots.length > 400) settings.dots.shift();
    shown = Plane.shownOf(settings);
    if (first) { again(); run(true); }
    if (!running) show();
  }
  function drawCursor() {
    const pen = stage.getContext("2d"), size = stage.getBoundingClientRect().width;
    pen.strokeStyle = COLOURS.ink;
    pen.lineWidth = 2;
    pen.strokeRect(((cursor[0] + 1) / 2) * size - 6, ((cursor[1] + 1) / 2) * size - 6, 12, 12);
  }
  let before = null;
  Playground.drag(stage, (x, y, first) => {
    if (settings.data !== "dots" || (!first && before && Math.hypot(x - before[0], y - before[1]) < 0.03)) return;
    before = [x, y];
    addDot(x, y);
  }, true);
  Playground.arrows(stage, (dx, dy) => {
    cursor = [Math.max(-1, Math.min(1, cursor[0] + 0.06 * dx)), Math.max(-1, Math.min(1, cursor[1] + 0.06 * dy))];
    if (!running) show();
  });
  stage.addEventListener("keydown", event => {
    if (event.key !== " " || settings.data !== "dots") return;
    event.preventDefault();
    addDot((cursor[0] + 1) / 2, (cursor[1] + 1) / 2);
  });

  // ---- The loop ----

  const resized = () => show();
  addEventListener("resize", resized);
  const stop = Playground.animate(seconds => {
    if (!running || document.hidden) return;
    const most = SPEEDS[speed.value];
    due = Math.min(due + most * seconds, most === Infinity ? Infinity : Math.max(1, most / 4));
    if (due < 1) return;
    const done = advance(most === Infinity ? Infinity : Math.floor(due), performance.now() + Plane.budget(seconds));
    due = most === Infinity ? 0 : due - done;
    show(++pictures % 5 === 0 || !running); // it may just have stopped, and the numbers say why
  });

  tell("script");
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) run(false);
  return { close: () => { stop(); removeEventListener("resize", resized); }, refresh: () => { words(); show(); } };
});
