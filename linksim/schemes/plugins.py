"""Schemes of other packages, found through the entry-point group `linksim.schemes`.

An entry point gives an object (a module will do) with two members: `config`, a pydantic model with the fields `name`,
`rate_match` and `kind: Literal["..."]`, and `build(config, context)`, which returns a `linksim.schemes.base.Scheme`.
"""

from functools import cache
from typing import Any, Protocol

from linksim.common.plugins import Plugin, find_plugins, plugin_error, plugin_of

GROUP = "linksim.schemes"
OWN_KINDS = ("jpeg", "bpg", "jpeg2000", "webp", "avif", "semantic", "deepjscc", "deepjscc-q", "onnx")
MAX_NAME = 60
NEEDED_FIELDS = ("name", "kind", "rate_match")
_NEEDS = (
    f"`config`, a pydantic model with the fields {', '.join(NEEDED_FIELDS)} and kind: "
    'Literal["..."], and `build(config, context)`'
)


class SchemePlugin(Protocol):
    """The object that an entry point of the group names."""

    config: Any

    def build(self, config: Any, context: Any) -> Any:
        """The `Scheme` of a validated configuration."""


@cache
def plugins() -> dict[str, Plugin]:
    """Installed plugins by the kind they add; `module` is a `SchemePlugin`.

    Raises `InputError` as `find_plugins` does.
    """
    return find_plugins(GROUP, OWN_KINDS, _NEEDS, _fits)


def _fits(module: Any) -> bool:
    return set(NEEDED_FIELDS) <= set(module.config.model_fields) and callable(getattr(module, "build", None))


def check_plugin_names(config: Any) -> None:
    """That name and budget of another package's scheme are text, as everything else relies on. Raises `PluginError`."""
    plugin = plugin_of(type(config))
    if plugin is None:
        return
    if not isinstance(config.name, str) or not config.name.isprintable() or not 1 <= len(config.name) <= MAX_NAME:
        raise plugin_error(
            *plugin, f"config has the name {config.name!r}; one line of 1 to {MAX_NAME} characters is needed"
        )
    if not isinstance(config.rate_match, str | None):
        raise plugin_error(
            *plugin, f"config has the rate_match {config.rate_match!r}; the name of a scheme or None is needed"
        )
