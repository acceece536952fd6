"""A receiver with a repair block: what goes through it, and what comes of that."""

from typing import Any

import numpy as np
import pytest
from small_link import StageCodec, TinyCodec, link_config, picture, receptions_of, send

from linksim.codebook.stages import Stages
from linksim.common.errors import InputError
from linksim.schemes import SchemeContext, parse_scheme
from linksim.schemes.semantic.scheme import SemanticScheme

UNCODED = link_config(code={"kind": "none", "block_bits": 240}, modulation={"bits_per_symbol": 6})


def _stages() -> Stages:
    rng = np.random.default_rng(8)
    words = np.stack([rng.random((1, 8, 3)), rng.normal(0, 0.1, (1, 8, 3))])
    return Stages(words.astype(np.float32), np.full((2, 1, 8), 1 / 8, np.float32))


class RepairingCodec(StageCodec):
    """Its block halves the features; what it is given and what is decoded is kept."""

    repairs = True

    def __init__(self) -> None:
        super().__init__(_stages())
        self.given: list[tuple[np.ndarray, np.ndarray]] = []
        self.decoded: list[np.ndarray] = []

    def repair(self, features: np.ndarray, variance: np.ndarray) -> np.ndarray:
        self.given.append((features, variance))
        return 0.5 * features

    def decode(self, features: Any, size: Any, variance: Any = None) -> np.ndarray:
        self.decoded.append(features)
        return super().decode(features, size, variance)


def _scheme(codec: Any, **options: Any) -> SemanticScheme:
    config = parse_scheme({"name": "s", "kind": "semantic", "checkpoint": "tiny"} | options)
    return SemanticScheme(config, SchemeContext(UNCODED), codec)


def _nearest_sums(features: np.ndarray, stages: Stages, count: int) -> np.ndarray:
    out = np.zeros_like(features)
    for v in range(len(features)):
        for s in range(count):
            words = stages.codewords[s, 0]
            out[v] += words[np.argmin(np.sum((features[v] - out[v] - words) ** 2, -1))]
    return out


@pytest.mark.parametrize("receiver", ["hard", "soft"])
@pytest.mark.parametrize("sent", [1, 2])
def test_damaged_features_are_repaired_and_requantized_over_what_was_sent(receiver: str, sent: int) -> None:
    codec = RepairingCodec()
    s = _scheme(codec, receiver={"kind": receiver}, stages=sent)
    (transmission,) = s.transmit([picture()], ["a"], [None], None)
    (delivery,) = send(s, [transmission], 6.0)
    assert not delivery.outage
    ((features, variance),) = codec.given
    assert features.shape == (1, 12, 16, 3)
    assert variance.shape == (1, 12, 16)
    assert variance.max() > 0
    (decoded,) = codec.decoded
    expected = _nearest_sums(0.5 * features.reshape(-1, 3), codec.stages, sent)
    np.testing.assert_allclose(decoded.reshape(-1, 3), expected, atol=1e-6)
    assert codec.seen_variance is None


def test_without_requantization_the_decoder_is_given_what_the_block_gives() -> None:
    codec = RepairingCodec()
    s = _scheme(codec, requantize=False)
    send(s, s.transmit([picture()], ["a"], [None], None), 6.0)
    np.testing.assert_array_equal(codec.decoded[0], 0.5 * codec.given[0][0])


def test_where_every_crc_holds_nothing_is_repaired() -> None:
    codec, plain = RepairingCodec(), StageCodec(_stages())
    s, other = _scheme(codec), _scheme(plain)
    (delivery,) = send(s, s.transmit([picture()], ["a"], [None], None), 60.0)
    (expected,) = send(other, other.transmit([picture()], ["a"], [None], None), 60.0)
    assert codec.given == []
    np.testing.assert_array_equal(delivery.image, expected.image)


def test_one_failed_block_is_enough() -> None:
    codec = RepairingCodec()
    s = _scheme(codec)
    sent = s.transmit([picture()], ["a"], [None], None)
    seen = set()
    for es_no_db in (15.0, 17.0, 19.0, 21.0, 60.0):
        before = len(codec.given)
        receptions = receptions_of(sent, es_no_db)
        s.receive(sent, receptions, es_no_db)
        intact = all(part.ok for part in receptions[0])
        seen.add(intact)
        assert (len(codec.given) == before) == intact
    assert seen == {True, False}


def test_a_mask_does_not_go_with_a_block() -> None:
    codec = RepairingCodec()
    codec.mask_token = np.zeros(3, np.float32)
    with pytest.raises(InputError, match=r"schemes\.s\.mask: the checkpoint 'tiny' has a repair block") as caught:
        _scheme(codec, mask={"share": 0.5})
    assert "\n" not in str(caught.value)


def test_the_block_may_be_the_other_checkpoints_alone() -> None:
    plain, codec = StageCodec(_stages()), RepairingCodec()
    s = _scheme(plain)
    s.damaged_codec = codec
    sent = s.transmit([picture()], ["a"], [None], None)
    send(s, sent, 60.0)
    assert codec.decoded == []
    send(s, sent, 6.0)
    assert len(codec.given) == len(codec.decoded) == 1


def test_a_codec_that_knows_no_repair_block_is_received_as_ever() -> None:
    """Such as one of another package, made before there were any."""
    codec = TinyCodec()
    assert not hasattr(codec, "repairs")
    config = parse_scheme({"name": "s", "kind": "semantic", "checkpoint": "tiny"})
    s = SemanticScheme(config, SchemeContext(UNCODED), codec)
    send(s, s.transmit([picture()], ["a"], [None], None), 6.0)
    assert codec.seen_variance.max() > 0
