"""Writes state dictionaries as `torch.save` does, in both of its formats, to test the reader without PyTorch."""

import io
import pickle
import sys
import types
import zipfile
from collections import OrderedDict
from contextlib import contextmanager
from typing import Any

import numpy as np


class _Call:
    """Pickles as a call of `function` with `args`."""

    def __init__(self, function: Any, args: tuple) -> None:
        self.function, self.args = function, args

    def __reduce__(self) -> tuple:
        return self.function, self.args


class _StorageId:
    def __init__(self, pid: tuple) -> None:
        self.pid = pid


class _Pickler(pickle.Pickler):
    def persistent_id(self, obj: Any) -> Any:
        return obj.pid if isinstance(obj, _StorageId) else None


@contextmanager
def _torch_names() -> Any:
    modules = {name: types.ModuleType(name) for name in ("torch", "torch._utils")}

    def named(module: str, name: str) -> Any:
        thing = type(name, (), {"__module__": module, "__qualname__": name, "__new__": lambda cls, *a: None})
        setattr(modules[module], name, thing)
        return thing

    names = types.SimpleNamespace(
        rebuild=named("torch._utils", "_rebuild_tensor_v2"),
        rebuild_first=named("torch._utils", "_rebuild_tensor"),
        float_storage=named("torch", "FloatStorage"),
    )
    sys.modules.update(modules)
    try:
        yield names
    finally:
        for name in modules:
            del sys.modules[name]


def _pickled(arrays: dict[str, np.ndarray], legacy: bool, shift: int) -> bytes:
    with _torch_names() as names:
        state = OrderedDict()
        for n, (key, value) in enumerate(arrays.items()):
            pid = ("storage", names.float_storage, str(n), "cpu", value.size, *([None] if legacy else []))
            strides = tuple(step // value.itemsize for step in value.strides)
            args = (_StorageId(pid), shift, value.shape, strides)
            if legacy and n == 0:  # as the oldest files have it
                state[key] = _Call(names.rebuild_first, args)
            else:
                state[key] = _Call(names.rebuild, (*args, False, OrderedDict()))
        stream = io.BytesIO()
        _Pickler(stream, protocol=2).dump(state)
    return stream.getvalue()


def zip_format(arrays: dict[str, np.ndarray], shift: int = 0) -> bytes:
    """`shift` moves every tensor that far into its storage, which is outside."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("archive/data.pkl", _pickled(arrays, False, shift))
        archive.writestr("archive/byteorder", "little")
        for n, value in enumerate(arrays.values()):
            archive.writestr(f"archive/data/{n}", value.tobytes(order="A"))
        archive.writestr("archive/version", "3\n")
    return stream.getvalue()


def legacy_format(arrays: dict[str, np.ndarray]) -> bytes:
    head = [0x1950A86A20F9469CFC6C, 1001, {"protocol_version": 1001, "little_endian": True}]
    out = b"".join(pickle.dumps(part, 2) for part in head) + _pickled(arrays, True, 0)
    out += pickle.dumps([str(n) for n in range(len(arrays))], 2)
    for value in arrays.values():
        out += value.size.to_bytes(8, "little") + value.tobytes(order="A")
    return out
