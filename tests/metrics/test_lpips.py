"""LPIPS against the numbers of its reference implementation, and what must hold of any distance."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from skimage import data

from linksim.common.errors import DataUnavailableError, InputError
from linksim.data.decode import read_image
from linksim.data.store.catalog import ITEMS
from linksim.metrics import lpips
from linksim.metrics.lpips_v01 import Lpips, lpips_provenance

# lpips/example of the data: alex as published by its authors; both as computed from the reference weights.
REFERENCE = {"alex": (0.721881, 0.137566), "squeeze": (0.711048, 0.147902)}


@pytest.fixture(scope="module")
def example(data_dir: Path) -> tuple[np.ndarray, np.ndarray]:
    folder = data_dir / "lpips" / "example"
    ref, p0, p1 = (read_image(folder / f"ex_{name}.png") for name in ("ref", "p0", "p1"))
    return np.stack([ref, ref]), np.stack([p0, p1])


def photographs(count: int, side: int) -> tuple[np.ndarray, np.ndarray]:
    a = np.stack([data.astronaut()[2 * i : 2 * i + side, i : i + side] for i in range(count)])
    noise = np.random.default_rng(1).normal(0, 25, a.shape)
    return a, np.clip(np.round(a + noise), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("net", REFERENCE)
def test_the_reference_values(example: tuple[np.ndarray, np.ndarray], net: str) -> None:
    np.testing.assert_allclose(lpips(*example, net=net), REFERENCE[net], atol=1e-5)  # type: ignore[arg-type]


@pytest.mark.parametrize("net", REFERENCE)
def test_a_distance(example: tuple[np.ndarray, np.ndarray], net: str) -> None:
    a, b = example
    np.testing.assert_array_equal(lpips(a, a, net), 0)  # type: ignore[arg-type]
    np.testing.assert_allclose(lpips(a, b, net), lpips(b, a, net), rtol=1e-6)  # type: ignore[arg-type]


def test_batch_single_and_float_agree(example: tuple[np.ndarray, np.ndarray]) -> None:
    a, b = example
    together = lpips(a, b)
    np.testing.assert_array_equal(together, [lpips(x, y)[0] for x, y in zip(a, b, strict=True)])
    np.testing.assert_allclose(together, lpips(a / 255.0, b / 255.0), atol=1e-6)


def test_remembered_originals_change_nothing(data_dir: Path) -> None:
    a, b = photographs(11, 96)
    plain = lpips(a, b)
    keys = [f"image {i}" for i in range(len(a))]
    for limit in (1 << 29, 1 << 20, 0):  # all fit, some fit, none
        metric = Lpips("alex", cache_bytes=limit)
        for _ in range(2):
            np.testing.assert_array_equal(metric(a, b, keys), plain)
        np.testing.assert_array_equal(metric(a[::-1], b[::-1], keys[::-1]), plain[::-1])


@pytest.mark.parametrize("side", [31, 35, 64, 67, 130])
def test_odd_sizes(data_dir: Path, side: int) -> None:
    a, b = photographs(2, side)
    for net in REFERENCE:
        assert (lpips(a, b, net) > 0.01).all()  # type: ignore[arg-type]


def test_the_layout_of_keras_does_not_matter(data_dir: Path) -> None:
    code = """
import keras, sys
keras.config.set_image_data_format("channels_first")
from pathlib import Path
from linksim.data.decode import read_image
from linksim.metrics import lpips
a, b = (read_image(Path(sys.argv[1], f"ex_{name}.png")) for name in ("ref", "p1"))
print(lpips(a, b, "alex")[0], lpips(a, b, "squeeze")[0])
"""
    result = subprocess.run(
        [sys.executable, "-c", code, str(data_dir / "lpips" / "example")],
        capture_output=True,
        text=True,
        check=True,
    )
    np.testing.assert_allclose([float(x) for x in result.stdout.split()], [0.137566, 0.147902], atol=1e-5)


def test_the_record_of_a_run_names_network_and_version(data_dir: Path) -> None:
    record = lpips_provenance("squeeze")
    assert (record["net"], record["version"]) == ("squeeze", "0.1")
    assert record["network_sha256"] == ITEMS["squeezenet"].arrays_sha256
    assert record["heads_sha256"] == ITEMS["lpips-heads"].arrays_sha256


def test_bad_images(data_dir: Path) -> None:
    a, b = photographs(2, 64)
    with pytest.raises(InputError, match="one shape"):
        lpips(a, b[:1])
    with pytest.raises(InputError, match="uint8, or float"):
        lpips(a.astype(int), b)
    with pytest.raises(InputError, match="too small"):
        lpips(a[:, :20], b[:, :20])
    with pytest.raises(InputError, match="alex, squeeze, vgg"):
        lpips(a, b, net="resnet")  # type: ignore[arg-type]


def test_without_weights_it_says_what_to_do(empty_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from linksim.data.store.catalog import Remote

    unreachable = (Remote("http://127.0.0.1:9/heads.pth", "sha256:00", 1),)
    monkeypatch.setitem(ITEMS, "lpips-heads", replace(ITEMS["lpips-heads"], remotes=unreachable))
    with pytest.raises(DataUnavailableError, match="linksim data fetch lpips-heads"):
        Lpips("alex")
