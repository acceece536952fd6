"""Checks of what callers hand to the encoders."""

import numpy as np

from linksim.common.errors import InputError


def check_image(image: np.ndarray) -> None:
    """Raise `InputError` unless `image` is uint8 `[height, width, 3]` with at least one pixel."""
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        given = f"{image.dtype} {list(image.shape)}" if isinstance(image, np.ndarray) else type(image).__name__
        raise InputError(f"image: {given}; allowed is a uint8 array [height, width, 3]; convert it to RGB first")
    if image.size == 0:
        raise InputError(f"image: shape {list(image.shape)} has no pixels; each side must be at least 1")


def check_integer(name: str, value: int, low: int, high: int) -> None:
    """Raise `InputError` unless `value` is an integer in `low..high`."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not low <= value <= high:
        raise InputError(f"{name}: {value!r}; allowed are the integers {low} to {high}")


def check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Raise `InputError` unless `value` is one of `choices`."""
    if value not in choices:
        raise InputError(f"{name}: {value!r}; allowed are {', '.join(choices)}")
