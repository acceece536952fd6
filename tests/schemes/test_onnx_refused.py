"""Broken pairs of ONNX models: each gives one line that names key and file, and nothing runs."""

import os
import threading
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto as T
from onnx import helper
from onnx_models import PICTURE, bits_pair, constant, indices_pair, model, node, save, symbols_pair, value
from small_link import link_config, picture, send

from linksim.common.errors import InputError
from linksim.onnx import runtime, session
from linksim.schemes import SchemeContext, build_scheme, parse_scheme
from linksim.schemes.identity import identity


def build(config):
    return build_scheme(parse_scheme({"name": "Mine", "kind": "onnx"} | config), SchemeContext(link_config()))


def refused(config):
    """The one line, the same before a run (`identity`) and when the scheme is built."""
    with pytest.raises(InputError) as before:
        identity(parse_scheme({"name": "Mine", "kind": "onnx"} | config))
    with pytest.raises(InputError) as built:
        build(config)
    line = str(built.value)
    assert line == f"schemes.Mine.{before.value}"
    assert line.isprintable()
    assert len(line) < 600
    return line


def encoder_with(folder, nodes, constants=(), kind="float", **options):
    """The bits pair with another encoder."""
    config = bits_pair(folder)
    proto = model(nodes, [value("x", PICTURE)], [value("y", None, kind)], constants, **options)
    save(Path(config["encoder"]), proto)
    return config


def decoder_with(folder, nodes, constants=(), shape=PICTURE, kind="float", **options):
    config = bits_pair(folder)
    proto = model(nodes, [value("b", PICTURE)], [value("y", shape, kind)], constants, **options)
    save(Path(config["decoder"]), proto)
    return config


BIT = [node("Greater", "x half", "b"), node("Cast", "b", "y", to=T.FLOAT)]
HALF = [constant("half", 0.5)]
SHOW = [node("Identity", "b", "y")]


# Files


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty (0 bytes)"),
        (b"no model at all", "is no ONNX model"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "is no ONNX model"),
        (b"PK\x03\x04" + bytes(200), "is no ONNX model"),
        (b"\x08\x0a", "has no graph"),
        # A field that claims 2 GB, of which nothing is there.
        (b"\x08\x0a\x3a\xff\xff\xff\xff\x07", "is no ONNX model, or cut off"),
    ],
)
@pytest.mark.parametrize("key", ["encoder", "decoder"])
def test_what_is_no_model(tmp_path, key, content, said):
    config = bits_pair(tmp_path)
    Path(config[key]).write_bytes(content)
    line = refused(config)
    assert line.startswith(f"schemes.Mine.{key}: {config[key]}: ")
    assert said in line


def test_a_model_cut_off_anywhere(tmp_path):
    config = symbols_pair(tmp_path)
    whole = Path(config["encoder"]).read_bytes()
    for length in np.linspace(1, len(whole) - 1, 25).astype(int):
        Path(config["encoder"]).write_bytes(whole[:length])
        assert refused(config).startswith("schemes.Mine.encoder: ")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: None, "no such file"),
        (lambda path: path.mkdir(), "it is a folder"),
        (lambda path: path.symlink_to("nowhere.onnx"), "it is a link to nothing"),
        (lambda path: path.symlink_to(path), "symbolic links"),
        (os.mkfifo, "it is a pipe"),
    ],
)
def test_what_is_no_file(tmp_path, make, said):
    config = bits_pair(tmp_path)
    config["decoder"] = str(tmp_path / "other.onnx")
    make(tmp_path / "other.onnx")
    line = refused(config)
    assert line.startswith("schemes.Mine.decoder: ")
    assert said in line


def test_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    config = bits_pair(tmp_path)

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert "cannot be read (Permission denied)" in refused(config)


@pytest.mark.parametrize("name", ["enc\n.onnx", "enc\x1b[2J.onnx", "enc\0.onnx", "\u202eenc.onnx"])
def test_a_path_with_control_characters(tmp_path, name):
    assert "schemes.Mine.encoder: " in refused(bits_pair(tmp_path) | {"encoder": str(tmp_path / name)})


