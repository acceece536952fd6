"""The `schemes:` part of a scenario as frozen, strict models. Light to import: no codec, no network."""

from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

from pydantic import BaseModel, Field, model_validator

from linksim.common.model import ONE_LINE, StrictModel
from linksim.common.plugins import checked_config
from linksim.data.images import ImagesConfig
from linksim.link.coding.config import HIGHEST_CODE_RATE, LOWEST_CODE_RATE, HarqConfig
from linksim.metrics.registry import MetricName
from linksim.schemes.budget import UNITS, Budget, budget_number
from linksim.schemes.nr_tables import NrTable, nr_table
from linksim.schemes.plugins import MAX_NAME, plugins
from linksim.schemes.semantic.mask import MaskConfig

Reserve = Annotated[float, Field(ge=0, le=0.95)]
KEPT = 0.25
UNCODED = 1.0
"""The rate of blocks without a code."""


class Mcs(StrictModel):
    """A modulation and coding scheme: information bits over coded bits, and bits per symbol.

    Of rate 1 there is no code: blocks with their CRC are sent as they are.
    """

    rate: Annotated[float, Field(ge=LOWEST_CODE_RATE, le=1)] = Field(
        description="30/1024 to 948/1024, or 1 for blocks without a code"
    )
    bits_per_symbol: Literal[1, 2, 4, 6, 8]

    @model_validator(mode="after")
    def _rate_of_a_code(self) -> "Mcs":
        if HIGHEST_CODE_RATE < self.rate < UNCODED:
            raise ValueError(f"rate: {self.rate:.4g} is no rate of a code; allowed: 30/1024 to 948/1024, or 1 for none")
        return self

    @property
    def coded(self) -> bool:
        """Whether there is a code."""
        return self.rate < UNCODED


RATES = (1 / 3, 1 / 2, 2 / 3, 3 / 4)
GRID = tuple(Mcs(rate=rate, bits_per_symbol=m) for m in (1, 2, 4, 6, 8) for rate in RATES)


class SameMcs(StrictModel):
    """Code and modulation of the scenario's link."""

    kind: Literal["same"] = "same"


class FixedMcs(Mcs):
    """One scheme at every SNR, other than the link's: a curve under the adaptive envelope."""

    kind: Literal["fixed"] = "fixed"


class AdaptiveMcs(StrictModel):
    """At each average SNR, the grid's scheme with the best mean metric on validation images at equal channel uses."""

    kind: Literal["adaptive"] = "adaptive"
    grid: NrTable | Annotated[tuple[Mcs | NrTable, ...], Field(min_length=1, max_length=256)] = Field(
        GRID,
        description="rates 1/3, 1/2, 2/3, 3/4 by BPSK to 256-QAM unless given; or a table of 3GPP TS 38.214, 5.1.3.1; or a "
        "list of schemes and tables",
    )
    validation: ImagesConfig = Field(description="images to choose on; none of those that are tested on")
    repetitions: Annotated[int, Field(ge=1, le=1000)] = Field(1, description="fades per validation image")
    metric: MetricName = "psnr"
    reserves: Annotated[tuple[Reserve, ...], Field(min_length=1, max_length=16)] = Field(
        (0.0, 0.25, 0.5), description="with harq, values of `reserve` of which the best is chosen, too"
    )

    @property
    def entries(self) -> tuple[Mcs, ...]:
        """The grid's schemes, tables written out, each once."""
        grid = (self.grid,) if isinstance(self.grid, str) else self.grid
        out: list[Mcs] = []
        for entry in grid:
            if isinstance(entry, str):
                out += [Mcs(rate=rate, bits_per_symbol=bits) for rate, bits in nr_table(entry)]  # type: ignore[arg-type]
            else:
                out.append(entry)
        return tuple(dict.fromkeys(out))


class CapacityMcs(StrictModel):
    """An ideal code at the constellation-constrained capacity: an upper bound of any separate design.

    `ergodic`: the code sees all fades. `outage`: one fade per image, the rate is the outage capacity at
    `outage_probability`, and the picture is lost where the fade does not carry it.
    """

    kind: Literal["capacity"] = "capacity"
    which: Literal["ergodic", "outage"] = "ergodic"
    outage_probability: Annotated[float, Field(ge=1e-6, le=0.999999)] = 0.1


