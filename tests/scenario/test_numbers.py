"""Numbers of scenarios and training files: extremes of every field, ranges that fit, what was probably meant, and values of Python."""

import copy
import math
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

import linksim
from linksim.common.errors import InputError
from linksim.common.model import StrictModel
from linksim.common.reading.loading import validate
from linksim.common.reading.overrides import apply_overrides
from linksim.common.reading.plain import plain
from linksim.link import Link, LinkConfig
from linksim.scenario import Scenario, SnrRange
from linksim.training.config import TrainConfig
from linksim.training.jscc.config import JsccRecipe

SCENARIO: dict[str, Any] = {
    "name": "n",
    "seed": 1,
    "images": {"dataset": "samples", "count": 2, "size": 64},
    "link": {
        "code": {"kind": "ldpc5g", "rate": 0.5, "block_bits": 1024, "iterations": 10, "decoder": "layered"},
        "modulation": {"bits_per_symbol": 4},
        "channel": {"kind": "rician", "k_factor_db": 3.0, "coherence": 8},
        "csi": {"error_variance": 0.01},
    },
    "sweep": {
        "snr_db": {"start": 0.0, "stop": 4.0, "step": 2.0},
        "repetitions": 2,
        "precision": {"psnr_db": 0.5, "bler": 0.1, "max_repetitions": 9},
        "batch": 2,
    },
    "metrics": ["psnr"],
    "schemes": [
        {"name": "Q", "kind": "jpeg", "quality": 50, "restart_blocks": 4},
        {"name": "QP", "kind": "bpg", "qp": 30},
        {"name": "R", "kind": "jpeg", "rho": 0.1, "reserve": 0.2, "harq": {"kind": "chase", "max_transmissions": 3}},
        {"name": "U", "kind": "jpeg", "channel_uses": 2000},
        {"name": "P", "kind": "jpeg", "bpp": 0.5},
        {
            "name": "S",
            "kind": "semantic",
            "checkpoint": "vqvae",
            "receiver": {"kind": "soft", "llr_scale": 1.0},
            "transmitter": {"kind": "channel-optimized", "bit_error_rate": 0.1},
            "protection": {"kind": "code-rates", "strong_bits": 2, "strong_rate": 0.4},
            "mcs": {"kind": "fixed", "rate": 0.5, "bits_per_symbol": 2},
        },
        {
            "name": "A",
            "kind": "bpg",
            "rate_match": "Q",
            "mcs": {
                "kind": "adaptive",
                "grid": [{"rate": 0.5, "bits_per_symbol": 2}],
                "validation": {"dataset": "samples", "count": 1, "size": 32},
                "repetitions": 1,
                "reserves": [0.1],
            },
        },
        {
            "name": "O",
            "kind": "onnx",
            "encoder": "enc.onnx",
            "decoder": "dec.onnx",
            "sends": "indices",
            "codebook_size": 64,
            "scale": "0..1",
            "multiple": 8,
        },
        {
            "name": "C",
            "kind": "bpg",
            "rate_match": "Q",
            "mcs": {"kind": "capacity", "which": "outage", "outage_probability": 0.1},
        },
    ],
}
SCENARIO["schemes"] += [
    {"name": "M", "kind": "semantic", "checkpoint": "c", "mask": {"share": 0.25, "patch": 16, "doubtful": 0.5}},
    {"name": "W", "kind": "webp", "rho": 0.1, "method": 4},
    {"name": "J2", "kind": "jpeg2000", "ratio": 20.0},
    {"name": "AV", "kind": "avif", "rho": 0.1, "speed": 8},
]
OFDM = SCENARIO | {
    "images": SCENARIO["images"] | {"save": 1},
    "link": {
        "code": SCENARIO["link"]["code"],
        "waveform": {
            "kind": "ofdm",
            "subcarriers": 72,
            "subcarrier_spacing_khz": 30.0,
            "cyclic_prefix": 6,
            "symbols_per_slot": 14,
            "pilot_symbols": [2, 11],
            "guards": [4, 3],
        },
        "channel": {"kind": "tdl", "model": "C", "delay_spread_ns": 300.0, "speed_m_s": 0.83, "carrier_ghz": 3.5},
        "antennas": {"receive": 2},
    },
}
LIST_OF_SNRS = SCENARIO | {"sweep": {"snr_db": [0.0, 1.0]}}
TRAINING = TrainConfig(name="t").model_dump(mode="json")
SYMBOLS = JsccRecipe(kind="deepjscc", name="t", model={"constellation_bits": 6}).model_dump(mode="json")
MASKED = {"name": "m", "mask": {"share": [0.1, 0.5], "patch": 16}}
STATE = {"name": "a", "bit_error_rate": 0.1, "codebook_size": 16, "loss_weight": 0.5, "rate_weight": 0.1}
BANK = {"name": "b", "bank": {"states": [STATE], "trainable": True, "temperature": 0.5}}
TRAINING["losses"]["channel_aware"]["start_bit_error_rate"] = 0.2
# The trainer itself says where a training of such a rate ends.
UNBOUNDED = {"learning_rate", "final_learning_rate"}
EXTREMES = (math.nan, math.inf, -math.inf, 1e308, -1e308, 10**30, -(10**30))
SMALL = (5e-324, 1e-30, -5e-324, 0, -1, 0.1, True, "1", None, [], {})


