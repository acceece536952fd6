"""CIFAR-10, CLIC 2020 and DIV2K from a host, the cache and the user's folder, with small archives of the official layout."""

import hashlib
import io
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from server import Site, serve

import linksim
from linksim import data
from linksim.common.errors import DataUnavailableError
from linksim.data.images import ImagesConfig, open_images
from linksim.data.store.catalog import ITEMS, Remote
from linksim.results import read_images

PER_BATCH = 3
ARCHIVES = {
    "cifar10": "cifar-10-binary.tar.gz",
    "clic2020": "professional_valid_2020.zip",
    "div2k": "DIV2K_valid_HR.zip",
}


def cifar_pictures(seed: int) -> np.ndarray:
    """uint8 `[PER_BATCH, 32, 32, 3]`."""
    return np.random.default_rng(seed).integers(0, 256, (PER_BATCH, 32, 32, 3), np.uint8)


def cifar_archive(cut: int = 0, without: str = "") -> bytes:
    """The layout of https://www.cs.toronto.edu/~kriz/cifar.html: a label, then 1024 values of each colour, by rows."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for seed, name in enumerate([*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]):
            planes = cifar_pictures(seed).transpose(0, 3, 1, 2).reshape(PER_BATCH, -1)
            body = b"".join(bytes([i]) + plane.tobytes() for i, plane in enumerate(planes))
            info = tarfile.TarInfo(f"cifar-10-batches-bin/{name}.bin")
            info.size = len(body) - cut
            if name != without:
                tar.addfile(info, io.BytesIO(body[: info.size]))
        tar.addfile(tarfile.TarInfo("cifar-10-batches-bin/readme.html"))
    return stream.getvalue()


def png(seed: int) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (20, 24, 3), np.uint8)).save(stream, "PNG")
    return stream.getvalue()


def zip_archive(folder: str, names: list[str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as files:
        files.writestr(f"{folder}/", b"")
        for seed, name in enumerate(names):
            files.writestr(f"{folder}/{name}", png(seed))
            files.writestr(f"__MACOSX/{folder}/._{name}", b"resource fork")
        files.writestr(f"{folder}/.DS_Store", b"x")
    return stream.getvalue()


BODIES = {
    "cifar10": (cifar_archive(), 6 * PER_BATCH),
    "clic2020": (zip_archive("valid", ["b.png", "a.png"]), 2),
    "div2k": (zip_archive("DIV2K_valid_HR", ["0801.png", "0802.png", "0803.png"]), 3),
}


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A host that has all three archives."""
    with serve() as site:
        for name, (body, count) in BODIES.items():
            publish(site, monkeypatch, name, body, count)
        yield site


def publish(site: Site, monkeypatch: pytest.MonkeyPatch, name: str, body: bytes, count: int) -> None:
    remote = Remote(site.url + ARCHIVES[name], f"sha256:{hashlib.sha256(body).hexdigest()}", len(body))
    site.files[ARCHIVES[name]] = body
    monkeypatch.setitem(ITEMS, name, replace(ITEMS[name], remotes=(remote,), n_images=count))


def pictures(name: str, split: str = "test") -> dict[str, np.ndarray]:
    source = open_images(ImagesConfig.model_validate({"dataset": name, "split": split}))
    return {source.ids[i]: image for i, image in source.readable()}


def test_official_hosts_and_checksums() -> None:
    for name, file in ARCHIVES.items():
        (remote,) = ITEMS[name].remotes
        assert remote.file_name == file
        assert remote.url.startswith("https://")
        assert len(remote.checksum) == len("sha256:") + 64
    assert [ITEMS[name].n_images for name in ARCHIVES] == [60_000, 41, 100]


@pytest.mark.parametrize("split", ["test", "train"])
def test_cifar_has_the_pictures_of_its_batches_in_their_order(empty_cache: Path, site: Site, split: str) -> None:
    shown = pictures("cifar10", split)
    expected = np.concatenate([cifar_pictures(seed) for seed in ([5] if split == "test" else range(5))])
    assert list(shown) == [f"{number:05d}" for number in range(len(expected))]
    np.testing.assert_array_equal(list(shown.values()), expected)


def test_zip_sets_have_their_pictures_alone_and_are_fetched_once(empty_cache: Path, site: Site) -> None:
    for _ in range(2):
        assert list(pictures("clic2020")) == ["a", "b"]
    np.testing.assert_array_equal(pictures("clic2020")["b"], np.asarray(Image.open(io.BytesIO(png(0)))))
    assert len(site.requests) == 1
    assert not list(empty_cache.rglob("*.zip"))


def test_large_sets_are_fetched_on_request_only(empty_cache: Path, site: Site) -> None:
    with pytest.raises(DataUnavailableError, match="linksim data fetch div2k"):
        pictures("div2k")
    assert not site.requests
    data.fetch("div2k")
    assert list(pictures("div2k")) == ["0801", "0802", "0803"]


