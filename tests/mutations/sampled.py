"""Tries a random sample of cosmic-ray's changes in all of gan_tf: python -m tests.mutations.sampled --count=200

cosmic-ray (pip install -e '.[mutations]') changes one operator, number or condition at a time. Chance decides in which
module, in proportion to its lines, and which change there. Some changes make no difference that anybody could see, and
survive even the best tests. The command prints all that survive.

--part=1/8 tries every 8th change of the sample, from the first on, and --modules=zoo/dcgan.py,grids.py only those in
these modules. Each result is added to the file of --results at once. The same command skips what this file has, unless
the module has changed, and its last lines are about all of the sample that has been tried. Run it in the root of a
checkout, which stays as it is.
"""

import argparse
import collections
import dataclasses
import difflib
import hashlib
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.mutations.__main__ import ROOT, SECONDS, copy_checkout, run_tests

# The tests of a module are those of its name, as tests/metrics/test_scores.py for metrics/scores.py. These have others,
# or more.
TESTS = {
    "__init__.py": ["runs/test_command_line.py"],
    "__main__.py": ["test_main.py", "test_edges.py"],
    "data/__init__.py": ["data/test_data.py"],
    "data/batches.py": ["data/test_data.py"],
    "data/cart_pole.py": ["zoo/test_imitation.py", "zoo/test_ppo.py"],
    "data/dataset.py": ["data/test_data.py", "data/test_own_pictures.py"],
    "data/fitting.py": ["data/test_own_pictures.py", "data/test_tfds.py"],
    "data/folder.py": ["data/test_own_pictures.py", "data/test_cache.py", "test_edges.py"],
    "data/idx.py": ["data/test_idx.py", "data/test_relatives.py"],
    "data/mnist.py": ["data/test_mnist.py", "data/test_relatives.py"],
    "data/loading.py": ["data/test_data.py", "data/test_own_pictures.py", "test_edges.py"],
    "evaluate.py": ["test_evaluate.py"],
    "keras_file.py": ["test_sample.py", "test_edges.py"],
    "kernels.py": ["test_optimizers.py"],
    "limits.py": ["runs/test_folder.py", "data/test_idx.py", "data/test_npz.py", "test_sample.py"],
    "locks.py": ["runs/test_folder.py", "test_edges.py"],
    "members.py": ["zoo/test_members.py", "test_edges.py"],
    "parts.py": ["test_gan.py", "metrics/test_scores.py"],
    "messages.py": ["test_messages.py", "test_edges.py"],
    "metrics/measured.py": ["test_evaluate.py", "runs/test_report.py"],
    "metrics/translated.py": ["metrics/test_translated.py", "zoo/test_cyclegan.py"],
    "metrics/sequences.py": ["zoo/test_seqgan.py"],
    "zoo/__init__.py": ["test_setup.py"],
    "objectives/losses.py": ["objectives/test_objectives.py"],
    "objectives/recipes.py": ["objectives/test_objectives.py", "objectives/test_critics.py"],
    "objectives/variant.py": ["objectives/test_objectives.py", "test_training.py", "test_gan.py"],
    "reference.py": ["test_gan.py", "test_training.py", "test_models.py"],
    "report.py": ["runs/test_report.py"],
    "restore.py": ["test_sample.py", "runs/test_pictures.py", "test_edges.py"],
    "runs/config.py": ["runs/test_config.py", "runs/test_folder.py", "test_train_cli.py"],
    "runs/export.py": ["test_export.py"],
    "runs/live.py": ["runs/test_browser.py"],
    "runs/loop.py": ["runs/test_loop.py", "test_train_cli.py"],
    "runs/losses_csv.py": ["runs/test_folder.py", "runs/test_resume.py"],
    "runs/training_command.py": ["runs/test_training_command.py", "test_train_cli.py", "test_edges.py"],
    "runs/words.py": ["runs/test_report.py"],
    "sweep.py": ["sweeps/test_sweep.py"],
    "sweeps/parse.py": ["sweeps/test_grid.py"],
    "sweeps/progress.py": ["sweeps/test_sweep_progress.py"],
    "train.py": ["test_train_cli.py"],
    "zoo/__main__.py": ["test_main.py", "test_edges.py"],
    "zoo/blocks.py": ["zoo/test_members.py", "zoo/test_dcgan.py", "zoo/test_r3gan.py", "zoo/test_regularised.py"],
    "zoo/editing.py": ["zoo/test_completion.py"],
    "zoo/language.py": ["zoo/test_seqgan.py"],
    "zoo/residual.py": ["zoo/test_r3gan.py", "zoo/test_conditional.py"],
    "zoo/weight_norm.py": ["zoo/test_semi_supervised.py"],
}
# Of each member these, too: what every member must do.
OF_MEMBERS = [
    "zoo/test_rules.py::test_constants",
    "zoo/test_rules.py::test_facts",
    "zoo/test_rules.py::test_first_weights",
    "zoo/test_members.py::test_three_iterations_resumed_are_three_undisturbed",
    "zoo/test_members.py::test_the_seed_decides",
]


