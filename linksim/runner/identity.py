"""The id of a point: a SHA-256 over all that determines its result."""

import hashlib
import json
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import Any

from linksim.common.errors import InputError
from linksim.common.plugin_code import code_digest
from linksim.common.plugins import PluginError
from linksim.common.version import __version__
from linksim.link.air import fading
from linksim.scenario import Scenario
from linksim.schemes.identity import identity
from linksim.schemes.plugins import plugins

# What a point's numbers depend on: neither the runner's own files nor figures.
_CODE = (
    "common/seeds.py",
    "data/images.py",
    "data/decode.py",
    "link",
    "codecs",
    "codebook",
    "semantic",
    "onnx",
    "jscc",
    "metrics",
    "schemes",
    "runner/simulation",
)
# In those rooms, but no part of a simulation: label search and calibration, cards, other labels for a checkpoint.
_NOT_SIMULATED = ("codebook/assignment", "codebook/calibration.py", "semantic/card.py", "semantic/relabel.py")
_LIBRARIES = (
    "sionna-no-rt",
    "tensorflow",
    "keras",
    "numpy",
    "scipy",
    "pillow",
    "av",
    "scikit-image",
    "numba",
    "onnxruntime",
)


def canonical_json(value: Any) -> str:
    """JSON text that is equal for equal values: sorted keys, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(value: Any) -> str:
    """SHA-256 of the canonical JSON of `value`, hexadecimal."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def simulation_files() -> list[Path]:
    """The source files that a point's numbers depend on."""
    root = Path(str(files("linksim")))
    places = [root / entry for entry in _CODE]
    found = [file for place in places for file in (sorted(place.rglob("*.py")) if place.is_dir() else [place])]
    return [file for file in found if not file.relative_to(root).as_posix().startswith(_NOT_SIMULATED)]


@cache
def simulation_version() -> str:
    """SHA-256 over `simulation_files`.

    A changed codec or link therefore never meets the results of the old one; figures and tables may change freely.
    """
    root = Path(str(files("linksim")))
    hasher = hashlib.sha256()
    for file in simulation_files():
        hasher.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return hasher.hexdigest()


@cache
def library_versions() -> dict[str, str]:
    """Versions of linksim and of the libraries that compute its numbers. Two encoders' results never share a table."""
    versions = {"linksim": __version__}
    for name in _LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "absent"
    return versions


def all_versions() -> dict[str, str]:
    """`library_versions` and the hash of linksim's own code."""
    return library_versions() | {"linksim's simulation code": simulation_version()}


def channel_identity(channel: Any) -> dict[str, str]:
    """Package and code behind a channel of another package; empty for linksim's own."""
    plugin = fading.plugins().get(channel.kind)
    return {"package": plugin.package, "code": code_digest(plugin.module)} if plugin else {}


def scheme_identities(scenario: Scenario) -> dict[str, dict[str, str]]:
    """By scheme, the hashes of everything outside its configuration that it depends on.

    Raises:
        InputError: a checkpoint is unknown or unreadable; the message names the scheme.
    """
    hashes = {}
    for config in scenario.schemes:
        try:
            hashes[config.name] = identity(config)
        except PluginError:
            raise
        except InputError as error:
            raise InputError(f"schemes.{config.name}.{error}") from error
    return hashes


def plugin_packages(scenario: Scenario) -> dict[str, str]:
    """Name and version of the package behind a link's channel and behind schemes, by kind; empty where all are
    linksim's own.
    """
    channel = scenario.link.channel.kind
    found = {f"channel {kind}": plugin.package for kind, plugin in fading.plugins().items() if kind == channel}
    kinds = {config.kind for config in scenario.schemes}
    return found | {f"scheme {kind}": plugin.package for kind, plugin in plugins().items() if kind in kinds}
