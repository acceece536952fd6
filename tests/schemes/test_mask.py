"""Masks of semantic schemes: what is not sent costs nothing and is known to both ends, what is doubtful is not shown."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from small_link import StageCodec, TinyCodec, link_config, picture, receptions_of, send

from linksim.codebook.receiver import Estimate
from linksim.codebook.stages import Stages
from linksim.common.errors import InputError
from linksim.schemes import SchemeContext, build_scheme, parse_scheme
from linksim.schemes.semantic import mask as mask_module
from linksim.schemes.semantic.mask import Mask, MaskConfig
from linksim.schemes.semantic.rate_points import Allotment, RatePoints
from linksim.schemes.semantic.scheme import SemanticScheme

LINK = link_config()
UNCODED = link_config(code={"kind": "none", "block_bits": 240}, modulation={"bits_per_symbol": 6})
SIZES = st.tuples(st.integers(1, 90), st.integers(1, 90))
SHARES = st.floats(0, 0.95)


class Tokened:
    """Adds a mask token, and remembers what its decoder was given and its encoder saw."""

    downsampling = 4
    mask_token = np.array([0.5, -3.0, 7.0], np.float32)

    def encode(self, images):
        self.seen_image = images[0]
        return super().encode(images)

    def decode(self, features, size, variance=None):
        self.seen = features[0]
        return super().decode(features, size, variance)


class TokenCodec(Tokened, TinyCodec):
    pass


class StagedTokenCodec(Tokened, StageCodec):
    """Two residual stages of 3 bits."""

    def __init__(self):
        corners = np.stack(np.meshgrid(*[[-1, 1]] * 3, indexing="ij"), -1).reshape(8, 3)
        words = np.stack([0.25 * corners + 0.5, 0.125 * corners])[:, None].astype(np.float32)
        super().__init__(Stages(words, np.full((2, 1, 8), 1 / 8, np.float32)))


def config(**options):
    return parse_scheme({"name": "s", "kind": "semantic", "checkpoint": "tiny"} | options)


def build(codec=None, link=LINK, seed=1, **options):
    return SemanticScheme(config(**options), SchemeContext(link, seed=seed), codec or TokenCodec())


def sent_by(scheme, image, budget=None):
    return scheme.transmit([image], ["a"], [budget], None)[0]


def cells(image):
    return -(-image.shape[0] // 4), -(-image.shape[1] // 4)


@pytest.mark.parametrize("mask", [{}, {"share": 0.0, "patch": 8}])
@pytest.mark.parametrize("codec", [TinyCodec, TokenCodec])
def test_a_mask_of_nothing_is_the_scheme_without_one(mask, codec):
    image = picture(45, 61)
    plain, masked = (build(codec(), UNCODED, receiver={"kind": "soft"}, **m) for m in ({}, {"mask": mask}))
    ours, theirs = sent_by(masked, image), sent_by(plain, image)
    np.testing.assert_array_equal(ours.streams[0].bits, theirs.streams[0].bits)
    assert (ours.context, ours.settings) == (theirs.context, theirs.settings)
    a, b = (send(s, [t], 5.0)[0].image for s, t in ((masked, ours), (plain, theirs)))
    np.testing.assert_array_equal(a, b)


@settings(max_examples=60, deadline=None)
@given(SIZES, SHARES, st.sampled_from([4, 8, 16]))
def test_masked_cells_are_not_sent_and_the_decoder_gets_the_token_there(size, share, patch):
    """At every size and share: bits of the visible cells alone, exactly, and of their codewords nothing else differs."""
    image = picture(*size)
    codec, plain = TokenCodec(), TokenCodec()
    s = build(codec, UNCODED, mask={"share": share, "patch": patch})
    sent = sent_by(s, image)
    delivery = s.receive([sent], [tuple(stream.intact() for stream in sent.streams)], 99.0)[0]
    masked = (codec.seen == codec.mask_token).all(-1)
    rows, columns = cells(image)
    patches = -(-rows * 4 // patch) * -(-columns * 4 // patch)
    assert len(sent.streams[0].bits) == 3 * (~masked).sum()
    assert sum(masked[i, j] for i in range(0, rows, patch // 4) for j in range(0, columns, patch // 4)) == int(
        share * patches + 1e-9
    )
    assert delivery.image.shape == image.shape
    whole = build(plain, UNCODED)
    t = sent_by(whole, image)
    whole.receive([t], [tuple(stream.intact() for stream in t.streams)], 99.0)
    np.testing.assert_array_equal(codec.seen[~masked], plain.seen[~masked])


def test_the_encoder_sees_visible_patches_only():
    """What is in masked patches changes neither what it sees nor what is sent; what is in the others does."""
    image, codec = picture(45, 61, noise=40), TokenCodec()
    s = build(codec, mask={"share": 0.5, "patch": 16})
    bits, seen = sent_by(s, image).streams[0].bits, codec.seen_image
    masked = s.mask.masked(cells(image)).repeat(4, 0).repeat(4, 1)[:45, :61]
    assert 0.2 < masked.mean() < 0.7
    assert (seen[masked] == 128).all()
    np.testing.assert_array_equal(seen[~masked], image[~masked])
    np.testing.assert_array_equal(sent_by(s, np.where(masked[..., None], 255 - image, image)).streams[0].bits, bits)
    assert (sent_by(s, np.where(masked[..., None], image, 255 - image)).streams[0].bits != bits).any()


def test_a_receiver_of_its_own_draws_the_same_mask_and_is_told_nothing():
    """Another object, given a transmission without settings and bits: it has the image's size, grid and budget alone."""
    image = picture(90, 122)
    here, there = (build(codec, UNCODED, mask={"share": 0.4}) for codec in (TokenCodec(), TokenCodec()))
    sent = sent_by(here, image)
    assert sent.context == Allotment(cells(image), None)
    assert sent.settings == {}
    (received,) = receptions_of([sent], 60.0)
    bare = replace(sent, streams=(replace(sent.streams[0], bits=np.zeros(0, np.uint8)),))
    ours, drawn = here.receive([sent], [received], 60.0)[0].image, here.mask.masked((23, 31))
    mask_module._masked.cache_clear()  # as on another machine
    np.testing.assert_array_equal(there.receive([bare], [received], 60.0)[0].image, ours)
    np.testing.assert_array_equal(there.mask.masked((23, 31)), drawn)
    other = build(link=UNCODED, seed=2, mask={"share": 0.4})
    assert (other.mask.masked((23, 31)) != drawn).any()


