"""Budgets as numbers: what is a fraction, exactly which, and one line for everything else."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linksim.common.errors import InputError
from linksim.common.reading.loading import validate
from linksim.common.reading.ratio import exact_ratio
from linksim.common.reading.yaml_files import parse_yaml
from linksim.scenario import Scenario


def read(text):
    scheme = {"name": "J", "kind": "jpeg"} | parse_yaml(f"rho: {text}", "f")
    data = {"name": "n", "sweep": {"snr_db": [1]}, "schemes": [scheme]}
    return validate(data, Scenario, "f").schemes[0].budget.value


@pytest.mark.parametrize(
    ("text", "ratio"),
    [
        ("0.0833", Fraction(833, 10000)),
        ("1/12", Fraction(1, 12)),
        ('"1/12"', Fraction(1, 12)),
        ("1 / 12", Fraction(1, 12)),
        ("0.1", Fraction(1, 10)),
        ("0.5/6", Fraction(1, 12)),
        (".25", Fraction(1, 4)),
        ("2.", Fraction(2)),
        ("1e-3", Fraction(1, 1000)),
        ("+1/3", Fraction(1, 3)),
        ("010", Fraction(10)),
        ("3", Fraction(3)),
    ],
)
def test_what_a_file_says(text, ratio):
    assert read(text) == ratio
    assert isinstance(read(text), Fraction)


@pytest.mark.parametrize(
    "text",
    ["0", "-1", "0.0", "-1/12", "1/0", "0/5", "1/-12", "1/0.0", ".nan", ".inf", "true", "twelve", '""', "1/12/2", "1/",
     "/12", "8.3%", "1:12", "[1, 12]", "{a: 1}", "1_000", "1/1e2", "٣/٤", "1e999999999", "1e-999999999", "1/" + "9" * 5000],
)  # fmt: skip
def test_what_is_no_budget_is_one_line(text):
    with pytest.raises(InputError) as caught:
        read(text)
    message = str(caught.value)
    assert message.startswith(("f: schemes.J", "f, line 1, column 6: "))
    assert "\n" not in message
    assert len(message) < 250


def test_numbers_of_python_and_numpy():
    assert exact_ratio(np.float64(0.1)) == exact_ratio(0.1) == Fraction(1, 10)
    assert exact_ratio(np.int32(3)) == exact_ratio(3) == Fraction(3)
    assert exact_ratio(Fraction(2, 7)) == Fraction(2, 7)
    for value in (True, None, [1], Decimal("0.1"), np.array([1.0]), 1j, b"1/2"):
        with pytest.raises(ValueError, match="is not allowed; allowed: a number above 0"):
            exact_ratio(value)


@given(st.floats(min_value=1e-300, max_value=1e300))
def test_a_decimal_is_the_one_that_is_written(value):
    assert exact_ratio(value) == Fraction(Decimal(repr(value)))
    assert float(exact_ratio(value)) == value


@given(st.text(max_size=50))
def test_any_text_is_a_positive_fraction_or_refused(text):
    try:
        ratio = exact_ratio(text)
    except ValueError as error:
        refused = str(error)
        assert "allowed: a number above 0" in refused
    else:
        assert ratio > 0
