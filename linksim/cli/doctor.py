"""The state of this machine: libraries, data and programs that are there, and how to get those that are not."""

import importlib.metadata
import platform
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from linksim import data
from linksim.common.errors import LinksimError
from linksim.common.system import usable_cores
from linksim.data.store.catalog import GROUPS, ITEMS
from linksim.data.store.locate import find
from linksim.metrics.registry import metrics

_PACKAGES = (
    "linksim",
    "sionna-no-rt",
    "tensorflow",
    "keras",
    "numpy",
    "scipy",
    "scikit-image",
    "pillow",
    "av",
    "numba",
    "pandas",
    "dask",
)

# What codecs and metrics are tried with: large enough for all of them.
_PICTURE = (np.add.outer(np.arange(192), np.arange(192))[..., None] + np.array([0, 20, 40])).astype(np.uint8)


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        topic: heading under which it stands.
        name: what was looked for.
        found: version or place; empty if it is missing.
        remedy: what gets it where it is missing.
        broken: why what is there cannot be used; empty if it can, or is not there.
    """

    topic: str
    name: str
    found: str
    remedy: str = ""
    broken: str = ""


def report() -> str:
    """The findings as text: a line each under their topics, and a last line that says how many things are missing."""
    lines: list[str] = []
    topic = ""
    findings = examine()
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        if finding.topic != topic:
            topic = finding.topic
            lines += ["", f"{topic}:"] if lines else [f"{topic}:"]
        problem = f"broken ({finding.broken})" if finding.broken else "missing"
        lines.append(f"  {finding.name:<{width}}  {finding.found or f'{problem}; {finding.remedy}'}")
    missing = sum(not finding.found for finding in findings)
    broken = " or broken" if any(finding.broken for finding in findings) else ""
    lines += ["", f"{missing} missing{broken}; each such line says what gets it." if missing else "Nothing is missing."]
    return "\n".join(lines)


def examine() -> list[Finding]:
    """Everything that is looked for, and tried where it is there. Imports TensorFlow; downloads nothing."""
    return [*_versions(), *_devices(), *_codecs(), *_checkpoints(), *_data(), *_perceptual(), *_metrics()]


def _versions() -> list[Finding]:
    findings = [Finding("Versions", "python", platform.python_version())]
    for package in _PACKAGES:
        version = _version(package)
        extra = "linksim[cluster]" if package == "dask" else package
        findings.append(Finding("Versions", package, version, f"pip install '{extra}'"))
    return findings


def _devices() -> list[Finding]:
    from linksim.common.tensorflow import import_tensorflow

    import_tensorflow()
    import keras
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    names = [tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name) for gpu in gpus]
    return [
        Finding("Devices", "CPU", f"{usable_cores()} cores, {platform.machine()}"),
        Finding("Devices", "GPU", ", ".join(names) or "none that TensorFlow sees; linksim runs on the CPU"),
        Finding("Devices", "Keras backend", keras.backend.backend()),
    ]


def _codecs() -> list[Finding]:
    from PIL import features

    from linksim.codecs import bpg, jpeg
    from linksim.codecs.bpg import hevc, reference

    def bpg_works() -> None:
        hevc.require_encoder()
        bpg.decode(bpg.encode(_PICTURE, 30, preset="ultrafast"), _PICTURE.shape[:2])

    found = [
        _checked(
            Finding("Codecs", "JPEG (Pillow)", features.version("jpg") or "", "pip install --force-reinstall pillow"),
            lambda: jpeg.decode(jpeg.encode(_PICTURE, 50), _PICTURE.shape[:2]),
        ),
        _checked(
            Finding("Codecs", "BPG (x265 in PyAV)", f"PyAV {_version('av')}", "pip install --force-reinstall av"),
            bpg_works,
        ),
    ]
    for name in ("bpgenc", "bpgdec"):
        try:
            place = reference.program(name)
        except LinksimError:
            place = "none on the PATH; only needed for comparisons with the reference codec"
        found.append(Finding("Codecs", name, place))
    return found


def _checkpoints() -> list[Finding]:
    from linksim.jscc.checkpoint import KIND, JsccCheckpoint
    from linksim.semantic.checkpoint import Checkpoint
    from linksim.semantic.finding import find_checkpoint, network_kind, pretrained_names

    def read(name: str) -> None:
        data = find_checkpoint(name)[1]
        (JsccCheckpoint if network_kind(data) == KIND else Checkpoint).from_bytes(data)

    names, remedy = pretrained_names(None), "pip install --force-reinstall linksim"
    broken = {name: reason for name in names if (reason := _failure(partial(read, name)))}
    whole = ", ".join(name for name in names if name not in broken)
    return [
        Finding("Checkpoints", "shipped", whole, remedy),
        *(Finding("Checkpoints", name, "", remedy, reason) for name, reason in broken.items()),
    ]


def _data() -> list[Finding]:
    from linksim.data.weights import load_weights

    topics = {"images": "Image sets", "weights": "Weights"}
    found = []
    for status in data.list_items():
        finding = Finding(
            topics[status.kind],
            status.name,
            f"{status.place or ''}{f' ({status.subset})' if status.subset else ''}",
            status.command + (f"  ({status.download_bytes / 1e6:.0f} MB)" if status.download_bytes > 1e6 else ""),
        )
        read = _look_at_images if status.kind == "images" else load_weights
        found.append(_checked(finding, partial(read, status.name)))
    return sorted(found, key=lambda finding: finding.topic)


def _look_at_images(name: str) -> None:
    """Headers of all images of a set. Raises `InputError` for the first bad one."""
    from linksim.data.decode import image_size

    for file in data.all_image_files(name):
        image_size(file)


def _perceptual() -> list[Finding]:
    from linksim.metrics.lpips_v01 import lpips

    found = []
    for group, names in GROUPS.items():
        net: Any = group.removeprefix("lpips-")
        there = all(find(ITEMS[name]) for name in names)
        finding = Finding("Perceptual metrics", group, "ready" if there else "", f"linksim data fetch {group}")
        found.append(_checked(finding, partial(lpips, _PICTURE, _PICTURE, net)))
    return found


def _metrics() -> list[Finding]:
    found = []
    for metric in metrics().values():
        absent = [name for name in metric.data if not all(find(ITEMS[part]) for part in GROUPS.get(name, (name,)))]
        ready = f"ready, of {metric.package}" if metric.package else "ready"
        remedy = (
            f"linksim data fetch {' '.join(absent or metric.data)}"
            if metric.data
            else "see the line above, or reinstall"
        )
        finding = Finding("Metrics", metric.name, "" if absent else ready, remedy)
        found.append(_checked(finding, partial(metric.values, _PICTURE[None], _PICTURE[None])))
    return found


def _checked(finding: Finding, use: Callable[[], Any]) -> Finding:
    """The finding, where what was found can be used; else the same as broken. What is missing is not tried, nor fetched."""
    reason = _failure(use) if finding.found else ""
    return replace(finding, found="", broken=f"{finding.found}: {reason}") if reason else finding


def _failure(use: Callable[[], Any]) -> str:
    """What `use` raises, in one line; "" where it works."""
    try:
        use()
    except Exception as error:  # a broken installation fails in any way
        return " ".join((str(error) or type(error).__name__).split())
    return ""


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
