"""The base of everything that is read from YAML: frozen, and strict about unknown keys and numbers that are not finite."""

from pydantic import BaseModel, ConfigDict

FILE_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
ONE_LINE = r"^[^\p{Cc}]*$"
PATTERNS = {
    FILE_NAME: "letters, digits, `.`, `_` and `-`, a letter or digit first",
    ONE_LINE: "text without line breaks and control characters",
}
"""What each pattern of a text allows, in words."""


class StrictModel(BaseModel):
    """Unknown keys are errors, values are finite, and instances do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
