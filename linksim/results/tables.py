"""From per-image rows to one row per scheme and SNR."""

import json
import math
from collections.abc import Sequence
from typing import Any

from linksim.results.columns import metric_columns, result_columns
from linksim.results.statistics import estimate

Row = dict[str, Any]


def summarize(rows: Sequence[Row], metrics: tuple[str, ...]) -> Row:
    """The line of `results.csv` for all rows of one scheme and SNR.

    Where the scheme could not send some image within its budget the point is `infeasible` and has no metrics:
    a mean over the images that happened to fit would flatter it. `n_infeasible` says how many did not fit.
    `ber` and `bler` are of payload bits and blocks after decoding, all images together.
    """
    sent = [row for row in rows if row["status"] == "ok"]
    infeasible = len({row["image"] for row in rows if row["status"] != "ok"})
    result: Row = dict.fromkeys(result_columns(metrics), math.nan)
    result.update(
        scheme=rows[0]["scheme"],
        snr_db=rows[0]["snr_db"],
        n_images=len({row["image"] for row in rows}),
        repetitions=len({row["repetition"] for row in rows}),
        n_infeasible=infeasible,
        status="infeasible" if infeasible else "ok",
        settings=_common_settings(sent),
    )
    if infeasible:
        return result
    for column in metric_columns(metrics).values():
        result.update(_metric(sent, column))
    result.update(
        ebn0_db=_mean(sent, "ebn0_db"),
        ber=_ratio(sent, "bit_errors", "source_bits"),
        bler=_ratio(sent, "block_errors", "n_blocks"),
        outage_rate=_mean(sent, "outage"),
        rho=_mean(sent, "rho"),
        bpp=_mean(sent, "bpp"),
        channel_uses=_mean(sent, "channel_uses"),
        iterations=_mean(sent, "iterations"),
    )
    return result


def _metric(rows: Sequence[Row], column: str) -> Row:
    every = estimate([row[column] for row in rows])
    success = estimate([row[column] for row in rows if not row["outage"]])
    return {
        column: every.mean,
        f"{column}_low": every.low,
        f"{column}_high": every.high,
        f"{column}_given_success": success.mean,
    }


def _mean(rows: Sequence[Row], column: str) -> float:
    values = [float(row[column]) for row in rows if not math.isnan(row[column])]
    return math.fsum(values) / len(values) if values else math.nan


def _ratio(rows: Sequence[Row], errors: str, total: str) -> float:
    count = sum(row[total] for row in rows)
    return sum(row[errors] for row in rows) / count if count else math.nan


def _common_settings(rows: Sequence[Row]) -> str:
    """The settings that all images of the point share, such as the code an adaptive scheme chose, as JSON."""
    settings = [json.loads(row["settings"]) for row in rows]
    if not settings:
        return "{}"
    first = settings[0]
    shared = {key: value for key, value in first.items() if all(s.get(key) == value for s in settings)}
    return json.dumps(shared, sort_keys=True)
