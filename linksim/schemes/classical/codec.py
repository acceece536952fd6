"""The codec of a classical scheme's configuration."""

from linksim.codecs.bpg_codec import BpgCodec
from linksim.codecs.file_codec import FileCodec
from linksim.codecs.jpeg_codec import JpegCodec
from linksim.schemes.config import AvifConfig, BpgConfig, ClassicalConfig, Jpeg2000Config, JpegConfig, WebpConfig


def codec_of(config: ClassicalConfig) -> FileCodec:
    """The codec with the options of the configuration."""
    if isinstance(config, JpegConfig):
        return JpegCodec(config.restart_blocks)
    if isinstance(config, BpgConfig):
        return BpgCodec(config.chroma, config.preset, config.encoder)
    if isinstance(config, Jpeg2000Config):
        from linksim.codecs.pillow.jpeg2000 import Jpeg2000Codec

        return Jpeg2000Codec()
    if isinstance(config, WebpConfig):
        from linksim.codecs.pillow.webp import WebpCodec

        return WebpCodec(config.method)
    assert isinstance(config, AvifConfig)
    from linksim.codecs.pillow.avif import AvifCodec

    return AvifCodec(config.chroma, config.speed)


def fixed_setting(config: ClassicalConfig) -> float | None:
    """The quality, qp or ratio that the configuration fixes, if it does."""
    value: float | None = getattr(config, codec_of(config).setting)
    return value
