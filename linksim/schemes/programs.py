"""Programs that schemes call, looked for before anything heavy is imported."""

import shutil
from collections.abc import Iterable
from typing import Any

from linksim.common.errors import InputError
from linksim.schemes.config import BpgConfig


def check_programs(configs: Iterable[Any]) -> None:
    """Refuse a scheme whose program is not on the PATH. Raises `InputError`, which names the scheme."""
    for config in configs:
        if isinstance(config, BpgConfig) and config.encoder == "bpgenc" and shutil.which(config.encoder) is None:
            from linksim.codecs.bpg.reference import program

            try:
                program(config.encoder)
            except InputError as error:
                raise InputError(f"schemes.{config.name}.{error}") from None
