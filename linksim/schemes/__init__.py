"""An image in, streams for a link out, and what came back of them to an image."""

from linksim.schemes.base import Delivery, Scheme, SchemeContext, Stream, SymbolStream, Transmission
from linksim.schemes.registry import build_scheme, parse_scheme

__all__ = [
    "Delivery",
    "Scheme",
    "SchemeContext",
    "Stream",
    "SymbolStream",
    "Transmission",
    "build_scheme",
    "parse_scheme",
]
