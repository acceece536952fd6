"""What a GPU would be given, without one: another device of TensorFlow in its place, and its settings."""

import csv
import os
import subprocess
import sys
from typing import Any

import pytest

from linksim.common.tensorflow import _prepare_gpus

SECOND_DEVICE = """
import sys
from linksim.common.tensorflow import import_tensorflow
import_tensorflow()
import tensorflow as tf

cpu, = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)

import linksim
from linksim.metrics import lpips_v01
from linksim.semantic import autoencoder

seen = set()

def note(part, tensors):
    for tensor in tensors if isinstance(tensors, (list, tuple)) else [tensors]:
        seen.add((part, tensor.device[-5:]))
    return tensors

def watched(part, build):
    # where the weights of a network lie, and what it computes
    def built(*arguments, **options):
        network = build(*arguments, **options)
        note(part, [weight.value for weight in network.weights])
        predict = network.predict_on_batch
        def predicted(inputs):
            note(part, network(inputs, training=False))
            return predict(inputs)
        network.predict_on_batch = predicted
        return network
    return built

autoencoder.build_encoder = watched("encoder", autoencoder.build_encoder)
autoencoder.build_decoder = watched("decoder", autoencoder.build_decoder)
compiled = lpips_v01.compiled

def watched_lpips(model):
    note("LPIPS", [*model._weights.values(), *model._heads])
    features, distance = compiled(model)
    return lambda x: note("LPIPS", features(x)), lambda *x: note("LPIPS", distance(*x))

lpips_v01.compiled = watched_lpips

with tf.device(sys.argv[1]):
    linksim.run(SCENARIO, sys.argv[2], figures=False)
print(*sorted("=".join(pair) for pair in seen))
"""
SCENARIO: dict[str, Any] = {
    "name": "device",
    "images": {"dataset": "samples", "count": 1, "size": 176},
    "link": {
        "code": {"kind": "ldpc5g", "rate": 0.5, "block_bits": 512, "iterations": 20, "decoder": "sionna"},
        "modulation": {"kind": "qam", "bits_per_symbol": 4},
        "channel": {"kind": "rayleigh", "coherence": "symbol"},
    },
    "sweep": {"snr_db": [4, 9, 20]},
    "metrics": ["psnr", "ms_ssim", "lpips"],
    "schemes": [
        {"name": "VQ-VAE", "kind": "semantic", "checkpoint": "vqvae"},
        {"name": "Proposed", "kind": "semantic", "checkpoint": "proposed", "damaged_checkpoint": "proposed-robust"},
        {"name": "JPEG", "kind": "jpeg", "rate_match": "VQ-VAE"},
    ],
}


class Config:
    """What of `tensorflow.config` is called, for two GPUs, the first of which is in use already."""

    def __init__(self) -> None:
        self.grown: list[str] = []
        self.tf32: list[bool] = []
        self.experimental = self

    def list_physical_devices(self, kind: str) -> list[str]:
        return ["GPU:0", "GPU:1"] if kind == "GPU" else []

    def set_memory_growth(self, device: str, enable: bool) -> None:
        if device == "GPU:0":
            raise RuntimeError("Physical devices cannot be modified after being initialized")
        self.grown += [device] * enable

    def enable_tensor_float_32_execution(self, enabled: bool) -> None:
        self.tf32.append(enabled)


@pytest.mark.parametrize("given", [None, "true", "false"])
def test_gpus_compute_in_float32_and_take_memory_as_needed(monkeypatch: pytest.MonkeyPatch, given: str | None) -> None:
    monkeypatch.delenv("TF_FORCE_GPU_ALLOW_GROWTH", raising=False)
    if given:
        monkeypatch.setenv("TF_FORCE_GPU_ALLOW_GROWTH", given)
    config = Config()
    _prepare_gpus(config)
    assert config.tf32 == [False]
    assert config.grown == ([] if given else ["GPU:1"])


def test_here_factors_are_not_rounded() -> None:
    from linksim.common.tensorflow import import_tensorflow

    import_tensorflow()
    import tensorflow as tf

    assert not tf.config.experimental.tensor_float_32_execution_enabled()


def test_networks_and_lpips_run_on_the_device_that_tensorflow_chooses(tmp_path: Any) -> None:
    tables = {}
    for device in ("CPU:0", "CPU:1"):
        script = SECOND_DEVICE.replace("SCENARIO", repr(SCENARIO))
        command = [sys.executable, "-c", script, device, str(tmp_path / device)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        parts = ("LPIPS", "decoder", "encoder")
        assert done.stdout.splitlines()[-1].split() == [f"{part}={device}" for part in parts]
        tables[device] = (tmp_path / device / "results.csv").read_bytes()
    assert tables["CPU:0"] == tables["CPU:1"]


def test_sums_in_another_order_stay_within_the_bounds_that_the_page_names(tmp_path: Any) -> None:
    """A GPU sums in another order; so do TensorFlow's own kernels, beside those of oneDNN that it takes on CPUs by default."""
    tables = []
    for kernels in ("1", "0"):
        script = SECOND_DEVICE.replace("SCENARIO", repr(SCENARIO))
        command = [sys.executable, "-c", script, "CPU:0", str(tmp_path / kernels)]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=300, env=os.environ | {"TF_ENABLE_ONEDNN_OPTS": kernels}
        )
        assert done.returncode == 0, done.stderr
        with (tmp_path / kernels / "results.csv").open() as file:
            tables.append(list(csv.DictReader(file)))
    for bound, name in ((0.0, "bler"), (0.01, "psnr_db"), (0.001, "ms_ssim"), (0.001, "lpips")):
        assert any(line[name] for line in tables[0]), name
        for a, b in zip(*tables, strict=True):
            assert (a[name] == b[name] == "") or abs(float(a[name]) - float(b[name])) <= bound, name
