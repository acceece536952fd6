"""How far LLRs can be trusted, and the one scale that makes them more honest."""

import numpy as np
from scipy.optimize import minimize_scalar

from linksim.common.errors import InputError


def reliability_curve(llr: np.ndarray, bits: np.ndarray, edges: np.ndarray) -> dict[str, np.ndarray]:
    """Claimed against measured error rate of the decisions, in bins of `|llr|` between `edges` `[b + 1]`.

    Returns:
        `claimed`, the mean of `1 / (1 + exp|llr|)`, and `measured`, both `[b]` and NaN in empty bins; `count` `[b]`.
        Over-confident LLRs have `measured` above `claimed`.
    """
    size = np.abs(np.asarray(llr, np.float64))
    wrong = (np.asarray(llr) > 0) != (np.asarray(bits) > 0)
    count = np.histogram(size, edges)[0]
    claim = np.exp(-np.logaddexp(0, size))
    with np.errstate(invalid="ignore"):
        claimed = np.histogram(size, edges, weights=claim)[0] / count
        measured = np.histogram(size, edges, weights=wrong.astype(np.float64))[0] / count
    return {"claimed": claimed, "measured": measured, "count": count}


def fit_llr_scale(llr: np.ndarray, bits: np.ndarray) -> float:
    """The factor in 0.001 .. 10 on the LLRs under which the sent bits are most likely.

    Minimizes the mean of `log(1 + exp(-scale * llr * (2b - 1)))`, which is convex in the scale.

    Raises:
        InputError: no LLRs, or not one per bit.
    """
    if llr.size == 0 or llr.shape != bits.shape:
        raise InputError(f"LLRs {llr.shape} and bits {bits.shape}: one LLR per bit and at least one are needed")
    margin = np.clip(np.asarray(llr, np.float64), -1e4, 1e4) * (2.0 * bits - 1.0)
    found = minimize_scalar(
        lambda log_scale: np.logaddexp(0, -np.exp(log_scale) * margin).mean(),
        bounds=(np.log(1e-3), np.log(10.0)),
        method="bounded",
    )
    return float(np.exp(found.x))
