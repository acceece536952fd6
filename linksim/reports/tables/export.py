"""Results for other programs: chosen columns as CSV, and JSON in the layout of CompressAI's result files."""

import csv
import io
import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

from linksim.common.errors import InputError
from linksim.results.examples import slug
from linksim.results.files import SIGNIFICANT_DIGITS
from linksim.results.frame import Row
from linksim.results.lines import number
from linksim.results.measures import measure

_ALONGSIDE = ("rho", "bpp", "channel_uses")


def selected_csv(lines: Sequence[Row], names: Iterable[str]) -> str:
    """The measures with their intervals, and what the images cost; numbers and empty cells as in `results.csv`."""
    columns = ["scheme", "snr_db", *(column for name in names for column in _columns(name, lines))]
    columns += [*_ALONGSIDE, "n_images", "repetitions", "status"]
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(line.get(column, math.nan)) for column in columns] for line in lines)
    return buffer.getvalue()


_TWINS = {"psnr": "psnr-rgb", "ms-ssim": "ms-ssim-rgb"}


def with_twins(results: dict[str, Any]) -> dict[str, Any]:
    """Results with those that CompressAI has twice: its files of codecs have the short names, those of its models the long
    ones, and programs that read either find theirs.
    """
    return results | {twin: results[name] for name, twin in _TWINS.items() if name in results}


def compressai_files(lines: Sequence[Row], names: Sequence[str], run: str) -> dict[str, str]:
    """One JSON text for each scheme, by a file name: what CompressAI's plots read, which take one curve a file.

    Each has `name`, `description` and `results` with lists for `bpp`, `psnr` and `psnr-rgb`, `ms-ssim` and `ms-ssim-rgb`
    and whatever else `results_json` has. Schemes of which no point has a `bpp` (those that send symbols) are left out.

    Raises:
        InputError: that leaves none.
    """
    files = {}
    for table in _tables(lines, names, run):
        if "bpp" in table["results"]:
            table["results"] = with_twins(table["results"])
            files[f"{slug(table['name'])}.json"] = json.dumps(table, indent=2, ensure_ascii=False) + "\n"
    if not files:
        raise InputError("--format compressai: no scheme has bits per pixel, against which CompressAI draws; take json")
    return files


def results_json(lines: Sequence[Row], names: Sequence[str], run: str) -> str:
    """A list with an object for each scheme: `name`, `description` and `results`, a list of numbers for each quantity.

    That is how CompressAI keeps rate-distortion curves (`{"bpp": [...], "psnr": [...], "ms-ssim": [...]}`); here the
    points of a curve are SNRs (`snr-db`), and ends of intervals stand beside the means (`psnr-low`). Infeasible
    points are absent.

    Args:
        lines: those of `results.csv`.
        names: of the measures.
        run: its name, for the description.
    """
    return json.dumps(_tables(lines, names, run), indent=2, ensure_ascii=False) + "\n"


def _tables(lines: Sequence[Row], names: Sequence[str], run: str) -> list[dict[str, Any]]:
    schemes = list(dict.fromkeys(str(line["scheme"]) for line in lines))
    return [_scheme([line for line in lines if line["scheme"] == scheme], names, run) for scheme in schemes]


def _scheme(lines: list[Row], names: Sequence[str], run: str) -> dict[str, Any]:
    shown = sorted((line for line in lines if line["status"] == "ok"), key=lambda line: float(line["snr_db"]))
    keys = {"snr-db": "snr_db"} | {name.replace("_", "-"): name for name in _ALONGSIDE}
    for name in names:
        column = measure(name).column
        keys |= {f"{name.replace('_', '-')}{end}": f"{column}{end.replace('-', '_')}" for end in ("", "-low", "-high")}
    values = {key: [_plain(number(line, column)) for line in shown] for key, column in keys.items()}
    results = {key: column for key, column in values.items() if any(value is not None for value in column)}
    return {"name": str(lines[0]["scheme"]), "description": f"linksim, {run}, against Es/N0 in dB", "results": results}


def _columns(name: str, lines: Sequence[Row]) -> list[str]:
    column = measure(name).column
    there = [f"{column}{end}" for end in ("", "_low", "_high") if f"{column}{end}" in lines[0]]
    size = measure(name).size_column
    return [*there, *([size] if size in lines[0] else [])]


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else value


def _cell(value: Any) -> str:
    if not isinstance(value, float):
        return str(value)
    return "" if math.isnan(value) else f"{value:.{SIGNIFICANT_DIGITS}g}"
