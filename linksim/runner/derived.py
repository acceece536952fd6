"""Whether the tables of a results folder are those of the points that are stored: then they need not be made again."""

import hashlib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from linksim.common.errors import InputError
from linksim.results import PointStore
from linksim.results.reading.described import read_info
from linksim.results.reading.trial import file_sha256
from linksim.runner.identity import digest, library_versions
from linksim.runner.plan import Plan, Wanted

_TABLES = ("results.csv", "images.parquet")


def state_of(folder: Path, plan: Plan, wanted: Wanted, store: PointStore) -> dict[str, str]:
    """What tables were made of, and what they are, for `run.json`; {} where one is not there."""
    if not all((folder / name).is_file() for name in _TABLES):
        return {}
    points = [store.end, len(store), [[*point, count] for point, count in wanted.items()], plan.digests()]
    return {
        "points": digest([points, plan.scenario.metrics, _code(), library_versions()]),
        "results.csv": file_sha256(folder / _TABLES[0]),
        "images.parquet": file_sha256(folder / _TABLES[1]),
    }


def stored_run(folder: Path) -> dict[str, Any]:
    """`run.json` of a finished run; {} where there is none."""
    try:
        content = read_info(folder)
    except InputError:
        return {}
    return content if content.get("finished") is True else {}


@cache
def _code() -> str:
    """Hash of the code that makes tables."""
    hasher = hashlib.sha256()
    for room in ("results", "metrics"):
        for file in sorted(Path(str(files("linksim"))).joinpath(room).rglob("*.py")):
            hasher.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return hasher.hexdigest()