def test_a_file_of_2_gb_is_not_read(tmp_path):
    config = bits_pair(tmp_path)
    with Path(config["encoder"]).open("r+b") as file:
        file.truncate(2**31)
    assert "it has 2,147,483,648 bytes, more than" in refused(config)


def test_links_and_absolute_paths_are_fine(tmp_path, monkeypatch):
    config = bits_pair(tmp_path)
    (tmp_path / "link.onnx").symlink_to("enc.onnx")
    monkeypatch.chdir(tmp_path)
    for path in ("link.onnx", str(tmp_path / "link.onnx"), "./enc.onnx"):
        build(config | {"encoder": path})


# What is inside


def external(proto):
    tensor = proto.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = T.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "/etc/passwd"
    return proto


def test_external_data(tmp_path):
    config = bits_pair(tmp_path)
    save(Path(config["encoder"]), external(model(BIT, [value("x", PICTURE)], [value("y", None)], HALF)))
    assert "in another file (external data)" in refused(config)


def test_external_data_in_a_node_of_a_subgraph(tmp_path):
    hidden = constant("c", 0.5)
    hidden.ClearField("raw_data")
    entry = hidden.external_data.add()
    entry.key, entry.value = "location", "weights.bin"
    branch = helper.make_graph([node("Constant", "", "t", value=hidden)], "b", [], [value("t", [])])
    other = helper.make_graph([node("Constant", "", "e", value=constant("", 0.5))], "o", [], [value("e", [])])
    nodes = [
        node("ReduceMax", "x", "m", keepdims=0),
        node("Greater", "m m", "cond"),
        helper.make_node("If", ["cond"], ["half"], then_branch=branch, else_branch=other),
        *BIT,
    ]
    assert "(external data)" in refused(encoder_with(tmp_path, nodes))


CUSTOM = helper.make_node("Shell", ["x"], ["z"], domain="my.ops")


def in_branches(inner):
    """`If` with a node in one of its branches."""
    then = helper.make_graph([inner], "t", [], [value("z", None)])
    other = helper.make_graph([node("Identity", "x", "o")], "o", [], [value("o", None)])
    return [
        node("ReduceMax", "x", "m", keepdims=0),
        node("Greater", "m half", "cond"),
        helper.make_node("If", ["cond"], ["r"], then_branch=then, else_branch=other),
        node("Greater", "r half", "b"),
        node("Cast", "b", "y", to=T.FLOAT),
    ]


def test_custom_operator(tmp_path):
    line = refused(encoder_with(tmp_path, [CUSTOM, *BIT], HALF, domains=["my.ops"]))
    assert "custom operator 'Shell' of the domain 'my.ops'" in line


def test_custom_operator_in_a_subgraph(tmp_path):
    assert "custom operator 'Shell'" in refused(encoder_with(tmp_path, in_branches(CUSTOM), HALF, domains=["my.ops"]))


def test_custom_operator_in_a_function_that_nobody_calls(tmp_path):
    imports = [helper.make_opsetid("", 18), helper.make_opsetid("my.ops", 1)]
    function = helper.make_function("own", "F", ["x"], ["z"], [CUSTOM], imports)
    assert "custom operator 'Shell'" in refused(encoder_with(tmp_path, BIT, HALF, functions=[function]))


def test_operators_of_the_runtime_alone_are_custom(tmp_path):
    gelu = helper.make_node("FastGelu", ["x"], ["z"], domain="com.microsoft")
    assert "custom operator 'FastGelu'" in refused(
        encoder_with(tmp_path, [gelu, *BIT], HALF, domains=["com.microsoft"])
    )


def test_operator_that_the_standard_does_not_have(tmp_path):
    assert "operator 'Sheel'" in refused(encoder_with(tmp_path, [node("Sheel", "x", "z"), *BIT], HALF))


def test_functions_of_the_model_itself_are_fine(tmp_path):
    imports = [helper.make_opsetid("", 18)]
    function = helper.make_function("own", "F", ["x"], ["z"], [node("Neg", "x", "n"), node("Neg", "n", "z")], imports)
    nodes = [helper.make_node("F", ["x"], ["w"], domain="own"), node("Greater", "w half", "b"), BIT[1]]
    build(encoder_with(tmp_path, nodes, HALF, functions=[function], domains=["own"]))


