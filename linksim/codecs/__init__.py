"""Images in, files out, and back: JPEG and BPG behind one seam, the best file within a budget of bytes."""

from linksim.codecs.errors import DecodeError

__all__ = ["DecodeError"]
