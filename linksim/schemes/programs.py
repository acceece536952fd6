"""Programs that schemes call, looked for before anything heavy is imported."""

import shutil
from collections.abc import Iterable
from typing import Any

from linksim.common.errors import InputError


def check_programs(configs: Iterable[Any]) -> None:
    """Refuse a scheme whose program is not on the PATH. Raises `InputError`, which names the scheme."""
    for config in configs:
        name = getattr(config, "encoder", "")
        if name == "bpgenc" and shutil.which(name) is None:
            from linksim.codecs.bpg.reference import program

            try:
                program(name)
            except InputError as error:
                raise InputError(f"schemes.{config.name}.{error}") from None