def test_function_that_calls_itself(tmp_path):
    imports = [helper.make_opsetid("", 18), helper.make_opsetid("own", 1)]
    call = helper.make_node("F", ["x"], ["z"], domain="own")
    function = helper.make_function("own", "F", ["x"], ["z"], [call], imports)
    assert "calls itself" in refused(encoder_with(tmp_path, [call, *BIT], HALF, functions=[function], domains=["own"]))


def test_functions_that_double_thirty_times(tmp_path):
    imports = [helper.make_opsetid("", 18), helper.make_opsetid("own", 1)]

    def twice(i):
        inner = [helper.make_node(f"F{i + 1}", [a], [b], domain="own") for a, b in (("x", "m"), ("m", "z"))]
        return helper.make_function("own", f"F{i}", ["x"], ["z"], inner, imports)

    functions = [twice(i) for i in range(30)]
    functions.append(helper.make_function("own", "F30", ["x"], ["z"], [node("Neg", "x", "z")], imports))
    call = helper.make_node("F0", ["x"], ["w"], domain="own")
    line = refused(encoder_with(tmp_path, [call, *BIT], HALF, functions=functions, domains=["own"]))
    assert "nodes, calls of functions counted in full" in line


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        (node("RandomNormalLike", "x", "z"), "draws random numbers (RandomNormalLike)"),
        (node("RandomUniform", "", "z", shape=[1]), "draws random numbers (RandomUniform)"),
        (helper.make_node("Dropout", ["x", "", "yes"], ["z"]), "Dropout in training mode"),
    ],
)
def test_chance(tmp_path, extra, said):
    for nodes in ([extra, *BIT], in_branches(extra)):
        assert said in refused(encoder_with(tmp_path, nodes, [*HALF, constant("yes", True, bool)]))


def test_batch_normalization_in_training_mode(tmp_path):
    names = [constant(name, [1, 1, 1]) for name in ("scale", "shift", "mean", "var")]
    norm = helper.make_node(
        "BatchNormalization", ["x", "scale", "shift", "mean", "var"], ["z", "m", "v"], training_mode=1
    )
    assert "BatchNormalization in training mode" in refused(encoder_with(tmp_path, [norm, *BIT], [*HALF, *names]))


def test_tensor_that_claims_2_gb(tmp_path):
    for kind in (T.FLOAT, T.INT64, T.FLOAT16, T.BOOL):
        claim = constant("half", 0.5)
        claim.dims[:] = [2**29]
        claim.data_type = kind
        assert "claims 536,870,912 numbers" in refused(encoder_with(tmp_path, BIT, [claim]))
    attribute = constant("", 0.5)
    attribute.dims[:] = [2**31, 2**31]
    assert "claims" in refused(encoder_with(tmp_path, [node("Constant", "", "half", value=attribute), *BIT]))


def test_sparse_tensors(tmp_path):
    config = encoder_with(tmp_path, BIT, HALF)
    proto = model(BIT, [value("x", PICTURE)], [value("y", None)], HALF)
    sparse = proto.graph.sparse_initializer.add()
    sparse.dims[:] = [2**40]
    save(Path(config["encoder"]), proto)
    assert "sparse tensor" in refused(config)


AND_ADD = [
    node("ReduceSum", "c", "s", keepdims=0),
    node("Mul", "s zero", "s0"),
    node("Add", "x s0", "w"),
    node("Greater", "w half", "b"),
    BIT[1],
]


@pytest.mark.parametrize(
    "nodes",
    [
        [node("ConstantOfShape", "n", "c")],
        [node("ReduceMax", "x", "m", keepdims=0), node("Expand", "m n", "c")],
        [node("Flatten", "x", "f", axis=0), node("Tile", "f tiles", "c")],
        [node("Range", "a n0 one", "r"), node("Cast", "r", "c", to=T.FLOAT)],
    ],
)
def test_models_that_take_too_much_on_the_way(tmp_path, nodes):
    counts = {"n": [2**29], "tiles": [1, 2**16], "a": 0, "n0": 2**29, "one": 1}
    constants = [constant(name, count, np.int64) for name, count in counts.items()] + [constant("zero", 0), *HALF]
    assert "more than 2 GiB of memory" in refused(encoder_with(tmp_path, nodes + AND_ADD, constants))


