"""Budgets: numbers and other schemes', in one place, never exceeded."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_link import TinyCodec, link_config, picture

from linksim.codebook.quantizer import ResidualQuantizer
from linksim.codebook.stages import Stages
from linksim.common.errors import InputError
from linksim.schemes import SchemeContext, build_scheme, parse_scheme
from linksim.schemes.budget import Budget, budget_chain, budget_number
from linksim.schemes.encodings import Encodings
from linksim.schemes.semantic.scheme import SemanticScheme

LINK = link_config()
JPEG = {"name": "j", "kind": "jpeg"}


@pytest.mark.parametrize(
    ("given", "exact"), [("1/12", Fraction(1, 12)), (0.0833, Fraction(833, 10_000)), (5, Fraction(5))]
)
def test_numbers_are_exact(given: object, exact: Fraction) -> None:
    assert budget_number("rho", given) == exact


@pytest.mark.parametrize("wrong", ["1/0", "0", 0, -0.1, "-1/3", "a third", "nan", "inf", "", "1" * 5000])
def test_what_is_no_budget_is_refused_in_one_line(wrong: object) -> None:
    with pytest.raises(InputError, match=r"rho: .* is not allowed; allowed: a number above 0, such as 0.0833 or 1/12"):
        parse_scheme(JPEG | {"rho": wrong})


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"rho": "1/12", "rate_match": "x"}, "rate_match and rho: one budget is allowed"),
        ({"rho": "1/12", "bpp": 0.5}, "rho and bpp: one budget"),
        ({"rho": "1/12", "quality": 50}, "quality and rho are given"),
        ({}, "either quality or a budget .rate_match, rho, channel_uses, bpp. is needed, but neither"),
        ({"bpp": 0.5, "mcs": {"kind": "capacity"}}, "give rho or channel_uses"),
        ({"quality": 50, "mcs": {"kind": "capacity"}}, "give a rate_match, rho or channel_uses"),
    ],
)
def test_one_budget_at_most(more: dict, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        parse_scheme(JPEG | more)


@given(
    unit=st.sampled_from(["rho", "channel_uses", "bpp"]),
    value=st.fractions(Fraction(1, 50), 5),
    size=st.integers(9, 70),
)
@settings(max_examples=60, deadline=None)
def test_a_budget_is_never_exceeded(unit: str, value: Fraction, size: int) -> None:
    value = value * 1000 if unit == "channel_uses" else value
    budget = Budget(unit, value)  # type: ignore[arg-type]
    uses = budget.channel_uses((size, size + 3), LINK)
    pixels = size * (size + 3)
    if unit == "rho":
        assert uses <= value * 3 * pixels < uses + 1
    elif unit == "channel_uses":
        assert uses <= value < uses + 1
    else:
        assert uses // LINK.symbols_per_block * LINK.payload_bits_per_block <= value * pixels


@pytest.mark.parametrize("more", [{"rho": "10/9"}, {"channel_uses": 9000}, {"bpp": 4}])
def test_schemes_keep_to_numbers(more: dict) -> None:
    images = [picture(), picture(33, 50, seed=2)]
    scheme = build_scheme(parse_scheme(JPEG | more), SchemeContext(LINK))
    encodings = Encodings({"j": scheme}, LINK, images, ["a", "b"])
    for image, sent, most in zip(images, encodings.of("j", 10.0), encodings.budgets(scheme, 10.0), strict=True):
        assert 0 < sent.channel_uses <= most
        if "bpp" in more:
            assert len(sent.streams[0].bits) <= 4 * image.shape[0] * image.shape[1]


def test_a_scheme_matched_to_one_with_a_number() -> None:
    configs = [parse_scheme(JPEG | {"rho": 1.2}), parse_scheme({"name": "k", "kind": "jpeg", "rate_match": "j"})]
    schemes = {config.name: build_scheme(config, SchemeContext(LINK)) for config in configs}
    encodings = Encodings(schemes, LINK, [picture()], ["a"])
    assert encodings.budgets(schemes["k"], 3.0) == [encodings.of("j", 3.0)[0].channel_uses]


def test_chains() -> None:
    names = {name: parse_scheme({"name": name, "kind": "jpeg", "rate_match": to}) for name, to in ("ab", "bc", "ca")}
    with pytest.raises(ValueError, match="goes in a circle: a -> b -> c -> a"):
        budget_chain("a", names)
    with pytest.raises(ValueError, match=r"schemes.a.rate_match: no scheme is named 'b'; allowed: none"):
        budget_chain("a", {"a": names["a"]})


def _staged(budget: dict, stages: int | None = None) -> SemanticScheme:
    rng = np.random.default_rng(5)
    codewords = rng.random((3, 1, 8, 3)).astype(np.float32) * np.array([1, 0.3, 0.1], np.float32)[:, None, None, None]
    config = parse_scheme({"name": "s", "kind": "semantic", "checkpoint": "given", "stages": stages} | budget)
    quantizer = ResidualQuantizer(Stages(codewords, np.full((3, 1, 8), 1 / 8, np.float32)))
    return SemanticScheme(config, SchemeContext(LINK), TinyCodec(), quantizer)


@given(budget=st.integers(1, 6000))
@settings(max_examples=40, deadline=None)
def test_a_codebook_of_stages_takes_what_fits_and_no_more(budget: int) -> None:
    scheme, image = _staged({"channel_uses": budget}), picture(24, 32)
    (sent,) = scheme.transmit([image], ["a"], [budget], None)
    assert sent.channel_uses <= budget
    (more,) = scheme.transmit([image], ["a"], [budget + LINK.symbols_per_block], None)
    if sent.infeasible:
        assert "first stage take" in sent.infeasible
    else:
        bits, longer = sent.streams[0].bits, more.streams[0].bits
        assert len(bits) <= len(longer)
        assert np.array_equal(bits, longer[: len(bits)]), "fewer stages are a prefix of more"


def test_fewer_stages_are_coarser_and_too_many_are_refused() -> None:
    image = picture(24, 32)
    sent = [_staged({}, stages).transmit([image], ["a"], [None], None)[0] for stages in (1, 2, 3)]
    sizes = [len(one.streams[0].bits) for one in sent]
    assert sizes == [sizes[0], 2 * sizes[0], 3 * sizes[0]]
    with pytest.raises(InputError, match=r"schemes.s.stages: 4 is not allowed; allowed: 1 to 3"):
        _staged({}, 4)
