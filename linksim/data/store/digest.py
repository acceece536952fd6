"""The checksum of named arrays, whatever file they are kept in."""

import hashlib
from collections.abc import Mapping

import numpy as np

DIGEST_KEY = "arrays_sha256"


def arrays_digest(arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256 of names, shapes and float32 values in the order of the names: the same in every container format."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(f"{name} {arrays[name].shape}\n".encode())
        digest.update(np.ascontiguousarray(arrays[name], "<f4").tobytes())
    return digest.hexdigest()
