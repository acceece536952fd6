"""Everything outside a scheme's configuration that its results depend on: weights, validation images, programs, code
of other packages.
"""

import hashlib
import shutil
from typing import Any

from linksim.common.errors import InputError
from linksim.common.plugin_code import code_digest
from linksim.common.plugins import plugin_call, plugin_error
from linksim.data.images import open_images
from linksim.metrics.registry import metric
from linksim.schemes.config import AvifConfig, BpgConfig, Jpeg2000Config, OnnxConfig, WebpConfig
from linksim.schemes.plugins import plugins

Hashes = dict[str, str]


def identity(config: Any) -> Hashes:
    """SHA-256, by name, of everything outside a scheme's configuration that its results depend on.

    A plugin may add its own: `identity(config)` beside `build`, a mapping of names to text, for the weights that it
    reads.

    Raises:
        InputError: something is not there or cannot be read; the message begins with the key of the scheme.
    """
    hashes = _checkpoints(config) | _models(config) | _validation(config) | _program(config) | _library(config)
    if config.kind in plugins():
        plugin = plugins()[config.kind]
        hashes |= {"package": plugin.package, "code": code_digest(plugin.module)} | _own(plugin.module, config)
    return hashes


def _checkpoints(config: Any) -> Hashes:
    if config.kind in plugins():
        return {}
    hashes = _own_checkpoints(config)
    for number, other in enumerate(getattr(config, "alternatives", ()), start=1):
        try:
            hashes |= {f"alternatives.{number} {key}": text for key, text in _own_checkpoints(other).items()}
        except InputError as error:
            raise InputError(f"alternatives.{number - 1}.{error}") from None
    return hashes


def _own_checkpoints(config: Any) -> Hashes:
    keys = [key for key in ("checkpoint", "damaged_checkpoint") if getattr(config, key, None) is not None]
    if not keys:
        return {}
    from linksim.semantic.finding import find_checkpoint

    return {key: hashlib.sha256(find_checkpoint(getattr(config, key), key)[1]).hexdigest() for key in keys}


def _models(config: Any) -> Hashes:
    """Of both ONNX files, which are tried before anything else is done."""
    if not isinstance(config, OnnxConfig):
        return {}
    from linksim.schemes.onnx.scheme import load_pair, model_hashes

    load_pair(config)
    return model_hashes(config)


def _validation(config: Any) -> Hashes:
    validation = getattr(getattr(config, "mcs", None), "validation", None)
    if validation is None:
        return {}
    source = open_images(validation, f"schemes.{config.name}.mcs.validation")
    try:
        sizes = source.examine()
        metric(config.mcs.metric).require_side(sizes, "images")
    except InputError as error:
        raise InputError(f"mcs.validation: {error}") from error
    hasher = hashlib.sha256()
    for i in range(len(source)):
        hasher.update(source.content_hash(i).encode())
    return {"validation": hasher.hexdigest()}


def _program(config: Any) -> Hashes:
    """The reference encoder, where it is on this machine; a cluster's workers have one of their own."""
    if not isinstance(config, BpgConfig) or config.encoder != "bpgenc" or shutil.which(config.encoder) is None:
        return {}
    from linksim.codecs.bpg.reference import program_hash

    return {"program": program_hash(config.encoder)}


def _library(config: Any) -> Hashes:
    """The version of the library that Pillow encodes with; one Pillow may be built on another one."""
    if not isinstance(config, Jpeg2000Config | WebpConfig | AvifConfig):
        return {}
    from linksim.codecs.pillow.libraries import library_version

    return {"library": library_version(config.kind)}


def _own(module: Any, config: Any) -> Hashes:
    function = getattr(module, "identity", None)
    if function is None:
        return {}
    with plugin_call("scheme", config.kind, plugins()[config.kind].package, f"{config.name}: identity"):
        found = function(config)
    if not isinstance(found, dict) or not all(isinstance(part, str) for pair in found.items() for part in pair):
        problem = f"{config.name}: identity returned {repr(found)[:80]}; a mapping of text to text is needed"
        raise plugin_error("scheme", config.kind, plugins()[config.kind].package, problem)
    return {f"own {name}": text for name, text in found.items()}
