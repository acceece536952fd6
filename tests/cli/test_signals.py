"""A run that is asked to end leaves no workers, says one line, and goes on when it is run again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from linksim.cli import signals
from linksim.cli.signals import Stopped, stoppable

sys.path.insert(0, str(Path(__file__).parents[1] / "runner"))
from small_runs import TEXT, command, wait_for_points

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux' /proc")


@pytest.fixture(autouse=True)
def _hang_up_as_in_a_terminal() -> Iterator[None]:
    """A suite that was started with `nohup` ignores the signal, and so would its programs."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


def _children(pid: int) -> list[int]:
    try:
        found = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return [one for child in found for one in (child, *_children(child))]


def _gone(pids: list[int], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not any(_alive(pid) for pid in pids):
            return True
        time.sleep(0.1)
    return False


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize(("name", "status"), [("SIGTERM", 143), ("SIGHUP", 129), ("SIGKILL", -9)])
def test_no_worker_is_left(tmp_path: Path, name: str, status: int) -> None:
    file, out = tmp_path / "s.yaml", tmp_path / "out"
    file.write_text(TEXT.replace("step: 2", "step: 0.02"))  # more than it can be through with
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    process = subprocess.Popen(
        [*command(file, out, "--workers", "2")],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    wait_for_points(out, process, 1)
    workers = _children(process.pid)
    assert len(workers) >= 2
    process.send_signal(getattr(signal, name))
    _, said = process.communicate(timeout=60)
    assert process.returncode == status
    # Much sooner than a worker would notice that nobody takes its records.
    assert _gone(workers, 10)
    if name != "SIGKILL":
        assert f"linksim: stopped by {name}; run it again to go on" in said
        assert "Traceback" not in said
    assert not list(out.glob(".*.part"))


def test_handlers_are_put_back_and_a_dropped_exception_ends_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    monkeypatch.setattr(signals, "_PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(os, "kill", lambda pid, number: ended.append(number))
    with stoppable():
        with pytest.raises(Stopped):
            signal.raise_signal(signal.SIGTERM)
        time.sleep(1)
    assert ended == [signal.SIGTERM]
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    with pytest.raises(Stopped, match=str(int(signal.SIGHUP))), stoppable():
        signal.raise_signal(signal.SIGHUP)
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_DFL


def test_what_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stoppable():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)
