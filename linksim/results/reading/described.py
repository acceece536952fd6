"""What a results folder says of itself: `run.json` and `scenario.yaml`, read back and looked at."""

import os
from pathlib import Path
from typing import Any

from linksim.common.errors import InputError
from linksim.common.reading.json_files import read_json
from linksim.common.reading.yaml_files import read_yaml
from linksim.metrics.registry import metrics
from linksim.results.lines import AGAIN

RESOLVED = "scenario.resolved.yaml"
"""The scenario as it was run, where `scenario.yaml` is a file of the user's own that says it in other words."""

_INFO: dict[tuple[str, ...], type] = {
    ("name",): str,
    ("finished",): bool,
    ("metrics_unavailable",): dict,
    ("images",): dict,
    ("images", "skipped"): dict,
    ("images", "sha256"): str,
    ("versions",): dict,
}
"""Types of those parts of `run.json` that are looked at; every part may be absent."""


def read_info(folder: Path) -> dict[str, Any]:
    """The content of `run.json`; {} where there is none. Raises `InputError` where it is damaged."""
    path = Path(folder) / "run.json"
    if not os.path.lexists(path):
        return {}
    info = read_json(path, AGAIN)
    for keys, kind in _INFO.items():
        value: Any = info
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        if value is not None and not isinstance(value, kind):
            raise InputError(f"{path}: {'.'.join(keys)} is a {type(value).__name__}, not a {kind.__name__}; {AGAIN}")
    return info


def scenario_file(folder: Path) -> Path | None:
    """The file with the scenario as it was run; None where there is none."""
    found = [path for name in (RESOLVED, "scenario.yaml") if os.path.lexists(path := Path(folder) / name)]
    return found[0] if found else None


def read_described_scenario(folder: Path) -> dict[str, Any]:
    """The scenario of a results folder as plain data; {} where there is none. Raises `InputError` where it is
    damaged.
    """
    path = scenario_file(folder)
    if path is None:
        return {}
    try:
        scenario = read_yaml(path)
    except InputError as error:
        raise InputError(f"{error}; put the file of the run's scenario in its place") from None
    schemes = scenario.get("schemes", [])
    if not isinstance(schemes, list) or not all(_is_scheme(scheme) for scheme in schemes):
        raise InputError(f"{path}: `schemes` is no list of schemes with names; {AGAIN}")
    return scenario


def _is_scheme(scheme: Any) -> bool:
    return (
        isinstance(scheme, dict)
        and isinstance(scheme.get("name"), str)
        and isinstance(scheme.get("kind", ""), str)
        and isinstance(scheme.get("rate_match"), str | None)
    )


def described_columns(scenario: dict[str, Any], info: dict[str, Any]) -> list[str]:
    """Columns that a run's tables have by what it says of itself: those of its scenario's metrics.

    Metrics that are not installed here, or could not be computed there, are left out.

    Args:
        scenario: as of `read_described_scenario`.
        info: as of `read_info`.
    """
    asked = scenario.get("metrics", [])
    if not isinstance(asked, list):
        return []
    there = {name: m.column for name, m in metrics().items() if name not in (info.get("metrics_unavailable") or {})}
    return [there[name] for name in asked if isinstance(name, str) and name in there]
