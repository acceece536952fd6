"""Alternatives of a semantic scheme: adaptive coding chooses checkpoint, stages and protection with code and modulation."""

import re

import numpy as np
import pytest
from PIL import Image
from small_link import StageCodec, TinyCodec, link_config, picture, send

from linksim.codebook.stages import Stages
from linksim.common.errors import InputError
from linksim.schemes import SchemeContext, build_scheme, parse_scheme
from linksim.schemes.identity import identity

LINK = link_config()
GRID = [{"rate": 0.34, "bits_per_symbol": 2}, {"rate": 0.75, "bits_per_symbol": 4}]


class Fine(StageCodec):
    """Mean colours in 8 levels of each: 9 bits a vector in one stage, where `TinyCodec` has its few codewords."""

    def __init__(self):
        levels = (np.arange(8) + 0.5) / 8
        words = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), -1).reshape(512, 3).astype(np.float32)
        super().__init__(Stages.single(words, np.full(512, 1 / 512, np.float32)))


@pytest.fixture
def validation(tmp_path, monkeypatch):
    codecs = {"coarse": TinyCodec, "fine": Fine}
    monkeypatch.setattr(
        "linksim.schemes.semantic.scheme._load", lambda config, key, dtype: codecs[getattr(config, key)]()
    )
    for i in range(2):
        Image.fromarray(picture(64, 64, seed=i, noise=8)).save(tmp_path / f"{i}.png")
    return {"dataset": "folder", "path": str(tmp_path)}


def adaptive(validation, uses=2400, grid=GRID, **options):
    config = parse_scheme(
        {"name": "s", "kind": "semantic", "checkpoint": "coarse", "channel_uses": uses}
        | {"mcs": {"kind": "adaptive", "grid": grid, "validation": validation}}
        | options
    )
    return build_scheme(config, SchemeContext(LINK, (config,)))


def test_the_finer_checkpoint_is_chosen_where_its_bits_arrive_and_fit(validation):
    s = adaptive(validation, alternatives=[{"checkpoint": "fine"}])
    image = picture(64, 64, seed=0, noise=8)
    assert len(s.choices) == 4
    best = s.choose(30.0)
    assert best.variant == 1
    assert all(s.score(best, 30.0) >= s.score(other, 30.0) for other in s.choices)
    (sent,) = s.transmit([image], ["0.png"], [2400], 30.0)
    assert sent.settings["alternative"] == 1
    (delivery,) = send(s, [sent], 45.0)
    (plain,) = send(p := s.fixed(best.mcs, 0), p.transmit([image], ["0.png"], [2400], 30.0), 45.0)
    assert np.square(delivery.image - image.astype(float)).mean() < np.square(plain.image - image.astype(float)).mean()


def test_without_the_room_for_it_an_image_is_sent_with_what_fits(validation):
    s = adaptive(validation, alternatives=[{"checkpoint": "fine"}])
    least = [s.fixed(*choice).transmit([picture(64, 64)], ["a"], [10**6], 30.0)[0].channel_uses for choice in s.choices]
    (sent,) = s.transmit([picture(64, 64)], ["a"], [min(least)], 30.0)
    assert not sent.infeasible
    assert sent.channel_uses <= min(least)


def test_a_protection_is_combined_with_the_codes_it_goes_with(validation):
    strong = {"kind": "code-rates", "strong_bits": 1, "strong_rate": 0.6}
    s = adaptive(validation, alternatives=[{"protection": strong}])
    assert [(choice.variant, choice.mcs.rate) for choice in s.choices] == [(0, 0.34), (0, 0.75), (1, 0.75)]
    alone = adaptive(validation, grid=GRID[:1], alternatives=[{"protection": strong}])
    with pytest.raises(InputError, match=r"strong_rate 0.6 is no stronger than the link's code"):
        _ = alone.choices


STRONG = {"kind": "code-rates", "strong_bits": 1, "strong_rate": 0.3}


