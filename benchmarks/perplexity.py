"""How evenly checkpoints use their codewords on training crops: `python -m benchmarks.perplexity [CHECKPOINT ...]`.

Random crops as the trainings draw them: 64 x 64, from the training part of VOC-2012 and from BSDS500. Perplexity is 2 to the entropy of the indices' frequencies (eqs. 8-11); uniform usage has K.
"""

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from linksim.codebook.theory import index_frequencies, perplexity
from linksim.semantic.codec import load_checkpoint
from linksim.training.batches import crop_batch, load_images
from linksim.training.config import DataConfig


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoints", nargs="*", default=["vqvae", "vqvae-entropy", "vqvae-channel-aware", "proposed"])
    parser.add_argument("--batches", type=int, default=24, help="of 128 crops each")
    arguments = parser.parse_args()
    data = DataConfig(batch=128)
    images, _ = load_images(data, seed=1)
    crops = (crop_batch(images, data, seed=7, step=step) for step in range(arguments.batches))
    pictures = [(255 * np.clip(crop, 0, 1)).round().astype(np.uint8) for crop in crops]
    for name in arguments.checkpoints:
        codec = load_checkpoint(name)
        indices = [codec.indices_of(codec.encode(batch), codec.codebook).ravel() for batch in pictures]
        size = len(codec.codebook)
        value = perplexity(index_frequencies(np.concatenate(indices), size))
        print(
            f"{name}: {value:.1f} of {size} ({100 * value / size:.1f} %) on {128 * len(pictures):,} crops", flush=True
        )


if __name__ == "__main__":
    main()
