"""Rate and distortion of codebooks without a link: one point for each number of stages."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from linksim.codebook.quantizer import ResidualQuantizer
from linksim.codebook.stages import Stages
from linksim.metrics.registry import metric
from linksim.reports.codecs.curve import Curve, Images, quality_text

LOOKS = (("-", "*"), ("--", "*"), (":", "*"), ("-.", "*"))
"""Line style and marker of the first codebook, the second and so on."""


class Codec(Protocol):
    """What is needed of `linksim.semantic.codec.SemanticCodec`."""

    @property
    def stages(self) -> Stages:
        """The quantizer's codewords."""

    def encode(self, images: np.ndarray) -> np.ndarray:
        """Features `[batch, h, w, D]` of uint8 `[batch, height, width, 3]`."""

    def decode(self, features: np.ndarray, size: tuple[int, int], variance: Any = None) -> np.ndarray:
        """Images uint8 `[batch, *size, 3]` of features."""


def measure_codebook(
    name: str,
    codec: Codec,
    images: Images,
    progress: Callable[[str], None],
    metrics: Sequence[str],
) -> Curve:
    """The curve of a codebook over 1 to all of its stages, every index at its plain bits, as a scheme sends them."""
    stages = codec.stages
    values = np.zeros((stages.count, 1 + len(metrics)))
    for number in range(len(images.ids)):
        image = images.load(number)
        features = codec.encode(image[None])
        indices = ResidualQuantizer(stages).encode(features.reshape(-1, features.shape[-1]), stages.count)
        bits = len(indices) * stages.bits_per_stage / (image.shape[0] * image.shape[1])
        for n in range(1, stages.count + 1):
            estimate = stages.estimate(indices[:, :n]).reshape(features.shape)
            shown = codec.decode(estimate, (image.shape[0], image.shape[1]))
            values[n - 1] += (n * bits, *(metric(key).values(image[None], shown)[0] for key in metrics))
    points = (values / len(images.ids)).tolist()
    for n, (bpp, *quality) in enumerate(points, 1):
        progress(f"{name} with {n} of {stages.count} stages: {bpp:.3f} bpp, {quality_text(metrics, quality)}")
    bpps, *columns = zip(*points, strict=True)
    description = f"codebook {name}, {stages.heads} x {stages.size} codewords a stage, stages {', '.join(map(str, range(1, stages.count + 1)))}"
    return Curve(name, description, tuple(range(1, stages.count + 1)), bpps, dict(zip(metrics, columns, strict=True)))
