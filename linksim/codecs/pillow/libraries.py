"""The libraries behind Pillow's formats: which a build has, in which version."""

from linksim.common.errors import InputError

# Pillow's name of the feature, and the library.
_FEATURES = {"jpeg2000": ("jpg_2000", "OpenJPEG"), "webp": ("webp", "libwebp"), "avif": ("avif", "libavif")}


def library_version(kind: str) -> str:
    """Library and version that write files of `kind` (`jpeg2000`, `webp` or `avif`), e.g. `libwebp 1.6.0`.

    Raises:
        InputError: Pillow was built without it.
    """
    import PIL
    from PIL import features

    feature, library = _FEATURES[kind]
    missing = "" if features.check(feature) else library
    text = f"{library} {features.version(feature)}"
    if kind == "avif" and not missing:
        from PIL.AvifImagePlugin import get_codec_version

        encoder = get_codec_version("aom")
        missing = "" if encoder else "the AV1 encoder aom"
        text += f", aom {encoder}"
    if missing:
        raise InputError(
            f"kind: {kind} needs {missing}, and this build of Pillow {PIL.__version__} has none; "
            "install Pillow 11.3 or later from its wheel: pip install --upgrade --force-reinstall pillow"
        )
    return text