def leaves(data: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else []
    if isinstance(data, int | float) and not isinstance(data, bool):
        return [place]
    return [leaf for key, value in items for leaf in leaves(value, (*place, key))]


def replaced(data: Any, place: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(data)
    node = changed
    for part in place[:-1]:
        node = node[part]
    node[place[-1]] = value
    return changed


CASES = [
    pytest.param(model, data, place, id=".".join(map(str, place)))
    for model, data in (
        (Scenario, SCENARIO),
        (Scenario, OFDM),
        (Scenario, LIST_OF_SNRS),
        (TrainConfig, TRAINING),
        (TrainConfig, MASKED),
        (TrainConfig, BANK),
        (JsccRecipe, SYMBOLS),
    )
    for place in leaves(data)
    if {id(LIST_OF_SNRS): "snr_db" in place, id(OFDM): bool({"link", "save"} & set(place))}.get(id(data), True)
]


def test_the_table_has_every_number_of_the_models() -> None:
    """A number that is new in a model belongs into the data above."""

    def numbers(schema: dict[str, Any]) -> set[str]:
        bodies = [schema, *schema.get("$defs", {}).values()]
        fields = [(key, field) for body in bodies for key, field in body.get("properties", {}).items()]
        return {
            key for key, field in fields if any(f"'type': '{kind}'" in str(field) for kind in ("integer", "number"))
        }

    tried = {part for case in CASES for part in case.values[2] if isinstance(part, str)}
    models = (Scenario, TrainConfig, JsccRecipe)
    assert set().union(*(numbers(model.model_json_schema()) for model in models)) <= tried | {
        "grid",
        "es_no_db",
    }


@pytest.mark.parametrize(("model", "data", "place"), CASES)
def test_extremes_of_every_number(model: Any, data: Any, place: tuple[Any, ...]) -> None:
    validate(data, model, "f.yaml")
    for value in EXTREMES:
        if place[-1] in UNBOUNDED and value in (1e308, 10**30):
            continue
        with pytest.raises(InputError) as caught:
            validate(replaced(data, place, value), model, "f.yaml")
        message = str(caught.value)
        assert message.startswith("f.yaml: ")
        assert message.isprintable()
        assert len(message) < 400
    for value in SMALL:
        try:
            validate(replaced(data, place, value), model, "f.yaml")
        except InputError as error:
            refusal = str(error)
            assert refusal.startswith("f.yaml: ")


CHANNELS = [
    {"kind": "awgn"},
    {"kind": "rayleigh", "coherence": 1_000_000},
    {"kind": "rician", "k_factor_db": -60.0},
    {"kind": "rician", "k_factor_db": 60.0, "coherence": "block"},
]


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda c: f"{c['kind']} {c.get('k_factor_db', '')}")
@pytest.mark.parametrize("variance", [0.0, 1e-300, 1000.0])
@pytest.mark.parametrize("bits_per_symbol", [1, 8])
def test_the_ends_of_all_bounds_give_finite_llrs(channel: Any, variance: float, bits_per_symbol: int) -> None:
    if channel["kind"] == "awgn" and variance:
        pytest.skip("no fading, no estimate of it")
    for code in (
        {"kind": "none", "block_bits": 64},
        {"kind": "ldpc5g", "block_bits": 64, "rate": 0.2, "decoder": "layered"},
    ):
        for demapping in ("app", "maxlog"):
            config = {"code": code, "modulation": {"bits_per_symbol": bits_per_symbol}, "channel": channel}
            link = Link(
                LinkConfig.model_validate(config | {"csi": {"error_variance": variance}, "demapping": demapping})
            )
            for snr_db in (-100.0, 100.0):
                with np.errstate(all="raise", under="ignore"):
                    (received,) = link.transmit([np.ones(100, np.uint8)], snr_db, [("k",)])
                assert np.isfinite(received.llr).all()
                if snr_db > 0 and variance < 1 and channel["kind"] != "rayleigh":
                    assert received.ok


def test_a_csi_error_needs_fading() -> None:
    for changes, fits in (
        (["link={channel: {kind: awgn}, csi: {error_variance: 0.1}}"], False),
        (["link={channel: {kind: awgn}, csi: {error_variance: 0}}"], True),
        (["link={channel: {kind: rayleigh}, csi: {error_variance: 0.1}}"], True),
    ):
        data = apply_overrides(SCENARIO, changes)
        if fits:
            validate(data, Scenario, "f")
        else:
            with pytest.raises(
                InputError, match=r"csi\.error_variance is the error .*channel\.kind awgn has none, so leave it out"
            ):
                validate(data, Scenario, "f")


def snr(text: str) -> Any:
    return validate(apply_overrides(LIST_OF_SNRS, [f"sweep.snr_db={text}"]), Scenario, "f").sweep.snrs


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("[1:20]", "{start: 1, stop: 20, step: 1}"),
        ("1:20", "{start: 1, stop: 20, step: 1}"),
        ("[0:2:20]", "{start: 0, stop: 20, step: 2}"),
        ("[0:20:2]", "{start: 0, stop: 20, step: 2}"),
        ("[1: 20]", "{start: 1, stop: 20, step: 1}"),
        ("-5..5", "{start: -5, stop: 5, step: 1}"),
        ("0 to 20", "{start: 0, stop: 20, step: 1}"),
        ("0, 5, 10", "[0, 5, 10]"),
        ("0 5 10", "[0, 5, 10]"),
        ("'1,2'", "[1, 2]"),
    ],
)
def test_a_range_in_another_language(text: str, meant: str) -> None:
    with pytest.raises(InputError) as caught:
        snr(text)
    assert f"did you mean {meant}?" in str(caught.value)
    assert snr(meant)


