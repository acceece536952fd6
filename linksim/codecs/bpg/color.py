"""Colour planes of a BPG picture: RGB <-> YCbCr (ITU-R BT.601, 709, 2020), YCgCo, limited and full range."""

import numpy as np

from linksim.codecs.bpg.container import RGB, YCBCR_601, YCBCR_709, YCBCR_2020, YCGCO

LUMA_WEIGHTS = {YCBCR_601: (0.299, 0.114), YCBCR_709: (0.2126, 0.0722), YCBCR_2020: (0.2627, 0.0593)}
"""Weights of red and blue in the luma; green has the rest."""

FRACTION_BITS = 22
"""Of the fixed-point conversion: as many as 32 bits leave room for."""


def ycbcr_from_rgb(image: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Full-range BT.601 planes of an image, not rounded.

    Y = 0.299 R + 0.587 G + 0.114 B, Cb = 128 + (B - Y) / 1.772, Cr = 128 + (R - Y) / 1.402.

    Args:
        image: uint8 `[height, width, 3]`.

    Returns:
        Y, Cb, Cr: float32 `[height, width]`.
    """
    red, green, blue = (image[..., channel].astype(np.float32) for channel in range(3))
    weight_red, weight_blue = LUMA_WEIGHTS[YCBCR_601]
    luma = weight_red * red + (1 - weight_red - weight_blue) * green + weight_blue * blue
    blueness = 128 + (blue - luma) / (2 - 2 * weight_blue)
    redness = 128 + (red - luma) / (2 - 2 * weight_red)
    return luma, blueness, redness


def round_plane(plane: np.ndarray) -> np.ndarray:
    """Nearest uint8 values, clipped to 0..255."""
    return np.clip(plane + np.float32(0.5), 0, 255).astype(np.uint8)


def rgb_from_planes(planes: list[np.ndarray], color_space: int, limited_range: bool) -> np.ndarray:
    """The image that the planes of a BPG picture show.

    Args:
        planes: uint8 `[height, width]` each: one (grey) or three, all of the full size.
        color_space: of the header: YCBCR_601, RGB (planes G, B, R), YCGCO (planes Y, Cg, Co), ...
        limited_range: luma and RGB in 16..235, chroma in 16..240.

    Returns:
        uint8 `[height, width, 3]`.
    """
    gain, chroma_gain = (255 / 219, 255 / 224) if limited_range else (1.0, 1.0)
    scaled = [_scaled(planes[0], gain, 16 if limited_range else 0)]
    if len(planes) == 1:
        scaled *= 3
    elif color_space == RGB:
        scaled += [_scaled(plane, gain, 16 if limited_range else 0) for plane in planes[1:]]
        scaled = [scaled[2], scaled[0], scaled[1]]
    else:
        scaled = _matrix(scaled[0], planes[1], planes[2], color_space, chroma_gain)
    half = 1 << (FRACTION_BITS - 1)
    channels = [np.clip((channel + half) >> FRACTION_BITS, 0, 255) for channel in scaled]
    return np.stack(channels, axis=-1).astype(np.uint8)


def _scaled(plane: np.ndarray, gain: float, offset: int) -> np.ndarray:
    return (plane.astype(np.int32) - offset) * np.int32(round(gain * (1 << FRACTION_BITS)))


def _matrix(luma: np.ndarray, first: np.ndarray, second: np.ndarray, color_space: int, gain: float) -> list[np.ndarray]:
    if color_space == YCGCO:
        greenness, orangeness = _scaled(first, gain, 128), _scaled(second, gain, 128)
        return [luma - greenness + orangeness, luma + greenness, luma - greenness - orangeness]
    weight_red, weight_blue = LUMA_WEIGHTS[color_space]
    weight_green = 1 - weight_red - weight_blue
    from_red, from_blue = gain * (2 - 2 * weight_red), gain * (2 - 2 * weight_blue)
    return [
        luma + _scaled(second, from_red, 128),
        luma
        - _scaled(first, from_blue * weight_blue / weight_green, 128)
        - _scaled(second, from_red * weight_red / weight_green, 128),
        luma + _scaled(first, from_blue, 128),
    ]
