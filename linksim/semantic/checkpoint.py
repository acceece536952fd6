"""Checkpoints: an `.npz` of plain arrays (never pickled objects) with its card inside.

Format 2 has one member `meta`, UTF-8 JSON as uint8, and the arrays that `linksim.semantic.layout` lists for its sizes:

    meta          {"format": 2,
                   "networks": {"kind": "convolutional", "downsampling", "channels", "encoder_blocks",
                   "decoder_blocks", "latent_dim",
                                "decoder_takes_variance"},   and "repair_blocks", "repair_channels" of a repair block
                   "quantizer": {"kind": "residual", "stages", "heads", "codebook_size"},
                   "weights": "float16" or "int8", "card": {...}}
    codewords     float32 [stages, heads, K, D / heads]; float16 where that loses nothing
    usage         float32 [stages, heads, K], index probabilities on the training images, sum 1 per stage and head
    norm_mean     float32 [D]
    norm_variance float32 []
    mask_token    float32 [D], only where networks has "mask_token": true
    encoder/LAYER/kernel, encoder/LAYER/bias, decoder/LAYER/kernel, decoder/LAYER/bias   float16
    repair/LAYER/kernel, repair/LAYER/bias   float16, of a repair block
    with "weights": "int8", kernels in int8 and encoder/LAYER/step, decoder/LAYER/step, ...   float32 [out]

A file whose encoder and decoder are those of a checkpoint that comes with linksim, with other labels, may leave them out: `meta`
then has "networks_of": {"name", "sha256" of that file}. One whose kernels in int8 differ from another's in their steps alone may leave out
those kernels, with "kernels_of" of the same form.

Format 1, of one stage and one head, is read, too: sizes in `model`, `codebook` `[K, D]` and `usage` `[K]`, weights by
their position.
"""

import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from linksim.codebook.stages import Stages
from linksim.common.errors import InputError
from linksim.semantic.archive import Archive, SavedAsArchive, archive_bytes, said
from linksim.semantic.finding import CONVOLUTIONAL, find_checkpoint
from linksim.semantic.layout import decoder_shapes, encoder_shapes, quantizer_shapes, repair_shapes
from linksim.semantic.lending import lender_name, lender_of, lent_kernels, named, without_lent
from linksim.semantic.model import REPAIR_KEYS, ModelConfig
from linksim.semantic.packing import WeightType, members, pack, unpack, weight_type

FORMAT = 2

_QUANTIZER_KEYS = ("stages", "heads", "codebook_size")
_KINDS = {"networks": CONVOLUTIONAL, "quantizer": "residual"}