@dataclasses.dataclass(frozen=True)
class Change:
    """One of cosmic-ray's changes of `module`: place number `occurrence` of those where its `operator` can be used."""

    module: str
    operator: str
    occurrence: int
    line: int

    def apply(self, code):
        """Returns `code`, the text of the module, with the change."""
        from cosmic_ray import plugins
        from cosmic_ray.mutating import mutate_code

        return mutate_code(code, plugins.get_operator(self.operator)(), self.occurrence)


def tests_of(module):
    """Returns the tests of a module of gan_tf, pytest's names below tests/."""
    own = re.sub(r"(\w+\.py)$", r"test_\1", module)
    found = TESTS.get(module) or [own]
    missing = [name for name in found if not (ROOT / "tests" / name).exists()]
    if missing:
        sys.exit(f"error: {module} has no {', '.join(missing)} in tests/: name its tests in TESTS of sampled.py.")
    rules = (ROOT / "tests" / "zoo" / "test_rules.py").read_text(encoding="utf-8")
    name = Path(module).stem
    if module.startswith("zoo/") and f'"{name}": ' in rules:
        found = found + [f"{test}[{name}]" for test in OF_MEMBERS] + ["test_edges.py::test_members_name_the_flag"]
    return found


def changes_of(module):
    """Returns all changes that cosmic-ray can make in a module, in an order that is always the same."""
    from cosmic_ray import plugins
    from cosmic_ray.ast import ast_nodes, get_ast_from_path

    tree = get_ast_from_path(ROOT / "gan_tf" / module)
    found = []
    for operator in sorted(plugins.operator_names()):
        kind = plugins.get_operator(operator)
        if not kind.arguments():
            places = [start[0] for node in ast_nodes(tree) for start, _ in kind().mutation_positions(node)]
            found += [Change(module, operator, occurrence, line) for occurrence, line in enumerate(places)]
    return found


def modules():
    """Returns {module of gan_tf: how many lines it has}, without those that have nothing to change."""
    paths = sorted((ROOT / "gan_tf").rglob("*.py"))
    lines = {path.relative_to(ROOT / "gan_tf").as_posix(): len(path.read_bytes().splitlines()) for path in paths}
    return {module: number for module, number in lines.items() if number > 1}


def sample(count, seed, only=None):
    """Draws `count` changes, or fewer if a module has not so many as chance wants of it.

    With `only`, names of modules, it returns those of the sample that are in these.
    """
    lines = modules()
    chosen = random.Random(seed).choices(list(lines), list(lines.values()), k=count)
    found = []
    for module, number in sorted(collections.Counter(chosen).items()):
        if only and module not in only:
            continue
        changes = changes_of(module)
        random.Random(f"{seed} {module}").shuffle(changes)
        found += changes[:number]
    return found


def result_of(copy, env, change, seconds):
    """Tries a change in the folder `copy`, which it leaves as it was. Returns what happened, a dict."""
    path, begun = copy / "gan_tf" / change.module, time.monotonic()
    before = path.read_text(encoding="utf-8")
    after = change.apply(before)
    path.write_text(after, encoding="utf-8")
    try:
        status, _ = run_tests(copy, env, tests_of(change.module), seconds)
        fate = "killed" if status else "survived"
    except subprocess.TimeoutExpired:
        fate = "timeout"
    finally:
        path.write_text(before, encoding="utf-8")
    diff = difflib.unified_diff(before.splitlines(), after.splitlines(), change.module, change.module, "", "", 1, "")
    facts = {"fate": fate, "seconds": round(time.monotonic() - begun), "diff": "\n".join(diff)}
    return dataclasses.asdict(change) | facts


