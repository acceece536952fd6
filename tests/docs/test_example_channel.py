"""The example package's channel: Nakagami-m fading against its closed forms, and in everything that knows of a channel."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy.integrate import quad
from scipy.special import comb
from scipy.stats import gamma, kstest

from tests.docs.example_package import PACKAGE, install, linksim, python

BITS = 600_000
ES_NO_DB = 6.0
SHAPES = (0.5, 1.0, 2.0, 4.0)

# Runs where the package is installed, which the tests' own process need not have.
MEASURE = """
import json, sys
import numpy as np
from linksim_example.nakagami import NakagamiConfig  # before linksim's own models: a plugin may be imported first
from linksim.link.air.capacity import ergodic_capacity, outage_capacity
from linksim.link import Link, LinkConfig
from linksim.link.parts import air_of
from linksim.common.seeds import generator

bits, es_no_db, shapes = json.loads(sys.argv[1])

def link(m, bits_per_symbol=2, **settings):
    channel = {"kind": "nakagami", "m": m} | settings.pop("channel", {})
    return LinkConfig(code={"kind": "none", "block_bits": 20_024}, modulation={"bits_per_symbol": bits_per_symbol}, channel=channel, **settings)

def error_rate(config):
    payload = generator("nakagami").integers(0, 2, bits, np.uint8)
    return float(np.mean(Link(config).transmit([payload], es_no_db, [("k",)])[0].bits != payload))

out = {"errors": [], "power": {}, "capacity": {}}
for m in shapes:
    for bits_per_symbol in (1, 2):
        for share in (True, False):
            out["errors"].append([m, bits_per_symbol, share, error_rate(link(m, bits_per_symbol, share_blocks=share))])
    fading = air_of(link(m)).draw(es_no_db, [("fades", 0), ("fades", 1)]).fading
    out["power"][str(m)] = (np.abs(fading.ravel().astype(complex)) ** 2).tolist()
    out["capacity"][str(m)] = [ergodic_capacity(es_no_db, 4, NakagamiConfig(m=m)), outage_capacity(es_no_db, 4, NakagamiConfig(m=m), 0.1)]
rayleigh = LinkConfig().channel
out["rayleigh"] = [ergodic_capacity(es_no_db, 4, rayleigh), outage_capacity(es_no_db, 4, rayleigh, 0.1)]
out["runs"] = air_of(link(2.0, channel={"coherence": 7})).draw(es_no_db, [("runs",)]).fading.real[0].tolist()
known = air_of(link(2.0, csi={"error_variance": 0.25})).draw(es_no_db, [("csi", i) for i in range(10)])
error = known.fading - known.estimate
out["csi"] = [float(np.mean(np.abs(error) ** 2)), float(abs(np.mean(error * known.estimate.conj()))), known.noise_variance]
print(json.dumps(out))
"""

IDENTITY = """
import json, sys
from linksim.data.images import open_images
from linksim.runner.plan import Plan
from linksim.scenario import load_scenario

def id_of(*overrides):
    scenario = load_scenario(sys.argv[1], overrides)
    plan = Plan(scenario, open_images(scenario.images), {s.name: "" for s in scenario.schemes}, scenario.metrics)
    return plan.point(plan.batch(0), "JPEG", 4.0, 0).id

