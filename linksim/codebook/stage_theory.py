"""Distortion of several stages and heads over a binary symmetric channel: what adds, and what stages have in common.

With `d_s = e_i - e_j` the error that the channel makes in stage s, a vector is off by `r + sum_s d_s`, r being its
quantization error. The bits of different stages meet independent errors, so given what was sent `E d_s.d_t = b_s.b_t`
with `b_s = E[d_s | i_s]`. Heads hold different dimensions, so they add without cross terms.
"""

from dataclasses import dataclass

import numpy as np

from linksim.codebook.stages import Stages
from linksim.codebook.theory import Distortion, channel_distortion, index_frequencies, mean_error


@dataclass(frozen=True)
class StagedDistortion(Distortion):
    """Squared distances per vector of several stages; `channel` and `quantization` as of one codebook (eqs. 18-20).

    Attributes:
        quantization_after: D_q after each stage, `[S]`; the last one is `quantization`.
        channel_of: D_c of each stage alone, `[S]`.
        between: `2 sum_{s<t} E d_s.d_t`, so that `channel = sum(channel_of) + between`.
    """

    quantization_after: tuple[float, ...]
    channel_of: tuple[float, ...]
    between: float


def stage_frequencies(indices: np.ndarray, size: int) -> np.ndarray:
    """Frequencies float64 `[S, H, K]` of indices `[n, S, H]`."""
    count, heads = indices.shape[1:]
    return np.array([[index_frequencies(indices[:, s, h], size) for h in range(heads)] for s in range(count)])


def stage_distortion(
    features: np.ndarray, indices: np.ndarray, stages: Stages, bit_error_rate: float, labelling: str = "exact"
) -> StagedDistortion:
    """Predicted distortion of features `[n, D]` sent as indices `[n, s, H]` of the first s stages; exact for these
    vectors.

    Args:
        features, indices: what was sent as what.
        stages: the codewords; their usage is taken from the indices.
        bit_error_rate: of the BSC.
        labelling: as in `theory.channel_distortion`.
    """
    count = indices.shape[1]
    stages = stages.first(count)
    usage = stage_frequencies(indices, stages.size)
    residual = np.asarray(features, np.float64)
    mean, between, after = np.zeros_like(residual), 0.0, []
    for s in range(count):
        shares = [stages.codewords[s, h].astype(np.float64)[indices[:, s, h]] for h in range(stages.heads)]
        residual = residual - np.concatenate(shares, axis=-1)
        after.append(float((residual**2).sum(-1).mean()))
        errors = [
            mean_error(stages.codewords[s, h], bit_error_rate, labelling)[indices[:, s, h]] for h in range(stages.heads)
        ]
        error = np.concatenate(errors, axis=-1)
        between += float(2 * (mean * error).sum(-1).mean())
        mean = mean + error
    channel = tuple(_channel(stages, usage, s, bit_error_rate, labelling) for s in range(count))
    cross = float(2 * (residual * mean).sum(-1).mean())
    return StagedDistortion(after[-1], sum(channel) + between, cross, tuple(after), channel, between)


def stage_channel_distortion(stages: Stages, bit_error_rate: float, labelling: str = "exact") -> float:
    """`D_c` of stages whose indices are independent of each other and have the stages' usage.

    `sum_s D_c(s) + sum_h (||sum_s b_sh||^2 - sum_s ||b_sh||^2)`, `b_sh` being the mean error of head h of stage s.
    """
    alone = sum(_channel(stages, stages.usage, s, bit_error_rate, labelling) for s in range(stages.count))
    mean = np.array(
        [
            [
                stages.usage[s, h] @ mean_error(stages.codewords[s, h], bit_error_rate, labelling)
                for h in range(stages.heads)
            ]
            for s in range(stages.count)
        ]
    )  # [S, H, D/H]
    return float(alone + (mean.sum(0) ** 2).sum() - (mean**2).sum())


def _channel(stages: Stages, usage: np.ndarray, s: int, bit_error_rate: float, labelling: str) -> float:
    """D_c of stage s alone, over its heads."""
    return sum(
        channel_distortion(stages.codewords[s, h], usage[s, h], bit_error_rate, labelling) for h in range(stages.heads)
    )
