"""Scheme configurations: strict, and errors that say what is allowed."""

import subprocess
import sys

import pytest

from linksim.common.errors import InputError
from linksim.schemes import parse_scheme
from linksim.schemes.config import GRID

VALIDATION = {"dataset": "samples"}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            {"kind": "vvc"},
            "unknown kind 'vvc'; allowed: jpeg, bpg, jpeg2000, webp, avif, semantic, deepjscc, deepjscc-q, onnx",
        ),
        ({"kind": "webp"}, "either quality or a budget"),
        ({"kind": "webp", "quality": 101}, "quality: Input should be less than or equal to 100"),
        ({"kind": "avif", "quality": 5, "speed": 11}, "speed: Input should be less than or equal to 10"),
        ({"kind": "jpeg2000", "ratio": 0.5}, "ratio: Input should be greater than or equal to 1"),
        ({"kind": "jpeg2000", "ratio": 8, "bpp": 1}, "but ratio and bpp are given"),
        (
            {"kind": "jpeg"},
            "either quality or a budget .rate_match, rho, channel_uses, bpp. is needed, but neither is given",
        ),
        ({"kind": "jpeg", "quality": 5, "rate_match": "p"}, "but quality and rate_match are given"),
        ({"kind": "bpg"}, "either qp or a budget"),
        ({"kind": "bpg", "qp": 52}, "qp: Input should be less than or equal to 51"),
        ({"kind": "jpeg", "quality": 5, "mcs": {"kind": "capacity"}}, "mcs.kind capacity .* give a rate_match"),
        (
            {"kind": "semantic", "checkpoint": "c", "rate_match": "p", "mcs": {"kind": "capacity"}},
            "allowed here: same, fixed, adaptive",
        ),
        ({"kind": "semantic"}, "checkpoint: Field required"),
        ({"kind": "semantic", "checkpoint": "c", "reciever": {}}, "reciever: Extra inputs"),
        ({"kind": "jpeg", "rate_match": "p", "mcs": {"kind": "adaptive"}}, "mcs.adaptive.validation: Field required"),
    ],
)
def test_bad_schemes_are_refused_in_one_line(data, message):
    with pytest.raises(InputError, match=message) as caught:
        parse_scheme({"name": "s"} | data)
    assert "\n" not in str(caught.value)
    assert "scheme 's'" in str(caught.value)


def test_the_default_grid_is_every_rate_by_every_constellation():
    config = parse_scheme(
        {"name": "s", "kind": "jpeg", "rate_match": "p", "mcs": {"kind": "adaptive", "validation": VALIDATION}}
    )
    assert config.mcs.grid == GRID
    assert {(round(m.rate, 2), m.bits_per_symbol) for m in GRID} == {
        (rate, m) for rate in (0.33, 0.5, 0.67, 0.75) for m in (1, 2, 4, 6, 8)
    }


def test_importing_the_models_stays_light():
    code = "import sys, linksim.schemes.config; print([m for m in ('tensorflow', 'scipy', 'keras', 'av') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
