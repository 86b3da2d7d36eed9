"""Lists the GANs of the zoo: python -m gan_tf.zoo."""

from gan_tf.__main__ import commands, run

ZOO = "python -m gan_tf.zoo."


def members():
    """Returns {name: what it does}, from the first lines of the files. To import them would take seconds."""
    return {command.removeprefix(ZOO): words for command, words in commands().items() if command.startswith(ZOO)}


def main():
    """Prints a line for each: its name, what it does, and how to run it."""
    found = members()
    names, words = max(map(len, found)), max(map(len, found.values()))
    print("The GANs of the zoo, each with --help:\n")
    for name, does in found.items():
        print(f"  {name:{names}}  {does:{words}}  {ZOO}{name}")
    print(f"\nTo begin, on digits drawn from fonts (no download):\n\n  {ZOO}dcgan --dataset=glyphs --out_dir=out/dcgan")


if __name__ == "__main__":
    run(main, "write a dot before the name: python -m gan_tf.zoo.dcgan; python -m gan_tf.zoo lists all of them.")
