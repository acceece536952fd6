"""Unequal error protection: which bits of an index matter, and where in the payload they go."""

from dataclasses import dataclass

import numpy as np

from linksim.codebook.labels import bits_per_index, valid_label
from linksim.common.errors import InputError


def bit_importance(codebook: np.ndarray, usage: np.ndarray) -> np.ndarray:
    """Mean squared distance that a flip of each bit of an index causes: float64 `[m]`, most significant bit first."""
    e = np.asarray(codebook, np.float64)
    m = bits_per_index(len(e))
    sent = np.arange(len(e))
    received = [valid_label(sent ^ (1 << (m - 1 - bit)), len(e)) for bit in range(m)]
    return np.array([usage @ ((e - e[j]) ** 2).sum(-1) for j in received])


def level_permutation(importance: np.ndarray, levels: np.ndarray, block_bits: int) -> np.ndarray:
    """Where the link has to carry which bit: `sent = payload[order]`, int64 `[n * m]`; `undo(sent, order)` inverts it.

    Args:
        importance: of each bit of an index, `[m]`.
        levels: reliability level of every position of the payload, `[n * m]`, 0 the strongest.
        block_bits: payload bits of a block; no bit leaves its block, so that a block that is lost costs no more indices than before.

    The most important bits in a block take its strongest positions. Positions of one level keep the payload's order.
    """
    m = len(importance)
    if len(levels) % m:
        raise InputError(f"{len(levels)} levels: not a multiple of the {m} bits of an index")
    rank = np.empty(m, np.int64)
    rank[np.argsort(-np.asarray(importance), kind="stable")] = np.arange(m)
    block = np.arange(len(levels)) // block_bits
    order = np.empty(len(levels), np.int64)
    order[np.lexsort((levels, block))] = np.lexsort((np.tile(rank, len(levels) // m), block))
    return order


def undo(sent: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Bits or LLRs `[n * m]` in the link's order back in the payload's."""
    out = np.empty_like(sent)
    out[order] = sent
    return out


@dataclass(frozen=True)
class Split:
    """The payload as two streams: `strong` of the bits of an index behind a stronger code than the rest.

    Attributes:
        strong: which bits of an index, bool `[m]`.
    """

    strong: np.ndarray

    @classmethod
    def most_important(cls, importance: np.ndarray, strong_bits: int) -> "Split":
        """The `strong_bits` most important ones are strong.

        Raises:
            InputError: none or all of them.
        """
        m = len(importance)
        if not 0 < strong_bits < m:
            raise InputError(f"strong_bits {strong_bits}: an index has {m} bits; give 1..{m - 1}")
        strong = np.zeros(m, bool)
        strong[np.argsort(-np.asarray(importance), kind="stable")[:strong_bits]] = True
        return cls(strong)

    def streams(self, payload: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Strong and weak stream of a payload `[n * m]`."""
        rows = payload.reshape(-1, len(self.strong))
        return rows[:, self.strong].reshape(-1), rows[:, ~self.strong].reshape(-1)

    def join(self, strong: np.ndarray, weak: np.ndarray) -> np.ndarray:
        """Bits or LLRs of the two streams back in the payload's order `[n * m]`."""
        share = int(self.strong.sum())
        out = np.empty((len(strong) // share, len(self.strong)), strong.dtype)
        out[:, self.strong] = strong.reshape(-1, share)
        out[:, ~self.strong] = weak.reshape(-1, len(self.strong) - share)
        return out.reshape(-1)

    def weak_rate(self, code_rate: float, strong_rate: float) -> float:
        """Code rate of the weak stream at which both take the channel uses of one code of `code_rate`.

        `m / R = m_s / R_s + m_w / R_w`.

        Raises:
            InputError: the strong code leaves the weak bits no room at a rate below 1.
        """
        m, share = len(self.strong), int(self.strong.sum())
        room = m / code_rate - share / strong_rate
        if room <= m - share:
            raise InputError(
                f"strong_rate {strong_rate} for {share} of {m} bits leaves no room for the others at code rate {code_rate};"
                " raise strong_rate or protect fewer bits"
            )
        return (m - share) / room
