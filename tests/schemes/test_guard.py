"""Faults of schemes of other packages: each is one line with kind, package, scheme, and what was returned."""

import os
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from linksim.common.errors import InputError
from linksim.common.plugins import Plugin, PluginError
from linksim.link import Link, LinkConfig
from linksim.schemes.base import Delivery, Scheme, SchemeContext, Stream, SymbolStream, Transmission
from linksim.schemes.guard import build_guarded
from linksim.schemes.streams import IdealStream

LINK = LinkConfig.model_validate({"code": {"kind": "none"}, "channel": {"kind": "awgn"}})
CONFIG = SimpleNamespace(kind="mean", name="Mean", rate_match=None)
IMAGE = np.full((20, 24, 3), (10, 20, 30), np.uint8)


class Mean(Scheme):
    """The mean colour, with whatever faults a test asks for."""

    def __init__(self, sent: Any = None, shown: Any = None) -> None:
        self.name, self.sent, self.shown = "Mean", sent, shown

    def transmit(self, images: Any, image_ids: Any, budgets: Any, es_no_db: Any) -> Any:
        bits = np.unpackbits(images[0].reshape(-1, 3).mean(0).astype(np.uint8))
        images[0][:] = 0  # its own copy
        right = Transmission((Stream(bits, LINK),), (20, 24), settings={"colours": np.int64(1)})
        return [right] if self.sent is None else self.sent(right)

    def receive(self, transmissions: Any, receptions: Any, es_no_db: Any) -> Any:
        (reception,) = receptions[0]
        right = Delivery(np.full((20, 24, 3), np.packbits(reception.bits), np.uint8), outage=False)
        return [right] if self.shown is None else self.shown(right)


def guarded(scheme: Any) -> Any:
    plugin = Plugin(SimpleNamespace(build=lambda config, context: scheme), "mean-scheme 1.2")
    return build_guarded(CONFIG, SchemeContext(LINK), plugin)


def run(scheme: Any, budget: int | None = None) -> Any:
    found = guarded(scheme)
    (sent,) = found.transmit([IMAGE.copy()], ["a.png"], [budget], None)
    receptions = tuple(Link(LINK).transmit([stream.bits for stream in sent.streams], 40.0, [("k",)]))
    return sent, found.receive([sent], [receptions], 40.0)[0]


def test_a_right_scheme_is_what_it_was() -> None:
    sent, shown = run(Mean())
    assert sent.settings == {"colours": 1}
    assert (shown.image == IMAGE).all()


def test_pictures_that_a_scheme_writes_into_are_its_own() -> None:
    images = [IMAGE.copy()]
    guarded(Mean()).transmit(images, ["a.png"], [None], None)
    assert (images[0] == IMAGE).all()


def stream(bits: Any, link: Any = LINK) -> Any:
    return lambda right: [Transmission((Stream(bits, link),), (20, 24))]


def ideal(*arguments: Any) -> Any:
    return lambda right: [Transmission((IdealStream(*arguments),), (20, 24))]


def symbols(values: Any) -> Any:
    return lambda right: [Transmission((SymbolStream(values, LINK),), (20, 24))]