McsConfig = Annotated[SameMcs | FixedMcs | AdaptiveMcs | CapacityMcs, Field(discriminator="kind")]


class _SchemeConfig(StrictModel):
    name: Annotated[str, Field(min_length=1, max_length=MAX_NAME, pattern=ONE_LINE)] = Field(
        description="unique; names the scheme in results"
    )
    rate_match: Annotated[str, Field(max_length=MAX_NAME)] | None = Field(
        None, description="name of the scheme whose channel uses are this one's budget"
    )
    rho: float | str | None = Field(
        None, description="budget in complex channel uses per real source value, `3 H W` of them, e.g. 0.0833 or 1/12"
    )
    channel_uses: Annotated[int, Field(ge=1, le=10**12)] | None = Field(
        None, description="budget in complex channel uses per image"
    )
    bpp: float | str | None = Field(
        None, description="budget in payload bits per pixel over the scenario's link, e.g. 0.5 or 1/2"
    )
    mcs: McsConfig = SameMcs()
    harq: HarqConfig | None = Field(None, description="for this scheme in place of that of the link")
    reserve: Reserve | None = Field(
        None,
        description="with harq, share of the budget that is kept for sending failed blocks again, 0.25 if null; `mcs.kind` "
        "adaptive has `reserves` instead",
    )

    @model_validator(mode="after")
    def _one_budget(self) -> "_SchemeConfig":
        if len(self.budgets_given) > 1:
            raise ValueError(f"{' and '.join(self.budgets_given)}: one budget is allowed; keep one of them")
        if self.budget is not None and self.budget.unit == "bpp" and self.mcs.kind != "same":
            raise ValueError(
                f"bpp with mcs.kind {self.mcs.kind}: bits do not say how many channel uses are allowed; give rho or channel_uses"
            )
        if self.mcs.kind in ("adaptive", "capacity") and not self.budgets_given:
            raise ValueError(
                f"mcs.kind {self.mcs.kind} compares at equal channel uses; give a rate_match, rho or channel_uses"
            )
        return self

    @model_validator(mode="after")
    def _harq_fits(self) -> "_SchemeConfig":
        if self.mcs.kind == "capacity" and self.harq is not None and self.harq.repeats:
            raise ValueError(
                f"harq.kind {self.harq.kind} with mcs.kind capacity: an ideal code sends once; leave harq out"
            )
        if self.reserve is not None and not self.budgets_given:
            raise ValueError(
                f"reserve is a share of a budget; give one ({', '.join(['rate_match', *UNITS])}), or leave it out"
            )
        if self.reserve is not None and self.mcs.kind == "adaptive":
            raise ValueError("reserve with mcs.kind adaptive: give mcs.reserves, of which the best is chosen")
        return self

    @property
    def sends_symbols(self) -> bool:
        """Whether complex symbols are sent and not bits: without code, constellation, CRC and HARQ."""
        return False

    @property
    def kept_share(self) -> float:
        """Share of a budget that is kept for sending failed blocks again, where the link does so."""
        return KEPT if self.reserve is None else self.reserve

    @property
    def budgets_given(self) -> list[str]:
        """The keys that set a budget: at most one."""
        return [key for key in ("rate_match", *UNITS) if getattr(self, key) is not None]

    @property
    def budget(self) -> Budget | None:
        """The budget that is a number, if there is one."""
        for unit in UNITS:
            if (value := getattr(self, unit)) is not None:
                return Budget(unit, budget_number(unit, value))
        return None


class ClassicalConfig(_SchemeConfig):
    """What the schemes that send files of an image codec have in common."""

    concealment: Literal["mean", "grey", "partial", "exclude"] = Field(
        "mean", description="what is shown of a lost picture; exclude: nothing, it has no metrics"
    )

    def _one_of(self, name: str, value: float | None) -> None:
        if (value is None) == (not self.budgets_given):
            given = f"{name} and {self.budgets_given[0]} are given" if self.budgets_given else "neither is given"
            raise ValueError(f"either {name} or a budget (rate_match, {', '.join(UNITS)}) is needed, but {given}")