@pytest.mark.parametrize("given", ["much", "-1", "nan", "0", "1e9"])
def test_a_bound_of_memory_that_is_none(monkeypatch, given):
    monkeypatch.setenv("LINKSIM_ONNX_GIB", given)
    with pytest.raises(InputError, match=r"a number of GiB from 0\.0625 to 1024 is needed"):
        runtime.most_gib()


def test_a_loop_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr(session, "MOST_SECONDS", 0.5)
    body = helper.make_graph(
        [node("Identity", "c", "co"), node("Identity", "v", "vo")],
        "body",
        [value("i", [], "int64"), value("c", [], "bool"), value("v", None)],
        [value("co", [], "bool"), value("vo", None)],
    )
    nodes = [helper.make_node("Loop", ["trip", "go", "x"], ["z"], body=body), node("Greater", "z half", "b"), BIT[1]]
    constants = [*HALF, constant("trip", 2**62, np.int64), constant("go", True, bool)]
    assert "took more than 0.5 s" in refused(encoder_with(tmp_path, nodes, constants))
    assert threading.active_count() < 20


LEAST, ZERO = np.iinfo(np.int64).min, 0


@pytest.mark.parametrize(
    ("operator", "number", "by"), [("Div", LEAST, -1), ("Div", 7, ZERO), ("Mod", LEAST, -1), ("Mod", 7, ZERO)]
)
def test_what_brings_onnx_runtime_down_is_one_line(tmp_path, operator, number, by):
    """Both where the numbers are in the model, which are computed when it is read, and where they come with the picture."""
    numbers = [constant("number", [number], np.int64), constant("by", [by], np.int64), constant("one", 1, np.int64)]
    use = [node("Cast", "d", "f", to=T.FLOAT), node("Add", "x f", "w"), node("Greater", "w half", "b"), BIT[1]]
    for first in ([node(operator, "number by", "d")], _from_picture(operator)):
        config = encoder_with(tmp_path, first + use, [*HALF, *numbers])
        try:
            build(config)
        except InputError:
            assert "Mine.encoder: " in refused(config)
        else:
            assert operator == "Mod"  # which some versions compute
    build(bits_pair(tmp_path))  # the next models run as if nothing had been


def _from_picture(operator):
    """`number` and `by` times what is 1 in every picture, so that nothing can be computed before one comes."""
    return [
        node("Shape", "x", "s", start=1, end=2),
        node("Div", "s s", "s1"),
        node("Mul", "s1 number", "n1"),
        node("Mul", "s1 by", "b1"),
        node(operator, "n1 b1", "d"),
    ]


def test_a_model_that_brings_it_down_in_mid_run(tmp_path):
    """Black pictures divide the least integer by -1; the trial has none."""
    nodes = [
        node("ReduceMax", "x", "m", keepdims=0),
        node("Mul", "m thousand", "k"),
        node("Cast", "k", "n", to=T.INT64),
        node("Sub", "n one", "by"),
        node("Div", "least by", "d"),
        node("Cast", "d", "f", to=T.FLOAT),
        node("Add", "x f", "w"),
        node("Greater", "w half", "b"),
        BIT[1],
    ]
    constants = [*HALF, constant("one", 1, np.int64), constant("least", LEAST, np.int64), constant("thousand", 1e3)]
    scheme = build(encoder_with(tmp_path, nodes, constants))
    black = np.zeros((32, 32, 3), np.uint8)
    bright = picture(32, 32)
    before = scheme.transmit([bright], ["bright"], [None], None)
    with pytest.raises(
        InputError, match=r"Mine\.encoder: .*ends ONNX Runtime for 'x' .*SIGFPE.* \(image 'black', 32 x 32\)"
    ):
        scheme.transmit([black], ["black"], [None], None)
    scheme.pair.encode.cache_clear()
    after = scheme.transmit([bright], ["bright"], [None], None)
    assert np.array_equal(before[0].streams[0].bits, after[0].streams[0].bits)


