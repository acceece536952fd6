"""A checkpoint with other labels: its codewords reordered, so that bit errors do less harm; without errors its
pictures are the same.
"""

from dataclasses import replace

import numpy as np

from linksim.codebook.assignment.search import METHODS, order_stages
from linksim.codebook.stages import Stages
from linksim.codebook.theory import channel_distortion
from linksim.common.errors import InputError
from linksim.semantic.checkpoint import Checkpoint

BIT_ERROR_RATES = (0.01, 0.05, 0.1, 0.2)
"""At which the card tells D_c before and after."""


def relabel(
    checkpoint: Checkpoint, name: str, source: str, bit_error_rate: float, method: str, seed: int
) -> Checkpoint:
    """The checkpoint under a new `name` with labels made for `bit_error_rate`.

    Its card says where the labels come from, and D_c (eq. 18, squared distance per vector) before and after; D_c at
    `bit_error_rate` is never raised, save by `chain`.

    Args:
        source: name of the checkpoint that is relabelled.
        method: of `METHODS`: `binary-switching`, `annealing` or `chain`.

    Raises:
        InputError: an unknown method.
    """
    if method not in METHODS:
        raise InputError(f"method {method!r}: must be one of {', '.join(METHODS)}")
    before = checkpoint.stages
    after = before.reordered(order_stages(before, bit_error_rate, method, seed))
    distortion = {
        str(rate): [_distortion(stages, rate) for stages in (before, after)]
        for rate in sorted({*BIT_ERROR_RATES, bit_error_rate})
    }
    # What was measured over bit errors held for the old labels only.
    validation = {key: value for key, value in checkpoint.card["validation"].items() if "ber" not in key}
    labels = {"from": source, "method": method, "bit_error_rate": bit_error_rate, "distortion": distortion}
    card = {**checkpoint.card, "name": name, "validation": validation, "labels": labels}
    return replace(checkpoint, stages=after, card=card, networks_of=None, kernels_of=None)


def _distortion(stages: Stages, bit_error_rate: float) -> float:
    """Sum of D_c over stages and heads."""
    return sum(
        channel_distortion(stages.codewords[s, h], stages.usage[s, h], bit_error_rate)
        for s, h in np.ndindex(stages.count, stages.heads)
    )
