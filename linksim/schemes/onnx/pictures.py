"""Pictures to the tensors that models take, and back: scale, order of the axes, sides that are a multiple."""

import numpy as np

from linksim.schemes.config import OnnxConfig

_RANGES = {"0..1": (0.0, 1.0), "-1..1": (-1.0, 1.0), "0..255": (0.0, 255.0)}


class Pictures:
    """How the pictures of a pair of models look.

    Args:
        config: its `scale`, `layout` and `multiple`.
    """

    def __init__(self, config: OnnxConfig) -> None:
        self.low, self.high = _RANGES[config.scale]
        self.channels_first = config.layout == "nchw"
        self.multiple = config.multiple

    def padded(self, size: tuple[int, int]) -> tuple[int, int]:
        """(height, width) of a picture of `size` once its sides are multiples."""
        height, width = (-(-side // self.multiple) * self.multiple for side in size)
        return height, width

    def shape(self, size: tuple[int, int]) -> tuple[int, int, int, int]:
        """Of the tensor of one picture of a padded size."""
        return (1, 3, *size) if self.channels_first else (1, *size, 3)

    def tensor(self, image: np.ndarray) -> np.ndarray:
        """A picture uint8 `[height, width, 3]` as float32 `[1, 3, H, W]` or `[1, H, W, 3]`; the last row and column are
        repeated where they do not fill a multiple.
        """
        height, width = self.padded((image.shape[0], image.shape[1]))
        image = np.pad(image, ((0, height - image.shape[0]), (0, width - image.shape[1]), (0, 0)), mode="edge")
        values = image.astype(np.float32) / 255 * (self.high - self.low) + self.low
        values = np.moveaxis(values, -1, 0) if self.channels_first else values
        return np.ascontiguousarray(values[None], np.float32)

    def picture(self, tensor: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """The picture uint8 `[height, width, 3]` of `size` in a tensor of one picture; clipped, rounded and cut."""
        values = np.moveaxis(tensor[0], 0, -1) if self.channels_first else tensor[0]
        grey = (values[: size[0], : size[1]].astype(np.float64) - self.low) / (self.high - self.low) * 255
        return np.rint(np.clip(grey, 0, 255)).astype(np.uint8)

    def far_off(self, tensor: np.ndarray) -> bool:
        """Whether values lie beyond the scale by more than its width, as those of a model of another scale do."""
        width = self.high - self.low
        return bool(tensor.min() < self.low - width or tensor.max() > self.high + width)
