"""Rate, PSNR and LPIPS of checkpoints by number of stages, without a channel: `python -m benchmarks.rates CHECKPOINT ...`.

By default on the images that the checkpoint's own training held out (centre 160 x 160): choices are made on these. `--dataset voc2012
--size 256` measures on the test images that results are reported with.
"""

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from linksim.codebook.quantizer import ResidualQuantizer
from linksim.common.reading.loading import validate
from linksim.data.images import ImagesConfig, open_images
from linksim.metrics.lpips_v01 import lpips
from linksim.metrics.peak_noise import psnr
from linksim.semantic.codec import SemanticCodec, load_checkpoint
from linksim.training.batches import centre_crop, load_images
from linksim.training.config import TrainConfig
from linksim.training.validation import SIDE


def held_out(codec: SemanticCodec) -> list[np.ndarray]:
    """The images that the training of `codec` held out."""
    config = validate(codec.card["training"], TrainConfig, "card")
    return [centre_crop(image, SIDE, codec.downsampling) for image in load_images(config.data, config.seed)[1]]


def measure(codec: SemanticCodec, images: list[np.ndarray]) -> list[tuple[float, float, float]]:
    """Bits per pixel, PSNR in dB and LPIPS (alex) for each number of stages, means over the images."""
    pixels = sum(image.shape[0] * image.shape[1] for image in images)
    scores = np.zeros((codec.stages.count, 2, len(images)))
    bits = 0
    for i, image in enumerate(images):
        features = codec.encode(image[None])
        indices = ResidualQuantizer(codec.stages).encode(features.reshape(-1, codec.dim), codec.stages.count)
        bits += len(indices) * codec.stages.bits_per_stage
        for n in range(1, codec.stages.count + 1):
            picture = codec.decode(codec.stages.estimate(indices[:, :n]).reshape(features.shape), image.shape[:2])
            scores[n - 1, :, i] = psnr(image[None], picture)[0], lpips(image[None], picture)[0]
    return [(n * bits / pixels, *scores[n - 1].mean(-1)) for n in range(1, codec.stages.count + 1)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoints", nargs="+")
    parser.add_argument("--dataset", choices=["voc2012", "kodak", "samples"], help="default: the images held out")
    parser.add_argument("--size", type=int, help="side of the square that a data set's images are resized to")
    parser.add_argument("--count", type=int, help="the first so many images")
    arguments = parser.parse_args()
    for name in arguments.checkpoints:
        codec = load_checkpoint(name)
        if arguments.dataset:
            source = open_images(ImagesConfig(dataset=arguments.dataset, size=arguments.size, count=arguments.count))
            images = [image for _, image in source.readable()]
        else:
            images = held_out(codec)[: arguments.count]
        print(f"{name}: {len(images)} images\n{'stages':>6} {'bpp':>7} {'PSNR dB':>8} {'LPIPS':>7}", flush=True)
        for n, (bpp, quality, distance) in enumerate(measure(codec, images), 1):
            print(f"{n:>6} {bpp:>7.4f} {quality:>8.2f} {distance:>7.4f}", flush=True)


if __name__ == "__main__":
    main()
