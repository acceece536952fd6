"""The table of metrics: names, labels, what a metric must give, and metrics that other packages add."""

import sys

import numpy as np
import pytest

from linksim.common import plugins as loader
from linksim.common.errors import DataUnavailableError, InputError
from linksim.common.plugin_code import code_digest
from linksim.metrics import psnr
from linksim.metrics.metric import Metric
from linksim.metrics.registry import OWN, available, facts, metric, metrics
from linksim.results.row import columns, result_columns

A = np.arange(2 * 16 * 20 * 3, dtype=np.uint8).reshape(2, 16, 20, 3)
B = A[:, ::-1].copy()


class Point:
    def __init__(self, name, plugin):
        self.name, self.value, self._plugin = name, f"package:{name}", plugin

    def load(self):
        return self._plugin


class Mae:
    label = "Mean absolute error"
    unit = "levels"
    higher_is_better = False

    @staticmethod
    def compute(originals, pictures):
        return np.abs(originals.astype(float) - pictures).mean(axis=(1, 2, 3))


@pytest.fixture
def installed(monkeypatch):
    def install(**plugins):
        monkeypatch.setattr(loader, "entry_points", lambda group: [Point(*item) for item in plugins.items()])
        metrics.cache_clear()

    yield install
    monkeypatch.undo()
    metrics.cache_clear()


def test_axes_say_unit_and_direction() -> None:
    labels = {m.name: (m.axis_label, m.gain_label) for m in OWN}
    assert labels == {
        "psnr": ("PSNR (dB)", "PSNR gain (dB)"),
        "ms_ssim": ("MS-SSIM", "MS-SSIM gain"),
        "lpips": ("LPIPS (lower is better)", "LPIPS reduction"),
        "ssim": ("SSIM", "SSIM gain"),
    }


def test_a_metric_is_found_by_name_and_by_column() -> None:
    assert metric("psnr") is metric("psnr_db")
    with pytest.raises(InputError, match=r"metric 'ssmi': allowed are psnr, ms_ssim, lpips, ssim; did you mean ssim\?"):
        metric("ssmi")


def test_own_values_are_those_of_the_functions() -> None:
    np.testing.assert_array_equal(metric("psnr").values(A, B), psnr(A, B))


def test_a_module_becomes_a_metric(installed) -> None:
    installed(mae=Mae)
    mae = metric("mae")
    assert (mae.column, mae.axis_label, mae.sign) == ("mae", "Mean absolute error (levels, lower is better)", -1)
    assert list(metrics()) == [*(m.name for m in OWN), "mae"]
    np.testing.assert_allclose(mae.values(A, B), np.abs(A.astype(float) - B).mean((1, 2, 3)))
    assert facts(["psnr", "mae"]) == {"mae": {"package": "unknown", "code_sha256": code_digest(Mae)}}
    assert available(("psnr", "mae")) == (("psnr", "mae"), {})
    names = [c.name for c in columns(["mae"])]
    assert names[names.index("mae") :][:2] == ["mae", "settings"]
    table = result_columns(["psnr", "mae"])
    assert table[table.index("mae") :][:4] == ["mae", "mae_low", "mae_high", "ber"]
    assert table[table.index("settings") - 1] == "mae_given_success"


def test_a_metric_object_may_have_another_name_and_hashes(installed) -> None:
    installed(
        x=Metric(
            name="deep",
            label="Deep",
            higher_is_better=True,
            compute=Mae.compute,
            identity=lambda: {"weights_sha256": "ab"},
        )
    )
    assert facts(["deep"])["deep"]["weights_sha256"] == "ab"


@pytest.mark.parametrize(
    ("compute", "message"),
    [
        (
            lambda a, b: np.full(len(a), np.nan),
            r"metric bad of p 1\.0 gave nan for an image; it must give finite numbers",
        ),
        (lambda a, b: np.full(len(a), np.inf), "gave inf for an image"),
        (lambda a, b: np.zeros((len(a), 3)), r"gave an array of shape \[2, 3\] for 2 images; .* one number per image"),
        (lambda a, b: 1.0, r"shape \[\] for 2 images"),
        (lambda a, b: a + "x", r"metric bad of p 1\.0 failed \(.*\); repair it, or leave bad out"),
        (lambda a, b: np.ones(len(a)) + 1j, r"metric bad of p 1\.0 gave complex numbers; it must give one real number"),
        (lambda a, b: ["x"] * len(a), "gave text"),
        (lambda a, b: [None] * len(a), "gave objects"),
        (lambda a, b: sys.exit(3), r"failed \(SystemExit: 3\)"),
        (lambda a, b: 1 / 0, r"failed \(ZeroDivisionError: division by zero\)"),
    ],
)
def test_a_bad_metric_is_named_in_one_line(compute, message) -> None:
    bad = Metric(name="bad", label="Bad", higher_is_better=True, compute=compute, package="p 1.0")
    with pytest.raises(InputError, match=message) as error:
        bad.values(A, B)
    assert "\n" not in str(error.value)
    with pytest.raises(InputError, match=r"metric bad of p 1\.0"):  # said before anything is simulated
        bad.unavailable()


def test_what_is_not_there_leaves_a_column_empty() -> None:
    def compute(a, b):
        raise DataUnavailableError("no weights here; get them with x")

    absent = Metric(name="absent", label="Absent", higher_is_better=True, compute=compute, package="p 1.0")
    assert absent.unavailable() == "no weights here; get them with x"


class Nameless:
    label = "No direction"
    compute = staticmethod(Mae.compute)


@pytest.mark.parametrize(
    ("plugins", "message"),
    [
        ({"nothing": object()}, r"metric plugin nothing \(package:nothing\): needs `label`, a text"),
        ({"nameless": Nameless}, "nameless .*`higher_is_better`, True or False"),
        ({"x": type("X", (Mae,), {"decimals": "2"})}, "x .*: decimals is of type str; it must be of type int"),
        ({"psnr": Mae}, "name 'psnr' is taken"),
        ({"psnr_db": Mae}, "name 'psnr_db' is taken"),
        ({"Mean error": Mae}, "name 'Mean error': small letters, digits and _ are allowed"),
    ],
)
def test_a_bad_plugin_is_named(installed, plugins, message) -> None:
    installed(**plugins)
    with pytest.raises(InputError, match=message):
        metrics()


@pytest.mark.parametrize("name", ["ber", "outage", "psnr_db_low"])
def test_a_column_that_is_taken_is_refused(installed, name) -> None:
    installed(**{name: Mae})
    with pytest.raises(InputError, match=f"column '{name}' is another one's"):
        columns([name])
