"""Image codecs: bytes <-> uint8 RGB images. `jpeg` and `bpg` have the same `encode`, `decode`, `decode_partial`."""

from linksim.codecs.errors import DecodeError

__all__ = ["DecodeError"]
