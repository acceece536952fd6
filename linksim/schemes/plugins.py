"""Schemes of other packages, found through the entry-point group `linksim.schemes`.

An entry point gives an object (a module will do) with two members: `config`, a pydantic model with the fields `name`, `rate_match` and
`kind: Literal["..."]`, and `build(config, context)`, which returns a `linksim.schemes.base.Scheme`.
"""

from functools import cache
from typing import Any, Protocol

from linksim.common.plugins import Plugin, find_plugins

GROUP = "linksim.schemes"
OWN_KINDS = ("jpeg", "bpg", "semantic")
NEEDED_FIELDS = ("name", "kind", "rate_match")
_NEEDS = (
    f"`config`, a pydantic model with the fields {', '.join(NEEDED_FIELDS)} and kind: "
    'Literal["..."], and `build(config, context)`'
)


class SchemePlugin(Protocol):
    """What an entry point of the group gives."""

    config: Any

    def build(self, config: Any, context: Any) -> Any:
        """The `Scheme` of a validated configuration."""


@cache
def plugins() -> dict[str, Plugin]:
    """Installed plugins by the kind they add; `module` is a `SchemePlugin`. Raises `InputError` as `find_plugins` does."""
    return find_plugins(GROUP, OWN_KINDS, _NEEDS, _fits)


def _fits(module: Any) -> bool:
    return set(NEEDED_FIELDS) <= set(module.config.model_fields) and callable(getattr(module, "build", None))
