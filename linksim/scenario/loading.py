"""From a scenario file and `--set` overrides to a `Scenario`."""

from collections.abc import Sequence
from pathlib import Path

from linksim.common.reading.loading import load
from linksim.scenario.models import Scenario


def load_scenario(path: str | Path, overrides: Sequence[str] = ()) -> Scenario:
    """The scenario in the YAML file `path`.

    Args:
        path: the file.
        overrides: `KEY=VALUE` strings as for `linksim run --set`.

    Raises:
        InputError: names file, field, what was given and what is allowed.
    """
    return load(path, Scenario, overrides)
