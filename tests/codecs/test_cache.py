"""The encode cache: hits, bounds, several processes, damaged files, folders that cannot be written."""

import errno
import multiprocessing
import os
from pathlib import Path

import numpy as np
import pytest

from linksim.codecs import cache as cache_module
from linksim.codecs.cache import EncodeCache, default_cache, image_hash


def content(number: int) -> bytes:
    return bytes([number % 256]) * 1000


def fill(folder: Path, count: int, max_bytes: int) -> None:
    cache = EncodeCache(folder, max_bytes=max_bytes)
    for number in range(count):
        assert cache.get_or_encode("image", {"qp": number}, lambda number=number: content(number)) == content(number)


def on_disk(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def test_kept_in_memory_and_on_disk(tmp_path: Path) -> None:
    first = EncodeCache(tmp_path)
    assert first.get_or_encode("a", {"qp": 1}, lambda: b"one") == b"one"
    for cache in (first, EncodeCache(tmp_path)):
        assert cache.get_or_encode("a", {"qp": 1}, lambda: pytest.fail("encoded again")) == b"one"
        assert cache.get_or_encode("a", {"qp": 2}, lambda: b"two") == b"two"
        assert cache.get_or_encode("b", {"qp": 1}, lambda: b"three") == b"three"


def test_disk_is_bounded_and_recent_entries_stay(tmp_path: Path) -> None:
    fill(tmp_path, 300, max_bytes=50_000)
    assert on_disk(tmp_path) <= 50_000 * 17 / 16 + 2000
    again = EncodeCache(tmp_path)
    again.get_or_encode("image", {"qp": 299}, lambda: pytest.fail("the newest entry is gone"))


def test_memory_is_bounded() -> None:
    cache = EncodeCache(None, memory_bytes=5000)
    for number in range(20):
        cache.get_or_encode("a", {"qp": number}, lambda: bytes(1000))
    assert sum(map(len, cache._memory.values())) == cache._memory_size == 5000
    cache.get_or_encode("a", {"qp": 19}, lambda: pytest.fail("encoded again"))


def test_damaged_file_is_not_believed(tmp_path: Path) -> None:
    EncodeCache(tmp_path).get_or_encode("a", {}, lambda: b"good bytes")
    (file,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    for bad in (file.read_bytes()[:-1], b"", b"x" * 40):
        file.write_bytes(bad)
        assert EncodeCache(tmp_path).get_or_encode("a", {}, lambda: b"good bytes") == b"good bytes"


def test_several_processes(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=fill, args=(tmp_path, 200, 60_000)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    assert on_disk(tmp_path) <= 60_000 * (1 + 3 / 16) + 3000
    assert not [path for path in tmp_path.rglob(".*") if path.is_file()]


def test_full_disk_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog) -> None:
    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(cache_module.os, "replace", full)
    cache = EncodeCache(tmp_path)
    for number in range(3):
        assert cache.get_or_encode("a", {"qp": number}, lambda: b"bytes") == b"bytes"
    assert cache.get_or_encode("a", {"qp": 0}, lambda: pytest.fail("not even in memory")) == b"bytes"
    assert len(caplog.records) == 1
    assert "No space left" in caplog.text
    assert on_disk(tmp_path) == 0


def test_folder_that_cannot_be_made_is_done_without(tmp_path: Path, caplog) -> None:
    (tmp_path / "file").write_text("")
    cache = EncodeCache(tmp_path / "file" / "cache")
    assert cache.get_or_encode("a", {}, lambda: b"bytes") == b"bytes"
    assert len(caplog.records) == 1


def test_default_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINKSIM_CACHE", str(tmp_path))
    default_cache().get_or_encode("a", {}, lambda: b"bytes")
    assert on_disk(tmp_path / "encodes") > 0
    assert default_cache() is default_cache()


def test_image_hash_tells_shapes_apart() -> None:
    image = np.arange(48, dtype=np.uint8)
    assert image_hash(image.reshape(4, 4, 3)) != image_hash(image.reshape(2, 8, 3))
    assert image_hash(image) == image_hash(image.copy())
