"""The physical chain on Sionna: CRC, 5G LDPC, QAM, fading, soft demapping. The only part of linksim that imports Sionna."""

from typing import TYPE_CHECKING, Any

from linksim.link.config import LinkConfig
from linksim.link.ledger import Ledger

if TYPE_CHECKING:
    from linksim.link.link import Link, Reception

__all__ = ["Ledger", "Link", "LinkConfig", "Reception"]


def __getattr__(name: str) -> Any:
    # Link pulls in TensorFlow and Sionna (seconds); the configuration models must not.
    if name in ("Link", "Reception"):
        from linksim.link import link

        return getattr(link, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
