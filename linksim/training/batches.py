"""Batches of random crops and what happens to them, drawn statelessly: batch `step` of seed `seed` is always the same."""

from typing import Literal

import numpy as np

from linksim.common.errors import InputError
from linksim.common.seeds import generator
from linksim.link.transitions import symbol_transitions
from linksim.training.config import POINTS, FlipsConfig, TrainConfig
from linksim.training.recipe import DataConfig


def load_images(config: DataConfig, seed: int, limit: int | None = None) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Training and validation images, uint8 `[H, W, 3]` each, in the order of a seeded shuffle.

    Raises:
        InputError: where fewer images than the validation set needs are there.
    """
    from linksim.data.images import ImagesConfig, open_images

    images: list[np.ndarray] = []
    for dataset in config.datasets:
        # BSDS500 is used whole: no result is reported on its test part.
        splits: tuple[Literal["train", "test"], ...] = ("train", "test") if dataset == "bsds500" else ("train",)
        path = config.path if dataset == "folder" else None
        sources = [open_images(ImagesConfig(dataset=dataset, split=s, path=path, on_error="skip")) for s in splits]
        for source in sources:
            source.examine()
        named = [(source.ids[i], image) for source in sources for i, image in source.readable()]
        images += [image for _, image in sorted(named, key=lambda entry: entry[0])]
    images = [image for image in images if min(image.shape[:2]) >= config.crop]
    if len(images) <= config.validation:
        raise InputError(
            f"data: {len(images)} images of at least {config.crop} x {config.crop} pixels were found; "
            f"more than data.validation = {config.validation} are needed"
        )
    order = generator(seed, "split").permutation(len(images))
    shuffled = [images[i] for i in order]
    return shuffled[config.validation :][:limit], shuffled[: config.validation]


def crop_batch(images: list[np.ndarray], config: DataConfig, seed: int, step: int) -> np.ndarray:
    """Random crops, half of them mirrored: float32 `[batch, crop, crop, 3]` in [0, 1]."""
    rng = generator(seed, step, "crop")
    out = np.empty((config.batch, config.crop, config.crop, 3), np.uint8)
    for b in range(config.batch):
        image = images[rng.integers(len(images))]
        top, left = (rng.integers(side - config.crop + 1) for side in image.shape[:2])
        patch = image[top : top + config.crop, left : left + config.crop]
        out[b] = patch[:, ::-1] if rng.random() < 0.5 else patch
    return out.astype(np.float32) / 255.0


def centre_crop(image: np.ndarray, size: int, multiple: int) -> np.ndarray:
    """Central `[size, size, 3]` of an image, or of its largest part whose sides are multiples of `multiple`."""
    height, width = (min(size, side) // multiple * multiple for side in image.shape[:2])
    top, left = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
    return image[top : top + height, left : left + width]


def draw_stages(config: TrainConfig, batch: int, step: int) -> np.ndarray:
    """How many stages each image of a batch is sent with, int32 `[batch]`: all, or where stages are dropped from 1 to
    all.
    """
    stages = config.model.stages
    rng = generator(config.seed, step, "stages")
    dropped = rng.random(batch) < config.codebook.stage_dropout
    return np.where(dropped, rng.integers(1, stages + 1, batch), stages).astype(np.int32)


def draw_flips(config: FlipsConfig, shape: tuple[int, ...], bits: int, seed: int, step: int) -> np.ndarray:
    """Error patterns (XOR masks) of indices of `bits` bits, int32 of `shape`, at a bit-error rate drawn for this batch."""
    low, high = config.bit_error_rate
    rng = generator(seed, step, "flips")
    if high == 0 or is_clean(config, step, rng):
        return np.zeros(shape, np.int32)
    flipped = rng.random((*shape, bits)) < rng.uniform(low, high)
    return (flipped << np.arange(bits)).sum(-1).astype(np.int32)


def is_clean(config: FlipsConfig, step: int, rng: np.random.Generator) -> bool:
    """Whether a batch is without errors; the first number of `rng` decides where its step does not."""
    return step < config.from_step or rng.random() < config.clean_share


def draw_symbols(config: TrainConfig, shape: tuple[int, ...], step: int) -> dict[str, np.ndarray]:
    """Inputs of a step with labelling: symbols; none with other labels.

    Args:
        config: of the run.
        shape: of the batch's indices, `[B, h, w, S, H]`.
        step: of the run.

    Returns:
        transition: `P(j | i)` of the constellation at an Es/N0 that is drawn, float32 `[K, K]`.
        chance: with flips.errors: symbols, uniform numbers that say as what each index arrives, float32 of `shape`;
            -1 in a batch without errors.
    """
    term, flips = config.losses.channel_aware, config.flips
    if term.labelling != "symbols" or not term.weight:
        return {}
    choices = term.es_no_db if isinstance(term.es_no_db, tuple) else (term.es_no_db,)
    rng = generator(config.seed, step, "symbols")
    es_no_db = choices[rng.integers(len(choices))]
    matrix = symbol_transitions(POINTS[config.model.codebook_size], es_no_db, term.channel == "rayleigh")
    drawn = {"transition": matrix.astype(np.float32)}
    if flips.errors == "symbols":
        drawn["chance"] = (
            np.full(shape, -1, np.float32) if is_clean(flips, step, rng) else rng.random(shape, np.float32)
        )
    return drawn
