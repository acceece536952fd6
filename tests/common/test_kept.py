"""Machine code that is kept on disk: none of it outlives a source that it was made of."""

import importlib
import os
import pkgutil
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from numba.core.registry import CPUDispatcher

import linksim
from linksim.common.compiled import kept

HERE = Path(linksim.__file__).parent
CALLER = """
from linksim.common.compiled.kept import kept_njit
from linksim.{callee} import STEP, forward

@kept_njit()
def twice(value):
    return forward(forward(value)) + STEP
"""
CALLEE = """
from linksim.common.compiled.kept import kept_njit

STEP = {constant}

@kept_njit()
def forward(value):
    return value + {step}
"""


def _package(folder: Path, callee: str) -> Path:
    """A small package of the name `linksim` with a compiled function in one room and what it calls in another file."""
    package = folder / "linksim"
    shutil.copytree(HERE / "common", package / "common", ignore=shutil.ignore_patterns("__pycache__", "*.nb[ic]"))
    (package / "__init__.py").write_text("")
    (package / "link").mkdir()
    (package / "link" / "__init__.py").write_text("")
    (package / "link" / "caller.py").write_text(CALLER.format(callee=callee))
    return package


def _value(folder: Path, **environment: str) -> tuple[int, int]:
    """What the compiled function returns in a process of its own, and how many compiled forms it found on disk."""
    unset = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    call = "from linksim.link.caller import twice; print(twice(1), sum(twice.stats.cache_hits.values()))"
    done = subprocess.run(
        [sys.executable, "-c", call],
        cwd=folder,
        env=unset | environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    value, hits = done.stdout.split()
    return int(value), int(hits)


@pytest.mark.parametrize("callee", ["link.callee", "common.compiled.callee"])
@pytest.mark.parametrize("given", [False, True])
def test_a_change_in_another_file_is_compiled_anew(tmp_path, callee, given):
    package = _package(tmp_path, callee)
    path = package.joinpath(*callee.split(".")).with_suffix(".py")
    environment = {"NUMBA_CACHE_DIR": str(tmp_path / "kept")} if given else {}
    path.write_text(CALLEE.format(step=10, constant=0))
    assert _value(tmp_path, **environment) == (21, 0)
    assert _value(tmp_path, **environment) == (21, 1)
    path.write_text(CALLEE.format(step=20, constant=0))
    assert _value(tmp_path, **environment) == (41, 0)
    path.write_text(CALLEE.format(step=20, constant=5))
    assert _value(tmp_path, **environment) == (46, 0)
    assert bool(list((tmp_path / "kept").glob("**/*.nbi"))) == given


def test_another_room_leaves_it_alone(tmp_path):
    package = _package(tmp_path, "link.callee")
    (package / "link" / "callee.py").write_text(CALLEE.format(step=10, constant=0))
    _value(tmp_path)
    (package / "metrics").mkdir()
    (package / "metrics" / "new.py").write_text("")
    assert _value(tmp_path) == (21, 1)


def test_every_compiled_function_of_the_project_goes_by_its_sources():
    names = [
        module.name for module in pkgutil.walk_packages(linksim.__path__, "linksim.") if "njit" in _source(module.name)
    ]
    found = 0
    for name in names:
        for value in vars(importlib.import_module(name)).values():
            if (
                isinstance(value, CPUDispatcher)
                and value.py_func.__module__ == name
                and value.targetoptions.get("inline") != "always"
            ):
                assert isinstance(value._cache._impl.locator, kept._BySources), f"{name}.{value.py_func.__name__}"
                found += 1
    assert found > 20


def _source(name: str) -> str:
    path = HERE.parent.joinpath(*name.split("."))
    return (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text()
