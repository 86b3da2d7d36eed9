"""Trains a GAN on images of digits: python -m gan_tf.train --iters=1000000

A generator, G, learns to turn noise into images. A discriminator, D, learns to tell these images
from real ones. Without other flags, all settings are those of the script, gan_tf.py of 2017: its G
draws the same image for every noise, and never a digit. Add --d_lr=1.0 to draw digits.
"""

import math

from absl import flags, logging

from gan_tf import limits, optimizers
from gan_tf.objectives.recipes import RECIPES
from gan_tf.runs import command_line, training_command
from gan_tf.runs.folder import RunError

FLAGS = flags.FLAGS

MOST_D_STEPS = 100  # each is compiled on its own
NOISE = 2**30  # bytes: at most so much noise for one compiled call

training_command.define_flags(iters=1_000_000)
flags.DEFINE_enum(
    "loss",
    "non_saturating",
    list(RECIPES),
    "The losses of D and G. The script used non_saturating. Formulas: gan_tf/objectives/losses.py.",
)
flags.DEFINE_integer(
    "d_steps",
    None,
    "Updates of D for each update of G. Unset: 1, as in the script; wgan and wgan_gp: 5.",
    1,
    MOST_D_STEPS,
)
flags.DEFINE_float(
    "r1",
    None,
    "Weight of the gradient penalty R1 (Mescheder et al. 2018), such as 0.1. Unset: 0, as in the script.",
    0,
    1e6,
)
flags.DEFINE_enum(
    "d_optimizer",
    None,
    list(optimizers.OPTIMIZERS),
    "Optimizer of D. Unset: adadelta, as in the script; with another --loss: adam (wgan: rmsprop, wgan_gp: adam_gp).",
)
flags.DEFINE_enum(
    "g_optimizer",
    None,
    list(optimizers.OPTIMIZERS),
    "Optimizer of G. Unset: adam, as in the script (wgan: rmsprop, wgan_gp: adam_gp).",
)
flags.DEFINE_float(
    "d_lr",
    None,
    "Learning rate of D. Unset: 0.001, as in the script (rmsprop: 5e-5, adam_gp: 1e-4). With adadelta, use 1.0 to draw "
    "digits.",
)
flags.DEFINE_float(
    "g_lr",
    None,
    "Learning rate of G. Unset: 0.001, as in the script (rmsprop: 5e-5, adam_gp: 1e-4). --d_lr does not change it.",
)
flags.register_validator("r1", lambda value: value is None or math.isfinite(value), message="must be a finite number")
for name in ("d_lr", "g_lr"):
    flags.register_validator(
        name,
        lambda value: value is None or optimizers.valid_learning_rate(value),
        message="must be a number above 0, such as 0.001",
    )

GROUPS = training_command.groups(
    {"Objective": ["loss", "d_steps", "r1"], "Optimizers": ["d_optimizer", "g_optimizer", "d_lr", "g_lr"]}
)


def make(dataset, block):
    """Makes the GAN that the flags describe."""
    from gan_tf import training
    from gan_tf.objectives import variant

    if FLAGS.loss == "non_saturating" and FLAGS.d_optimizer.startswith("adadelta") and FLAGS.d_lr is None:
        cure = "--d_lr=1.0 --out_dir=out/digits"
        logging.info("the script's own settings: the run will collapse, as the script does; what helps: %s", cure)
    options = {name: FLAGS[name].value for name in [*variant.OPTIONS, *training_command.COMMON]}
    d_steps = FLAGS.d_steps or RECIPES[FLAGS.loss].d_steps
    noise = 400 * FLAGS.batch_size * (d_steps + 1)  # bytes for one iteration
    needed = noise + FLAGS.batch_size * (3200 * d_steps + 40_000)  # measured, rounded up
    if not limits.fitting(needed):
        raise RunError(
            f"--batch_size={FLAGS.batch_size} with --d_steps={d_steps} takes about {needed / 1e9:.0f} GB of "
            f"memory, and this machine has {limits.memory() / 1e9:.0f}; use a smaller batch."
        )
    return variant.make(dataset.pixels, block=max(1, min(block, training.BLOCK, NOISE // noise)), **options)


def main():
    """Trains as the flags say, and returns the exit status."""
    for name, value in vars(RECIPES[FLAGS.loss]).items():
        if FLAGS[name].value is None:
            FLAGS[name].value = value  # so that config.json has it
    for rate, optimizer in (("d_lr", FLAGS.d_optimizer), ("g_lr", FLAGS.g_optimizer)):
        if FLAGS[rate].value == optimizers.RATES[optimizer]:
            FLAGS[rate].value = None  # so that it is the same run as one that leaves it out
    FLAGS["r1"].value = FLAGS.r1 or None  # likewise
    return training_command.train("reference", make, compile_seconds=3, check=training_command.require_digits)


if __name__ == "__main__":
    command_line.run(main, GROUPS, training_command.ERRORS)