def folding(folder, size=1500, layers=400):
    """A few kilobytes that ask for gigabytes while the model is read: products of constants."""
    nodes = [node("ConstantOfShape", "sides", "c0")]
    nodes += [node("MatMul", f"c{i} c0" if i % 2 else f"c0 c{i}", f"c{i + 1}") for i in range(layers)]
    nodes += [
        node("ReduceMean", f"c{layers}", "m", keepdims=0),
        node("Add", "x m", "w"),
        node("Greater", "w half", "b"),
        BIT[1],
    ]
    return encoder_with(folder, nodes, [*HALF, constant("sides", [size, size], np.int64)])


def test_a_model_that_takes_too_much_while_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setenv("LINKSIM_ONNX_GIB", "0.25")
    config = folding(tmp_path, 20_000, 3)
    assert "more than 0.25 GiB of memory" in refused(config)


def test_a_model_that_takes_too_long_while_it_is_read(tmp_path, monkeypatch):
    build(bits_pair(tmp_path))  # the process is there
    monkeypatch.setattr(session, "MOST_SECONDS", 0.5)
    assert "ends ONNX Runtime when it is read (it took more than 0.5 s" in refused(folding(tmp_path, 3000, 100))
    monkeypatch.undo()
    build(bits_pair(tmp_path))


def test_opset_and_format_too_new(tmp_path):
    assert "opset 999" in refused(encoder_with(tmp_path, BIT, HALF, opset=999))
    assert "newer format" in refused(encoder_with(tmp_path, BIT, HALF, ir_version=99))


def test_names_with_control_characters(tmp_path):
    for bad in ("x\x1b[31m", "x\ny", "\u202ex", "x" * 10_000):
        nodes = [helper.make_node("Greater", [bad, "half"], ["b"]), BIT[1]]
        config = bits_pair(tmp_path)
        save(Path(config["encoder"]), model(nodes, [value(bad, [1, 3])], [value("y", None)], HALF))
        assert "of four axes" in refused(config)
        custom = helper.make_node(bad, ["x"], ["z"], domain=bad)
        assert "custom operator" in refused(encoder_with(tmp_path, [custom, *BIT], HALF))


@pytest.mark.parametrize("old", [b"Greater", b"half", b"batch"])
def test_names_that_are_no_text(tmp_path, old):
    config = bits_pair(tmp_path)
    whole = Path(config["encoder"]).read_bytes()
    Path(config["encoder"]).write_bytes(whole.replace(old, b"\xff" * len(old)))
    assert "has a name that is no text" in refused(config)


# Inputs and outputs


@pytest.mark.parametrize(
    ("shape", "kind", "said"),
    [
        ([3, "h", "w"], "float", "of four axes"),
        (["b", 3, "h", "w", 1], "float", "of four axes"),
        ([], "float", "of four axes"),
        (None, "float", "has no shape"),
        (["b", "c", "h", "w"], "float", "its 3 channels not dynamic"),
        (["b", 1, "h", "w"], "float", "[b, 1, h, w]"),
        (["b", "h", "w", 3], "float", "is it layout: nhwc?"),
        (PICTURE, "double", "is float64; float32 is needed"),
        (PICTURE, "half", "is float16; float32 is needed"),
        (PICTURE, "uint8", "is uint8; float32 is needed"),
        (["b", 3, 0, "w"], "float", "an empty side"),
        (["b", 3, -4, "w"], "float", "an empty side"),
        (["b", 3, 50000, 50000], "float", "pixels; at most"),
        ([2**40, 3, 8, 8], "float", "pictures at a time; at most 256"),
        (["b", 3, 50, 50], "float", "no multiple of 4"),
    ],
)
def test_wrong_picture_input(tmp_path, shape, kind, said):
    config = bits_pair(tmp_path) | {"multiple": 4}
    nodes = [node("Cast", "x", "f", to=T.FLOAT), node("Greater", "f half", "b"), BIT[1]]
    save(Path(config["encoder"]), model(nodes, [value("x", shape, kind)], [value("y", None)], HALF))
    line = refused(config)
    assert line.startswith("schemes.Mine.encoder: ")
    assert said in line


