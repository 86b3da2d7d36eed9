"""Exceptions and odd values as words for a message of one line."""

import re


class SettingError(ValueError):
    """A GAN cannot be made with these flags or data. The message says why in one line, and which flag to change."""


def reason(error):
    """Returns the first line of what an exception says, without the names of TensorFlow's operations."""
    text = re.sub(r"\{\{.*?\}\} ?|\[Op:\w+\].*", "", str(error)).strip()
    return (text or type(error).__name__).splitlines()[0]


def last_line(error):
    """Returns the last line of what an exception says; if it says nothing, as a MemoryError, its name."""
    return (str(error).strip() or type(error).__name__).splitlines()[-1]


def listed(names):
    """Returns names with commas between them; of more than ten, the first three and the last three."""
    names = list(names)
    return ", ".join(names if len(names) <= 10 else [*names[:3], "…", *names[-3:]])


def speed(rate):
    """Returns "290 a second", "2.4 a second" and so on: below 10 with a decimal, since 0 would not be true."""
    return f"{rate:.1f} a second" if rate < 10 else f"{rate:.0f} a second"


def counted(number, thing):
    """Returns "1 file", "2 files" and so on: `thing` is the word for one."""
    return f"{number} {thing}{'s' * (number != 1)}"


def no_such(condition, conditions):
    """Says that a GAN cannot be asked for `condition`, but only for `conditions`."""
    if not conditions:
        return "this GAN cannot be asked for anything; leave this out"
    return f"this GAN can be asked for {listed(conditions)}; not for {condition!r}"


def short(text):
    """Returns `text`, cut if it is longer than 150 characters."""
    return text if len(text) <= 150 else f"{text[:150]}…"
