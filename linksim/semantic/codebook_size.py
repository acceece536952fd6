"""`linksim codebook-size`: the optimal codebook size of eq. 21 on given features."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from linksim.errors import InputError
from linksim.semantic.assignment import binary_switching
from linksim.semantic.kmeans import kmeans, nearest
from linksim.semantic.theory import distortion, index_frequencies, optimal_size

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZES = (16, 32, 64, 128, 256, 512, 1024, 2048, 4096)


@dataclass(frozen=True)
class SizeStudy:
    """D_q `[sizes]`, D_c with its cross term and objective `[rates, sizes]`, `K*` `[rates]`; squared distances per vector."""

    sizes: np.ndarray
    bit_error_rates: np.ndarray
    quantization: np.ndarray
    channel: np.ndarray
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
    iterations: int = 20,
) -> SizeStudy:
    """K-means codebooks of all `sizes` on features `[n, D]`, and eq. 21 at each bit-error rate.

    Args:
        n_vectors: indices per image, n of `R = n ceil(log2 K)`.
        mu: price of a bit, squared distance per bit.
        labelling: `random`, eq. 17; or `exact`, with labels assigned by binary switching at each bit-error rate.

    Raises:
        InputError: fewer features than the largest codebook.
    """
    if len(features) < max(sizes):
        raise InputError(f"{len(features)} features: a codebook of {max(sizes)} needs as many; give more images")
    quantization = np.empty(len(sizes))
    channel = np.empty((len(bit_error_rates), len(sizes)))
    for k, size in enumerate(sizes):
        codebook, _ = kmeans(features, size, iterations, seed)
        indices = nearest(features, codebook)
        usage = index_frequencies(indices, size)
        for r, rate in enumerate(bit_error_rates):
            order = np.arange(size) if labelling == "random" else binary_switching(codebook, usage, rate, seed)
            new_index = np.argsort(order)[indices]
            parts = distortion(features, new_index, codebook[order], rate, labelling)
            quantization[k], channel[r, k] = parts.quantization, parts.channel + parts.cross
    found = [optimal_size(np.array(sizes), quantization, row, n_vectors, mu) for row in channel]
    best, objective = np.array([f[0] for f in found]), np.stack([f[1] for f in found])
    return SizeStudy(np.array(sizes), np.array(bit_error_rates), quantization, channel, objective, best)


def draw_sizes(study: SizeStudy) -> "Figure":
    """Two panels: D_q, D_c and the objective against K, and K* against the bit-error rate."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), layout="constrained")
    curves, best = figure.subplots(1, 2)
    curves.plot(study.sizes, study.quantization, color="0.2", marker="o", ms=4, label="D_q")
    rate_term = study.objective[0] - study.quantization - study.channel[0]
    curves.plot(study.sizes, rate_term, color="0.6", ls=":", label="rate term")
    for r, rate in enumerate(study.bit_error_rates):
        (line,) = curves.plot(study.sizes, study.objective[r], marker="o", ms=4, label=f"objective, {rate:g}")
        curves.plot(study.sizes, study.channel[r], color=line.get_color(), ls="--", label=f"D_c, {rate:g}")
        k = int(np.argmin(study.objective[r]))
        curves.plot(study.sizes[k], study.objective[r, k], "*", color=line.get_color(), ms=14)
    curves.set_xscale("log", base=2)
    curves.set(xlabel="codebook size K", ylabel="squared distance per vector", ylim=(0, None))
    curves.set_title("eq. 21; stars mark K*, numbers are bit-error rates")
    figure.legend(*curves.get_legend_handles_labels(), loc="outside right upper", frameon=False, fontsize=8)
    best.plot(study.bit_error_rates, study.best, marker="o")
    best.set_yscale("log", base=2)
    best.set(xlabel="bit-error rate", ylabel="K*", ylim=(study.sizes[0] / 1.4, study.sizes[-1] * 1.4))
    best.set_title("optimal codebook size")
    for axes in (curves, best):
        axes.spines[["top", "right"]].set_visible(False)
    return figure
