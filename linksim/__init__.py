"""linksim: a link-level simulator for digital semantic communications."""

from typing import TYPE_CHECKING, Any

from linksim.common.version import __version__

if TYPE_CHECKING:
    from linksim.api import Results, load_results, run

__all__ = ["Results", "__version__", "load_results", "run"]


def __getattr__(name: str) -> Any:
    # `import linksim` stays instant; what needs pydantic and more is imported when it is asked for.
    if name in ("Results", "load_results", "run"):
        from linksim import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
