"""What is inside a model: its nodes and tensors are looked at, in subgraphs and functions, too, before anything runs.

A model is data here. Only operators of the ONNX standard run, which ONNX Runtime has built in: no custom operator, no
data in other files, no draw of random numbers, and no more nodes and numbers than the file itself holds.
"""

import math
from collections.abc import Iterable, Iterator
from typing import Any

from linksim.onnx.words import quoted

STANDARD_DOMAINS = ("", "ai.onnx", "ai.onnx.ml")
MOST_NODES = 100_000
"""Of all graphs, every call of a function counted with the nodes of the function."""

_RANDOM = (
    "RandomNormal",
    "RandomNormalLike",
    "RandomUniform",
    "RandomUniformLike",
    "Multinomial",
    "Bernoulli",
)

FunctionKey = tuple[str, str, str]


class ModelError(ValueError):
    """Why a model is not taken, in a few words."""


def check_contents(model: Any) -> None:
    """Refuse what must not be in a model.

    Args:
        model: an `onnx.ModelProto`.

    Raises:
        ModelError: what is wrong and what to do.
    """
    for message in _messages(model):
        if message.DESCRIPTOR.name == "SparseTensorProto":
            raise ModelError("has a sparse tensor; export it with dense ones")
        if message.DESCRIPTOR.name == "TensorProto":
            _check_tensor(message)
    functions = {(f.domain, f.name, f.overload): f for f in model.functions}
    counted: dict[FunctionKey, int] = {}
    total = _count(_graph_nodes(model.graph), functions, counted, ())
    for key in functions:
        total = max(total, _function_count(key, functions, counted, ()))
    if total > MOST_NODES:
        raise ModelError(f"has {total:,} nodes, calls of functions counted in full; at most {MOST_NODES:,} are taken")
    bodies: list[Iterable[Any]] = [_graph_nodes(model.graph), *(_all_nodes(f.node) for f in model.functions)]
    known_false = _known_false(model.graph)
    for nodes in bodies:
        for node in nodes:
            _check_node(node, functions, known_false)


def _graph_nodes(graph: Any) -> Iterator[Any]:
    return _all_nodes(graph.node)


def _all_nodes(nodes: Iterable[Any]) -> Iterator[Any]:
    """The nodes and those of their subgraphs (`If`, `Loop`, `Scan`)."""
    for node in nodes:
        yield node
        for graph in _subgraphs(node):
            yield from _graph_nodes(graph)


def _subgraphs(node: Any) -> Iterator[Any]:
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs


def _key(node: Any) -> FunctionKey:
    return (node.domain, node.op_type, node.overload)


def _count(nodes: Iterable[Any], functions: dict[FunctionKey, Any], counted: dict[FunctionKey, int], way: Any) -> int:
    """Nodes that run, once each function is put in where it is called. `way` has the functions on the way here."""
    total = 0
    for node in nodes:
        total += 1
        if _key(node) in functions:
            total += _function_count(_key(node), functions, counted, way)
    return total


def _function_count(
    key: FunctionKey, functions: dict[FunctionKey, Any], counted: dict[FunctionKey, int], way: tuple[FunctionKey, ...]
) -> int:
    if key in way:
        raise ModelError(f"has a function {quoted(key[1])} that calls itself; export the model without it")
    if len(way) > 100:
        raise ModelError("has functions that call each other more than 100 deep; export the model without functions")
    if key not in counted:
        counted[key] = _count(_all_nodes(functions[key].node), functions, counted, (*way, key))
    return counted[key]


