"""Hostile and damaged bytes: a picture of the expected size or `DecodeError`, nothing else, and soon."""

import time

import numpy as np
import pytest
from mutate import mutate
from pictures import smooth_picture

from linksim.codecs import DecodeError, bpg, jpeg

SIZE = (56, 75)
FILES = {
    "bpg 420": (bpg, lambda image: bpg.encode(image, 26, "420", preset="medium")),
    "bpg 444": (bpg, lambda image: bpg.encode(image, 34, "444", preset="medium")),
    "bpg rgb": (bpg, lambda image: bpg.encode(image, 34, "rgb", preset="medium")),
    "bpg grey": (bpg, lambda image: bpg.encode(image, 20, "grey", preset="medium")),
    "jpeg": (jpeg, lambda image: jpeg.encode(image, 50)),
    "jpeg restarts": (jpeg, lambda image: jpeg.encode(image, 50, restart_blocks=2)),
}


@pytest.mark.parametrize("name", FILES)
def test_mutations(name: str) -> None:
    codec, encode = FILES[name]
    data = encode(smooth_picture(*SIZE, seed=5))
    shown = {"decode": 0, "decode_partial": 0}
    for number in range(550 if codec is bpg else 300):
        damaged = mutate(data, np.random.default_rng([11, number]))
        for decoder in (codec.decode, codec.decode_partial):
            begin = time.perf_counter()
            try:
                image = decoder(damaged, SIZE)
            except DecodeError:
                pass
            else:
                assert image.shape == (*SIZE, 3)
                assert image.dtype == np.uint8
                shown[decoder.__name__] += 1
            assert time.perf_counter() - begin < 5
    assert shown["decode_partial"] >= shown["decode"] > 0


@pytest.mark.parametrize("codec", [bpg, jpeg])
def test_noise_is_refused(codec) -> None:
    random = np.random.default_rng(0)
    for length in (0, 1, 5, 100, 3000):
        noise = random.bytes(length)
        heads = (b"", b"BPG\xfb") if codec is bpg else (b"", b"\xff\xd8\xff\xe0")
        for head in heads:
            for decoder in (codec.decode, codec.decode_partial):
                with pytest.raises(DecodeError):
                    decoder(head + noise, SIZE)
