"""Tables of a run: what they hold, that other programs read them, and what they say of bad input."""

import csv
import io
import json

import pytest

from linksim.cli.table import table_command
from linksim.common.errors import InputError
from linksim.reports.tables import compressai_files, latex_tables, results_json, results_table, selected_csv
from linksim.reports.tables.latex import escaped
from linksim.results.lines import read_lines

CSV = """scheme,snr_db,psnr_db,psnr_db_low,psnr_db_high,ms_ssim,ber,ber_low,ber_high,bler,outage_rate,rho,bpp,channel_uses,status,n_images,repetitions
A_1,0,20.5,20,21,,0.001,0.0005,0.004,0.25,0.5,0.05,0.3,100,ok,4,1
A_1,10,30,29.25,30.75,,0,0,0.1,0,0,0.05,0.3,100,ok,4,1
B & C,0,,,,,,,,,,,,,infeasible,4,1
B & C,10,31.5,,,,0.5,,,1,1,0.04,0.3,90,ok,4,1
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "results.csv").write_text(CSV)
    return tmp_path


def test_text_has_every_line_and_asked_for_rates_with_their_ends(folder):
    assert results_table(read_lines(folder), ["psnr"]).splitlines() == [
        "scheme  snr_db      psnr_db       ber   bler  outage     rho      status",
        "------  ------  -----------  --------  -----  ------  ------  ----------",
        "A_1          0  20.50 ±0.50  1.00e-03  0.250    0.50  0.0500          ok",
        "A_1         10  30.00 ±0.75  0.00e+00  0.000    0.00  0.0500          ok",
        "B & C        0            -         -      -       -       -  infeasible",
        "B & C       10        31.50  5.00e-01  1.000    1.00  0.0400          ok",
    ]
    text = results_table(read_lines(folder), ["ber"], rates=False)
    assert text.splitlines()[2].split() == ["A_1", "0", "1.00e-03", "[5.00e-04,", "4.00e-03]", "0.0500", "ok"]


def test_latex(folder):
    assert latex_tables(read_lines(folder), ["psnr", "ber"]).splitlines() == [
        "% PSNR (dB): mean and half of the 95 % interval",
        r"\begin{tabular}{lrr}",
        r"\toprule",
        r"$E_s/N_0$ (dB) & $0$ & $10$ \\",
        r"\midrule",
        r"A\_1 & $20.50 \pm 0.50$ & $30.00 \pm 0.75$ \\",
        r"B \& C & -- & $31.50$ \\",
        r"\bottomrule",
        r"\end{tabular}",
        "",
        "% Bit-error rate: mean and ends of the 95 % interval",
        r"\begin{tabular}{lrr}",
        r"\toprule",
        r"$E_s/N_0$ (dB) & $0$ & $10$ \\",
        r"\midrule",
        r"A\_1 & $1.00 \cdot 10^{-3}$ [$5.00 \cdot 10^{-4}$, $4.00 \cdot 10^{-3}$] & $0$ [$0$, $1.00 \cdot 10^{-1}$] \\",
        r"B \& C & -- & $5.00 \cdot 10^{-1}$ \\",
        r"\bottomrule",
        r"\end{tabular}",
    ]
    assert escaped(r"50 % of {a}^b~\c") == r"50 \% of \{a\}\textasciicircum{}b\textasciitilde{}\textbackslash{}c"


def test_csv_has_the_cells_of_the_run(folder):
    rows = list(csv.DictReader(io.StringIO(selected_csv(read_lines(folder), ["psnr", "bler"]))))
    theirs = list(csv.DictReader(io.StringIO(CSV)))
    assert list(rows[0])[:6] == ["scheme", "snr_db", "psnr_db", "psnr_db_low", "psnr_db_high", "bler"]
    assert rows == [{name: line[name] for name in rows[0]} for line in theirs]


def test_json_is_in_the_layout_of_compressai(folder):
    first, second = json.loads(results_json(read_lines(folder), ["psnr", "ber"], "run"))
    assert set(first) == {"name", "description", "results"}
    assert first["name"] == "A_1"
    assert first["results"]["psnr"] == [20.5, 30]
    assert first["results"]["psnr-low"] == [20, 29.25]
    assert first["results"]["bpp"] == [0.3, 0.3]
    assert len({len(values) for values in first["results"].values()}) == 1
    assert second["results"]["snr-db"] == [10]  # the infeasible point is absent
    assert "psnr-low" not in second["results"]


def test_compressai_gets_one_file_a_scheme_that_its_plots_read(folder, tmp_path, capsys):
    table_command(folder, "compressai", [], tmp_path / "curves")
    names = capsys.readouterr().out.split()
    assert len(names) == 2
    for name in names:
        # As compressai.utils.plot reads a file: `results` with `bpp` and the metric, and a name.
        with open(name) as file:
            data = json.load(file)
        assert isinstance(data["name"], str)
        for metric in ("psnr", "psnr-rgb"):
            assert len(data["results"]["bpp"]) == len(data["results"][metric]) > 0
            assert all(isinstance(value, float | int) for value in data["results"][metric])
    with pytest.raises(InputError, match="give a folder with --out"):
        table_command(folder, "compressai", [], None)
    lines = [line | {"bpp": float("nan")} for line in read_lines(folder)]
    with pytest.raises(InputError, match="no scheme has bits per pixel"):
        compressai_files(lines, ["psnr"], "run")


def test_the_command_writes_and_names_bad_input(folder, tmp_path, capsys):
    table_command(folder, "json", [], tmp_path / "t.json")
    assert json.loads((tmp_path / "t.json").read_text())[0]["results"]["psnr"] == [20.5, 30]
    assert capsys.readouterr().out.strip() == str(tmp_path / "t.json")
    table_command(folder, "text", ["bler"], None)
    assert capsys.readouterr().out.splitlines()[0].split() == ["scheme", "snr_db", "bler", "rho", "status"]
    for form, metrics, message in (
        ("html", [], "--format html: allowed are text, latex, csv, json, compressai"),
        ("text", ["psrn"], r"metric 'psrn': allowed are .*; did you mean psnr\?"),
        ("text", ["lpips"], "metric 'lpips': has no column in"),
    ):
        with pytest.raises(InputError, match=message):
            table_command(folder, form, metrics, None)
    with pytest.raises(InputError, match=r"holds no results\.csv"):
        table_command(tmp_path / "absent", "text", [], None)
