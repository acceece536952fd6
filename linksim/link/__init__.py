"""The physical chain on Sionna: CRC, 5G LDPC, QAM, fading, soft demapping. The only part of linksim that imports Sionna."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from linksim.link.config import LinkConfig
    from linksim.link.ledger import Ledger
    from linksim.link.link import Link, Reception

_MODULES = {"Ledger": "ledger", "Link": "link", "LinkConfig": "config", "Reception": "link"}

__all__ = ["Ledger", "Link", "LinkConfig", "Reception"]


def __getattr__(name: str) -> Any:
    # Link pulls in TensorFlow and Sionna (seconds), and the configuration models load plugins, which import `linksim.link.air.fading`.
    if name in _MODULES:
        return getattr(import_module(f"linksim.link.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
