"""Compiled functions whose machine code is kept on disk for as long as the sources that it was made of stay the same."""

import functools
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numba.core.config
from numba.core.caching import InTreeCacheLocator, UserProvidedCacheLocator, UserWideCacheLocator

_PACKAGE = Path(__file__).parents[2]
_COMMON = Path(__file__).parents[1]
_config: Any = numba.core.config  # whose attributes mypy does not see


def kept_njit(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """`numba.njit` with `options`, without the GIL, its machine code kept where Numba keeps it (`NUMBA_CACHE_DIR`, `__pycache__`).

    Numba by itself goes by the file of the function alone, so that a change in a function that it calls, or in a constant of another file,
    goes unseen and old machine code runs on. What this compiles goes by all the sources of its room (the first folder below `linksim`) and
    of `linksim/common`, which is all that compiled code here is made of.
    """

    def compile_kept(function: Callable[..., Any]) -> Any:
        before = _config.CACHE_LOCATOR_CLASSES
        _config.CACHE_LOCATOR_CLASSES = ",".join(
            f"{__name__}.{place.__name__}" for place in (GivenFolder, BesideModule, UserFolder)
        )
        try:
            return numba.njit(cache=True, **{"nogil": True, **options})(function)
        finally:
            _config.CACHE_LOCATOR_CLASSES = before

    return compile_kept


@functools.cache
def sources_digest(room: Path) -> bytes:
    """SHA-256 over the paths and contents of the modules of a room and of `linksim/common`, read once per process."""
    digest = hashlib.sha256()
    for folder in sorted({room, _COMMON}):
        for path in sorted(folder.rglob("*.py")):
            contents = path.read_bytes()
            digest.update(f"{path.relative_to(folder)}\0{len(contents)}\0".encode() + contents)
    return digest.digest()


class _BySources:
    """A place of Numba's cache whose stamp is that of all the sources."""

    _py_file: str

    def get_source_stamp(self) -> bytes:
        return sources_digest(_PACKAGE / Path(self._py_file).relative_to(_PACKAGE).parts[0])


class GivenFolder(_BySources, UserProvidedCacheLocator):
    """The folder `NUMBA_CACHE_DIR`, where it is set."""


class BesideModule(_BySources, InTreeCacheLocator):
    """`__pycache__` beside the module, where it can be written."""


class UserFolder(_BySources, UserWideCacheLocator):
    """The user's cache of Numba."""
