"""Stateless random numbers: every stream is derived from a key, never from a global generator."""

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np

Key = Sequence[int | float | str]


def _digest(key: Key) -> bytes:
    text = "\x1f".join([repr(part.item() if isinstance(part, np.generic) else part) for part in key])
    return hashlib.sha256(text.encode()).digest()[:16]


def entropy(*key: int | float | str) -> int:
    """128-bit integer that depends on every element of `key`, in order and by type.

    The elements are hashed (SHA-256 of their `repr`), so the result does not depend on the platform, on
    `PYTHONHASHSEED`, or on what was drawn before.
    """
    return int.from_bytes(_digest(key), "big")


def entropy_words(keys: Iterable[Key]) -> np.ndarray:
    """`entropy` of each key as four words, the lowest first, uint32 `[keys, 4]`; what `philox.seed` begins with."""
    words = np.frombuffer(b"".join(map(_digest, keys)), ">u4").reshape(-1, 4)
    return np.ascontiguousarray(words[:, ::-1], np.uint32)


def generator(*key: int | float | str) -> np.random.Generator:
    """Counter-based (Philox) generator for `key`, e.g. `generator(seed, image, snr_db, repetition, "noise")`."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(entropy(*key))))