class JpegConfig(ClassicalConfig):
    """JPEG files (Pillow, optimized Huffman tables) over the link."""

    kind: Literal["jpeg"] = "jpeg"
    quality: Annotated[int, Field(ge=1, le=95)] | None = Field(None, description="fixed; or give a budget")
    restart_blocks: Annotated[int, Field(ge=0, le=65535)] = Field(
        0, description="16 x 16 blocks between restart markers; 0 for none; helps concealment: partial"
    )

    @model_validator(mode="after")
    def _quality_or_budget(self) -> "JpegConfig":
        self._one_of("quality", self.quality)
        return self


class BpgConfig(ClassicalConfig):
    """BPG files (x265, or the reference encoder) over the link."""

    kind: Literal["bpg"] = "bpg"
    qp: Annotated[int, Field(ge=0, le=51)] | None = Field(
        None,
        description="fixed, 0 is best; or give a budget; at the same qp, files of x265 are 4 to 19 % larger and 0.3 to "
        "0.6 dB better than those of bpgenc",
    )
    chroma: Literal["420", "422", "444", "grey", "rgb"] = "420"
    encoder: Literal["x265", "bpgenc"] = "x265"
    preset: Literal[
        "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo"
    ] = "veryslow"

    @model_validator(mode="after")
    def _qp_or_budget(self) -> "BpgConfig":
        self._one_of("qp", self.qp)
        return self


class Jpeg2000Config(ClassicalConfig):
    """JPEG 2000 codestreams (OpenJPEG through Pillow; YCbCr, irreversible wavelet, one layer) over the link."""

    kind: Literal["jpeg2000"] = "jpeg2000"
    ratio: Annotated[float, Field(ge=1, le=1e6)] | None = Field(
        None,
        description="fixed: bytes of the pixels over those of the file, met within a few percent; or give a budget",
    )

    @model_validator(mode="after")
    def _ratio_or_budget(self) -> "Jpeg2000Config":
        self._one_of("ratio", self.ratio)
        return self


class WebpConfig(ClassicalConfig):
    """Lossy WebP files (libwebp through Pillow; 4:2:0) over the link."""

    kind: Literal["webp"] = "webp"
    quality: Annotated[int, Field(ge=0, le=100)] | None = Field(None, description="fixed; or give a budget")
    method: Annotated[int, Field(ge=0, le=6)] = Field(6, description="effort of the encoder, 6 for the smallest files")

    @model_validator(mode="after")
    def _quality_or_budget(self) -> "WebpConfig":
        self._one_of("quality", self.quality)
        return self


class AvifConfig(ClassicalConfig):
    """AVIF files (libavif and aom through Pillow) over the link."""

    kind: Literal["avif"] = "avif"
    quality: Annotated[int, Field(ge=0, le=100)] | None = Field(None, description="fixed; or give a budget")
    chroma: Literal["420", "422", "444", "grey"] = "420"
    speed: Annotated[int, Field(ge=0, le=10)] = Field(
        4, description="of the encoder: 0 takes minutes for a large picture, 10 gives the largest files"
    )

    @model_validator(mode="after")
    def _quality_or_budget(self) -> "AvifConfig":
        self._one_of("quality", self.quality)
        return self


class HardReceiver(StrictModel):
    """Decided bits to codewords."""

    kind: Literal["hard"] = "hard"


class SoftReceiver(StrictModel):
    """Posterior over the codewords from the LLRs and the codewords' usage; its mean (mmse) or its maximum (map)."""

    kind: Literal["soft"] = "soft"
    estimate: Literal["mmse", "map"] = "mmse"
    llr_scale: Annotated[float, Field(ge=0.001, le=1000)] = Field(
        1.0, description="factor on the LLRs, against over-confidence"
    )


class NearestTransmitter(StrictModel):
    """The nearest codeword (eq. 1)."""

    kind: Literal["nearest"] = "nearest"


