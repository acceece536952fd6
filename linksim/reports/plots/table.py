"""Curves out of the `results.csv` of one run or several."""

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from linksim.common.errors import InputError
from linksim.metrics.measure import Measure
from linksim.results.differences import Values, values_by_point
from linksim.results.frame import Row
from linksim.results.lines import measured, number, read_lines
from linksim.results.measures import how_to_get, measure


@dataclass(frozen=True)
class Curve:
    """A metric of one scheme against SNR, by rising SNR; infeasible points are absent.

    Attributes:
        label: the scheme's name, with the run's where several runs share it.
        scheme: the scheme's name.
        folder: of its run.
        number: its place among all schemes of the runs, so that it looks the same in every figure.
        snr_db, value, low, high: `[n]`; `low` and `high` are the ends of the 95 % interval, NaN where unknown.
        ebn0_db: Eb/N0 `[n]`, NaN where unknown.
        sizes: what in the metric depends on the images' size, e.g. the scales of MS-SSIM, as the tables have it.
        values: by SNR those of each image and repetition, for differences; {} where they were not asked for or are
            not there.
    """

    label: str
    scheme: str
    folder: Path
    number: int
    snr_db: np.ndarray
    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    ebn0_db: np.ndarray
    sizes: frozenset[Any] = frozenset()
    values: Mapping[float, Values] = field(default_factory=dict)


def measured_metrics(folders: Sequence[Path]) -> list[str]:
    """Metrics of which at least one of the runs has a value."""
    return measured(line for folder in folders for line in read_lines(folder))


def read_curves(folders: Sequence[Path], metric: str) -> list[Curve]:
    """The curves of a metric in all runs, in the order of the tables.

    Raises:
        InputError: unknown metric, none of the runs has it, or a folder is given twice.
    """
    measure(metric)  # refuses what is none
    names = run_names(folders)
    tables = [read_lines(folder) for folder in folders]
    owners = [scheme for table in tables for scheme in dict.fromkeys(line["scheme"] for line in table)]
    curves, place = [], 0
    for folder, name, table in zip(folders, names, tables, strict=True):
        for scheme in dict.fromkeys(line["scheme"] for line in table):
            label = f"{scheme} ({name})" if owners.count(scheme) > 1 else scheme
            curve = _curve([line for line in table if line["scheme"] == scheme], label, folder, place, measure(metric))
            place += 1
            if len(curve.value):
                curves.append(curve)
    if not curves:
        raise InputError(f"metric {metric!r}: no values in {', '.join(map(str, folders))}; {how_to_get(metric)}")
    return curves


def run_names(folders: Sequence[Path]) -> list[str]:
    """What tells runs apart: the ends of their paths, each as long as it must be.

    Raises:
        InputError: a folder is given twice.
    """
    parts = [folder.resolve().parts for folder in folders]
    for i, given in enumerate(parts):
        if given in parts[:i]:
            raise InputError(f"{folders[i]}: given twice; name each results folder once")
    return ["/".join(given[-_told_apart(given, [other for other in parts if other != given]) :]) for given in parts]


def _told_apart(given: tuple[str, ...], others: list[tuple[str, ...]]) -> int:
    """The least number of last parts that no other path ends with."""
    return next(n for n in range(1, len(given) + 1) if all(other[-n:] != given[-n:] for other in others))


def with_values(curves: Sequence[Curve], folders: Sequence[Path], metric: str) -> list[Curve]:
    """The curves with what each image and repetition has, from the `images.parquet` of the runs that have one."""
    from linksim.results import read_images

    column = measure(metric).column
    found: dict[tuple[Path, str], dict[float, Values]] = {}
    for folder in folders:
        wanted = ["scheme", "snr_db", "image", "repetition", column]
        images = read_images(folder, wanted) if os.path.lexists(folder / "images.parquet") else None
        if images is not None and column in images.columns:
            for (scheme, snr_db), values in values_by_point(images, column).items():
                found.setdefault((folder, scheme), {})[snr_db] = values
    return [replace(curve, values=found.get((curve.folder, curve.scheme), {})) for curve in curves]


def _curve(lines: list[Row], label: str, folder: Path, place: int, shown: Measure) -> Curve:
    ok = [line for line in lines if line["status"] == "ok" and not math.isnan(number(line, shown.column))]
    ok.sort(key=lambda line: float(line["snr_db"]))
    columns = ("snr_db", shown.column, f"{shown.column}_low", f"{shown.column}_high", "ebn0_db")
    snr_db, value, low, high, ebn0_db = (np.array([number(line, column) for line in ok]) for column in columns)
    sizes = frozenset(line.get(shown.size_column, "") for line in ok)
    return Curve(label, lines[0]["scheme"], folder, place, snr_db, value, low, high, ebn0_db, sizes)
