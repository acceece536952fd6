"""MS-SSIM of small images says how many scales it has, and values of different numbers are not averaged."""

import csv
import io

import numpy as np
import pytest
from PIL import Image

from linksim.common.errors import InputError
from linksim.metrics.registry import metric
from linksim.reports.codecs import rate_distortion
from linksim.reports.plots.drawing import figure
from linksim.reports.plots.table import read_curves
from linksim.reports.tables import results_table
from linksim.results.files import results_csv
from linksim.results.row import empty_row
from linksim.results.tables import summarize
from linksim.schemes import SchemeContext, build_scheme, parse_scheme

METRICS = ("psnr", "ms_ssim")


def row(image, side, **more):
    result = empty_row("A", 10.0, 0, image, (side, 200))
    result.update(status="ok", psnr_db=30.0, ms_ssim=0.9, source_bits=8, bit_errors=0, n_blocks=1, block_errors=0)
    return result | more


def line_of(*rows):
    line = summarize(rows, METRICS)
    (cells,) = csv.DictReader(io.StringIO(results_csv([line], METRICS)))
    return line, cells


@pytest.mark.parametrize(
    ("side", "scales", "heading"),
    [(161, "5", "ms_ssim"), (160, "4", "ms_ssim (4 scales)"), (48, "3", "ms_ssim (3 scales)")],
)
def test_table_and_figure_say_how_many(side, scales, heading, tmp_path):
    line, cells = line_of(row("a", side), row("b", side))
    assert cells["ms_ssim_scales"] == scales
    assert float(cells["ms_ssim"]) == pytest.approx(0.9)
    assert heading in [cell.strip() for cell in results_table([line], METRICS).splitlines()[0].split("  ")]
    (tmp_path / "results.csv").write_text(results_csv([line], METRICS))
    label = figure(read_curves([tmp_path], "ms_ssim"), "ms_ssim", None, None, False, 3.5).axes[0].get_ylabel()
    assert label == heading.replace("ms_ssim", "MS-SSIM")


def test_images_with_different_numbers_have_no_mean():
    line, cells = line_of(row("a", 160), row("b", 161))
    assert cells["ms_ssim_scales"] == "4 to 5"
    assert [cells[f"ms_ssim{end}"] for end in ("", "_low", "_high", "_given_success")] == [""] * 4
    assert cells["psnr_db"] == "30"
    assert (
        metric("ms_ssim").why_empty([line]).startswith("images have different numbers of scales (4 to 5), whose values")
    )
    assert metric("psnr").why_empty([line]) == ""


def test_what_was_not_measured_has_no_number():
    line, cells = line_of(row("a", 160, ms_ssim=np.nan), row("b", 161, ms_ssim=np.nan))
    assert cells["ms_ssim_scales"] == ""
    assert metric("ms_ssim").why_empty([line]) == ""


def test_a_figure_of_runs_with_different_numbers_says_so(tmp_path):
    folders = []
    for side in (100, 200):
        folders.append(tmp_path / str(side))
        folders[-1].mkdir()
        (folders[-1] / "results.csv").write_text(results_csv([line_of(row("a", side))[0]], METRICS))
    label = figure(read_curves(folders, "ms_ssim"), "ms_ssim", None, None, False, 3.5).axes[0].get_ylabel()
    assert label == "MS-SSIM (4 or 5 scales, which do not compare)"


def test_no_choice_is_made_by_a_mean_over_different_numbers(tmp_path):
    for side in (64, 176):
        Image.fromarray(np.full((side, side, 3), side, np.uint8)).save(tmp_path / f"{side}.png")
    mcs = {"kind": "adaptive", "metric": "ms_ssim", "validation": {"dataset": "folder", "path": str(tmp_path)}}
    other = parse_scheme({"name": "b", "kind": "jpeg", "quality": 5})
    config = parse_scheme({"name": "a", "kind": "jpeg", "rate_match": "b", "mcs": mcs})
    from linksim.link import LinkConfig

    scheme = build_scheme(config, SchemeContext(LinkConfig(), (other, config)))
    with pytest.raises(InputError, match=r"scheme 'a': mcs.validation: ms_ssim: .*numbers of scales \(3 to 5\)"):
        scheme.choose(10.0)


class Mixed:
    ids = ("small", "large")

    def load(self, i):
        return np.zeros(((64, 200)[i], 200, 3), np.uint8)


def test_rate_distortion_refuses_them(tmp_path):
    with pytest.raises(InputError, match=r"images: ms_ssim: images have different numbers of scales"):
        rate_distortion.run(["jpeg"], Mixed(), tmp_path)