@pytest.mark.parametrize(
    ("rates", "options", "message"),
    [
        (
            (0.25, 0.2),
            {"alternatives": [{"checkpoint": "fine"}, {"protection": STRONG}]},
            "none of the 2 entries of mcs.grid goes with alternatives.1; the first: ",
        ),
        (
            (0.25, 0.2, 0.15),
            {"protection": STRONG, "alternatives": [{"checkpoint": "fine"}]},
            "none of the 3 entries of mcs.grid goes with the scheme as it stands, which is alternative 0; the first: ",
        ),
        ((0.25, 0.2), {"protection": STRONG}, "none of the 2 entries of mcs.grid goes with the scheme; the first: "),
        ((0.25,), {"protection": STRONG}, "the entry of mcs.grid does not go with the scheme; "),
    ],
)
def test_that_no_grid_entry_goes_with_an_alternative_is_said_before_the_first_reason(
    validation, rates, options, message
):
    """Not the reason alone: another entry might have gone with it."""
    s = adaptive(validation, grid=[{"rate": rate, "bits_per_symbol": 2} for rate in rates], **options)
    with pytest.raises(InputError) as caught:
        _ = s.choices
    said = str(caught.value)
    assert said.startswith(f"scheme 's': {message}")
    assert said.count("scheme 's'") == 1
    assert re.search("strong_rate 0.3 is no stronger than the link's code.*0.25", said)
    assert "\n" not in said


def test_what_is_wrong_with_an_alternative_is_told_under_its_key(validation):
    s = adaptive(validation, alternatives=[{"checkpoint": "fine"}, {"checkpoint": "fine", "stages": 3}])
    with pytest.raises(InputError, match=r"^schemes\.s\.alternatives\.1\.stages: 3 is not allowed; allowed: 1 to 1"):
        _ = s.choices
    # Its protection comes from the scheme, under whose key it is told.
    own = {"kind": "code-rates", "strong_bits": 9, "strong_rate": 0.8}
    s = adaptive(validation, protection=own, alternatives=[{"checkpoint": "fine"}])
    with pytest.raises(InputError) as caught:
        _ = s.choices
    assert "alternatives" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"alternatives": [{"stages": 1}]}, "alternatives are chosen from by mcs.kind adaptive, but mcs.kind is same"),
        ({"alternatives": [{}]}, "an alternative changes something"),
        ({"alternatives": [{"stage": 1}]}, "stage"),
        ({"alternatives": 3}, "alternatives"),
    ],
)
def test_alternatives_that_mean_nothing_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        parse_scheme({"name": "s", "kind": "semantic", "checkpoint": "coarse"} | options)


def test_the_weights_of_alternatives_are_part_of_the_identity():
    mcs = {"kind": "adaptive", "validation": {"dataset": "samples"}, "grid": GRID}
    config = {"name": "s", "kind": "semantic", "checkpoint": "vqvae", "rho": 0.07, "mcs": mcs}
    other = parse_scheme(config | {"alternatives": [{"stages": 1}, {"checkpoint": "proposed"}]})
    hashes = identity(other)
    assert (
        hashes["alternatives.2 checkpoint"] == identity(parse_scheme(config | {"checkpoint": "proposed"}))["checkpoint"]
    )
    with pytest.raises(InputError, match=r"alternatives\.0\.checkpoint: .*nowhere"):
        identity(parse_scheme(config | {"alternatives": [{"checkpoint": "nowhere"}]}))


def test_a_checkpoint_of_its_own_comes_without_the_other_one_s_decoder():
    config = parse_scheme(
        {
            "name": "s",
            "kind": "semantic",
            "checkpoint": "proposed",
            "damaged_checkpoint": "proposed-robust",
            "rho": 0.07,
        }
        | {"mcs": {"kind": "adaptive", "validation": {"dataset": "samples"}, "grid": GRID}}
        | {"alternatives": [{"checkpoint": "vqvae"}, {"protection": {"kind": "bit-levels"}}]}
    )
    plain, other, protected = config.variants
    assert (plain.checkpoint, plain.damaged_checkpoint) == ("proposed", "proposed-robust")
    assert (other.checkpoint, other.damaged_checkpoint) == ("vqvae", None)
    assert (protected.damaged_checkpoint, protected.protection.kind) == ("proposed-robust", "bit-levels")
