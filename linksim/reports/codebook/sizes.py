"""`linksim codebook-size`: the optimal codebook size of eq. 21 on given features."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from linksim.codebook.assignment.search import binary_switching
from linksim.codebook.kmeans import kmeans, nearest
from linksim.codebook.theory import distortion, optimal_size
from linksim.common.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZES = (16, 32, 64, 128, 256, 512, 1024, 2048, 4096)


@dataclass(frozen=True)
class SizeStudy:
    """Squared distances per vector.

    Attributes:
        sizes: K, `[sizes]`.
        bit_error_rates: `[rates]`.
        quantization: D_q `[sizes]`.
        channel: D_c with its cross term `[rates, sizes]`.
        rate_term: `mu n ceil(log2 K)` `[sizes]`.
        objective: the sum of the three `[rates, sizes]`.
        best: `K*` `[rates]`.
    """

    sizes: np.ndarray
    bit_error_rates: np.ndarray
    quantization: np.ndarray
    channel: np.ndarray
    rate_term: np.ndarray
    objective: np.ndarray
    best: np.ndarray


def study_sizes(
    features: np.ndarray,
    bit_error_rates: list[float],
    sizes: tuple[int, ...] = SIZES,
    n_vectors: int = 4096,
    mu: float = 0.0,
    labelling: str = "exact",
    seed: int = 0,
    iterations: int = 12,
    on_size: Callable[[int], None] = lambda size: None,
) -> SizeStudy:
    """K-means codebooks of all `sizes`, and eq. 21 at each bit-error rate.

    Codebooks are made on three quarters of the features and their distortion is measured on the rest: on its own
    features a codebook with few of them per codeword would look too good.

    Args:
        features: `[n, D]`, in random order.
        n_vectors: indices per image, n of `R = n ceil(log2 K)`.
        mu: price of a bit, squared distance per bit.
        labelling: `random`, eq. 17; or `exact`, with labels assigned by binary switching at the middle one of the
            bit-error rates.
        on_size: called with each size when it is done.

    Raises:
        InputError: fewer features than the largest codebook needs.
    """
    train, held_out = features[len(features) // 4 :], features[: len(features) // 4]
    if len(train) < max(sizes):
        raise InputError(
            f"{len(features)} features: a codebook of {max(sizes)} needs {-(-4 * max(sizes) // 3)}; give more images"
        )
    middle = sorted(bit_error_rates)[len(bit_error_rates) // 2]
    quantization = np.empty(len(sizes))
    channel = np.empty((len(bit_error_rates), len(sizes)))
    for k, size in enumerate(sizes):
        codebook, counts = kmeans(train, size, iterations, seed)
        if labelling == "exact":
            codebook = codebook[binary_switching(codebook, counts / counts.sum(), middle, seed, max_sweeps=10)]
        indices = nearest(held_out, codebook)
        for r, rate in enumerate(bit_error_rates):
            parts = distortion(held_out, indices, codebook, rate, labelling)
            quantization[k], channel[r, k] = parts.quantization, parts.channel + parts.cross
        on_size(size)
    found = [optimal_size(np.array(sizes), quantization, row, n_vectors, mu) for row in channel]
    objective = np.stack([curve for _, curve in found])
    return SizeStudy(
        sizes=np.array(sizes),
        bit_error_rates=np.array(bit_error_rates),
        quantization=quantization,
        channel=channel,
        rate_term=objective[0] - quantization - channel[0],
        objective=objective,
        best=np.array([best for best, _ in found]),
    )


def draw_sizes(study: SizeStudy) -> "Figure":
    """Two panels: D_q, D_c and the objective against K, and K* against the bit-error rate."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.6), layout="constrained")
    curves, best = figure.subplots(1, 2, width_ratios=[1.4, 1])
    curves.plot(study.sizes, study.quantization, color="0.2", lw=2.5, label="$D_q$")
    if study.rate_term.any():
        curves.plot(study.sizes, study.rate_term, color="0.6", ls=":", label="rate term")
    for r, rate in enumerate(study.bit_error_rates):
        (line,) = curves.plot(study.sizes, study.objective[r], marker="o", ms=4, label=f"sum at {rate:g}")
        curves.plot(study.sizes, study.channel[r], color=line.get_color(), ls="--", lw=1, label=f"$D_c$ at {rate:g}")
        k = int(np.argmin(study.objective[r]))
        curves.plot(study.sizes[k], study.objective[r, k], "*", color=line.get_color(), ms=14)
    curves.set(xlabel="codebook size K", ylabel="squared distance per vector", xscale="log", yscale="log")
    curves.set_xticks(study.sizes, [f"{size}" for size in study.sizes], fontsize=8)
    curves.set_title("distortion and rate (eq. 21) by bit-error rate; stars: K*")
    figure.legend(*curves.get_legend_handles_labels(), loc="outside right upper", frameon=False, fontsize=8)
    best.plot(study.bit_error_rates, study.best, marker="o")
    best.set(xlabel="bit-error rate", ylabel="K*", xscale="log", yscale="log")
    best.set_ylim(study.sizes[0] / 1.4, study.sizes[-1] * 1.4)
    best.set_yticks(study.sizes, [f"{size}" for size in study.sizes], fontsize=8)
    best.set_title("optimal codebook size")
    for axes in (curves, best):
        axes.minorticks_off()
        axes.spines[["top", "right"]].set_visible(False)
    return figure