def test_fewer_patches_are_fewer_channel_uses():
    image, shares = picture(256, 256), (0.0, 0.25, 0.5, 0.75)
    uses = [sent_by(build(link=UNCODED, mask={"share": share}), image).channel_uses for share in shares]
    np.testing.assert_allclose(uses, uses[0] * (1 - np.array(shares)), rtol=0, atol=40)  # a block


@pytest.mark.parametrize("kind", ["hard", "soft"])
def test_doubtful_cells_are_masked_and_known_ones_never(kind):
    """What the decoder is given, beside what it is given without a mask and the variance there."""
    image, receiver = picture(96, 128), {"kind": kind}
    plain, masked = TokenCodec(), TokenCodec()
    without = build(plain, UNCODED, receiver=receiver)
    sent = sent_by(without, image)
    (received,) = receptions_of([sent], 22.0)
    assert 0.1 < received[0].known.mean() < 0.95  # some blocks failed
    without.receive([sent], [received], 22.0)
    variance = plain.seen_variance[0]
    limit = float(np.median(variance[variance > 0]))
    doubtful = variance > limit
    assert 0.01 < doubtful.mean() < 0.99
    assert (variance[~doubtful] > 0).any()
    s = build(masked, UNCODED, receiver=receiver, mask={"doubtful": limit})
    np.testing.assert_array_equal(sent.streams[0].bits, sent_by(s, image).streams[0].bits)
    s.receive([sent], [received], 22.0)
    np.testing.assert_array_equal(masked.seen, np.where(doubtful[..., None], masked.mask_token, plain.seen))
    np.testing.assert_array_equal(masked.seen_variance[0], np.where(doubtful, 0, variance))
    known = received[0].known.reshape(24, 32, 3).all(-1)
    assert not doubtful[known].any()
    intact = tuple(stream.intact() for stream in sent.streams)
    s.receive([sent], [intact], 22.0)
    assert not (masked.seen == masked.mask_token).all(-1).any()


