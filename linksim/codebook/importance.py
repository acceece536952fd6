"""Unequal error protection: which bits of an index matter, and where in the payload they go."""

from dataclasses import dataclass

import numpy as np

from linksim.codebook.labels import bits_per_index, valid_label
from linksim.codebook.stages import Stages
from linksim.common.errors import InputError


def bit_importance(codebook: np.ndarray, usage: np.ndarray) -> np.ndarray:
    """Mean squared distance that a flip of each bit of an index causes: float64 `[m]`, most significant bit first."""
    e = np.asarray(codebook, np.float64)
    m = bits_per_index(len(e))
    sent = np.arange(len(e))
    received = [valid_label(sent ^ (1 << (m - 1 - bit)), len(e)) for bit in range(m)]
    return np.array([usage @ ((e - e[j]) ** 2).sum(-1) for j in received])


def stage_importance(stages: Stages) -> np.ndarray:
    """`bit_importance` of all bits of a vector, stage by stage and head by head: float64 `[S H m]`.

    Stages and heads add, so that flipping a bit moves the vector by as much as the codeword that it belongs to. Later
    stages, whose codewords are smaller, matter less.
    """
    pairs = [(s, h) for s in range(stages.count) for h in range(stages.heads)]
    return np.concatenate([bit_importance(stages.codewords[p], stages.usage[p]) for p in pairs])


def level_permutation(
    importance: np.ndarray, levels: np.ndarray, block_bits: int, bit_of_vector: np.ndarray | None = None
) -> np.ndarray:
    """Where the link has to carry which bit: `sent = payload[order]`, int64 `[N]`; `undo(sent, order)` inverts it.

    Args:
        importance: of each bit of a vector (or index), `[m]`.
        levels: reliability level of every position of the payload, `[N]`, 0 the strongest.
        block_bits: payload bits of a block; no bit leaves its block, so that a block that is lost costs no more
            indices than before.
        bit_of_vector: which bit of its vector each bit of the payload is, int `[N]`; None: vectors follow each other
            bit by bit.

    The most important bits in a block take its strongest positions. Positions of one level keep the payload's order.
    """
    m = len(importance)
    if bit_of_vector is None:
        if len(levels) % m:
            raise InputError(f"{len(levels)} levels: not a multiple of the {m} bits of an index")
        bit_of_vector = np.tile(np.arange(m), len(levels) // m)
    rank = np.empty(m, np.int64)
    rank[np.argsort(-np.asarray(importance), kind="stable")] = np.arange(m)
    block = np.arange(len(levels)) // block_bits
    order = np.empty(len(levels), np.int64)
    order[np.lexsort((levels, block))] = np.lexsort((rank[bit_of_vector], block))
    return order


def undo(sent: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Bits or LLRs `[N]` in the link's order back in the payload's."""
    out = np.empty_like(sent)
    out[order] = sent
    return out


@dataclass(frozen=True)
class Split:
    """The payload as two streams: `strong` of the bits of a vector behind a stronger code than the rest.

    Attributes:
        strong: which bits of a vector, bool `[m]`.
    """

    strong: np.ndarray

    @classmethod
    def most_important(cls, importance: np.ndarray, strong_bits: int) -> "Split":
        """Marks the `strong_bits` most important bits as strong.

        Raises:
            InputError: none or all of them.
        """
        m = len(importance)
        if not 0 < strong_bits < m:
            raise InputError(f"strong_bits {strong_bits}: a vector has {m} bits; give 1..{m - 1}")
        strong = np.zeros(m, bool)
        strong[np.argsort(-np.asarray(importance), kind="stable")[:strong_bits]] = True
        return cls(strong)

    def streams(self, payload: np.ndarray, bit_of_vector: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Strong and weak stream of a payload `[N]`, of which `bit_of_vector` tells which bit of its vector each bit
        is.
        """
        strong = self.strong[bit_of_vector]
        return payload[strong], payload[~strong]

    def join(self, strong: np.ndarray, weak: np.ndarray, bit_of_vector: np.ndarray) -> np.ndarray:
        """Bits or LLRs of the two streams back in the payload's order `[N]`."""
        here = self.strong[bit_of_vector]
        out = np.empty(len(here), strong.dtype)
        out[here], out[~here] = strong, weak
        return out

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
