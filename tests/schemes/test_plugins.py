"""Schemes of other packages, through entry points."""

import subprocess
import sys
import textwrap

import pytest

from linksim.common import plugins as loader
from linksim.common.errors import InputError
from linksim.schemes import plugins

PLUGIN = """
from typing import Literal
import numpy as np
from pydantic import BaseModel, ConfigDict
from linksim.schemes.base import Delivery, Scheme, Stream, Transmission

class Config(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    kind: Literal["average"] = "average"
    rate_match: str | None = None

class Average(Scheme):
    def __init__(self, config, context):
        self.name, self.rate_match, self.link = config.name, config.rate_match, context.link

    def transmit(self, images, image_ids, budgets, es_no_db):
        means = [image.reshape(-1, 3).mean(0).astype(np.uint8) for image in images]
        return [Transmission((Stream(np.unpackbits(m), self.link),), i.shape[:2]) for m, i in zip(means, images)]

    def receive(self, transmissions, receptions, es_no_db):
        return [
            Delivery(np.full((*t.size, 3), np.packbits(r.bits), np.uint8), False)
            for t, (r,) in zip(transmissions, receptions)
        ]

config, build = Config, Average
"""

USE = """
import json, sys
import numpy as np
from linksim.common.errors import InputError
from linksim.link import Link, LinkConfig
from linksim.common.reading.loading import validate
from linksim.scenario.models import Scenario
from linksim.schemes import SchemeContext, build_scheme, parse_scheme

link = LinkConfig(code={"kind": "none"}, channel={"kind": "awgn"})
scheme = build_scheme(parse_scheme({"name": "a", "kind": "average"}), SchemeContext(link))
image = np.full((8, 9, 3), (10, 20, 30), np.uint8)
(sent,) = scheme.transmit([image], ["i"], [None], None)
(delivery,) = scheme.receive([sent], [tuple(Link(link).transmit([sent.streams[0].bits], 40.0, [("k",)]))], 40.0)
assert np.array_equal(delivery.image, image)
scenario = {"name": "n", "sweep": {"snr_db": [1.0]}, "schemes": [{"name": "a", "kind": "average"}]}
assert validate(scenario, Scenario, "f").schemes[0].kind == "average"
for wrong in ({"name": "a", "kind": "avrage"}, {"name": "a", "kind": "average", "colour": 1}):
    try:
        validate(scenario | {"schemes": [wrong]}, Scenario, "f")
    except InputError as error:
        print(error)
"""


def test_an_installed_package_adds_a_strict_kind(tmp_path):
    (tmp_path / "average_scheme.py").write_text(PLUGIN)
    info = tmp_path / "average_scheme-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: average-scheme\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[linksim.schemes]\naverage = average_scheme\n")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n" + textwrap.dedent(USE)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    unknown, extra = done.stdout.splitlines()
    assert "'semantic', 'deepjscc', 'deepjscc-q', 'onnx', 'average'" in unknown
    assert "colour" in extra


class Point:
    def __init__(self, name, plugin):
        self.name, self.value, self._plugin = name, f"package:{name}", plugin

    def load(self):
        if isinstance(self._plugin, Exception):
            raise self._plugin
        return self._plugin


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ([Point("broken", ImportError("no module x"))], "broken .* cannot be loaded .ImportError: no module x"),
        ([Point("empty", object())], "empty .*: needs `config`"),
    ],
)
def test_a_bad_plugin_is_named(monkeypatch, points, message):
    monkeypatch.setattr(loader, "entry_points", lambda group: points)
    with pytest.raises(InputError, match=message):
        plugins.plugins.__wrapped__()


def test_a_taken_kind_is_refused(monkeypatch):
    from linksim.schemes.config import JpegConfig

    class Thief:
        config = JpegConfig
        build = print

    monkeypatch.setattr(loader, "entry_points", lambda group: [Point("thief", Thief)])
    with pytest.raises(InputError, match="kind 'jpeg' is taken"):
        plugins.plugins.__wrapped__()
