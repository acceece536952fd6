"""The append-only store: what a kill or a full disk can leave behind must not hide what was written."""

import json
import resource
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linksim.common.errors import InputError
from linksim.results import PointStore
from linksim.results.storage.store import scan, write_atomically


def fill(folder, names):
    store = PointStore(folder, write=True)
    for name in names:
        store.add({"point": name, "value": [1.5, float("inf"), "ü"]})
    store.close()


def test_what_is_added_is_read_back(tmp_path):
    fill(tmp_path, ["a", "b"])
    store = PointStore(tmp_path)
    assert len(store) == 2
    assert "b" in store
    assert store["a"] == {"point": "a", "value": [1.5, float("inf"), "ü"]}


def test_a_point_added_twice_counts_once(tmp_path):
    fill(tmp_path, ["a", "a"])
    fill(tmp_path, ["a"])
    assert len(list(scan(tmp_path / "points.jsonl"))) == 1


@given(cut=st.integers(min_value=0, max_value=10_000), junk=st.binary(max_size=20))
def test_any_torn_end_costs_only_the_points_it_cuts(tmp_path_factory, cut, junk):
    folder = tmp_path_factory.mktemp("store")
    fill(folder, ["a", "b", "c"])
    path = folder / "points.jsonl"
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    cut %= len(whole) + 1
    path.write_bytes(whole[:cut] + junk.replace(b"\n", b""))
    kept = [i for i in range(3) if sum(map(len, lines[: i + 1])) <= cut]
    assert len(PointStore(folder)) == len(kept)
    fill(folder, ["a", "b", "c"])
    store = PointStore(folder)
    assert {name: store[name]["point"] for name in "abc"} == {"a": "a", "b": "b", "c": "c"}


def test_a_changed_byte_is_noticed(tmp_path):
    fill(tmp_path, ["a", "b"])
    path = tmp_path / "points.jsonl"
    path.write_bytes(path.read_bytes().replace(b"1.5", b"2.5", 1))
    store = PointStore(tmp_path)
    assert "a" not in store
    assert "b" in store


def test_a_second_writer_is_refused(tmp_path):
    store = PointStore(tmp_path, write=True)
    with pytest.raises(InputError, match="another run is writing"):
        PointStore(tmp_path, write=True)
    store.close()
    PointStore(tmp_path, write=True).close()


_FULL_DISK = """
import sys
from pathlib import Path
from linksim.results import PointStore, StorageError
store = PointStore(Path(sys.argv[1]), write=True)
try:
    for i in range(1000):
        store.add({"point": f"p{i}", "value": "x" * 100})
except StorageError as error:
    print(error)
    print(len(store))
"""


def test_full_disk_gives_one_line_and_keeps_the_points(tmp_path):
    """A limit on the file's size stops the write as a full disk does: in the middle of a line."""
    done = subprocess.run(
        [sys.executable, "-c", _FULL_DISK, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000)),
    )
    message, count = done.stdout.splitlines()
    assert "free some space and run again" in message
    store = PointStore(tmp_path)
    assert len(store) == int(count) > 10
    fill(tmp_path, ["after"])
    assert len(PointStore(tmp_path)) == int(count) + 1


def test_write_atomically_leaves_no_part(tmp_path):
    path = tmp_path / "x.json"
    write_atomically(path, json.dumps([1]).encode())
    write_atomically(path, json.dumps([2]).encode())
    assert json.loads(path.read_text()) == [2]
    assert [p.name for p in tmp_path.iterdir()] == ["x.json"]
