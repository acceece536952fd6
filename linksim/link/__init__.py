"""Payload bits or symbols in, LLRs or noisy symbols and the ledger out: the only room that imports Sionna."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from linksim.link.config import LinkConfig
    from linksim.link.ledger import Ledger
    from linksim.link.link import Link
    from linksim.link.reception import Reception, SymbolReception

_MODULES = {
    "Ledger": "ledger",
    "Link": "link",
    "LinkConfig": "config",
    "Reception": "reception",
    "SymbolReception": "reception",
}

__all__ = ["Ledger", "Link", "LinkConfig", "Reception", "SymbolReception"]


def __getattr__(name: str) -> Any:
    # Link pulls in TensorFlow and Sionna (seconds), and the configuration models load plugins, which import
    # `linksim.link.air.fading`.
    if name in _MODULES:
        return getattr(import_module(f"linksim.link.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
