"""Rate, PSNR and LPIPS of checkpoints by number of stages, without a channel: `python -m benchmarks.rates CHECKPOINT ...`.

By default on the images that the checkpoint's own training held out (centre 160 x 160): choices are made on these. `--dataset voc2012
--size 256` measures on the test images that results are reported with. `--dtype bfloat16` computes as `compute: {dtype: bfloat16}` does.
"""

import argparse
import os
from typing import get_args

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from linksim.common.reading.loading import validate
from linksim.data.images import ImagesConfig, open_images
from linksim.reports.codecs.codebooks import measure_codebook
from linksim.schemes.compute import Dtype
from linksim.semantic.codec import SemanticCodec, load_checkpoint
from linksim.training.batches import centre_crop, load_images
from linksim.training.config import TrainConfig
from linksim.training.validation import SIDE


def held_out(codec: SemanticCodec) -> list[np.ndarray]:
    """The images that the training of `codec` held out."""
    config = validate(codec.card["training"], TrainConfig, "card")
    return [centre_crop(image, SIDE, codec.downsampling) for image in load_images(config.data, config.seed)[1]]


class Pictures:
    """Pictures in memory, as `measure_codebook` reads them."""

    def __init__(self, images: list[np.ndarray]) -> None:
        self.ids, self.load = [str(i) for i in range(len(images))], images.__getitem__


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoints", nargs="+")
    parser.add_argument("--dataset", choices=["voc2012", "kodak", "samples"], help="default: the images held out")
    parser.add_argument("--size", type=int, help="side of the square that a data set's images are resized to")
    parser.add_argument("--count", type=int, help="the first so many images")
    parser.add_argument("--dtype", choices=get_args(Dtype), default="float32", help="of the networks' layers")
    arguments = parser.parse_args()
    for name in arguments.checkpoints:
        codec = load_checkpoint(name, arguments.dtype)
        if arguments.dataset:
            source = open_images(ImagesConfig(dataset=arguments.dataset, size=arguments.size, count=arguments.count))
            images = [image for _, image in source.readable()]
        else:
            images = held_out(codec)[: arguments.count]
        print(f"{name}: {len(images)} images\n{'stages':>6} {'bpp':>7} {'PSNR dB':>8} {'LPIPS':>7}", flush=True)
        curve = measure_codebook(name, codec, Pictures(images), lambda text: None, ("psnr", "lpips"))
        for n, bpp, quality, distance in zip(curve.settings, curve.bpp, *curve.quality.values(), strict=True):
            print(f"{n:>6} {bpp:>7.4f} {quality:>8.2f} {distance:>7.4f}", flush=True)


if __name__ == "__main__":
    main()
