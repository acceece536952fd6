"""Label assignment: order a codebook so that likely bit errors lead to near codewords (pseudo-Gray coding)."""

from collections.abc import Callable

import numpy as np

from linksim.codebook.assignment import swapping
from linksim.codebook.assignment.bisection import bisection_order
from linksim.codebook.assignment.chain import chain
from linksim.codebook.stages import Stages
from linksim.codebook.theory import channel_distortion
from linksim.common.seeds import generator


class _Search:
    """The best order found so far; it starts with the labels as they are, so it never gets worse than these."""

    def __init__(self, codebook: np.ndarray, usage: np.ndarray, bit_error_rate: float, seed: int) -> None:
        self.codebook, self.usage = np.asarray(codebook), np.asarray(usage)
        self.bit_error_rate, self.seed = bit_error_rate, seed
        self.order = np.arange(len(codebook))
        self.least = self.price(self.order)

    def price(self, order: np.ndarray) -> float:
        return channel_distortion(self.codebook[order], self.usage[order], self.bit_error_rate)

    def descend(self, order: np.ndarray, max_sweeps: int) -> None:
        """Binary switching from `order` to where no swap lowers D_c by a millionth of what a codeword costs on average."""
        size = len(order)
        for number in range(max_sweeps):
            state = swapping.start(self.codebook, self.usage, self.bit_error_rate, order)
            turns = generator(self.seed, number, "binary switching").permutation(size)
            swaps = swapping.sweep(state, turns, 1e-6 * self.least / size)
            order = np.argsort(state.label)
            self.keep(order)
            if swaps == 0:
                break

    def anneal(self, order: np.ndarray, sweeps: int, hottest: float, coldest: float) -> np.ndarray:
        """Order after heat-bath passes at temperatures that fall geometrically, in units of what a codeword costs on
        average.
        """
        each = max(self.price(order) / len(order), 1e-30)  # 0 without bit errors
        temperatures = each * np.geomspace(hottest, coldest, sweeps)
        for number, temperature in enumerate(temperatures):
            state = swapping.start(self.codebook, self.usage, self.bit_error_rate, order)
            rng = generator(self.seed, number, "heat bath")
            swapping.heat_bath(state, rng.permutation(len(order)), rng.random(len(order)), temperature)
            order = np.argsort(state.label)
        return order

    def keep(self, order: np.ndarray) -> None:
        price = self.price(order)
        if price < self.least:
            self.order, self.least = order, price


def binary_switching(
    codebook: np.ndarray, usage: np.ndarray, bit_error_rate: float, seed: int = 0, max_sweeps: int = 50
) -> np.ndarray:
    """Order `[K]` in which the codewords have to be put so that their new indices are good labels.

    Zeger and Gersho (1990): swap two labels wherever that lowers D_c (eq. 18, exact labels, hard receiver), until no
    swap does. Two starts, the labels as they are and `bisection_order`; the better end is kept. D_c of
    `codebook[order]` with `usage[order]` is never above that of the labels as they are. Takes under a second for K =
    512 and some 10 seconds for K = 4096, D = 32.

    Args:
        codebook: `[K, D]`, any K.
        usage: `[K]`, sum 1.
        bit_error_rate: the rate at which D_c is lowered.
        seed: of the order in which codewords have their turn.
        max_sweeps: turns that each codeword has at most, per start.
    """
    search = _Search(codebook, usage, bit_error_rate, seed)
    search.descend(np.arange(len(codebook)), max_sweeps)
    search.descend(bisection_order(codebook), max_sweeps)
    return search.order


def simulated_annealing(
    codebook: np.ndarray,
    usage: np.ndarray,
    bit_error_rate: float,
    seed: int = 0,
    sweeps: int = 100,
    max_sweeps: int = 50,
) -> np.ndarray:
    """Like `binary_switching`, but first each codeword has `sweeps` turns to swap labels at random, worse ones under
    a falling temperature.

    It ends some per cent below binary switching and takes a few times as long.
    """
    search = _Search(codebook, usage, bit_error_rate, seed)
    search.descend(search.anneal(bisection_order(codebook), sweeps, 0.5, 0.001), max_sweeps)
    return search.order


METHODS: dict[str, Callable[..., np.ndarray]] = {
    "binary-switching": binary_switching,
    "annealing": simulated_annealing,
    "chain": chain,
}


def order_stages(stages: Stages, bit_error_rate: float, method: str = "binary-switching", seed: int = 0) -> np.ndarray:
    """Orders int64 `[S, H, K]` for `Stages.reordered`: the labels of every head of every stage, each for itself.

    D_c of each head is never raised, save by `chain`, which does not search; what the errors of different stages have in common (`stage_theory`) is not
    looked at.

    Args:
        stages: codewords and usage.
        bit_error_rate: the rate at which D_c is lowered.
        method: of `METHODS`.
        seed: of the search.
    """
    search = METHODS[method]
    pairs = zip(stages.codewords, stages.usage, strict=True)
    return np.array([[search(e, p, bit_error_rate, seed) for e, p in zip(*pair, strict=True)] for pair in pairs])
