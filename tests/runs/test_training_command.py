"""gan_tf.runs.training_command: the device. Tests may have no GPU, so what TensorFlow says of it is replaced."""

import types

import pytest
import tensorflow as tf

from gan_tf.runs import training_command


@pytest.fixture
def calls(monkeypatch):
    """What is said to TensorFlow, in order, on a machine with two GPUs."""
    made, config = [], tf.config
    monkeypatch.setattr(config, "list_physical_devices", lambda kind: ["first", "second"])
    monkeypatch.setattr(config, "set_visible_devices", lambda *given: made.append(("visible", *given)))
    monkeypatch.setattr(config.experimental, "set_memory_growth", lambda *given: made.append(("growth", *given)))
    monkeypatch.setattr(config.experimental, "get_device_details", lambda gpu: {"device_name": f"the {gpu} one"})
    monkeypatch.setattr(config.experimental, "enable_tensor_float_32_execution", lambda on: None)
    return made


@pytest.mark.parametrize("device", ["auto", "gpu"])
def test_only_the_first_gpu_is_taken(device, calls, monkeypatch):
    """By default TensorFlow reserves nearly all memory of all GPUs, and others may need it."""
    monkeypatch.setattr(training_command, "FLAGS", types.SimpleNamespace(threads=None, tf32=False, device=device))
    assert training_command.choose_device() == ("/GPU:0", "GPU, the first one")
    assert calls == [("visible", ["first"], "GPU"), ("growth", "first", True)]


def test_no_gpu_is_taken(calls, monkeypatch):
    monkeypatch.setattr(training_command, "FLAGS", types.SimpleNamespace(threads=None, tf32=False, device="cpu"))
    monkeypatch.setattr(training_command.limits, "cores", lambda: 3)  # those that it may use, not all
    assert training_command.choose_device() == ("/CPU:0", "CPU, 3 cores")
    assert calls == [("visible", [], "GPU")]
