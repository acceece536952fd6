"""The base of everything that is read from YAML: frozen, and strict about unknown keys and numbers that are not finite."""

from pydantic import BaseModel, ConfigDict


class StrictModel(BaseModel):
    """Unknown keys are errors, values are finite, and instances do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
