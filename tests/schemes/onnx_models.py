"""Small ONNX pairs, made node by node, whose pictures are known in closed form."""

from pathlib import Path

import numpy as np
from onnx import TensorProto as T
from onnx import helper, numpy_helper

PICTURE = ["batch", 3, "height", "width"]
TYPES = {"float": T.FLOAT, "double": T.DOUBLE, "int64": T.INT64, "uint8": T.UINT8, "bool": T.BOOL, "half": T.FLOAT16}


def node(op, inputs, outputs, **attributes):
    return helper.make_node(op, inputs.split(), outputs.split(), **attributes)


def constant(name, value, dtype=np.float32):
    return numpy_helper.from_array(np.array(value, dtype), name)


def value(name, shape, kind="float"):
    return helper.make_tensor_value_info(name, TYPES[kind], shape)


def model(nodes, inputs, outputs, constants=(), opset=18, ir_version=10, functions=(), domains=()):
    graph = helper.make_graph(nodes, "g", inputs, outputs, list(constants))
    imports = [helper.make_opsetid("", opset), *(helper.make_opsetid(domain, 1) for domain in domains)]
    return helper.make_model(graph, opset_imports=imports, ir_version=ir_version, functions=functions)


def save(path: Path, proto) -> str:
    path.write_bytes(proto.SerializeToString())
    return str(path)


def up_and_down(factor=2):
    """Nodes of the mean over cells of `factor` pixels, and of their repetition."""
    return (
        node("AveragePool", "x", "small", kernel_shape=[factor, factor], strides=[factor, factor]),
        node(
            "Resize",
            "grown scales",
            "y",
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        ),
        constant("nothing", [], np.float32),
        constant("scales", [1, 1, factor, factor]),
    )


def bits_pair(folder: Path, kind="float", taken="float", llrs=False):
    """A bit per pixel and colour: whether it is bright. The decoder shows black and white."""
    encoder = model(
        [node("Greater", "x half", "b"), node("Cast", "b", "y", to=TYPES[kind])],
        [value("x", PICTURE)],
        [value("y", PICTURE, kind)],
        [constant("half", 0.5)],
    )
    shown = (
        [node("Greater", "b zero", "g"), node("Cast", "g", "y", to=T.FLOAT)]
        if llrs
        else [node("Cast", "b", "y", to=T.FLOAT)]
    )
    decoder = model(shown, [value("b", PICTURE, taken)], [value("y", PICTURE)], [constant("zero", 0)] if llrs else [])
    return {
        "encoder": save(folder / "enc.onnx", encoder),
        "decoder": save(folder / "dec.onnx", decoder),
        "sends": "bits",
        "scale": "0..1",
    }


def indices_pair(folder: Path, size=6, llrs=False):
    """Levels 0 .. K-1 of the mean of 2 x 2 pixels."""
    pool, resize, _, scales = up_and_down()
    encoder = model(
        [pool, node("Mul", "small top", "a"), node("Round", "a", "r"), node("Cast", "r", "y", to=T.INT64)],
        [value("x", PICTURE)],
        [value("y", ["batch", 3, "h", "w"], "int64")],
        [constant("top", size - 1)],
    )
    grown = [node("Cast", "i", "f", to=T.FLOAT), node("Div", "f top", "grown")]
    inputs = [value("i", ["batch", 3, "h", "w"], "int64")]
    constants = [constant("top", size - 1), scales]
    if llrs:
        m = (size - 1).bit_length()
        inputs = [value("llr", ["batch", 3, "h", "w", m])]
        constants += [
            constant("weights", [[2.0**i] for i in range(m - 1, -1, -1)]),
            constant("zero", 0),
            constant("axis", [-1], np.int64),
        ]
        grown = [
            node("Greater", "llr zero", "g"),
            node("Cast", "g", "gf", to=T.FLOAT),
            node("MatMul", "gf weights", "f4"),
            node("Squeeze", "f4 axis", "f"),
            node("Div", "f top", "grown"),
        ]
    decoder = model([*grown, _with_empty(resize)], inputs, [value("y", None)], constants)
    return {
        "encoder": save(folder / "enc.onnx", encoder),
        "decoder": save(folder / "dec.onnx", decoder),
        "sends": "indices",
        "codebook_size": size,
        "scale": "0..1",
        "multiple": 2,
    }


def _with_empty(resize):
    return helper.make_node(
        "Resize",
        ["grown", "", "scales"],
        ["y"],
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )


def symbols_pair(
    folder: Path, batch="batch", noise=False, snr=(), power=1.0, sides=("height", "width"), over=(1, 2, 3)
):
    """Mean of 2 x 2 pixels less 1/2, scaled to mean power `power` over the axes `over`; the decoder's grey is
    1/2 + z / 4, and with noise or SNR it adds these times 0 (they must arrive).
    """
    pool, _, _, scales = up_and_down()
    picture = [batch, 3, *sides]
    encoder = model(
        [
            pool,
            node("Sub", "small half", "c"),
            node("Mul", "c c", "cc"),
            node("ReduceMean", "cc axes", "p", keepdims=1),
            node("Add", "p tiny", "q"),
            node("Mul", "q two", "d"),
            node("Sqrt", "d", "e"),
            node("Div", "c e", "y0"),
            *(
                [node("Mul", "y0 snr0", "z0"), node("Add", "y0 z0", "y")]
                if "encoder" in snr
                else [node("Identity", "y0", "y")]
            ),
        ],
        [value("x", picture), *([value("snr", [])] if "encoder" in snr else [])],
        [value("y", None)],
        [
            constant("half", 0.5),
            constant("two", 2 / power),
            constant("tiny", 1e-12),
            constant("axes", list(over), np.int64),
        ],
    )
    if "encoder" in snr:
        encoder.graph.node.insert(7, node("Mul", "snr zero", "snr0"))
        encoder.graph.initializer.append(constant("zero", 0))
    extra = [name for name, there in (("noise", noise), ("snr_db", "decoder" in snr)) if there]
    received = [batch, 3, "h", "w"] if isinstance(sides[0], str) else [batch, 3, sides[0] // 2, sides[1] // 2]
    inputs = [value("z", received), *([value("noise", received)] if noise else [])]
    inputs += [value("snr_db", [batch, 1] if isinstance(batch, int) else [1])] if "decoder" in snr else []
    nodes = [node("Mul", "z quarter", "s"), node("Add", "s half", "t0")]
    last = "t0"
    for name in extra:
        nodes += [
            node("ReduceMean", name, f"{name}_m", keepdims=0),
            node("Mul", f"{name}_m small_part", f"{name}_0"),
            node("Add", f"{last} {name}_0", f"t_{name}"),
        ]
        last = f"t_{name}"
    nodes += [node("Identity", last, "grown"), _with_empty(None)]
    decoder = model(
        nodes,
        inputs,
        [value("y", None)],
        [constant("quarter", 0.25), constant("half", 0.5), constant("small_part", 0.001), scales],
    )
    return {
        "encoder": save(folder / "enc.onnx", encoder),
        "decoder": save(folder / "dec.onnx", decoder),
        "sends": "symbols",
        "scale": "0..1",
        "multiple": 2,
        **({"takes": "symbols-and-noise"} if noise else {}),
        **({"snr_input": True} if snr else {}),
    }
