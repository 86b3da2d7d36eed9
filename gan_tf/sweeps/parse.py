"""Parses the flags of a training command without training.

`python -m gan_tf.sweeps.parse MODULE` reads a JSON list of argument lists from standard input. It writes a JSON list
with one dict for each: "values" has the value of each flag of the command `python -m MODULE`, or "error" says in one
line which flag is wrong. It takes a process of its own, because a process can have the flags of one command only.
TensorFlow is not needed. If MODULE is no training command, this ends with status 1, and the last line of standard error
says why.
"""

import contextlib
import json
import runpy
import sys

from absl import flags

from gan_tf.runs import command_line, own
from gan_tf.runs.config import RunError

FLAGS = flags.FLAGS


class Defined(Exception):
    """The command has defined its flags; now it would parse them."""


def define(module):
    """Defines the flags of `python -m MODULE`. Raises RunError if it is no training command."""

    def stop(*_):
        raise Defined

    command_line.run = stop
    try:
        runpy.run_module(module, run_name="__main__")
    except Defined:
        pass
    except Exception as error:
        raise RunError(f"{own.place(error)}.") from error
    if FLAGS.find_module_defining_flag("iters") is None:
        raise RunError(f"{module} does not call training_command.main, so it is no training command; {own.PAGE}.")


def parse(arguments):
    """Returns {"values": {flag: value}} or {"error": what is wrong}."""
    for name in FLAGS:
        FLAGS[name].unparse()
    try:
        rest = FLAGS([sys.argv[0], *arguments])
    except (flags.Error, ValueError) as error:
        return {"error": command_line.plain(str(error))}
    if len(rest) > 1:
        return {"error": f"{rest[1]!r} is not understood."}
    own = FLAGS.get_flags_for_module(FLAGS.find_module_defining_flag("iters"))
    return {"values": {flag.name: flag.value for flag in own}}


if __name__ == "__main__":
    try:
        with contextlib.redirect_stdout(sys.stderr):  # what the module prints
            define(sys.argv[1])
    except RunError as error:
        command_line.fail(str(error), 1)
    json.dump([parse(arguments) for arguments in json.load(sys.stdin)], sys.stdout)
