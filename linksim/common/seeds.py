"""Stateless random numbers: every stream is derived from a key, never from a global generator."""

import hashlib

import numpy as np


def entropy(*key: int | float | str) -> int:
    """128-bit integer that depends on every element of `key`, in order and by type.

    The elements are hashed (SHA-256 of their `repr`), so the result does not depend on the platform, on
    `PYTHONHASHSEED`, or on what was drawn before.
    """
    text = "\x1f".join(repr(part.item() if isinstance(part, np.generic) else part) for part in key)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big")


def generator(*key: int | float | str) -> np.random.Generator:
    """Counter-based (Philox) generator for `key`, e.g. `generator(seed, image, snr_db, repetition, "noise")`."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(entropy(*key))))
