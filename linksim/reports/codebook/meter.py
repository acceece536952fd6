"""`linksim codebook`: how a codebook is used, and its distortion over a channel, predicted and measured."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from linksim.codebook.payload import Layout
from linksim.codebook.quantizer import ResidualQuantizer
from linksim.codebook.receiver import Hard
from linksim.codebook.stage_theory import StagedDistortion, stage_distortion, stage_frequencies
from linksim.codebook.stages import Stages
from linksim.common.seeds import generator

BSC, LINK = "BSC", "link"


@dataclass(frozen=True)
class DistortionRow:
    """Squared distances per vector of one channel.

    Attributes:
        channel: `BSC`, simulated, or `link`, the real one.
        es_no_db: of the link in dB; NaN for a BSC.
        bit_error_rate: of the BSC; of the link as measured.
        quantization, channel_exact, cross: the parts of `predicted` (eq. 20 with its cross term), a BSC's at this
            bit-error rate with the codebook's own labels.
        channel_random: D_c by eq. 17 and 19 instead.
        predicted, measured: D_total.
        half_width: of the 95 % interval of `measured`, from the scatter of its draws.
    """

    channel: str
    es_no_db: float
    bit_error_rate: float
    quantization: float
    channel_exact: float
    cross: float
    channel_random: float
    predicted: float
    measured: float
    half_width: float

    @property
    def deviation(self) -> float:
        """`measured / predicted - 1`."""
        return self.measured / self.predicted - 1


class CodebookMeter:
    """Features `[n, D]` sent as indices of all stages of a codebook, to be measured over channels.

    Attributes:
        indices: nearest codewords, int64 `[n, S, H]`.
        usage: frequencies of the indices, float64 `[S, H, K]`.
        bits: payload of the indices.
    """

    def __init__(self, features: np.ndarray, stages: Stages) -> None:
        self.features, self.stages = features, stages
        # Measured distortion needs no variances, so the receiver is given no usage.
        self._quantizer = ResidualQuantizer(stages, lambda codebook, usage: Hard(codebook))
        self._layout = Layout.whole((len(features), 1), self._quantizer.stage_bits)
        self.indices = self._quantizer.encode(features, stages.count)
        self.bits = self._quantizer.to_bits(self.indices, self._layout)
        self.usage = stage_frequencies(self.indices, stages.size)

    def predict(self, bit_error_rate: float, stages: int | None = None) -> StagedDistortion:
        """Distortion over a BSC, exact labels, of the first so many stages (None: all)."""
        return stage_distortion(self.features, self.indices[:, :stages], self.stages, bit_error_rate)

    def predict_random(self, bit_error_rate: float) -> float:
        """D_c of random labels (eqs. 17, 19)."""
        return stage_distortion(self.features, self.indices, self.stages, bit_error_rate, "random").channel

    def _measure(self, bits: np.ndarray) -> float:
        """Mean squared distance from the features to what a hard receiver makes of received bits."""
        nothing = np.zeros(bits.size, np.float32)
        received = self._quantizer.decode(bits, nothing, nothing > 0, self._layout)
        return float(((self.features - received.features) ** 2).sum(-1).mean())

    def over_bsc(self, bit_error_rate: float, draws: int = 16, seed: int = 0) -> DistortionRow:
        """Row of a simulated binary symmetric channel, the mean of `draws` >= 2 passes of all the features."""
        received = (
            self.bits ^ (generator(seed, bit_error_rate, draw, "bsc").random(self.bits.size) < bit_error_rate)
            for draw in range(draws)
        )
        return self._row(BSC, float("nan"), received, bit_error_rate)

    def over_link(self, es_no_db: float, received: Iterable[np.ndarray]) -> DistortionRow:
        """Row of a real link that delivered `received` for `bits`, at least twice.

        Its errors come together, in the bits of one symbol and in failed blocks, so that fewer indices are wrong than
        a BSC with its bit-error rate predicts.
        """
        return self._row(LINK, es_no_db, received)

    def _row(
        self, channel: str, es_no_db: float, received: Iterable[np.ndarray], bit_error_rate: float | None = None
    ) -> DistortionRow:
        rates, measured = [], []
        for bits in received:
            rates.append(np.mean(bits != self.bits))
            measured.append(self._measure(bits))
        rate = float(np.mean(rates)) if bit_error_rate is None else bit_error_rate
        parts = self.predict(rate)
        return DistortionRow(
            channel=channel,
            es_no_db=es_no_db,
            bit_error_rate=rate,
            quantization=parts.quantization,
            channel_exact=parts.channel,
            cross=parts.cross,
            channel_random=self.predict_random(rate),
            predicted=parts.total,
            measured=float(np.mean(measured)),
            half_width=float(1.96 * np.std(measured, ddof=1) / np.sqrt(len(measured))),
        )
