"""The words of the page of a run, in each of its languages: words_en.json and words_zh.json.

"texts" are the page's sentences by name; {n} is a place for a value, *bold* and [a link] are marked so. "titles" are
the names of scores, by their English ones. "scores" and "settings" say what each means. "scores_of_mnist" is said of
runs on MNIST only, and "usual" of the reference only. "join" stands between two sentences.
"""

import json
import os
from importlib import resources

LANGUAGES = {"en": "en", "zh": "zh-CN"}  # name → what HTML calls it


def words(language):
    """Returns the words of a language, a key of `LANGUAGES`, as a dict of dicts."""
    return json.loads(resources.files("gan_tf.runs").joinpath(f"words_{language}.json").read_text(encoding="utf-8"))


def of_environment(environment=os.environ):
    """Returns the language of the user's environment: the first of LC_ALL, LC_MESSAGES and LANG that is set."""
    name = next((environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), "")
    return next((language for language in LANGUAGES if name.lower().startswith(language)), "en")
