"""Writing an `.npz`, and reading one from anywhere: what its headers say is checked before memory is taken, and no object is ever
unpickled.
"""

import io
import json
import math
import warnings
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from linksim.common.errors import InputError
from linksim.common.writing import write_bytes
from linksim.semantic.layout import Shape

MAX_BYTES = 1 << 29
"""Of all arrays of a checkpoint together, once unpacked: 512 MiB."""

_MAX_META_BYTES = 1 << 20
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_SUFFIX = ".npy"  # of every member, given by NumPy


class SavedAsArchive(ABC):
    """What can be written as an `.npz` file."""

    @abstractmethod
    def to_bytes(self) -> bytes:
        """The file's bytes. Raises `InputError` where a value is not finite in float16."""

    def save(self, path: Path) -> None:
        """Write the file in one step: a reader sees the old one or the new one, never a part.

        Raises:
            InputError: it cannot be written there, or it is not finite.
        """
        write_bytes(path, self.to_bytes())


class Archive:
    """The members of an `.npz`, read one by one. A `ValueError` says what is wrong with the file."""

    def __init__(self, data: bytes) -> None:
        self._zip = zipfile.ZipFile(io.BytesIO(data))
        if any(entry.compress_type not in _METHODS for entry in self._zip.infolist()):
            raise ValueError("a member is packed in a way that NumPy does not write")
        self.names = [entry.filename.removesuffix(_SUFFIX) for entry in self._zip.infolist()]
        if len(set(self.names)) < len(self.names):
            raise ValueError("it has two members of one name")

    def meta(self) -> dict[str, Any]:
        """The JSON object in the member `meta`, at most 1 MiB of it."""
        if "meta" not in self.names:
            raise ValueError("it has no member meta")
        with self._zip.open("meta" + _SUFFIX) as file:
            (size, *more), dtype, _ = _header(file)
            if more or dtype != np.uint8 or size > _MAX_META_BYTES:
                raise ValueError(f"meta has {size} x {dtype}, not at most {_MAX_META_BYTES} bytes")
            meta = json.loads(_exactly(file, size))
        if not isinstance(meta, dict):
            raise ValueError("meta is no JSON object")
        return meta

    def arrays(
        self, shapes: Mapping[str, Shape], dtypes: Mapping[str, tuple[type, ...]], most_bytes: int | None = None
    ) -> dict[str, np.ndarray]:
        """All other members, which are exactly those named in `shapes`, together of at most `most_bytes` (default `MAX_BYTES`); each has
        its shape, one of its dtypes and finite values.
        """
        differing = sorted({*shapes, "meta"} ^ set(self.names))
        if differing:
            raise ValueError(f"{differing[0]} is {'missing' if differing[0] in shapes else 'not expected'}")
        total = 4 * sum(math.prod(shape) for shape in shapes.values())
        most_bytes = MAX_BYTES if most_bytes is None else most_bytes
        if total > most_bytes:
            raise ValueError(f"its arrays take {total} bytes, more than {most_bytes}")
        return {name: self.array(name, shape, dtypes[name]) for name, shape in shapes.items()}

    def array(self, name: str, shape: Shape, dtypes: tuple[type, ...]) -> np.ndarray:
        """A member that is there, of this shape, one of these dtypes and finite values."""
        with self._zip.open(name + _SUFFIX) as file:
            given, dtype, fortran_order = _header(file)
            if given != shape:
                raise ValueError(f"{name} has shape {list(given)}, not {list(shape)}")
            if dtype not in dtypes:
                raise ValueError(f"{name} holds {dtype}, not {' or '.join(np.dtype(d).name for d in dtypes)}")
            flat = np.frombuffer(_exactly(file, math.prod(shape) * dtype.itemsize), dtype)
        array = flat.reshape(shape, order="F" if fortran_order else "C")
        check_finite(name, array)
        return array


class NotFiniteError(InputError):
    """A value of a checkpoint is NaN or infinite.

    Args:
        name: of the checkpoint.
        what: the array, and what is wrong with it.
    """

    def __init__(self, name: str, what: str) -> None:
        super().__init__(f"checkpoint {name!r}: {what}; it is not written")
        self.what = what


def archive_bytes(meta: dict[str, Any], arrays: Mapping[str, np.ndarray]) -> bytes:
    """The bytes of an `.npz` with `meta` (JSON-like, with a `card`) and arrays.

    Raises:
        NotFiniteError: a value that is not finite, as after a training that diverged.
    """
    try:
        for name, array in arrays.items():
            check_finite(name, array)
    except ValueError as error:
        raise NotFiniteError(meta["card"].get("name", ""), str(error)) from None
    content = np.frombuffer(json.dumps(meta).encode(), np.uint8)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, meta=content, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def check_finite(name: str, array: np.ndarray) -> None:
    """Raise `ValueError` where a value is not finite."""
    if not np.isfinite(array).all():
        raise ValueError(f"{name} has values that are not finite")


def said(error: Exception) -> str:
    """What went wrong with a file in a few words: those of a `ValueError`, else the kind of the error."""
    text = " ".join(str(error).split())[:300] if isinstance(error, ValueError) else ""
    return text or type(error).__name__


def _header(file: Any) -> tuple[Shape, np.dtype, bool]:
    """Shape, dtype and Fortran order. Only version 1.0, whose header is at most 64 KiB."""
    version = np.lib.format.read_magic(file)
    if version != (1, 0):
        raise ValueError(f"a member has version {version} of NumPy's format, not (1, 0)")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of headers of old versions, which are read all the same
        shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(file)
    return shape, dtype, fortran_order


def _exactly(file: Any, size: int) -> bytes:
    """The rest of a member, which is `size` bytes; its checksum is verified, too."""
    data: bytes = file.read(size)
    if len(data) != size or file.read(1):
        raise ValueError("a member has another length than its header says")
    return data
