"""From rows to lines: intervals against scipy, infeasible points, bytes that depend on the rows alone."""

import csv
import io
import math
from dataclasses import fields

import pytest
import scipy.stats

from linksim.link import Ledger
from linksim.results import read_images, read_results, write_tables
from linksim.results import row as row_module
from linksim.results.aggregates import mean
from linksim.results.files import results_csv
from linksim.results.row import LEDGER, empty_row, pack, result_columns, unpack
from linksim.results.tables import summarize

DESIGN_COLUMNS = ["scheme", "snr_db", "ebn0_db", "n_images", "psnr_db", "psnr_db_low", "psnr_db_high"]


def row(image="a", psnr=30.0, outage=False, repetition=0, **more):
    result = empty_row("JPEG", 10.0, repetition, image, (32, 48))
    result.update(
        status="ok", psnr_db=psnr, outage=outage, source_bits=1000, bit_errors=5, n_blocks=4, block_errors=1,
        channel_uses=400, information_bits=1100, coded_bits=2400, filler_bits=4, crc_bits=96, rho=0.1, bpp=0.5,
        ebn0_db=5.0, iterations=7.0, settings='{"quality": 40}',
    )  # fmt: skip
    result.update(more)
    return result


def test_the_ledger_of_a_row_is_that_of_the_link():
    assert {field.name for field in fields(Ledger)} == set(LEDGER)


def test_a_new_column_is_one_line(monkeypatch, tmp_path):
    monkeypatch.setattr(row_module, "COLUMNS", (*row_module.COLUMNS, row_module.Column("rounds", float, mean)))
    old = [row("a"), row("b")]  # of points that were stored before there was such a column
    write_tables(tmp_path, iter([[r | {"rounds": n} for n, r in enumerate(old)], old]), ("psnr",))
    assert list(read_images(tmp_path)["rounds"].dropna()) == [0, 1]
    results = read_results(tmp_path)
    assert results["rounds"].tolist() == [0.5, pytest.approx(math.nan, nan_ok=True)]


def test_rates_are_over_all_images():
    line = summarize([row("a"), row("b", source_bits=3000, bit_errors=0, outage=True)], ("psnr",))
    assert line["ber"] == pytest.approx(5 / 4000)
    assert line["bler"] == pytest.approx(2 / 8)
    assert line["outage_rate"] == 0.5
    assert line["n_images"] == 2
    assert line["status"] == "ok"


def test_rates_have_intervals_over_images():
    rows = [row(name, bit_errors=errors, outage=errors > 5) for name, errors in zip("abcd", (0, 3, 5, 9), strict=True)]
    line = summarize(rows, ("psnr",))
    low, high = scipy.stats.binomtest(1, 4).proportion_ci(0.95, "wilson")
    assert (line["outage_rate_low"], line["outage_rate_high"]) == pytest.approx((low, high))
    assert 0 < line["ber_low"] < line["ber"] == 17 / 4000 < line["ber_high"]
    # The spread of four images, not of 4000 bits: far wider than if bits failed one by one.
    alone = scipy.stats.binomtest(17, 4000).proportion_ci(0.95, "wilson")
    assert line["ber_high"] - line["ber_low"] > 2 * (alone.high - alone.low)
    names = result_columns(("psnr",))
    assert names[names.index("settings") + 1 :][:6] == [
        f"{rate}{end}" for rate in ("ber", "bler", "outage_rate") for end in ("_low", "_high")
    ]


def test_metric_given_success_leaves_outages_out():
    line = summarize([row("a", 30.0), row("b", 10.0, outage=True)], ("psnr",))
    assert line["psnr_db"] == 20.0
    assert line["psnr_db_given_success"] == 30.0


def test_one_image_that_does_not_fit_makes_the_point_infeasible():
    unsent = empty_row("JPEG", 10.0, 0, "b", (32, 48))
    line = summarize([row("a"), unsent], ("psnr",))
    assert line["status"] == "infeasible"
    assert line["n_infeasible"] == 1
    assert math.isnan(line["psnr_db"])


def test_only_settings_that_all_images_share_are_in_the_line():
    line = summarize([row(settings='{"mcs": 3, "q": 1}'), row("b", settings='{"mcs": 3, "q": 2}')], ("psnr",))
    assert line["settings"] == '{"mcs": 3}'


def test_csv_has_the_promised_columns_and_empty_cells():
    text = results_csv([summarize([row("a"), row("b", 32.0)], ("psnr",))], ("psnr",))
    (line,) = csv.DictReader(io.StringIO(text))
    assert list(line)[:7] == DESIGN_COLUMNS
    assert list(line)[13:20] == ["ber", "bler", "outage_rate", "rho", "bpp", "channel_uses", "status"]
    assert line["psnr_db"] == "31"
    assert line["lpips"] == ""
    assert "ssim" in result_columns(("ssim",))


def test_same_rows_give_the_same_bytes(tmp_path):
    groups = [[row("a"), row("b", psnr=math.nan)], [empty_row("BPG", 4.0, 0, "a", (32, 48))]]
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_tables(tmp_path / name, iter(groups), ("psnr", "ms_ssim"))
    for file in ("results.csv", "images.parquet"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    images = read_images(tmp_path / "one")
    assert list(images["status"]) == ["ok", "ok", "infeasible"]
    assert images["psnr_db"].isna().tolist() == [False, True, True]
    assert images["channel_uses"].dropna().tolist() == [400, 400]
    assert read_results(tmp_path / "one")["scheme"].tolist() == ["JPEG", "BPG"]


def test_rows_survive_packing():
    rows = [row("a"), row("b")]
    back = unpack(pack(rows))
    assert [{k: v for k, v in r.items() if v == v} for r in back] == [
        {k: v for k, v in r.items() if v == v} for r in rows
    ]