def copy_everything(copy):
    """As `copy_checkout`, with the rest of the checkout, which some tests read, as links."""
    env = copy_checkout(copy)
    for path in ROOT.iterdir():
        if not (copy / path.name).exists() and path.name not in (".git", "out"):
            (copy / path.name).symlink_to(path)
    return env


def digest(module):
    """A name for the text of a module as it is."""
    return hashlib.sha256((ROOT / "gan_tf" / module).read_bytes()).hexdigest()[:16]


def key(facts):
    """What tells one result from another."""
    return tuple(facts[name] for name in ("seed", "module", "digest", "operator", "occurrence"))


def require_passing(copy, env, module, seconds, passed):
    """Exits if the tests of a module do not pass on the unchanged code. `passed` has the tests that did."""
    tests = tuple(tests_of(module))
    if tests in passed:
        return
    try:
        status, output = run_tests(copy, env, tests, seconds)
    except subprocess.TimeoutExpired:
        sys.exit(f"error: {module}: on the unchanged code its tests take more than {seconds} s; name more --seconds.")
    if status:
        sys.exit(f"error: {module}: these tests must pass on the unchanged code.\n{output}")
    passed.add(tests)


def report(results):
    """Prints the survivors, and how many changes of each folder were killed. A change that runs for ever counts."""
    counts = collections.defaultdict(collections.Counter)
    for each in results:
        counts[Path(each["module"]).parent.name or "gan_tf"][each["fate"]] += 1
        if each["fate"] == "survived":
            print(f"\nsurvived: {each['module']}, line {each['line']}, {each['operator']}\n{each['diff']}")
    print()
    for folder, fates in sorted(counts.items()):
        print(f"{folder:12} killed {sum(fates.values()) - fates['survived']} of {sum(fates.values())}")
    total = sum(counts.values(), collections.Counter())
    print(f"{'all':12} killed {sum(total.values()) - total['survived']} of {sum(total.values())}")


def main():
    """Tries the sample, or a part of it, and prints what survived."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], prog="python -m tests.mutations.sampled")
    parser.add_argument("--count", type=int, default=200, help="how many changes the sample has")
    parser.add_argument("--seed", type=int, default=0, help="another seed draws others")
    parser.add_argument("--part", default="1/1", metavar="I/N", help="only every N-th change, from number I on")
    parser.add_argument("--modules", metavar="FILES", help="only changes in these files of gan_tf, between commas")
    parser.add_argument("--seconds", type=int, default=SECONDS, help="how long the tests of one change may take")
    parser.add_argument("--results", default="out/mutations.jsonl", help="file to which each result is added")
    options = parser.parse_args()
    part = re.fullmatch(r"([1-9]\d*)/([1-9]\d*)", options.part)
    if not part or int(part[1]) > int(part[2]):
        parser.error("--part must be such as 1/8")
    everything = sample(options.count, options.seed, options.modules and options.modules.split(","))
    wanted = everything[int(part[1]) - 1 :: int(part[2])]
    if not wanted:
        sys.exit("error: there is no change of this sample in this part and in these modules.")
    path = Path(options.results)
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    known = {key(each): each for each in map(json.loads, lines)}

    def key_of(change):
        return key(dataclasses.asdict(change) | {"seed": options.seed, "digest": digest(change.module)})

    left, passed = [change for change in wanted if key_of(change) not in known], set()
    print(f"{len(wanted)} changes, {len(left)} of them to try", flush=True)
    with tempfile.TemporaryDirectory(prefix="mutations-") as folder:
        env = copy_everything(Path(folder))
        for change in left:
            require_passing(Path(folder), env, change.module, options.seconds, passed)
            found = result_of(Path(folder), env, change, options.seconds)
            found |= {"seed": options.seed, "digest": digest(change.module)}
            known[key_of(change)] = found
            with open(path, "a", encoding="utf-8") as file:
                file.write(json.dumps(found) + "\n")
            print(f"{found['fate']:8}  {change.module}, line {change.line} ({found['seconds']} s)", flush=True)
    report([known[key_of(change)] for change in everything if key_of(change) in known])


if __name__ == "__main__":
    main()
