"""What all commands share: parsing flags, --help, and one line for each error."""

import importlib
import os
import sys
import textwrap
from logging import Formatter

from absl import app, flags, logging

FLAGS = flags.FLAGS


def run(command, groups, errors):
    """Parses the flags, runs `command()` and exits with what it returns.

    `groups` maps headings to the names of flags, for --help. `errors` are exceptions whose message tells the user
    what to fix: the command then ends with that one line and status 1. A wrong flag ends it with status 2.
    """

    def parse(argv):
        if {"-h", "--help", "-help", "--helpshort"} & set(argv[1:]):
            print(_help(groups))
            sys.exit(0)
        try:
            rest = FLAGS(argv)
        except flags.Error as error:
            text = str(error)
            _fail(f"{text}{'' if text.endswith(('.', '?')) else '.'} See --help.", 2)
        if len(rest) > 1:
            _fail(f"{rest[1]!r} is not understood: options begin with --, see --help.", 2)
        return rest

    def main(_):
        try:
            sys.exit(command())
        except errors as error:
            _fail(str(error), 1)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains once more at exit
            _fail("standard output was closed; to keep only files, send it to /dev/null.", 1)
        except KeyboardInterrupt:
            _fail("interrupted.", 130)

    FLAGS.set_default("verbosity", logging.INFO)
    logging.get_absl_handler().setFormatter(Formatter("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%d %H:%M:%S"))
    app.run(main, flags_parser=parse)


def import_tensorflow(quiet=True):
    """Imports TensorFlow, which takes seconds; `quiet` hides the lines that it prints while it is imported.

    On a machine without a GPU these look like errors, and TF_CPP_MIN_LOG_LEVEL does not stop them.
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


def _fail(message, status):
    print(f"error: {message}", file=sys.stderr)
    sys.exit(status)


def _help(groups):
    main = sys.modules["__main__"]
    lines = [main.__doc__.strip()]
    for heading, names in groups.items():
        lines += ["", f"{heading}:"]
        for name in names:
            flag = FLAGS[name]
            default = "" if flag.default is None else f"={str(flag.default).lower() if flag.boolean else flag.default}"
            text = textwrap.fill(flag.help, 96, initial_indent=" " * 24, subsequent_indent=" " * 24)
            head = f"  --{name}{default}"
            lines.append(head.ljust(23) + text[23:] if len(head) < 23 else f"{head}\n{text}")
    return "\n".join(lines)