def raising(error: BaseException) -> Any:
    def fail(_: Any) -> Any:
        raise error

    return fail


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (raising(KeyError("quality")), "transmit failed: KeyError: 'quality' (LINKSIM_DEBUG=1 shows where)"),
        (raising(SystemExit(2)), "transmit failed: SystemExit: 2"),
        (raising(InputError("es_no_db is nan; give a finite number")), "transmit: es_no_db is nan"),
        (lambda right: None, "transmit returned NoneType; a list of 1 Transmissions is needed"),
        (lambda right: right, "transmit returned Transmission; a list of 1 Transmissions"),
        (lambda right: [right, right], "transmit returned a list of 2; a list of 1"),
        (lambda right: [right.streams], "transmit returned a list with tuple in it"),
        (lambda right: [Transmission(right.streams, (24, 20))], "size (24, 20) for image a.png; (height, width)"),
        (lambda right: [Transmission(right.streams, None)], "size None for image a.png"),
        (lambda right: [Transmission((b"x",), (20, 24))], "a stream of type bytes for image a.png; Stream, SymbolStream or IdealStream"),
        (lambda right: [Transmission((), (20, 24), infeasible=True)], "infeasible True for image a.png; text is needed"),
        (stream([0, 1]), "bits list for image a.png; bits are one row of 0 and 1, uint8"),
        (stream(np.zeros((2, 2), np.uint8)), "bits uint8 [2, 2] for image a.png"),
        (stream(np.zeros(4)), "bits float64 [4] for image a.png"),
        (stream(np.array([0, 2], np.uint8)), "bits with a 2 among them"),
        (stream(np.zeros(4, np.uint8), {"code": None}), "a stream with link dict for image a.png"),
        (lambda right: [Transmission(None, (20, 24))], "streams None for image a.png; a tuple of Streams is needed"),
        (lambda right: [Transmission((), (20, 24))], "nothing for image a.png; at least one stream is needed"),
        (ideal(8, float("inf"), b""), "an ideal stream with channel_uses inf for image a.png; a whole number of at least 0"),
        (ideal(8, -1, b""), "an ideal stream with channel_uses -1 for image a.png"),
        (ideal(True, 9, b""), "an ideal stream with source_bits True"),
        (ideal(8, 9, "file"), "an ideal stream that delivers str for image a.png; bytes or None is needed"),
        (symbols(np.full(4, np.nan)), "what is no symbol stream for image a.png: symbols float64 [4]: one row of finite"),
        (symbols(np.full(4, 2.0)), "what is no symbol stream for image a.png: symbols of mean power 4: it must be 1"),
        (symbols(None), "what is no symbol stream for image a.png"),
        (lambda right: [replace(right, settings={"q": float("nan")})], "settings {'q': nan} for image a.png; a dictionary"),
        (lambda right: [replace(right, settings={"q": object()})], "settings {'q': <object"),
        (lambda right: [replace(right, settings={"q": "x" * 10_000})], "settings of 10,009 characters for image a.png; at most 10,000"),
        (lambda right: [replace(right, settings=[1])], "settings [1] for image a.png; a dictionary"),
    ],
)  # fmt: skip
def test_what_is_sent_wrongly(sent: Any, said: str) -> None:
    with pytest.raises(PluginError) as caught:
        run(Mean(sent=sent))
    assert str(caught.value).startswith("scheme mean: plug-in of package mean-scheme 1.2: Mean: transmit")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_more_than_the_budget_is_refused() -> None:
    run(Mean(), budget=256)  # one block of 1536 bits at six bits per symbol
    with pytest.raises(PluginError, match=r"256 channel uses for image a.png; the budget is 255"):
        run(Mean(), budget=255)


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        (raising(IndexError("list index out of range")), "receive failed: IndexError: list index out of range"),
        (lambda right: iter([right]), "receive returned list_iterator; a list of 1 Deliverys is needed"),
        (lambda right: [], "receive returned a list of 0"),
        (lambda right: [right.image], "receive returned a list with ndarray in it"),
        (lambda right: [Delivery(right.image / 255, False)], "a picture float64 [20, 24, 3]; uint8 [20, 24, 3] is needed"),
        (lambda right: [Delivery(right.image[:10], False)], "a picture uint8 [10, 24, 3]; uint8 [20, 24, 3] is needed"),
        (lambda right: [Delivery(right.image[..., 0], False)], "a picture uint8 [20, 24]"),
        (lambda right: [Delivery("picture.png", False)], "a picture of type str"),
        (lambda right: [Delivery(None, False)], "no picture and no outage"),
        (lambda right: [Delivery(right.image, np.array([True]))], "outage array([ True]); true or false is needed"),
        (lambda right: [Delivery(right.image, None)], "outage None; true or false is needed"),
    ],
)  # fmt: skip
def test_what_is_shown_wrongly(shown: Any, said: str) -> None:
    with pytest.raises(PluginError) as caught:
        run(Mean(shown=shown))
    assert str(caught.value).startswith("scheme mean: plug-in of package mean-scheme 1.2: Mean: receive")
    assert said in str(caught.value)


