"""From a YAML file and `--set` overrides to a validated model."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from linksim.scenario.files import read_yaml
from linksim.scenario.models import Scenario
from linksim.scenario.overrides import apply_overrides
from linksim.scenario.problems import validation_problem

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


def load_scenario(path: str | Path, overrides: Sequence[str] = ()) -> Scenario:
    """The scenario in the YAML file `path`.

    Args:
        path: the file.
        overrides: `KEY=VALUE` strings as for `linksim run --set`.

    Raises:
        InputError: names file, field, what was given and what is allowed.
    """
    return load(path, Scenario, overrides)
