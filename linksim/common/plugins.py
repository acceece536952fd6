"""What other packages add to linksim through entry points: found, checked, and named with their package where they
fail.
"""

import typing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import EntryPoint, entry_points
from typing import Any, NamedTuple

from pydantic import AfterValidator

from linksim.common.errors import InputError, LinksimError


class PluginError(InputError):
    """A fault of another package: names the kind, the package, and what went wrong in it.

    Nothing in the scenario mends it.
    """


class Plugin(NamedTuple):
    """What an entry point gives.

    Attributes:
        module: the object it names (a module will do), with `config`, a pydantic model with `kind: Literal["..."]`,
            and functions.
        package: name and version of the distribution that brings it, e.g. `linksim-example-schemes 1.0.0`.
    """

    module: Any
    package: str


_found: dict[tuple[str, str], Plugin] = {}
"""Every plugin found so far, by what it is (scheme, channel, ...) and its kind."""


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
        if len(kinds) != 1 or not _fits(fits, entry.object):
            raise InputError(f"{entry.where}: needs {needs}")
        if kinds[0] in own_kinds or kinds[0] in found:
            raise InputError(f"{entry.where}: kind {kinds[0]!r} is taken; choose another")
        found[kinds[0]] = Plugin(entry.object, entry.package)
    _found.update({(_what(group), kind): plugin for kind, plugin in found.items()})
    return found


def _what(group: str) -> str:
    """The thing that a group adds: scheme, channel, metric."""
    return group.rpartition(".")[2].removesuffix("s")


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
    """Everything in an entry-point group, by name.

    Raises `InputError` for what cannot be loaded; it names the plugin.
    """
    for point in sorted(entry_points(group=group), key=lambda point: point.name):
        where = f"{_what(group)} plugin {point.name} ({point.value})"
        distribution = getattr(point, "dist", None)
        package = f"{distribution.name} {distribution.version}" if distribution else "unknown"
        yield Entry(point.name, _load(point, where), package, where)


def _load(point: EntryPoint, where: str) -> Any:
    try:
        return point.load()
    except (Exception, SystemExit) as error:
        raise InputError(f"{where} cannot be loaded ({_said(error)}); repair or uninstall its package") from error


def _fits(fits: Callable[[Any], bool], module: Any) -> bool:
    try:
        return fits(module)
    except Exception:  # whatever a foreign object answers when it is asked for its members
        return False


def _kinds(config: Any) -> tuple[str, ...]:
    """Values that the `kind` of a pydantic model may have; none where it is no such model."""
    fields = getattr(config, "model_fields", {})
    field = fields.get("kind") if isinstance(fields, dict) else None
    return tuple(map(str, typing.get_args(field.annotation))) if field else ()


def plugin_error(what: str, kind: str, package: str, problem: str) -> PluginError:
    """The one line for a fault: `what` is scheme, channel, ...; `problem` says which function did what, and what is
    needed.
    """
    return PluginError(f"{what} {kind}: plug-in of package {package}: {' '.join(problem.split())}")


@contextmanager
def plugin_call(what: str, kind: str, package: str, function: str) -> Iterator[None]:
    """Inside, another package's code runs: whatever it raises comes out as `PluginError` that names it, linksim's own
    errors too.
    """
    try:
        yield
    except PluginError:
        raise
    except LinksimError as error:
        raise plugin_error(what, kind, package, f"{function}: {error}") from error
    except (Exception, SystemExit) as error:
        raise plugin_error(what, kind, package, f"{function} failed: {_said(error)}{_HINT}") from error


def checked_config(what: str, kind: str, plugin: Plugin) -> Any:
    """The type of the plugin's `config` for a union of models; what its own validators turn into something else is a
    `PluginError`.
    """

    def is_one(value: Any) -> Any:
        if not isinstance(value, plugin.module.config):
            problem = (
                f"config became {type(value).__name__}; its validators have to return {plugin.module.config.__name__}"
            )
            raise plugin_error(what, kind, plugin.package, problem)
        return value

    return typing.Annotated[plugin.module.config, AfterValidator(is_one)]


def plugin_of(config: type) -> tuple[str, str, str] | None:
    """What it is (scheme, channel, ...), kind and package of the plugin whose configuration `config` is; None for
    linksim's own.
    """
    for (what, kind), plugin in _found.items():
        if plugin.module.config is config:
            return what, kind, plugin.package
    return None


def fault_of_plugin(error: BaseException, function: str) -> PluginError | None:
    """The error as `PluginError`, where it was raised in the module of a plugin; None where it was not."""
    modules = {plugin.module.config.__module__: (key, plugin) for key, plugin in _found.items()}
    trace = error.__traceback__
    while trace is not None:
        if found := modules.get(trace.tb_frame.f_globals.get("__name__", "")):
            (what, kind), plugin = found
            return plugin_error(what, kind, plugin.package, f"{function} failed: {_said(error)}{_HINT}")
        trace = trace.tb_next
    return None


_HINT = " (LINKSIM_DEBUG=1 shows where)"


def _said(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:200]}" if text else type(error).__name__
