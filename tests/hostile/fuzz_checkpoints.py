"""Hostile checkpoints and training states: `python tests/hostile/fuzz_checkpoints.py [CASES] [SEED]`.

Damaged bytes; members with other shapes, types and values; headers that claim more than there is; packed zeros; other JSON.
"""

import io
import json
import tempfile
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from hostile import Tally, changed, from_command_line, mutate, pick

from linksim.codebook.stages import Stages
from linksim.semantic.checkpoint import Checkpoint
from linksim.semantic.layout import decoder_shapes, encoder_shapes
from linksim.semantic.model import ModelConfig
from linksim.semantic.packing import WeightType
from linksim.training.state import load_state, save_state

SIDES = (0, 1, 2, 3, 10, 16, 2**16, 2**31, 2**40, 2**63 - 1, -1)
DTYPES = ("<f2", "<f4", "<f8", "<i4", "|u1", "<c8", "|O", "<U3", "|S9", "<M8[s]", "|V1000000", ">f4", "|b1", "f4,f4")


def checkpoint(weights: WeightType = "float16") -> bytes:
    """A sound one, tiny."""
    model = ModelConfig(
        channels=8, encoder_blocks=1, decoder_blocks=1, latent_dim=4, codebook_size=6, stages=2, heads=2
    )
    random = np.random.default_rng(0)
    parts = [
        {n: random.normal(size=s) for n, s in f.items()} for f in (encoder_shapes(model), decoder_shapes(model, False))
    ]
    stages = Stages(random.normal(size=(2, 2, 6, 2)).astype(np.float32), np.full((2, 2, 6), 1 / 6, np.float32))
    card = {"name": "a", "training": {}}
    return Checkpoint(model, stages, *parts, np.zeros(4), np.array(1.0), card=card, weights=weights).to_bytes()


class Variable:
    """What a state is put into."""

    def __init__(self, value: np.ndarray) -> None:
        self.value, self.shape, self.dtype = value, value.shape, value.dtype.name

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        return self.value

    def assign(self, value: np.ndarray) -> None:
        assert value.shape == self.shape
        assert np.isfinite(value).all()


def variables() -> list[Variable]:
    values = (np.ones((3, 3, 3, 8), np.float32), np.zeros(8, np.float32), np.array(7, np.int32), np.ones(2, np.uint32))
    return [Variable(value) for value in values]


def members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return {entry.filename: file.read(entry) for entry in file.infolist()}


def packed(entries: list[tuple[str, bytes]], method: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of two members of one name
        for name, content in entries:
            file.writestr(name, content)
    return buffer.getvalue()


def array_bytes(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def other_array(content: bytes, random: np.random.Generator) -> bytes:
    """A member with one thing about it that is not as it should be."""
    try:
        array = np.load(io.BytesIO(content), allow_pickle=False)
    except ValueError:
        return mutate(content, random)
    match random.integers(7):
        case 0:
            bad = array.astype(np.float64)
            if bad.size:
                bad.flat[int(random.integers(bad.size))] = pick(random, (np.nan, np.inf, -np.inf, 1e300, -1e-320, -1))
            with np.errstate(all="ignore"):
                return array_bytes(bad.astype(array.dtype if random.random() < 0.7 else np.float64))
        case 1:
            kind = pick(random, DTYPES)
            with np.errstate(all="ignore"):
                return array_bytes(np.zeros(array.shape, kind) if kind.startswith("|V") is False else np.zeros(1, kind))
        case 2:
            return array_bytes(array.reshape(-1)[: int(random.integers(array.size + 1))])
        case 3:
            return array_bytes(np.asfortranarray(array))
        case 4:  # a header that claims another shape
            shape = tuple(int(pick(random, SIDES)) for _ in range(random.integers(0, 5)))
            head = {"descr": pick(random, DTYPES), "fortran_order": bool(random.integers(2)), "shape": shape}
            text = repr(head).encode().ljust(117) + b"\n"
            return (
                b"\x93NUMPY\x01\x00"
                + len(text).to_bytes(2, "little")
                + text
                + array.tobytes()[: int(random.integers(99))]
            )
        case 5:  # what no parser of Python likes
            text = (
                pick(random, (b"(" * 9000, b"{'descr': " * 900, b"[" * 60000, b"9" * 5000, b"{}", b"\xff" * 99)) + b"\n"
            )
            return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text
        case _:
            return mutate(content, random)


def other_meta(content: bytes, random: np.random.Generator) -> bytes:
    text = np.load(io.BytesIO(content)).tobytes()
    if random.random() < 0.7:
        try:
            data = changed(json.loads(text), random)
            text = json.dumps(data).encode()
        except ValueError:
            text = mutate(text, random)
    else:
        text = pick(random, (b"[" * 100_000, b'{"a":' * 50_000, b"9" * 100_000, b"null", mutate(text, random), b"\xff"))
    return array_bytes(np.frombuffer(text, np.uint8))


def hostile(data: bytes, random: np.random.Generator) -> bytes:
    entries = list(members(data).items())
    at = int(random.integers(len(entries)))
    name, content = entries[at]
    meta = next(i for i, (n, _) in enumerate(entries) if n == "meta.npy")
    match random.integers(9):
        case 0 | 1:
            entries[at] = (name, other_array(content, random))
        case 2 | 3:
            entries[meta] = ("meta.npy", other_meta(entries[meta][1], random))
        case 4:
            entries.pop(at)
        case 5:
            entries.append((pick(random, (name, "x.npy", "../../x.npy", "x", "x" * 3000)), content))
        case 6:  # zeros that take nothing until they are unpacked
            entries[at] = (name, content[:128] + bytes(int(random.integers(1, 4)) * 1_000_000))
            return packed(entries, zipfile.ZIP_DEFLATED)
        case 7:
            whole = packed(entries, pick(random, (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, zipfile.ZIP_DEFLATED)))
            return mutate(whole, random)
        case 8:
            return mutate(data, random)
    return packed(entries)


def fuzz(cases: int, seed: int) -> Tally:
    """Counts of outcomes for checkpoints and states."""
    tally, sound = Tally(), (checkpoint(), checkpoint("int8"))
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder, "state.npz")
        save_state(state, 5, "run", variables())
        stored = state.read_bytes()
        assert load_state(state, "run", variables()) == 5
        for number in range(cases):
            random = np.random.default_rng([seed, number])
            if number % 5 < 3:
                data = hostile(pick(random, sound), random)
                tally.check("checkpoint", f"{number} of seed {seed}", lambda data=data: read_checkpoint(data))  # type: ignore[misc]
            else:
                state.write_bytes(hostile(stored, random))
                tally.check("state", f"{number} of seed {seed}", lambda: load_state(state, "run", variables()))
    return tally.finish()


def read_checkpoint(data: bytes) -> None:
    """What is read is finite, and can be written again."""
    found = Checkpoint.from_bytes(data)
    assert np.isfinite(found.stages.codewords).all()
    found.to_bytes()


if __name__ == "__main__":
    from_command_line(fuzz, 25_000)
