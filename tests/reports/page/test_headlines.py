"""The text's numbers are those of the tables."""

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from linksim.reports.page.headlines import headlines, number
from linksim.reports.page.load import Run, load_run


def plain(text):
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{MINUS SIGN}", "-")


def small_run(psnr, outage=None, **columns):
    """A run of schemes with these PSNRs at 0, 2, 4, ... dB."""
    lines = []
    for scheme, values in psnr.items():
        for i, value in enumerate(values):
            lost = (outage or {}).get(scheme, [0.0] * len(values))[i]
            status = "infeasible" if np.isnan(value) else "ok"
            lines.append(
                {"scheme": scheme, "snr_db": 2.0 * i, "n_images": 3, "repetitions": 1, "psnr_db": value, "outage_rate": lost}
                | {"rho": 0.05, "channel_uses": 1000.0, "status": status}
            )  # fmt: skip
    return Run(folder=pd.NA, table=pd.DataFrame(lines).assign(**columns), info={}, scenario_text="")


@pytest.fixture
def no_files(monkeypatch):
    monkeypatch.setattr(Run, "images", None)
    monkeypatch.setattr(Run, "scenario", {})


def findings(run):
    return plain("\n".join(headlines(run)[1]))


def test_lead_and_its_interval_are_those_of_the_images(run_folder):
    run = load_run(run_folder)
    text = findings(run)
    table, images = run.table, run.images
    at_middle = table[(table["snr_db"] == 10) & (table["scheme"] != "BPG, capacity")].set_index("scheme")["psnr_db"]
    first, second = at_middle.sort_values(ascending=False).index[:2]
    rows = images[images["snr_db"] == 10].pivot(index="image", columns="scheme", values="psnr_db")
    gain = rows[first] - rows[second]
    low, high = scipy.stats.t.interval(0.95, len(gain) - 1, gain.mean(), scipy.stats.sem(gain))
    lead = at_middle[first] - at_middle[second]
    assert f"PSNR: at 10 dB {first} leads with {at_middle[first]:.2f} dB, {lead:.2f} dB above {second}" in text
    assert f"difference {low:.2f} to {high:.2f} dB" in text


def test_a_bound_does_not_lead(run_folder):
    run = load_run(run_folder)
    assert run.bounds == {"BPG, capacity"}
    assert run.values("psnr_db", 10.0)["BPG, capacity"] == max(run.values("psnr_db", 10.0).values())
    assert "BPG, capacity leads" not in findings(run)


@pytest.mark.usefixtures("no_files")
def test_where_the_lead_changes():
    text = findings(small_run({"A": [10, 20, 30, 30, 30], "B": [15, 18, 20, 31, 32]}))
    assert "PSNR: at 4 dB A leads with 30.00 dB, 10.00 dB above B." in text
    assert "Best mean: B at 0 dB, A from 2 dB to 4 dB, B from 6 dB to 8 dB." in text
    assert "The same holds at every SNR: B." in findings(small_run({"A": [1, 2, 3], "B": [2, 3, 4]}))


@pytest.mark.usefixtures("no_files")
def test_nobody_leads_where_the_means_read_the_same():
    text = findings(small_run({"A": [12.001, 12.0, 20.0], "B": [12.0, 12.001, 21.0], "C": [9.0, 9.0, 9.0]}))
    assert "PSNR: at 2 dB A and B alike have the best, 12.00 dB. Best mean: A and B alike from 0 dB to 2 dB," in text
    assert "leads" not in text
    assert "B at 4 dB." in text


