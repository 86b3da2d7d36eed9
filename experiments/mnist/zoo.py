"""No claim: the table and the pictures of each member of gan_tf/zoo, next to its controls.

python -m experiments.mnist.zoo [--data_dir=…] [--only=dcgan,dcgan_no_batch_norm] [--out_dir=out/experiments/zoo]

A control is the same GAN without its idea. Each run is trained with `python -m gan_tf.zoo.NAME` and measured with
`python -m gan_tf.evaluate`. For each run this writes a JSON file and a picture to --out_dir. Then it prints the tables.
If this is stopped, the same command resumes it: finished runs are kept. You can run several commands with different
--only at the same time.
"""

import csv
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

from absl import flags

from experiments import figures
from experiments.mnist import long_runs, measured
from experiments.record import RESULTS, check, facts, load_seeds, write_json
from gan_tf.messages import counted
from gan_tf.metrics.table import TITLES, rounded
from gan_tf.runs import command_line
from gan_tf.runs.config import read_config
from gan_tf.zoo import completion, editing

FLAGS = flags.FLAGS

SHORT = ["--iters=8000"]
BRIEF = ["--iters=4000"]  # as dcgan_short, where an iteration takes as long as DCGAN's
# R3GAN's networks for the conditional GAN.
RESIDUAL = ["--networks=residual", "--r1=1", "--r1_every=8", "--ema=0.999", "--learning_rate=0.001", "--batch_size=32"]
PAPERS_SIZE = ["--dataset=oracle", "--words=5000", "--units=32", "--batch_size=64"]  # of SeqGAN
# Run → (member of the zoo, its flags, seeds). The first run of a member is the one with its idea, with all defaults.
RUNS = {
    "dcgan": ("dcgan", [], [0]),
    "dcgan_ema": ("dcgan", ["--ema=0.999"], [0]),
    "dcgan_no_batch_norm": ("dcgan", ["--nobatch_norm"], [0]),
    "dcgan_short": ("dcgan", BRIEF, [0]),
    "dcgan_pooling": ("dcgan", ["--pooling", "--iters=4000"], [0]),  # an iteration takes longer
    "r3gan": ("r3gan", [], [0, 1, 2]),
    "r3gan_brief": ("r3gan", ["--iters=4000", "--halve_every=1500"], [0]),
    "r3gan_short": ("r3gan", SHORT, [0]),
    "r3gan_no_pairing": ("r3gan", ["--nopairing", *SHORT], [0]),
    "r3gan_no_r1": ("r3gan", ["--nor1", *SHORT], [0]),
    "r3gan_no_r2": ("r3gan", ["--nor2", *SHORT], [0]),
    "r3gan_no_penalties": ("r3gan", ["--nor1", "--nor2", *SHORT], [0]),
    "r3gan_dcgan": ("r3gan", ["--networks=dcgan", *SHORT], [0]),
    "sngan": ("sngan", [], [0]),
    "sngan_short": ("sngan", BRIEF, [0]),
    "sngan_no_spectral_norm": ("sngan", ["--nospectral_norm", *BRIEF], [0]),
    "sngan_clip": ("sngan", ["--nospectral_norm", "--clip=0.01", *BRIEF], [0]),
    "conditional": ("conditional", [], [0]),
    "conditional_residual": ("conditional", [*RESIDUAL, "--iters=12000"], [0]),
    "conditional_no_wrong_digits": ("conditional", ["--nowrong_digits"], [0]),
    "semi_supervised": ("semi_supervised", [], [0, 1, 2]),
    "semi_supervised_labels_only": ("semi_supervised", ["--labels_only"], [0, 1, 2]),
    "semi_supervised_1000": ("semi_supervised", ["--labelled=1000"], [0, 1, 2]),
    "semi_supervised_1000_labels_only": ("semi_supervised", ["--labelled=1000", "--labels_only"], [0, 1, 2]),
    "infogan": ("infogan", [], [0]),
    "infogan_no_information": ("infogan", ["--information_weight=0"], [0]),
    "loss_sensitive": ("loss_sensitive", [], [0, 1, 2]),
    "loss_sensitive_no_margin": ("loss_sensitive", ["--margin=0"], [0, 1, 2]),
    "loss_sensitive_dcgan": ("loss_sensitive", ["--networks=dcgan"], [0]),
    "adversarial_autoencoder": ("adversarial_autoencoder", [], [0]),
    "adversarial_autoencoder_plain": ("adversarial_autoencoder", ["--noadversarial"], [0]),
    "adversarial_autoencoder_2": ("adversarial_autoencoder", ["--code=2"], [0]),
    "adversarial_autoencoder_2_plain": ("adversarial_autoencoder", ["--code=2", "--noadversarial"], [0]),
    "cyclegan": ("cyclegan", [], [0]),
    "cyclegan_no_cycle": ("cyclegan", ["--cycle_weight=0"], [0]),
    "pix2pix": ("pix2pix", [], [0]),
    "pix2pix_l1_alone": ("pix2pix", ["--noadversarial"], [0]),
    "pix2pix_gan_alone": ("pix2pix", ["--l1_weight=0"], [0]),
    "super_resolution": ("super_resolution", [], [0]),
    "super_resolution_features_alone": ("super_resolution", ["--adversarial_weight=0"], [0]),
    "super_resolution_pixels": ("super_resolution", ["--content=pixels"], [0]),
    "super_resolution_error_alone": ("super_resolution", ["--content=pixels", "--adversarial_weight=0"], [0]),
    "stackgan": ("stackgan", [], [0]),
    "stackgan_one_stage": ("stackgan", ["--one_stage"], [0]),
    "gan_3d": ("gan_3d", [], [0]),
    "gan_3d_dense": ("gan_3d", ["--noconvolutions"], [0]),
    "gan_3d_dense_long": ("gan_3d", ["--noconvolutions", "--iters=40000"], [0]),
    "gan_3d_papers_training": ("gan_3d", ["--nowasserstein"], [0]),
    "seqgan": ("seqgan", [], [0, 1, 2]),
    "seqgan_likelihood_alone": ("seqgan", ["--noadversarial"], [0, 1, 2]),
    "seqgan_untrained_d": ("seqgan", ["--nod_learns"], [0, 1, 2]),
    "seqgan_paper": ("seqgan", PAPERS_SIZE, [0]),
    "seqgan_paper_likelihood_alone": ("seqgan", [*PAPERS_SIZE, "--noadversarial"], [0]),
    "imitation": ("imitation", [], [0, 1, 2]),
    "imitation_cloning": ("imitation", ["--noadversarial"], [0, 1, 2]),
    "imitation_states": ("imitation", ["--shown=states"], [0, 1, 2]),
    "imitation_upright": ("imitation", ["--shown=upright"], [0, 1, 2]),
    "imitation_random": ("imitation", ["--shown=random"], [0, 1, 2]),
    "imitation_untrained_d": ("imitation", ["--nod_learns"], [0, 1, 2]),
    "imitation_papers_reward": ("imitation", ["--nofallen"], [0, 1, 2]),
    "imitation_papers_reward_untrained_d": ("imitation", ["--nofallen", "--nod_learns"], [0, 1, 2]),
    "imitation_2": ("imitation", ["--pairs=2"], [0, 1, 2]),
    "imitation_8": ("imitation", ["--pairs=8"], [0, 1, 2]),
    "imitation_25": ("imitation", ["--pairs=25"], [0, 1, 2]),
    "imitation_cloning_2": ("imitation", ["--noadversarial", "--pairs=2"], [0, 1, 2]),
    "imitation_cloning_8": ("imitation", ["--noadversarial", "--pairs=8"], [0, 1, 2]),
    "imitation_cloning_25": ("imitation", ["--noadversarial", "--pairs=25"], [0, 1, 2]),
}
# Commands that take no training of their own: {name: (its module, the run that it works on)}.
ON_A_RUN = {
    "completion": (completion, "r3gan"),
    "editing": (editing, "conditional_residual"),
    "editing_r3gan": (editing, "r3gan"),  # the control: its G is not told the digit
}
MADE = ("stackgan", "gan_3d", "seqgan", "imitation")  # their data are made, not read
# Columns of each member's table: (column of metrics.json, name of the score).
PAIRS = ("read as the right digit", "FID to the originals", "difference of a pixel", "PSNR")  # of metrics/pairs.py
CAPTIONED = ("digit as said", "weight as said", "slant as said", "FID")
MOST_COLUMNS = 7  # of a table that one can still read; the other scores are in the JSON files
TRANSLATED = {
    "handwritten": ("read as the right digit", "FID to handwritten digits"),
    "printed": ("read as the right digit", "nearest printed digit is right", "FID to printed digits"),
}
WRITTEN = (
    "NLL of G's sequences by the oracle",
    "NLL of the oracle's sequences by G",
    "sharper: NLL of G's sequences by the oracle",
    "sharper: NLL of the oracle's sequences by G",
    "share of different triples",
    "D is right about G's sequences",
    "D is right about the oracle's",
)
SOLIDS = (
    "one piece, on the floor",
    "as many legs as furniture",
    "distance of height",
    "distance of filled",
    "distance of legs",
)
QUALITY = [("samples", name) for name in ("classifier_score", "frechet_distance", "precision", "recall")]
COLUMNS = {
    "dcgan": QUALITY,
    "r3gan": QUALITY,
    "sngan": QUALITY,
    "conditional": [("samples", "read_as_asked"), *QUALITY],
    "semi_supervised": [("own", "accuracy of the classifier"), *QUALITY],
    "infogan": [("own", "classes found without labels"), *QUALITY],
    "loss_sensitive": QUALITY,
    "adversarial_autoencoder": [
        ("own", "distance of codes to prior"),
        ("own", "codes from the prior: FID to test images"),
        ("own", "codes from a fitted normal distribution: FID to test images"),
        ("samples", "parzen_log_likelihood"),
        ("own", "squared error of a pixel, decoded again"),
    ],
    "cyclegan": [("own", f"{kind}: {name}") for kind, names in TRANSLATED.items() for name in names],
    "pix2pix": [("own", f"drawings: {name}") for name in PAIRS],
    "super_resolution": [("own", f"enlarged: {name}") for name in PAIRS],
    "stackgan": [("own", f"images: {name}") for name in CAPTIONED],
    "gan_3d": [("own", f"made: {name}") for name in SOLIDS],
    "seqgan": [("own", name) for name in WRITTEN[:5]],
    "imitation": [
        ("own", "score of the player"),
        ("own", "acts like the expert"),
        ("own", "distance of places"),
    ],
}
# The last rows of each member's table, what no GAN has made: {what it is: {column: score that stands there}}. Where
# nothing is said, it is MNIST's test images.
LAST = {
    "adversarial_autoencoder": {
        "MNIST's test images": {
            "codes from the prior: FID to test images": "frechet_distance",  # to training images
            "parzen_log_likelihood": "parzen_log_likelihood",
        },
    },
    "cyclegan": {
        title: {f"{kind}: {name}": f"{word} {kind}: {name}" for kind, names in TRANSLATED.items() for name in names}
        for title, word in {"images as they are": "not", "real images of the wanted kind": "real"}.items()
    },
    "pix2pix": {},
    "super_resolution": {"cubic splines": {f"enlarged: {name}": f"splines: {name}" for name in PAIRS}},
    "stackgan": {
        "first stage, enlarged": {f"images: {name}": f"first stage, enlarged: {name}" for name in CAPTIONED},
        "real images, shrunk to 14x14 and enlarged": {
            f"images: {name}": f"real images, shrunk and enlarged: {name}" for name in CAPTIONED
        },
        "real images": {f"images: {name}": f"real images: {name}" for name in CAPTIONED[:3]},
    },
    "gan_3d": {
        "one half of the real furniture, next to the other": {f"made: {n}": f"control, real: {n}" for n in SOLIDS},
        "noise": {f"made: {name}": f"control, noise: {name}" for name in SOLIDS},
    },
    "seqgan": {
        "random words": {
            WRITTEN[0]: "random words: NLL by the oracle",
            WRITTEN[4]: "random words: share of different triples",
        },
        "the oracle's own sequences": {
            WRITTEN[0]: "oracle's own: NLL by the oracle",
            WRITTEN[1]: "oracle's own: NLL by the oracle",
            WRITTEN[4]: "oracle's own: share of different triples",
        },
    },
    "imitation": {
        "the expert": {"score of the player": "control: of the expert"},
        "random actions": {"score of the player": "control: of random actions"},
    },
}

