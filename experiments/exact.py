"""Claim: from the same weights, batches and noise, the port follows the script's graph to within rounding.

python -m experiments.exact [--starts=20] [--out_dir=out/experiments/exact]

From each start the script's graph (TensorFlow 1's own optimizers and kernels) and the port train for some hundred
iterations on the same batches and noise. A distance is the largest relative difference of any loss, or of any array of
weights: max |a - b| / max |b| of an array. They are measured with XLA and without it. The controls are ports with an
optimizer that is nearly the script's: their distances must be larger.

Which instructions the processor has decides how sums are rounded. So all of this is done in a process for each of
`KINDS`: this machine as it is, and this machine with settings that emulate an older one. `ONEDNN_MAX_CPU_ISA` limits
oneDNN, which multiplies the matrices of both programs. `--xla_cpu_max_isa` limits the code that XLA makes. Kernels that
are neither, such as Eigen's, were compiled with TensorFlow: no setting changes them. The last kind does not use oneDNN.
For comparison, a table also has the distances of the script's graph from itself, as it is and on another kind.

The claim fails (exit status 1) if a control's median distance of a loss, on this machine as it is, is not ten times the
port's on every kind. Writes exact.json. If this is stopped, the same command resumes it with the next kind.
"""

import functools
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from absl import flags, logging

from experiments import record
from gan_tf.runs import command_line

FLAGS = flags.FLAGS

STEPS = {"adadelta": 500, "adam": 100}  # by the optimizer of D; that of G is Adam
KINDS = {
    "as it is": {},
    "emulated: only AVX2": {"ONEDNN_MAX_CPU_ISA": "AVX2", "XLA_FLAGS": "--xla_cpu_max_isa=AVX2"},
    "emulated: only SSE4": {"ONEDNN_MAX_CPU_ISA": "SSE41", "XLA_FLAGS": "--xla_cpu_max_isa=SSE4_2"},
    "without oneDNN": {"TF_ENABLE_ONEDNN_OPTS": "0"},
}
SEED = 0  # of batches and noise
DRIFT = 1e-5  # a loss that differs by more: a ReLU was switched, and chaos made the difference larger


def keras_adam():
    """Makes Keras's own Adam with TensorFlow 1's constants."""
    import keras

    return keras.optimizers.Adam(0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-8)


def adadelta_2017():
    """Makes Adadelta with the bug of 2017."""
    from gan_tf import optimizers

    return optimizers.make_optimizer("adadelta_2017")


# For each optimizer of D in the script's graph: what the port gets in its place.
CONTROLS = {
    "adadelta": {"Adadelta of 2017": adadelta_2017},
    "adam": {"Keras's own Adam": keras_adam},
}


@functools.cache
def images():
    """Glyphs, float32 [2000, 784]."""
    from gan_tf.data import glyphs

    return glyphs.draw(0, 2000)[0].reshape(-1, 784) / np.float32(255)


def first_weights(start):
    """The weights of start number `start`: G's four arrays and D's four."""
    from gan_tf import models

    generator, discriminator = models.make_generator(2 * start), models.make_discriminator(2 * start + 1)
    return generator.get_weights() + discriminator.get_weights()


@functools.cache
def script_trajectory(d_optimizer, start):
    """Losses [steps, 2] and last weights of the script's graph, from iteration `start * steps` on."""
    from experiments.tf1_graph import ReferenceGraph
    from gan_tf import data
    from gan_tf.noise import iteration_noise

    graph, steps = ReferenceGraph(first_weights(start), "adam", d_optimizer), STEPS[d_optimizer]
    batches = data.batch_indices(len(images()), 128, SEED, start * steps, steps)
    noise = iteration_noise(SEED, start * steps, steps, 128).numpy()
    losses = [graph.step(images()[batch], *d_and_g) for batch, d_and_g in zip(batches, noise, strict=True)]
    weights = graph.weights()
    graph.session.close()
    return np.array(losses), weights


