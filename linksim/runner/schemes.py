"""The schemes of a scenario, and the hashes of what they bring along."""

import hashlib
import shutil
from typing import Any

from linksim.common.errors import InputError
from linksim.data.images import open_images
from linksim.runner.fingerprint import digest
from linksim.scenario import Scenario
from linksim.schemes.base import Scheme, SchemeContext
from linksim.schemes.registry import build_scheme


def build_schemes(scenario: Scenario) -> dict[str, Scheme]:
    """Every scheme of the scenario by its name. Raises `InputError`, e.g. for an unknown checkpoint."""
    context = SchemeContext(link=scenario.link, schemes=scenario.schemes, seed=scenario.seed)
    return {config.name: build_scheme(config, context) for config in scenario.schemes}


def check_programs(scenario: Scenario) -> None:
    """Refuse what needs a program that is not on the PATH, before anything heavy is imported. Raises `InputError`."""
    for config in scenario.schemes:
        name = getattr(config, "encoder", "")
        if name == "bpgenc" and shutil.which(name) is None:
            from linksim.codecs.bpg.reference import program

            try:
                program(name)
            except InputError as error:
                raise InputError(f"schemes.{config.name}.{error}") from None


def weights_of(scenario: Scenario) -> dict[str, str]:
    """By scheme, the SHA-256 of the checkpoint and the validation images that it uses; "" where it uses none.

    Raises:
        InputError: a checkpoint is unknown or unreadable; the message names the scheme.
    """
    hashes = {}
    for config in scenario.schemes:
        try:
            hashes[config.name] = _hash(config)
        except InputError as error:
            raise InputError(f"schemes.{config.name}.{error}") from error
    return hashes


def _hash(config: Any) -> str:
    parts = []
    for key in ("checkpoint", "damaged_checkpoint"):
        if getattr(config, key, None) is not None:
            from linksim.semantic.checkpoint import find_checkpoint

            parts.append(hashlib.sha256(find_checkpoint(getattr(config, key), key)[1]).hexdigest())
    validation = getattr(getattr(config, "mcs", None), "validation", None)
    if validation is not None:
        source = open_images(validation)
        parts.append(digest([source.content_hash(i) for i in range(len(source))]))
    return parts[0] if len(parts) == 1 else digest(parts) if parts else ""