@pytest.mark.parametrize("batch", [257, 2**31 - 1, 2**62])
def test_a_batch_out_of_all_proportion(tmp_path, batch):
    config = symbols_pair(tmp_path, noise=True, snr=("decoder",))
    shape = [batch, 3, "h", "w"]
    for shapes, said in (
        ((shape, ["b", 3, "h", "w"], [1]), "pictures at a time"),
        ((["b", 3, "h", "w"], shape, [1]), "but what it gets as noise is"),
        ((["b", 3, "h", "w"], ["b", 3, "h", "w"], [batch] * 4), "one number, or one for each picture"),
    ):
        inputs = [value(name, sides) for name, sides in zip(("z", "noise", "snr"), shapes, strict=True)]
        save(Path(config["decoder"]), model([node("Identity", "z", "y")], inputs, [value("y", None)]))
        line = refused(config)
        assert line.startswith("schemes.Mine.decoder: ")
        assert said in line


def test_wrong_layout_is_told(tmp_path):
    assert "is it layout: nchw?" in refused(bits_pair(tmp_path) | {"layout": "nhwc"})


def test_wrong_number_of_inputs_and_outputs(tmp_path):
    config = bits_pair(tmp_path)
    two = [value("x", PICTURE), value("snr", [])]
    save(Path(config["encoder"]), model(BIT, two, [value("y", None)], HALF))
    assert "snr_input: true gives the SNR" in refused(config)
    save(Path(config["encoder"]), model(BIT, [*two, value("more", [])], [value("y", None)], HALF))
    assert "has 3 inputs" in refused(config | {"snr_input": True})
    save(Path(config["encoder"]), model(BIT, [value("x", PICTURE)], [value("y", None), value("b", None, "bool")], HALF))
    assert "has 2 outputs" in refused(config)
    save(Path(config["encoder"]), model([node("Identity", "half", "y")], [], [value("y", None)], HALF))
    assert "has 0 inputs (none)" in refused(config)
    assert "neither model has an input for the SNR" in refused(bits_pair(tmp_path) | {"snr_input": True})


def test_inputs_in_another_order(tmp_path):
    config = symbols_pair(tmp_path, noise=True)
    shape = ["batch", 3, "h", "w"]
    nodes = [node("Add", "noise_var symbols", "y")]
    inputs = [value("noise_var", shape), value("symbols", shape)]
    save(Path(config["decoder"]), model(nodes, inputs, [value("y", None)]))
    assert "'noise_var' is in the place of symbols" in refused(config)


def test_snr_input_of_another_shape(tmp_path):
    config = bits_pair(tmp_path) | {"snr_input": True}
    for shape, kind, said in (([7], "float", "one number"), ([1], "double", "float64"), (None, "float", "no shape")):
        inputs = [value("x", PICTURE), value("snr", shape, kind)]
        save(Path(config["encoder"]), model(BIT, inputs, [value("y", None)], HALF))
        assert said in refused(config)


def test_decoder_that_does_not_fit_the_encoder(tmp_path):
    config = bits_pair(tmp_path)
    for shape, kind, said in (
        (["b", 8, "h", "w"], "float", "but what it gets as bits is [1, 3, "),
        (["b", "n"], "float", "but what it gets as bits is"),
        (PICTURE, "double", "float64"),
        (None, "float", "has no shape"),
    ):
        nodes = [node("Cast", "b", "y", to=T.FLOAT)]
        save(Path(config["decoder"]), model(nodes, [value("b", shape, kind)], [value("y", None)]))
        line = refused(config)
        assert line.startswith("schemes.Mine.decoder: ")
        assert said in line


