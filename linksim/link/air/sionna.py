"""`link.engine: sionna`: Sionna's own mapper, channel and demapper on the random numbers of the compiled way.

It is the reference that the compiled way is proven equal to. Each block goes through the graph by itself: how a sum is
rounded may depend on the place of a number in its tensor, and a block's LLRs must not depend on what goes with it.
"""

from typing import Any

import numpy as np
import tensorflow as tf
from sionna.phy.channel import ApplyFlatFadingChannel
from sionna.phy.mapping import Constellation, Demapper, Mapper

from linksim.link.air.air import Air, BlockKey, Equalized
from linksim.link.air.channel import Realizations
from linksim.link.air.demapping import SMALLEST_GAIN
from linksim.link.air.flat import FlatAir


class SionnaMapping(Air):
    """An `Air` whose bits go through Sionna's `Mapper` and `Demapper`."""

    def llrs(self, coded: np.ndarray, realization: Any) -> np.ndarray:
        """As `Air.llrs`."""
        scrambling = realization.scrambling
        # Built here, because `Air` has no constructor; Sionna keeps the constellation's points only.
        kind = ("pam", 1) if self.bits_per_symbol == 1 else ("qam", self.bits_per_symbol)
        constellation = Constellation(*kind)
        mapper = Mapper(constellation=constellation)
        demapper = Demapper("app" if self.exact else "maxlog", constellation=constellation)
        bits = (coded ^ scrambling).astype(np.float32)
        received = self.send(mapper(tf.constant(bits)).numpy(), realization)
        llr = np.empty(coded.shape, np.float32)
        for row, (symbols, variance) in enumerate(zip(received.symbols, received.noise_variance, strict=True)):
            llr[row] = demapper(tf.constant(symbols), tf.constant(variance)).numpy()
        return np.where(scrambling, -llr, llr)


class SionnaFlatAir(SionnaMapping, FlatAir):
    """Flat fading by Sionna's `ApplyFlatFadingChannel`, equalized by dividing by the estimate."""

    def send(self, symbols: np.ndarray, realization: Realizations) -> Equalized:
        """As `FlatAir.send`."""
        n = symbols.shape[1]
        channel = ApplyFlatFadingChannel()
        received = np.empty(symbols.shape, np.complex64)
        for row, sent in enumerate(symbols):
            fading = realization.fading[min(row, len(realization.fading) - 1), :n]
            matrices = tf.reshape(tf.constant(np.broadcast_to(fading, sent.shape)), [n, 1, 1])
            received[row] = channel(tf.constant(sent[:, None]), matrices).numpy()[:, 0]
        received += realization.noise[:, :n]
        estimate = realization.estimate[:, :n]
        gain = np.maximum(np.abs(estimate) ** 2, SMALLEST_GAIN)
        variance = np.broadcast_to(realization.noise_variance / gain, received.shape)
        return Equalized(received * np.conj(estimate) / gain, variance.astype(np.float32))

    def block_llrs(
        self, es_no_db: float, keys: list[BlockKey], coded: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """As `Air.block_llrs`, by this class's own parts."""
        return Air.block_llrs(self, es_no_db, keys, coded)
