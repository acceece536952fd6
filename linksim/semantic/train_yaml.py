"""Reading a training YAML: overrides, validation, and errors of one line."""

import difflib
import hashlib
import json
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from linksim.errors import InputError
from linksim.semantic.config import TrainConfig


def read_train_config(path: str | Path, overrides: list[str]) -> TrainConfig:
    """The training configuration of a YAML file with `key.sub=value` overrides.

    Raises:
        InputError: names file, field, value and what is allowed.
    """
    try:
        data = yaml.safe_load(Path(path).read_text())
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); give the path of a training YAML") from error
    except yaml.YAMLError as error:
        raise InputError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(data, dict):
        raise InputError(f"{path}: a training YAML is a mapping with at least `name:`")
    for override in overrides:
        _override(data, override)
    try:
        return TrainConfig(**data)
    except ValidationError as error:
        raise InputError(f"{path}: {_explain(error)}") from error


def _override(data: dict[str, Any], text: str) -> None:
    key, separator, value = text.partition("=")
    if not separator:
        raise InputError(f"--set {text}: write key=value, e.g. --set losses.entropy.weight=0.02")
    *parents, last = key.split(".")
    for parent in parents:
        data = data.setdefault(parent, {})
        if not isinstance(data, dict):
            raise InputError(f"--set {text}: {parent} is not a mapping")
    data[last] = yaml.safe_load(value)


def _explain(error: ValidationError) -> str:
    """The first problem, in one line; an unknown key with the nearest known one."""
    problems = error.errors()
    problem = next((p for p in problems if p["type"] == "extra_forbidden"), problems[0])
    where = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        known = _fields_at(problem["loc"][:-1])
        near = difflib.get_close_matches(str(problem["loc"][-1]), known, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
        return f"{where}: unknown key; {hint}"
    return f"{where}: {problem['msg']}, got {problem['input']!r}" if where else problem["msg"]


def _fields_at(location: tuple[int | str, ...]) -> list[str]:
    model: type[BaseModel] = TrainConfig
    for part in location:
        annotation = model.model_fields[str(part)].annotation
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return []
        model = annotation
    return list(model.model_fields)


def run_hash(config: TrainConfig) -> str:
    """SHA-256 of all that determines a run, to know its state from another's."""
    return hashlib.sha256(json.dumps(config.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()