print(json.dumps([id_of(), id_of(), id_of("link.channel.m=3"), id_of("link.channel.coherence=block"), id_of("link.channel={kind: rayleigh}")]))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the installed package."""
    return install(tmp_path_factory.mktemp("installed"), tmp_path_factory.mktemp("source"))


@pytest.fixture(scope="module")
def measured(installed: Path) -> dict[str, Any]:
    done = python(installed, "-c", MEASURE, json.dumps([BITS, ES_NO_DB, SHAPES]))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every way in which a scheme meets the channel, on two small pictures."""
    data = {
        "name": "nakagami",
        "images": {"dataset": "samples", "count": 2, "size": 64},
        "link": {
            "code": {"kind": "ldpc5g", "block_bits": 512, "decoder": "layered"},
            "modulation": {"bits_per_symbol": 4},
            "channel": {"kind": "nakagami", "m": 2},
        },
        "sweep": {"snr_db": [4, 14], "batch": 2},
        "metrics": ["psnr"],
        "schemes": [
            {"name": "JPEG", "kind": "jpeg", "quality": 50},
            {"name": "Palette", "kind": "palette"},
            {"name": "Bound", "kind": "jpeg", "rate_match": "JPEG", "mcs": {"kind": "capacity"}},
            {
                "name": "Adaptive",
                "kind": "jpeg",
                "rate_match": "JPEG",
                "mcs": {
                    "kind": "adaptive",
                    "grid": [{"rate": 0.5, "bits_per_symbol": 2}, {"rate": 0.5, "bits_per_symbol": 6}],
                    "validation": {"dataset": "samples", "count": 3, "size": 64},
                },
            },
        ],
    }
    path = tmp_path_factory.mktemp("scenario") / "nakagami.yaml"
    path.write_text(yaml.safe_dump(data))
    return path


def bit_error_rate(m: float, snr: float) -> float:
    """Of BPSK at `snr` = Eb/N0 averaged over Nakagami-m fading (Simon, Alouini: Digital Communication over Fading Channels, 5.1.4)."""
    if m == int(m):
        mu = math.sqrt(snr / (m + snr))
        terms = (comb(m - 1 + k, k) * ((1 + mu) / 2) ** k for k in range(int(m)))
        return ((1 - mu) / 2) ** m * sum(terms)
    return quad(lambda t: (1 + snr / (m * math.sin(t) ** 2)) ** -m, 0, math.pi / 2)[0] / math.pi


def test_the_closed_form_is_that_of_rayleigh_for_m_1() -> None:
    assert bit_error_rate(1, 4.0) == pytest.approx((1 - math.sqrt(4 / 5)) / 2)
    assert bit_error_rate(2.0, 4.0) == pytest.approx(bit_error_rate(2 + 1e-9, 4.0))


def test_the_uncoded_bit_error_rate_is_the_closed_form(measured: dict[str, Any]) -> None:
    assert len(measured["errors"]) == 4 * len(SHAPES)
    for m, bits_per_symbol, share, rate in measured["errors"]:
        expected = bit_error_rate(m, 10 ** (ES_NO_DB / 10) / bits_per_symbol)
        # The two bits of a QPSK symbol share a fade, so their errors are not independent: at most twice the variance.
        deviation = math.sqrt(bits_per_symbol * expected * (1 - expected) / BITS)
        assert abs(rate - expected) < 4 * deviation, (m, bits_per_symbol, share)


def test_powers_have_the_gamma_distribution(measured: dict[str, Any]) -> None:
    for m in SHAPES:
        power = measured["power"][str(m)]
        assert len(power) == 2 * 20_024 / 2
        assert kstest(power, gamma(m, scale=1 / m).cdf).pvalue > 1e-3


def test_a_fade_lasts_for_the_coherence(measured: dict[str, Any]) -> None:
    values = np.array(measured["runs"])
    changes = np.flatnonzero(np.diff(values)) + 1
    assert list(changes) == list(range(7, len(values), 7))


def test_the_estimate_s_error_is_what_the_receiver_counts(measured: dict[str, Any]) -> None:
    """v = 0.25: error power v/(1+v) = 0.2, uncorrelated with the estimate."""
    power, correlation, counted = measured["csi"]
    assert power == pytest.approx(0.2, rel=0.02)
    assert correlation < 0.005
    assert counted == pytest.approx(10 ** (-ES_NO_DB / 10) + 0.2)


def test_the_capacity_is_that_of_rayleigh_for_m_1_and_grows_with_m(measured: dict[str, Any]) -> None:
    by_shape = np.array([measured["capacity"][str(m)] for m in SHAPES])
    assert by_shape[1] == pytest.approx(measured["rayleigh"], abs=1e-9)
    assert (np.diff(by_shape, axis=0) > 0.05).all()


