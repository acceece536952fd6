"""Files of the reference encoder must show the reference decoder's pictures."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from linksim.codecs import bpg
from linksim.codecs.bpg import container
from linksim.codecs.bpg.color import LUMA_WEIGHTS

FULL_CHROMA = ["k05_444_q36", "k08_444_odd_jctvc_q34", "k23_rgb_q30"]
HALF_CHROMA = ["k05_420_q28", "k08_420_odd_q40", "k23_tiny_q45"]


def shown_by_reference(vectors: Path, name: str) -> np.ndarray:
    with Image.open(vectors / f"{name}.png") as picture:
        return np.array(picture.convert("RGB"))


@pytest.mark.parametrize("name", FULL_CHROMA)
def test_full_chroma_is_exact(vectors: Path, name: str) -> None:
    expected = shown_by_reference(vectors, name)
    data = (vectors / f"{name}.bpg").read_bytes()
    np.testing.assert_array_equal(bpg.decode(data, expected.shape[:2]), expected)
    if "rgb" in name:
        _, (green, blue, red) = bpg.decode_planes(data)
        np.testing.assert_array_equal(np.stack([red, green, blue], -1), expected)


@pytest.mark.parametrize("name", HALF_CHROMA)
def test_half_chroma(vectors: Path, name: str) -> None:
    expected = shown_by_reference(vectors, name)
    data = (vectors / f"{name}.bpg").read_bytes()
    _, planes = bpg.decode_planes(data)
    # The luma of the shown picture is the decoded luma, up to the rounding and clipping of three channels.
    red, blue = LUMA_WEIGHTS[container.YCBCR_601]
    luma = expected @ np.array([red, 1 - red - blue, blue])
    unclipped = ((expected > 0) & (expected < 255)).all(axis=-1)
    assert np.abs(luma - planes[0])[unclipped].max() < 0.75
    np.testing.assert_array_equal(np.rint(luma[unclipped]), planes[0][unclipped])
    # With the same kernels for the chroma, the picture is the same too.
    np.testing.assert_array_equal(bpg.decode(data), expected)


@pytest.mark.parametrize("name", FULL_CHROMA + HALF_CHROMA)
def test_container_writes_what_it_reads(vectors: Path, name: str) -> None:
    file = container.parse((vectors / f"{name}.bpg").read_bytes())
    assert container.parse(container.build(file)) == file
    fields = bpg.sps.read_short(file.short_sps)
    assert bpg.sps.write_short(fields) == file.short_sps
