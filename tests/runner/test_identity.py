"""What identifies a point: all that its numbers depend on, and nothing else."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from linksim.common.errors import InputError
from linksim.common.plugins import Plugin
from linksim.common.reading.loading import validate
from linksim.data.images import open_images
from linksim.runner import identity
from linksim.runner.execution.cluster import check_versions
from linksim.runner.plan import Plan
from linksim.scenario import Scenario
from linksim.semantic.finding import find_checkpoint

LIBRARIES = [
    *(
        "linksim",
        "sionna-no-rt",
        "tensorflow",
        "keras",
        "numpy",
        "scipy",
        "numba",
        "pillow",
        "av",
        "scikit-image",
        "onnxruntime",
    ),
]
"""Whatever computes, decodes or encodes."""

SEMANTIC = {"name": "s", "kind": "semantic", "checkpoint": "vqvae", "damaged_checkpoint": "vqvae-robust"}


def scenario(*schemes: dict, **more: object) -> Scenario:
    data: dict[str, object] = {
        "name": "n",
        "images": {"dataset": "samples", "count": 1, "size": 32},
        "sweep": {"snr_db": [10.0]},
        "metrics": ["psnr"],
        "schemes": list(schemes),
    }
    return validate(data | more, Scenario, "test")


def point_id(given: Scenario) -> str:
    plan = Plan(given, open_images(given.images), identity.scheme_identities(given), given.metrics)
    return plan.point(plan.batch(0), given.schemes[0].name, 10.0, 0).id


LOADED = """
import json, sys
from pathlib import Path
import linksim
from linksim import run
run(json.loads(sys.argv[1]), out=sys.argv[2], figures=False)
root = Path(linksim.__file__).parent
print(json.dumps([str(Path(m.__file__).relative_to(root)) for n, m in sys.modules.items() if n.startswith("linksim.")]))
"""


def test_the_code_of_an_id_is_the_code_that_a_run_uses(tmp_path: Path) -> None:
    """What a run of every kind loads is hashed, but for what only reads, plans, stores and draws."""
    data = {
        "name": "n",
        "images": {"dataset": "samples", "count": 1, "size": 48},
        "link": {"code": {"kind": "ldpc5g", "block_bits": 256, "decoder": "layered"}},
        "sweep": {"snr_db": [10.0]},
        "metrics": ["psnr", "ms_ssim"],
        "schemes": [
            SEMANTIC | {"receiver": {"kind": "hard"}, "protection": {"kind": "bit-levels"}},
            {"name": "j", "kind": "jpeg", "quality": 20},
            {"name": "b", "kind": "bpg", "rate_match": "s", "mcs": {"kind": "capacity"}},
        ],
    }
    done = subprocess.run(
        [sys.executable, "-c", LOADED, json.dumps(data), str(tmp_path)], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    root = Path(identity.__file__).parents[1]
    hashed = {file.relative_to(root).as_posix() for file in identity.simulation_files()}
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    neutral = ("common/", "data/", "results/", "runner/", "scenario/", "reports/", "cli/", "api.py", "__")
    assert {file for file in loaded - hashed if not file.startswith(neutral)} == set()
    assert {"common/seeds.py", "data/images.py", "data/decode.py", "runner/simulation/simulator.py"} <= hashed
    assert {
        "link/coding/ldpc.py",
        "codebook/receiver.py",
        "schemes/semantic/scheme.py",
        "metrics/pixels.py",
    } <= hashed & loaded


@pytest.mark.parametrize("part", ["reports", "results", "cli", "training", "codebook/assignment", "semantic/card.py"])
def test_figures_tables_and_training_are_no_part_of_it(part: str) -> None:
    root = Path(identity.__file__).parents[1]
    assert (root / part).exists()
    assert not [file for file in identity.simulation_files() if file.is_relative_to(root / part)]


@pytest.mark.parametrize("library", LIBRARIES)
def test_another_version_of_a_library_is_another_point(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = point_id(scenario({"name": "j", "kind": "jpeg", "quality": 20}))
    found = identity.library_versions()
    assert found[library] != "absent"
    monkeypatch.setattr("linksim.runner.plan.library_versions", lambda: found | {library: "99.9"})
    assert point_id(scenario({"name": "j", "kind": "jpeg", "quality": 20})) != before


@pytest.mark.parametrize("key", ["checkpoint", "damaged_checkpoint"])
def test_other_weights_under_the_same_name_are_another_point(key: str, tmp_path: Path) -> None:
    path = tmp_path / "w.npz"
    path.write_bytes(find_checkpoint(SEMANTIC[key])[1])
    given = scenario(SEMANTIC | {key: str(path)})
    before = point_id(given)
    path.write_bytes(find_checkpoint("proposed")[1])
    assert point_id(given) != before


def test_other_validation_images_are_another_point(tmp_path: Path) -> None:
    image = tmp_path / "a.png"
    Image.fromarray(np.zeros((32, 32, 3), np.uint8)).save(image)
    mcs = {"kind": "adaptive", "validation": {"dataset": "folder", "path": str(tmp_path)}}
    given = scenario(
        {"name": "b", "kind": "bpg", "rate_match": "j", "mcs": mcs}, {"name": "j", "kind": "jpeg", "quality": 9}
    )
    before = point_id(given)
    Image.fromarray(np.ones((32, 32, 3), np.uint8)).save(image)
    assert point_id(given) != before


def test_the_scheme_that_sets_the_budget_is_a_part_of_it() -> None:
    jpeg = {"name": "b", "kind": "bpg", "rate_match": "j"}
    ids = {point_id(scenario(jpeg, {"name": "j", "kind": "jpeg", "quality": quality})) for quality in (9, 10)}
    assert len(ids) == 2


JPEG = {"name": "j", "kind": "jpeg", "quality": 20}


@pytest.mark.parametrize(
    "changed",
    [
        {"seed": 2},
        {"images": {"dataset": "samples", "count": 1, "size": 48}},
        {"images": {"dataset": "samples", "count": 2, "size": 32}},
        {"metrics": ["psnr", "ms_ssim"]},
        {"link": {"modulation": {"bits_per_symbol": 4}}},
        {"link": {"channel": {"kind": "awgn"}}},
        {"link": {"code": {"kind": "ldpc5g", "rate": 0.75}}},
        {"schemes": [JPEG | {"quality": 21}]},
    ],
    ids=str,
)
def test_every_part_of_a_scenario_that_a_result_depends_on(changed: dict) -> None:
    assert point_id(scenario(**{"schemes": [JPEG]} | changed)) != point_id(scenario(JPEG))


def test_snr_and_repetition_are_a_part_of_it() -> None:
    given = scenario(JPEG)
    plan = Plan(given, open_images(given.images), identity.scheme_identities(given), given.metrics)
    batch = plan.batch(0)
    assert len({plan.point(batch, "j", snr, r).id for snr in (1.0, 2.0) for r in (0, 1)}) == 4


def test_the_metric_that_adaptive_coding_decides_by_is_a_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    mcs = {"kind": "adaptive", "metric": "ms_ssim", "validation": {"dataset": "samples", "count": 1, "size": 32}}
    given = scenario({"name": "b", "kind": "bpg", "rho": "1/4", "mcs": mcs})
    asked: list[str] = []
    monkeypatch.setattr("linksim.runner.plan.facts", lambda names: asked.extend(names) or {})
    point_id(given)
    assert "ms_ssim" in asked


def test_another_reference_encoder_is_another_point(monkeypatch: pytest.MonkeyPatch) -> None:
    given = scenario({"name": "b", "kind": "bpg", "qp": 40, "encoder": "bpgenc"})
    monkeypatch.setattr("linksim.schemes.identity.shutil.which", lambda name: f"/bin/{name}")
    ids = set()
    for version in ("a", "b"):
        monkeypatch.setattr("linksim.codecs.bpg.reference.program_hash", lambda name, version=version: version)
        ids.add(point_id(given))
    assert len(ids) == 2


def test_what_a_point_does_not_depend_on() -> None:
    jpeg = {"name": "j", "kind": "jpeg", "quality": 20}
    others = [
        scenario(jpeg, description="another text"),
        scenario(jpeg, {"name": "k", "kind": "jpeg", "quality": 30}),
        scenario(jpeg, sweep={"snr_db": [10.0, 12.0], "repetitions": 3}),
    ]
    assert {point_id(other) for other in others} == {point_id(scenario(jpeg))}


def test_weights_and_code_of_a_plugin_are_a_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = {"network": "a"}
    module = SimpleNamespace(identity=lambda config: weights)
    config = SimpleNamespace(kind="mine", name="m")
    monkeypatch.setattr("linksim.schemes.identity.plugins", lambda: {"mine": Plugin(module, "pack 1.0")})
    monkeypatch.setattr("linksim.schemes.identity.code_digest", lambda module: "code")
    from linksim.schemes.identity import identity as identity_of

    assert identity_of(config) == {"package": "pack 1.0", "code": "code", "own network": "a"}
    weights["network"] = 7
    with pytest.raises(InputError, match=r"plug-in of package pack 1\.0: m: identity returned"):
        identity_of(config)


def test_changed_code_of_a_plugin_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib

    from linksim.common.plugin_code import code_digest

    package = tmp_path / "plug_in_for_test"
    package.mkdir()
    (package / "__init__.py").write_text("from plug_in_for_test.inner import Thing\n")
    (package / "inner.py").write_text("class Thing:\n    pass\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    module = importlib.import_module("plug_in_for_test")
    digests = {code_digest(module), code_digest(module.Thing), code_digest(module.Thing())}
    assert len(digests) == 1
    (package / "inner.py").write_text("class Thing:\n    more = 1\n")
    assert code_digest(module) not in digests


def test_a_worker_with_other_versions_is_refused() -> None:
    check_versions(identity.all_versions())
    with pytest.raises(InputError, match=r"has av .*where this run has 1.0; install the same versions"):
        check_versions(identity.all_versions() | {"av": "1.0"})
