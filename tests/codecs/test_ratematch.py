"""The best picture under a byte budget: never above it, and in the right direction."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import smooth_picture

from linksim.codecs import bpg, jpeg
from linksim.codecs.bpg_codec import BpgCodec
from linksim.codecs.cache import EncodeCache
from linksim.codecs.jpeg_codec import JpegCodec
from linksim.common.errors import InputError


def textures(seed: int) -> np.ndarray:
    """Photograph-like, noisy, periodic and flat pictures: those with few levels have the least monotone sizes."""
    random = np.random.default_rng(seed)
    size = tuple(random.integers(16, 97, 2))
    level = int(random.choice([1, 4, 8, 16, 32, 64, 255]))
    match seed % 4:
        case 0:
            return smooth_picture(*size, seed)
        case 1:
            return (random.integers(0, level + 1, (*size, 3)) + (255 - level) // 2).astype(np.uint8)
        case 2:
            pattern = np.indices(size).sum(axis=0) // random.integers(1, 9) % 2
            return np.repeat((100 + pattern * level // 2)[..., None], 3, -1).astype(np.uint8)
        case _:
            return np.full((*size, 3), level, np.uint8)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), part=st.floats(-0.05, 1.05))
def test_jpeg_is_the_best_of_all_that_fit(seed: int, part: float) -> None:
    image = textures(seed)
    sizes = {quality: len(jpeg.encode(image, quality)) for quality in jpeg.QUALITIES}
    low, high = min(sizes.values()), max(sizes.values())
    budget = int(low + part * (high - low))
    fitting = [quality for quality, size in sizes.items() if size <= budget]
    found = JpegCodec().best(image, budget)
    if not fitting:
        assert found is None
    else:
        assert found is not None
        assert found.setting == max(fitting)
        assert found.data == jpeg.encode(image, found.setting)


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10**6), part=st.floats(-0.05, 1.05))
def test_bpg_never_exceeds_and_takes_the_smallest_qp(seed: int, part: float) -> None:
    image = textures(seed)
    cache = EncodeCache(None)
    sizes = {qp: len(bpg.encode(image, qp, preset="ultrafast")) for qp in bpg.QPS}
    low, high = min(sizes.values()), max(sizes.values())
    budget = int(low + part * (high - low))
    found = BpgCodec(preset="ultrafast", cache=cache).best(image, budget)
    fitting = [qp for qp, size in sizes.items() if size <= budget]
    if not fitting:
        assert found is None
    elif found is None:
        assert sizes[51] > budget
    else:
        assert len(found.data) <= budget
        assert found.data == bpg.encode(image, found.setting, preset="ultrafast")
        assert found.setting == 0 or sizes[found.setting - 1] > budget


def test_a_looser_budget_gives_a_better_picture(photograph: np.ndarray) -> None:
    image = np.ascontiguousarray(photograph[:128, :128])
    cache = EncodeCache(None)
    qps, qualities = [], []
    for budget in (600, 1200, 2400, 4800):
        small, other = BpgCodec(preset="fast", cache=cache).best(image, budget), JpegCodec().best(image, budget)
        assert small is not None
        qps.append(small.setting)
        qualities.append(other.setting if other else 0)
    assert qps == sorted(qps, reverse=True)
    assert len(set(qps)) == 4
    assert qualities == sorted(qualities)


def test_bisection_takes_few_encodes(photograph: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    image = np.ascontiguousarray(photograph[:64, :64])
    calls = []
    encode = bpg.encode
    monkeypatch.setattr(bpg, "encode", lambda *arguments: calls.append(arguments[1]) or encode(*arguments))
    cache = EncodeCache(None)
    assert BpgCodec(preset="ultrafast", cache=cache).best(image, 900) is not None
    assert len(calls) <= 8
    count = len(calls)
    assert BpgCodec(preset="ultrafast", cache=cache).best(image, 900) is not None
    assert len(calls) == count


def test_unknown_encoder(photograph: np.ndarray) -> None:
    with pytest.raises(InputError, match="x265, bpgenc"):
        BpgCodec(encoder="webp").best(photograph, 1000)
