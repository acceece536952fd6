"""Complex symbols over the link's channel, slot by slot, without code and CRC."""

import numpy as np

from linksim.common.errors import InputError
from linksim.link.air.air import SlotKey
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


def send_symbols(config: LinkConfig, symbols: np.ndarray, es_no_db: float, key: SlotKey) -> SymbolReception:
    """Send symbols of mean power 1 over the slots of a link, each with the fades and noise of the code block there.

    Args:
        config: the link. Code and constellation only set the symbols of a slot.
        symbols: complex `[n]`.
        es_no_db: Es/N0 in dB averaged over the fading.
        key: as for `Link.transmit`.

    Raises:
        InputError: see `check_symbols`.
    """
    air, symbols = air_of(config), check_symbols(symbols)
    ledger = symbol_ledger(config, len(symbols))
    slots = -(-len(symbols) // air.symbols_per_slot)
    if not slots:
        return SymbolReception(symbols, np.zeros(0, np.float32), ledger)
    # The last slot is filled with zeros that are not sent, nor counted.
    grid = np.pad(symbols, (0, slots * air.symbols_per_slot - len(symbols))).reshape(slots, air.symbols_per_slot)
    received = air.send(grid, air.draw(es_no_db, [(*key, slot) for slot in range(slots)]))
    n = len(symbols)
    return SymbolReception(received.symbols.reshape(-1)[:n], received.noise_variance.reshape(-1)[:n], ledger)
