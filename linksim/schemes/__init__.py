"""Transmit/receive pairs: image to payload bits, received bits to image."""

from linksim.schemes.base import Delivery, Scheme, SchemeContext, Stream, Transmission
from linksim.schemes.registry import build_scheme, parse_scheme

__all__ = ["Delivery", "Scheme", "SchemeContext", "Stream", "Transmission", "build_scheme", "parse_scheme"]
