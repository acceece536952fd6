"""A results folder as the report sees it."""

import math
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from linksim.common.reading.json_files import parse_json
from linksim.metrics.measure import Measure
from linksim.metrics.registry import metrics
from linksim.results import read_images, read_results
from linksim.results.conditions import EQUAL, budgets
from linksim.results.differences import PointValues, values_by_point
from linksim.results.lines import AGAIN, read_lines
from linksim.results.reading.described import described_columns, read_described_scenario, read_info, scenario_file
from linksim.results.reading.examples import load_examples

_NEEDED = ("n_images", "repetitions", "ber", "bler", "outage_rate", "rho", "channel_uses")


@dataclass(frozen=True)
class Run:
    """One results folder.

    Attributes:
        folder: where it is.
        table: `results.csv` as a pandas frame.
        info: `run.json` ({} where there is none).
        scenario_text: `scenario.yaml` ("" where there is none).
    """

    folder: Path
    table: Any
    info: dict[str, Any]
    scenario_text: str

    @property
    def name(self) -> str:
        """The scenario's name, or the folder's."""
        return str(self.info.get("name") or self.folder.resolve().name)

    @cached_property
    def scenario(self) -> dict[str, Any]:
        """The scenario as plain data."""
        return read_described_scenario(self.folder)

    @cached_property
    def schemes(self) -> list[str]:
        """Names of the schemes, in the table's order."""
        return [str(name) for name in self.table["scheme"].unique()]

    @cached_property
    def bounds(self) -> set[str]:
        """Schemes whose link is an ideal code: bounds to compare with, not schemes that can win."""
        return {
            scheme["name"]
            for scheme in self.scenario.get("schemes", [])
            if isinstance(scheme.get("mcs"), dict) and scheme["mcs"].get("kind") == "capacity"
        }

    @cached_property
    def budgets(self) -> list[tuple[float, list[str]]]:
        """Schemes that may be compared: bandwidth ratio (NaN if unknown) and names of those with equal channel uses,
        ascending.

        A scheme that is matched to another one has that one's budget, also where it does not fill it.
        """
        uses = budgets(self.lines, self.scenario)
        groups: list[tuple[float, list[str]]] = []
        last = math.nan
        for scheme in sorted(self.schemes, key=lambda name: uses[name][0]):
            count, rho = uses[scheme]
            if groups and not count - last > EQUAL * last:
                groups[-1][1].append(scheme)
            else:
                groups.append((rho, [scheme]))
                last = count
        return groups

    @cached_property
    def snrs(self) -> list[float]:
        """Es/N0 in dB, ascending."""
        return sorted(float(snr) for snr in self.table["snr_db"].unique())

    @property
    def middle_snr(self) -> float:
        """The middle one of `snrs` (the lower of two)."""
        return self.snrs[(len(self.snrs) - 1) // 2]

    @cached_property
    def measures(self) -> list[Measure]:
        """The metrics that hold a value anywhere."""
        there = [m for m in metrics().values() if m.column in self.table.columns and self.table[m.column].notna().any()]
        return [m.shown_as(self.lines) for m in there]

    @cached_property
    def lines(self) -> list[dict[str, Any]]:
        """The lines of `results.csv` as dictionaries."""
        return [{str(name): value for name, value in line.items()} for line in self.table.to_dict("records")]

    @cached_property
    def images(self) -> Any:
        """`images.parquet` as a pandas frame, or None where the file is not there."""
        path = self.folder / "images.parquet"
        return read_images(self.folder) if os.path.lexists(path) else None

    def by_point(self, column: str) -> PointValues:
        """The column of `images.parquet` by scheme and SNR, then by image and repetition; {} where there is none."""
        if column not in self._by_point:
            there = self.images is not None and column in self.images.columns
            self._by_point[column] = values_by_point(self.images, column) if there else {}
        return self._by_point[column]

    @cached_property
    def _by_point(self) -> dict[str, PointValues]:
        return {}

    @cached_property
    def examples(self) -> list[dict[str, Any]]:
        """The index of the example pictures."""
        return load_examples(self.folder)

    def rows(self, scheme: str) -> Any:
        """The scheme's lines, by SNR."""
        return self.table[self.table["scheme"] == scheme].sort_values("snr_db")

    def values(self, column: str, snr_db: float) -> dict[str, float]:
        """The column at one SNR by scheme; schemes without a value are left out."""
        rows = self.table[(self.table["snr_db"] == snr_db) & self.table[column].notna()]
        return dict(zip(rows["scheme"], rows[column].astype(float), strict=True))


def load_run(folder: Path) -> Run:
    """Read a results folder. Raises `InputError` where it holds no results, or one of its files is damaged."""
    info = read_info(folder)
    read_lines(folder, (*_NEEDED, *described_columns(read_described_scenario(folder), info)))
    scenario = scenario_file(folder)
    run = Run(folder, read_results(folder), info, scenario.read_text("utf-8") if scenario else "")
    # Whatever is damaged is found before anything is drawn.
    _ = run.images, run.examples
    for line in run.lines:
        if isinstance(settings := line.get("settings"), str):
            parse_json(settings.encode(), f"{folder}/results.csv: settings of {line['scheme']}", AGAIN)
    return run