def _check_node(node: Any, functions: dict[FunctionKey, Any], known_false: set[str]) -> None:
    name, domain = node.op_type, node.domain
    if _key(node) in functions:
        return
    if domain not in STANDARD_DOMAINS:
        raise ModelError(
            f"has the custom operator {quoted(name)} of the domain {quoted(domain)}; only operators of the ONNX standard "
            "are run: export the model with those alone"
        )
    from onnx import defs

    if not defs.has(name, "" if domain == "ai.onnx" else domain):
        raise ModelError(
            f"has the operator {quoted(name)}, which the ONNX standard does not have; only its own are run"
        )
    if name in _RANDOM:
        raise ModelError(
            f"draws random numbers ({name}): the channel is linksim's, and a result must repeat; export it without noise"
        )
    if name == "Dropout" and len(node.input) > 2 and node.input[2] and node.input[2] not in known_false:
        raise ModelError("has a Dropout in training mode; export it in evaluation mode (model.eval() in PyTorch)")
    if name == "BatchNormalization" and any(a.name == "training_mode" and a.i for a in node.attribute):
        raise ModelError(
            "has a BatchNormalization in training mode, so a picture depends on those beside it; export it in evaluation "
            "mode (model.eval() in PyTorch)"
        )


def _known_false(graph: Any) -> set[str]:
    """Names of the constants of a graph that are one false."""
    found = {t.name for t in graph.initializer if _is_false(t)}
    for node in graph.node:
        if node.op_type == "Constant" and any(a.name == "value" and _is_false(a.t) for a in node.attribute):
            found |= set(node.output)
    return found


def _is_false(tensor: Any) -> bool:
    from onnx import TensorProto

    if tensor.data_type != TensorProto.BOOL or math.prod(tensor.dims) != 1:
        return False
    return tensor.raw_data == b"\0" or list(tensor.int32_data) == [0]


def _messages(message: Any) -> Iterator[Any]:
    """A protobuf message and all below it. Raises `ModelError` for a text that is none."""
    waiting = [message]
    while waiting:
        here = waiting.pop()
        yield here
        for field, value in here.ListFields():
            several = [value] if isinstance(value, str | bytes) or hasattr(value, "ListFields") else value
            if field.message_type is not None:
                waiting.extend(several)
            elif field.type == field.TYPE_STRING and not all(isinstance(text, str) for text in several):
                raise ModelError("has a name that is no text; the file is damaged")


def _check_tensor(tensor: Any) -> None:
    """No data in another file, and as many numbers as its sides say: nothing is reserved for a claim."""
    from onnx import TensorProto

    if tensor.external_data or tensor.data_location == TensorProto.EXTERNAL:
        raise ModelError(
            f"keeps the data of {quoted(tensor.name)} in another file (external data); save it as one file "
            "(external_data=False in torch.onnx.export)"
        )
    if any(side < 0 for side in tensor.dims):
        raise ModelError(f"has a tensor {quoted(tensor.name)} with a negative side")
    claimed, there = math.prod(tensor.dims), _numbers(tensor)
    if claimed != there:
        raise ModelError(
            f"claims {claimed:,} numbers for the tensor {quoted(tensor.name)} and holds {there:,}; the file is damaged"
        )


def _numbers(tensor: Any) -> int:
    """Numbers that a tensor holds."""
    from onnx import helper

    claimed = math.prod(tensor.dims)
    try:
        dtype = helper.tensor_dtype_to_np_dtype(tensor.data_type)
        field = helper.tensor_dtype_to_field(tensor.data_type)
    except (KeyError, ValueError):
        raise ModelError(f"has a tensor {quoted(tensor.name)} of the unknown type {tensor.data_type}") from None
    bits = _PACKED_BITS.get(helper.tensor_dtype_to_string(tensor.data_type).rpartition(".")[2], 8 * dtype.itemsize)
    if tensor.HasField("raw_data"):
        held = 8 * len(tensor.raw_data)
    else:
        values = len(getattr(tensor, field))
        held = values * (8 if bits < 8 else bits)
        if "COMPLEX" in helper.tensor_dtype_to_string(tensor.data_type):
            held //= 2
    whole_bytes = -(-claimed * bits // 8) * 8
    return claimed if held == whole_bytes else held // bits


_PACKED_BITS = {"INT4": 4, "UINT4": 4, "FLOAT4E2M1": 4, "INT2": 2, "UINT2": 2}
"""Types of which several numbers share a byte."""
