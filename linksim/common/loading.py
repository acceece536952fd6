"""From a YAML file and `--set` overrides to a validated model."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from linksim.common.overrides import apply_overrides
from linksim.common.problems import validation_problem
from linksim.common.yaml_files import read_yaml

Model = TypeVar("Model", bound=BaseModel)


def validate(data: dict[str, Any], model: type[Model], source: str) -> Model:
    """`data` as `model`, strictly: "6" is no number, 1.0 no whole number. Raises `InputError` (one line)."""
    # Through JSON, because strict validation of Python data would refuse a list for a tuple.
    try:
        return model.model_validate_json(json.dumps(data, default=str), strict=True)
    except ValidationError as error:
        raise validation_problem(error, model, data, source) from None


def load(path: str | Path, model: type[Model], overrides: Sequence[str] = ()) -> Model:
    """The YAML file `path` with `overrides` applied, as `model`. Raises `InputError`."""
    return validate(apply_overrides(read_yaml(path), list(overrides)), model, str(path))
