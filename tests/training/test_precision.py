"""`precision: auto` takes what the machine computes fast."""

import pytest

from linksim.training import precision
from linksim.training.config import TrainConfig


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("flags\t\t: fpu avx2 avx512f avx512_bf16\n", True),
        ("flags\t\t: fpu avx2 amx_bf16 amx_tile\n", True),
        ("Features\t: fp asimd bf16\n", True),
        ("flags\t\t: fpu avx2 fma\nbugs\t: bf16\n", False),
        ("", False),
    ],
)
def test_processor_flags(tmp_path, text, expected):
    (tmp_path / "cpuinfo").write_text(text)
    assert precision.computes_bfloat16(tmp_path / "cpuinfo") is expected


def test_where_the_flags_cannot_be_read_float32_is_taken(tmp_path):
    assert not precision.computes_bfloat16(tmp_path / "absent")


@pytest.mark.parametrize(("fast", "expected"), [(True, "mixed_bfloat16"), (False, "float32")])
def test_auto_is_replaced_and_the_rest_is_kept(monkeypatch, fast, expected):
    monkeypatch.setattr(precision, "computes_bfloat16", lambda: fast)
    monkeypatch.setattr(precision, "_has_gpu", lambda: False)
    config = TrainConfig(name="x")
    resolved = precision.with_precision(config)
    assert resolved.precision == expected
    assert resolved.model_copy(update={"precision": "auto"}) == config
    for fixed in ("float32", "mixed_bfloat16"):
        chosen = TrainConfig(name="x", precision=fixed)
        assert precision.with_precision(chosen) is chosen
