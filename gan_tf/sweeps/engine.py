"""Runs the stages of a sweep on Ray: on this machine, or on a cluster."""

import contextlib
import logging
import os
import secrets
import socket
import warnings
from pathlib import Path
from urllib.parse import urlsplit

from gan_tf import limits, messages
from gan_tf.runs.signals import StopSignals
from gan_tf.sweeps import worker
from gan_tf.sweeps.grid import SweepError
from gan_tf.sweeps.progress import Progress

MISSING = "a sweep needs Ray; install it with: pip install -e '.[sweep]'"
RETRIES = 5  # after the death of a worker or of its node
MEMORY = 1.4  # GB of a run on MNIST (experiments.speed.plan measured 1.24)
ANSWER = 10  # seconds for a cluster to answer
POLL = 1.0  # seconds between two looks at the runs
SAVE = 60  # seconds for the runs to save and stop, after Ctrl-C


def available():
    """True if Ray is installed. Does not import it."""
    import importlib.util

    return importlib.util.find_spec("ray") is not None


@contextlib.contextmanager
def cluster(address, cpus_per_run, gpus_per_run):
    """A context with a connection to Ray: to the cluster at `address`, or to one that is made for this sweep.

    The latter listens on the loopback interface alone. Raises SweepError if there is no cluster, or if no node of it
    has `cpus_per_run` cores and `gpus_per_run` GPUs.
    """
    if not address:
        # Ray has no other switch for this. The name is that of another purpose.
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    import ray

    logging.getLogger("ray._private.authentication").setLevel(logging.ERROR)  # it says that authentication is on
    options = {"log_to_driver": False, "configure_logging": False, "logging_level": logging.ERROR}
    if address:
        require_answer(address)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the error says the same
                ray.init(address, **options)
        except Exception as error:
            why = str(error).splitlines()[0].rstrip(".")
            hint = "if it asks for a token, set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN"
            raise SweepError(f"--address={address}: no connection to a cluster ({why}); {hint}.") from error
    else:
        ray.init("local", num_cpus=limits.cores(), include_dashboard=False, **options)
    try:
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        for flag, resource, wanted in (("cpus_per_run", "CPU", cpus_per_run), ("gpus_per_run", "GPU", gpus_per_run)):
            most = max(node.get(resource, 0) for node in nodes)
            if wanted > most:
                raise SweepError(f"--{flag}={wanted:g}, but no machine has more than {most:g}; name a lower number.")
        yield
    finally:
        ray.shutdown()


def require_answer(address):
    """Raises SweepError if `address` names a host and a port, and nobody answers there."""
    where = urlsplit(address if "//" in address else f"//{address}")
    if address == "auto":
        return
    try:
        socket.create_connection((where.hostname, where.port), ANSWER / 2).close()
    except (OSError, TypeError, ValueError) as error:
        raise SweepError(f"--address={address}: no cluster answers there ({error}); see ray start --help.") from error


def require_shared(out_dir):
    """Raises SweepError if a node of the cluster does not see the folder `out_dir`, or has no gan_tf."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    mark, text = Path(out_dir).resolve() / f"new-{secrets.token_hex(4)}", secrets.token_hex(16)
    mark.write_text(text)
    try:
        for node in ray.nodes():
            if not node["Alive"]:
                continue
            strategy = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
            look = ray.remote(num_cpus=0, scheduling_strategy=strategy, max_retries=0)(worker.sees)
            try:
                problem = ray.get(look.remote(str(mark), text), timeout=60)
            except Exception as error:
                problem = messages.last_line(error)
            if problem:
                name = node["NodeManagerHostname"]
                raise SweepError(f"--out_dir={out_dir}: node {name} does not see it ({problem}); name a shared folder.")
    finally:
        mark.unlink()


def run(runs, out_dir, features, cpus_per_run=1, gpus_per_run=0, memory_per_run=MEMORY):
    """Trains all `runs` (grid.Run) in `out_dir`, stage by stage, and measures each stage.

    Call it within `cluster`, with runs that are not finished. Stages that are there already are not trained again.
    `features` is the folder for `worker.measure`, or None. Ray starts no more runs than fit into memory, if each takes
    `memory_per_run` GB. Returns {name of a run: None, or what went wrong}, in one line each. After Ctrl-C the runs that
    are training save and stop. They and those that have not started return `worker.STOPPED`. A second Ctrl-C ends the
    process at once.
    """
    import ray

    out_dir = Path(out_dir).resolve()
    share = {"num_cpus": cpus_per_run, "num_gpus": gpus_per_run, "memory": memory_per_run * 1e9}
    share["max_retries"] = RETRIES
    train, measure = (ray.remote(max_calls=1, **share)(task) for task in (worker.train, worker.measure))
    machine = [f"--threads={max(1, int(cpus_per_run))}", f"--device={'gpu' if gpus_per_run else 'cpu'}"]
    last, every, outcomes = {}, [], {}
    for each in runs:
        run_dir, before = str(out_dir / each.name), None
        for stage in each.stages:
            if worker.finished(run_dir, [stage]):
                continue
            before = train.remote(before, run_dir, each.module, [*each.arguments(stage, out_dir), *machine])
            every.append(before)
            before = measure.remote(before, run_dir, stage, features, each.gan)
            every.append(before)
        last[before] = each
    with StopSignals() as signals, Progress(runs, out_dir) as progress:
        stopping = False
        while last:
            done, _ = ray.wait(list(last), num_returns=len(last), timeout=POLL)
            for reference in done:
                name = last.pop(reference).name
                outcomes[name] = _outcome(reference)
                progress.ended(name, outcomes[name])
            progress.update()
            if signals.number and not stopping:
                stopping = True
                for reference in every:
                    ray.cancel(reference, force=False)
        if stopping:  # what waited for a training is cancelled at once; the training itself still saves
            ray.wait(every, num_returns=len(every), timeout=SAVE)
    return outcomes


def _outcome(reference):
    import ray

    try:
        return ray.get(reference)
    except ray.exceptions.TaskCancelledError:
        return worker.STOPPED
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, KeyboardInterrupt | ray.exceptions.TaskCancelledError):
            return worker.STOPPED
        return messages.last_line(error.cause)
    except ray.exceptions.RayError as error:
        return f"its worker died {RETRIES + 1} times: {messages.reason(error)}"
