"""The wheel, built without a network, and an environment that has linksim from it alone."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).parents[2]
PARTS = ("linksim", "scenarios", "pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE")


def sources(target: Path) -> Path:
    """A copy of what a build needs: setuptools builds beside the source."""
    leave_out = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, target / part, ignore=leave_out)
        else:
            shutil.copy(ROOT / part, target / part)
    return target


def built_wheel(source: Path, target: Path) -> Path:
    """The one wheel of `source`, in the folder `target`."""
    quiet = ("--quiet", "--disable-pip-version-check", "--no-index", "--no-deps", "--no-build-isolation")
    _run(sys.executable, "-m", "pip", "wheel", *quiet, "--wheel-dir", str(target), str(source))
    (wheel,) = target.glob("linksim-*.whl")
    return wheel


class Environment:
    """A fresh virtual environment with linksim from a wheel, and everything else from the present environment.

    The present site-packages come in by path, so that their `.pth` files, and with them an editable linksim, do not.
    """

    def __init__(self, folder: Path, wheel: Path) -> None:
        self.folder = folder
        self.scripts = folder / ("Scripts" if os.name == "nt" else "bin")
        _run(sys.executable, "-m", "venv", "--without-pip", str(folder))
        python = str(self.scripts / "python")
        pip = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--disable-pip-version-check")
        _run(*pip, "--no-index", "--no-deps", str(wheel))
        site = Path(self.run("python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").stdout.strip())
        present = dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib"))
        (site / "present.pth").write_text("\n".join(present) + "\n")

    def run(self, program: str, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """A program of the environment, with no path to this checkout."""
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        command = [str(self.scripts / program), *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=900, env=environment, cwd=cwd or self.folder
        )


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
