"""Fills rows: what was sent, what arrived, what it cost, how good it is."""

import json
import math
from typing import Any

import numpy as np

from linksim.link import Reception, SymbolReception
from linksim.metrics.registry import metric
from linksim.results.frame import Row
from linksim.results.row import LEDGER


def fill_ledger(row: Row, sent: Any, receptions: tuple[Any, ...], snr_db: float) -> None:
    """Put in what was sent and what came back of it, all streams of the image together.

    `rho` is complex channel uses over `3 H W` real source values, `bpp` is payload bits per pixel, and Eb/N0 is
    Es/N0 over the information bits per channel use.
    """
    total = {name: sum(getattr(r.ledger, name) for r in receptions) for name in LEDGER}
    pixels = row["height"] * row["width"]
    bits = [
        (stream, reception)
        for stream, reception in zip(sent.streams, receptions, strict=True)
        if isinstance(reception, Reception)
    ]
    analog = any(isinstance(reception, SymbolReception) for reception in receptions)
    errors = sum(int(np.count_nonzero(stream.bits != reception.bits)) for stream, reception in bits)
    per_use = total["information_bits"] / total["channel_uses"] if total["channel_uses"] else math.nan
    iterations = [reception.iterations for _, reception in bits if len(reception.iterations)]
    transmissions = np.concatenate([np.zeros(0, int), *(reception.transmissions for _, reception in bits)])
    row.update(
        total,
        status="ok",
        ebn0_db=round(snr_db - 10 * math.log10(per_use), 6) if per_use > 0 else math.nan,
        rho=total["channel_uses"] / (3 * pixels),
        bpp=math.nan if analog else total["source_bits"] / pixels,
        bit_errors=errors,
        block_errors=sum(int(np.count_nonzero(~reception.block_ok)) for _, reception in bits),
        iterations=float(np.concatenate(iterations).mean()) if iterations else math.nan,
        settings=json.dumps(sent.settings, sort_keys=True),
        transmissions=float(transmissions.mean()) if len(transmissions) else math.nan,
        blocks_by_transmissions=json.dumps(np.bincount(transmissions)[1:].tolist()),
    )


def fill_metrics(row: Row, values: dict[str, float], outage: bool) -> None:
    """Put in the metrics and whether the receiver noticed that the picture is lost."""
    row["outage"] = bool(outage)
    row.update({metric(name).column: float(value) for name, value in values.items()})
