"""Tensors of PyTorch's `.pth` files without PyTorch, and without running what a pickle may ask to run.

A `.pth` file is a pickle that names tensors, beside their raw storages: in a zip archive since PyTorch 1.6, one after
the other before that. The reader knows the few names that a state dictionary needs and refuses every other.
"""

import io
import pickle
import zipfile
import zlib
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from linksim.errors import InputError

_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_LEGACY_PROTOCOL = 1001
_STORAGE_TYPES = {
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "<i1",
    "ByteStorage": "<u1",
    "BoolStorage": "?",
}


@dataclass(frozen=True)
class _StorageType:
    dtype: str


@dataclass(frozen=True)
class _Storage:
    dtype: str
    key: str
    count: int


@dataclass(frozen=True)
class _Tensor:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read_torch(path: Path) -> dict[str, np.ndarray]:
    """Tensors of a state dictionary saved by `torch.save`, by name; entries that are no tensors are left out.

    Raises:
        InputError: the file is damaged, is no state dictionary, or asks for any Python object beyond that.
    """
    try:
        with path.open("rb") as stream:
            if zipfile.is_zipfile(stream):
                return _read_zip(stream)
            stream.seek(0)
            return _read_legacy(stream)
    except (pickle.UnpicklingError, zipfile.BadZipFile, *_DAMAGE) as error:
        raise InputError(f"{path}: not a readable PyTorch state dictionary ({error}); fetch it again") from error


# What unpickling damaged bytes raises.
_DAMAGE = (
    EOFError,
    OSError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    MemoryError,
    RuntimeError,  # a member that says it is encrypted, or compressed in an unknown way
    zlib.error,
)


def _read_zip(stream: BinaryIO) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(stream) as archive:
        pickles = [name for name in archive.namelist() if name.endswith("/data.pkl")]
        if len(pickles) != 1:
            raise ValueError("no data.pkl inside")
        root = pickles[0].removesuffix("data.pkl")
        if f"{root}byteorder" in archive.namelist() and archive.read(f"{root}byteorder") != b"little":
            raise ValueError("big-endian storages")
        state = _Unpickler(io.BytesIO(archive.read(pickles[0]))).load()

        def storage(wanted: _Storage) -> np.ndarray:
            return np.frombuffer(archive.read(f"{root}data/{wanted.key}"), wanted.dtype, wanted.count)

        return _tensors(state, storage)


def _read_legacy(stream: BinaryIO) -> dict[str, np.ndarray]:
    if _Unpickler(stream).load() != _LEGACY_MAGIC or _Unpickler(stream).load() != _LEGACY_PROTOCOL:
        raise ValueError("neither of PyTorch's two formats")
    system = _Unpickler(stream).load()
    if not system["little_endian"]:
        raise ValueError("big-endian storages")
    unpickler = _Unpickler(stream)
    state = unpickler.load()
    storages = {}
    for key in _Unpickler(stream).load():
        wanted = unpickler.storages[key]
        count = int.from_bytes(stream.read(8), "little")
        data = stream.read(count * np.dtype(wanted.dtype).itemsize)
        storages[key] = np.frombuffer(data, wanted.dtype, count)
    return _tensors(state, lambda wanted: storages[wanted.key])


class _Unpickler(pickle.Unpickler):
    """Unpickles plain Python values, ordered dictionaries, and descriptions of tensors."""

    def __init__(self, stream: BinaryIO | io.BytesIO) -> None:
        super().__init__(stream, encoding="utf-8")
        self.storages: dict[str, _Storage] = {}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if module == "torch" and name in _STORAGE_TYPES:
            return _StorageType(_STORAGE_TYPES[name])
        if module == "torch._utils" and name in ("_rebuild_tensor_v2", "_rebuild_tensor"):  # the latter until 2018
            return _rebuild_tensor
        if (module, name) == ("torch._utils", "_rebuild_parameter"):
            return _rebuild_parameter
        if (module, name) == ("torch", "Size"):
            return tuple
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which weights do not need")

    def persistent_load(self, pid: Any) -> _Storage:
        kind, storage_type, key, _device, count, *view = pid
        if kind != "storage" or any(part is not None for part in view):
            raise pickle.UnpicklingError("it has storages of an unknown kind")
        self.storages[key] = _Storage(storage_type.dtype, str(key), int(count))
        return self.storages[key]


def _rebuild_tensor(storage: _Storage, offset: int, shape: tuple, strides: tuple, *_ignored: Any) -> _Tensor:
    return _Tensor(storage, int(offset), tuple(map(int, shape)), tuple(map(int, strides)))


def _rebuild_parameter(tensor: _Tensor, *_ignored: Any) -> _Tensor:
    return tensor


def _tensors(state: Any, read: Any) -> dict[str, np.ndarray]:
    if not isinstance(state, dict):
        raise ValueError(f"a {type(state).__name__} instead of a dictionary")
    return {str(name): _materialize(t, read(t.storage)) for name, t in state.items() if isinstance(t, _Tensor)}


def _materialize(tensor: _Tensor, storage: np.ndarray) -> np.ndarray:
    # The file's numbers are checked before they become addresses.
    last = tensor.offset + sum((n - 1) * step for n, step in zip(tensor.shape, tensor.strides, strict=True))
    elements = int(np.prod(tensor.shape, dtype=object))
    if min((0, tensor.offset, *tensor.shape, *tensor.strides)) < 0 or elements > len(storage):
        raise ValueError("a tensor larger than its storage")
    if elements and last >= len(storage):
        raise ValueError("a tensor outside its storage")
    steps = tuple(step * storage.itemsize for step in tensor.strides)
    view = np.lib.stride_tricks.as_strided(storage[tensor.offset :], tensor.shape, steps)
    return np.array(view)
