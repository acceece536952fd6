"""The state of this machine: libraries, data and programs that are there, and how to get those that are not."""

import importlib.metadata
import os
import platform
from dataclasses import dataclass

from linksim import data
from linksim.common.errors import LinksimError
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


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        topic: heading under which it stands.
        name: what was looked for.
        found: version or place; empty if it is missing.
        remedy: what gets it where it is missing.
    """

    topic: str
    name: str
    found: str
    remedy: str = ""


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
        lines.append(f"  {finding.name:<{width}}  {finding.found or f'missing; {finding.remedy}'}")
    missing = sum(not finding.found for finding in findings)
    lines += ["", f"{missing} missing; each such line says what gets it." if missing else "Nothing is missing."]
    return "\n".join(lines)


def examine() -> list[Finding]:
    """Everything that is looked for. Imports TensorFlow, to name the devices it sees."""
    return [*_versions(), *_devices(), *_codecs(), *_checkpoints(), *_data(), *_perceptual(), *_metrics()]


def _versions() -> list[Finding]:
    findings = [Finding("Versions", "python", platform.python_version())]
    for package in _PACKAGES:
        try:
            version = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            version = ""
        extra = "linksim[cluster]" if package == "dask" else package
        findings.append(Finding("Versions", package, version, f"pip install '{extra}'"))
    return findings


def _devices() -> list[Finding]:
    from linksim.common.tensorflow import import_tensorflow

    import_tensorflow()
    import keras
    import tensorflow as tf

    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    gpus = tf.config.list_physical_devices("GPU")
    names = [tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name) for gpu in gpus]
    return [
        Finding("Devices", "CPU", f"{usable} cores, {platform.machine()}"),
        Finding("Devices", "GPU", ", ".join(names) or "none that TensorFlow sees; linksim runs on the CPU"),
        Finding("Devices", "Keras backend", keras.backend.backend()),
    ]


def _codecs() -> list[Finding]:
    from PIL import features

    from linksim.codecs.bpg import hevc, reference

    found = []
    jpeg = features.version("jpg") if features.check("jpg") else ""
    found.append(Finding("Codecs", "JPEG (Pillow)", jpeg or "", "pip install --force-reinstall pillow"))
    try:
        version, remedy = f"PyAV {hevc.require_encoder()}", ""
    except LinksimError as error:
        version, remedy = "", str(error)
    found.append(Finding("Codecs", "BPG (x265 in PyAV)", version, remedy))
    for name in ("bpgenc", "bpgdec"):
        try:
            place = reference.program(name)
        except LinksimError:
            place = "none on the PATH; only needed for comparisons with the reference codec"
        found.append(Finding("Codecs", name, place))
    return found


def _checkpoints() -> list[Finding]:
    from linksim.semantic.checkpoint import pretrained_names

    names = ", ".join(pretrained_names())
    return [Finding("Checkpoints", "shipped", names, "linksim train TRAIN.yaml makes one")]


def _data() -> list[Finding]:
    topics = {"images": "Image sets", "weights": "Weights"}
    return [
        Finding(
            topics[status.kind],
            status.name,
            f"{status.place or ''}{f' ({status.subset})' if status.subset else ''}",
            status.command + (f"  ({status.download_bytes / 1e6:.0f} MB)" if status.download_bytes > 1e6 else ""),
        )
        for status in data.list_items()
    ]


def _perceptual() -> list[Finding]:
    found = []
    for group, names in GROUPS.items():
        ready = all(find(ITEMS[name]) for name in names)
        found.append(Finding("Perceptual metrics", group, "ready" if ready else "", f"linksim data fetch {group}"))
    return found


def _metrics() -> list[Finding]:
    found = []
    for metric in metrics().values():
        absent = [name for name in metric.data if not all(find(ITEMS[part]) for part in GROUPS.get(name, (name,)))]
        ready = f"ready, of {metric.package}" if metric.package else "ready"
        found.append(Finding("Metrics", metric.name, "" if absent else ready, f"linksim data fetch {' '.join(absent)}"))
    return found
