"""Networks of checkpoints: built once for equal weights, and not asked twice for the same."""

import gc

import numpy as np
import pytest

from linksim.semantic import network as network_module
from linksim.semantic.codec import SemanticCodec, load_checkpoint
from linksim.semantic.network import Network


@pytest.fixture
def codec() -> SemanticCodec:
    return load_checkpoint("vqvae")


def test_checkpoints_of_equal_weights_share_networks(codec: SemanticCodec) -> None:
    other = load_checkpoint("vqvae-matched-labels")  # other labels of the same codewords
    assert other.sha256 != codec.sha256
    assert other.decoder is codec.decoder
    assert load_checkpoint("vqvae-robust").decoder is not codec.decoder
    assert load_checkpoint("vqvae", "bfloat16").decoder is not codec.decoder


def test_a_picture_is_decoded_once_for_all(codec: SemanticCodec, monkeypatch: pytest.MonkeyPatch) -> None:
    features = np.random.default_rng(1).normal(size=(1, 4, 4, codec.dim)).astype(np.float32)
    first = codec.decode(features, (16, 16))
    monkeypatch.setattr(codec.decoder, "predict_on_batch", lambda *_: pytest.fail("asked again"))
    other = load_checkpoint("vqvae-matched-labels")
    assert other.decode(features.copy(), (16, 16)) is first
    assert not first.flags.writeable
    for changed, size in ((features + 1e-6, (16, 16)), (features, (15, 16))):
        with pytest.raises(pytest.fail.Exception, match="asked again"):
            codec.decode(changed, size)


def test_what_is_remembered_is_bounded() -> None:
    network = Network(lambda: None, limit=100)
    made: list[int] = []

    def ask(number: int) -> int:
        def compute() -> np.ndarray:
            made.append(number)
            return np.full(40, number, np.uint8)

        return int(network.remembered((np.array([number]),), compute)[0])

    assert [ask(n) for n in (1, 2, 1, 3, 1, 2)] == [1, 2, 1, 3, 1, 2]
    assert made == [1, 2, 3, 2]  # 2 was the least recently used when 3 came


def test_networks_go_with_their_codecs() -> None:
    gc.collect()
    before = len(network_module._networks)
    codec = load_checkpoint("proposed")
    assert codec.decoder is not None
    assert len(network_module._networks) >= before
    kept = codec._decoder_network
    assert kept in network_module._networks.values()


def test_bfloat16_stays_near(codec: SemanticCodec) -> None:
    features = np.random.default_rng(1).normal(size=(1, 16, 16, codec.dim)).astype(np.float32)
    exact = codec.decode(features, (64, 64)).astype(int)
    near = load_checkpoint("vqvae", "bfloat16").decode(features, (64, 64)).astype(int)
    difference = np.abs(exact - near)
    assert 0 < difference.max() <= 16
    assert difference.mean() < 1.5


def test_a_picture_does_not_depend_on_its_neighbours(codec: SemanticCodec) -> None:
    features = np.random.default_rng(1).normal(size=(3, 8, 8, codec.dim)).astype(np.float32)
    alone = [codec.decode(one[None], (32, 32))[0] for one in features]
    together = codec.decode(features, (32, 32))
    np.testing.assert_array_equal(together, alone)
