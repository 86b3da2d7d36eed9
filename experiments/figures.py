"""One style for all figures."""

from pathlib import Path

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