class ChannelOptimizedTransmitter(StrictModel):
    """The codeword of least expected distortion (Farvardin 1990) over a binary symmetric channel, or over the
    constellation whose points the indices are.
    """

    kind: Literal["channel-optimized"] = "channel-optimized"
    errors: Literal["bits", "symbols"] = Field(
        "bits",
        description="symbols: by the probabilities of the constellation's points at each SNR; with `protection` symbols or axes",
    )
    bit_error_rate: Literal["auto"] | Annotated[float, Field(ge=0, lt=0.5)] = Field(
        "auto", description="of the index bits; auto: the link's at each SNR"
    )

    @model_validator(mode="after")
    def _one_channel(self) -> "ChannelOptimizedTransmitter":
        if self.errors == "symbols" and self.bit_error_rate != "auto":
            raise ValueError(
                f"bit_error_rate {self.bit_error_rate:g} is for errors: bits; errors: symbols takes the link's points, so leave it out"
            )
        return self


class NoProtection(StrictModel):
    """Every bit of an index is sent alike."""

    kind: Literal["none"] = "none"


class BitLevelProtection(StrictModel):
    """Important bits of an index at the reliable positions of a block: strong bits of the constellation, not
    punctured by the code.
    """

    kind: Literal["bit-levels"] = "bit-levels"


class CodeRateProtection(StrictModel):
    """Important bits of an index behind a stronger code than the others, at about equal channel uses."""

    kind: Literal["code-rates"] = "code-rates"
    strong_bits: Annotated[int, Field(ge=1, le=16)] = Field(
        2, description="how many bits of an index get the stronger code"
    )
    strong_rate: Annotated[float, Field(ge=LOWEST_CODE_RATE, le=HIGHEST_CODE_RATE)] = 1 / 3


class SymbolProtection(StrictModel):
    """Each index is a point of the constellation (CAVQ, arXiv 2510.18604): an uncoded link without scrambling, whose
    constellation has as many points as the codebook has codewords.
    """

    kind: Literal["symbols"] = "symbols"


class AxesProtection(StrictModel):
    """Two indices of a vector are in-phase and quadrature amplitude of a point (MOC-RVQ, arXiv 2401.01272): an uncoded
    link without scrambling, an even number of heads, and as many codewords as an axis has amplitudes.
    """

    kind: Literal["axes"] = "axes"


Receiver = Annotated[HardReceiver | SoftReceiver, Field(discriminator="kind")]
Transmitter = Annotated[NearestTransmitter | ChannelOptimizedTransmitter, Field(discriminator="kind")]
Protection = Annotated[
    NoProtection | BitLevelProtection | CodeRateProtection | SymbolProtection | AxesProtection,
    Field(discriminator="kind"),
]


class SemanticAlternative(StrictModel):
    """Another way of sending that adaptive coding may choose; a key that is not given is the scheme's."""

    checkpoint: Annotated[str, Field(min_length=1)] | None = None
    damaged_checkpoint: Annotated[str, Field(min_length=1)] | None = Field(
        None, description="with a checkpoint that is given here, null means none"
    )
    stages: Annotated[int, Field(ge=1, le=64)] | None = None
    receiver: Receiver | None = None
    transmitter: Transmitter | None = None
    protection: Protection | None = None
    mask: MaskConfig | None = Field(None, description="with a checkpoint that is given here, null means none")

    @model_validator(mode="after")
    def _something(self) -> "SemanticAlternative":
        if not self.model_fields_set:
            allowed = ", ".join(type(self).model_fields)
            raise ValueError(f"an alternative changes something; give at least one of {allowed}")
        return self

    def changes(self) -> dict[str, Any]:
        """What differs from the scheme: a checkpoint of its own comes without the scheme's decoder, stages and mask."""
        given = {key: getattr(self, key) for key in type(self).model_fields if getattr(self, key) is not None}
        own = {"damaged_checkpoint": None, "stages": None, "mask": None} if self.checkpoint is not None else {}
        return own | given


