"""`linksim compare`: what is certain, what is refused."""

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from linksim.cli.compare import compare_command
from linksim.cli.figures import plot_command
from linksim.common.errors import InputError
from linksim.reports.comparison import compare, verdict
from linksim.results.files import results_csv
from linksim.results.row import empty_row
from linksim.results.statistics import Estimate
from linksim.results.tables import summarize

LEAD = {"A": 0.0, "B": 2.0, "C": 0.1}
OWN = np.array([20.0, 30.0, 24.0, 27.0])


def write(folder, lead=0.0, size=(32, 32), uses=100, images=4, schemes=LEAD):
    """A run whose images differ by far more than its schemes do."""
    folder.mkdir()
    rng = np.random.default_rng(7)
    rows = []
    for scheme in schemes:
        for snr in (0.0, 10.0):
            noise = rng.normal(0, 0.5, images)
            for i in range(images):
                row = empty_row(scheme, snr, 0, f"image {i}", size)
                row.update(
                    status="ok", psnr_db=OWN[i] + LEAD[scheme] + lead + noise[i], channel_uses=uses, rho=uses / 2000
                )
                row.update(source_bits=10, bit_errors=0, n_blocks=1, block_errors=0, lpips=0.5 - 0.01 * LEAD[scheme])
                rows.append(row)
    groups = [
        [r for r in rows if (r["scheme"], r["snr_db"]) == key]
        for key in dict.fromkeys((r["scheme"], r["snr_db"]) for r in rows)
    ]
    (folder / "results.csv").write_text(results_csv([summarize(g, ("psnr",)) for g in groups], ("psnr",)))
    pd.DataFrame(rows).to_parquet(folder / "images.parquet")
    return folder


def test_schemes_of_a_run_are_compared_image_by_image(tmp_path):
    run = write(tmp_path / "run")
    b, c = compare([run], "psnr", "A")
    assert (b.label, b.reference) == ("B", "A")
    images = pd.read_parquet(run / "images.parquet").pivot_table(
        index=["snr_db", "image"], columns="scheme", values="psnr_db"
    )
    for snr, gain in b.gains.items():
        theirs = scipy.stats.ttest_rel(images.loc[snr, "B"], images.loc[snr, "A"]).confidence_interval(0.95)
        assert (gain.low, gain.high) == pytest.approx(tuple(theirs))
        assert verdict(gain) == "better"  # the intervals of the means are 10 dB wide
    assert {verdict(gain) for gain in c.gains.values()} == {"not certain"}
    assert b.mean.low < b.mean.mean == pytest.approx(np.mean([gain.mean for gain in b.gains.values()]))


def test_lower_is_better_where_the_metric_says_so(tmp_path):
    b, _ = compare([write(tmp_path / "run")], "lpips", "A")
    assert {verdict(gain) for gain in b.gains.values()} == {"better"}
    assert next(iter(b.gains.values())).mean == pytest.approx(0.02)


def test_two_runs_are_compared_scheme_by_scheme(tmp_path):
    folders = [write(tmp_path / "one"), write(tmp_path / "two", lead=-1.0, schemes=["B", "C"])]
    b, c = compare(folders, "psnr")
    assert (b.label, b.reference) == ("B (two)", "B (one)")
    assert (c.label, c.reference) == ("C (two)", "C (one)")
    same = compare([folders[0], write(tmp_path / "again")], "psnr")
    assert {verdict(gain) for one in same for gain in one.gains.values()} == {"equal"}


def test_verdicts():
    assert [verdict(Estimate(0.0, *ends, 4)) for ends in ((0.1, 1), (-1, -0.1), (-1, 1), (0, 0), (0, 1))] == [
        "better", "worse", "not certain", "equal", "not certain",
    ]  # fmt: skip
    assert verdict(Estimate(1.0, float("nan"), float("nan"), 1)) == "not certain"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"size": (16, 16)}, r"another size \(image 0 is 16 x 16 against 32 x 32 pixels\)"),
        ({"uses": 50}, r"another budget \(rho 0.0250 against 0.0500\)"),
        ({"images": 3}, r"other images \(3 against 4, 3 of them the same\)"),
    ],
)
def test_what_is_not_equal_is_refused_and_figures_say_it(tmp_path, capsys, changes, reason):
    folders = [write(tmp_path / "one"), write(tmp_path / "two", **changes)]
    with pytest.raises(
        InputError, match=rf"A \(two\) does not compare with A \(one\), it has {reason}; choose schemes"
    ):
        compare(folders, "psnr")
    plot_command(folders, "psnr", None, "A (one)", ["svg"], None, False, 7.0, tmp_path / "figures")
    said = capsys.readouterr().out
    note = said[said.index("Not equal to A (one): A (two), B (two), C (two): ") :].splitlines()[0]
    svg = (tmp_path / "figures" / "psnr-gain.svg").read_text()
    assert all(word in svg for word in note.split()[-4:])
    assert "Not equal" in svg


def test_schemes_of_equal_conditions_are_not_noted(tmp_path, capsys):
    plot_command([write(tmp_path / "run")], "psnr", None, "A", ["svg"], None, False, 3.5, None)
    assert "Not equal" not in capsys.readouterr().out + (tmp_path / "run" / "psnr-gain.svg").read_text()


def test_the_command_prints_what_is_certain(tmp_path, capsys):
    compare_command([write(tmp_path / "run")], ["psnr"], "A", ["B"])
    heading, _, *rows, _, last = capsys.readouterr().out.splitlines()
    assert heading.split()[:3] == ["scheme", "against", "snr_db"]
    assert [row.split()[2] for row in rows] == ["0", "10", "mean"]
    assert all(row.endswith("better") for row in rows)
    assert "paired by image" in last


def test_nothing_to_compare(tmp_path):
    run = write(tmp_path / "run")
    with pytest.raises(InputError, match="one run: give --relative-to with one of: A, B, C; or a second run"):
        compare([run], "psnr")
    with pytest.raises(InputError, match="share no scheme; give --relative-to"):
        compare([write(tmp_path / "x", schemes=["A"]), write(tmp_path / "y", schemes=["B"])], "psnr")
    (run / "images.parquet").unlink()
    with pytest.raises(InputError, match=r"holds no images\.parquet, without which nothing can be paired"):
        compare([run], "psnr", "A")
