"""The recipe of a codebook as frozen, strict models. Light to import: no Keras here."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from linksim.common.model import StrictModel
from linksim.link.config import LinkConfig
from linksim.semantic.model import ModelConfig
from linksim.training.bank.config import BankConfig
from linksim.training.fixed.config import BitEntropyConfig, refuse_misfits
from linksim.training.masking.config import MaskTrainingConfig
from linksim.training.recipe import EsNoDb, NonNegative, Positive, Recipe, Steps

Probability = Annotated[float, Field(ge=0, le=0.5)]


class CodebookConfig(StrictModel):
    """How the codebook starts, follows the features, and gets rid of dead codewords."""

    kind: Literal["learned", "levels", "signs"] = Field(
        "learned",
        description="levels: K evenly spaced ones with Gray labels in each of D = heads dimensions (FSQ); signs: -1 and +1; "
        "for both only `decay`, `initialize_at` and `initialization: keep` of the keys of a learned one have a meaning",
    )
    projection: Literal["none", "sphere"] = Field(
        "none", description="sphere: the features whose signs are sent are put on one (BSQ)"
    )
    bits: Literal["decided", "folded", "gumbel"] = Field(
        "decided",
        description="how signs are chosen in training; folded: drawn, with the errors of `flips` in their probability (NECST); "
        "gumbel: drawn by a hard Gumbel-softmax (BitSemCom)",
    )
    update: Literal["ema", "gradient"] = "ema"
    decay: Annotated[float, Field(gt=0, lt=1)] = 0.99
    initialization: Literal["kmeans", "data", "keep"] = Field(
        "kmeans", description="from the features of the training images; keep: from initialize_from"
    )
    initialize_at: Steps = Field(
        500,
        description="step at which quantization begins, after a third of all at the latest; before it the decoder sees the features themselves",
    )
    revive_every: Steps = Field(100, description="steps; 0: never")
    revive_below: NonNegative = Field(0.1, description="a codeword is dead below this share of uniform usage")
    labels: Literal["keep", "chain"] = Field(
        "keep",
        description="chain: in the checkpoint, words that are near each other have amplitudes that are neighbours on an axis "
        "of the constellation (MOC-RVQ)",
    )
    stage_dropout: Annotated[float, Field(ge=0, le=1)] = Field(
        0.5,
        description="share of the images that a random number of stages is trained on, 1 to all; the others have all",
    )


class EntropyConfig(StrictModel):
    """Index entropy, eqs. 10-14: weight lambda and the temperature of the soft assignments."""

    weight: NonNegative = 0.0
    temperature: Positive = 0.1
    estimate: Literal["batch", "running"] = Field(
        "batch", description="p_hat of a batch (eq. 11), or the moving average of many (codebook.decay)"
    )


class ChannelAwareConfig(StrictModel):
    """Channel-aware distortion, eq. 22, with weight gamma (eq. 23)."""

    weight: NonNegative = 0.0
    labelling: Literal["random", "exact", "symbols"] = Field(
        "exact",
        description="random: eq. 17; exact: bit errors in the labels; symbols: each index is a point of a constellation as "
        "large as the codebook, uncoded, at es_no_db (CAVQ)",
    )
    es_no_db: EsNoDb | Annotated[tuple[EsNoDb, ...], Field(min_length=1, max_length=100)] = Field(
        10.0,
        description="with labelling: symbols, Es/N0 in dB over the fading, or several of which one is drawn per batch",
    )
    channel: Literal["awgn", "rayleigh"] = Field(
        "rayleigh", description="with labelling: symbols, known to the receiver"
    )
    assignment: Literal["nearest", "channel-optimized"] = Field(
        "nearest",
        description="which word a feature gets; channel-optimized: that of least expected distortion, and the words are "
        "the centroids of what arrives as them (channel-optimized vector quantization)",
    )
    bit_error_rate: Probability = 0.1
    start_bit_error_rate: Probability | None = Field(
        None, description="anneal from here to bit_error_rate over anneal_steps (null: constant)"
    )
    anneal_steps: Steps = 0
    initial_labels: Literal["keep", "matched"] = Field(
        "keep", description="matched: begin from the label assignment of least exact D_c (binary switching)"
    )

    @model_validator(mode="after")
    def _has_a_weight(self) -> "ChannelAwareConfig":
        if self.assignment == "channel-optimized" and not self.weight:
            raise ValueError("assignment: channel-optimized goes by the channel-aware distortion; give its weight")
        return self


class GramConfig(StrictModel):
    """VGG16 Gram-matrix loss, eqs. 24-25, with weight alpha_2."""

    weight: NonNegative = 0.0
    layers: tuple[str, ...] = ("relu1_2", "relu2_2")


class LpipsConfig(StrictModel):
    """LPIPS as a training loss; never the network that results are reported with."""

    weight: NonNegative = 0.0
    net: Literal["squeeze"] = "squeeze"
    batches: Literal["all", "damaged"] = Field(
        "all",
        description="damaged: only those with flipped indices (or failed blocks); clean ones keep to squared error",
    )


class AdversarialConfig(StrictModel):
    """A discriminator of patches that learns along, and the weight with which the decoder is to deceive it."""

    weight: NonNegative = 0.0
    channels: Annotated[int, Field(ge=1, le=1024)] = Field(
        32, description="of the discriminator's first convolution; the second has twice as many"
    )
    from_step: Steps = Field(
        0, description="step from which the decoder tries; the discriminator learns from the start"
    )


class RepairLossConfig(StrictModel):
    """Of `train_only: repair`: squared distances of the repair block's output and the clean quantized features."""

    gram: NonNegative = Field(1.0, description="of their Gram matrices, which forget places")
    mse: NonNegative = Field(0.25, description="of the features themselves, per dimension")


