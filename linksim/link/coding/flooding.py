"""Sionna's sum-product decoder with a flooding schedule, compiled by XLA and stopped early.

Sionna's decoder has no early termination. Here it runs in stages that continue from its state (equal, bit for bit, to
running through). After each stage the blocks whose decided bits fulfil every parity check leave the batch, and the
rest go on in a smaller one.
"""

from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from itertools import chain, repeat
from typing import Any

import numpy as np
import tensorflow as tf
from numba import get_num_threads
from sionna.phy.fec.ldpc import LDPCBPDecoder

from linksim.link.coding import crc
from linksim.link.coding.code import Decoded
from linksim.link.coding.graph import Graph

BATCH_SIZES = (16, 32, 64)
"""The only batch shapes that are ever compiled; a batch is padded up to the next one.

Multiples of 16, because below the width of a vector register XLA evaluates tanh differently in the last bits, and a
block's LLRs must not depend on how many blocks go with it.
"""

STAGES = (4, 2, 2, 4, 4, 4)
"""Iterations between parity checks; the last one repeats until the limit."""

LLR_MAX = 20.0
"""Sionna's limit on the magnitude of messages, also what known filler bits are given."""


class FloodingDecoder:
    """Sum-product decoding on one graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        # Built here, not when first traced: it keeps tensors that must not belong to a traced function.
        self._decoder = LDPCBPDecoder(
            graph.parity_checks.astype(np.float32),
            cn_update="boxplus",
            hard_out=False,
            return_state=True,
            llr_max=LLR_MAX,
        )
        # The decoder's first messages are the channel's LLRs, edge by edge, sorted by variable.
        self._edges = np.sort(graph.parity_checks.indices)

    def _arrived(self, soft: np.ndarray, with_crc: bool) -> np.ndarray:
        """Whether each row of LLRs fulfils every parity check, and the CRC. An undecided bit (0) fulfils nothing:
        taking it for either value would favour one codeword over another.
        """
        decided = soft > 0
        arrived = self.graph.fulfilled(decided) & np.all(soft != 0, axis=1)
        if with_crc:
            arrived[arrived] = crc.check(decided[arrived, : self.graph.k].astype(np.uint8))
        return arrived

    @cached_property
    def _stage(self) -> Any:
        """(LLRs, iterations, state) -> (LLRs after them, state). Traced once, compiled once per batch shape."""
        run = lambda llr, n, state: self._decoder(llr, num_iter=n, msg_v2c=state)  # noqa: E731
        shapes = [[None, self.graph.variables], [], [len(self._edges), None]]
        given = [
            tf.TensorSpec(shape, dtype) for shape, dtype in zip(shapes, (tf.float32, tf.int32, tf.float32), strict=True)
        ]
        return tf.function(run, input_signature=given, jit_compile=True, autograph=False)

    def decode(
        self, variables: np.ndarray, iterations: int, early_termination: bool = True, with_crc: bool = False
    ) -> Decoded:
        """Sum-product decoding with flooding schedule.

        Args:
            variables: LLRs `log P(b=1)/P(b=0)` of the variables as of `LdpcCode.spread`, float32
                `[blocks, variables]`; those beyond the graph are not looked at.
            iterations: the most that a block is given.
            early_termination: let blocks go once every parity check is fulfilled.
            with_crc: the information bits end with a CRC24A, which has to hold, too. A short code may come to rest on
                a wrong codeword.
        """
        out = np.empty((len(variables), self.graph.k), np.float32)
        taken = np.zeros(len(variables), np.int32)
        llr = np.clip(variables[:, : self.graph.variables], -LLR_MAX, LLR_MAX)
        llr[:, self.graph.filler] = -LLR_MAX

        def decode_part(start: int) -> None:
            part = slice(start, start + size)
            out[part], taken[part] = self._decode_batch(llr[part], iterations, early_termination, with_crc)

        threads = get_num_threads()
        size = _size(min(-(-len(llr) // threads), BATCH_SIZES[-1]))
        with ThreadPoolExecutor(threads) as pool:  # XLA runs a batch in one thread
            list(pool.map(decode_part, range(0, len(llr), size)))
        return Decoded(out, taken)

    def _decode_batch(self, llr: np.ndarray, iterations: int, early_termination: bool, with_crc: bool) -> Decoded:
        out = np.empty((len(llr), self.graph.k), np.float32)
        taken = np.zeros(len(llr), np.int32)
        active = np.arange(len(llr))
        x = tf.gather(tf.constant(llr), _padded(active))
        state: Any = tf.gather(tf.transpose(x), self._edges)
        done = 0
        for stage in chain(STAGES, repeat(STAGES[-1])):
            step = min(stage, iterations - done)
            soft, state = self._stage(x, tf.constant(step, tf.int32), state)
            done += step
            soft = soft.numpy()[: len(active)]
            last = np.full(len(active), done >= iterations)
            settled = last if last.all() else self._arrived(soft, with_crc)
            taken[active[settled & (taken[active] == 0)]] = done
            finished = settled if early_termination else last
            out[active[finished]] = soft[finished, : self.graph.k]
            if finished.all():
                break
            if finished.any():
                kept = np.flatnonzero(~finished)
                active = active[kept]
                x, state = tf.gather(x, _padded(kept)), tf.gather(state, _padded(kept), axis=1)
        return Decoded(out, taken)


def _size(count: int) -> int:
    """The smallest batch that is compiled and holds `count` rows."""
    return next(size for size in BATCH_SIZES if size >= count)


def _padded(rows: np.ndarray) -> np.ndarray:
    """Rows of a batch, repeated up to the next size that is compiled."""
    return np.resize(rows, _size(len(rows)))