def distances(d_optimizer, jit, starts, control=None):
    """Returns the distances of the port from the script's graph for each start: [starts, 2], of a loss and of weights.

    `control`, if given, makes another optimizer for the port's D.
    """
    from gan_tf import models, optimizers, training

    steps = STEPS[d_optimizer]
    networks = models.make_generator(), models.make_discriminator()
    g_optimizer = optimizers.make_optimizer("adam")
    port_d_optimizer = control() if control else optimizers.make_optimizer(d_optimizer)
    step = training.make_train_step(*networks, g_optimizer, port_d_optimizer, jit=jit)
    train_block = training.make_train_block(step, images(), 128, SEED, block=steps, jit=jit)
    state = g_optimizer.variables + port_d_optimizer.variables
    fresh = [variable.numpy() for variable in state]
    found = []
    for start in range(starts):
        networks[0].set_weights(first_weights(start)[:4])
        networks[1].set_weights(first_weights(start)[4:])
        for variable, value in zip(state, fresh, strict=True):
            variable.assign(value)
        losses = train_block(start * steps, steps)
        script_losses, script_weights = script_trajectory(d_optimizer, start)
        weights = networks[0].get_weights() + networks[1].get_weights()
        of_weights = [np.abs(a - b).max() / np.abs(b).max() for a, b in zip(weights, script_weights, strict=True)]
        found.append((np.abs(losses / script_losses - 1).max(), max(of_weights)))
    return np.array(found)


def measure(starts, controls):
    """Measures in this process. Returns {optimizer of D: {what: distances}}, and the script's losses."""

    def rounded(array):
        return [[float(f"{value:.3g}") for value in row] for row in array]

    found, losses = {}, {}
    for d_optimizer in STEPS:
        found[d_optimizer] = {
            "with XLA": rounded(distances(d_optimizer, True, starts)),
            "without": rounded(distances(d_optimizer, False, starts)),
        }
        for name, control in CONTROLS[d_optimizer].items() if controls else ():
            found[d_optimizer][name] = rounded(distances(d_optimizer, True, starts, control))
        losses[d_optimizer] = [script_trajectory(d_optimizer, start)[0].tolist() for start in range(starts)]
    return {"distances": found, "script_losses": losses}


def column(result, kind, d_optimizer, what, of_weights=False):
    """The distances of one kind, one for each start: of a loss, or of an array of weights."""
    return np.array(result["kinds"][kind][d_optimizer][what])[:, int(of_weights)]


def short(value):
    """Two digits, without the 0 of e-06."""
    return f"{value:.1e}".replace("e-0", "e-")


def cell(values):
    """Median, 90% quantile and maximum, as text."""
    return ", ".join(short(v) for v in (np.median(values), np.quantile(values, 0.9), values.max()))


def table(result):
    """Returns the table of a result as Markdown: median, 90% quantile and maximum of the distances over the starts."""
    lines = [
        "| processor | D, iterations | port | loss: median, 90%, max | weights: median, 90%, max |",
        "|---" * 5 + "|",
    ]
    for kind in result["kinds"]:
        for d_optimizer, steps in STEPS.items():
            for what in ("with XLA", "without"):
                cells = [cell(column(result, kind, d_optimizer, what, of_weights)) for of_weights in (False, True)]
                lines.append(f"| {kind} | {d_optimizer.title()}, {steps} | {what} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", source(result)])


def table_of_controls(result):
    """Returns the table of what the distances would be if the two programs were not the same."""
    lines = ["| compared with the script's graph | loss: median, 90%, max |", "|---|---|"]
    for d_optimizer, controls in CONTROLS.items():
        for name in controls:
            values = column(result, "as it is", d_optimizer, name)
            lines.append(f"| the port with {name}, {STEPS[d_optimizer]} iterations | {cell(values)} |")
    for kind, found in result["script_against_itself"].items():
        for d_optimizer, values in found.items():
            title = f"the same graph, {kind}, D {d_optimizer.title()}, {STEPS[d_optimizer]} iterations"
            lines.append(f"| {title} | {cell(np.array(values))} |")
    return "\n".join(lines)


