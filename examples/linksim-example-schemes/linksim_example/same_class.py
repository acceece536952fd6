"""Whether a classifier sees in a received picture what it sees in the original: the accuracy of a task over the link.

The classifier is an ONNX file of yours, named by the environment variable `LINKSIM_EXAMPLE_CLASSIFIER`. It takes pictures
float32 `[batch, 3, height, width]` in 0..1 (put its normalization into it) and gives a score for each class,
`[batch, classes]`. linksim checks and runs it as it does the models of a scheme: no custom operators, bounded memory.
"""

import os
from functools import lru_cache

import numpy as np
from PIL import Image

from linksim.common.errors import DataUnavailableError, InputError
from linksim.onnx.files import file_hash, read_model
from linksim.onnx.session import Session

VARIABLE = "LINKSIM_EXAMPLE_CLASSIFIER"

label = "Same class"
decimals = 3
higher_is_better = True


def compute(originals: np.ndarray, pictures: np.ndarray) -> np.ndarray:
    """1 where the class of the highest score is the same, else 0: float `[batch]`; both uint8 `[batch, height, width, 3]`."""
    classifier = _classifier(_path())
    return np.array(
        [_class(classifier, a) == _class(classifier, b) for a, b in zip(originals, pictures, strict=False)], float
    )


def identity() -> dict[str, str]:
    """The hash of the classifier, so that points of another one are others."""
    path = os.environ.get(VARIABLE)
    return {"classifier": file_hash(path)} if path and os.path.isfile(path) else {}


def _path() -> str:
    path = os.environ.get(VARIABLE)
    if not path:
        raise DataUnavailableError(f"same_class needs a classifier; set {VARIABLE} to the path of its ONNX file")
    return path


@lru_cache(maxsize=1)
def _classifier(path: str) -> Session:
    file = read_model(path)
    if len(file.inputs) != 1 or len(file.inputs[0].shape or ()) != 4:
        raise InputError(f"{path}: a classifier with one input [batch, 3, height, width] is needed")
    return Session(file)


def _class(classifier: Session, picture: np.ndarray) -> int:
    """Pictures one by one, so that none depends on those beside it; resized where the classifier has a size of its own."""
    sides = (classifier.file.inputs[0].shape or ())[2:]
    height, width = (side if isinstance(side, int) else own for side, own in zip(sides, picture.shape, strict=False))
    if (height, width) != picture.shape[:2]:
        picture = np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.BILINEAR))
    scores = classifier.run(np.moveaxis(picture.astype(np.float32) / 255, -1, 0)[None])[0]
    return int(np.argmax(scores))
