"""Hybrid ARQ: blocks that failed are sent again, round by round, until all have arrived or the budget is spent."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from linksim.link.blocks import BlockResult
from linksim.link.config import LinkConfig
from linksim.link.ledger import Ledger, blocks_within


class Delivered(NamedTuple):
    """What is left of some blocks after their last transmission, and how many each took: int32 `[blocks]`."""

    result: BlockResult
    transmissions: np.ndarray


Simulate = Callable[[np.ndarray, int], BlockResult]
"""The blocks of these numbers after so many transmissions."""


def send_until_delivered(
    config: LinkConfig, simulate: Simulate, spare: Sequence[int | None], owner: np.ndarray
) -> Delivered:
    """Send every block once, then those whose CRC fails again, at most `config.harq.most` times.

    A round sends the failed blocks of a payload in order, as many as what is left of its budget carries. The receiver
    tells without an error which ones failed.

    Args:
        config: the link.
        simulate: gives blocks after one more transmission.
        spare: channel uses that each payload may take beyond its first transmissions; None for no limit.
        owner: the payload of each block, in order, int `[blocks]`.
    """
    llr, ok, iterations = simulate(np.arange(len(owner)), 1)
    ok, iterations = ok.copy(), iterations.copy()
    transmissions = np.ones(len(owner), np.int32)
    left = list(spare)
    for sent in range(1, config.harq.most):
        failed = np.flatnonzero(~ok & (transmissions == sent))
        again: list[np.ndarray] = []
        for payload in np.unique(owner[failed]):
            candidates = failed[owner[failed] == payload]
            budget = left[payload]
            if budget is not None:
                candidates = candidates[: blocks_within(config, budget)]
                left[payload] = budget - round_uses(config, len(candidates))
            again.append(candidates)
        numbers = np.concatenate(again) if again else failed
        if not len(numbers):
            break
        llr[numbers], ok[numbers], iterations[numbers] = simulate(numbers, sent + 1)
        transmissions[numbers] = sent + 1
    return Delivered(BlockResult(llr, ok, iterations), transmissions)


def round_uses(config: LinkConfig, blocks: int) -> int:
    """Channel uses of a round that sends `blocks` blocks; whole slots where a waveform has them."""
    return config.channel_uses(blocks * config.symbols_per_block)


def with_retransmissions(config: LinkConfig, ledger: Ledger, transmissions: np.ndarray) -> Ledger:
    """The ledger of a payload whose blocks took so many transmissions, int `[n_blocks]`."""
    rounds = [int(np.count_nonzero(transmissions > sent)) for sent in range(1, int(transmissions.max(initial=1)))]
    return replace(
        ledger,
        coded_bits=ledger.coded_bits + sum(rounds) * config.coded_bits_per_block,
        channel_uses=ledger.channel_uses + sum(round_uses(config, blocks) for blocks in rounds),
        n_transmissions=ledger.n_transmissions + sum(rounds),
        prefix_samples=ledger.prefix_samples
        + sum(config.prefix_samples(blocks * config.symbols_per_block) for blocks in rounds),
    )
