"""Measures how soon a visitor sees something in each room of the playground.

python -m experiments.speed.rooms [--rounds=3] [--out_dir=out/experiments/speed]

Opens the folder playground/ from disk in headless Chromium: its first page, then each room by its address. Chromium,
its driver and this command share one core. All times begin when the address is opened. "first paint" is the browser's
own first-contentful-paint. "first picture" is when the first picture of the room has something in it (in the room of
SeqGAN, the first words), and "all pictures" is when the last one has. A picture that waits for the visitor's pen does
not count. "size" is that of all files that the page loads. The median of the rounds counts. Writes rooms.json and
prints the table.
"""

import json
import os
import statistics
import tempfile
import time
from pathlib import Path

from absl import flags, logging

from experiments import chromium, record
from gan_tf.runs import command_line

FLAGS = flags.FLAGS

FOLDER = record.RESULTS.parents[1] / "playground"
QUIET = 3  # seconds without a new picture: then the room is complete
TIMES = ("first paint", "first picture", "all pictures")
# Notes when each picture of a page is first seen with more than one colour; a small copy is read, in every frame.
WATCH = """
const seen = new Map(), copy = document.createElement("canvas");
copy.width = copy.height = 32;
const pen = copy.getContext("2d", { willReadFrequently: true });
function drawn(canvas) {
  if (!canvas.width || !canvas.height || !canvas.offsetParent) return false;
  pen.clearRect(0, 0, 32, 32);
  pen.drawImage(canvas, 0, 0, 32, 32);
  return new Set(new Uint32Array(pen.getImageData(0, 0, 32, 32).data.buffer)).size > 1;
}
function look() {
  for (const each of document.querySelectorAll("main canvas, main .sequence"))
    if (!seen.has(each) && (each.tagName !== "CANVAS" || drawn(each))) seen.set(each, performance.now());
  requestAnimationFrame(look);
}
requestAnimationFrame(look);
window.picturesSeen = () => [...seen.values()];
"""
# [milliseconds to the first paint, to each picture, addresses of its files]
ASK = """
const files = [...document.querySelectorAll("script[src], link[href], main img")].map(each => each.src || each.href);
return [performance.getEntriesByName("first-contentful-paint").map(each => each.startTime), picturesSeen(), files];
"""


def built():
    """Returns the names of the rooms that have data."""
    return json.loads((FOLDER / "data/built.js").read_text().partition("(")[2].rpartition(")")[0])


def seconds(chrome, room):
    """Opens a room; returns ({title of TIMES: seconds}, bytes of the files that it loaded)."""
    chrome.get("about:blank")  # else only the part behind the # would change, and nothing would be loaded
    chrome.get(f"{(FOLDER / 'index.html').as_uri()}#{room}")
    found, end = -1, time.monotonic() + QUIET
    while time.monotonic() < end:
        time.sleep(0.1)
        paint, pictures, files = chrome.execute_script(ASK)
        if len(pictures) != found:
            found, end = len(pictures), time.monotonic() + QUIET
    if not (paint and pictures):
        raise OSError(f"the room {room or 'of the first page'} shows nothing")
    files = {"index.html", *(each.removeprefix(f"{FOLDER.as_uri()}/") for each in files if each.startswith("file:"))}
    size = sum((FOLDER / each).stat().st_size for each in files)
    return dict(zip(TIMES, (paint[0] / 1000, min(pictures) / 1000, max(pictures) / 1000), strict=True)), size


def table(result):
    """Returns the table of a result as Markdown."""
    lines = [f"| room | {' | '.join(f'{name}, s' for name in TIMES)} | size |", "|---" * (len(TIMES) + 2) + "|"]
    for room, row in result["rooms"].items():
        cells = [f"{row[name]:.2f}" for name in TIMES]
        cells += [f"{row['bytes'] / 1e6:.2f} MB"]
        lines.append(f"| {f'`{room}`' if room else 'the first page'} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main():
    """Opens all rooms, writes rooms.json and prints the table."""
    record.check(FLAGS.out_dir)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # the browser that is started from here inherits it
    found = {room: [] for room in ["", "train", *built()]}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        chrome = chromium.start(profile)
        try:
            chrome.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": WATCH})
            for _ in range(FLAGS.rounds):
                for room, rounds in found.items():
                    rounds.append(seconds(chrome, room))
                    logging.info("%s: %s", room or "first page", rounds[-1])
            version = chrome.capabilities["browserVersion"]
        finally:
            chrome.quit()
    rows = {
        room: {name: round(statistics.median(times[name] for times, _ in rounds), 3) for name in TIMES}
        | {"bytes": rounds[0][1]}
        for room, rounds in found.items()
    }
    result = record.facts() | {"browser": f"Chromium {version}", "rounds": FLAGS.rounds, "rooms": rows}
    record.write_json(Path(FLAGS.out_dir) / "rooms.json", result)
    print(table(result))


if __name__ == "__main__":
    flags.DEFINE_integer("rounds", 3, "How often each room is opened; the median counts.", lower_bound=1)
    flags.DEFINE_string("out_dir", "out/experiments/speed", "Folder for rooms.json.")
    command_line.run(main, {"Flags": ["rounds", "out_dir"]}, (chromium.MissingError, OSError))