def test_what_is_built_wrongly() -> None:
    with pytest.raises(PluginError, match=r"Mean: build returned NoneType; a linksim.schemes.base.Scheme is needed"):
        guarded(None)
    plugin = Plugin(SimpleNamespace(build=lambda config, context: 1 / 0), "mean-scheme 1.2")
    with pytest.raises(PluginError, match="Mean: build failed: ZeroDivisionError"):
        build_guarded(CONFIG, SchemeContext(LINK), plugin)


PACKAGE = """
from typing import Any, Literal
from pydantic import BaseModel, model_validator
from linksim.schemes.base import Scheme

class Config(BaseModel):
    kind: Literal["odd"] = "odd"
    name: Any
    rate_match: str | None = None
    fault: str = ""
    extra: Any = None

    @model_validator(mode="after")
    def _check(self):
        if self.fault == "raise":
            return {}["gain"]
        if self.fault == "nothing":
            return None
        if self.fault == "unwritable":
            object.__setattr__(self, "extra", object())
        return self

class Odd(Scheme):
    def __init__(self, config, context):
        self.name = config.name
    def transmit(self, images, image_ids, budgets, es_no_db):
        return [len(image) / 0 for image in images]
    def receive(self, transmissions, receptions, es_no_db):
        return []

class scheme:
    config = Config
    build = Odd
"""

CHANNEL = """
from typing import Literal
import numpy as np
from linksim.link.air.fading import FadingConfig

class Channel(FadingConfig):
    kind: Literal["oddly"] = "oddly"
    taps: list[float] = []

class channel:
    config = Channel
    fades = staticmethod(lambda config, rng, count: np.full(count, np.nan))
    power_quantile = staticmethod(lambda config, p: p)
"""

USE = """
import sys
from linksim.cli import main
for line in sys.stdin.read().splitlines():
    try:
        main(["run", sys.argv[1], "--out", sys.argv[2], "--no-figures", "--set", line])
    except SystemExit as end:
        print(end.code)
"""


def test_on_the_command_line_the_file_is_not_blamed(tmp_path: Any) -> None:
    (tmp_path / "odd_package.py").write_text(PACKAGE)
    (tmp_path / "odd_channel.py").write_text(CHANNEL)
    info = tmp_path / "odd_package-0.3.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: odd-package\nVersion: 0.3\n")
    points = "[linksim.schemes]\nodd = odd_package:scheme\n[linksim.channels]\noddly = odd_channel:channel\n"
    (info / "entry_points.txt").write_text(points)
    scenario = tmp_path / "s.yaml"
    scenario.write_text(
        "name: s\nimages: {dataset: samples, count: 1, size: 32}\nlink: {code: {kind: none}}\n"
        "sweep: {snr_db: [20]}\nmetrics: [psnr]\nschemes: [{name: J, kind: jpeg, quality: 9}]\n"
    )
    cases = {
        "schemes.J={name: O, kind: odd}": "scheme odd: plug-in of package odd-package 0.3: O: transmit failed: ZeroDivisionError",
        "schemes.J={name: O, kind: odd, fault: raise}": "scheme odd: plug-in of package odd-package 0.3: config failed: KeyError: 'gain'",
        "schemes.J={name: O, kind: odd, fault: nothing}": "scheme odd: plug-in of package odd-package 0.3: config became NoneType",
        "schemes.J={name: O, kind: odd, fault: unwritable}": "scheme odd: plug-in of package odd-package 0.3: config failed: PydanticSerializationError",
        "schemes.J={name: [1], kind: odd}": "scheme odd: plug-in of package odd-package 0.3: config has the name [1]",
        "link.channel={kind: oddly, taps: [1.0]}": "channel oddly: plug-in of package odd-package 0.3: config failed: TypeError: unhashable type: 'list'",
    }  # fmt: skip
    env = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    command = [sys.executable, "-c", USE, str(scenario), str(tmp_path / "out")]
    done = subprocess.run(command, input="\n".join(cases), capture_output=True, text=True, env=env)
    assert done.stdout.split() == ["2"] * len(cases), done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == len(cases)
    for line, said in zip(lines, cases.values(), strict=True):
        assert line.startswith(f"linksim: {said}"), line
        assert "unexpected" not in line