@pytest.mark.parametrize(
    ("nodes", "said"),
    [
        ([node("Identity", "x", "y")], "sends: bits needs 0 and 1 alone"),
        ([node("Sqrt", "minus", "n"), node("Add", "x n", "y")], "has NaN in it"),
        ([node("Div", "one zero", "n"), node("Add", "x n", "y")], "has infinite numbers in it"),
        ([node("Greater", "x half", "b"), node("NonZero", "b", "nz"), node("Shape", "nz", "s"), node("Gather", "s at", "k"),
          node("ConstantOfShape", "k", "y")], "it may depend on the size alone"),
        ([node("Tile", "x tiles", "t"), node("Greater", "t half", "b"), BIT[1]], "at most 16 for each"),
        ([node("Slice", "x none none", "e"), node("Greater", "e half", "b"), BIT[1]], "is empty"),
        ([node("Reshape", "x wrong", "r"), node("Greater", "r half", "b"), BIT[1]], "fails for 'x' [1, 3, 64, 65]"),
        ([node("Conv", "x half", "y")], "ONNX Runtime"),
        ([node("SequenceConstruct", "x", "y")], "ONNX Runtime"),
    ],
)  # fmt: skip
def test_wrong_output_of_the_encoder(tmp_path, nodes, said):
    constants = [
        *(constant(name, number) for name, number in (("minus", -1), ("one", 1), ("zero", 0), ("half", 0.5))),
        constant("tiles", [1, 40, 1, 1], np.int64),
        constant("none", [0], np.int64),
        constant("wrong", [7, 11], np.int64),
        constant("at", [1], np.int64),
    ]
    assert said in refused(encoder_with(tmp_path, nodes, constants))


def test_output_of_another_type(tmp_path):
    assert "sends: bits needs 0 and 1 alone" in refused(encoder_with(tmp_path, [node("Shape", "x", "y")], kind="int64"))
    line = refused(encoder_with(tmp_path, [node("Cast", "x", "y", to=T.DOUBLE)], kind="double"))
    assert "its output 'y' is float64; float32 or bool or uint8" in line


def test_claimed_output_out_of_all_proportion(tmp_path):
    config = bits_pair(tmp_path)
    proto = model(BIT, [value("x", [1, 3, 64, 64])], [value("y", [1, 2**30])], HALF)
    save(Path(config["encoder"]), proto)
    assert "numbers for a picture of" in refused(config)


@pytest.mark.parametrize(
    ("nodes", "kind", "said"),
    [
        ([node("Sqrt", "minus", "n"), node("Add", "b n", "y")], "float", "has NaN in it"),
        ([node("Div", "one zero", "n"), node("Add", "b n", "y")], "float", "has infinite numbers in it"),
        ([node("Mul", "b much", "y")], "float", "scale: 0..1 was given"),
        ([node("Cast", "b", "y", to=T.INT64)], "int64", "its output 'y' is int64; float32 is needed"),
        ([node("Cast", "b", "y", to=T.DOUBLE)], "double", "its output 'y' is float64; float32 is needed"),
        ([node("Tile", "b twice", "y")], "float", "its picture is [1, 3, 64, 130], and [1, 3, 64, 65] is needed"),
        ([node("Transpose", "b", "y", perm=[0, 2, 3, 1])], "float", "its picture is [1, 64, 65, 3]"),
        ([node("Flatten", "b", "y")], "float", "its picture is [1, 12480]"),
    ],
)
def test_wrong_picture_of_the_decoder(tmp_path, nodes, kind, said):
    constants = [constant(name, number) for name, number in (("minus", -1), ("one", 1), ("zero", 0), ("much", 255))]
    constants.append(constant("twice", [1, 1, 1, 2], np.int64))
    line = refused(decoder_with(tmp_path, nodes, constants, shape=None, kind=kind))
    assert line.startswith("schemes.Mine.decoder: ")
    assert said in line


@pytest.mark.parametrize(("shape", "said"), [(["b", 3, "h"], "of four axes"), (["b", 4, "h", "w"], "[b, 4, h, w]")])
def test_declared_picture_of_the_decoder(tmp_path, shape, said):
    assert said in refused(decoder_with(tmp_path, SHOW, shape=shape))


def test_indices_out_of_range_and_of_another_type(tmp_path):
    config = indices_pair(tmp_path, size=6)
    assert " to 5; codebook_size: 5 allows 0 to 4" in refused(config | {"codebook_size": 5})
    below = [node("Sub", "x two", "a"), node("Cast", "a", "y", to=T.INT64)]
    save(
        Path(config["encoder"]), model(below, [value("x", PICTURE)], [value("y", None, "int64")], [constant("two", 2)])
    )
    assert "allows 0 to 5" in refused(config)
    save(Path(config["encoder"]), model(BIT, [value("x", PICTURE)], [value("y", None)], HALF))
    assert "its output 'y' is float32; uint8 or" in refused(config)
    config = indices_pair(tmp_path, size=6, llrs=True) | {"takes": "llrs", "codebook_size": 16}
    assert "but what it gets as llrs is [1, 3, 32, 33, 4]" in refused(config)


