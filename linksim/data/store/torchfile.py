"""Tensors of PyTorch's `.pth` files without PyTorch, and without running what a pickle may ask to run.

A `.pth` file is a pickle that names tensors, beside their raw storages: in a zip archive since PyTorch 1.6, one after
the other before that. The reader knows the few names and opcodes that a state dictionary needs and refuses every
other, and takes no memory that a damaged number asks for: all sizes are compared with the file's own first.
"""

import functools
import io
import math
import mmap
import pickle
import pickletools
import zipfile
import zlib
from collections import OrderedDict
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from linksim.common.errors import InputError

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


# What `torch.save` writes, under Python 2 too. The others build objects, or take memory before data are there.
_OPCODES = frozenset(
    """PROTO STOP MARK POP NONE NEWTRUE NEWFALSE BININT BININT1 BININT2 LONG1 BINFLOAT BINUNICODE SHORT_BINSTRING
    EMPTY_TUPLE TUPLE TUPLE1 TUPLE2 TUPLE3 EMPTY_LIST APPEND APPENDS EMPTY_DICT SETITEM SETITEMS
    BINGET LONG_BINGET BINPUT LONG_BINPUT GLOBAL REDUCE BUILD BINPERSID""".split()  # noqa: SIM905
)
# Tied weights are several tensors of one storage; more bytes of tensors than this times the file are damage.
_SHARING = 4


# Named tuples, because nothing in a pickle can change them afterwards.
class _Storage(NamedTuple):
    dtype: str
    key: str
    size: int


class _Tensor(NamedTuple):
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
        with path.open("rb") as file:
            if zipfile.is_zipfile(file):
                return _read_zip(file, path.stat().st_size)
            # Reading from a mapped file gives at most what is there, and asks for no memory beyond it.
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as stream:
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
    RuntimeError,  # a member that says it is encrypted, or compressed in an unknown way
    zlib.error,
)


def _read_zip(stream: BinaryIO, file_size: int) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(stream) as archive:
        pickles = [name for name in archive.namelist() if name.endswith("/data.pkl")]
        if len(pickles) != 1:
            raise ValueError("no data.pkl inside")
        root = pickles[0].removesuffix("data.pkl")

        def read(name: str) -> bytes:
            member = archive.getinfo(name)
            # PyTorch stores without compression, so that no member can be larger than the file.
            if member.compress_type != zipfile.ZIP_STORED or max(member.file_size, member.compress_size) > file_size:
                raise ValueError(f"{name} is compressed, or larger than the file")
            return archive.read(member)

        if f"{root}byteorder" in archive.namelist() and read(f"{root}byteorder") != b"little":
            raise ValueError("big-endian storages")
        state = _unpickle(io.BytesIO(read(pickles[0])))[0]

        def storage(wanted: _Storage) -> np.ndarray:
            return np.frombuffer(read(f"{root}data/{wanted.key}"), wanted.dtype, wanted.size)

        return _tensors(state, storage, file_size)


def _read_legacy(stream: mmap.mmap) -> dict[str, np.ndarray]:
    if _unpickle(stream)[0] != _LEGACY_MAGIC or _unpickle(stream)[0] != _LEGACY_PROTOCOL:
        raise ValueError("neither of PyTorch's two formats")
    if not _unpickle(stream)[0]["little_endian"]:
        raise ValueError("big-endian storages")
    state, described = _unpickle(stream)
    storages = {}
    for key in _unpickle(stream)[0]:
        wanted = described[key]
        count = int.from_bytes(stream.read(8), "little")
        data = stream.read(count * np.dtype(wanted.dtype).itemsize)
        storages[key] = np.frombuffer(data, wanted.dtype, count)
    return _tensors(state, lambda wanted: storages[wanted.key], len(stream))


def _unpickle(stream: mmap.mmap | io.BytesIO) -> tuple[Any, dict[str, _Storage]]:
    """The next value of `stream`, and the storages it describes; the opcodes are checked before they are carried out."""
    start = stream.tell()
    # A number of the memo becomes the length of a list: a damaged one would take gigabytes.
    for count, (opcode, argument, _) in enumerate(pickletools.genops(stream)):  # type: ignore[arg-type]
        if opcode.name not in _OPCODES:
            raise pickle.UnpicklingError(f"it has the opcode {opcode.name}, which weights do not need")
        if opcode.name.endswith("BINPUT") and int(argument or 0) > count:
            raise pickle.UnpicklingError("its memo has gaps")
    stream.seek(start)
    unpickler = _Unpickler(stream)
    return unpickler.load(), unpickler.storages


class _Unpickler(pickle.Unpickler):
    """Unpickles plain Python values, ordered dictionaries, and descriptions of tensors."""

    def __init__(self, stream: mmap.mmap | io.BytesIO) -> None:
        super().__init__(stream, encoding="utf-8")  # type: ignore[arg-type]
        self.storages: dict[str, _Storage] = {}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if module == "torch" and name in _STORAGE_TYPES:
            return _STORAGE_TYPES[name]
        if module == "torch._utils" and name in ("_rebuild_tensor_v2", "_rebuild_tensor"):  # the latter until 2018
            return functools.partial(_rebuild_tensor)  # a new object, because a pickle may set attributes of it
        if (module, name) == ("torch._utils", "_rebuild_parameter"):
            return functools.partial(_rebuild_parameter)
        if (module, name) == ("torch", "Size"):
            return tuple
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which weights do not need")

    def persistent_load(self, pid: Any) -> _Storage:
        kind, dtype, key, _device, count, *view = pid
        if kind != "storage" or dtype not in _STORAGE_TYPES.values() or any(part is not None for part in view):
            raise pickle.UnpicklingError("it has storages of an unknown kind")
        self.storages[key] = _Storage(dtype, str(key), int(count))
        return self.storages[key]


def _rebuild_tensor(storage: _Storage, offset: int, shape: tuple, strides: tuple, *_ignored: Any) -> _Tensor:
    return _Tensor(storage, int(offset), tuple(map(int, shape)), tuple(map(int, strides)))


def _rebuild_parameter(tensor: _Tensor, *_ignored: Any) -> _Tensor:
    return tensor


def _tensors(state: Any, read: Any, file_size: int) -> dict[str, np.ndarray]:
    if not isinstance(state, dict):
        raise ValueError(f"a {type(state).__name__} instead of a dictionary")
    tensors = {str(name): tensor for name, tensor in state.items() if isinstance(tensor, _Tensor)}
    total = sum(math.prod(t.shape) * np.dtype(t.storage.dtype).itemsize for t in tensors.values())
    if total > _SHARING * file_size:
        raise ValueError("tensors larger than the file")
    return {name: _materialize(tensor, read(tensor.storage)) for name, tensor in tensors.items()}


def _materialize(tensor: _Tensor, storage: np.ndarray) -> np.ndarray:
    # The file's numbers are checked before they become addresses.
    last = tensor.offset + sum((n - 1) * step for n, step in zip(tensor.shape, tensor.strides, strict=True))
    elements = math.prod(tensor.shape)
    if min((0, tensor.offset, *tensor.shape, *tensor.strides)) < 0 or elements > len(storage):
        raise ValueError("a tensor larger than its storage")
    if elements and last >= len(storage):
        raise ValueError("a tensor outside its storage")
    steps = tuple(step * storage.itemsize for step in tensor.strides)
    view = np.lib.stride_tricks.as_strided(storage[tensor.offset :], tensor.shape, steps)
    return np.array(view)