def test_numbers_that_yaml_1_1_read_otherwise() -> None:
    assert snr("[010]") == (10.0,)
    assert snr("[-.5, +.5, 1e1]") == (-0.5, 0.5, 10.0)
    assert validate(apply_overrides(SCENARIO, ["seed=010"]), Scenario, "f").seed == 10


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("seed=1_000", "seed: '1_000' is not allowed; allowed: a whole number; did you mean 1000?"),
        ("seed=1e3", "seed: 1000.0 is not allowed; allowed: a whole number; write 1000"),
        ("seed='7'", "seed: '7' is not allowed; allowed: a whole number; write it without quotes"),
        ("link.csi.error_variance='0,1'", "allowed: a number; did you mean 0.1?"),
        ("link.share_blocks=yes", "allowed: true or false; did you mean true?"),
        ("link.share_blocks=off", "allowed: true or false; did you mean false?"),
        ("link.share_blocks=0", "allowed: true or false; did you mean false?"),
        ("name=2024", "name: 2024 is not allowed; allowed: text; put it in quotes"),
        ("schemes.QP.name=true", "name: true is not allowed; allowed: text; put it in quotes"),
        ("description=~", "description: null is not allowed; allowed: text"),
        ("schemes.QP.chroma=4:2:2", "chroma: '4:2:2' is not allowed; did you mean 422?"),
        ("schemes.QP.chroma=421", "chroma: 421 is not allowed; did you mean 422?"),
        ("link.modulation.bits_per_symbol='4'", "'4' is not allowed; write 4 without quotes"),
        ("name=a b", "allowed: letters, digits, `.`, `_` and `-`, a letter or digit first"),
        ('schemes.QP.name="a\\nb"', "allowed: text without line breaks and control characters"),
        ("sweep.snr_db=[101]", "sweep.snr_db: 101 dB is not allowed; allowed: -100 to 100 dB of Es/N0"),
        ("sweep={snr_db: {start: 0, stop: 20, step: 0.01}, repetitions: 999}", "at most 10,000,000 are allowed in one run"),
        ("images.size=8192", "make sweep.batch at most 2"),
        ("schemes.M.mask.share=1.5", "schemes.M.mask.share: 1.5 is not allowed; allowed: 0 to 0.95"),
        ("schemes.M.mask.share=-1", "schemes.M.mask.share: -1 is not allowed; allowed: 0 to 0.95"),
        ("link.code={kind: none, block_bits: 1000000}\n", ""),
    ],
)  # fmt: skip
def test_one_clear_line(override: str, said: str) -> None:
    changes = [override] if said else [override, "sweep.batch=64"]
    data = apply_overrides(SCENARIO, ["sweep.precision=null", "sweep.batch=4", *changes])
    with pytest.raises(InputError) as caught:
        validate(data, Scenario, "f")
    assert (said or "make sweep.batch or link.code.block_bits smaller") in str(caught.value)


