"""Calling the reference programs: with a stand-in that records its arguments, and without any."""

import stat
import sys
from pathlib import Path

import numpy as np
import pytest
from pictures import smooth_picture

from linksim.codecs import DecodeError
from linksim.codecs.bpg import reference
from linksim.codecs.bpg_codec import BpgCodec
from linksim.codecs.cache import EncodeCache
from linksim.common.errors import InputError, LinksimError

PROGRAM = """#!{python}
import sys
arguments = sys.argv[1:]
{body}
"""


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, body: str) -> None:
    file = folder / name
    file.write_text(PROGRAM.format(python=sys.executable, body=body))
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(folder))


def test_missing_program_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    image = smooth_picture(16, 16, seed=0)
    for use in (
        lambda: reference.encode(image, 30),
        lambda: BpgCodec(encoder="bpgenc", cache=EncodeCache(None)).best(image, 500),
    ):
        with pytest.raises(InputError, match=r"bpgenc is not on the PATH.*x265"):
            use()
    with pytest.raises(InputError, match="bpgdec is not on the PATH"):
        reference.decode(b"")


def test_arguments_and_search(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    body = """
out = arguments[arguments.index("-o") + 1]
qp = int(arguments[arguments.index("-q") + 1])
text = " ".join(a for a in arguments if "/" not in a)
open(out, "wb").write(text.encode().ljust(1000 - 10 * qp))
"""
    install(tmp_path, monkeypatch, "bpgenc", body)
    image = smooth_picture(16, 24, seed=0)
    assert reference.encode(image, 30, "444").split() == b"-q 30 -f 444 -o".split()
    assert reference.encode(image, 7, "rgb").split() == b"-q 7 -f 444 -c rgb -o".split()
    found = BpgCodec(encoder="bpgenc", cache=EncodeCache(None)).best(image, 755)
    assert found is not None
    assert (found.setting, len(found.data)) == (25, 750)
    assert found.data.split() == b"-q 25 -f 420 -o".split()


def test_failures(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    install(tmp_path, monkeypatch, "bpgenc", "sys.exit('cannot do that')")
    with pytest.raises(LinksimError, match="status 1: cannot do that"):
        reference.encode(np.zeros((16, 16, 3), np.uint8), 30)
    install(tmp_path, monkeypatch, "bpgdec", "")
    with pytest.raises(DecodeError, match="shows no picture"):
        reference.decode(b"BPG\xfb")
