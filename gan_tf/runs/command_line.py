"""What all commands share: parsing flags, --help, and one line for each error."""

import importlib
import os
import re
import signal
import subprocess
import sys
import textwrap
from logging import Formatter

from absl import flags, logging

FLAGS = flags.FLAGS

# It ends with status 0 after an exception, which says nothing of the flags, and without a core file after XLA's abort.
_USES_XLA = """
import os, resource
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
try:
    import tensorflow as tf
    tf.config.set_visible_devices([], "GPU")
    tf.function(lambda: tf.constant(1.0) + 1.0, jit_compile=True)()
finally:
    os._exit(0)
"""

HELP = re.compile("--?(h|help|helpshort|helpfull|helpxml)(=.*)?")  # what asks for help


def run(command, groups, errors):
    """Parses the flags, runs `command()` and exits with what it returns.

    `groups` maps headings to the names of flags, for --help. `errors` are exceptions whose message tells the user
    what to fix: the command then ends with that one line and status 1. A wrong flag ends it with status 2.
    """

    def parse(argv):
        if any(HELP.fullmatch(each) for each in argv[1:]):
            _ending(lambda: print(_help(groups)), ())
        try:
            rest = FLAGS(argv)
        except (flags.Error, ValueError) as error:  # the latter for --nojit=3
            fail(f"{plain(str(error))} See --help.", 2)
        if len(rest) > 1:
            fail(f"{rest[1]!r} is not understood: options begin with --, see --help.", 2)
        for name in sum(groups.values(), []):  # a shell leaves the ~ of --out_dir=~/run as it is
            if isinstance(FLAGS[name].value, str):
                FLAGS[name].value = os.path.expanduser(FLAGS[name].value)
        return rest

    _open_closed_streams()
    if signal.getsignal(signal.SIGINT) == signal.SIG_DFL:  # gan_tf/__init__.py sets it so, for the time of the imports
        signal.signal(signal.SIGINT, signal.default_int_handler)
    FLAGS.set_default("verbosity", logging.INFO)
    handler = logging.get_absl_handler()
    handler.python_handler.stream = sys.stderr
    handler.setFormatter(_OneLine("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%d %H:%M:%S"))
    logging.use_absl_handler()
    parse(sys.argv)
    _ending(command, errors)


class _OneLine(Formatter):
    """A log with one line for each message, whatever a file in it is called."""

    def format(self, record):
        return _one_line(super().format(record))


def _one_line(text):
    return "\\n".join(text.splitlines())


def _ending(command, errors):
    """Exits with what `command()` returns. One of `errors`, or a failure to write, ends it with one line."""
    try:
        status = command()
        sys.stdout.flush()  # here, where its failure can be reported
        sys.exit(status)
    except BrokenPipeError:
        _discard_output()
        fail("standard output was closed; to keep only files, send it to /dev/null.", 1)
    except errors as error:
        fail(str(error), 1)
    except OSError as error:
        _discard_output()
        fail(f"{error}.", 1)
    except MemoryError:
        fail("this takes more memory than there is.", 1)
    except KeyboardInterrupt:
        fail("interrupted.", 130)


def _discard_output():
    """What is still to be written to standard output goes nowhere. Otherwise Python complains again at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _open_closed_streams():
    """Opens those of the standard streams that are closed: the next file that is opened would take their place.

    Standard output and error then take any text: what the terminal's character set lacks is written as \\xb1.
    """
    for number, (name, mode) in enumerate(zip(("stdin", "stdout", "stderr"), "rww", strict=True)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # it gets the lowest number that is free, this one
            setattr(sys, name, os.fdopen(number, mode))
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")


def plain(text):
    """What absl says of a wrong flag, in plain words and with a full stop."""
    text = text.removeprefix("flag ")
    for pattern, words in (
        (r"(--\w+=.*): invalid literal for int.*", r"\1 is not a whole number"),
        (r"(--\w+=.*): could not convert string to float.*", r"\1 is not a number"),
        (r"--(no)?(\w+)=.*( does not take an argument|Non-boolean argument.*)", r"write --\2 or --no\2"),
        (r"Did you mean: ([^ ,]*).* \?", r"Did you mean \1?"),
        (
            r"(--\w+=.*): value should be one of <(.*)>",
            lambda match: f"{match[1]} is not {_or(match[2].split('|'))}",
        ),
    ):
        text = re.sub(pattern, words, text, flags=re.DOTALL)
    return text if text.endswith((".", "?")) else f"{text}."


def _or(words):
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def import_tensorflow(quiet=True):
    """Imports TensorFlow, which takes seconds; `quiet` hides the lines that it prints while it is imported.

    On a machine without a GPU these look like errors, and TF_CPP_MIN_LOG_LEVEL does not stop them. Ends the command if
    the environment has flags for XLA that it does not understand.
    """
    logging.info("importing TensorFlow")
    sys.stderr.flush()
    standard_error, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    if quiet:
        os.dup2(nowhere, 2)
    try:
        importlib.import_module("tensorflow")
    finally:
        os.dup2(standard_error, 2)
        os.close(standard_error)
        os.close(nowhere)
    _check_xla_flags()


def _check_xla_flags():
    """Ends the command with one line if XLA_FLAGS or TF_XLA_FLAGS is set, and XLA does not understand it.

    XLA reads them when it is first used, and then ends the process with a page of text. Nobody but XLA knows its flags
    and their values; they differ between versions, and may be in a file that the variable names. So another process
    uses XLA once, which takes some seconds. It prints TensorFlow's errors, which this package hides: the value that is
    wrong is in one of them.
    """
    variables = [name for name in ("XLA_FLAGS", "TF_XLA_FLAGS") if os.environ.get(name, "").strip()]
    if not variables:
        return
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "0"}
    command = [sys.executable, "-c", _USES_XLA]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, errors="replace")
    if done.returncode == 0:
        return
    text = done.stderr
    found = re.search(r"(Unknown flags? in \w+: .*|Couldn't interpret value .*|Could not open file .*)", text)
    named = [name for name in variables if re.search(rf"\b{name}\b", text)] if found else []
    settings = " ".join(f"{name}={os.environ[name]}" for name in named or variables)
    words = found[1].rstrip(".") if found else "it ends the process"
    fail(f"XLA does not understand {settings} ({words}); correct the environment variable, or unset it.", 1)


def fail(message, status):
    """Ends the process with this status, and one line on standard error."""
    print("error:", _one_line(message), file=sys.stderr)
    sys.exit(status)


def _help(groups):
    main = sys.modules["__main__"]
    lines = [(main.__doc__ or "").strip()]
    for heading, names in groups.items():
        lines += ["", f"{heading}:"]
        for name in names:
            flag, words = FLAGS[name], FLAGS[name].help.replace("|", " | ")
            default = "" if flag.default is None else f"={str(flag.default).lower() if flag.boolean else flag.default}"
            if isinstance(flag.default, list):
                default, words = "", f"{words} Unset: {', '.join(flag.default)}."
            text = textwrap.fill(words, 96, initial_indent=" " * 24, subsequent_indent=" " * 24)
            head = f"  --{name}{default}"
            lines.append(head.ljust(23) + text[23:] if len(head) < 23 else f"{head}\n{text}")
    return "\n".join(lines)
