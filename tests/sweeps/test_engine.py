"""gan_tf.sweeps.engine without a cluster: what it asks of Ray, and what it makes of Ray's answers."""

import os
import signal
import socket
import types

import pytest

from gan_tf import limits
from gan_tf.sweeps import engine, worker
from gan_tf.sweeps.grid import Run, SweepError

ray = pytest.importorskip("ray", reason="Ray is not installed")

TWO_STAGES = Run("lr=1,seed=3", "lr=1", "dcgan", ("--lr=1", "--seed=3"), (5, 10))
ONE_STAGE = Run("seed=4", "all runs", "reference", ("--seed=4",), (20,))


class Tasks:
    """Stands for Ray's tasks. None of them runs. `answers` is what each returns or raises, in order; then None."""

    def __init__(self, patch, *answers):
        self.calls, self.options, self.cancelled, self._answers = [], [], [], list(answers)
        for name in ("remote", "wait", "get", "cancel"):
            patch.setattr(ray, name, getattr(self, name))

    def remote(self, **options):
        self.options.append(options)

        def call(task, *arguments):
            self.calls.append((task.__name__, *arguments))
            return f"reference {len(self.calls)}"

        return lambda task: types.SimpleNamespace(remote=lambda *arguments: call(task, *arguments))

    def wait(self, references, num_returns, timeout):
        return references, []

    def get(self, reference, timeout=None):
        answer = self._answers.pop(0) if self._answers else None
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def cancel(self, reference, force):
        self.cancelled.append((reference, force))


@pytest.mark.parametrize(("gpus", "device"), [(0, "cpu"), (0.25, "gpu"), (2, "gpu")])
def test_what_a_run_is_told(gpus, device, tmp_path, monkeypatch):
    """Its stages one after the other, each measured before the next is trained; on a GPU if it has a part of one."""
    tasks = Tasks(monkeypatch)
    outcomes = engine.run([TWO_STAGES, ONE_STAGE], tmp_path, "/features", 3, gpus, memory_per_run=2.5)
    assert outcomes == {"lr=1,seed=3": None, "seed=4": None}
    one, other = f"{tmp_path}/lr=1,seed=3", f"{tmp_path}/seed=4"
    machine = ["--threads=3", f"--device={device}"]
    flags = {stage: ["--lr=1", "--seed=3", f"--iters={stage}", f"--out_dir={one}", *machine] for stage in (5, 10)}
    assert tasks.calls == [
        ("train", None, one, "gan_tf.zoo.dcgan", flags[5]),
        ("measure", "reference 1", one, 5, "/features", "dcgan"),
        ("train", "reference 2", one, "gan_tf.zoo.dcgan", flags[10]),
        ("measure", "reference 3", one, 10, "/features", "dcgan"),
        ("train", None, other, "gan_tf.train", ["--seed=4", "--iters=20", f"--out_dir={other}", *machine]),
        ("measure", "reference 5", other, 20, "/features", "reference"),
    ]
    share = {"max_calls": 1, "num_cpus": 3, "num_gpus": gpus, "memory": 2.5e9, "max_retries": 5}
    assert tasks.options == [share, share]


def test_stages_that_are_there_are_not_trained_again(tmp_path, monkeypatch):
    tasks = Tasks(monkeypatch)
    done = worker.stage_folder(tmp_path / TWO_STAGES.name, 5)
    done.mkdir(parents=True)
    (done / "stage.json").write_text("{}")
    engine.run([TWO_STAGES], tmp_path, None)
    assert [(call[0], call[1]) for call in tasks.calls] == [("train", None), ("measure", "reference 1")]
    assert "--iters=10" in tasks.calls[0][4] and tasks.calls[1][3:] == (10, None, "dcgan")
    assert tasks.calls[0][4][-2:] == ["--threads=1", "--device=cpu"]


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (None, None),
        ("it failed", "it failed"),
        (ray.exceptions.TaskCancelledError(), "stopped"),
        (ray.exceptions.RayTaskError("train", "", KeyboardInterrupt()), "stopped"),
        (ray.exceptions.RayTaskError("train", "", ray.exceptions.TaskCancelledError()), "stopped"),
        (ray.exceptions.RayTaskError("train", "", ValueError("many lines\nthe disk is full\n")), "the disk is full"),
        (ray.exceptions.RayTaskError("train", "", MemoryError()), "MemoryError"),  # it has no message
        (ray.exceptions.WorkerCrashedError(), "its worker died 6 times: The worker died unexpectedly while executing"),
        (ray.exceptions.OutOfMemoryError("no memory\nmore"), "its worker died 6 times: no memory"),
    ],
)
def test_how_a_run_ends(answer, outcome, tmp_path, monkeypatch, caplog):
    """Only a run that returned None has finished. The others say why, each for itself."""
    caplog.set_level("INFO", "absl")
    Tasks(monkeypatch, answer, None)
    outcomes = engine.run([ONE_STAGE, TWO_STAGES], tmp_path, None)
    assert list(outcomes) == ["seed=4", "lr=1,seed=3"] and outcomes["lr=1,seed=3"] is None
    found = outcomes["seed=4"]
    assert found == outcome or (outcome and outcome.startswith("its") and found.startswith(outcome)), found
    assert found is None or "\n" not in found
    (line,) = (each for each in caplog.messages if each.startswith("seed=4: "))
    words = "finished" if answer is None else "stopped" if outcome == "stopped" else f"failed: {outcome}"
    assert line.startswith(f"seed=4: {words}")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_every_run_once(number, tmp_path, monkeypatch):
    """The runs are asked to stop, not killed. Then the sweep waits until the last one has saved."""
    before = signal.signal(number, signal.default_int_handler)  # where a shell ignores Ctrl-C, it would stay ignored
    stopped = ray.exceptions.TaskCancelledError()
    tasks, waits = Tasks(monkeypatch, stopped, stopped), []

    def wait(references, num_returns, timeout):
        waits.append((list(references), num_returns, timeout))
        if len(waits) == 1:
            signal.raise_signal(number)
        return (references, []) if len(waits) > 2 else ([], references)

    monkeypatch.setattr(ray, "wait", wait)
    try:
        assert set(engine.run([TWO_STAGES, ONE_STAGE], tmp_path, None).values()) == {"stopped"}
    finally:
        signal.signal(number, before)
    every = [f"reference {n}" for n in range(1, 7)]
    assert tasks.cancelled == [(reference, False) for reference in every]
    assert waits[0] == (["reference 4", "reference 6"], 2, 1.0) and waits[-1] == (every, 6, 60)


