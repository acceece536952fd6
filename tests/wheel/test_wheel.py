"""The wheel alone gives what README and quickstart promise: `linksim init demo && linksim run demo/quickstart.yaml`."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from linksim.common.version import __version__
from tests.wheel.wheel import ROOT, Environment, built_wheel, sources


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sources(tmp_path_factory.mktemp("source"))


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built_wheel(source, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return Environment(tmp_path_factory.mktemp("bare") / "venv", wheel)


def test_the_wheel_has_what_the_package_reads_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    package = {
        file.relative_to(ROOT).as_posix()
        for file in (ROOT / "linksim").rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    shipped = {
        f"linksim/shipped/{file.relative_to(ROOT / 'scenarios').as_posix()}"
        for file in (ROOT / "scenarios").rglob("*.yaml")
    }
    assert len(shipped) > 10
    assert {name for name in names if name.startswith("linksim/")} == package | shipped
    assert {name.split("/")[0] for name in names} == {"linksim", f"linksim-{__version__}.dist-info"}


def test_a_wheel_is_built_from_the_source_distribution_as_well(source: Path, tmp_path: Path) -> None:
    build = "import sys, setuptools.build_meta as backend; backend.build_sdist(sys.argv[1])"
    command = [sys.executable, "-c", build, str(tmp_path)]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    assert {"setup.py", "pyproject.toml", "linksim/pretrained/vqvae.npz"} <= names
    recipes = {
        f"scenarios/{file.relative_to(ROOT / 'scenarios').as_posix()}" for file in ROOT.glob("scenarios/**/*.yaml")
    }
    assert recipes <= names


def test_linksim_is_that_of_the_wheel(environment: Environment) -> None:
    done = environment.run("python", "-c", "import linksim; print(linksim.__file__)")
    assert Path(done.stdout.strip()).is_relative_to(environment.folder), done.stderr
    assert environment.run("linksim", "--version").stdout.strip() == __version__


def test_init_and_run_give_the_figure(environment: Environment, tmp_path: Path) -> None:
    laid_out = environment.run("linksim", "init", "demo", cwd=tmp_path)
    assert laid_out.returncode == 0, laid_out.stderr
    assert laid_out.stdout.rstrip().endswith("Next: linksim run demo/quickstart.yaml")
    for file in (ROOT / "scenarios").rglob("*.yaml"):
        assert (tmp_path / "demo" / file.relative_to(ROOT / "scenarios")).read_bytes() == file.read_bytes()
    small = ("images.count=1", "images.size=64", "sweep.snr_db=[16]", "link.code.decoder=layered")
    settings = [word for value in small for word in ("--set", value)]
    done = environment.run("linksim", "run", "demo/quickstart.yaml", *settings, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    results = tmp_path / "results" / "quickstart"
    table = pd.read_csv(results / "results.csv")
    assert list(table["scheme"]) == ["JPEG+LDPC", "BPG+LDPC", "VQ-VAE"]
    assert (results / "psnr.png").read_bytes()[:4] == b"\x89PNG"
    assert (results / "examples.png").is_file()
