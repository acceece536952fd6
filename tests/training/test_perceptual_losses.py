"""Training losses: the Gram matrices of eq. 25 by their definition, LPIPS as the metric has it, usable gradients."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from keras import ops
from skimage import data

from linksim.common.errors import DataUnavailableError, InputError
from linksim.data.decode import read_image
from linksim.metrics import lpips, networks
from linksim.metrics.lpips_model import _unit_length
from linksim.training.network.perceptual import GramLoss, LpipsLoss, gram_matrix


def images() -> tuple[np.ndarray, np.ndarray]:
    a = np.stack([data.astronaut()[i * 40 : i * 40 + 64, 100:164] for i in range(3)]).astype(np.float32) / 255
    noise = np.random.default_rng(1).normal(0, 0.1, a.shape).astype(np.float32)
    return a, np.clip(a + noise, 0, 1)


def test_gram_matrix_is_its_formula() -> None:
    f = np.random.default_rng(0).normal(size=(2, 5, 7, 3)).astype(np.float32)
    expected = np.einsum("bhwi,bhwj->bij", f, f) / (5 * 7 * 3)
    np.testing.assert_allclose(ops.convert_to_numpy(gram_matrix(f)), expected, rtol=1e-5)


def test_the_gram_matrix_forgets_places() -> None:
    f = np.random.default_rng(0).normal(size=(1, 4, 6, 3)).astype(np.float32)
    moved = np.random.default_rng(1).permutation(f.reshape(1, 24, 3), axis=1).reshape(f.shape)
    np.testing.assert_allclose(
        ops.convert_to_numpy(gram_matrix(f)), ops.convert_to_numpy(gram_matrix(moved)), rtol=1e-5
    )


@pytest.mark.parametrize("weights", ["torchvision", "keras"])
def test_gram_loss_is_equation_25(data_dir: Path, weights: str) -> None:
    loss, (a, b) = GramLoss(weights=weights), images()  # type: ignore[arg-type]
    expected = 0.0
    for x, y in zip(loss.gram_matrices(a), loss.gram_matrices(b), strict=True):
        difference = ops.convert_to_numpy(x).astype(np.float64) - ops.convert_to_numpy(y)
        expected += np.mean([np.linalg.norm(d, "fro") ** 2 for d in difference])
    assert float(loss(a, b)) == pytest.approx(expected, rel=1e-4)


def gradient(loss: object, x: np.ndarray, x_hat: np.ndarray) -> tuple[float, np.ndarray]:
    given = tf.constant(x_hat)
    with tf.GradientTape() as tape:
        tape.watch(given)
        value = loss(x, given)  # type: ignore[operator]
    return float(value), tape.gradient(value, given).numpy()


@pytest.mark.parametrize("make", [GramLoss, LpipsLoss, lambda: GramLoss(weights="keras")])
def test_losses_are_zero_for_equal_images_and_descend(data_dir: Path, make: object) -> None:
    loss = make()  # type: ignore[operator]
    a, b = images()
    assert float(loss(a, a)) == pytest.approx(0, abs=1e-12)
    value, slope = gradient(loss, a, b)
    assert value > 0
    assert np.isfinite(slope).all()
    step = 1e-3 * slope / np.abs(slope).max()
    assert float(loss(a, b - step)) < value


def test_gradients_are_finite_on_flat_images(data_dir: Path) -> None:
    flat = np.zeros((1, 64, 64, 3), np.float32)
    for loss in (GramLoss(), LpipsLoss()):
        for target in (flat, flat + 0.5):
            assert np.isfinite(gradient(loss, target, flat)[1]).all()


def test_the_lpips_loss_is_the_mean_of_the_metric(data_dir: Path) -> None:
    a, b = images()
    assert float(LpipsLoss("squeeze")(a, b)) == pytest.approx(lpips(a, b, "squeeze").mean(), rel=1e-5)


def test_bfloat16_is_close(data_dir: Path) -> None:
    a, b = images()
    for exact, rough in ((GramLoss(), GramLoss(dtype="bfloat16")), (LpipsLoss(), LpipsLoss(dtype="bfloat16"))):
        assert float(rough(a, b)) == pytest.approx(float(exact(a, b)), rel=0.05)


def test_the_first_layers_of_vgg16_give_their_part_of_lpips(data_dir: Path) -> None:
    """The terms of relu1_2 and relu2_2, parts of the totals 0.569 and 0.422 that are published for LPIPS-vgg."""
    from linksim.data.weights import load_weights
    from linksim.metrics.lpips_model import _SCALE, _SHIFT
    from linksim.training.network.perceptual import _vgg16_weights

    layers = ("relu1_2", "relu2_2")
    arrays = _vgg16_weights(layers, "torchvision")
    heads = load_weights("lpips-heads")
    folder = data_dir / "lpips" / "example"
    ref, p0, p1 = (read_image(folder / f"ex_{name}.png") / np.float32(255) for name in ("ref", "p0", "p1"))
    taps = networks.vgg16(arrays, (2 * np.stack([ref, p0, p1]) - 1 - _SHIFT) / _SCALE, layers)
    for n, (tap, expected) in enumerate(zip(taps, [(0.060839, 0.073910), (0.070204, 0.084017)], strict=True)):
        unit = ops.convert_to_numpy(_unit_length(tap))
        terms = ((unit[:1] - unit[1:]) ** 2 @ heads[f"vgg.lin{n}"]).mean((1, 2))
        np.testing.assert_allclose(terms, expected, atol=2e-6)


def test_layers(empty_cache: Path) -> None:
    for layers in (("relu9_1",), (), ("relu1_2", "relu1_2")):
        with pytest.raises(InputError, match="relu5_3"):
            GramLoss(layers)


def test_deeper_layers_need_the_whole_network(data_dir: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from dataclasses import replace

    from linksim.data.store import locate
    from linksim.data.store.catalog import ITEMS, Remote

    monkeypatch.setattr(locate, "cache_folder", lambda: tmp_path)
    unreachable = (Remote("http://127.0.0.1:9/vgg16.pth", "sha256:00", 1),)
    monkeypatch.setitem(ITEMS, "vgg16", replace(ITEMS["vgg16"], remotes=unreachable))
    with pytest.raises(DataUnavailableError, match="linksim data fetch vgg16"):
        GramLoss(("relu3_3",))


def test_vgg16_is_that_of_keras() -> None:
    """Every tap, on random weights, and the LPIPS taps by default."""
    import keras

    reference = keras.applications.VGG16(weights=None, include_top=False, input_shape=(48, 40, 3))
    names = {relu: f"block{relu[4]}_conv{relu[6]}" for relu in networks.VGG16}
    arrays = {}
    for relu, layer in names.items():
        kernel, bias = reference.get_layer(layer).get_weights()
        arrays[f"features.{networks.VGG16[relu]}.weight"] = kernel
        arrays[f"features.{networks.VGG16[relu]}.bias"] = bias
    taps = keras.Model(reference.input, [reference.get_layer(layer).output for layer in names.values()])
    x = np.random.default_rng(0).normal(size=(2, 48, 40, 3)).astype(np.float32)
    for ours, expected in zip(networks.vgg16(arrays, x, tuple(names)), taps(x), strict=True):
        np.testing.assert_allclose(ops.convert_to_numpy(ours), ops.convert_to_numpy(expected), rtol=1e-4, atol=1e-6)
    assert [tap.shape[-1] for tap in networks.vgg16(arrays, x)] == [64, 128, 256, 512, 512]


def test_lpips_with_vgg16_runs_on_whole_weights(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its weights are not part of the data, so random ones stand in: only that all parts fit is tested."""
    from linksim.data.weights import load_weights
    from linksim.metrics import lpips_model

    rng = np.random.default_rng(0)
    widths = [3, 64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512]
    random = {}
    for number, fan_in, fan_out in zip(networks.VGG16.values(), widths[:-1], widths[1:], strict=True):
        scale = np.sqrt(2 / (9 * fan_in))
        random[f"features.{number}.weight"] = rng.normal(0, scale, (fan_out, fan_in, 3, 3)).astype(np.float32)
        random[f"features.{number}.bias"] = np.zeros(fan_out, np.float32)
    monkeypatch.setattr(
        lpips_model, "load_weights", lambda name: random if name == "vgg16" else load_weights("lpips-heads")
    )
    model = lpips_model.LpipsModel("vgg")
    a, b = images()
    to_b, to_a = model.distance(model.features(a), model.features(b)), model.distance(*map(model.features, (b, a)))
    assert (ops.convert_to_numpy(to_b) > 0.01).all()
    np.testing.assert_allclose(ops.convert_to_numpy(to_b), ops.convert_to_numpy(to_a), rtol=1e-5)
