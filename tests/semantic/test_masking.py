"""Masked patches: how they are drawn, what an image looks like without them, and the token in a checkpoint."""

import io
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linksim.common.errors import InputError
from linksim.common.seeds import generator
from linksim.semantic.card import card_markdown
from linksim.semantic.checkpoint import Checkpoint
from linksim.semantic.codec import SemanticCodec
from linksim.semantic.masking import GREY, cells_per_patch, draw_patches, without_masked
from linksim.semantic.relabel import relabel

TOKEN = np.linspace(-1, 1, 6).astype(np.float32)


@settings(max_examples=80, deadline=None)
@given(st.tuples(st.integers(1, 30), st.integers(1, 30)), st.floats(0, 0.95), st.floats(0, 0.95), st.integers(1, 8))
def test_whole_patches_are_masked_as_many_as_the_share_says(
    grid: tuple[int, int], share: float, other: float, cells: int
) -> None:
    masked = draw_patches(grid, share, cells, generator(1, "t"))
    assert masked.shape == grid
    patches = [masked[i : i + cells, j : j + cells] for i in range(0, grid[0], cells) for j in range(0, grid[1], cells)]
    assert all(patch.all() or not patch.any() for patch in patches)
    count = sum(bool(patch.all()) for patch in patches)
    assert count <= share * len(patches) + 1e-6 < count + 1 + 2e-6
    assert count < len(patches)
    less, more = (draw_patches(grid, s, cells, generator(1, "t")) for s in sorted((share, other)))
    assert (more | ~less).all()


def test_every_patch_is_masked_as_often_as_any_other() -> None:
    rng = generator(2, "t")
    often = np.mean([draw_patches((4, 6), 0.5, 2, rng) for _ in range(600)], axis=0)
    assert np.abs(often - 0.5).max() < 5 * 0.5 / np.sqrt(600)


@pytest.mark.parametrize("size", [(32, 48), (29, 45), (3, 50)])
def test_the_pixels_of_masked_cells_alone_are_grey(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (2, *size, 3), np.uint8)
    grid = (-(-size[0] // 8), -(-size[1] // 8))
    masked = rng.random((2, *grid)) < 0.5
    expected = images.copy()
    for b, y, x in np.ndindex(2, *size):
        if masked[b, y // 8, x // 8]:
            expected[b, y, x] = GREY
    before = images.copy()
    np.testing.assert_array_equal(without_masked(images, masked, 8), expected)
    np.testing.assert_array_equal(without_masked(images[:1], masked[0], 8), expected[:1])
    np.testing.assert_array_equal(images, before)


def test_a_patch_that_is_no_whole_number_of_cells_is_refused() -> None:
    assert cells_per_patch(16, 4) == 4
    with pytest.raises(ValueError, match=r"mask\.patch: 20 is no multiple of the 8 pixels .* give a multiple of 8"):
        cells_per_patch(20, 8)


def _unpacked(data: bytes) -> dict[str, Any]:
    with np.load(io.BytesIO(data)) as file:
        return {name: file[name] for name in file.files}


def _packed(arrays: dict[str, Any], change: Callable[[dict[str, Any]], object] = lambda networks: None) -> bytes:
    meta = json.loads(arrays["meta"].tobytes())
    change(meta["networks"])
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays | {"meta": np.frombuffer(json.dumps(meta).encode(), np.uint8)})
    return buffer.getvalue()


def test_the_token_comes_back_and_a_file_without_one_has_nothing_of_it(several: Checkpoint) -> None:
    data = replace(several, mask_token=TOKEN).to_bytes()
    back = Checkpoint.from_bytes(data)
    np.testing.assert_array_equal(back.mask_token, TOKEN)
    assert SemanticCodec(back).mask_token is back.mask_token
    assert back.to_bytes() == Checkpoint.from_bytes(back.to_bytes()).to_bytes()
    plain = _unpacked(several.to_bytes())
    assert "mask_token" not in plain
    assert "mask_token" not in json.loads(plain["meta"].tobytes())["networks"]
    assert Checkpoint.from_bytes(several.to_bytes()).mask_token is None
    assert set(_unpacked(data)) - set(plain) == {"mask_token"}


def test_other_labels_keep_the_token(several: Checkpoint) -> None:
    new = relabel(replace(several, mask_token=TOKEN), "new", "several", 0.1, "binary-switching", 1)
    np.testing.assert_array_equal(new.mask_token, TOKEN)


@pytest.mark.parametrize(
    ("token", "change", "reason"),
    [
        (TOKEN[:5], None, r"mask_token has shape \[5\], not \[6\]"),
        (TOKEN.astype(np.float64), None, "mask_token holds float64, not float32"),
        (TOKEN * np.float32(np.nan), None, "mask_token has values that are not finite"),
        (None, None, "mask_token is missing"),
        (TOKEN, lambda networks: networks.pop("mask_token"), "mask_token is not expected"),
        (TOKEN, lambda networks: networks.update(mask_token=False), "mask_token is not expected"),
        (TOKEN, lambda networks: networks.update(mask_token="yes"), "mask_token is 'yes', not true or false"),
        (TOKEN, lambda networks: networks.update(mask_token=[1]), r"mask_token is \[1\], not true or false"),
    ],
)
def test_a_token_that_does_not_fit_is_refused(several: Checkpoint, token: Any, change: Any, reason: str) -> None:
    arrays = _unpacked(replace(several, mask_token=TOKEN).to_bytes())
    del arrays["mask_token"]
    given_token = {} if token is None else {"mask_token": token}
    data = _packed(arrays | given_token, *([change] if change else []))
    with pytest.raises(InputError, match=rf"mine.npz: not a linksim checkpoint \(.*{reason}") as caught:
        Checkpoint.from_bytes(data, "mine.npz")
    assert "\n" not in str(caught.value)


def test_a_token_that_was_lost_is_not_written(several: Checkpoint) -> None:
    with pytest.raises(InputError, match="mask_token has values that are not finite"):
        replace(several, mask_token=TOKEN * np.float32(np.inf)).to_bytes()


def test_the_card_tells_of_masked_training(several: Checkpoint) -> None:
    assert "Masked" not in card_markdown(several)
    training = several.card["training"] | {"mask": {"share": [0.25, 0.75], "patch": 16}}
    card = several.card | {"training": training, "validation": {"psnr_db_masked": 9.5}}
    text = card_markdown(replace(several, card=card, mask_token=TOKEN))
    assert "- Masked: 25% to 75% of the patches of 16 x 16 pixels" in text
    assert "| PSNR without errors, the mean share of the patches masked (dB) | 9.50 |" in text
