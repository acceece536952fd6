"""The one exception of all decoders, and the checks that come before any memory is taken."""

from linksim.common.errors import LinksimError

MAX_PIXELS = 1 << 24
"""Largest picture (in pixels) that a decoder accepts where the caller does not say which size to expect."""


class DecodeError(LinksimError):
    """The bytes are not a picture of the expected size that this codec can show."""


def check_size(height: int, width: int, expected_size: tuple[int, int] | None) -> None:
    """Refuse the size that a header announces, before a decoder takes memory for it.

    Args:
        height, width: pixels, as the header says.
        expected_size: (height, width) that the receiver knows, or None for any size up to `MAX_PIXELS` pixels.

    Raises:
        DecodeError: the size is zero, is not the expected one, or, with none expected, is beyond `MAX_PIXELS`.
    """
    if height < 1 or width < 1:
        raise DecodeError(f"the header announces {width} x {height} pixels; each side must be at least 1")
    if expected_size is not None:
        if (height, width) != tuple(expected_size):
            wanted = f"{expected_size[1]} x {expected_size[0]}"
            raise DecodeError(f"the header announces {width} x {height} pixels, expected were {wanted}")
    elif height * width > MAX_PIXELS:
        raise DecodeError(f"the header announces {width} x {height} pixels; at most {MAX_PIXELS} are decoded")
