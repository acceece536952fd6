"""Checkpoints of deep joint source-channel coding: an `.npz` of plain arrays (never pickled objects) with its card
inside.

    meta          UTF-8 JSON as uint8: {"format": 2, "networks": {"kind": "jscc", and the fields of `JsccModel`}, "card": {...}}
    encoder/LAYER/WEIGHT, decoder/LAYER/WEIGHT   float16, as `linksim.jscc.layout` lists them for the sizes
    with "weights": "int8" in `meta`, kernels in int8 and encoder/LAYER/step, decoder/LAYER/step   float32 [out]
"""

import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from linksim.common.errors import InputError
from linksim.jscc.layout import Shape, decoder_shapes, encoder_shapes
from linksim.jscc.model import JsccModel
from linksim.semantic.archive import Archive, SavedAsArchive, archive_bytes, said
from linksim.semantic.packing import WeightType, members, pack, unpack, weight_type

FORMAT = 2
KIND = "jscc"


@dataclass(frozen=True)
class JsccCheckpoint(SavedAsArchive):
    """Everything that a scheme of symbols needs, as arrays.

    Attributes:
        model: sizes of the networks.
        encoder, decoder: weights of the networks by name.
        card: what it was trained with and what was measured, JSON-like.
        weights: what the kernels are on disk.
    """

    model: JsccModel
    encoder: dict[str, np.ndarray]
    decoder: dict[str, np.ndarray]
    card: dict[str, Any] = field(default_factory=dict)
    weights: WeightType = "float16"

    def to_bytes(self) -> bytes:
        """The `.npz` file's bytes.

        Raises:
            InputError: a value that is not finite in float16, as after a training that diverged.
        """
        content = {
            "format": FORMAT,
            "networks": {"kind": KIND, **self.model.model_dump(mode="json")},
            **({} if self.weights == "float16" else {"weights": self.weights}),
            "card": self.card,
        }
        arrays = pack("encoder", self.encoder, self.weights) | pack("decoder", self.decoder, self.weights)
        return archive_bytes(content, arrays)

    @classmethod
    def from_bytes(cls, data: bytes, name: str = "checkpoint") -> "JsccCheckpoint":
        """Read a file; shapes, dtypes and values are checked before anything is built from them.

        Raises:
            InputError: where the bytes are not such a file.
        """
        try:
            return _read(Archive(data))
        except Exception as error:
            raise InputError(
                f"{name}: not a linksim checkpoint of joint source-channel coding ({said(error)}); "
                "give an .npz that `linksim train` wrote for kind: deepjscc"
            ) from error


def _read(archive: Archive) -> JsccCheckpoint:
    """The checkpoint in an archive. Raises `ValueError` or another exception where it is none."""
    meta = archive.meta()
    if meta.get("format") != FORMAT:
        raise ValueError(f"its format is {meta.get('format')!r}; this version reads {FORMAT}")
    sizes = dict(meta["networks"])
    if (kind := sizes.pop("kind")) != KIND:
        raise ValueError(f"its networks are {kind!r}, not {KIND!r}")
    try:
        model = JsccModel.model_validate_json(json.dumps(sizes), strict=True)
    except ValueError:
        raise ValueError(f"sizes {sizes} are not possible") from None
    parts = {"encoder": encoder_shapes(model), "decoder": decoder_shapes(model)}
    kind = weight_type(meta)
    wanted: dict[str, Shape] = {f"{part}/{name}": shape for part, own in parts.items() for name, shape in own.items()}
    arrays = archive.arrays(*members(wanted, kind))
    weights = {
        part: dict(zip(own, unpack(arrays, (f"{part}/{name}" for name in own), kind), strict=True))
        for part, own in parts.items()
    }
    card = meta["card"]
    if not isinstance(card, dict) or not isinstance(card.get("training", {}), dict):
        raise ValueError("its card is no JSON object")
    return JsccCheckpoint(model, **weights, card=card, weights=kind)
