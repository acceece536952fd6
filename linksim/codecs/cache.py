"""Encoded images kept across the points of a sweep and across runs: a bounded folder, and memory before it."""

import contextlib
import hashlib
import json
import logging
import os
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from linksim.common.system import cache_folder

logger = logging.getLogger(__name__)

DIGEST_BYTES = 32
SUFFIX = ".enc"


def image_hash(image: np.ndarray) -> str:
    """SHA-256 (hex) of an image's shape, type and pixels."""
    digest = hashlib.sha256(f"{image.dtype.str} {image.shape}".encode())
    digest.update(image.tobytes())
    return digest.hexdigest()


class EncodeCache:
    """Bytes by (image hash, settings), least recently used out first.

    Several processes may share the folder: files appear complete (renamed into place) and are checked against
    their SHA-256 when read. A folder that cannot be written (full disk, read-only) is done without, after one
    warning; the memory part goes on.

    Args:
        folder: where files are kept; None for memory only.
        max_bytes: bound of the folder. Each process measures it again after having written 1/16 of it, so that
            for a while the folder may exceed it by that much per process.
        memory_bytes: bound of the memory part.
    """

    def __init__(self, folder: Path | None, max_bytes: int = 1 << 30, memory_bytes: int = 64 << 20):
        self.max_bytes = max_bytes
        self.memory_bytes = memory_bytes
        self._folder = folder
        self._memory: OrderedDict[str, bytes] = OrderedDict()
        self._memory_size = 0
        self._unmeasured = max_bytes  # so that the first write measures the folder
        self._lock = threading.Lock()

    def get_or_encode(self, image: str, settings: Mapping[str, str | float], encode: Callable[[], bytes]) -> bytes:
        """The bytes kept under (`image`, `settings`), or those of `encode()`, kept from now on.

        Args:
            image: hash of the image.
            settings: all else that determines the bytes: codec, its version, its options.
            encode: makes the bytes.
        """
        key = hashlib.sha256(json.dumps([image, dict(settings)], sort_keys=True).encode()).hexdigest()
        with self._lock:
            if key in self._memory:
                self._memory.move_to_end(key)
                return self._memory[key]
        data = self._read(key)
        if data is None:
            data = encode()
            self._write(key, data)
        self._remember(key, data)
        return data

    def _remember(self, key: str, data: bytes) -> None:
        with self._lock:
            self._memory_size += len(data) - len(self._memory.pop(key, b""))
            self._memory[key] = data
            while self._memory_size > self.memory_bytes:
                self._memory_size -= len(self._memory.popitem(last=False)[1])

    def _path(self, folder: Path, key: str) -> Path:
        return folder / key[:2] / (key + SUFFIX)

    def _read(self, key: str) -> bytes | None:
        if self._folder is None:
            return None
        path = self._path(self._folder, key)
        try:
            content = path.read_bytes()
        except OSError:
            return None
        data = content[DIGEST_BYTES:]
        if hashlib.sha256(data).digest() != content[:DIGEST_BYTES]:
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # recently used
        return data

    def _write(self, key: str, data: bytes) -> None:
        if self._folder is None:
            return
        try:
            self._replace(self._path(self._folder, key), hashlib.sha256(data).digest() + data)
            self._unmeasured += len(data) + DIGEST_BYTES
            if self._unmeasured > self.max_bytes // 16:
                self._unmeasured = 0
                self._shrink(self._folder)
        except OSError as error:
            logger.warning("encodes are not kept on disk: %s: %s", self._folder, error.strerror or error)
            self._folder = None

    def _replace(self, path: Path, content: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise

    def _shrink(self, folder: Path) -> None:
        """Delete the least recently used files until 9/10 of the bound are left, if it is exceeded."""
        files = []
        for path in folder.glob("??/*"):  # other processes' temporary files count, and go when they are old
            with contextlib.suppress(OSError):
                status = path.stat()
                files.append((status.st_mtime_ns, status.st_size, path))
        total = sum(size for _, size, _ in files)
        if total <= self.max_bytes:
            return
        for _, size, path in sorted(files):
            if total <= self.max_bytes * 9 // 10:
                break
            with contextlib.suppress(OSError):
                path.unlink()
            total -= size


def kept_encoder(
    cache: EncodeCache | None,
    image: np.ndarray,
    options: Mapping[str, str | int],
    setting: str,
    encode: Callable[[Any], bytes],
) -> Callable[[Any], bytes]:
    """The function `encode` of the value of `setting`, whose files are kept.

    Args:
        cache: where; the process's own if None.
        image: what is encoded.
        options: all else that determines the bytes, see `EncodeCache.get_or_encode`.
        setting: name of what is searched, e.g. `qp`.
        encode: makes the file at one value of it.
    """
    kept, digest = cache or default_cache(), image_hash(image)
    return lambda value: kept.get_or_encode(digest, {**options, setting: value}, lambda: encode(value))


def default_cache() -> EncodeCache:
    """The process's cache, in the folder `encodes` of `LINKSIM_CACHE` or else of the platform's cache folder."""
    return _cache_in(cache_folder() / "encodes")


@cache
def _cache_in(folder: Path) -> EncodeCache:
    return EncodeCache(folder)
