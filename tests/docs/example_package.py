"""The example package as a user would install it, and linksim beside it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.docs.pages import ROOT

PACKAGE = ROOT / "examples" / "linksim-example-schemes"


def install(target: Path, build: Path) -> Path:
    """The folder `target` with the package in it; `build` is a folder to build in, since pip builds beside the source."""
    source = shutil.copytree(PACKAGE, build / "package")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index", "--no-deps"]
    command = [*pip, "--no-build-isolation", "--target", str(target), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return target


def python(installed: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Python in which the package is installed."""
    path = os.pathsep.join(filter(None, (str(installed), os.environ.get("PYTHONPATH"))))
    environment = os.environ | {"PYTHONPATH": path}
    command = [sys.executable, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)


def linksim(installed: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """linksim's command line with the package."""
    return python(installed, "-m", "linksim", *arguments)
