"""From a YAML file and `--set` overrides to a validated model."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from linksim.common.plugins import PluginError, fault_of_plugin, plugin_call, plugin_of
from linksim.common.reading.overrides import apply_overrides
from linksim.common.reading.plain import plain
from linksim.common.reading.problems import quote_numbers, validation_problem
from linksim.common.reading.yaml_files import read_yaml

Model = TypeVar("Model", bound=BaseModel)

# A corrected literal may lead to another model of a union, with literals of its own.
_ROUNDS = 4


def validate(data: Mapping[str, Any], model: type[Model], source: str) -> Model:
    """`data` as `model`, strictly: "6" is no number, 1.0 no whole number. Raises `InputError` (one line).

    A number where one of several texts is wanted counts as the text (`chroma: 422`).
    """
    content = plain(data, source)
    for _ in range(_ROUNDS):
        try:
            return _validate(content, model)
        except ValidationError as error:
            if quote_numbers(error, content):
                continue
            raise validation_problem(error, model, content, source) from None
    return _validate(content, model)


def _validate(data: Any, model: type[Model]) -> Model:
    """Through JSON, because strict validation of Python data would refuse a list for a tuple."""
    try:
        found = model.model_validate_json(json.dumps(data), strict=True)
    except ValidationError as error:
        for problem in error.errors(include_url=False):
            cause = problem.get("ctx", {}).get("error")
            if isinstance(cause, PluginError):
                raise cause from None
        raise
    except Exception as error:
        raise fault_of_plugin(error, "config") or error from error
    _check_writable(found)
    return found


def _check_writable(model: BaseModel) -> None:
    """Refuse a plug-in's values that could not be written into a results folder, before anything is run."""
    values = [value for field in type(model).model_fields for value in _each(getattr(model, field))]
    for part in values:
        if isinstance(part, BaseModel):
            _check_writable(part)
    if plugin := plugin_of(type(model)):
        with plugin_call(*plugin, "config"):
            model.model_dump_json()
            if plugin[0] == "channel":  # links are told apart by their configurations
                hash(model)


def _each(value: Any) -> Sequence[Any]:
    return value if isinstance(value, tuple | list) else (value,)


def load(path: str | Path, model: type[Model], overrides: Sequence[str] = ()) -> Model:
    """The YAML file `path` with `overrides` applied, as `model`. Raises `InputError`."""
    return validate(apply_overrides(read_yaml(path), overrides), model, str(path))