class SemanticConfig(_SchemeConfig):
    """Indices of a learned codebook over the link.

    Without a budget all stages of the codebook are sent, or the first `stages`; within one, as many of them as fit.
    """

    kind: Literal["semantic"] = "semantic"
    checkpoint: Annotated[str, Field(min_length=1)] = Field(description="name of a shipped checkpoint, or a path")
    damaged_checkpoint: Annotated[str, Field(min_length=1)] | None = Field(
        None,
        description="checkpoint with the same encoder and codebook, whose decoder or repair block is used where a block "
        "failed its CRC",
    )
    stages: Annotated[int, Field(ge=1, le=64)] | None = Field(
        None, description="how many of the codebook's stages are sent at most; all if null"
    )
    last_stage: Literal["part", "whole"] = Field(
        "part", description="within a budget, the last stage that is sent is for as many features as fit, or for all"
    )
    receiver: Receiver = HardReceiver()
    requantize: bool = Field(
        True,
        description="what a checkpoint's repair block gives goes to the nearest codewords before it is decoded; without such a "
        "block it says nothing",
    )
    transmitter: Transmitter = NearestTransmitter()
    protection: Protection = NoProtection()
    mask: MaskConfig | None = Field(None, description="features that are not sent or not believed; null: none")
    alternatives: Annotated[tuple[SemanticAlternative, ...], Field(max_length=32)] = Field(
        (),
        description="other checkpoints, numbers of stages, receivers, transmitters, protections or masks; `mcs.kind` adaptive chooses "
        "among them, too",
    )

    @model_validator(mode="after")
    def _choosing(self) -> "SemanticConfig":
        if self.alternatives and self.mcs.kind != "adaptive":
            raise ValueError(
                f"alternatives are chosen from by mcs.kind adaptive, but mcs.kind is {self.mcs.kind}; leave them out, or use "
                "mcs: {kind: adaptive, ...}"
            )
        return self

    @property
    def variants(self) -> "tuple[SemanticConfig, ...]":
        """The scheme as it stands, and with each of its alternatives."""
        plain = self.model_copy(update={"alternatives": ()})
        return plain, *(plain.model_copy(update=other.changes()) for other in self.alternatives)

    @model_validator(mode="after")
    def _no_ideal_code(self) -> "SemanticConfig":
        if self.mcs.kind == "capacity":
            raise ValueError("mcs.kind capacity is the bound of separate design; allowed here: same, fixed, adaptive")
        return self


def _refuse_what_symbols_lack(config: _SchemeConfig) -> None:
    """Symbols have no code, no constellation and no bits. Raises `ValueError`."""
    if config.mcs.kind != "same":
        raise ValueError(f"mcs.kind {config.mcs.kind}: symbols have neither code nor constellation; leave mcs out")
    if config.bpp is not None:
        raise ValueError("bpp: symbols carry no bits; give rho or channel_uses")
    if config.harq is not None and config.harq.repeats:
        raise ValueError(f"harq.kind {config.harq.kind}: symbols have no CRC, so they are sent once; leave harq out")
    if config.reserve is not None:
        raise ValueError("reserve: symbols are sent once; leave it out")


class _DeepConfig(_SchemeConfig):
    checkpoint: Annotated[str, Field(min_length=1)] = Field(description="name of a shipped checkpoint, or a path")

    @property
    def sends_symbols(self) -> bool:
        """Always."""
        return True

    @model_validator(mode="after")
    def _symbols_alone(self) -> "_DeepConfig":
        _refuse_what_symbols_lack(self)
        return self


class DeepJsccConfig(_DeepConfig):
    """Complex symbols of a network over the link's channel, without code and constellation.

    Within a budget nothing is left out: a picture that takes more is not sent.
    """

    kind: Literal["deepjscc"] = "deepjscc"


class DeepJsccQConfig(_DeepConfig):
    """Symbols of a network that are points of a constellation, over the link's channel without a code.

    The constellation is the checkpoint's. Within a budget nothing is left out: a picture that takes more is not sent.
    """

    kind: Literal["deepjscc-q"] = "deepjscc-q"


_DECODER_TAKES = {
    "bits": ("bits", "llrs"),
    "indices": ("indices", "llrs"),
    "symbols": ("symbols", "symbols-and-noise"),
}


