"""Measures how many iterations per second GANs with convolutions do on this machine, next to PyTorch.

python -m experiments.speed.convolutions [--rounds=3] [--only=dcgan,torch] [--out_dir=out/experiments/speed]

Each contender is timed on one core and on all cores, in a process of its own. In each round all run, one after another,
so that other work on the machine slows all of them alike. The median of the rounds counts. The images are glyphs, as
large as MNIST's. GANs of this project are timed as `gan.train`, with their data, noise and losses. PyTorch trains the
DCGAN of gan_tf/zoo/dcgan.py: the same networks, batches of 64, Adam, new noise in each iteration. Its three rows are as
it is, with channels last in memory, and compiled.

TensorFlow's profiler counts the operations in the graph of the train step. Nearly all are those of matrix products and
convolutions: a sum of n products has 2n. An iteration of R3GAN has 32 images, of the others 64 (regularised: 128).
Writes convolutions.json, and prints the table.
"""

import functools
import importlib
import json
import os
import statistics
import subprocess
import sys
from importlib import util
from pathlib import Path

from absl import flags

from experiments import record
from experiments.speed.benchmark import matmul, timed
from gan_tf.runs import command_line

FLAGS = flags.FLAGS

# Contender → (its name in the table, member of the zoo, its settings, iterations that are timed).
CONTENDERS = {
    "dcgan": ("`dcgan`", "dcgan", {}, 20),
    "torch": ("the same in PyTorch", "dcgan", {}, 20),
    "torch_channels_last": ("the same in PyTorch, channels last", "dcgan", {}, 20),
    "torch_compiled": ("the same in PyTorch, compiled", "dcgan", {}, 20),
    "dcgan_pooling": ("`dcgan --pooling`", "dcgan", {"pooling": True}, 8),
    "conditional": ("`conditional`", "conditional", {}, 20),
    "sngan": ("`sngan`", "sngan", {}, 20),
    "r3gan": ("`r3gan`", "r3gan", {}, 80),
    "regularised": ("`regularised` (dense networks)", "regularised", {}, 400),
}
COUNTED = ("dcgan", "torch", "torch_channels_last", "torch_compiled", "dcgan_pooling", "sngan", "r3gan")
BATCH = 64  # of PyTorch's DCGAN, as that of dcgan.py
SHAPE = (28, 28, 1)


def ours(name):
    """Returns the iterations per second of a GAN of this project, trained on glyphs."""
    from gan_tf import data

    _, member, settings, steps = CONTENDERS[name]
    some = data.load("glyphs")
    gan = importlib.import_module(f"gan_tf.zoo.{member}").make(some.pixels, some.labels, **settings)
    return timed(gan.train, steps)


def torch_dcgan(compiled=False, channels_last=False):
    """Returns the iterations per second of the same DCGAN in PyTorch."""
    import torch
    from torch import nn

    from gan_tf import data

    def enlarge(channels_in, channels_out, extra):
        return nn.ConvTranspose2d(channels_in, channels_out, 5, 2, padding=2, output_padding=extra)

    def normed(channels):
        return nn.BatchNorm2d(channels, eps=1e-5, momentum=0.1)

    g = nn.Sequential(
        nn.Linear(100, 4 * 4 * 128),
        nn.Unflatten(1, (128, 4, 4)),
        *[normed(128), nn.ReLU(), enlarge(128, 64, 0)],
        *[normed(64), nn.ReLU(), enlarge(64, 32, 1)],
        *[normed(32), nn.ReLU(), enlarge(32, 1, 1), nn.Tanh()],
    )
    d = nn.Sequential(
        *[nn.Conv2d(1, 32, 5, 2, padding=2), nn.LeakyReLU(0.2)],
        *[nn.Conv2d(32, 64, 5, 2, padding=2), normed(64), nn.LeakyReLU(0.2)],
        *[nn.Conv2d(64, 128, 5, 2, padding=2), normed(128), nn.LeakyReLU(0.2)],
        nn.Flatten(),
        nn.Linear(128 * 4 * 4, 1),
    )
    for layer in (*g, *d):
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.normal_(layer.weight, std=0.02)
            nn.init.zeros_(layer.bias)
    images = torch.from_numpy(data.load("glyphs").pixels).permute(0, 3, 1, 2).contiguous()
    if channels_last:
        g, d = (network.to(memory_format=torch.channels_last) for network in (g, d))
    generate, judge = (torch.compile(g), torch.compile(d)) if compiled else (g, d)
    optimizers = [torch.optim.Adam(network.parameters(), 0.0002, (0.5, 0.999)) for network in (d, g)]
    loss_of, one, zero = nn.BCEWithLogitsLoss(), torch.ones(BATCH, 1), torch.zeros(BATCH, 1)

    def run(n):
        for _ in range(n):
            real = images[torch.randint(len(images), [BATCH])].float() / 127.5 - 1
            if channels_last:
                real = real.contiguous(memory_format=torch.channels_last)
            d_noise, g_noise = torch.rand(2, BATCH, 100) * 2 - 1
            d.requires_grad_(True)
            optimizers[0].zero_grad()
            with torch.no_grad():
                fake = generate(d_noise)
            (loss_of(judge(real), one) + loss_of(judge(fake), zero)).backward()
            optimizers[0].step()
            d.requires_grad_(False)  # so that G's step computes no gradients of D's weights
            optimizers[1].zero_grad()
            loss = loss_of(judge(generate(g_noise)), one)
            loss.backward()
            optimizers[1].step()
        return loss.item()

    return timed(run, CONTENDERS["torch"][3])