# Runs that have a table of their own, below the first one: {member: (what they are, runs)}.
SECOND = {"seqgan": ("At the paper's size", ["seqgan_paper", "seqgan_paper_likelihood_alone"])}
# Runs that no table has, because a figure shows them.
IN_A_FIGURE = [f"imitation{way}_{pairs}" for way in ("", "_cloning") for pairs in (2, 8, 25)]
# Of the table of regularised.py, which experiments.mnist.long_runs trains: its rows, its scores after each of STAGES.
LONG_RUNS = ("adam", "r1_0.1", "r1_1")
FALLING = (20_000, 100_000, 300_000)  # iterations
# Labels of the rows of pictures in which each row means something.
ROWS = {
    "infogan": [*["each category"] * 3, "first number: -2 to 2", "second number: -2 to 2"],
    "cyclegan": ["printed", "made handwritten", "printed again", "handwritten", "made printed", "handwritten again"],
    "pix2pix": ["outline", "drawn by G", "the original"],
    "super_resolution": ["7x7 pixels", "enlarged by G", "the original"],
    "stackgan": ["plain", "bold", "slanted", "bold and slanted"],
    "completion": ["black", "mean image", "nearest training image", "GAN, searched", "GAN, guessed", "the original"],
    "editing": [*["lighter to heavier"] * 5, *["slanted left to right"] * 5],
}


