"""config.json: what a run says of itself, so that it can resume and others can read it."""

import json
import platform
from importlib import metadata
from pathlib import Path

from gan_tf.runs import files

CONFIG_BYTES = 2**20  # config.json has 1 KB; a larger one is damaged

# The flags that may differ when a run resumes. All others decide what it computes and draws.
FREE = "iters log_every checkpoint_every data_dir cache out_dir overwrite tensorboard dry_run device threads".split()

# What config.json says of its GAN as "gan"; runs from before that was written are of the reference.
REFERENCE = {
    "name": "reference",
    "losses": ["d_loss", "g_loss"],
    "measures": ["spread"],
    "models": ["generator", "discriminator"],
}


class RunError(Exception):
    """The folder cannot be used, or a run cannot resume; the message says why in one line, and what to do."""


class OtherFlagsError(RunError):
    """The folder has a run with other flags, which cannot resume with these."""


def read_config(run_dir):
    """Returns what a run wrote to config.json, as a dict. Raises RunError if it cannot be read."""
    try:
        config = json.loads(files.read_text(Path(run_dir) / "config.json", CONFIG_BYTES))
        if not isinstance(config["flags"], dict) or not isinstance(config["data"], dict):
            raise ValueError("it is not a run's")
        gan = config.setdefault("gan", REFERENCE)
        if not isinstance(gan["name"], str) or not all(
            isinstance(gan[what], list) and all(isinstance(each, str) for each in gan[what])
            for what in ("losses", "measures", "models")
        ):
            raise ValueError("it does not name its GAN")
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        reason = f"no {error}" if isinstance(error, KeyError) else error
        raise RunError(
            f"{run_dir}/config.json cannot be read ({reason}); put the file back, name another folder, or delete the "
            "run with --overwrite."
        ) from error
    return config


def versions():
    """Returns the versions that a result depends on, by name."""
    packages = ["gan_tf", "tensorflow", "keras", "numpy", "tensorflow-datasets", "matplotlib"]
    return {"python": platform.python_version()} | {name: metadata.version(name) for name in packages}


def require_gan(out_dir, before, gan):
    """Raises OtherFlagsError if a run in `out_dir` is of another GAN. Both are names, or what config.json says."""
    if before != gan:
        name = before.get("name") if isinstance(before, dict) else before
        raise OtherFlagsError(
            f"--out_dir={out_dir} holds a run of another GAN ({name}); name another folder, or delete the run with "
            "--overwrite."
        )


def compare_flags(out_dir, before, flags):
    """Raises OtherFlagsError if a run in `out_dir` with flags `before` cannot resume with `flags`; see `FREE`."""
    other = [
        f"--{name}: {_words(before.get(name))} there, {_words(flags[name])} now"
        for name in flags
        if name not in FREE and before.get(name) != flags[name]
    ]
    if other:
        raise OtherFlagsError(
            f"--out_dir={out_dir} holds a run with other flags ({'; '.join(other)}). For a new run name another folder "
            "with --out_dir; to resume that run use its flags; to delete it add --overwrite."
        )


def _words(value):
    return "unset" if value is None else str(value).lower() if isinstance(value, bool) else value
