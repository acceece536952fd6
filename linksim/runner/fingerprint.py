"""What determines a result, as a SHA-256: the id under which a point is stored and found again."""

import hashlib
import json
from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import Any

from linksim.common.version import __version__
from linksim.link.air import fading
from linksim.schemes import plugins as schemes

# What a point's numbers depend on: neither the runner's own files nor figures.
_CODE = (
    "common/seeds.py",
    "data/images.py",
    "data/decode.py",
    "link",
    "codecs",
    "codebook",
    "semantic",
    "metrics",
    "schemes",
    "runner/simulation",
)
_LIBRARIES = ("sionna-no-rt", "tensorflow", "keras", "numpy", "pillow", "av", "scikit-image", "numba")


def canonical_json(value: Any) -> str:
    """JSON text that is equal for equal values: sorted keys, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(value: Any) -> str:
    """SHA-256 of the canonical JSON of `value`, hexadecimal."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


@cache
def simulation_version() -> str:
    """SHA-256 over the source of everything that a point's numbers depend on.

    A changed codec or link therefore never meets the results of the old one; figures and tables may change freely.
    """
    root = Path(str(files("linksim")))
    hasher = hashlib.sha256()
    for entry in _CODE:
        path = root / entry
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            hasher.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return hasher.hexdigest()


def plugin_packages(channel: Any, configs: Iterable[Any]) -> dict[str, str]:
    """Name and version of the package behind a link's channel and behind schemes, by kind; empty where all are linksim's own."""
    found = {f"channel {kind}": plugin.package for kind, plugin in fading.plugins().items() if kind == channel.kind}
    kinds = {config.kind for config in configs}
    return found | {f"scheme {kind}": plugin.package for kind, plugin in schemes.plugins().items() if kind in kinds}


def library_versions() -> dict[str, str]:
    """Versions of linksim and of the libraries that compute its numbers."""
    versions = {"linksim": __version__}
    for name in _LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "absent"
    return versions
