"""What the claims share: small networks, their training, the report with its verdict, and the figure."""

import sys
import time
from pathlib import Path

from absl import flags, logging

from experiments import figures, record
from gan_tf.data import DataError
from gan_tf.restore import LoadError
from gan_tf.runs import command_line
from gan_tf.runs.config import RunError

FLAGS = flags.FLAGS


def make_network(sizes, seed):
    """Makes a Keras model of Dense layers of `sizes`, with ReLU between them and the reference's first weights."""
    import keras
    import numpy as np

    from gan_tf.models import xavier_init

    seeds = [int(each) for each in np.random.SeedSequence(seed).generate_state(len(sizes) - 1)]
    layers = [keras.Input([sizes[0]])]
    for number, (width, layer_seed) in enumerate(zip(sizes[1:], seeds, strict=True), 2):
        activation = "relu" if number < len(sizes) else None
        layers.append(keras.layers.Dense(width, activation, kernel_initializer=xavier_init(layer_seed)))
    return keras.Sequential(layers)


def minimise(loss, weights, steps, optimizer):
    """Takes `steps` steps of `optimizer` on `loss(i)`, a function of the step's number i, in one compiled call."""
    import tensorflow as tf

    optimizer.build(weights)

    @tf.function(jit_compile=True)
    def run(steps):
        i = tf.constant(0)
        while i < steps:
            with tf.GradientTape() as tape:
                value = loss(i)
            optimizer.apply(tape.gradient(value, weights), weights)
            i += 1

    run(tf.constant(steps))


class Report:
    """Collects predictions and measurements, prints them as a table, and gives the verdict."""

    def __init__(self, claim):
        self._claim, self._rows = claim, []

    def check(self, what, predicted, measured, tolerance):
        """Adds a number with its prediction. It must be within ± `tolerance` of it."""
        right = bool(abs(measured - predicted) <= tolerance)
        self._rows.append((what, f"{predicted:.4g} ± {tolerance:.2g}", f"{measured:.4g}", right))

    def check_between(self, what, low, high, measured):
        """Adds a number that must lie in [low, high]."""
        self._rows.append((what, f"{low:.4g} to {high:.4g}", f"{measured:.4g}", bool(low <= measured <= high)))

    def note(self, what, measured):
        """Adds a measurement without a prediction, such as a control. `measured` is text."""
        self._rows.append((what, "", measured, True))

    def holds(self):
        """True if every prediction came true."""
        return all(row[-1] for row in self._rows)

    def as_json(self):
        """Returns the claim, whether it holds, and the rows of the table, as a dict that JSON can hold."""
        rows = [{"what": what, "predicted": p, "measured": m} for what, p, m, _ in self._rows]
        return {"claim": self._claim, "holds": self.holds(), "rows": rows}

    def print(self):
        """Prints the claim, a table in Markdown, and the verdict."""
        print(f"{self._claim}\n\n| | predicted | measured | |\n|---|---|---|---|")
        for what, predicted, measured, right in self._rows:
            print(f"| {what} | {predicted} | {measured} | {'' if not predicted else 'yes' if right else 'NO'} |")
        print(f"\nThe claim {'holds' if self.holds() else 'FAILS'}.")


def draw(measure, report, path, **sizes):
    """Calls `measure(report, **sizes)` and writes the figure that it returns to `path`, in the style of all figures."""
    with figures.style():
        measure(report, **sizes).savefig(path)


def run(measure, claim):
    """The main function of a claim's file. Exits with 1 if the claim fails.

    `measure(report)` returns a matplotlib figure. It is written into --out_dir under the name of the file. Next to it
    is a JSON file with the predictions, the measurements, and the seconds that the measurement took.
    """

    def main():
        logging.set_verbosity(logging.ERROR)  # TensorFlow warns of loops that are compiled more than once
        record.check(FLAGS.out_dir)
        start = time.perf_counter()
        command_line.import_tensorflow()
        report = Report(claim)
        path = Path(FLAGS.out_dir) / f"{Path(sys.modules['__main__'].__file__).stem}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        draw(measure, report, path)
        result = record.facts("tensorflow", "keras", "numpy") | {"seconds": round(time.perf_counter() - start)}
        if "dataset" in FLAGS:
            result["dataset"] = FLAGS.dataset
        record.write_json(path.with_suffix(".json"), result | report.as_json())
        report.print()
        print(f"Figure: {path}")
        sys.exit(0 if report.holds() else 1)

    flags.DEFINE_string("out_dir", "out/experiments/theory", "Folder for the figure and the numbers.")
    names = [name for name in ("out_dir", "run_dir", "dataset", "data_dir") if name in FLAGS]
    command_line.run(main, {"Flags": names}, (DataError, LoadError, RunError, OSError))
