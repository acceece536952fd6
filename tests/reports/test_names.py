"""Names in figures: as they are written, in any script, whatever Matplotlib is configured for."""

import csv
import os
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from linksim.common.errors import InputError
from linksim.reports import run_figures
from linksim.reports.lettering import columns, folded, fonts_for, plain
from linksim.reports.plots import Example, plot_examples, plot_run
from linksim.reports.plots.drawing import figure
from linksim.reports.plots.raster import MAX_BYTES
from linksim.reports.plots.table import read_curves

NAMES = ("$x_1^2$", "_hidden", r"\frac{a}{b", "$", "100% & #1 ~^{}", "__init__", "مخطط", "é", "$$$", "a_b $\\alpha")


def write_table(folder: Path, *names: str) -> Path:
    """A `results.csv` of schemes at two SNRs."""
    with (folder / "results.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["scheme", "snr_db", "status", "psnr_db", "psnr_db_low", "psnr_db_high"])
        writer.writerows(
            [name, snr, "ok", 20 + i + snr / 10, 19 + i, 24 + i] for i, name in enumerate(names) for snr in (0, 5)
        )
    return folder


def legend(folder: Path, **more: Any) -> list[Any]:
    drawing = figure(read_curves([folder], "psnr"), "psnr", **more)
    drawing.canvas.draw()
    return drawing.legends[0].get_texts()


def test_legends_have_names_as_they_are_written(tmp_path: Path) -> None:
    texts = legend(write_table(tmp_path, *NAMES))
    assert [text.get_text() for text in texts] == list(NAMES)
    assert not any(text.get_parse_math() or text.get_usetex() for text in texts)


@pytest.mark.parametrize("name", ["$x_1$", "_a", r"\frac"])
def test_gains_name_their_reference_as_it_is_written(tmp_path: Path, name: str) -> None:
    drawing = figure(read_curves([write_table(tmp_path, name, "B")], "psnr"), "psnr", relative_to=name)
    drawing.canvas.draw()
    assert drawing.axes[0].get_ylabel().endswith(f"over\n{name}")
    assert len(drawing.legends[0].get_texts()) == 1


@pytest.mark.parametrize(
    "rc", [{"text.usetex": True}, {"font.family": ["Absent"]}, {"savefig.dpi": 9999, "figure.figsize": (99, 99)}]
)
def test_a_user_s_own_style_does_not_reach_the_figures(tmp_path: Path, rc: dict[str, Any]) -> None:
    plain_figure, styled = (
        write_table(Path(tmp_path, name), "A") if Path(tmp_path, name).mkdir() is None else tmp_path for name in "ab"
    )
    plot_run(plain_figure, "psnr", ["png"])
    with mpl.rc_context(rc):
        plot_run(styled, "psnr", ["png"])
    assert (plain_figure / "psnr.png").read_bytes() == (styled / "psnr.png").read_bytes()


@pytest.mark.parametrize("broken", ["backend", "file", "bytes"])
def test_matplotlib_is_imported_whatever_its_configuration_says(tmp_path: Path, broken: str) -> None:
    write_table(tmp_path, "A")
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    if broken == "backend":
        environment["MPLBACKEND"] = "no-such-backend"
    else:
        (tmp_path / "matplotlibrc").write_bytes(
            b"axes.prop_cycle: nonsense(\n" if broken == "file" else b"\xff\xfe\x00"
        )
        environment["MATPLOTLIBRC"] = str(tmp_path / "matplotlibrc")
    command = [sys.executable, "-m", "linksim", "plot", str(tmp_path), "--format", "png"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "psnr.png").is_file()


def test_control_characters_and_line_breaks_are_escaped() -> None:
    assert plain("a\nb\t\x1b[31m\u202e") == r"a\nb\t\x1b[31m\u202e"
    assert plain("e\u0301") == "é"


def test_what_no_font_has_is_escaped_and_named_once(tmp_path: Path) -> None:
    rare = "\U00013000"  # a hieroglyph
    with pytest.warns(UserWarning, match="no font of this machine has"), fonts_for([rare]) as known:
        assert known(f"a{rare}") == r"a\U00013000"
    with fonts_for([rare, "abc"]) as known:
        assert known("abc") == "abc"


@given(st.text(max_size=200), st.integers(2, 40), st.integers(1, 4))
def test_folded_text_fits(text: str, width: int, lines: int) -> None:
    rows = folded(plain(text), width, lines).split("\n")
    assert len(rows) <= lines
    assert all(columns(row) <= width for row in rows)


def test_wide_letters_count_twice() -> None:
    assert columns("中文 ab") == 7
    assert folded("中文中文", 5) == "中文\n中文"
    assert unicodedata.combining("\u0301")
    assert columns("e\u0301") == 1


def test_nothing_to_draw_leaves_the_figure_that_is_there(tmp_path: Path) -> None:
    (written,) = plot_run(write_table(tmp_path, "A"), "psnr", ["png"])
    before = written.read_bytes()
    with pytest.raises(InputError, match="nothing to draw between 50 and 60 dB"):
        plot_run(tmp_path, "psnr", ["png"], snr_range=(50, 60))
    (tmp_path / "results.csv").write_text("scheme,snr_db,status,psnr_db\nA,0,infeasible,\n")
    with pytest.raises(InputError, match="nothing to draw"):
        plot_run(tmp_path, None, ["png"])
    with pytest.raises(InputError, match="no values in"):
        plot_run(tmp_path, "psnr", ["png"])
    assert written.read_bytes() == before
    assert not list(tmp_path.glob(".*"))


def test_a_figure_that_fails_is_one_line_and_the_rest_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(folder: Path, name: str) -> None:
        raise RuntimeError("of\ntwo lines")

    write_table(tmp_path, "A")
    monkeypatch.setattr("linksim.reports.plots.plot_run", fail)
    (line,) = run_figures.draw(tmp_path, None)  # type: ignore[arg-type]
    assert line == "a figure is missing: RuntimeError: of two lines"


@pytest.mark.parametrize("name", NAMES)
def test_strips_have_names_as_they_are_written_and_stay_small(tmp_path: Path, name: str) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (96, 96, 3)).astype(np.uint8)
    path = plot_examples(noise, [Example(name, snr, noise) for snr in (0.0, 5.0)], tmp_path / "s.png", name, dpi=60)
    assert Image.open(path).format == "PNG"


def test_a_strip_of_noise_stays_below_its_limit(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (400, 400, 3)).astype(np.uint8)
    examples = [Example(name, snr, noise) for name in "ABCDEF" for snr in (0.0, 5.0, 10.0)]
    path = plot_examples(noise, examples, tmp_path / "s.png")
    assert 100_000 < path.stat().st_size <= MAX_BYTES == 600_000
