"""Figures of results tables: what is drawn, how it can be told apart, and average gains."""

import csv
import math
import shutil

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from matplotlib.colors import to_rgb
from PIL import Image

from linksim.common.errors import InputError
from linksim.reports.plots import Example, average_gains, plot_examples, plot_run, style
from linksim.reports.plots.drawing import figure
from linksim.reports.plots.gains import average_gain, gain
from linksim.reports.plots.table import read_curves, run_names, with_values

COLUMNS = ["scheme", "snr_db", "ebn0_db", "psnr_db", "psnr_db_low", "psnr_db_high", "lpips", "status"]


def write(folder, schemes, snrs=(0, 5, 10), offset=4.77):
    folder.mkdir(exist_ok=True)
    with (folder / "results.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for i, scheme in enumerate(schemes):
            for snr in snrs:
                row = [scheme, snr, snr - offset, 20 + i + snr / 5, 19 + i, 21 + i + snr, 0.5 - 0.1 * i, "ok"]
                if scheme == "JPEG" and snr == 0:
                    row = [scheme, snr, "", "", "", "", "", "infeasible"]
                table.writerow(row)
    return folder


@pytest.fixture
def run(tmp_path):
    return write(tmp_path / "run", ["JPEG", "BPG", "VQ-VAE"])


def test_files_of_every_measured_metric(run, tmp_path):
    written = plot_run(run, formats=("png", "pdf", "svg"), out=tmp_path / "figures")
    assert {path.name for path in written} == {f"{m}.{f}" for m in ("psnr", "lpips") for f in ("png", "pdf", "svg")}
    assert all(path.stat().st_size > 1000 for path in written)


def test_a_column_wide_and_the_same_bytes_again(run, tmp_path):
    (first,) = plot_run(run, "psnr", ("png",))
    assert Image.open(first).width == pytest.approx(3.5 * 300, abs=1)
    for name in ("pdf", "svg"):
        one, two = (plot_run(run, "psnr", (name,), out=tmp_path / part)[0] for part in "ab")
        assert one.read_bytes() == two.read_bytes()


def test_infeasible_points_are_absent(run):
    jpeg, bpg, _ = read_curves([run], "psnr")
    assert jpeg.snr_db.tolist() == [5, 10]
    assert bpg.snr_db.tolist() == [0, 5, 10]


def test_axes_lines_and_bands(run):
    drawing = figure(read_curves([run], "psnr"), "psnr", None, None, True, 3.5)
    (axes,) = drawing.axes
    assert axes.get_xlabel() == "Es/N0 (dB)"
    assert axes.get_ylabel() == "PSNR (dB)"
    assert axes.child_axes[0].get_xlabel() == "Eb/N0 (dB)"
    assert [line.get_label() for line in axes.lines] == ["JPEG", "BPG", "VQ-VAE"]
    assert len(axes.collections) == 3
    low, high = (
        axes.collections[1].get_paths()[0].vertices[:, 1].min(),
        axes.collections[1].get_paths()[0].vertices[:, 1].max(),
    )
    assert (low, high) == (20, 32)


def test_a_scheme_looks_the_same_in_everyfigure(run):
    with (run / "results.csv").open() as file:
        rows = [row | ({"lpips": ""} if row["scheme"] == "JPEG" else {}) for row in csv.DictReader(file)]
    with (run / "results.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        table.writerows(rows)
    looks = [{c.scheme: style.look(c.number) for c in read_curves([run], metric)} for metric in ("psnr", "lpips")]
    assert "JPEG" not in looks[1]
    assert all(looks[0][scheme] == look for scheme, look in looks[1].items())


def test_curves_can_be_told_apart_in_grey():
    looks = [style.look(i) for i in range(40)]
    hollow = [look["markerfacecolor"] == "white" for look in looks]
    shapes = [(look["marker"], str(look["linestyle"]), empty) for look, empty in zip(looks, hollow, strict=True)]
    assert len(set(shapes)) == 40
    for first, second in zip(looks, looks[10:], strict=False):  # of the same colour
        assert first["color"] == second["color"]
        assert first["linestyle"] != second["linestyle"]
        assert first["marker"] != second["marker"]
        assert first["markeredgecolor"] != second["markeredgecolor"]
    luminance = [np.dot(to_rgb(color), (0.2126, 0.7152, 0.0722)) for color in style.COLORS]
    assert max(luminance) < 0.75


def test_several_runs_in_onefigure(run, tmp_path):
    other = write(tmp_path / "other", ["BPG", "Proposed"])
    labels = [c.label for c in read_curves([run, other], "psnr")]
    assert labels == ["JPEG", "BPG (run)", "VQ-VAE", "BPG (other)", "Proposed"]
    with pytest.raises(InputError, match="several runs have it"):
        average_gains([run, other], "psnr", "BPG")


def test_only_the_chosen_schemes_are_drawn_and_look_as_before(run, tmp_path):
    (path,) = plot_run(run, "psnr", ("svg",), out=tmp_path, schemes=["VQ-VAE"])
    text = path.read_text()
    assert ">VQ-VAE<" in text
    assert ">BPG<" not in text
    (everything,) = plot_run(run, "psnr", ("svg",), out=tmp_path / "all")
    number = [curve.scheme for curve in read_curves([run], "psnr")].index("VQ-VAE")
    color = style.look(number)["color"].lower()
    assert number > 0
    assert color in text
    assert color in everything.read_text()
    assert list(average_gains([run], "psnr", "BPG", schemes=["VQ-VAE"])) == ["VQ-VAE"]
    with pytest.raises(InputError, match=r"scheme 'VQVAE': allowed are .*VQ-VAE"):
        plot_run(run, "psnr", schemes=["VQVAE"])


def test_average_gains(run):
    gains = average_gains([run], "psnr", "BPG")
    assert {label: gain.mean for label, gain in gains.items()} == pytest.approx({"JPEG": -1.0, "VQ-VAE": 1.0})
    assert math.isnan(gains["JPEG"].low)  # this run has no values of images
    assert average_gains([run], "lpips", "BPG")["VQ-VAE"].mean == pytest.approx(0.1)


def test_an_average_gain_is_the_area_between_the_curves(run):
    _, bpg, vq = read_curves([run], "psnr")
    vq.value[:] = bpg.value + np.array([0.0, 2.0, 4.0])
    assert average_gain(vq, bpg, "psnr").mean == pytest.approx(2.0)
    assert average_gain(vq, bpg, "psnr", (5.0, 10.0)).mean == pytest.approx(3.0)
    assert average_gain(vq, bpg, "psnr", (2.5, 7.5)).mean == pytest.approx(2.0)
    assert average_gain(vq, bpg, "psnr", (7.5, 40.0)).mean == pytest.approx(3.5)
    assert math.isnan(average_gain(vq, bpg, "psnr", (20.0, 30.0)).mean)


def test_gainfigure(run):
    (path,) = plot_run(run, "psnr", ("png",), relative_to="BPG")
    assert path.name == "psnr-gain.png"
    drawing = figure(read_curves([run], "psnr"), "psnr", "BPG", None, False, 3.5)
    labels = [line.get_label() for line in drawing.axes[0].lines]
    assert "JPEG: -1" in labels
    assert "VQ-VAE: +1" in labels


def test_error_rates_are_over_a_logarithmic_axis_and_zeros_are_shown_as_limits(tmp_path):
    with (tmp_path / "results.csv").open("w") as file:
        file.write("scheme,snr_db,bler,bler_low,bler_high,outage_rate,iterations,status\n")
        file.write("A,0,0.5,0.4,0.6,0.25,20,ok\nA,5,0.01,0.004,0.02,0,9.5,ok\nA,10,0,0,0.0125,0,3,ok\n")
    drawing = figure(read_curves([tmp_path], "bler"), "bler")
    (axes,) = drawing.axes
    assert axes.get_yscale() == "log"
    assert axes.get_ylabel() == "Block-error rate"
    triangles, line = axes.lines
    assert (triangles.get_xdata().tolist(), triangles.get_ydata().tolist()) == ([10], [0.0125])
    assert triangles.get_marker() == "v"
    assert triangles.get_markerfacecolor() == "none"
    np.testing.assert_array_equal(line.get_ydata(), [0.5, 0.01, np.nan])
    assert "none seen, upper end" in drawing.legends[0].get_title().get_text()
    assert [text.get_text() for text in drawing.legends[0].get_texts()] == ["A"]
    outage = figure(read_curves([tmp_path], "outage"), "outage").axes[0]
    assert (outage.get_yscale(), outage.get_ylabel()) == ("log", "Outage (%)")
    assert outage.lines[1].get_ydata().tolist()[0] == 25
    assert figure(read_curves([tmp_path], "iterations"), "iterations").axes[0].get_ylabel() == "Decoder iterations"
    (written,) = plot_run(tmp_path, "bler", ("png",))
    assert written.name == "bler.png"


@pytest.fixture
def measured(run):
    """The run with what each image and fade has: BPG and VQ-VAE differ by 1 to 3 dB, images by 10 dB."""
    rows = [
        {"scheme": scheme, "snr_db": float(snr), "image": image, "repetition": r, "psnr_db": base + lead + 0.1 * r}
        for scheme in ("BPG", "VQ-VAE")
        for snr in (0, 5, 10)
        for image, base, gain in (("a", 20.0, 1.0), ("b", 30.0, 3.0), ("c", 25.0, 2.0))
        for r in (0, 1)
        for lead in [gain if scheme == "VQ-VAE" else 0.0]
    ]
    pd.DataFrame(rows).to_parquet(run / "images.parquet")
    return run


def test_gains_are_paired_by_image_and_have_bands(measured):
    _, bpg, vq = with_values(read_curves([measured], "psnr"), [measured], "psnr")
    snrs, gains = gain(vq, bpg, "psnr")
    half = scipy.stats.t.ppf(0.975, 2) / np.sqrt(3)  # of the gains 1, 3 and 2
    np.testing.assert_allclose([(one.mean, one.low, one.high) for one in gains], [(2.0, 2.0 - half, 2.0 + half)] * 3)
    drawing = figure([bpg, vq], "psnr", "BPG", None, False, 3.5)
    band = drawing.axes[0].collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == pytest.approx((2.0 - half, 2.0 + half))
    mean = average_gains([measured], "psnr", "BPG")["VQ-VAE"]
    assert (mean.mean, mean.low, mean.high) == pytest.approx((2.0, 2.0 - half, 2.0 + half))
    assert snrs.tolist() == [0, 5, 10]


def test_a_mean_gain_has_no_interval_where_images_are_missing(measured):
    images = pd.read_parquet(measured / "images.parquet")
    images[~((images["image"] == "a") & (images["snr_db"] == 5))].to_parquet(measured / "images.parquet")
    assert math.isnan(average_gains([measured], "psnr", "BPG")["VQ-VAE"].low)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metric": "snr"}, "metric 'snr': allowed are psnr"),
        ({"metric": "ms_ssim"}, "metric 'ms_ssim': no values"),
        ({"formats": ("bmp",)}, "format 'bmp': allowed are png, pdf, svg, pgf"),
        ({"relative_to": "WebP"}, "no such scheme; allowed: JPEG, BPG, VQ-VAE"),
        *[({"width": width}, "1 to 30 inches are allowed") for width in (0.5, 31, 1e9, math.inf, math.nan, -1)],
    ],
)
def test_bad_input(run, options, message):
    with pytest.raises(InputError, match=message):
        plot_run(run, **options)


