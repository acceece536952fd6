"""Streams that are closed, full or not read, odd addresses of schedulers, and locks: one line, the right status, no traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from linksim.cli.streams import PLAIN
from linksim.common import system
from linksim.common.errors import InputError
from linksim.runner import Execution

SCENARIO = """
name: streams
images: {dataset: samples, count: 1, size: 32}
link: {code: {kind: none}, channel: {kind: awgn}}
sweep: {snr_db: [20]}
metrics: [psnr]
schemes: [{name: J, kind: jpeg, quality: 9}]
"""


def shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run `linksim COMMAND` through a shell, which can close streams."""
    (folder / "s.yaml").write_text(SCENARIO)
    text = command.replace("linksim", f"{sys.executable} -m linksim", 1)
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.run(
        ["bash", "-c", text], capture_output=True, text=True, cwd=folder, timeout=200, env=environment
    )


def test_a_run_without_stderr_says_all_on_stdout(tmp_path: Path) -> None:
    done = shell("linksim run s.yaml --out out --no-figures 2>&-", tmp_path)
    assert done.returncode == 0
    assert "Written to out" in done.stdout
    # Descriptor 2 must not have become that of a file of results.
    for file in (tmp_path / "out").glob("*.*"):
        assert b"1 of 1 points" not in file.read_bytes()


def test_an_error_without_stderr_goes_to_stdout(tmp_path: Path) -> None:
    done = shell("linksim run s.yaml --set x=1 2>&-", tmp_path)
    assert done.returncode == 2
    assert done.stdout.startswith("linksim: s.yaml: x: unknown key")


@pytest.mark.parametrize("streams", [">&- 2>&-", "<&- >&- 2>&-", "2>/dev/full", "2> >(true)"])
def test_the_status_is_right_whatever_is_closed(tmp_path: Path, streams: str) -> None:
    done = shell(f"linksim run s.yaml --set x=1 {streams}", tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stdout + done.stderr


def test_a_full_stdout_is_one_line(tmp_path: Path) -> None:
    done = shell("linksim schema >/dev/full", tmp_path)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "No space left on device" in done.stderr
    assert "unexpected" not in done.stderr


@pytest.mark.parametrize(
    ("text", "said"), [("1 ±2", b"1 +-2"), ("a × b −3", b"a x b -3"), ("é 中 😀", rb"\xe9 \u4e2d \U0001f600")]
)
def test_a_console_without_the_characters_gets_others(text: str, said: bytes) -> None:
    assert text.encode("ascii", PLAIN) == said


@pytest.mark.parametrize("address", ["nonsense", "", "tcp://", "http://x:1", "127.0.0.1", "tcp://[::1", "tcp://a:b", "zzz://a:1", "tcp://h:99999", "tcp://h:0"])  # fmt: skip
def test_what_is_no_scheduler_s_address(address: str) -> None:
    with pytest.raises(
        InputError, match=r"^--scheduler .*: no address; give the tcp://HOST:PORT that `dask scheduler` prints$"
    ):
        Execution(scheduler=address)


def test_addresses_of_schedulers() -> None:
    pytest.importorskip("distributed")
    for address in ("tcp://10.0.0.5:8786", "node07:8786", "tcp://[fe80::1]:8786"):
        assert Execution(scheduler=address).scheduler == address
    with pytest.raises(InputError, match="has no certificates for TLS"):
        Execution(scheduler="tls://10.0.0.5:8786")


def test_cores_where_the_system_binds_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    assert system.usable_cores() >= 1
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert system.usable_cores() == os.cpu_count()
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert system.usable_cores() == 1


class Msvcrt:
    """What Windows has for locks: one byte of a file, refused with EACCES where another has it."""

    LK_NBLCK = 2

    def __init__(self) -> None:
        self.held: set[tuple[int, int]] = set()

    def locking(self, descriptor: int, mode: int, count: int) -> None:
        assert (mode, count) == (self.LK_NBLCK, 1)
        place = (os.fstat(descriptor).st_ino, os.lseek(descriptor, 0, os.SEEK_CUR))
        if place in self.held:
            raise PermissionError(13, "Permission denied")
        self.held.add(place)


@pytest.mark.parametrize("windows", [False, True])
def test_a_lock_keeps_others_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, windows: bool) -> None:
    if windows:
        monkeypatch.setattr(system, "fcntl", None)
        monkeypatch.setitem(sys.modules, "msvcrt", Msvcrt())  # type: ignore[arg-type]
    with (tmp_path / "a").open("ab") as first, (tmp_path / "a").open("ab") as second:
        first.write(b"point")
        first.flush()
        system.lock(first, wait=False)
        assert first.tell() == 5
        with pytest.raises(BlockingIOError):
            system.lock(second, wait=False)
        with (tmp_path / "b").open("ab") as other:
            system.lock(other.fileno(), wait=True)