def test_symbols_of_another_power_or_number(tmp_path):
    line = refused(symbols_pair(tmp_path, power=0.5))
    assert "mean power 0.5 over the picture, two numbers a symbol; it must be 1: divide by 0.7071" in line
    assert "normalize: true" in line
    config = symbols_pair(tmp_path)
    for nodes, said in (
        ([node("Mul", "x zero", "y")], "mean power 0"),
        ([node("Mul", "x huge", "y")], "power"),
        ([node("ReduceMean", "x axes", "y", keepdims=1)], "an even number"),
    ):
        constants = [constant("zero", 0), constant("huge", 1e38), constant("axes", [2, 3], np.int64)]
        save(Path(config["encoder"]), model(nodes, [value("x", PICTURE)], [value("y", None)], constants))
        for normalize in (False, True):
            if "huge" not in str(nodes[0].input) or not normalize:
                assert said in refused(config | {"normalize": normalize})


def test_encoder_that_depends_on_its_neighbours(tmp_path):
    assert "when others are beside it in a batch" in refused(symbols_pair(tmp_path, over=(0, 1, 2, 3)))


def test_size_that_the_models_are_not_made_for(tmp_path):
    scheme = build(symbols_pair(tmp_path, sides=(48, 64)))
    scheme.transmit([picture(48, 64)], ["a"], [None], None)
    with pytest.raises(InputError) as caught:
        scheme.transmit([picture(48, 64), picture(40, 64)], ["a", "b"], [None, None], None)
    assert "is made for the height 48, and a picture has 40" in str(caught.value)
    assert "(image 'b', 40 x 64)" in str(caught.value)


# Keys


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"takes": "symbols"}, "takes: symbols does not go with sends: bits; allowed: bits or llrs"),
        ({"codebook_size": 8}, "sends: bits has no codebook_size"),
        ({"sends": "indices"}, "sends: indices needs a codebook_size"),
        ({"normalize": True}, "normalize is for symbols"),
        ({"sends": "symbols", "mcs": {"kind": "fixed", "rate": 0.5, "bits_per_symbol": 4}}, "leave mcs out"),
        ({"sends": "symbols", "concealment": "mean"}, "no CRC"),
        ({"sends": "symbols", "bpp": 0.5}, "give rho or channel_uses"),
        ({"mcs": {"kind": "capacity"}, "rho": 0.1}, "bound of separate design"),
        ({"scale": "0-1"}, "scale"),
        ({"multiple": 0}, "multiple"),
        ({"encoder": ""}, "encoder"),
        ({"custom_ops": "evil.so"}, "custom_ops"),
    ],
)
def test_keys_that_do_not_fit(tmp_path, keys, said):
    with pytest.raises(InputError) as caught:
        parse_scheme({"name": "Mine", "kind": "onnx"} | bits_pair(tmp_path) | keys)
    assert said in str(caught.value)


def test_what_is_wrong_at_one_snr_alone_is_told_with_it(tmp_path):
    """A decoder that shows NaN where the SNR is high."""
    config = symbols_pair(tmp_path, snr=("decoder",))
    inputs = [value("z", ["batch", 3, "h", "w"]), value("snr", [])]
    nodes = [node("Sub", "limit snr", "d"), node("Sqrt", "d", "q"), node("Mul", "q z", "r")]
    nodes.append(node("Mul", "r part", "grown"))
    nodes.append(helper.make_node("Resize", ["grown", "", "scales"], ["y"], mode="nearest"))
    constants = [constant("limit", 20), constant("part", 0.01), constant("scales", [1, 1, 2, 2])]
    save(Path(config["decoder"]), model(nodes, inputs, [value("y", None)], constants))
    scheme = build(config)
    sent = scheme.transmit([picture()], ["a"], [None], None)
    send(scheme, sent, 15.0)
    with pytest.raises(InputError, match=r"decoder: .*has NaN in it \(at 30 dB\)"):
        send(scheme, sent, 30.0)
