"""A small encoder and decoder with random weights that the tests share."""

import pytest

from linksim.common.tensorflow import import_tensorflow
from linksim.jscc.checkpoint import JsccCheckpoint
from linksim.jscc.model import JsccModel


@pytest.fixture(scope="session")
def small() -> JsccCheckpoint:
    """Of 7 real numbers a cell, so that a picture may have an odd number of them."""
    import_tensorflow()
    import keras

    from linksim.jscc.networks import build_decoder, build_encoder
    from linksim.semantic.autoencoder import get_weights

    keras.utils.set_random_seed(5)
    model = JsccModel(reals=7, channels=(16, 8), encoder_blocks=(1, 1), decoder_blocks=(1, 1))
    weights = [
        {name: w.astype("float16").astype("float32") for name, w in get_weights(build(model)).items()}
        for build in (build_encoder, build_decoder)
    ]
    return JsccCheckpoint(model, *weights, card={"name": "small", "training": {"steps": 3}})