def test_folders_that_are_no_results(tmp_path, run):
    with pytest.raises(InputError, match=r"holds no results\.csv; give a folder"):
        plot_run(tmp_path)
    with pytest.raises(InputError, match="cannot be written"):
        plot_run(run, out=run / "results.csv")


def test_no_common_eb_n0_axis(run, tmp_path):
    other = write(tmp_path / "other", ["Proposed"], offset=3.0)
    with pytest.raises(InputError, match="differ in bits per channel use"):
        plot_run([run, other], "psnr", ebn0_axis=True)


def test_strip_of_examples(tmp_path):
    original = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
    worse = np.clip(original.astype(int) + 20, 0, 255).astype(np.uint8)
    examples = [
        Example("JPEG", 10.0, worse),
        Example("VQ-VAE", 10.0, original),
        Example("JPEG", 0.0, None, "infeasible"),
    ]
    path = plot_examples(original, examples, tmp_path / "examples.png", "a")
    strip = Image.open(path)
    assert strip.width > strip.height
    with pytest.raises(InputError, match="cannot be written"):
        plot_examples(original, examples, path / "examples.png")
    with pytest.raises(InputError, match="at least one"):
        plot_examples(original, [], path)


def test_pgf_is_written_or_its_need_for_tex_is_said(run):
    if shutil.which("xelatex"):
        (path,) = plot_run(run, "psnr", ("pgf",))
        assert path.read_text().startswith("%% Creator: Matplotlib, PGF backend")
    else:
        with pytest.raises(InputError, match=r"format pgf: needs a TeX .*'xelatex' not found"):
            plot_run(run, "psnr", ("pgf",))


