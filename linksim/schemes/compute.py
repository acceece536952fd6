"""The `compute:` part of a scenario: what networks compute in."""

from typing import Literal

from pydantic import Field

from linksim.common.model import StrictModel

Dtype = Literal["float32", "bfloat16"]


class ComputeConfig(StrictModel):
    """How the networks of semantic schemes are computed. Metrics and links are always what they are."""

    dtype: Dtype = Field(
        "float32",
        description="bfloat16: layers of the networks in 16 bits, several times as fast where processor or GPU has them; "
        "weights, features and pictures stay float32",
    )
