"""Lists the commands: python -m gan_tf."""

import ast
import re
import sys
from pathlib import Path

from gan_tf.runs import command_line

FIRST = "python -m gan_tf.train --dataset=glyphs --d_lr=1.0 --iters=20000 --out_dir=out/glyphs"


def commands():
    """Returns {command: what it does}, from the first lines of the files. To import them would take seconds."""
    found = {}
    for path in sorted(Path(__file__).parent.rglob("*.py"), key=lambda path: (path.stem != "train", path)):
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        if match := re.match(r"(.+): (python -m gan_tf\.[\w.]*\w)", text):
            found[match[2]] = match[1]
    return found


def main():
    """Prints the commands, and the first one to type."""
    print("The commands, each with --help:\n")
    found = commands()
    for command, words in found.items():
        print(f"  {command.ljust(max(map(len, found)))}  {words}")
    print(f"\nTo begin, train on digits drawn from fonts (no download):\n\n  {FIRST}")


def run(main, words):
    """Runs a list, `main`, which takes no arguments. If there are any, the error says `words`."""
    if sys.argv[1:] and sys.argv[1] not in ("-h", "--help"):
        print("error:", words, file=sys.stderr)
        sys.exit(2)
    del sys.argv[1:]
    command_line.run(main, {}, ())


if __name__ == "__main__":
    run(main, "write a dot before the name of a command: python -m gan_tf.train; python -m gan_tf lists all commands.")
