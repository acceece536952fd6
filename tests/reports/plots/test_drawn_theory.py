"""Closed forms beside measured rates, and curves against Eb/N0."""

import math

import numpy as np
import pytest
import yaml
from scipy.special import erfc

from linksim.common.errors import InputError
from linksim.link import Link
from linksim.link.closed_forms import uncoded_block_error_rate
from linksim.link.config import LinkConfig
from linksim.reports.plots import plot_run
from linksim.reports.plots.abscissa import against
from linksim.reports.plots.drawing import figure
from linksim.reports.plots.table import read_curves
from linksim.reports.plots.theory import closed_forms
from linksim.results.reading.described import RESOLVED

UNCODED = {
    "code": {"kind": "none", "block_bits": 256},
    "modulation": {"bits_per_symbol": 2},
    "channel": {"kind": "awgn"},
}
CSV = """scheme,snr_db,ebn0_db,psnr_db,ber,ber_low,ber_high,bler,outage_rate,outage_rate_low,outage_rate_high,status
A,0,-3.01,20,0.08,0.07,0.09,1,0.5,0.4,0.6,ok
A,10,6.99,30,0.0008,0.0005,0.001,0.1,0,0,0.08,ok
B,0,0,21,0.16,0.15,0.17,1,1,0.9,1,ok
B,10,10,31,0.001,0.0008,0.002,0.1,0.1,0.05,0.2,ok
Symbols,0,,22,,,,,0,0,0.1,ok
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "results.csv").write_text(CSV)
    return tmp_path


def with_link(folder, link, schemes=()):
    (folder / "scenario.yaml").write_text(yaml.safe_dump({"link": link, "schemes": list(schemes)}))
    return [folder]


def q(x):
    return erfc(x / math.sqrt(2)) / 2


def test_uncoded_bit_error_rates_are_the_textbook_s(folder):
    (line,) = closed_forms(with_link(folder, UNCODED), "ber", 0, 10)
    assert line.text == "uncoded QPSK, AWGN"
    np.testing.assert_allclose(line.value, q(np.sqrt(10 ** (line.snr_db / 10))), rtol=1e-6)
    np.testing.assert_allclose(line.snr_db - line.ebn0_db, 10 * np.log10(2))
    (line,) = closed_forms(with_link(folder, UNCODED | {"channel": {"kind": "rayleigh"}}), "ber", 0, 30)
    snr = 10 ** (line.snr_db / 10) / 2
    np.testing.assert_allclose(line.value, (1 - np.sqrt(snr / (1 + snr))) / 2, rtol=1e-6)
    assert line.text == "uncoded QPSK, Rayleigh fading"


def test_the_link_is_that_of_the_scenario_as_it_was_run(folder):
    with_link(folder, UNCODED)
    as_run = {"link": UNCODED | {"channel": {"kind": "rayleigh"}}, "schemes": []}
    (folder / RESOLVED).write_text(yaml.safe_dump(as_run))
    (line,) = closed_forms([folder], "ber", 0, 30)
    assert line.text == "uncoded QPSK, Rayleigh fading"


@pytest.mark.parametrize(
    "change",
    [
        {"code": {"kind": "ldpc5g", "rate": 0.5, "block_bits": 256}},
        {"channel": {"kind": "rician", "k_factor_db": 3.0}},
        {"channel": {"kind": "rayleigh"}, "csi": {"error_variance": 0.1}},
        {"channel": {"kind": "of another package"}},
    ],
)
def test_no_line_where_there_is_no_closed_form(folder, change):
    for metric in ("ber", "bler"):
        assert closed_forms(with_link(folder, UNCODED | change), metric, 0, 10) == []
    assert closed_forms([folder / "nothing"], "ber", 0, 10) == []
    assert closed_forms(with_link(folder, UNCODED), "psnr", 0, 10) == []


@pytest.mark.parametrize(("m", "es_no_db"), [(1, 6.0), (2, 8.0), (4, 15.0), (6, 21.0)])
def test_uncoded_block_error_rates_are_what_the_link_does(m, es_no_db):
    config = LinkConfig(**UNCODED | {"modulation": {"bits_per_symbol": m}})
    blocks = 600
    bits = np.random.default_rng(m).integers(0, 2, blocks * config.payload_bits_per_block, np.uint8)
    (reception,) = Link(config).transmit([bits], es_no_db, [("blocks", m)])
    expected = uncoded_block_error_rate(m, es_no_db, config.symbols_per_block)
    assert 0.05 < expected < 0.9
    deviation = math.sqrt(expected * (1 - expected) / blocks)
    assert np.mean(~reception.block_ok) == pytest.approx(expected, abs=4 * deviation)


def test_block_error_rates_of_qpsk_are_those_of_its_bits(folder):
    (line,) = closed_forms(with_link(folder, UNCODED), "bler", 0, 12)
    bit = q(np.sqrt(10 ** (line.snr_db / 10)))
    np.testing.assert_allclose(line.value, 1 - (1 - bit) ** 256, rtol=1e-6)


def test_lines_are_drawn_dotted_and_named_and_do_not_stretch_the_axes(folder):
    with_link(folder, UNCODED)
    curves = read_curves([folder], "ber")
    drawing = figure(curves, "ber", theory=closed_forms([folder], "ber", 0, 10))
    axes = drawing.axes[0]
    (theory,) = [line for line in axes.lines if line.get_color() == "0.35"]
    values = np.asarray(theory.get_ydata())
    assert np.nanmin(values) >= 0.0008 / 2
    assert values[0] == pytest.approx(q(1.0))
    assert "dotted: uncoded QPSK, AWGN" in drawing.legends[0].get_title().get_text().replace("\n", " ")


def test_an_outage_asked_for_is_a_line_and_zeros_are_at_their_upper_end_in_percent(folder):
    bound = {"name": "A", "mcs": {"kind": "capacity", "which": "outage", "outage_probability": 0.1}}
    (line,) = closed_forms(with_link(folder, {}, [bound, {"name": "B"}]), "outage", 0, 10)
    assert line.value.tolist() == [0.1, 0.1]
    axes = figure(read_curves([folder], "outage"), "outage", theory=[line]).axes[0]
    assert axes.get_yscale() == "log"
    assert [8.0] in [np.asarray(drawn.get_ydata()).tolist() for drawn in axes.lines]
    assert [10.0, 10.0] in [np.asarray(drawn.get_ydata()).tolist() for drawn in axes.lines]


def test_curves_against_their_own_eb_no(folder):
    curves = against(read_curves([folder], "psnr"), "ebn0")
    assert {curve.label: curve.snr_db.tolist() for curve in curves} == {"A": [-3.01, 6.99], "B": [0, 10]}
    assert figure(curves, "psnr", x="ebn0").axes[0].get_xlabel() == "Eb/N0 (dB)"
    (written,) = plot_run(folder, "psnr", ("png",), x="ebn0")
    assert written.name == "psnr-ebn0.png"


def test_bad_axes_are_one_line(folder):
    with pytest.raises(InputError, match="x 'snr': allowed are esn0, ebn0"):
        plot_run(folder, "psnr", ("png",), x="snr")
    for more in ({"relative_to": "A"}, {"ebn0_axis": True}):
        with pytest.raises(InputError, match="gains are at equal Es/N0"):
            plot_run(folder, "psnr", ("png",), x="ebn0", **more)
    with pytest.raises(InputError, match="none of the schemes sends bits"):
        plot_run(folder, "psnr", ("png",), x="ebn0", schemes=["Symbols"])