def test_a_limit_of_zero_masks_all_that_no_crc_vouches_for():
    image, codec = picture(96, 128), TokenCodec()
    s = build(codec, UNCODED, mask={"doubtful": 0})
    sent = sent_by(s, image)
    (received,) = receptions_of([sent], 22.0)
    s.receive([sent], [received], 22.0)
    known = received[0].known.reshape(24, 32, 3).all(-1)
    np.testing.assert_array_equal((codec.seen == codec.mask_token).all(-1), ~known)


def test_a_share_and_doubt_go_together():
    mask = Mask(MaskConfig(share=0.5, patch=4, doubtful=1.0), 4, 1)
    grid = (3, 5)
    masked = mask.masked(grid)
    n = int((~masked).sum())
    assert mask.sent_grid(grid) == (1, n)
    features, variance = np.arange(2 * n).reshape(n, 2).astype(np.float32), np.zeros(n, np.float32)
    variance[1] = 2
    token = np.array([-1, -2], np.float32)
    whole, variances = mask.filled(Estimate(features, variance), grid, token)
    expected = np.tile(token, (3, 5, 1))
    numbers = iter(range(n))
    for i, j in np.ndindex(grid):
        if not masked[i, j] and (number := next(numbers)) != 1:
            expected[i, j] = features[number]
    np.testing.assert_array_equal(whole, expected)
    np.testing.assert_array_equal(variances, 0)


@settings(max_examples=60, deadline=None)
@given(SIZES, SHARES, st.integers(0, 3000), st.sampled_from(["part", "whole"]), st.booleans())
def test_a_budget_is_kept_with_a_mask_and_stages_go_by_what_is_visible(size, share, budget, last, sorted_bits):
    protection = {"kind": "bit-levels" if sorted_bits else "none"}
    grid, mask = cells(np.zeros(size)), Mask(MaskConfig(share=share, patch=8), 4, 3)
    visible = int((~mask.masked(grid)).sum())
    points = RatePoints(
        config(rate_match="x", protection=protection, last_stage=last), LINK, (3, 4, 5), np.linspace(9, 1, 12), mask
    )
    layout = points.layout(Allotment(grid, budget))
    free = points.layout(Allotment(grid, None))
    assert free.source_bits == 12 * visible
    if layout is None:
        assert points.least(grid) > budget
        return
    assert layout.vectors == visible
    payload = np.random.default_rng(1).integers(0, 2, layout.source_bits, np.uint8)
    streams = points.carrier(layout).streams(payload, layout)
    assert sum(stream.ledger().channel_uses for stream in streams) <= budget
    np.testing.assert_array_equal(points.carrier(layout).join(tuple(s.bits for s in streams), layout), payload)
    # A mask leaves room for more stages.
    whole = RatePoints(config(rate_match="x", last_stage=last), LINK, (3, 4, 5), np.ones(12)).layout(
        Allotment(grid, budget)
    )
    assert whole is None or whole.stages <= layout.stages