def operations(name):
    """Returns the operations of one iteration of a contender, the mean over those with and without a penalty."""
    import tensorflow as tf

    from gan_tf.zoo import dcgan, r3gan

    _, member, settings, _ = CONTENDERS[name]
    module = importlib.import_module(f"gan_tf.zoo.{member}")
    batch = 32 if module is r3gan else BATCH

    def count(**options):
        make_generator = getattr(module, "make_generator", dcgan.make_generator)  # SNGAN has DCGAN's
        networks = make_generator(1, SHAPE, **settings), module.make_discriminator(2, SHAPE, **settings)
        step = module.make_train_step(*networks, dcgan.make_optimizer(), dcgan.make_optimizer(), **options)
        images, noise = tf.TensorSpec([batch, *SHAPE]), tf.TensorSpec([batch, 100])
        return operations_in(step.get_concrete_function(images, noise, noise).graph)

    if module is not r3gan:
        return count()
    without = count(gamma=0.0)
    return without + (count() - without) / r3gan.OPTIONS["penalty_every"][0]


def operations_in(graph):
    """Returns the operations of one run of a TensorFlow graph whose shapes are known."""
    from tensorflow.compat.v1 import profiler

    options = profiler.ProfileOptionBuilder(profiler.ProfileOptionBuilder.float_operation())
    return profiler.profile(graph, options=options.with_empty_output().build()).total_float_ops


def measure(name):
    """Times a contender in this process. Returns its iterations per second, or GFLOP/s for "matmul"."""
    if name == "matmul":
        return matmul(None)
    if name.startswith("torch"):
        return torch_dcgan(name == "torch_compiled", name == "torch_channels_last")
    return ours(name)


def table(result):
    """Returns the table of a result as Markdown."""
    speeds, flop = result["speeds"], result["operations"]
    most = max(speeds["matmul"], key=int)
    lines = [
        f"| | iterations/s, 1 core | {most} cores | operations an iteration | of matmul, 1 core | {most} cores |",
        "|---|---|---|---|---|---|",
    ]
    for name, (label, *_) in CONTENDERS.items():
        if name not in speeds:
            continue
        rates = [speeds[name][cores] for cores in ("1", most)]
        medians = [statistics.median(each) for each in rates]
        cells = [f"{m:.3g} ({min(each):.3g} to {max(each):.3g})" for m, each in zip(medians, rates, strict=True)]
        shares = ["", ""]
        if name in flop:
            peaks = [statistics.median(speeds["matmul"][cores]) for cores in ("1", most)]
            shares = [f"{m * flop[name] / 1e9 / peak:.2f}" for m, peak in zip(medians, peaks, strict=True)]
        billions = f"{flop[name] / 1e9:.1f} billion" if name in flop else ""
        lines.append(f"| {label} | {' | '.join(cells)} | {billions} | {' | '.join(shares)} |")
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    peaks = " and ".join(f"{statistics.median(speeds['matmul'][cores]):.0f}" for cores in ("1", most))
    return "\n".join(
        [
            *lines,
            "",
            f"{result['machine']}; {versions}; {result['date']}, commit {result['commit']}; {result['rounds']} rounds. "
            f"NumPy's float32 matrix product of 2048x2048: {peaks} GFLOP/s.",
        ]
    )


def main():
    """Times all contenders, writes convolutions.json and prints the table. With --contender, times one here."""
    if FLAGS.contender:
        print(json.dumps(measure(FLAGS.contender)))
        return
    cores = sorted(os.sched_getaffinity(0))
    record.check(FLAGS.out_dir)
    names = ["matmul", *FLAGS.only]
    if not util.find_spec("torch"):
        print("torch: left out, it is not installed (pip install -e '.[bench]')", file=sys.stderr)
        names = [name for name in names if not name.startswith("torch")]
    speeds = {name: {str(count): [] for count in sorted({1, len(cores)})} for name in names}
    for number in range(FLAGS.rounds):
        for name in names:
            for count, found in speeds[name].items():
                output = subprocess.run(
                    [sys.executable, "-m", __spec__.name, f"--contender={name}"],
                    # Before the program begins: NumPy counts the cores when it is imported.
                    preexec_fn=functools.partial(os.sched_setaffinity, 0, cores[: int(count)]),
                    env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    check=True,
                ).stdout
                found.append(round(json.loads(output.splitlines()[-1]), 2))
                print(f"round {number + 1}: {name}, {count} cores: {found[-1]}", file=sys.stderr, flush=True)
    result = record.facts("tensorflow", "keras", "torch", "numpy") | {
        "rounds": FLAGS.rounds,
        "operations": {name: operations(name) for name in names if name in COUNTED},
        "speeds": speeds,
    }
    record.write_json(Path(FLAGS.out_dir) / "convolutions.json", result)
    print(table(result))


if __name__ == "__main__":
    flags.DEFINE_integer("rounds", 3, "How often each contender is timed; the median counts.", lower_bound=1)
    record.define_names("only", CONTENDERS, "The contenders to time.")
    flags.DEFINE_string("out_dir", "out/experiments/speed", "Folder for convolutions.json.")
    flags.DEFINE_enum("contender", None, ["matmul", *CONTENDERS], "Time it in this process; for the benchmark itself.")
    command_line.run(main, {"Flags": ["rounds", "only", "out_dir"]}, (OSError,))