def test_a_number_counts_as_the_text_that_it_can_only_mean() -> None:
    for value in ("422", "'422'", "444"):
        found = validate(apply_overrides(SCENARIO, [f"schemes.QP.chroma={value}"]), Scenario, "f").schemes[1].chroma
        assert found == value.strip("'")


@pytest.mark.parametrize(
    ("start", "stop", "step", "nearest"),
    [
        (0, 1, 0.3, "0.9 and 1.2"),
        (0, 5, 2, "4 and 6"),
        (-1, 1, 3, "-1 and 2"),
        (-10, 0, 4, "-2 and 2"),
        (0, 1, 0.33, "0.99 and 1.32"),
    ],
)
def test_a_range_that_misses_its_stop_names_those_it_does_not_miss(
    start: float, stop: float, step: float, nearest: str
) -> None:
    with pytest.raises(InputError, match=f"miss stop {stop}: the nearest stops are {nearest};"):
        snr(f"{{start: {start}, stop: {stop}, step: {step}}}")
    for end in nearest.split(" and "):
        values = snr(f"{{start: {start}, stop: {end}, step: {step}}}")
        assert values[0] == start
        assert values[-1] == float(end)


@given(st.integers(-300, 300), st.integers(0, 200), st.sampled_from([1, 2, 3, 5, 7, 10, 25]))
def test_ranges_are_the_decimals_they_say(start: int, count: int, step: int) -> None:
    values = SnrRange(start=start / 10, stop=(start + count * step) / 10, step=step / 10).values()
    assert values == tuple((start + i * step) / 10 for i in range(count + 1))


class Text(str):
    pass


