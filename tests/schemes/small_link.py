"""A small link, pictures, and a codec without networks: schemes are tested with the real link, quickly."""

import numpy as np

from linksim.link.config import LinkConfig


class TinyCodec:
    """Features are the mean colours of 4 x 4 cells in [0, 1]; 8 codewords. The interface of `SemanticCodec`."""

    card: dict = {}  # noqa: RUF012

    def __init__(self, size=8):
        rng = np.random.default_rng(3)
        self.codebook = np.sort(rng.random((size, 3)).astype(np.float32), axis=0)
        self.usage = np.full(size, 1 / size, np.float32)
        self.seen_variance = None

    def encode(self, images):
        pad = [(0, 0), (0, -images.shape[1] % 4), (0, -images.shape[2] % 4), (0, 0)]
        x = np.pad(images, pad, mode="edge").astype(np.float32) / 255
        b, h, w, _ = x.shape
        return x.reshape(b, h // 4, 4, w // 4, 4, 3).mean((2, 4))

    def decode(self, features, size, variance=None):
        self.seen_variance = variance
        x = features.repeat(4, 1).repeat(4, 2)[:, : size[0], : size[1]]
        return np.clip(np.rint(x * 255), 0, 255).astype(np.uint8)


class StageCodec(TinyCodec):
    """The same with a quantizer of its own: there is no one codebook."""

    def __init__(self, stages):
        super().__init__()
        self.stages = stages

    @property
    def codebook(self):
        raise AssertionError("there is no one codebook")

    @codebook.setter
    def codebook(self, value):
        pass


def picture(height=48, width=64, seed=0, noise=20):
    """A gradient with edges and noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    base = np.stack([y * 255 / height, x * 255 / width, ((x // 9 + y // 7) % 2) * 120 + 60], -1)
    return np.clip(base + rng.normal(0, noise, base.shape), 0, 255).astype(np.uint8)


def link_config(**changes):
    base = {
        "code": {"kind": "ldpc5g", "rate": 0.5, "block_bits": 256, "decoder": "layered"},
        "modulation": {"bits_per_symbol": 2},
        "channel": {"kind": "awgn"},
    }
    return LinkConfig(**base | changes)


def receptions_of(transmissions, es_no_db, key=("test",)):
    """What the real link makes of transmissions."""
    from linksim.schemes.sending import send as send_streams

    return send_streams(transmissions, es_no_db, lambda i, number: (*key, i, number))


def send(scheme, transmissions, es_no_db, key=("test",)):
    """Deliveries after the real link."""
    return scheme.receive(transmissions, receptions_of(transmissions, es_no_db, key), es_no_db)
