"""The results folder: made, checked that it is this scenario's and can be written, and described."""

import json
from pathlib import Path
from typing import Any

from linksim.common.errors import InputError
from linksim.common.reading.loading import validate
from linksim.common.reading.yaml_files import dump_yaml, read_yaml
from linksim.common.writing import make_writable
from linksim.results.reading.described import RESOLVED, scenario_file
from linksim.results.storage.store import FILE_NAME, write_atomically
from linksim.scenario import Scenario

# Parts of a scenario that may change while its results stay: they only add points or choose among them.
_MAY_CHANGE = (
    "description",
    "sweep",
    "metrics",
    "schemes",
    "images.count",
    "images.on_error",
    "images.save",
    "link.code.early_termination",
)


def prepare(folder: Path, scenario: Scenario) -> None:
    """Make `folder` ready for `scenario` and write `scenario.yaml` into it.

    Raises:
        WriteError: it cannot be written.
        InputError: it holds results of another scenario (other name, seed, images or link).
    """
    make_writable(folder)
    _refuse_other_scenario(folder, scenario)
    _write_scenario(folder, scenario)


def _write_scenario(folder: Path, scenario: Scenario) -> None:
    """Write the resolved scenario.

    A `scenario.yaml` that a person wrote is left as it is, with its comments; where what is run is another thing, by
    overrides say, the resolved scenario comes beside it.
    """
    own, resolved = folder / "scenario.yaml", folder / RESOLVED
    content = dump_yaml(scenario.model_dump(mode="json")).encode()
    if not (own.is_file() and _is_written_by_hand(own)):
        write_atomically(own, content)
        resolved.unlink(missing_ok=True)
    elif _resolved(own) == scenario.model_dump(mode="json"):
        resolved.unlink(missing_ok=True)
    else:
        write_atomically(resolved, content)


def _is_written_by_hand(file: Path) -> bool:
    """Whether it is not what `dump_yaml` makes of its content, with comments, say, or another order."""
    return file.read_bytes() != dump_yaml(read_yaml(file)).encode()


def _resolved(file: Path) -> dict[str, Any]:
    """The scenario of a file with all its defaults; as it stands where this version cannot read it."""
    data = read_yaml(file)
    try:
        return validate(data, Scenario, str(file)).model_dump(mode="json")
    except InputError:
        return data


def _refuse_other_scenario(folder: Path, scenario: Scenario) -> None:
    file = scenario_file(folder)
    if file is None:
        if (folder / FILE_NAME).exists() or (folder / "results.csv").exists():
            raise InputError(
                f"--out {folder}: holds results without a scenario.yaml; give another folder, or put the file of their "
                "scenario there under this name"
            )
        return
    try:
        there, here = _fixed_part(_resolved(file)), _fixed_part(scenario.model_dump(mode="json"))
    except InputError as error:
        raise InputError(
            f"--out {folder}: its scenario cannot be read: {error}; put the scenario's file in its place, or give another --out"
        ) from None
    for key in dict.fromkeys((*here, *there)):
        if here.get(key) != there.get(key):
            raise InputError(
                f"--out {folder}: holds another scenario: {key} is {there.get(key)!r} there and {here.get(key)!r} here; "
                f"give another --out, or delete the folder. Only {', '.join(_MAY_CHANGE)} may change"
            )


def _fixed_part(data: Any, prefix: str = "") -> dict[str, Any]:
    """The parts that may not change, by dotted key."""
    flat: dict[str, Any] = {}
    for key, value in data.items():
        path = f"{prefix}{key}"
        if path in _MAY_CHANGE:
            continue
        if isinstance(value, dict):
            flat.update(_fixed_part(value, f"{path}."))
        else:
            flat[path] = value
    return flat


def write_run_json(folder: Path, content: dict[str, Any]) -> None:
    """Write `run.json`."""
    write_atomically(folder / "run.json", (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode())
