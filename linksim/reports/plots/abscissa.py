"""What curves are drawn against: Es/N0, or Eb/N0."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from linksim.common.errors import InputError
from linksim.reports.plots.table import Curve

LABELS = {"esn0": "Es/N0 (dB)", "ebn0": "Eb/N0 (dB)"}
"""By name, the label of the axis."""


def against(curves: Sequence[Curve], x: str) -> list[Curve]:
    """The curves with their Eb/N0 in the place of Es/N0 where `x` is `ebn0`; those that have none are left out.

    Each scheme has its own distance between the two: the information bits per channel use, 10 log10 of them.

    Raises:
        InputError: an unknown `x`, or no curve has an Eb/N0.
    """
    if x not in LABELS:
        raise InputError(f"x {x!r}: allowed are {', '.join(LABELS)}")
    if x == "esn0":
        return list(curves)
    moved = []
    for curve in curves:
        known = np.isfinite(curve.ebn0_db)
        if known.any():
            parts = {name: getattr(curve, name)[known] for name in ("value", "low", "high", "ebn0_db")}
            moved.append(replace(curve, snr_db=curve.ebn0_db[known], **parts))
    if not moved:
        raise InputError("x 'ebn0': none of the schemes sends bits, so none has an Eb/N0; draw them against esn0")
    return moved
