"""What other packages add to linksim through entry points: found, checked, and named with their package."""

import typing
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint, entry_points
from typing import Any, NamedTuple

from linksim.common.errors import InputError


class Plugin(NamedTuple):
    """What an entry point gives.

    Attributes:
        module: the object it names (a module will do), with `config`, a pydantic model with `kind: Literal["..."]`, and functions.
        package: name and version of the distribution that brings it, e.g. `linksim-example-schemes 1.0.0`.
    """

    module: Any
    package: str


def find_plugins(group: str, own_kinds: tuple[str, ...], needs: str, fits: Callable[[Any], bool]) -> dict[str, Plugin]:
    """Installed plugins of an entry-point group by the kind they add.

    Args:
        group: e.g. `linksim.schemes`; its last part names the plugins in errors.
        own_kinds: linksim's own, which nobody else may take.
        needs: what a plugin has to have, as an error says it.
        fits: whether an object has it; its `config.kind` is checked here.

    Raises:
        InputError: a plugin cannot be loaded, lacks what it needs, or takes a kind that is taken; it names the plugin.
    """
    found: dict[str, Plugin] = {}
    for entry in load_entries(group):
        kinds = _kinds(getattr(entry.object, "config", None))
        if len(kinds) != 1 or not fits(entry.object):
            raise InputError(f"{entry.where}: needs {needs}")
        if kinds[0] in own_kinds or kinds[0] in found:
            raise InputError(f"{entry.where}: kind {kinds[0]!r} is taken; choose another")
        found[kinds[0]] = Plugin(entry.object, entry.package)
    return found


class Entry(NamedTuple):
    """A loaded entry point.

    Attributes:
        name: its name in the group.
        object: what it names.
        package: name and version of its distribution.
        where: how errors call it, e.g. `metric plugin mae (package.mae)`.
    """

    name: str
    object: Any
    package: str
    where: str


def load_entries(group: str) -> Iterator[Entry]:
    """Everything in an entry-point group, by name. Raises `InputError` for what cannot be loaded; it names the plugin."""
    for point in sorted(entry_points(group=group), key=lambda point: point.name):
        where = f"{group.rpartition('.')[2].removesuffix('s')} plugin {point.name} ({point.value})"
        distribution = getattr(point, "dist", None)
        package = f"{distribution.name} {distribution.version}" if distribution else "unknown"
        yield Entry(point.name, _load(point, where), package, where)


def _load(point: EntryPoint, where: str) -> Any:
    try:
        return point.load()
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise InputError(f"{where} cannot be loaded ({reason}); repair or uninstall its package") from error


def _kinds(config: Any) -> tuple[str, ...]:
    """Values that the `kind` of a pydantic model may have; none where it is no such model."""
    field = getattr(config, "model_fields", {}).get("kind")
    return tuple(map(str, typing.get_args(field.annotation))) if field else ()