@dataclass(frozen=True)
class Checkpoint(SavedAsArchive):
    """Everything that a semantic scheme needs, as arrays.

    Attributes:
        model: sizes of the networks and of the quantizer.
        stages: codewords and their usage.
        encoder, decoder: weights of the networks by name.
        norm_mean, norm_variance: what features are normalized by, `[D]` and scalar.
        decoder_takes_variance: whether the decoder's second input is the variance of the features.
        card: what it was trained with and what was measured, JSON-like.
        weights: what the kernels are on disk.
        repair: weights of the repair block by name; empty where there is none.
        mask_token: what the decoder takes in place of a masked feature, `[D]`; None where it was not trained for that.
        networks_of: name of the checkpoint that comes with linksim and has these networks, which the file then leaves out;
            None: they are in the file.
        kernels_of: name of one whose kernels in int8 the file leaves out where they are the same; None: it has all of its own.
    """

    model: ModelConfig
    stages: Stages
    encoder: dict[str, np.ndarray]
    decoder: dict[str, np.ndarray]
    norm_mean: np.ndarray
    norm_variance: np.ndarray
    decoder_takes_variance: bool = False
    card: dict[str, Any] = field(default_factory=dict)
    weights: WeightType = "float16"
    repair: dict[str, np.ndarray] = field(default_factory=dict)
    mask_token: np.ndarray | None = None
    networks_of: str | None = None
    kernels_of: str | None = None

    def to_bytes(self) -> bytes:
        """The `.npz` file's bytes.

        Raises:
            InputError: a value that is not finite, or not in float16, as after a training that diverged; or networks that are
                not those of `networks_of`.
        """
        arrays: dict[str, np.ndarray] = {
            "codewords": _compact(self.stages.codewords.astype(np.float32)),
            "usage": self.stages.usage.astype(np.float32),
            "norm_mean": self.norm_mean.astype(np.float32),
            "norm_variance": np.asarray(self.norm_variance, np.float32),
        }
        if self.mask_token is not None:
            arrays["mask_token"] = self.mask_token.astype(np.float32)
        meta = self._meta()
        if self.networks_of is not None:
            meta["networks_of"] = self._named_networks(self.networks_of)
        for part in ("encoder", "decoder", "repair") if self.networks_of is None else ():
            arrays |= pack(part, getattr(self, part), self.weights)
        if self.kernels_of is not None:
            meta["kernels_of"] = named(self.kernels_of)
            arrays = without_lent(arrays, self.kernels_of)
        return archive_bytes(meta, arrays)

    def _named_networks(self, name: str) -> dict[str, str]:
        """Name and SHA-256 of the file that has these networks. Raises `InputError` where it has others."""
        other = Checkpoint.from_bytes(find_checkpoint(name)[1], name)
        for part in ("encoder", "decoder", "repair"):
            ours, theirs = getattr(self, part), getattr(other, part)
            if ours.keys() != theirs.keys() or not all(np.array_equal(ours[key], theirs[key]) for key in ours):
                raise InputError(f"networks_of: the {part} of {name!r} is another one; leave networks_of out")
        return named(name)

    def _meta(self) -> dict[str, Any]:
        sizes = self.model.model_dump(mode="json")
        quantizer = {key: sizes.pop(key) for key in _QUANTIZER_KEYS}
        if self.model == self.model.without_repair:  # then the file is as it was before there were repair blocks
            sizes = {key: value for key, value in sizes.items() if key not in REPAIR_KEYS}
        return {
            "format": FORMAT,
            "networks": {
                "kind": _KINDS["networks"],
                **sizes,
                "decoder_takes_variance": self.decoder_takes_variance,
                **({} if self.mask_token is None else {"mask_token": True}),
            },
            "quantizer": {"kind": _KINDS["quantizer"], **quantizer},
            **({} if self.weights == "float16" else {"weights": self.weights}),
            "card": self.card,
        }

    @classmethod
    def from_bytes(cls, data: bytes, name: str = "checkpoint") -> "Checkpoint":
        """Read a file of format 1 or 2; shapes, dtypes and values are checked before anything is built from them.

        Raises:
            InputError: where the bytes are not such a file.
        """
        try:
            archive = Archive(data)
            meta = archive.meta()
            if meta.get("format") not in (1, FORMAT):
                raise ValueError(f"its format is {meta.get('format')!r}; this version reads 1 and {FORMAT}")
            return _read(archive, meta)
        except Exception as error:
            raise InputError(
                f"{name}: not a linksim checkpoint ({said(error)}); give an .npz that `linksim train` wrote"
            ) from error


def _compact(values: np.ndarray) -> np.ndarray:
    """`values` in float16 where all of them are such numbers, as trained codewords are."""
    with np.errstate(over="ignore"):
        half = values.astype(np.float16)
    return half if np.array_equal(half.astype(np.float32), values) else values


