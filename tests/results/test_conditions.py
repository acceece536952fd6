"""What may be compared: same images, same size, same budget."""

import math

import pandas as pd
import pytest

from linksim.results.conditions import Conditions, budgets, conditions, unequal

SIZES = {"a": (32, 32), "b": (32, 48)}


def of(**changes):
    return Conditions(
        **{"sizes": SIZES, "images_sha256": "1", "n_images": 2, "channel_uses": 100.0, "rho": 0.05} | changes
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, ""),
        ({"channel_uses": 100.4}, ""),  # within half a per cent
        ({"sizes": {}, "images_sha256": ""}, ""),  # nothing is known against it
        ({"channel_uses": 110.0, "rho": 0.055}, "another budget (rho 0.0550 against 0.0500)"),
        ({"channel_uses": math.nan}, ""),
        ({"images_sha256": "2"}, "other image files of the same names"),
        ({"n_images": 3, "sizes": SIZES | {"c": (8, 8)}}, "other images (3 against 2, 2 of them the same)"),
        ({"sizes": {"a": (32, 32), "x": (32, 48)}}, "other images (2 against 2, 1 of them the same)"),
        ({"n_images": 3, "sizes": {}}, "other images (3 against 2)"),
        (
            {"sizes": {"a": (16, 16), "b": (32, 48)}, "channel_uses": 50.0},
            "another size (a is 16 x 16 against 32 x 32 pixels)",
        ),
    ],
)
def test_what_is_unequal_is_said(changes, reason):
    assert unequal(of(**changes), of()) == reason


def test_a_matched_scheme_has_the_budget_of_the_other():
    lines = [
        {"scheme": "VQ", "channel_uses": 100.0, "rho": 0.05},
        {"scheme": "JPEG", "channel_uses": 93.0, "rho": 0.0465},
        {"scheme": "JPEG", "channel_uses": math.nan, "rho": math.nan},
        {"scheme": "free", "channel_uses": 60.0, "rho": 0.03},
    ]
    scenario = {"schemes": [{"name": "VQ"}, {"name": "JPEG", "rate_match": "VQ"}, {"name": "free"}]}
    assert budgets(lines, scenario) == {"VQ": (100, 0.05), "JPEG": (100, 0.05), "free": (60, 0.03)}
    assert budgets(lines, {})["JPEG"] == (93, 0.0465)


def test_they_are_read_from_a_folder(tmp_path):
    (tmp_path / "results.csv").write_text(
        "scheme,snr_db,status,n_images,channel_uses,rho\nA,0,ok,2,100,0.05\nA,5,ok,2,100,0.05\n"
    )
    assert conditions(tmp_path) == {"A": Conditions({}, "", 2, 100.0, 0.05)}
    pd.DataFrame(
        [
            {"scheme": "A", "snr_db": 0.0, "repetition": 0, "status": "ok", "image": name, "height": h, "width": w}
            for name, (h, w) in SIZES.items()
        ]
    ).to_parquet(tmp_path / "images.parquet")
    (tmp_path / "run.json").write_text('{"images": {"sha256": "1"}}')
    assert conditions(tmp_path) == {"A": of()}


def test_a_budget_that_is_a_number_is_that_number() -> None:
    """Two schemes of one budget compare, however much of it each can use; so does what is matched to one of them."""
    lines = [
        {"scheme": name, "snr_db": 0, "channel_uses": uses, "rho": uses / 2000}
        for name, uses in (
            ("DeepJSCC", 90.0),
            ("BPG", 97.0),
            ("JPEG", 60.0),
            ("uses", 99.0),
            ("bits", 50.0),
            ("odd", 40.0),
        )
    ]
    schemes = [
        {"name": "DeepJSCC", "rho": "1/20"},
        {"name": "BPG", "rho": 0.05},
        {"name": "JPEG", "rate_match": "BPG"},
        {"name": "uses", "channel_uses": 100},
        {"name": "bits", "bpp": 0.5},
        {"name": "odd", "rho": ["x"]},
        {"name": "never run", "rho": 0.05},
    ]
    found = budgets(lines, {"schemes": schemes})
    for name in ("DeepJSCC", "BPG", "JPEG", "uses"):
        assert found[name] == pytest.approx((100, 0.05))
    assert found["bits"] == (50, 0.025)
    assert found["odd"] == (40, 0.02)
