"""ONNX files: read, taken apart and checked before ONNX Runtime sees them."""

import hashlib
from dataclasses import dataclass
from typing import Any

from linksim.common.errors import InputError
from linksim.common.files import read_bytes, shown
from linksim.onnx.contents import ModelError, check_contents

MOST_BYTES = 2**30
ADVICE = "give an ONNX file"


@dataclass(frozen=True)
class Port:
    """An input or output as a model declares it.

    Attributes:
        name: its name.
        type: of its numbers in the words of ONNX, such as `float` or `int64`; what it is instead where it is no tensor.
        shape: each side a number, or the name of a dynamic one (`?` without one); None where there is no shape.
    """

    name: str
    type: str
    shape: tuple[int | str, ...] | None


@dataclass(frozen=True)
class ModelFile:
    """A checked model.

    Attributes:
        path: where it was read.
        sha256: of the file.
        data: the model, without what linksim does not know, as ONNX Runtime reads it.
        inputs: without those that have a value in the file.
        outputs: in order.
        opset: version of the operators of the standard.
    """

    path: str
    sha256: str
    data: bytes
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    opset: int


def file_hash(path: str) -> str:
    """SHA-256 of a model file, hexadecimal. Raises `InputError` where it cannot be read."""
    return hashlib.sha256(read_bytes(path, MOST_BYTES, ADVICE)).hexdigest()


def read_model(path: str) -> ModelFile:
    """The model in a file.

    Raises:
        InputError: one line that begins with the path: no readable file, no ONNX, or something in it that is not taken.
    """
    content = read_bytes(path, MOST_BYTES, ADVICE)
    try:
        model = _parsed(content)
        check_contents(model)
        opset = max((entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), default=0)
        if not opset:
            raise ModelError("does not say which version of the ONNX operators it has; export it again")
    except ModelError as error:
        raise InputError(f"{shown(path)}: {error}") from None
    given = {tensor.name for tensor in model.graph.initializer}
    return ModelFile(
        path=str(shown(path)),
        sha256=hashlib.sha256(content).hexdigest(),
        data=model.SerializeToString(),
        inputs=tuple(_port(value) for value in model.graph.input if value.name not in given),
        outputs=tuple(_port(value) for value in model.graph.output),
        opset=opset,
    )


def _parsed(content: bytes) -> Any:
    import onnx
    from google.protobuf.message import DecodeError

    if not content:
        raise ModelError(f"is empty (0 bytes); {ADVICE}")
    model = onnx.ModelProto()
    try:
        model.ParseFromString(content)
    except (DecodeError, RecursionError):
        raise ModelError(f"is no ONNX model, or cut off; {ADVICE}, as torch.onnx.export writes it") from None
    if not model.HasField("graph") or not model.ir_version or not model.graph.output:
        raise ModelError(f"is no ONNX model: it has no graph; {ADVICE}, as torch.onnx.export writes it")
    # What this version of the format does not know must not be looked at by ONNX Runtime either.
    model.DiscardUnknownFields()
    for unused in ("training_info", "metadata_props"):
        model.ClearField(unused)
    return model


def _port(value: Any) -> Port:
    from onnx import TensorProto

    kind = value.type.WhichOneof("value")
    if kind != "tensor_type":
        return Port(value.name, (kind or "unknown").removesuffix("_type"), None)
    tensor = value.type.tensor_type
    known = tensor.elem_type in TensorProto.DataType.values()
    name = TensorProto.DataType.Name(tensor.elem_type).lower() if known else f"type {tensor.elem_type}"
    if not tensor.HasField("shape"):
        return Port(value.name, name, None)
    sides = (side.dim_value if side.HasField("dim_value") else side.dim_param or "?" for side in tensor.shape.dim)
    return Port(value.name, name, tuple(sides))
