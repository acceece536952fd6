"""Schemes of other packages, found through the entry-point group `linksim.schemes`.

An entry point gives an object (a module will do) with two members: `config`, a pydantic model with the fields `name`, `rate_match` and
`kind: Literal["..."]`, and `build(config, context)`, which returns a `linksim.schemes.base.Scheme`.
"""

import typing
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Protocol

from linksim.errors import InputError

GROUP = "linksim.schemes"
OWN_KINDS = ("jpeg", "bpg", "semantic")
NEEDED_FIELDS = ("name", "kind", "rate_match")


class SchemePlugin(Protocol):
    """What an entry point of the group gives."""

    config: Any

    def build(self, config: Any, context: Any) -> Any:
        """The `Scheme` of a validated configuration."""


@cache
def plugins() -> dict[str, SchemePlugin]:
    """Installed plugins by the kind they add.

    Raises:
        InputError: a plugin cannot be loaded, lacks a member, or takes a kind that is taken; it names the plugin.
    """
    found: dict[str, SchemePlugin] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        plugin, kind = _load(point)
        if kind in OWN_KINDS or kind in found:
            raise InputError(f"scheme plugin {point.name} ({point.value}): kind {kind!r} is taken; choose another")
        found[kind] = plugin
    return found


def _load(point: EntryPoint) -> tuple[SchemePlugin, str]:
    where = f"scheme plugin {point.name} ({point.value})"
    try:
        plugin = point.load()
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise InputError(f"{where} cannot be loaded ({reason}); repair or uninstall its package") from error
    fields = getattr(getattr(plugin, "config", None), "model_fields", {})
    missing = [name for name in NEEDED_FIELDS if name not in fields]
    kinds = typing.get_args(fields["kind"].annotation) if "kind" in fields else ()
    if missing or len(kinds) != 1 or not callable(getattr(plugin, "build", None)):
        raise InputError(
            f"{where}: needs `config`, a pydantic model with the fields {', '.join(NEEDED_FIELDS)} and kind: "
            'Literal["..."], and `build(config, context)`'
        )
    return plugin, str(kinds[0])