def test_a_format_that_fails_leaves_the_others(run, monkeypatch):
    from linksim.reports.plots import curves

    def fails(drawing, path, form):
        if form == "pgf":
            raise InputError("no TeX")
        return save(drawing, path, form)

    save = curves.save
    monkeypatch.setattr(curves, "save", fails)
    with pytest.raises(InputError, match="no TeX"):
        plot_run(run, None, ("pgf", "png"))
    assert {path.name for path in run.glob("*.png")} == {"psnr.png", "lpips.png"}


def test_runs_of_one_name_are_told_apart_by_what_is_above(tmp_path):
    folders = []
    for above in ("a", "b", "b/c"):
        (tmp_path / above).mkdir(parents=True)
        folders.append(write(tmp_path / above / "x", ["JPEG"]))
    assert [curve.label for curve in read_curves(folders[:2], "psnr")] == ["JPEG (a/x)", "JPEG (b/x)"]
    assert run_names(folders) == ["a/x", "b/x", "c/x"]
    (tmp_path / "d" / "b").mkdir(parents=True)
    assert run_names([folders[1], write(tmp_path / "d" / "b" / "x", ["JPEG"])]) == [f"{tmp_path.name}/b/x", "d/b/x"]
    assert run_names(folders[:1]) == ["x"]
    plot_run(folders, "psnr", ("png",), relative_to="JPEG (b/x)")
    for again in (folders[0], folders[0] / ".." / "x"):
        with pytest.raises(InputError, match="given twice"):
            plot_run([folders[0], again], "psnr")
