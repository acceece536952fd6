"""`linksim codebook`: how a codebook is used, and its distortion over a channel, predicted and measured."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from linksim.seeds import generator
from linksim.semantic.labels import bits_per_index, indices_to_bits
from linksim.semantic.receiver import Hard
from linksim.semantic.theory import channel_distortion, distortion, entropy_bits, index_frequencies, perplexity

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class DistortionRow:
    """Squared distances per vector at one bit-error rate; `measured` through `channel` ("bsc", or the link's name)."""

    channel: str
    bit_error_rate: float
    quantization: float
    channel_exact: float
    channel_random: float
    predicted: float
    measured: float


@dataclass(frozen=True)
class CodebookReport:
    """Usage `[K]`, entropy in bits, perplexity, and a row per channel."""

    codebook: np.ndarray
    usage: np.ndarray
    entropy_bits: float
    perplexity: float
    rows: list[DistortionRow] = field(default_factory=list)


class CodebookMeter:
    """Features `[n, D]` sent as indices `[n]` of a codebook `[K, D]`, to be measured over channels."""

    def __init__(self, features: np.ndarray, indices: np.ndarray, codebook: np.ndarray) -> None:
        self.features, self.indices, self.codebook = features, indices, codebook
        self.bits = indices_to_bits(indices, len(codebook))
        self.usage = index_frequencies(indices, len(codebook))

    def over_bsc(self, bit_error_rate: float, seed: int = 0) -> DistortionRow:
        """Row of a simulated binary symmetric channel."""
        flips = generator(seed, bit_error_rate, "bsc").random(self.bits.size) < bit_error_rate
        return self._row("bsc", bit_error_rate, self.bits ^ flips)

    def over_link(self, name: str, received_bits: np.ndarray) -> DistortionRow:
        """Row of a real link that delivered `received_bits` for `bits`; the prediction is a BSC's at its measured bit-error rate."""
        return self._row(name, float(np.mean(received_bits != self.bits)), received_bits)

    def _row(self, channel: str, bit_error_rate: float, received_bits: np.ndarray) -> DistortionRow:
        received, _ = Hard(self.codebook).features(received_bits)
        predicted = distortion(self.features, self.indices, self.codebook, bit_error_rate)
        return DistortionRow(
            channel,
            bit_error_rate,
            predicted.quantization,
            predicted.channel,
            channel_distortion(self.codebook, self.usage, bit_error_rate, "random"),
            predicted.total,
            float(((self.features - received) ** 2).sum(-1).mean()),
        )

    def report(self, rows: list[DistortionRow]) -> CodebookReport:
        """Rows together with what does not depend on the channel."""
        return CodebookReport(self.codebook, self.usage, entropy_bits(self.usage), perplexity(self.usage), rows)


def principal_plane(codebook: np.ndarray) -> tuple[np.ndarray, float]:
    """Codewords on their two directions of largest variance `[K, 2]`, and the share of the variance that these hold."""
    centred = np.asarray(codebook, np.float64) - np.mean(codebook, 0)
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    return (u * s)[:, :2], float((s[:2] ** 2).sum() / (s**2).sum())


def draw(report: CodebookReport) -> "Figure":
    """Three panels: usage in falling order, distortion against the bit-error rate, codewords in their principal plane."""
    from matplotlib.figure import Figure

    size = len(report.usage)
    figure = Figure(figsize=(13, 4), layout="constrained")
    usage, curve, plane = figure.subplots(1, 3)
    usage.fill_between(np.arange(size), np.sort(report.usage)[::-1] * size, step="mid", alpha=0.7)
    usage.axhline(1, color="0.4", lw=1, ls="--", label="uniform")
    usage.set(xlabel="codeword, most used first", ylabel="usage / uniform usage", xlim=(0, size - 1), ylim=(0, None))
    usage.set_title(f"perplexity {report.perplexity:.0f} of {size} ({bits_per_index(size)} bits)")
    usage.legend(frameon=False)

    rows = sorted(report.rows, key=lambda row: row.bit_error_rate)
    eps = [row.bit_error_rate for row in rows]
    curve.plot(eps, [row.predicted for row in rows], label="D total, predicted")
    curve.plot(eps, [row.channel_exact for row in rows], label="D_c, exact labels")
    curve.plot(eps, [row.channel_random for row in rows], ls="--", label="D_c, random labels")
    curve.plot(eps, [row.quantization for row in rows], label="D_q")
    for channel, marker in zip(sorted({row.channel for row in rows}), "osD^v<>", strict=False):
        here = [row for row in rows if row.channel == channel]
        x, y = [row.bit_error_rate for row in here], [row.measured for row in here]
        curve.plot(x, y, marker, color="0.2", ms=5, label=f"measured, {channel}")
    curve.set(xlabel="bit-error rate", ylabel="squared distance per vector", ylim=(0, None))
    curve.set_title("distortion over the channel")
    curve.legend(frameon=False, fontsize=8)

    xy, share = principal_plane(report.codebook)
    dots = plane.scatter(*xy.T, c=report.usage * size, s=14, cmap="viridis", linewidths=0)
    figure.colorbar(dots, ax=plane, label="usage / uniform usage")
    plane.set(xlabel="first principal component", ylabel="second", aspect="equal")
    plane.set_title(f"codewords, {100 * share:.0f} % of their variance")
    for axes in (usage, curve, plane):
        axes.spines[["top", "right"]].set_visible(False)
    return figure