def sentences(result):
    """Returns the sentences of EVIDENCE.md and gan_tf/README.md that have numbers of a result in them."""
    cases = [
        column(result, kind, d_optimizer, what)
        for kind in result["kinds"]
        for d_optimizer in STEPS
        for what in ("with XLA", "without")
    ]
    drifted = sum(int((values > DRIFT).sum()) for values in cases)
    with_xla, without = (
        [np.median(column(result, kind, "adadelta", what)) for kind in result["kinds"]]
        for what in ("with XLA", "without")
    )
    return [
        f"In {drifted} of these {sum(map(len, cases))} comparisons, a loss differs by more than {short(DRIFT)}",
        f"{short(min(with_xla))} to {short(max(with_xla))} of a loss after 500 iterations with XLA, "
        f"{short(min(without))} to {short(max(without))} without it",
    ]


def source(result):
    """Returns in words where a result comes from."""
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    return f"{result['starts']} starts; {result['machine']}; {versions}; {result['date']}, commit {result['commit']}."


def verdict(result):
    """True if the median distance of each control is more than ten times that of the port on any kind."""
    return all(
        np.median(column(result, "as it is", d_optimizer, control))
        > 10 * np.median(column(result, kind, d_optimizer, what))
        for kind in result["kinds"]
        for d_optimizer in STEPS
        for what in ("with XLA", "without")
        for control in CONTROLS[d_optimizer]
    )


def main():
    """Measures each kind that is missing in a process of its own, writes exact.json and prints the tables."""
    if FLAGS.kind:
        logging.set_verbosity(logging.ERROR)  # TensorFlow warns of loops that are compiled more than once
        command_line.import_tensorflow()
        print(json.dumps(measure(FLAGS.starts, controls=FLAGS.kind == "as it is")))
        return
    out_dir = Path(FLAGS.out_dir)
    facts = record.facts("tensorflow", "keras", "numpy") | {"starts": FLAGS.starts}
    result, losses = facts | {"kinds": {}, "script_against_itself": {}}, {}
    for number, (kind, settings) in enumerate(KINDS.items()):
        path = out_dir / f"kind_{number}.json"
        part = json.loads(path.read_text()) if path.exists() else {}
        if part.get("facts") != facts:
            print(f"{kind}: {FLAGS.starts} starts", file=sys.stderr, flush=True)
            command = [sys.executable, "-m", "experiments.exact", f"--kind={kind}", f"--starts={FLAGS.starts}"]
            process = subprocess.run(command, env={**os.environ, **settings}, stdout=subprocess.PIPE, text=True)
            if process.returncode:
                sys.exit(f"error: the process for {kind!r} failed; its last lines are above.")
            part = {"facts": facts} | json.loads(process.stdout)
            record.write_json(path, part)
        result["kinds"][kind] = part["distances"]
        losses[kind] = {name: np.array(values) for name, values in part["script_losses"].items()}
        if kind != "as it is":
            against = {name: losses[kind][name] / losses["as it is"][name] - 1 for name in STEPS}
            result["script_against_itself"][kind] = {
                name: [float(f"{value:.3g}") for value in np.abs(each).max(axis=(1, 2))]
                for name, each in against.items()
            }
    record.write_json(out_dir / "exact.json", result)
    print(table(result), table_of_controls(result), sep="\n\n")
    print(f"\nThe claim {'holds' if verdict(result) else 'FAILS'}.")
    sys.exit(0 if verdict(result) else 1)


if __name__ == "__main__":
    flags.DEFINE_integer("starts", 20, "How many starts.", lower_bound=1)
    flags.DEFINE_string("out_dir", "out/experiments/exact", "Folder for exact.json.")
    flags.DEFINE_enum("kind", None, list(KINDS), "Measure in this process; the command itself uses this.")
    command_line.run(main, {"Flags": ["starts", "out_dir"]}, (OSError,))
