"""`linksim codebook` of several stages: what each stage adds, without errors and over a channel."""

from dataclasses import dataclass

import numpy as np

from linksim.codebook.theory import entropy_bits
from linksim.reports.codebook.meter import CodebookMeter


@dataclass(frozen=True)
class StageRow:
    """The first `stages` stages over a BSC; squared distances per vector.

    Attributes:
        stages: how many are sent.
        bits: of a vector in them.
        entropy_bits: of the indices of the last of them, its heads added; at most `H log2 K`.
        bit_error_rate: of the BSC.
        quantization: D_q after them.
        channel_last: D_c of the last of them alone.
        between: what the channel errors of all of them have in common, `2 sum_{s<t} E d_s.d_t`.
        channel: D_c of all of them.
        total: predicted distortion, with the cross term of quantization and channel.
    """

    stages: int
    bits: int
    entropy_bits: float
    bit_error_rate: float
    quantization: float
    channel_last: float
    between: float
    channel: float
    total: float


def stage_rows(meter: CodebookMeter, bit_error_rates: list[float]) -> list[StageRow]:
    """A row for each number of stages and each bit-error rate."""
    rows = []
    for count in range(1, meter.stages.count + 1):
        entropy = sum(entropy_bits(usage) for usage in meter.usage[count - 1])
        for rate in bit_error_rates:
            parts = meter.predict(rate, count)
            rows.append(
                StageRow(
                    stages=count,
                    bits=count * meter.stages.bits_per_stage,
                    entropy_bits=entropy,
                    bit_error_rate=rate,
                    quantization=parts.quantization,
                    channel_last=parts.channel_of[-1],
                    between=parts.between,
                    channel=parts.channel,
                    total=parts.total,
                )
            )
    return rows


def stage_table(rows: list[StageRow]) -> str:
    """A line for each number of stages: bits, entropy, D_q, and the predicted distortion at each bit-error rate."""
    rates = list(dict.fromkeys(row.bit_error_rate for row in rows))
    lines = [
        f"{'stages':>6} {'bits':>5} {'entropy':>8} {'D_q':>8}" + "".join(f"{f'D at {rate:g}':>12}" for rate in rates)
    ]
    for first in range(0, len(rows), len(rates)):
        row, totals = rows[first], [row.total for row in rows[first : first + len(rates)]]
        lines.append(
            f"{row.stages:>6} {row.bits:>5} {row.entropy_bits:>8.3f} {row.quantization:>8.3f}"
            + "".join(f"{total:>12.3f}" for total in totals)
        )
    return "\n".join(lines)


def usage_table(usage: np.ndarray) -> tuple[list[str], list[tuple[float, ...]]]:
    """Header and rows of `usage.csv`: by index, and where there are several of them by stage and head, from 1."""
    if usage.shape[:2] == (1, 1):
        return ["index", "usage"], list(enumerate(usage[0, 0]))
    return ["stage", "head", "index", "usage"], [(s + 1, h + 1, k, value) for (s, h, k), value in np.ndenumerate(usage)]
