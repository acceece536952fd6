"""Channels of other packages that are not what they should be; one that is: `tests/docs/test_example_channel.py`."""

from types import SimpleNamespace
from typing import Any, Literal

import numpy as np
import pytest
from pydantic import BaseModel

from linksim.common import plugins as loader
from linksim.common.errors import InputError
from linksim.link import LinkConfig
from linksim.link.air import capacity, fading
from linksim.link.parts import air_of


class Steady(fading.FadingConfig):
    kind: Literal["steady"] = "steady"


class Thief(fading.FadingConfig):
    kind: Literal["rician"] = "rician"


class Lax(BaseModel):
    kind: Literal["lax"] = "lax"


def plugin(config: Any, fades: Any = np.ones) -> SimpleNamespace:
    return SimpleNamespace(
        config=config,
        fades=lambda config, rng, count: fades(count),
        power_quantile=lambda config, probability: np.ones_like(probability),
    )


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (plugin(Lax), "channel plugin p .*: needs `config`, a model derived from linksim.link.air.fading.FadingConfig"),
        (plugin(fading.FadingConfig), "needs `config`"),
        (SimpleNamespace(config=Steady), "needs `config`.* `power_quantile.config, probability.`"),
        (plugin(Thief), "kind 'rician' is taken"),
    ],
)
def test_a_bad_plugin_is_named(monkeypatch: pytest.MonkeyPatch, module: Any, message: str) -> None:
    point = SimpleNamespace(name="p", value="package:p", load=lambda: module)
    monkeypatch.setattr(loader, "entry_points", lambda group: [point])
    with pytest.raises(InputError, match=message):
        fading.plugins.__wrapped__()


@pytest.mark.parametrize(
    ("fades", "problem"),
    [
        (lambda count: np.ones(()), r"float64 \[\]"),
        (lambda count: np.ones((count, 1)), r"float64 \[512, 1\]"),
        (lambda count: np.full(count, np.nan), r"512 finite complex numbers are needed"),
        (lambda count: np.full(count, 1e300 + 0j), r"with a value of 1e\+300, too large for complex64; 512 finite"),
        (
            lambda count: np.full(count, 1e300),
            r"fades returned float64 \[512\] with a value of .*, too large for complex64; 512 finite complex numbers",
        ),
        (lambda count: np.full(count, "x"), r"fades returned <U1 \[512\]"),
        (lambda count: None, r"fades returned object \[\]"),
        (lambda count: 1 / 0, r"fades failed: ZeroDivisionError: division by zero .LINKSIM_DEBUG=1 shows where"),
        (lambda count: {}["gain"], r"fades failed: KeyError: 'gain'"),
        (lambda count: exit(3), r"fades failed: SystemExit: 3"),
    ],
)
def test_fades_of_a_wrong_shape_are_refused(monkeypatch: pytest.MonkeyPatch, fades: Any, problem: str) -> None:
    monkeypatch.setattr(fading, "plugins", lambda: {"steady": loader.Plugin(plugin(Steady, fades), "p 1")})
    # The union of channels is made when linksim is imported, so one that is not installed has to bypass the check.
    config = LinkConfig(code={"kind": "none", "block_bits": 1024}, modulation={"bits_per_symbol": 2})
    config = config.model_copy(update={"channel": Steady()})
    with pytest.raises(InputError, match=f"channel steady: plug-in of package p 1: .*{problem}"):
        air_of(config).draw(10.0, [("key",)])


@pytest.mark.parametrize(
    ("quantile", "problem"),
    [
        (lambda p: p[0], r"power_quantile returned float64 \[\]; 4000 finite real numbers are needed"),
        (lambda p: p + 1j, r"power_quantile returned complex128 \[4000\]"),
        (lambda p: np.where(p > 0.9, np.inf, p), r"with 400 values that are not finite"),
        (lambda p: -p, r"power_quantile returned -0.999875; at least 0 is needed"),
        (lambda p: p.missing, r"power_quantile failed: AttributeError"),
    ],
)
def test_quantiles_that_are_none_are_refused(monkeypatch: pytest.MonkeyPatch, quantile: Any, problem: str) -> None:
    module = SimpleNamespace(config=Steady, power_quantile=lambda config, probability: quantile(probability))
    monkeypatch.setattr(fading, "plugins", lambda: {"steady": loader.Plugin(module, "p 1")})
    capacity.fading_powers.cache_clear()
    with pytest.raises(InputError, match=f"channel steady: plug-in of package p 1: .*{problem}"):
        capacity.fading_powers(Steady())
