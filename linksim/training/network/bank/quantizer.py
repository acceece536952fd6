"""The quantizer of a bank: each state's codebook, of which a step sees and changes one."""

from typing import Any

import keras
import numpy as np
from keras import ops

from linksim.codebook.labels import bits_per_index, valid_label
from linksim.training.config import TrainConfig
from linksim.training.network import losses
from linksim.training.network.bank.drawn import Drawn
from linksim.training.network.quantizer import Quantized, Quantizer

FAR = 1e9
"""Distance to a codeword that is not there."""


class BankQuantizer(Quantizer):
    """A `Quantizer` that is that of the state drawn; its variables have a leading axis V of states.

    Codebooks smaller than the largest are filled up with words that are never chosen: they are far from everything,
    nothing arrives at them, and their counts are 0.

    Attributes:
        sizes: K_v of every state; `size` is the largest.
    """

    def __init__(self, config: TrainConfig, drawn: Drawn) -> None:
        assert config.bank is not None
        self._drawn = drawn
        self.sizes = config.bank.sizes(config.model.codebook_size)
        super().__init__(config)

    def _add_codewords(self, shape: tuple[int, ...], config: TrainConfig) -> None:
        states = len(self.sizes)
        self._codewords = self.add_weight(
            shape=(states, *shape),
            initializer=keras.initializers.RandomNormal(0.0, 1.0, seed=config.seed),
            trainable=not self.ema,
            name="codewords",
        )
        self._counts = self.add_weight(shape=(states, *shape[:-1]), initializer="ones", trainable=False, name="counts")
        self._sums = self.add_weight(shape=(states, *shape), initializer="zeros", trainable=False, name="sums")
        there = self._there()
        self._counts.assign(np.broadcast_to(there[:, None, None], (states, *shape[:-1])))

    def _there(self) -> np.ndarray:
        """1 for the codewords that a state has, else 0: float32 `[V, K]`."""
        return (np.arange(self.size) < np.array(self.sizes)[:, None]).astype(np.float32)

    @property
    def codewords(self) -> Any:
        return self._drawn.of(self._codewords)

    @property
    def counts(self) -> Any:
        return self._drawn.of(self._counts)

    @property
    def sums(self) -> Any:
        return self._drawn.of(self._sums)

    def put(self, codewords: Any, counts: Any, sums: Any) -> None:
        """Put in codewords and moving averages of the state."""
        for stacked, value in ((self._codewords, codewords), (self._counts, counts), (self._sums, sums)):
            self._drawn.put(stacked, value)

    def _choosable(self, distances: Any) -> Any:
        return ops.where(self._drawn.of(self._there())[None] > 0, distances, FAR)

    def arrived(self, indices: Any, flips: Any) -> Any:
        """Indices that arrive of sent ones with error patterns (XOR) of as many bits as the state's codebook has."""
        tables = np.zeros((len(self.sizes), 2 ** bits_per_index(self.size)), np.float32)  # exact up to 2^24
        for v, size in enumerate(self.sizes):
            labels = np.arange(2 ** bits_per_index(size))
            tables[v, : len(labels)] = valid_label(labels, size)
        table = ops.cast(self._drawn.of(tables), "int32")
        return ops.take(table, ops.bitwise_xor(ops.cast(indices, "int32"), flips), axis=0)

    def transition(self, bit_error_rate: Any, labelling: losses.Labelling) -> Any:
        """`P(j | i)` of a binary symmetric channel and a codebook of the state's size, `[K, K]`; words that are not
        there stay to themselves.
        """
        found = {size: self._padded(size, bit_error_rate, labelling) for size in set(self.sizes)}
        return self._drawn.of(ops.stack([found[size] for size in self.sizes]))

    def _padded(self, size: int, bit_error_rate: Any, labelling: losses.Labelling) -> Any:
        rest = self.size - size
        own = ops.pad(losses.transition_matrix(size, bit_error_rate, labelling), ((0, rest), (0, rest)))
        return own + np.diag((np.arange(self.size) >= size).astype(np.float32))


class OneCodebook:
    """The codebook of one state between steps, as the `Quantizer` that it would be alone: what `care` and `export` take.

    Whoever uses it has to look at that state, before and while he does (`Drawn.see`).
    """

    def __init__(self, bank: BankQuantizer, state: int) -> None:
        self._bank, self.size = bank, bank.sizes[state]
        self.stages, self.heads, self.ema, self.head_dim = bank.stages, bank.heads, bank.ema, bank.head_dim
        self.head = bank.head

    def __call__(self, z: Any) -> Quantized:
        return self._bank(z)

    @property
    def codewords(self) -> np.ndarray:
        """`[S, H, K_v, D / H]`."""
        return np.array(self._bank.codewords)[:, :, : self.size]

    @property
    def counts(self) -> np.ndarray:
        """`[S, H, K_v]`."""
        return np.array(self._bank.counts)[:, :, : self.size]

    @property
    def sums(self) -> np.ndarray:
        """`[S, H, K_v, D / H]`."""
        return np.array(self._bank.sums)[:, :, : self.size]

    def put(self, codewords: np.ndarray, counts: np.ndarray, sums: np.ndarray) -> None:
        """As of `Quantizer`."""
        wholes = [np.array(whole) for whole in (self._bank.codewords, self._bank.counts, self._bank.sums)]
        for whole, own in zip(wholes, (codewords, counts, sums), strict=True):
            whole[:, :, : self.size] = own
        self._bank.put(*wholes)

    def set_codewords(self, codewords: np.ndarray, counts: np.ndarray) -> None:
        """As of `Quantizer`."""
        self.put(codewords, counts, codewords * counts[..., None])
