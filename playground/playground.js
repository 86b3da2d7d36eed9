"use strict";
/* The shell: words in two languages, the list of rooms, and what all rooms need. Rooms are in rooms/, their data in data/.

A room's file calls Playground.room(name, open). `open(box)` fills the element `box` and may return { close, refresh }:
`close` is called when the visitor leaves, `refresh` when the language changes. A data file calls Playground.data(name, …).
*/
const Playground = (() => {
  // name: the files of the room, the file that it is about, and its section in the gallery or the lessons.
  // Rooms with `data`, files of data/, are shown if `python -m experiments.playground` has built them.
  const ROOMS = {
    train: {
      scripts: ["gan2d.js", "rooms/plane.js", "rooms/train.js"], picture: "pictures/train.svg",
      file: "playground/gan2d.js", section: "experiments/README.md#the-theory-one-claim-a-file",
    },
    digits: {
      scripts: ["networks.js", "rooms/pictures.js", "rooms/digits.js"], data: ["digits"], picture: "pictures/digits.png",
      file: "gan_tf/training.py", section: "experiments/README.md#the-blogs-run-reproduced",
    },
    r3gan: {
      scripts: ["networks.js", "rooms/pictures.js", "rooms/r3gan.js"], data: ["r3gan"], picture: "pictures/r3gan.png",
      file: "gan_tf/zoo/r3gan.py", section: "gan_tf/zoo/README.md#r3gan",
    },
    conditional: {
      scripts: ["networks.js", "rooms/pictures.js", "rooms/conditional.js"], data: ["conditional"], picture: "pictures/conditional.png",
      file: "gan_tf/zoo/conditional.py", section: "gan_tf/zoo/README.md#conditional-gan",
    },
    infogan: {
      scripts: ["networks.js", "rooms/pictures.js", "rooms/infogan.js"], data: ["infogan"], picture: "pictures/infogan.png",
      file: "gan_tf/zoo/infogan.py", section: "gan_tf/zoo/README.md#infogan",
    },
    pix2pix: {
      scripts: ["networks.js", "rooms/pictures.js", "rooms/pix2pix.js"], data: ["pix2pix"], picture: "pictures/pix2pix.png",
      file: "gan_tf/zoo/pix2pix.py", section: "gan_tf/zoo/README.md#pix2pix",
    },
    cyclegan: {
      scripts: ["networks.js", "rooms/pictures.js", "rooms/cyclegan.js"], data: ["cyclegan"], picture: "pictures/cyclegan.png",
      file: "gan_tf/zoo/cyclegan.py", section: "gan_tf/zoo/README.md#cyclegan",
    },
    super_resolution: {
      scripts: ["networks.js", "rooms/pictures.js", "rooms/super_resolution.js"], data: ["super_resolution"], picture: "pictures/super_resolution.png",
      file: "gan_tf/zoo/super_resolution.py", section: "gan_tf/zoo/README.md#super-resolution",
    },
    stackgan: {
      scripts: ["networks.js", "rooms/pictures.js", "rooms/stackgan.js"], data: ["stackgan"], picture: "pictures/stackgan.png",
      file: "gan_tf/zoo/stackgan.py", section: "gan_tf/zoo/README.md#stackgan",
    },
    completion: {
      scripts: ["networks.js", "rooms/pictures.js", "rooms/completion.js"], data: ["r3gan", "completion"], picture: "pictures/completion.png",
      file: "gan_tf/zoo/completion.py", section: "gan_tf/zoo/README.md#completion",
    },
    editing: {
      scripts: ["networks.js", "rooms/pictures.js", "rooms/editing.js"], data: ["conditional", "editing"], picture: "pictures/editing.png",
      file: "gan_tf/zoo/editing.py", section: "gan_tf/zoo/README.md#editing",
    },
    adversarial_autoencoder: {
      scripts: ["networks.js", "rooms/pictures.js", "rooms/adversarial_autoencoder.js"], data: ["adversarial_autoencoder"], picture: "pictures/adversarial_autoencoder.png",
      file: "gan_tf/zoo/adversarial_autoencoder.py", section: "gan_tf/zoo/README.md#adversarial-autoencoder",
    },
    gan_3d: {
      scripts: ["networks.js", "rooms/pictures.js", "rooms/gan_3d.js"], data: ["gan_3d"], picture: "pictures/gan_3d.png",
      file: "gan_tf/zoo/gan_3d.py", section: "gan_tf/zoo/README.md#3d-gan",
    },
    heads: {
      scripts: ["networks.js", "rooms/pictures.js", "rooms/heads.js"], data: ["heads"], picture: "pictures/heads.png",
      file: "gan_tf/zoo/conditional.py", section: "gan_tf/zoo/README.md#heads",
    },
    imitation: {
      scripts: ["networks.js", "cart_pole.js", "rooms/imitation.js"], data: ["imitation"], picture: "pictures/imitation.svg",
      file: "gan_tf/zoo/imitation.py", section: "gan_tf/zoo/README.md#imitation",
    },
    seqgan: {
      scripts: ["networks.js", "sequences.js", "rooms/seqgan.js"], data: ["seqgan"], picture: "pictures/seqgan.svg",
      file: "gan_tf/zoo/seqgan.py", section: "gan_tf/zoo/README.md#seqgan",
    },
  };

  const words = {}, openers = {}, data = {}, loaded = {};
  let built = [], language = "en", current = null, visit = 0;

  // ---- Words ----

  // The words of `key` in the language, with {name} replaced by values.name.
  function t(key, values = {}) {
    return (words[language][key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  }

  // An element; `given` has its attributes, `t` for the key of its words, and listeners, whose names begin with "on".
  function el(tag, given = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(given)) {
      if (name === "t") made.dataset.t = value;
      else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
      else if (name === "label") made.dataset.label = value; // key of its name for those who do not see it
      else if (value !== false && value !== null) made.setAttribute(name, value === true ? "" : value);
    }
    made.append(...children);
    return made;
  }

  // Writes the words of all elements below `root`.
  function translate(root) {
    for (const each of root.querySelectorAll("[data-t]")) each.textContent = t(each.dataset.t);
    for (const each of root.querySelectorAll("[data-label]")) each.setAttribute("aria-label", t(each.dataset.label));
  }

  function setLanguage(chosen) {
    language = chosen;
    document.documentElement.lang = t("lang");
    try { localStorage.setItem("language", chosen); } catch { /* a browser may forbid it; then it is only for this visit */ }
    translate(document);
    for (const button of document.querySelectorAll("#languages button")) button.setAttribute("aria-pressed", button.lang === t("lang"));
    title();
    current?.refresh?.();
  }

  // ---- Rooms ----

  const shown = () => Object.keys(ROOMS).filter(name => !ROOMS[name].data || built.includes(name));

  // Loads a script of this folder, once.
  function load(source) {
    return loaded[source] ??= new Promise((resolve, reject) => {
      if (document.querySelector(`script[src="${source}"]`)) return resolve(); // index.html has it
      const script = el("script", { src: source });
      script.onload = resolve;
      script.onerror = () => reject(new Error(`${source} is missing`));
      document.head.append(script);
    });
  }

  function title() {
    const name = location.hash.slice(1);
    document.title = Object.hasOwn(ROOMS, name) ? `${t(`${name}.title`)} · ${t("title")}` : t("title");
  }

  async function route() {
    current?.close?.();
    current = null;
    const mine = ++visit, name = location.hash.slice(1), main = document.getElementById("main");
    title();
    if (!shown().includes(name)) return home(main);
    const { scripts, data: needs = [], file, section } = ROOMS[name], box = el("div", { class: "room" });
    main.replaceChildren(
      el("a", { class: "back", href: "#", t: "back" }),
      el("h1", { t: `${name}.title` }), el("p", { class: "lead", t: `${name}.text` }), box,
      el("p", { class: "links" }, link("links.code", file), " · ", link("links.results", section)),
    );
    translate(main);
    scrollTo(0, 0);
    try {
      for (const each of [...scripts, ...needs.map(file => `data/${file}.js`)]) await load(each);
    } catch (error) {
      box.append(el("p", { t: "not loaded" }));
      return translate(box);
    }
    if (mine !== visit) return; // the visitor has gone on, perhaps to come back to this room
    current = openers[name](box, Object.assign({}, ...needs.map(file => data[file]))) ?? null;
    translate(box);
    current?.refresh?.();
    main.focus({ preventScroll: true });
  }

  function link(words, path) {
    return el("a", { href: Playground.repository + path, t: words });
  }

  // The first page: a picture that trains, one sentence, and a card for each room.
  function home(main) {
    const canvas = el("canvas", { class: "hero", role: "img", label: "hero picture", width: 440, height: 440 });
    main.replaceChildren(
      el("div", { class: "top" },
        el("div", {}, canvas),
        el("div", {}, el("h1", { t: "title" }), el("p", { class: "lead", t: "sentence" }), el("p", { t: "hero" }), el("a", { class: "go", href: "#train", t: "train.go" })),
      ),
      el("h2", { t: "rooms" }),
      el("ul", { class: "cards" }, ...shown().map(card)),
    );
    translate(main);
    current = Plane.hero(canvas);
  }

  function card(name) {
    const { picture, file, section } = ROOMS[name];
    return el("li", {},
      el("a", { class: "enter", href: `#${name}` }, el("img", { src: picture, alt: "", width: 320, height: 160 }), el("h3", { t: `${name}.title` })),
      el("p", { t: `${name}.text` }),
      el("p", { class: "links" }, link("links.code", file), " · ", link("links.results", section)),
    );
  }

  function start() {
    let wanted = null;
    try { wanted = localStorage.getItem("language"); } catch { /* see setLanguage */ }
    if (!Object.hasOwn(words, wanted)) wanted = navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
    document.getElementById("languages").append(...Object.keys(words).map(each =>
      el("button", { lang: words[each].lang, onclick: () => setLanguage(each) }, words[each].language)));
    addEventListener("hashchange", route);
    setLanguage(wanted);
    route();
  }

  // ---- What rooms share ----

  const COLOURS = { data: "#0072b2", fake: "#d55e00", third: "#009e73", ink: "#1c2430", soft: "#5a6675", line: "#d5dbe3" };

  // Calls `draw(seconds)` for each picture of the screen until it is stopped: returns a function that stops.
  function animate(draw) {
    let last = null, number = requestAnimationFrame(function frame(now) {
      number = requestAnimationFrame(frame);
      draw(last === null ? 0 : Math.min(0.1, (now - last) / 1000));
      last = now;
    });
    return () => cancelAnimationFrame(number);
  }

  // Fills a canvas with pixels [height, width, channels] of values from 0 to 1: one channel is grey, three are colours.
  function paint(canvas, pixels, width, height) {
    canvas.width = width;
    canvas.height = height;
    const image = new ImageData(width, height), channels = pixels.length / (width * height);
    for (let i = 0; i < width * height; i++) {
      for (let c = 0; c < 3; c++) image.data[4 * i + c] = 255 * pixels[channels * i + c % channels];
      image.data[4 * i + 3] = 255;
    }
    canvas.getContext("2d").putImageData(image, 0, 0);
  }

  // Where a pointer is in an element, from 0 to 1 in both directions if it is inside.
  function placeIn(element, event) {
    const box = element.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  }

  /* Calls `move(x, y, first)` while the left button, a finger or a pen is pressed on an element. Outside, the place is the
  nearest one inside; but if the element is `paper`, a stroke ends at its edge, and another one begins on the way back. */
  function drag(element, move, paper = false) {
    let first = true;
    function go(event) {
      const place = placeIn(element, event), inside = place.map(v => Math.min(1, Math.max(0, v)));
      const outside = paper && inside.some((v, i) => v !== place[i]);
      if (!outside) move(...inside, first);
      first = outside;
    }
    element.addEventListener("pointerdown", event => {
      if (event.button) return;
      element.setPointerCapture(event.pointerId);
      first = true;
      go(event);
    });
    element.addEventListener("pointermove", event => { if (event.buttons & 1) go(event); });
    element.addEventListener("pointerleave", () => { first = true; });
  }

  /* Calls `move(dx, dy, held)` for the arrow keys; `held` is true if the key has been down before. Those with which
  `uses(dx, dy)` is false scroll the page, and those with Alt and the like go back, as always. Returns a function that stops. */
  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  function arrows(element, move, uses = () => true) {
    function press(event) {
      if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || !ARROWS[event.key] || !uses(...ARROWS[event.key])) return;
      event.preventDefault();
      move(...ARROWS[event.key], event.repeat);
    }
    element.addEventListener("keydown", press);
    return () => element.removeEventListener("keydown", press);
  }

  return {
    repository: "../", words, t, el, translate, start, COLOURS, animate, paint, drag, arrows,
    room: (name, open) => { openers[name] = open; },
    data: (name, content) => { data[name] = content; },
    built: names => { built = names; },
    get rooms() { return shown(); },
  };
})();