NODES = [
    {"Alive": True, "NodeID": "a" * 56, "NodeManagerHostname": "first", "Resources": {"CPU": 4.0, "GPU": 1.0}},
    {"Alive": False, "NodeID": "b" * 56, "NodeManagerHostname": "dead", "Resources": {"CPU": 64.0, "GPU": 8.0}},
    {"Alive": True, "NodeID": "c" * 56, "NodeManagerHostname": "second", "Resources": {"CPU": 6.0}},
]


@pytest.mark.parametrize(
    ("answers", "problem"),
    [
        ([None, None], None),
        ([None, "No such file or directory"], "node second does not see it (No such file or directory)"),
        ([ValueError("a\nno gan_tf there"), None], "node first does not see it (no gan_tf there)"),
    ],
)
def test_every_node_looks_for_a_mark(answers, problem, tmp_path, monkeypatch):
    """It is a new file with random text, and it is gone afterwards, whatever the nodes have said."""
    monkeypatch.setattr(ray, "nodes", lambda: NODES)
    tasks = Tasks(monkeypatch, *answers)
    get, there = tasks.get, []
    monkeypatch.setattr(
        ray, "get", lambda *given, **options: there.append(os.listdir(tmp_path)) or get(*given, **options)
    )
    if problem is None:
        engine.require_shared(tmp_path)
    else:
        with pytest.raises(SweepError) as error:
            engine.require_shared(tmp_path)
        assert str(error.value) == f"--out_dir={tmp_path}: {problem}; name a shared folder."
    asked = 1 if problem and "first" in problem else 2
    nodes = [options["scheduling_strategy"] for options in tasks.options]
    assert [(node.node_id, node.soft) for node in nodes] == [("a" * 56, False), ("c" * 56, False)][:asked]
    assert all(options["num_cpus"] == options["max_retries"] == 0 for options in tasks.options)
    (name, mark, text), *_ = tasks.calls
    assert name == "sees" and len(text) == 32 and tasks.calls == asked * [(name, mark, text)]
    assert there == asked * [[os.path.basename(mark)]] and os.listdir(tmp_path) == []


def test_what_a_node_sees(tmp_path):
    (tmp_path / "mark").write_text("abc")
    assert worker.sees(tmp_path / "mark", "abc") is None
    assert worker.sees(tmp_path / "mark", "abd") == "another file"
    assert worker.sees(tmp_path / "nothing", "abc") == "No such file or directory"


@pytest.mark.parametrize(
    ("cpus", "gpus", "problem"),
    [
        (6, 1, None),
        (1, 0.25, None),
        (7, 0, "--cpus_per_run=7, but no machine has more than 6"),
        (1, 1.5, "--gpus_per_run=1.5, but no machine has more than 1"),
    ],
)
def test_a_run_must_fit_on_a_machine(cpus, gpus, problem, monkeypatch):
    """On one that is alive. Ray starts with all cores that this process may use, and ends in any case."""
    calls = []
    monkeypatch.setenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "1")
    monkeypatch.setattr(limits, "cores", lambda: 11)
    monkeypatch.setattr(ray, "nodes", lambda: NODES)
    monkeypatch.setattr(ray, "init", lambda *given, **options: calls.append((given, options)))
    monkeypatch.setattr(ray, "shutdown", lambda: calls.append("shutdown"))
    try:
        with engine.cluster(None, cpus, gpus):
            calls.append("within")
        assert problem is None
    except SweepError as error:
        assert str(error) == f"{problem}; name a lower number."
    (given, options), *rest = calls
    assert given == ("local",) and options["num_cpus"] == 11 and options["include_dashboard"] is False
    assert rest == (["within", "shutdown"] if problem is None else ["shutdown"])
    assert os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] == "0", "Ray's name for: listen on loopback alone"


def test_an_address_is_tried_before_ray_is():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        for address in (f"127.0.0.1:{port}", f"ray://127.0.0.1:{port}", "auto"):
            engine.require_answer(address)
    for address in (f"127.0.0.1:{port}", f"ray://127.0.0.1:{port}", "127.0.0.1", "nonsense:x"):
        with pytest.raises(SweepError, match=rf"^--address={address}: no cluster answers there \("):
            engine.require_answer(address)