@pytest.mark.parametrize("name", ARCHIVES)
def test_the_archive_may_lie_in_the_user_s_folder(
    name: str, empty_cache: Path, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    (bundle / ARCHIVES[name]).write_bytes(BODIES[name][0])
    monkeypatch.setenv("LINKSIM_DATA", str(bundle))
    assert pictures(name)
    assert not site.requests
    assert (bundle / ARCHIVES[name]).read_bytes() == BODIES[name][0]
    (bundle / ARCHIVES[name]).write_bytes(b"changed")
    assert pictures(name)  # from the cache now


def test_unpacked_folders_of_the_user_come_first(
    empty_cache: Path, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("clic2020/valid/x.png", "div2k/DIV2K_valid_HR/0900.png", "cifar10/test/7.png"):
        file = tmp_path / "bundle" / "images" / place
        file.parent.mkdir(parents=True)
        file.write_bytes(png(1))
    monkeypatch.setenv("LINKSIM_DATA", str(tmp_path / "bundle"))
    assert [list(pictures(name)) for name in ARCHIVES] == [["7"], ["x"], ["0900"]]
    with pytest.raises(DataUnavailableError, match="no images in a folder `train`") as caught:
        pictures("cifar10", "train")
    assert "\n" not in str(caught.value)
    assert not site.requests


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        ("cifar10", cifar_archive(cut=1), "ends in the middle of a picture"),
        ("cifar10", cifar_archive(without="test_batch"), "no test_batch.bin inside"),
        ("cifar10", b"no archive at all", "cannot be unpacked"),
        ("cifar10", cifar_archive()[:-200], "cannot be unpacked"),
        ("clic2020", b"no archive at all", "cannot be unpacked"),
        ("clic2020", BODIES["clic2020"][0][:-40], "cannot be unpacked"),
        ("clic2020", zip_archive("valid", ["a.png"]), "has 1 pictures, not 2"),
        ("div2k", zip_archive("mobile", []), "has 0 pictures, not 3"),
    ],
)
def test_other_archives_are_refused_in_one_line_and_leave_nothing(
    name: str, body: bytes, said: str, empty_cache: Path, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(site, monkeypatch, name, body, BODIES[name][1])
    with pytest.raises(DataUnavailableError, match=said) as caught:
        data.fetch(name)
    assert "\n" not in str(caught.value)
    assert not list(empty_cache.rglob("*.png"))


def test_a_wrong_checksum_is_refused(empty_cache: Path, site: Site) -> None:
    site.files[ARCHIVES["cifar10"]] = cifar_archive()[:-1] + b"\xff"
    with pytest.raises(DataUnavailableError, match=r"cifar10: .* another checksum"):
        data.fetch("cifar10")


def test_names_in_an_archive_cannot_lead_elsewhere(
    empty_cache: Path, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(site, monkeypatch, "clic2020", zip_archive("../../valid", ["a.png", "b.png"]), 2)
    with pytest.raises(DataUnavailableError, match="has 0 pictures"):  # `..` begins with a dot
        data.fetch("clic2020")
    assert not list(empty_cache.parent.rglob("*.png"))


def test_small_pictures_go_through_the_whole_chain(empty_cache: Path, site: Site, tmp_path: Path) -> None:
    scenario = {
        "name": "small",
        "images": {"dataset": "cifar10", "count": 2},
        "link": {
            "code": {"kind": "ldpc5g", "rate": 0.5, "block_bits": 256, "decoder": "layered"},
            "modulation": {"bits_per_symbol": 4},
            "channel": {"kind": "awgn"},
        },
        "sweep": {"snr_db": [20]},
        "metrics": ["psnr", "ms_ssim"],
        "schemes": [
            {"name": "Codebook", "kind": "semantic", "checkpoint": "vqvae"},
            {"name": "JPEG", "kind": "jpeg", "rho": "1/1"},
            {"name": "WebP", "kind": "webp", "rho": "1/2"},
            {"name": "JPEG 2000", "kind": "jpeg2000", "rho": "1/2"},
            {"name": "BPG", "kind": "bpg", "rho": "1/2", "preset": "ultrafast"},
            {"name": "AVIF", "kind": "avif", "rho": "1/1", "speed": 10},
            {"name": "Too small", "kind": "avif", "rho": "1/6"},
        ],
    }
    lines = linksim.run(scenario, out=tmp_path / "out").table
    images = read_images(tmp_path / "out").set_index(["scheme", "image"])
    assert set(images["height"]) == set(images["width"]) == {32}
    status = dict(zip(lines["scheme"], lines["status"], strict=True))
    assert status == {name: "infeasible" if name == "Too small" else "ok" for name in status}
    assert set(lines[lines["status"] == "ok"]["ms_ssim_scales"].astype(float)) == {2.0}  # and the table says so
    assert images.loc[("Codebook", "00000"), "source_bits"] == 8 * 8 * 9
    assert images.loc[("Too small", "00000"), "reason"] == "no avif file fits 512 channel uses"
