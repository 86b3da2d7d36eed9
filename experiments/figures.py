"""One style for all figures."""

from pathlib import Path

from gan_tf.grids import BORDER, GAP

STYLE = Path(__file__).with_name("figures.mplstyle")


def style():
    """The style as a context: inside `with figures.style():`, figures are made and saved in it."""
    import matplotlib.style

    return matplotlib.style.context(STYLE)


def legend_below(figure, *axes, columns=3):
    """Puts one legend for the lines of all `axes`, each label once, below the plots, where it hides no data."""
    handles = {}
    for each in axes:
        for handle, label in zip(*each.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    figure.legend(handles.values(), handles, loc="outside lower center", ncols=columns)


def label_rows(grid, labels, path):
    """Writes the grid in the file `grid`, which `gan_tf.grids` made, to `path`: each row with a label to its left.

    Raises ValueError if the grid has another number of rows than there are `labels`.
    """
    import matplotlib
    import PIL.Image
    import PIL.ImageDraw
    import PIL.ImageFont

    font = PIL.ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf", 17)
    with PIL.Image.open(grid) as picture:
        row = (picture.height - 2 * BORDER + GAP) / len(labels)
        if row % 1:
            raise ValueError(f"{grid} has other rows than {len(labels)}.")
        margin = BORDER + max(round(font.getlength(label)) for label in labels)
        labelled = PIL.Image.new("RGB", (margin + picture.width, picture.height), "white")
        labelled.paste(picture.convert("RGB"), (margin, 0))
    draw = PIL.ImageDraw.Draw(labelled)
    for i, label in enumerate(labels):
        draw.text((margin, BORDER + i * row + (row - GAP) / 2), label, fill="black", font=font, anchor="rm")
    labelled.save(path)
