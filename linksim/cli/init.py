"""`linksim init`: the shipped scenarios and training recipes as files of the user's."""

import shlex
from pathlib import Path

from linksim.scenario.shipped import lay_out


def init_command(folder: Path, force: bool) -> None:
    """Write the files, say what each is, and what to type next."""
    laid_out = lay_out(folder, force)
    width = max(len(str(path)) for path in laid_out)
    for path, line in laid_out.items():
        print(f"{path!s:<{width}}  {line}")
    print(f"\nNext: linksim run {shlex.quote(str(folder / 'quickstart.yaml'))}")