class LossesConfig(StrictModel):
    """Weights of eqs. 5 and 22-24."""

    mse: NonNegative = Field(10.0, description="alpha_1")
    commitment: NonNegative = Field(0.25, description="beta")
    codebook: NonNegative = Field(1.0, description="weight of eq. 23 in eq. 24")
    entropy: EntropyConfig = EntropyConfig()
    bit_entropy: BitEntropyConfig = BitEntropyConfig()
    channel_aware: ChannelAwareConfig = ChannelAwareConfig()
    gram: GramConfig = GramConfig()
    lpips: LpipsConfig = LpipsConfig()
    adversarial: AdversarialConfig = AdversarialConfig()
    repair: RepairLossConfig = RepairLossConfig()


class FlipsConfig(StrictModel):
    """Channel in the loop: flip the index bits that the decoder sees, at a bit-error rate drawn per batch."""

    bit_error_rate: tuple[Probability, Probability] = Field((0.0, 0.0), description="lowest and highest rate")
    errors: Literal["bits", "symbols"] = Field(
        "bits",
        description="symbols: in place of flipped bits, indices arrive by the probabilities of losses.channel_aware with "
        "labelling: symbols, at the same Es/N0",
    )
    clean_share: Annotated[float, Field(ge=0, le=1)] = Field(0.3, description="share of batches without flips")
    from_step: Steps = 0

    @model_validator(mode="after")
    def _ordered(self) -> "FlipsConfig":
        low, high = self.bit_error_rate
        if low > high:
            raise ValueError(f"bit_error_rate: [{low}, {high}] must be [lowest, highest]")
        if self.errors == "symbols" and high > 0:
            raise ValueError(f"bit_error_rate: [{low}, {high}] is of errors: bits; with errors: symbols leave it out")
        return self


class ReceptionConfig(StrictModel):
    """Train the decoder on what a receiver hands it, from bits and LLRs of a real link: codewords or their posterior
    means, with variances.
    """

    receiver: Literal["hard", "soft"] = "soft"
    link: LinkConfig = LinkConfig()
    es_no_db: Annotated[tuple[EsNoDb, ...], Field(min_length=1, max_length=100)] = Field(
        (6.0, 8.0, 10.0, 11.0, 12.0, 13.0), description="drawn per batch"
    )
    clean_share: Annotated[float, Field(ge=0, le=1)] = Field(0.3, description="share of batches without errors")
    llr_scale: Positive = Field(1.0, description="calibration that the receiver applies, too")
    protection: Literal["none", "bit-levels", "axes"] = Field(
        "none",
        description="of the scheme that is trained for; of axes each bit has the errors of its place in a symbol, but which errors go "
        "together does not depend on the index",
    )
    images: Annotated[int, Field(ge=1, le=1000)] = Field(
        12, description="images of 256 x 256 sent per SNR to gather LLRs"
    )