def train(member, options, seed, folder):
    """Trains a run and measures it, where this is not done yet. Returns its result as a dict that JSON can hold.

    `member` is one of gan_tf.zoo, `options` are its flags, `folder` is for all files of the run.
    """
    options = [*options, *([f"--seed={seed}"] if seed else [])]
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "begun.json").exists():
        write_json(folder / "begun.json", facts("tensorflow", "keras", "numpy"))
    reads = member not in MADE and "--dataset=heads" not in options
    where = [f"--data_dir={FLAGS.data_dir}"] if FLAGS.data_dir and reads else []
    run_module(folder, f"gan_tf.zoo.{member}", *options, *where, f"--out_dir={folder / 'run'}")
    if not (folder / "run" / "metrics.json").exists():
        run_module(folder, "gan_tf.evaluate", f"--run_dir={folder / 'run'}")
    metrics = json.loads((folder / "run" / "metrics.json").read_text())
    config, log = read_config(folder / "run"), (folder / "stderr").read_text()
    with open(folder / "run" / "losses.csv") as file:
        rows = list(csv.DictReader(file))
        curve = rows[:: max(1, len(rows) // 200)]
    return json.loads((folder / "begun.json").read_text()) | {
        "command": " ".join([f"python -m gan_tf.zoo.{member}", *options]),
        "iterations": metrics["iterations"],
        "minutes": round(measured.training_seconds(log, metrics["iterations"]) / 60, 1),
        "device": config["device"],
        "metrics": metrics["metrics"],
        "class_histogram": metrics.get("class_histogram_samples"),
        "losses": {name: [float(row[name]) for row in curve] for name in rows[0] if name != "spread"},
    }


def measure_on_a_run(name):
    """Runs gan_tf.zoo.completion or editing on the run that `ON_A_RUN` names. It must be there. Returns the result."""
    module, run = ON_A_RUN[name]
    folder, run_dir = Path(FLAGS.work_dir) / name, Path(FLAGS.work_dir) / f"{run}-0" / "run"
    folder.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    where = [f"--data_dir={FLAGS.data_dir}"] if FLAGS.data_dir else []
    run_module(folder, module.__name__, f"--run_dir={run_dir}", f"--out_dir={folder}", *where)
    minutes = round((time.monotonic() - begun) / 60, 1)
    found = json.loads((folder / f"{kind_of(name)}.json").read_text())
    return facts("tensorflow", "keras", "numpy") | {"minutes": minutes} | found


def kind_of(name):
    """Returns "completion" or "editing", the command that the entry `name` of `ON_A_RUN` is."""
    return ON_A_RUN[name][0].__name__.rpartition(".")[2]


def run_module(folder, module, *options):
    print(f"{folder.name}: {module}", file=sys.stderr, flush=True)
    with open(folder / "stdout", "a") as stdout, open(folder / "stderr", "a") as stderr:
        status = subprocess.run([sys.executable, "-m", module, *options], stdout=stdout, stderr=stderr).returncode
    if status:
        sys.exit(f"error: {folder.name} stopped with status {status}; {folder / 'stderr'} says why.")


def picture(run_dir):
    """Returns the picture of a run, or None: the last grid if its columns mean something, otherwise samples.png."""
    grids = sorted(run_dir.glob("[0-9]*.png"), key=lambda path: int(path.stem))
    ordered = read_config(run_dir)["gan"]["name"] in ("conditional", "infogan", "cyclegan", "stackgan", "gan_3d")
    if (run_dir / "samples.png").exists() and not ordered:
        return run_dir / "samples.png"
    return grids[-1] if grids else None


def keep_picture(member, drawn, path):
    """Copies the picture `drawn` to `path`, with labels if its rows mean something."""
    if member in ROWS:
        figures.label_rows(drawn, ROWS[member], path)
    else:
        shutil.copy(drawn, path)


def table(member, results):
    """Returns the table of one member as Markdown, one row for each run. `results` is {run: [result of each seed]}.

    With several seeds, cells are the mean ± standard deviation over them. With one, they are a score ± its standard
    error. The last rows have the scores of what no GAN has made (`LAST`). If there is no place for the column "seeds",
    a sentence below says how many there are. The last sentence says what made the table. A member in `SECOND` has two
    tables.
    """
    own = {run: found for run, found in results.items() if RUNS[run][0] == member and run not in IN_A_FIGURE}
    title, apart = SECOND.get(member, ("", []))
    first, second = ({run: own[run] for run in own if (run in apart) == below} for below in (False, True))
    parts = [_table(member, first)]
    if second:
        parts += [f"{title}:", _table(member, second)]
    made = [result for found in own.values() for result in found]
    return "\n\n".join([*parts, source(f"`python -m gan_tf.zoo.{member}` with these flags", made)])


def _table(member, results):
    columns = COLUMNS[member]
    with_seeds = len(columns) + 3 <= MOST_COLUMNS
    head = ["flags", *(TITLES.get(name, name) for _, name in columns), *["seeds"] * with_seeds, "minutes"]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for run, found in results.items():
        cells = [f"`{' '.join(RUNS[run][1])}`" if RUNS[run][1] else "none: the idea"]
        for column, name in columns:
            scores = [result["metrics"][column][name] for result in found]
            if len(scores) > 1:
                cells.append(measured.plus_minus([score["value"] for score in scores]))
            else:
                cells.append(rounded(*scores[0].values()))
        cells += [str(len(found))] * with_seeds + [measured.plus_minus([result["minutes"] for result in found])]
        lines.append(f"| {' | '.join(cells)} |")
    idea = next(iter(results.values()))[0]["metrics"]  # the first run: a control may have fewer scores
    others = idea.get("real", {}) | idea.get("own", {})
    images = {"MNIST's test images": {name: name for column, name in columns if column == "samples"}}
    for title, names in LAST.get(member, images).items():
        cells = [rounded(*others[names[name]].values()) if names.get(name) in others else "" for _, name in columns]
        lines.append(f"| *{title}* | {' | '.join(cells)} |{' |' * (1 + with_seeds)}")
    if not with_seeds:
        *fewer, most = sorted({len(found) for found in results.values()})
        lines += ["", f"Each row has {''.join(f'{seeds} or ' for seeds in fewer)}{counted(most, 'seed')}."]
    return "\n".join(lines)


def table_of_regularised(results):
    """Returns the table of regularised.py as Markdown, from the results of long_runs: {name: [result of each seed]}.

    Cells are the mean ± standard deviation over the seeds. What is no FID is measured after the last stage.
    """
    lines = [
        f"| flags | {' | '.join(f'FID, {stage:,}' for stage in FALLING)} | classes covered (of 10) | recall | seeds |"
    ]
    lines.append("|---" * 7 + "|")
    last = ("classes_covered", "recall")
    for name in LONG_RUNS:
        scores = [(stage, "frechet_distance") for stage in FALLING] + [(FALLING[-1], score) for score in last]
        cells = [measured.plus_minus([measured.score(run, *score) for run in results[name]]) for score in scores]
        lines.append(f"| `{' '.join(long_runs.OPTIONS[name])}` | {' | '.join(cells)} | {len(results[name])} |")
    return "\n".join(lines)


def table_on_a_run(name, result):
    """Returns the table of completion or editing as Markdown, with a sentence below that says what made it."""
    module, run = ON_A_RUN[name]
    made = source(f"`python -m {module.__name__} --run_dir=out/{run}`", [result])
    return f"{module.table_of(result)}\n\n{made}"


def source(command, results):
    """Returns a sentence that says what made `results`, a list: command, machine, versions, commits and dates."""
    machines, commits, dates = (sorted({result[name] for result in results}) for name in ("machine", "commit", "date"))
    versions = sorted({result["versions"]["tensorflow"] for result in results})
    return (
        f"Made by {command} on {' and '.join(machines)}, with TensorFlow {' and '.join(versions)}; "
        f"{' to '.join(dates[:1] + dates[1:][-1:])}, commit {', '.join(commits)}."
    )


def load_results(folder=RESULTS / "zoo"):
    """Reads the results in `folder`, by default the committed ones: {run: [result of each seed]}."""
    return load_seeds(folder, RUNS)


def main():
    """Trains and measures the runs, then prints the tables."""
    out_dir = Path(FLAGS.out_dir)
    check(out_dir)
    for run in FLAGS.only:
        if run in ON_A_RUN:
            result = measure_on_a_run(run)
            write_json(out_dir / f"{run}.json", result)
            keep_picture(kind_of(run), Path(FLAGS.work_dir) / run / f"{kind_of(run)}.png", out_dir / f"{run}.png")
            print(f"{run}:\n\n{table_on_a_run(run, result)}\n")
            continue
        for seed in RUNS[run][2]:
            member, options, _ = RUNS[run]
            result = train(member, options, seed, Path(FLAGS.work_dir) / f"{run}-{seed}")
            write_json(out_dir / f"{run}-{seed}.json", result)
            drawn = picture(Path(FLAGS.work_dir) / f"{run}-0" / "run")
            if seed == 0 and drawn:
                keep_picture(member, drawn, out_dir / f"{run}.png")
    results = load_results(out_dir)
    for member in COLUMNS:
        if member in results:
            print(f"{member}:\n\n{table(member, results)}\n")
    print(f"regularised:\n\n{table_of_regularised(long_runs.load_results())}\n")


if __name__ == "__main__":
    command_line.run(main, measured.define_flags("zoo", [*RUNS, *ON_A_RUN]), OSError)
