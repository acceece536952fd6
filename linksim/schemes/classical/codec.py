"""The codec of a classical scheme's configuration."""

from linksim.codecs.bpg_codec import BpgCodec
from linksim.codecs.file_codec import FileCodec
from linksim.codecs.jpeg_codec import JpegCodec
from linksim.schemes.config import BpgConfig, JpegConfig


def codec_of(config: JpegConfig | BpgConfig) -> FileCodec:
    """JPEG or BPG with the options of the configuration."""
    if isinstance(config, JpegConfig):
        return JpegCodec(config.restart_blocks)
    return BpgCodec(config.chroma, config.preset, config.encoder)


def fixed_setting(config: JpegConfig | BpgConfig) -> int | None:
    """The quality or qp that the configuration fixes, if it does."""
    return config.quality if isinstance(config, JpegConfig) else config.qp