def _read(archive: Archive, meta: dict[str, Any]) -> Checkpoint:
    """The checkpoint in an archive. Raises `ValueError` or another exception where it is none."""
    first = meta["format"] == 1
    model, takes_variance, has_token = _sizes(meta)
    parts = {
        "encoder": encoder_shapes(model),
        "decoder": decoder_shapes(model, takes_variance),
        "repair": repair_shapes(model),
    }
    names = {
        part: [f"{i:03d}" for i in range(len(shapes))] if first else list(shapes) for part, shapes in parts.items()
    }
    shapes = quantizer_shapes(model) | ({"mask_token": (model.latent_dim,)} if has_token else {})
    if first:
        shapes |= {"codebook": shapes.pop("codewords")[2:], "usage": shapes["usage"][2:]}
    dtypes: dict[str, tuple[type, ...]] = dict.fromkeys(shapes, (np.float32,))
    dtypes["codewords"] = (np.float16, np.float32)
    kind, lending = weight_type(meta), lender_of(meta, "networks_of")
    lender = None if lending is None else Checkpoint.from_bytes(lending[1], lending[0])
    if lender is not None:
        if (lender.model, lender.decoder_takes_variance) != (model, takes_variance):
            raise ValueError("networks_of has other sizes")
        parts = {}
    keys = {part: [f"{part}/{name}" for name in names[part]] for part in parts}
    for part, own in parts.items():
        own_shapes, own_dtypes = members(dict(zip(keys[part], own.values(), strict=True)), kind)
        shapes |= own_shapes
        dtypes |= own_dtypes
    missing = {
        name: shapes.pop(name) for name in list(shapes) if dtypes[name] == (np.int8,) and name not in archive.names
    }
    lent = lent_kernels(meta, missing)
    arrays = archive.arrays(shapes | {name: missing[name] for name in missing.keys() - lent.keys()}, dtypes) | lent
    weights = {part: dict(zip(own, unpack(arrays, keys[part], kind), strict=True)) for part, own in parts.items()}
    if lender is not None:
        weights = {"encoder": lender.encoder, "decoder": lender.decoder, "repair": lender.repair}
    target = quantizer_shapes(model)
    codewords = arrays["codebook" if first else "codewords"].astype(np.float32).reshape(target["codewords"])
    usage = arrays["usage"].reshape(target["usage"])
    if usage.min() < 0 or np.abs(usage.sum(-1) - 1).max() > 1e-3:
        raise ValueError("usage is no list of probabilities that sum to 1")
    if arrays["norm_variance"] < 0:
        raise ValueError(f"norm_variance is {arrays['norm_variance']}, not at least 0")
    return Checkpoint(
        model=model,
        stages=Stages(codewords, usage),
        **weights,
        norm_mean=arrays["norm_mean"],
        norm_variance=arrays["norm_variance"],
        decoder_takes_variance=takes_variance,
        card=_card(meta),
        weights=kind,
        mask_token=arrays.get("mask_token"),
        networks_of=lender_name(meta, "networks_of"),
        kernels_of=lender_name(meta, "kernels_of"),
    )


def _sizes(meta: dict[str, Any]) -> tuple[ModelConfig, bool, bool]:
    """Sizes of networks and quantizer, whether the decoder takes the variance, and whether there is a mask token.

    Raises `ValueError`.
    """
    has_token: Any = False
    if meta["format"] == 1:
        sizes, takes_variance = dict(meta["model"]), meta["decoder_takes_variance"]
    else:
        networks, quantizer = dict(meta["networks"]), dict(meta.get("quantizer", {"kind": None}))
        kinds = {"networks": networks.pop("kind"), "quantizer": quantizer.pop("kind")}
        if kinds != _KINDS:
            raise ValueError(f"its kinds are {kinds}; this version knows {_KINDS}")
        takes_variance, has_token = networks.pop("decoder_takes_variance"), networks.pop("mask_token", False)
        sizes = {**networks, **quantizer}
    if not isinstance(takes_variance, bool):
        raise ValueError(f"decoder_takes_variance is {takes_variance!r}, not true or false")
    if not isinstance(has_token, bool):
        raise ValueError(f"mask_token is {has_token!r}, not true or false")
    try:
        return ModelConfig.model_validate_json(json.dumps(sizes), strict=True), takes_variance, has_token
    except ValueError:
        raise ValueError(f"sizes {sizes} are not possible") from None


def _card(meta: dict[str, Any]) -> dict[str, Any]:
    card = meta["card"]
    if not isinstance(card, dict) or not isinstance(card.get("training", {}), dict):
        raise ValueError("its card is no JSON object")
    return card
