"""The table of all metrics: linksim's own, and those of other packages through the entry-point group `linksim.metrics`.

An entry point gives a `Metric`, or an object (a module will do) with the members `label`, `higher_is_better` and
`compute(originals, pictures)`; `unit`, `decimals`, `column`, `data`, `identity` and `by_size` are as in `Metric` and
may be absent. The metric's name is `name`, or else the entry point's.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from linksim.common.errors import InputError
from linksim.common.plugins import Entry, load_entries
from linksim.common.tensorflow import import_tensorflow
from linksim.metrics.measure import find_measure
from linksim.metrics.metric import Metric, late
from linksim.metrics.sizes import BySize

GROUP = "linksim.metrics"

OWN = (
    Metric(
        name="psnr",
        column="psnr_db",
        label="PSNR",
        unit="dB",
        decimals=2,
        higher_is_better=True,
        compute=late("linksim.metrics.peak_noise:psnr"),
    ),
    Metric(
        name="ms_ssim",
        label="MS-SSIM",
        higher_is_better=True,
        compute=late("linksim.metrics.structural:ms_ssim"),
        by_size=BySize("scales", late("linksim.metrics.structural:scales_of"), usual=5),
    ),
    Metric(
        name="lpips",
        label="LPIPS",
        higher_is_better=False,
        compute=late("linksim.metrics.lpips_v01:lpips"),
        data=("lpips-alex",),
        least_side=31,
        identity=late("linksim.metrics.lpips_v01:lpips_provenance"),
    ),
    Metric(
        name="ssim",
        label="SSIM",
        higher_is_better=True,
        compute=late("linksim.metrics.structural:ssim"),
    ),
)

ALWAYS = ("psnr", "ms_ssim", "lpips")
"""Metrics with columns in every `results.csv`, so that tables of several runs can be stacked."""

_OPTIONAL: dict[str, tuple[type, ...]] = {
    "name": (str,),
    "unit": (str,),
    "decimals": (int,),
    "column": (str,),
    "data": (tuple,),
    "identity": (Callable,),  # type: ignore[dict-item]
    "by_size": (BySize,),
}


@cache
def metrics() -> dict[str, Metric]:
    """All metrics by name, linksim's own first. Raises `InputError` for a plugin that is none; it names the plugin."""
    found = {metric.name: metric for metric in OWN}
    for entry in load_entries(GROUP):
        metric = _metric(entry)
        taken = {name for other in found.values() for name in (other.name, other.column)}
        if not re.fullmatch(r"[a-z][a-z0-9_]*", metric.name) or not re.fullmatch(r"[a-z][a-z0-9_]*", metric.column):
            raise InputError(f"{entry.where}: name {metric.name!r}: small letters, digits and _ are allowed")
        if taken & {metric.name, metric.column}:
            raise InputError(f"{entry.where}: name {metric.name!r} is taken; choose another")
        found[metric.name] = metric
    return found


def _metric(entry: Entry) -> Metric:
    given = entry.object
    if isinstance(given, Metric):
        return replace(given, package=entry.package)
    label, higher = getattr(given, "label", None), getattr(given, "higher_is_better", None)
    compute = getattr(given, "compute", None)
    if not isinstance(label, str) or not isinstance(higher, bool) or not callable(compute):
        raise InputError(
            f"{entry.where}: needs `label`, a text, `higher_is_better`, True or False, "
            "and `compute(originals, pictures)`"
        )
    more: dict[str, Any] = {key: getattr(given, key) for key in _OPTIONAL if hasattr(given, key)}
    for key, value in more.items():
        if not isinstance(value, _OPTIONAL[key]):
            wanted = " or ".join(kind.__name__ for kind in _OPTIONAL[key])
            raise InputError(f"{entry.where}: {key} is of type {type(value).__name__}; it must be of type {wanted}")
    return Metric(
        **{"name": entry.name} | more, label=label, higher_is_better=higher, compute=compute, package=entry.package
    )


def metric(name: str) -> Metric:
    """The metric with this name, or with this column. Raises `InputError`, which has the nearest name."""
    return find_measure(name, metrics())


def facts(names: Iterable[str]) -> dict[str, dict[str, str]]:
    """What determines metrics' values beside linksim's code, by name; metrics without such are left out."""
    return {name: found for name in dict.fromkeys(names) if (found := _facts(metric(name)))}


@cache
def _facts(one: Metric) -> dict[str, str]:
    """They are asked for with every point, and reading a package's files takes time."""
    return one.facts()


def available(names: Sequence[str]) -> tuple[tuple[str, ...], dict[str, str]]:
    """Those of `names` that can be computed on this machine, and the reason by name for the others."""
    if any(metric(name).data or metric(name).package for name in names):
        import_tensorflow()  # quietly, before a metric imports it
    reasons = {name: metric(name).unavailable() for name in names}
    return (
        tuple(name for name, reason in reasons.items() if not reason),
        {name: reason for name, reason in reasons.items() if reason},
    )


if TYPE_CHECKING:
    MetricName = str
else:
    # A scenario names those that are installed; a typing error gets the nearest of them.
    MetricName = Literal[tuple(metrics())]