class OnnxConfig(_SchemeConfig):
    """A pair of models of any framework, as two ONNX files: what the encoder puts out is sent, and the decoder shows
    what arrived.
    """

    kind: Literal["onnx"] = "onnx"
    encoder: Annotated[str, Field(min_length=1)] = Field(description="path of the encoder's ONNX file")
    decoder: Annotated[str, Field(min_length=1)] = Field(description="path of the decoder's ONNX file")
    sends: Literal["bits", "indices", "symbols"] = Field(
        description="what the encoder puts out: bits 0 and 1, indices into a codebook, or symbols, two real numbers each"
    )
    takes: Literal["bits", "indices", "llrs", "symbols", "symbols-and-noise"] | None = Field(
        None,
        description="what the decoder takes: by default what is sent; llrs in place of bits or indices; symbols-and-noise: "
        "a second input with the noise variance of each symbol",
    )
    codebook_size: Annotated[int, Field(ge=2, le=65536)] | None = Field(
        None, description="K, for sends: indices; an index travels as ceil(log2 K) bits"
    )
    normalize: bool = Field(
        False, description="scale each picture's symbols to mean power 1; without it, others are refused"
    )
    scale: Literal["0..1", "-1..1", "0..255"] = Field(description="values of the models' pictures")
    layout: Literal["nchw", "nhwc"] = Field("nchw", description="axes of the models' pictures")
    multiple: Annotated[int, Field(ge=1, le=1024)] = Field(
        1, description="height and width are filled up to a multiple of it, by repeating the last row and column"
    )
    snr_input: bool = Field(
        False, description="encoder, decoder or both have one more input, the last: the average Es/N0 in dB"
    )
    concealment: Literal["none", "mean", "grey", "partial", "exclude"] = Field(
        "none",
        description="where a block fails its CRC: none: the decoder shows what arrived, and no picture counts as lost; "
        "partial: it does, and the picture counts as lost; others: as for files",
    )

    @property
    def sends_symbols(self) -> bool:
        """As `sends` says."""
        return self.sends == "symbols"

    @property
    def decoder_takes(self) -> str:
        """What the decoder takes, once `takes` is filled in."""
        return self.takes or self.sends

    @model_validator(mode="after")
    def _fits_what_is_sent(self) -> "OnnxConfig":
        if self.decoder_takes not in _DECODER_TAKES[self.sends]:
            allowed = " or ".join(_DECODER_TAKES[self.sends])
            raise ValueError(f"takes: {self.takes} does not go with sends: {self.sends}; allowed: {allowed}")
        if (self.codebook_size is not None) != (self.sends == "indices"):
            needed = "needs a codebook_size" if self.sends == "indices" else "has no codebook_size; leave it out"
            raise ValueError(f"sends: {self.sends} {needed}")
        if self.mcs.kind == "capacity":
            raise ValueError("mcs.kind capacity is the bound of separate design; allowed here: same, fixed, adaptive")
        if self.sends != "symbols" and self.normalize:
            raise ValueError(f"normalize is for symbols; leave it out with sends: {self.sends}")
        if self.sends_symbols:
            self._symbols_alone()
        return self

    def _symbols_alone(self) -> None:
        _refuse_what_symbols_lack(self)
        if self.concealment != "none":
            raise ValueError(
                f"concealment: {self.concealment}: symbols have no CRC, so none is ever lost; leave it out"
            )


MODELS: tuple[type[BaseModel], ...] = (
    JpegConfig,
    BpgConfig,
    Jpeg2000Config,
    WebpConfig,
    AvifConfig,
    SemanticConfig,
    DeepJsccConfig,
    DeepJsccQConfig,
    OnnxConfig,
)

if TYPE_CHECKING:
    SchemeConfig = (
        JpegConfig
        | BpgConfig
        | Jpeg2000Config
        | WebpConfig
        | AvifConfig
        | SemanticConfig
        | DeepJsccConfig
        | DeepJsccQConfig
        | OnnxConfig
    )
else:
    # Schemes of other packages are checked as strictly as our own: their models join the union.
    SchemeConfig = Annotated[
        Union[(*MODELS, *(checked_config("scheme", kind, plugin) for kind, plugin in plugins().items()))],
        Field(discriminator="kind"),
    ]