class TrainConfig(Recipe):
    """One training of a codebook with its networks. `linksim train FILE` reads it."""

    initialize_from: str | None = Field(None, description="checkpoint whose weights this run starts from")
    initialize_layers: Literal["all", "matching"] = Field(
        "all",
        description="all: a start of the same sizes; matching: its layers of equal name and shape, so that networks with another "
        "bottleneck go on from a common backbone",
    )
    train_only: Literal["all", "decoder", "repair"] = Field(
        "all",
        description="decoder: encoder and codebook stay as they are; repair: all networks but the repair block do",
    )
    model: ModelConfig = ModelConfig()
    codebook: CodebookConfig = CodebookConfig()
    losses: LossesConfig = LossesConfig()
    flips: FlipsConfig = FlipsConfig()
    mask: MaskTrainingConfig | None = Field(
        None, description="hide patches from the encoder, with a token for the decoder in their place; null: none"
    )
    bank: BankConfig | None = Field(None, description="several codebooks on one encoder and decoder")
    reception: ReceptionConfig | None = Field(
        None, description="train for a receiver behind a real link; goes with train_only: decoder or repair"
    )

    @model_validator(mode="after")
    def _consistent(self) -> "TrainConfig":
        if self.data.crop % self.model.downsampling:
            raise ValueError(
                f"data.crop: {self.data.crop} is no multiple of model.downsampling: {self.model.downsampling}"
            )
        if self.mask is not None:
            self.mask.cells(self.model.downsampling)
            if self.train_only == "repair":
                raise ValueError("mask does not go with train_only: repair, whose pictures do not count; leave it out")
        if self.train_only != "all" and self.initialize_from is None:
            raise ValueError(
                f"train_only: {self.train_only} needs initialize_from: the checkpoint with the frozen encoder and codebook"
            )
        if self.initialize_layers == "matching" and self.initialize_from is None:
            raise ValueError("initialize_layers: matching needs initialize_from: the checkpoint with these layers")
        if self.initialize_layers == "matching" and (
            self.train_only != "all" or self.codebook.initialization == "keep"
        ):
            raise ValueError(
                "initialize_layers: matching takes layers alone; what is kept or frozen needs initialize_layers: all"
            )
        if self.codebook.initialization == "keep" and self.initialize_from is None:
            raise ValueError(
                "codebook.initialization: keep needs initialize_from: the checkpoint whose codebook is kept"
            )
        check_points(self.losses.channel_aware, self.flips, self.model.codebook_size)
        if self.losses.channel_aware.assignment == "channel-optimized" and self.codebook.update != "ema":
            raise ValueError(
                "losses.channel_aware.assignment: channel-optimized has its words by moving averages; give codebook.update: ema"
            )
        if self.codebook.labels == "chain":
            check_chain(self.losses.channel_aware, self.model.codebook_size, self.train_only)
        if self.reception is not None and self.train_only == "all":
            raise ValueError("reception goes with train_only: decoder or repair")
        if self.reception is not None and self.flips.bit_error_rate[1] > 0:
            raise ValueError("reception brings the link's own bit errors; leave flips.bit_error_rate out")
        refuse_misfits(self.codebook, self.model, self.losses, self.reception, self.flips)
        if self.bank is not None:
            self.bank.refuse_what_does_not_fit(self)
        return self

    @model_validator(mode="after")
    def _repair_alone(self) -> "TrainConfig":
        repairs, blocks = self.train_only == "repair", self.model.repair_blocks
        if repairs != (blocks > 0):
            raise ValueError(
                f"train_only: {self.train_only} with model.repair_blocks: {blocks} is not allowed; train_only: repair trains a block "
                "of 1 or more on networks that are trained, the others train without one"
            )
        if repairs and self.reception is None:
            raise ValueError("train_only: repair needs reception: the link whose damage is to be repaired")
        if repairs and self.codebook.initialization != "keep":
            raise ValueError(
                f"codebook.initialization: {self.codebook.initialization} does not go with train_only: repair, which keeps the "
                "codebook; give keep"
            )
        losses = self.losses
        if repairs and (losses.gram.weight or losses.lpips.weight or losses.adversarial.weight):
            raise ValueError(
                "losses: with train_only: repair no loss of pictures counts, since the decoder stays as it is; leave gram, lpips and "
                "adversarial out, and weight losses.repair"
            )
        return self

    @property
    def decoder_takes_variance(self) -> bool:
        """Whether the decoder is trained with the variance of what it is given."""
        return self.reception is not None and self.train_only == "decoder"


POINTS = {2**bits: bits for bits in (1, 2, 4, 6, 8)}
"""Bits of a symbol by the number of the constellation's points."""


def check_points(term: ChannelAwareConfig, flips: FlipsConfig, size: int) -> None:
    """Raises `ValueError` where indices of a codebook of `size` words are to be points and cannot."""
    if term.labelling == "symbols" and size not in POINTS:
        allowed = ", ".join(map(str, POINTS))
        raise ValueError(
            f"model.codebook_size: {size} words are no constellation; losses.channel_aware.labelling: symbols takes {allowed}"
        )
    if flips.errors == "symbols" and (term.labelling != "symbols" or not term.weight):
        raise ValueError(
            "flips.errors: symbols takes its probabilities from losses.channel_aware; give that a weight and labelling: symbols"
        )


def check_chain(term: ChannelAwareConfig, size: int, train_only: str) -> None:
    """Raises `ValueError` where a codebook of `size` words is to be labelled along a chain and cannot."""
    if size & (size - 1):
        raise ValueError(
            f"model.codebook_size: {size} words leave places of an axis empty; codebook.labels: chain takes a power of two"
        )
    if train_only != "all":
        raise ValueError(
            f"codebook.labels: chain orders the words anew, and train_only: {train_only} keeps them; leave it out, the start's labels stay"
        )
    if term.weight:
        raise ValueError(
            "codebook.labels: chain is given at the end, after losses.channel_aware trained the words for other labels; leave one of them out"
        )
