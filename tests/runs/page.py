"""Runs the script of a run's page in Node, without a browser: what it writes, and what its functions return.

A stand-in for the parts of a browser that the script asks for. It has no layout: where a box of the page is, how it
looks, and whether a mouse reaches it, only the tests in a browser see.
"""

import json
import re
import shutil
import subprocess

import pytest

# Elements are made at the first question for their id or selector, so `made` has all that the script has touched.
BROWSER = """
const made = {};
function element(name) {
  const own = { name, children: [], attributes: {}, dataset: {}, style: {}, listeners: {}, hidden: false, text: "" };
  own.number = { value: "0", max: "100" };
  const parts = {};
  return new Proxy(Object.assign(own, {
    setAttribute(key, value) { own.attributes[key] = String(value); },
    addEventListener(event, listener) { own.listeners[event] = listener; },
    appendChild(child) { own.children.push(child); return child; },
    append(...more) { own.children.push(...more); },
    replaceChildren(...others) { own.children = others; },
    insertRow() { return own.appendChild(element("tr")); },
    insertCell() { return own.appendChild(element("td")); },
    querySelector(selector) { return parts[selector] ??= element(selector); },
    getContext() { return { putImageData(...given) { (own.painted ??= []).push(given); } }; },
  }), {
    get(target, key) {
      if (key === "value" || key === "max") return target.number[key];
      if (key === "textContent") return target.text;
      if (key === "clientWidth") return 600;
      if (key === "firstElementChild") return target.querySelector("first");
      if (key === "tBodies") return [target.querySelector("tbody")];
      return target[key];
    },
    set(target, key, value) {
      if (key === "value" || key === "max") target.number[key] = String(value);
      else if (key === "textContent") { target.text = String(value); target.children = []; }
      else target[key] = value;
      return true;
    },
  });
}
const document = {
  getElementById: id => made[id] ??= element(id),
  querySelector: selector => made[selector] ??= element(selector),
  querySelectorAll: () => [],
  createElement: element,
  createElementNS: (space, name) => element(name),
};
class ImageData {
  constructor(width, height) { this.data = new Uint8ClampedArray(4 * width * height); }
}
function addEventListener() {}
document.getElementById("mix").value = 50;
document.getElementById("colour").value = "#ff0000";
"""

# For the questions: the text of an element with all below it; the rows of a table; a chart without a page.
HELPERS = """
function words(node) { return typeof node === "string" ? node : node.text + node.children.map(words).join(""); }
function table(id) { return made[id].querySelector("table").tBodies[0].children.map(row => row.children.map(words)); }
function drawn(chart, first) {
  const node = element("svg");
  drawChart(Object.assign(chart, { node }), first);
  return node.children.map(child => ({ name: child.name, ...child.attributes, text: words(child) }));
}
"""


def answers(page, *questions):
    """Runs the script of `page`, the text of a report.html. Returns what the JavaScript expressions `questions` are.

    Skips the test without Node. Fails if the script does.
    """
    node = shutil.which("node") or shutil.which("nodejs")
    if not node:
        pytest.skip("needs Node: apt-get install nodejs")
    parts = dict(re.findall(r'<script id="(\w+)" type="application/json">(.*?)</script>', page, re.DOTALL))
    put = [
        f"document.getElementById({json.dumps(name)}).textContent = {json.dumps(text)};" for name, text in parts.items()
    ]
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    ask = f"console.log(JSON.stringify([{', '.join(questions)}]));"
    code = "\n".join(['"use strict";', BROWSER, *put, *scripts, HELPERS, ask])
    done = subprocess.run([node, "-"], input=code, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)
