"""Complex symbols over the link's channel, block by block, without code and CRC."""

import numpy as np

from linksim.common.errors import InputError
from linksim.link.air.air import BlockKey
from linksim.link.config import LinkConfig
from linksim.link.ledger import symbol_ledger
from linksim.link.parts import air_of
from linksim.link.reception import SymbolReception

POWER_TOLERANCE = 1e-3
"""Deviation of the mean power from 1 that is put down to rounding."""


def check_symbols(symbols: np.ndarray) -> np.ndarray:
    """The symbols as complex64 `[n]`.

    Raises:
        InputError: they are not one row of finite numbers, or their mean power `mean |x|^2` is not 1.
    """
    symbols = np.asarray(symbols)
    if symbols.ndim != 1 or not np.isfinite(symbols).all():
        raise InputError(f"symbols {symbols.dtype} {list(symbols.shape)}: one row of finite complex numbers is needed")
    power = float(np.mean(np.abs(symbols) ** 2)) if len(symbols) else 1.0
    if abs(power - 1) > POWER_TOLERANCE:
        raise InputError(f"symbols of mean power {power:.4g}: it must be 1; divide them by {power**0.5:.4g}")
    return symbols.astype(np.complex64)


def send_symbols(config: LinkConfig, symbols: np.ndarray, es_no_db: float, key: BlockKey) -> SymbolReception:
    """Send symbols of mean power 1 in the places of code blocks, with the fades and the noise of those.

    They are sent once, over a link with HARQ, too: no CRC says whether they arrived.

    Args:
        config: the link. Code and constellation only set the symbols of a block.
        symbols: complex `[n]`.
        es_no_db: Es/N0 in dB averaged over the fading.
        key: as for `Link.transmit`.

    Raises:
        InputError: see `check_symbols`.
    """
    air, symbols = air_of(config), check_symbols(symbols)
    ledger = symbol_ledger(config, len(symbols))
    blocks = -(-len(symbols) // air.symbols_per_block)
    if not blocks:
        return SymbolReception(symbols, np.zeros(0, np.float32), ledger)
    # The last block is filled with zeros that are not sent, nor counted.
    filled = np.pad(symbols, (0, blocks * air.symbols_per_block - len(symbols))).reshape(blocks, air.symbols_per_block)
    received = air.send(filled, air.draw(es_no_db, [(*key, block) for block in range(blocks)]))
    n = len(symbols)
    return SymbolReception(received.symbols.reshape(-1)[:n], received.noise_variance.reshape(-1)[:n], ledger)
