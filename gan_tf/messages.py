"""Exceptions and odd values as words for a message of one line."""

import re


def reason(error):
    """Returns the first line of what an exception says, without the names of TensorFlow's operations."""
    text = re.sub(r"\{\{.*?\}\} ?|\[Op:\w+\].*", "", str(error)).strip()
    return (text or type(error).__name__).splitlines()[0]


def short(text):
    """Returns `text`, cut if it is longer than 150 characters."""
    return text if len(text) <= 150 else f"{text[:150]}…"