def test_values_of_python_are_those_of_a_file(tmp_path: Path) -> None:
    import tensorflow as tf

    plainly = {**LIST_OF_SNRS, "sweep": {"snr_db": [0.0, 0.5, 1.0], "repetitions": 2}}
    other = {
        **LIST_OF_SNRS,
        "name": np.str_("n"),
        "description": Text(""),
        "seed": np.int64(1),
        "metrics": ("psnr",),
        "schemes": tuple(LIST_OF_SNRS["schemes"]),
    }
    for snrs in (np.arange(0, 1.5, 0.5), (0, np.float32(0.5), 1), pd.Series([0, 0.5, 1]), tf.constant([0.0, 0.5, 1.0])):
        data = other | {"sweep": {"snr_db": snrs, "repetitions": np.uint8(2)}}
        assert validate(data, Scenario, "f") == validate(plainly, Scenario, "f")
    folder = {"dataset": "folder", "path": tmp_path}
    assert validate(plainly | {"images": folder}, Scenario, "f").images.path == str(tmp_path)
    assert plain({"a": [LinkConfig(), range(3), Fraction(1, 12), np.bool_(True)]}, "f")["a"][1:] == [
        [0, 1, 2],
        "1/12",
        True,
    ]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (object(), "a value of type object cannot be used"),
        ({1, 2}, "a value of type set cannot be used"),
        (b"x", "a value of type bytes cannot be used"),
        (1j, "a value of type complex cannot be used"),
        ({1: 2}, "key '1' is no text"),
        (np.zeros(10**6), "more than 100,000 values"),
        (range(10**12), "more than 100,000 values"),
        (np.array([1j]), "an array of complex128 cannot be used"),
        (10**5000, "a number of 16,610 bits is too large"),
        ("\ud800", "the text is no valid Unicode"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isascii() else type(value).__name__,
)
def test_values_of_python_that_no_file_has(value: Any, said: str) -> None:
    with pytest.raises(InputError) as caught:
        linksim.run(SCENARIO | {"description": value})
    assert said in str(caught.value)
    assert len(str(caught.value)) < 300


def test_data_that_contain_themselves_and_other_arguments() -> None:
    itself: list[Any] = []
    itself.append(itself)
    with pytest.raises(InputError, match="or contains itself"):
        linksim.run(SCENARIO | {"metrics": itself})
    for wrong in ([SCENARIO], None, 3):
        with pytest.raises(InputError, match="give the path of a YAML file, a mapping, or a Scenario"):
            linksim.run(wrong)  # type: ignore[arg-type]
    for workers in (1.5, "2", None, True):
        with pytest.raises(InputError, match=r"workers: .* is no whole number"):
            linksim.run(SCENARIO, workers=workers)  # type: ignore[arg-type]


Halves = Annotated[float, Field(gt=0, lt=0.5)]


class Bounded(StrictModel):
    """Numbers with every pair of bounds, plainly, in lists, and in a union."""

    closed: Annotated[int, Field(ge=1, le=2000)] = 1
    above: float | None = Field(None, gt=0, le=0.25)
    below: Annotated[float, Field(ge=-1, lt=1)] = 0
    halves: tuple[Halves, ...] | Halves = 0.1
    least: Annotated[int, Field(ge=3)] = 3
    several: tuple[Annotated[int, Field(ge=0, le=9)], Annotated[int, Field(ge=5, le=9)]] = (0, 5)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"closed": 0}, "closed: 0 is not allowed; allowed: 1 to 2000"),
        ({"closed": 2001}, "closed: 2001 is not allowed; allowed: 1 to 2000"),
        ({"above": 0.0}, "above: 0.0 is not allowed; allowed: a number above 0 and at most 0.25"),
        ({"above": 1}, "above: 1 is not allowed; allowed: a number above 0 and at most 0.25"),
        ({"below": -2}, "below: -2 is not allowed; allowed: at least -1 and below 1"),
        ({"below": 1.0}, "below: 1.0 is not allowed; allowed: at least -1 and below 1"),
        ({"halves": [0.1, 0.5]}, "halves.1: 0.5 is not allowed; allowed: a number above 0 and below 0.5"),
        ({"least": 2}, "least: 2 is not allowed; allowed: at least 3"),
        ({"several": [10, 5]}, "several.0: 10 is not allowed; allowed: at most 9"),  # of which 9 is not told
    ],
)  # fmt: skip
def test_a_number_beyond_one_of_two_bounds_is_told_both(content: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as caught:
        validate(content, Bounded, "f")
    assert str(caught.value).removesuffix(" (and 1 more)") == f"f: {said}"
