"""The wheel takes the shipped scenarios and training recipes along, as `linksim/shipped`; all else is in pyproject.toml."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

SCENARIOS = Path(__file__).parent / "scenarios"


class BuildWithScenarios(build_py):
    """Python files as ever, and `scenarios/` beside them; an editable install reads them where they are."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        shipped = Path(self.build_lib) / "linksim" / "shipped"
        shutil.rmtree(shipped, ignore_errors=True)  # a former build may have had scenarios that are gone
        shutil.copytree(
            SCENARIOS, shipped, ignore=lambda folder, names: [n for n in names if "." in n and not n.endswith(".yaml")]
        )


setup(cmdclass={"build_py": BuildWithScenarios})
