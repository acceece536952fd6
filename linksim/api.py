"""Python's way in: run a scenario and look at its tables."""

import operator
import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linksim.common.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from linksim.runner import Progress
    from linksim.scenario import Scenario


@dataclass(frozen=True)
class Results:
    """A results folder as pandas tables.

    Attributes:
        folder: where `linksim run` or `linksim.run` wrote.
        unavailable: reason by metric that could not be computed and whose column is empty.
    """

    folder: Path
    unavailable: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def table(self) -> "pd.DataFrame":
        """One row per scheme and SNR: the columns of `results.csv`."""
        from linksim.results import read_results

        return read_results(self.folder)

    @cached_property
    def images(self) -> "pd.DataFrame":
        """One row per image, repetition, scheme and SNR, with the whole ledger: the columns of `images.parquet`."""
        from linksim.results import read_images

        return read_images(self.folder)

    def curve(self, scheme: str, metric: str = "psnr_db") -> "pd.DataFrame":
        """`snr_db`, the metric, and the ends of its 95 % interval (`low`, `high`) of one scheme.

        Raises:
            InputError: unknown scheme or metric.
        """
        schemes = self.table["scheme"].unique().tolist()
        if scheme not in schemes:
            raise InputError(f"scheme {scheme!r} is not among the results; allowed: {', '.join(schemes)}")
        metrics = [name.removesuffix("_low") for name in self.table.columns if name.endswith("_low")]
        if metric not in metrics:
            raise InputError(f"metric {metric!r} is not a column; allowed: {', '.join(metrics)}")
        rows = self.table[self.table["scheme"] == scheme]
        columns = {"snr_db": "snr_db", metric: metric, f"{metric}_low": "low", f"{metric}_high": "high"}
        return rows[list(columns)].rename(columns=columns).reset_index(drop=True)


def run(
    scenario: "Scenario | Mapping[str, Any] | str | Path",
    out: str | Path | None = None,
    *,
    overrides: Sequence[str] = (),
    workers: int = 1,
    scheduler: str | None = None,
    slurm: str | None = None,
    figures: bool = False,
    progress: "Progress | None" = None,
) -> Results:
    """Run a scenario, or what is missing of it, as `linksim run` does.

    Args:
        scenario: a YAML file's path, the same as a dictionary, or a validated `linksim.scenario.Scenario`.
        out: results folder; default `results/<name>`.
        overrides: `KEY=VALUE` strings, as for `--set`; not with a validated scenario.
        workers: processes on this machine. In a script they need the `if __name__ == "__main__":` guard.
        scheduler, slurm: as for `linksim run`.
        figures: whether to draw figures into `out`.
        progress: told about every finished point; silent by default.

    Raises:
        InputError: bad input, in one line that says what is allowed.
        LinksimError: a failure on the way; finished points are kept.
    """
    from linksim.runner import Execution, run_scenario

    parsed = _parsed(scenario, overrides)
    workers = _whole_number("workers", workers)
    folder = Path(out) if out is not None else Path("results") / parsed.name
    outcome = run_scenario(parsed, folder, Execution(workers, scheduler, slurm), progress, figures)
    for line in outcome.failed:
        warnings.warn(line, stacklevel=2)
    return Results(folder, outcome.unavailable)


def _whole_number(name: str, value: Any) -> int:
    try:
        if not isinstance(value, bool):
            return operator.index(value)
    except TypeError:
        pass
    raise InputError(f"{name}: {value!r} is no whole number; give for example 2")


def _parsed(scenario: "Scenario | Mapping[str, Any] | str | Path", overrides: Sequence[str]) -> "Scenario":
    from linksim.common.reading.loading import validate
    from linksim.common.reading.overrides import apply_overrides
    from linksim.scenario import Scenario, load_scenario

    if isinstance(scenario, Scenario):
        if overrides:
            raise InputError("overrides go with a file or a dictionary; change a Scenario with model_copy")
        return scenario
    if isinstance(scenario, Mapping):
        return validate(apply_overrides(scenario, overrides), Scenario, "scenario")
    if not isinstance(scenario, str | os.PathLike):
        raise InputError(
            f"scenario: a value of type {type(scenario).__name__}; give the path of a YAML file, a mapping, or a Scenario"
        )
    return load_scenario(scenario, overrides)


def load_results(folder: str | Path) -> Results:
    """The results in a folder that `linksim run` has written. Raises `InputError` where there are none."""
    results = Results(Path(folder))
    if not (results.folder / "results.csv").is_file():
        raise InputError(f"{folder}: holds no results.csv; give a folder that `linksim run` has written")
    return results
