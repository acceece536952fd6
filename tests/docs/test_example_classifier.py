"""The example package's classifier metric, with a classifier whose decisions are known: is red, green or blue the strongest."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
import pytest
import yaml
from onnx import TensorProto, helper

from tests.docs.example_package import install

COUNT = (
    "import numpy as np, sys; from linksim_example import same_class as m;"
    "rng = np.random.default_rng(1); a, b = rng.integers(0, 256, (2, 30, 16, 24, 3), np.uint8);"
    "a[:, :8] //= 2; expected = a.mean((1, 2)).argmax(-1) == b.mean((1, 2)).argmax(-1);"
    "assert 3 < expected.sum() < 27; assert (m.compute(a, b) == expected).all();"
    "assert (m.compute(a, a) == 1).all(); print(m.identity()['classifier'])"
)


def classifier(path: Path, sides: tuple[int | str, int | str] = ("h", "w")) -> Path:
    """Mean colours as scores, blue first: a grey picture counts as blue."""
    picture = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3, *sides])
    scores = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 3])
    axes = onnx.numpy_helper.from_array(np.array([2, 3]), "axes")
    order = onnx.numpy_helper.from_array(np.array([2, 1, 0]), "order")
    nodes = [
        helper.make_node("ReduceMean", ["x", "axes"], ["m"], keepdims=0),
        helper.make_node("Gather", ["m", "order"], ["y"], axis=1),
    ]
    graph = helper.make_graph(nodes, "g", [picture], [scores], [axes, order])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    path.write_bytes(model.SerializeToString())
    return path


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(tmp_path_factory.mktemp("installed"), tmp_path_factory.mktemp("source"))


def run(installed: Path, model: Path | None, *arguments: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(filter(None, (str(installed), os.environ.get("PYTHONPATH"))))
    environment = os.environ | {"PYTHONPATH": path} | ({"LINKSIM_EXAMPLE_CLASSIFIER": str(model)} if model else {})
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=300, env=environment)


def test_classes_are_compared(installed: Path, tmp_path: Path) -> None:
    done = run(installed, classifier(tmp_path / "c.onnx"), "-c", COUNT)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.strip()) == 64
    # Means do not change where a size that divides the picture's is asked for.
    done = run(installed, classifier(tmp_path / "small.onnx", (16, 24)), "-c", COUNT)
    assert done.returncode == 0, done.stderr


def test_a_run_has_its_column_and_figure(installed: Path, tmp_path: Path) -> None:
    scenario = {
        "name": "classes",
        "images": {"dataset": "samples", "count": 3, "size": 64},
        "link": {"code": {"kind": "ldpc5g", "block_bits": 512, "decoder": "layered"}, "channel": {"kind": "awgn"}},
        "sweep": {"snr_db": [0, 20]},
        "metrics": ["psnr", "same_class"],
        "schemes": [{"name": "JPEG", "kind": "jpeg", "quality": 60, "concealment": "grey"}],
    }
    (tmp_path / "s.yaml").write_text(yaml.safe_dump(scenario))
    model = classifier(tmp_path / "c.onnx")
    done = run(installed, model, "-m", "linksim", "run", str(tmp_path / "s.yaml"), "--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(tmp_path / "out" / "results.csv")
    assert list(table["outage_rate"]) == [1, 0]
    assert list(table["same_class"]) == [0, 1]  # all three photographs are more red than blue
    assert (tmp_path / "out" / "same_class.png").is_file()


def test_without_a_classifier_the_run_says_why(installed: Path) -> None:
    done = run(installed, None, "-c", "from linksim_example.same_class import compute; compute([], [])")
    assert "set LINKSIM_EXAMPLE_CLASSIFIER to the path of its ONNX file" in done.stderr