def test_within_a_budget_the_visible_cells_get_their_stages():
    image, codec = picture(96, 128, noise=5), StagedTokenCodec()
    costs = {s: sent_by(build(StagedTokenCodec(), mask={"share": s}), image).channel_uses for s in (0, 0.5)}
    s = build(codec, rate_match="x", mask={"share": 0.5})
    fits, part = (sent_by(s, image, budget) for budget in (costs[0.5], (3 * costs[0.5]) // 4))
    assert fits.settings == {}
    assert part.settings["stages"] == 2
    assert costs[0.5] < 0.55 * costs[0]
    (delivery,) = send(s, [part], 40.0)
    masked = s.mask.masked((24, 32))
    means = image.reshape(24, 4, 32, 4, 3).mean((1, 3)) / 255
    assert np.abs(codec.seen - means)[~masked].max() < 0.3
    np.testing.assert_array_equal((codec.seen == codec.mask_token).all(-1), masked)
    assert delivery.image.shape == image.shape
    too_small = sent_by(s, image, 10)
    assert "the indices of the first stage take" in too_small.infeasible


def test_a_damaged_checkpoint_has_a_token_of_its_own(monkeypatch):
    class Other(TokenCodec):
        mask_token = np.array([0.1, 0.2, 0.3], np.float32)

    codecs = {"checkpoint": TokenCodec(), "damaged_checkpoint": Other()}
    monkeypatch.setattr("linksim.schemes.semantic.scheme._load", lambda config, key, dtype: codecs[key])
    monkeypatch.setattr("linksim.schemes.semantic.scheme._check_pair", lambda *pair: None)
    s = SemanticScheme(
        config(damaged_checkpoint="other", mask={"share": 0.5}), SchemeContext(UNCODED), codecs["checkpoint"]
    )
    sent = sent_by(s, picture(96, 128))
    for snr, codec in ((0.0, codecs["damaged_checkpoint"]), (60.0, codecs["checkpoint"])):
        send(s, [sent], snr)
        assert (codec.seen[s.mask.masked((24, 32))] == codec.mask_token).all()


def test_what_a_mask_needs_is_said_in_one_line(monkeypatch):
    no_token = r"schemes\.s\.mask: the checkpoint 'tiny' has no mask token; give one that was trained with mask"
    for mask in ({"share": 0.5}, {"doubtful": 1.0}):
        with pytest.raises(InputError, match=no_token):
            build(TinyCodec(), mask=mask)
    with pytest.raises(
        InputError, match=r"schemes\.s\.mask\.patch: 10 is no multiple of the 4 pixels between features"
    ):
        build(mask={"share": 0.5, "patch": 10})
    codec = TokenCodec()
    codec.repairs = True
    with pytest.raises(InputError, match=r"schemes\.s\.mask: the checkpoint 'tiny' has a repair block, which knows no"):
        build(codec, mask={"share": 0.5})
    monkeypatch.setattr("linksim.schemes.semantic.scheme._load", lambda config, key, dtype: TinyCodec())
    monkeypatch.setattr("linksim.schemes.semantic.scheme._check_pair", lambda *pair: None)
    with pytest.raises(InputError, match=r"the damaged_checkpoint 'other' has no mask token"):
        build(damaged_checkpoint="other", mask={"share": 0.5})
    for bad in ({"share": 1.0}, {"share": -0.1}, {"patch": 0}, {"doubtful": -1}, {"shares": 0.5}):
        with pytest.raises(InputError, match=r"mask"):
            config(mask=bad)


@pytest.fixture
def validation(tmp_path, monkeypatch):
    codecs = {"masked": TokenCodec, "plain": TinyCodec}
    monkeypatch.setattr(TokenCodec, "mask_token", np.array([0.5, 0.5, 0.5], np.float32))
    monkeypatch.setattr(
        "linksim.schemes.semantic.scheme._load", lambda config, key, dtype: codecs[getattr(config, key)]()
    )
    for i in range(2):
        Image.fromarray(picture(64, 64, seed=i, noise=8)).save(tmp_path / f"{i}.png")
    return {"dataset": "folder", "path": str(tmp_path)}


def adaptive(validation, **options):
    grid = [{"rate": 0.34, "bits_per_symbol": 2}, {"rate": 0.75, "bits_per_symbol": 4}]
    mcs = {"kind": "adaptive", "grid": grid, "validation": validation}
    scheme = config(checkpoint="masked", mcs=mcs, **options)
    return build_scheme(scheme, SchemeContext(LINK, (scheme,)))


def test_adaptive_coding_chooses_a_share_for_each_snr(validation):
    """The strong code has room for half of the patches only, the weak one for all."""
    s = adaptive(validation, channel_uses=800, alternatives=[{"mask": {"share": 0.5}}])
    low, high = s.choose(0.0), s.choose(25.0)
    assert (low.variant, low.mcs.bits_per_symbol) == (1, 2)
    assert (high.variant, high.mcs.bits_per_symbol) == (0, 4)
    image = picture(64, 64, seed=1, noise=8)
    for snr, bits in ((0.0, 3 * 128), (25.0, 3 * 256)):
        (sent,) = s.transmit([image], ["a"], [800], snr)
        assert len(sent.streams[0].bits) == bits
        assert send(s, [sent], 45.0)[0].image.shape == image.shape


def test_another_checkpoint_comes_without_the_mask_of_the_scheme(validation):
    s = adaptive(
        validation,
        channel_uses=900,
        mask={"share": 0.5},
        alternatives=[{"checkpoint": "plain"}, {"mask": {"share": 0.0}}, {"receiver": {"kind": "soft"}}],
    )
    image = picture(64, 64)
    lengths = [
        len(s.fixed(s.mcs.entries[1], variant).transmit([image], ["a"], [None], 10.0)[0].streams[0].bits)
        for variant in range(4)
    ]
    assert lengths == [3 * 128, 3 * 256, 3 * 256, 3 * 128]