@pytest.mark.usefixtures("no_files")
def test_only_schemes_of_one_budget_are_ranked(monkeypatch):
    psnr = {"A": [10.0, 20.0], "B": [15.0, 18.0], "C": [30.0, 31.0], "D": [32.0, 33.0], "E": [40.0, 41.0]}
    uses = np.repeat([1000.0, 1002.0, 2000.0, 1900.0, 3000.0], 2)  # D is matched to C and does not fill its budget
    monkeypatch.setattr(
        Run, "scenario", {"schemes": [{"name": "C", "kind": "semantic"}, {"name": "D", "rate_match": "C"}]}
    )
    run = small_run(psnr, channel_uses=uses, rho=uses / 20_000)
    assert [(round(rho, 2), schemes) for rho, schemes in run.budgets] == [
        (0.05, ["A", "B"]),
        (0.1, ["C", "D"]),
        (0.15, ["E"]),
    ]
    paragraph, sentences = headlines(run)
    text = plain("\n".join(sentences))
    assert "PSNR at rho = 0.0500: at 0 dB B leads with 15.00 dB, 5.00 dB above A." in text
    assert "PSNR at rho = 0.1000: at 0 dB D leads with 32.00 dB, 2.00 dB above C." in text
    assert "E" not in text.replace("Es/N0", "").split("Outage")[0]
    assert "Only schemes of one budget are ranked." in paragraph
    assert "Outage of C: none, since whatever arrives is shown." in text
    assert "Outage of A, B, D and E: at most 1 % at every SNR." in text


@pytest.mark.usefixtures("no_files")
def test_lower_lpips_is_better():
    run = small_run({"A": [1.0, 1.0], "B": [1.0, 1.0]}, lpips=[0.3, 0.2, 0.1, 0.1])
    assert "LPIPS: at 0 dB B leads with 0.1000, 0.2000 below A." in findings(run)


@pytest.mark.usefixtures("no_files")
def test_where_outage_ends():
    rates = {"A": [1, 1, 0.25, 0.01], "B": [0.5, 0.3, 0.2, 0.1], "C": [0, 0, 0, 0], "D": [0.005, 0, 0, 0]}
    rates |= {"E": [1, 0.08, 0.04, 0.0], "F": [1, 1, 1, 1]}
    text = findings(small_run({name: [20.0] * 4 for name in rates}, rates))
    assert "Outage of A: every picture lost up to 2 dB, at most 1 % from 6 dB; at 4 dB it is 25.0 %." in text
    assert "Outage of B: at most 10 % from 6 dB, still 10.0 % at 6 dB, the end of the sweep." in text
    assert (
        "Outage of E: every picture lost up to 0 dB, at most 10 % from 2 dB, at most 1 % from 6 dB; at 4 dB it is 4.0 %."
        in text
    )
    assert "Outage of F: still 100.0 % at 6 dB, the end of the sweep." in text
    assert "Outage of C and D: at most 1 % at every SNR." in text


@pytest.mark.usefixtures("no_files")
def test_infeasible_points_are_named():
    text = findings(small_run({"A": [np.nan, np.nan, 20.0], "B": [18.0, 18.0, 18.0]}))
    assert "A does not fit its budget at 0 dB and 2 dB" in text
    assert "leads" not in text  # nobody to compare with at the middle SNR


def test_a_lead_within_its_error_is_called_uncertain(run_folder, monkeypatch):
    run = load_run(run_folder)
    rows = run.images[(run.images["snr_db"] == 10) & run.images["scheme"].isin(["Proposed", "VQ-VAE"])].copy()
    order = rows.sort_values(["image", "scheme"]).index
    rows.loc[order, "psnr_db"] = np.tile([20.1, 20.0, 20.0, 20.3], len(order) // 4)
    monkeypatch.setattr(Run, "images", rows)
    text = findings(load_run(run_folder)).split("MS-SSIM:")[0]
    assert "PSNR: at 10 dB Proposed leads" in text
    assert "so the lead is not certain" in text
    assert "Not certain (95 %): at 10 dB." in text


def test_numbers_are_written_for_readers():
    assert plain(number(-1234.5, 1, "dB")) == "-1,234.5 dB"
    assert number(float("nan"), 2) == "none"
