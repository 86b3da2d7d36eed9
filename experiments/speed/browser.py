"""Compares gan_tf/runs/networks.js with TensorFlow.js in a browser: how fast, how large, how exact.

python -m experiments.speed.browser [--rounds=3] [--out_dir=out/experiments/speed]

Both compute the generator of gan_tf/zoo/dcgan.py, untrained, in headless Chromium on one core: for pictures of 28x28
pixels in grey and of 64x64 in colour. TensorFlow.js runs with each of its backends: cpu (plain JavaScript), wasm
(WebAssembly with SIMD), and webgl. Without a graphics card, Chromium draws WebGL on the CPU.

Milliseconds are of computing, summed over all processes of the browser (from /proc, on Linux): so other work on the
machine does not count. They are those of one picture, when one is computed at a time and when sixteen are. "first 16"
are the first sixteen with all preparation. In each round the contenders run one after another; the median of the
rounds counts. The difference is the largest from Keras's pixels. "in the page" is the size of the files that a page
would have to hold. WebAssembly would be there as base64, which is a third larger. npm installs TensorFlow.js. Writes
browser.json and prints the table.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from absl import flags, logging

from experiments import chromium, record
from gan_tf.runs import command_line

FLAGS = flags.FLAGS

VERSION = "4.22.0"
SHAPES = {"28x28": (28, 28, 1), "64x64": (64, 64, 3)}
LIBRARY, WASM = "@tensorflow/tfjs/dist/tf.min.js", "@tensorflow/tfjs-backend-wasm/dist/tf-backend-wasm.min.js"
BINARY = "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm"
# Contender → (its name in the table, the files that its page needs).
CONTENDERS = {
    "networks.js": ("networks.js", []),
    "cpu": ("TensorFlow.js, cpu", [LIBRARY]),
    "wasm": ("TensorFlow.js, wasm", [LIBRARY, WASM, BINARY]),
    "webgl": ("TensorFlow.js, webgl on the CPU", [LIBRARY]),
}
CHROMIUM = "headless=new no-sandbox no-first-run use-angle=swiftshader enable-unsafe-swiftshader ignore-gpu-blocklist"


def networks():
    """Returns {size: the description of DCGAN's generator, 16 noises, and Keras's pixels of them}."""
    import numpy as np

    from gan_tf.noise import USER_NOISE, stream_noise
    from gan_tf.runs import browser
    from gan_tf.zoo import dcgan

    found = {}
    for name, shape in SHAPES.items():
        generator, random = dcgan.make_generator(0, shape), np.random.default_rng(0)
        for weight in generator.variables:  # its first pictures are all grey
            changed = weight + random.normal(0, 0.03, weight.shape)
            weight.assign(np.abs(changed) if "variance" in weight.path else changed)
        noises = np.asarray(stream_noise(0, USER_NOISE, 16))
        keras = np.ravel(generator(noises, training=False)).tolist()
        found[name] = {"description": browser.describe(generator), "noises": noises.tolist(), "keras": keras}
    return found


def rounded(value):
    """`value` with four digits."""
    return float(f"{value:.4g}")


def computed(pid):
    """Returns the seconds that a process and all below it have computed, in user and system mode."""
    parents, seconds = {}, {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()  # the name before it may have spaces
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended
        number = int(path.parent.name)
        parents[number], seconds[number] = (
            int(fields[1]),
            (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"),
        )
    family = {pid}
    while more := {each for each, parent in parents.items() if parent in family} - family:
        family |= more
    return sum(seconds.get(each, 0) for each in family)


def page(files):
    """The page of a contender that needs these scripts."""
    scripts = ["networks.js", *(name for name in files if name.endswith(".js")), "browser.js"]
    tags = "".join(f'<script src="/{name}"></script>' for name in scripts)
    return f'<!DOCTYPE html><meta charset="utf-8">{tags}'.encode()


class Server:
    """Gives a browser what a contender needs, and waits for what it found."""

    def __init__(self, folder, ask):
        self.found, self.done, self.process = None, threading.Event(), None
        here, runs = Path(__file__).parent, Path(command_line.__file__).parent
        files = {"/networks.js": runs / "networks.js", "/browser.js": here / "browser.js"}
        files |= {f"/{name}": folder / name for name in (LIBRARY, WASM)}
        files |= {f"/{Path(BINARY).name}": folder / BINARY}
        server = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *words):
                """Says nothing."""

            def do_GET(self):
                path, _, contender = self.path.partition("?")
                kind = {".js": "text/javascript", ".wasm": "application/wasm", "": "text/html"}
                if path == "/":
                    body = page(CONTENDERS[contender][1])
                elif path == "/ask":
                    body = ask
                elif path == "/clock":
                    body = json.dumps(computed(server.process.pid)).encode()
                else:  # such as a picture for the tab, which there is none of
                    body = files[path].read_bytes() if path in files else b""
                self.send_response(200 if body else 404)
                self.send_header("Content-Type", kind.get(Path(path).suffix, "text/plain"))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                server.found = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(204)
                self.end_headers()
                server.done.set()

        self.http = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def contend(self, contender, core):
        """Runs a contender in Chromium on one core; returns what it found. Exits if it fails."""
        self.done.clear()
        binary = chromium.binary()
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            words = [f"--{each}" for each in [*CHROMIUM.split(), f"user-data-dir={profile}"]]
            process = self.process = subprocess.Popen(
                [binary, *words, f"http://127.0.0.1:{self.http.server_port}/?{contender}"],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                preexec_fn=lambda: os.sched_setaffinity(0, {core}),
            )
            answered = self.done.wait(600)
            process.terminate()
            process.wait()
        if not answered or isinstance(self.found, str):
            sys.exit(f"error: {contender} failed in the browser: {self.found or 'no answer within 600 s'}.")
        return self.found


def table(result):
    """Returns the table of a result as Markdown."""
    sizes = list(SHAPES)
    heads = [f"{size}, ms" + words for size in sizes for words in ("", " in sixteens")]
    lines = [f"| | {' | '.join(heads)} | in the page | difference |", "|---" * (len(heads) + 3) + "|"]
    for contender, (title, _) in CONTENDERS.items():
        row = result["contenders"][contender]
        values = [row[size][what] for size in sizes for what in ("one", "sixteen")]
        cells = [f"{value:,.0f}" if value >= 100 else f"{value:.3g}" for value in values]
        most = max(row[size]["difference"] for size in sizes)
        lines.append(f"| {title} | {' | '.join(cells)} | {row['bytes'] / 1000:,.0f} kB | {most:.0e} |")
    return "\n".join(lines)


def main():
    """Times all contenders, writes browser.json and prints the table."""
    record.check(FLAGS.out_dir)
    binary = chromium.binary()
    if not shutil.which("npm"):
        sys.exit("error: this needs npm: apt-get install npm.")
    if not os.path.exists("/proc/self/stat"):
        sys.exit("error: this reads times from /proc, which only Linux has.")
    command_line.import_tensorflow()
    core = min(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        packages = [f"@tensorflow/{name}@{VERSION}" for name in ("tfjs", "tfjs-backend-wasm")]
        words = ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", folder, *packages]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
        modules = Path(folder) / "node_modules"
        ask = json.dumps({"networks": networks(), "seconds": FLAGS.seconds}).encode()
        server, rounds = Server(modules, ask), {name: [] for name in CONTENDERS}
        for _ in range(FLAGS.rounds):
            for contender, found in rounds.items():
                found.append(server.contend(contender, core))
                logging.info("%s: %s", contender, found[-1])
        own = (Path(command_line.__file__).parent / "networks.js").stat().st_size
        sizes = {name: (modules / name).stat().st_size for name in (LIBRARY, WASM, BINARY)}
        sizes[BINARY] = -(-sizes[BINARY] // 3) * 4  # in base64
    contenders = {}
    for contender, found in rounds.items():
        contenders[contender] = {
            size: {what: rounded(statistics.median(each[size][what] for each in found)) for what in found[0][size]}
            for size in SHAPES
        } | {"bytes": sum(sizes[name] for name in CONTENDERS[contender][1]) or own}
    version = subprocess.run([binary, "--version"], capture_output=True, text=True).stdout.strip()
    result = record.facts("tensorflow", "keras", "numpy") | {
        "browser": version,
        "tensorflow.js": VERSION,
        "rounds": FLAGS.rounds,
        "contenders": contenders,
    }
    record.write_json(Path(FLAGS.out_dir) / "browser.json", result)
    print(table(result))


if __name__ == "__main__":
    flags.DEFINE_integer("rounds", 3, "How often each is measured; the median counts.", lower_bound=1)
    flags.DEFINE_float("seconds", 1.0, "How many seconds of computing each number comes from.", 0.01, 60)
    flags.DEFINE_string("out_dir", "out/experiments/speed", "Folder for browser.json.")
    errors = chromium.MissingError, OSError, subprocess.CalledProcessError
    command_line.run(main, {"Flags": ["rounds", "seconds", "out_dir"]}, errors)