def test_every_scheme_runs_and_workers_change_nothing(installed: Path, scenario: Path, tmp_path: Path) -> None:
    tables = []
    for workers in ("1", "2"):
        out = tmp_path / workers
        done = linksim(installed, "run", str(scenario), "--out", str(out), "--workers", workers, "--no-figures")
        assert done.returncode == 0, done.stderr
        tables.append(pd.read_csv(out / "results.csv"))
    pd.testing.assert_frame_equal(*tables)
    psnr = tables[0].set_index(["scheme", "snr_db"])["psnr_db"]
    assert all(psnr["Bound", snr] >= psnr["Adaptive", snr] >= psnr["JPEG", snr] - 0.5 for snr in (4, 14))
    plugins = json.loads((tmp_path / "1" / "run.json").read_text())["plugins"]
    assert plugins == dict.fromkeys(("channel nakagami", "scheme palette"), "linksim-example-schemes 1.3.0")


def test_a_point_s_id_has_the_keys_and_the_package_s_version(installed: Path, scenario: Path) -> None:
    def ids() -> list[str]:
        done = python(installed, "-c", IDENTITY, str(scenario))
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    before = ids()
    assert before[0] == before[1]
    assert len(set(before)) == 4
    (metadata,) = installed.glob("linksim_example_schemes-*.dist-info/METADATA")
    text = metadata.read_text()
    metadata.write_text(text.replace("Version: 1.3.0", "Version: 1.1.1"))
    try:
        after = ids()
    finally:
        metadata.write_text(text)
    assert all(a != b for a, b in zip(before[:4], after[:4], strict=True))
    assert after[4] == before[4]  # Rayleigh fading is none of the package's


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("link.channel.kind=nakagmi", "unknown kind 'nakagmi'; did you mean nakagami?; allowed: 'awgn', 'rayleigh', 'rician', 'tdl', 'cdl', 'nakagami'"),
        ("link.channel.mm=1", "link.channel.mm: unknown key; did you mean m?; allowed: kind, coherence, m"),
        ("link.channel.m=0.4", "link.channel.m: 0.4 is not allowed; allowed: at least 0.5"),
        ("link.channel={kind: nakagami}", "link.channel.m: is missing; it must be given"),
        ("link.channel={kind: rayleigh, m: 2}", "link.channel.m: unknown key"),
        ("link.channel.coherence=0", "coherence: 0 is not allowed; allowed: 'symbol' or 'block', or 1 to 1000000"),
    ],
)  # fmt: skip
def test_its_keys_are_checked_like_our_own(installed: Path, scenario: Path, override: str, said: str) -> None:
    done = linksim(installed, "run", str(scenario), "--set", override)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_the_schema_has_its_keys(installed: Path) -> None:
    definitions = json.loads(linksim(installed, "schema").stdout)["$defs"]
    assert definitions["NakagamiConfig"]["properties"]["m"]["minimum"] == 0.5
    references = [part["$ref"] for part in definitions["LinkConfig"]["properties"]["channel"]["oneOf"]]
    assert references == [f"#/$defs/{name}" for name in ("ChannelConfig", "TdlConfig", "CdlConfig", "NakagamiConfig")]


def test_without_the_package_the_kind_is_unknown(scenario: Path) -> None:
    from linksim.common.errors import InputError
    from linksim.scenario import load_scenario

    with pytest.raises(
        InputError, match=r"link\.channel: unknown kind 'nakagami'; allowed: 'awgn', 'rayleigh', 'rician', 'tdl', 'cdl'"
    ):
        load_scenario(scenario, ["schemes=[{name: JPEG, kind: jpeg, quality: 50}]"])


def test_the_scenario_of_the_package_s_channel_is_valid(installed: Path, tmp_path: Path) -> None:
    path = PACKAGE / "scenario.yaml"
    changes = ("--set", "link.channel={kind: nakagami, m: 2.5, coherence: block}", "--set", "sweep.snr_db=[40]")
    small = ("--set", "images.count=1", "--set", "metrics=[psnr]", "--no-figures", "--out", str(tmp_path))
    done = linksim(installed, "run", str(path), *changes, *small)
    assert done.returncode == 0, done.stderr
    assert (pd.read_csv(tmp_path / "results.csv")["outage_rate"] == 0).all()
