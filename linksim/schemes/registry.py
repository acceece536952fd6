"""From a scheme's dictionary to its configuration, and from the configuration to the scheme."""

from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from linksim.common.errors import InputError
from linksim.link.config import LinkConfig
from linksim.schemes.base import Scheme, SchemeContext
from linksim.schemes.compute import ComputeConfig
from linksim.schemes.config import (
    AdaptiveMcs,
    ClassicalConfig,
    DeepJsccConfig,
    DeepJsccQConfig,
    FixedMcs,
    OnnxConfig,
    SchemeConfig,
    SemanticConfig,
)
from linksim.schemes.links import with_harq, with_mcs
from linksim.schemes.plugins import OWN_KINDS, plugins


def known_kinds() -> list[str]:
    """Values of `kind:`, those of other packages behind our own."""
    return [*OWN_KINDS, *plugins()]


def parse_scheme(data: dict[str, Any]) -> Any:
    """The configuration that `data` (as in a scenario's `schemes:`) describes.

    Raises:
        InputError: one line naming the scheme, the field, and what is allowed.
    """
    who = f"scheme {data.get('name', '')!r}"
    if data.get("kind") not in known_kinds():
        raise InputError(f"{who}: unknown kind {data.get('kind')!r}; allowed: {', '.join(known_kinds())}")
    adapter: TypeAdapter[Any] = TypeAdapter(SchemeConfig)
    try:
        return adapter.validate_python(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"][1:])
        message = first["msg"].removeprefix("Value error, ")
        raise InputError(f"{who}: {field + ': ' if field else ''}{message}") from None


def build_scheme(config: Any, context: SchemeContext) -> Scheme:
    """The scheme of a configuration; heavy parts (networks, encoders) are loaded when it is first used.

    Raises:
        InputError: unknown kind, or what the scheme needs is not there (checkpoint, encoder).
    """
    context = replace(context, link=with_harq(context.link, config))
    mcs = getattr(config, "mcs", None)
    if isinstance(mcs, AdaptiveMcs):
        from linksim.schemes.adaptive.scheme import AdaptiveScheme

        return AdaptiveScheme(config, context, build_scheme)
    if isinstance(mcs, FixedMcs):
        context = replace(context, link=with_mcs(context.link, mcs, f"scheme {config.name!r}: mcs fixed"))
    if isinstance(config, ClassicalConfig):
        if config.mcs.kind == "capacity":
            from linksim.schemes.classical.ideal import IdealCodeScheme

            return IdealCodeScheme(config, context)
        from linksim.schemes.classical.codec import codec_of, fixed_setting
        from linksim.schemes.classical.over_link import ClassicalScheme

        return ClassicalScheme(config, context, codec_of(config), fixed_setting(config))
    if isinstance(config, SemanticConfig):
        from linksim.schemes.semantic.scheme import SemanticScheme

        return SemanticScheme(config, context)
    if isinstance(config, DeepJsccConfig | DeepJsccQConfig):
        from linksim.schemes.deep_jscc import DeepJsccScheme

        return DeepJsccScheme(config, context)
    if isinstance(config, OnnxConfig):
        from linksim.schemes.onnx.scheme import OnnxScheme

        return OnnxScheme(config, context)
    if config.kind not in plugins():
        raise InputError(f"scheme {config.name!r}: unknown kind {config.kind!r}; allowed: {', '.join(known_kinds())}")
    from linksim.schemes.guard import build_guarded

    return build_guarded(config, context, plugins()[config.kind])


def build_schemes(
    link: LinkConfig, configs: tuple[Any, ...], seed: int, compute: ComputeConfig | None = None
) -> dict[str, Scheme]:
    """Every scheme of a scenario by its name. Raises `InputError`, e.g. for an unknown checkpoint."""
    context = SchemeContext(link, configs, seed, (compute or ComputeConfig()).dtype)
    return {config.name: build_scheme(config, context) for config in configs}
