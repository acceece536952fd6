"""What ONNX Runtime says of a failure, without the places in its source."""

import pytest

from linksim.onnx.words import MOST_TEXT, said

FAILED = "[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : Non-zero status code returned while running "
SOURCE = "/onnxruntime_src/onnxruntime/core/"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            f"{FAILED}Reshape node. Name:'/r' Status Message: {SOURCE}reshape_helper.h:47 onnxruntime::ReshapeHelper::"
            "ReshapeHelper(const onnxruntime::TensorShape&, onnxruntime::TensorShapeVector&, bool) a == b was false.",
            "node Reshape '/r': a == b was false.",
        ),
        (
            f"{FAILED}Div node. Name:'' Status Message: element_wise_ops.cc:703 Compute Integer division by zero",
            "node Div: Integer division by zero",
        ),
        (
            f"[ONNXRuntimeError] : 1 : FAIL : {SOURCE}x.cc:371 void onnxruntime::Broadcast::Append(ptrdiff_t, ptrdiff_t) "
            "axis == 1 was false (3 by 4)",
            "axis == 1 was false (3 by 4)",
        ),
        (
            f"[ONNXRuntimeError] : 1 : FAIL : {SOURCE}b.cc:12 onnxruntime::common::Status onnxruntime::Foo<T, U>::Compute("
            "std::function<void(int)>) const [with T = float] bad thing (here)",
            "bad thing (here)",
        ),
        ("[ONNXRuntimeError] : 10 : INVALID_GRAPH : In Node, (x, Conv, -1)\n : no", "In Node, (x, Conv, -1) : no"),
        ("a\x1b[31mb", "a?[31mb"),
        ("x" * 1000, "x" * MOST_TEXT + "..."),
    ],
)
def test_said(text, shown):
    assert said(RuntimeError(text)) == shown
