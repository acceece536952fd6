"""From the catalogue to a usable item: LINKSIM_DATA, cache, host; conversion, verification, and what is said on failure."""

import hashlib
import io
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from server import Site, serve
from torch_writer import legacy_format, zip_format

from linksim import data
from linksim.common.errors import DataUnavailableError, InputError
from linksim.data import inventory as api
from linksim.data import weights
from linksim.data.store import locate
from linksim.data.store.catalog import GROUPS, ITEMS, Item, Remote

WEIGHTS = {"features.0.weight": np.ones((2, 3, 1, 1), np.float32), "features.0.bias": np.zeros(2, np.float32)}
CLASSIFIER = {"classifier.1.weight": np.ones((4, 4), np.float32)}


@pytest.fixture
def site() -> Iterator[Site]:
    with serve() as site:
        yield site


def publish(site: Site, monkeypatch: pytest.MonkeyPatch, name: str, files: dict[str, bytes], digest: str = "") -> Item:
    """Make catalogue item `name` come from the local server."""
    site.files |= files
    remotes = tuple(Remote(site.url + n, f"sha256:{hashlib.sha256(b).hexdigest()}", len(b)) for n, b in files.items())
    item = replace(ITEMS[name], remotes=remotes, arrays_sha256=digest)
    monkeypatch.setitem(ITEMS, name, item)
    return item


@pytest.fixture
def squeezenet(site: Site, monkeypatch: pytest.MonkeyPatch) -> Item:
    digest = weights.arrays_digest(WEIGHTS)
    return publish(site, monkeypatch, "squeezenet", {"squeezenet.pth": zip_format(WEIGHTS | CLASSIFIER)}, digest)


def test_weights_are_fetched_converted_and_cached_once(empty_cache: Path, squeezenet: Item, site: Site) -> None:
    for _ in range(2):
        loaded = weights.load_weights("squeezenet")
        assert loaded.keys() == WEIGHTS.keys()
        np.testing.assert_array_equal(loaded["features.0.weight"], WEIGHTS["features.0.weight"])
    assert len(site.requests) == 1
    assert [p.name for p in empty_cache.rglob("*") if p.is_file()] == ["squeezenet1_1_features.npz"]


def test_other_weights_under_the_right_file_checksum_are_refused(
    empty_cache: Path, squeezenet: Item, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ITEMS, "squeezenet", replace(squeezenet, arrays_sha256="0" * 64))
    with pytest.raises(DataUnavailableError, match="published weights"):
        weights.load_weights("squeezenet")
    assert not list(empty_cache.rglob("*.npz"))


def test_a_changed_cache_is_noticed(empty_cache: Path, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(site, monkeypatch, "vgg16", {"vgg16.pth": zip_format(WEIGHTS)})
    weights.load_weights("vgg16")
    (file,) = empty_cache.rglob("*.npz")
    with np.load(file) as archive:
        arrays = dict(archive)
    np.savez(file, **(arrays | {"features.0.bias": np.ones(2, np.float32)}))
    with pytest.raises(DataUnavailableError, match="SHA-256"):
        weights.load_weights("vgg16")


def test_an_original_file_in_linksim_data_is_converted(
    empty_cache: Path, squeezenet: Item, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    monkeypatch.setenv("LINKSIM_DATA", str(bundle))
    (bundle / "squeezenet.pth").write_bytes(b"something else")
    with pytest.raises(DataUnavailableError, match="checksum"):
        weights.load_weights("squeezenet")
    (bundle / "squeezenet.pth").write_bytes(site.files["squeezenet.pth"])
    assert weights.load_weights("squeezenet").keys() == WEIGHTS.keys()
    assert not site.requests


def test_lpips_heads_become_vectors(empty_cache: Path, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    heads = {"lin0.model.1.weight": np.arange(4, dtype=np.float32).reshape(1, 4, 1, 1)}
    publish(site, monkeypatch, "lpips-heads", {f"{net}.pth": legacy_format(heads) for net in ("alex", "vgg")})
    loaded = weights.load_weights("lpips-heads")
    assert loaded.keys() == {"alex.lin0", "vgg.lin0"}
    np.testing.assert_array_equal(loaded["vgg.lin0"], [0, 1, 2, 3])


def test_keras_weights(empty_cache: Path, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.BytesIO()
    with h5py.File(stream, "w") as archive:
        archive["block1_conv1/block1_conv1_W_1:0"] = np.ones((3, 3, 3, 64), np.float32)
        archive["block1_conv1/block1_conv1_b_1:0"] = np.zeros(64, np.float32)
        archive.create_group("block1_pool")
    publish(site, monkeypatch, "vgg16-keras", {"vgg16.h5": stream.getvalue()})
    loaded = weights.load_weights("vgg16-keras")
    assert {k: v.shape for k, v in loaded.items()} == {"block1_conv1.kernel": (3, 3, 3, 64), "block1_conv1.bias": (64,)}


def voc_archive(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, body in files.items():
            info = tarfile.TarInfo("VOCdevkit/VOC2012/" + name)
            info.size = len(body)
            tar.addfile(info, io.BytesIO(body))
    return stream.getvalue()


VOC = {
    "JPEGImages/2007_000001.jpg": b"a",
    "JPEGImages/2007_000002.jpg": b"b",
    "JPEGImages/2007_000003.jpg": b"c",
    "ImageSets/Segmentation/val.txt": b"2007_000002\n",
    "Annotations/2007_000001.xml": b"<a/>",
}


def test_voc_is_fetched_on_request_only_and_split_by_its_list(
    empty_cache: Path, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(site, monkeypatch, "voc2012", {"voc.tar": voc_archive(VOC)})
    with pytest.raises(DataUnavailableError, match="linksim data fetch voc2012"):
        data.image_files("voc2012", "test")
    assert not site.requests
    (place,) = data.fetch("voc2012")
    assert sorted(f.name for f in place.iterdir()) == ["ImageSets", "JPEGImages"]
    assert [f.stem[-1] for f in data.image_files("voc2012", "test")] == ["2"]
    assert [f.stem[-1] for f in data.image_files("voc2012", "train")] == ["1", "3"]
    assert not list(empty_cache.rglob("*.tar"))


def test_an_archive_cannot_write_elsewhere(empty_cache: Path, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = voc_archive(VOC | {"JPEGImages/../../../outside.jpg": b"d"})
    publish(site, monkeypatch, "voc2012", {"voc.tar": archive})
    with pytest.raises(DataUnavailableError, match=r"voc2012: .* cannot be unpacked") as caught:
        data.fetch("voc2012")
    assert isinstance(caught.value.__cause__, tarfile.OutsideDestinationError)
    assert not list(empty_cache.parent.rglob("*.jpg"))


def test_a_subset_is_called_one(empty_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder, names in (("voc2012_test", "ab"), ("voc2012_train160", "cde"), ("kodak", map(str, range(24)))):
        (tmp_path / "images" / folder).mkdir(parents=True)
        for name in names:
            (tmp_path / "images" / folder / f"{name}.png").touch()
    monkeypatch.setenv("LINKSIM_DATA", str(tmp_path))
    listed = {status.name: status.subset for status in data.list_items()}
    assert listed["voc2012"] == "a subset: 2 images in voc2012_test, 3 images in voc2012_train160"
    assert listed["kodak"] == ""


def test_a_download_is_announced_with_size_and_host(
    empty_cache: Path, squeezenet: Item, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    remotes = tuple(replace(remote, size=244_408_911) for remote in squeezenet.remotes)
    monkeypatch.setitem(ITEMS, "squeezenet", replace(squeezenet, remotes=remotes))
    for _ in range(2):  # the second time it is there
        data.fetch("squeezenet")
    assert capsys.readouterr().err == "linksim: downloading squeezenet (244MB) from 127.0.0.1\n"


def test_a_set_of_files_appears_when_all_are_there(
    empty_cache: Path, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {f"kodim0{i}.png": bytes([i]) * 1000 for i in (1, 2, 3)}
    publish(site, monkeypatch, "kodak", files)
    missing = site.files.pop("kodim03.png")
    with pytest.raises(DataUnavailableError, match=r"kodak: .*404.*linksim data fetch kodak"):
        data.fetch("kodak")
    assert locate.find(ITEMS["kodak"]) == []
    site.files["kodim03.png"] = missing
    assert [f.name for f in data.image_files("kodak", "test")] == list(files)
    assert len(site.requests) == 4  # the two that had arrived are kept


def test_no_network_says_what_to_do(empty_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unreachable = (Remote("http://127.0.0.1:9/x.pth", "sha256:00", 1),)
    monkeypatch.setitem(ITEMS, "alexnet", replace(ITEMS["alexnet"], remotes=unreachable))
    with pytest.raises(DataUnavailableError, match=r"alexnet: .*no connection.*LINKSIM_DATA") as caught:
        weights.load_weights("alexnet")
    assert "\n" not in str(caught.value)


def test_a_cache_that_cannot_be_written_is_said(empty_cache: Path, squeezenet: Item) -> None:
    empty_cache.write_text("a file where the folder should be")
    with pytest.raises(DataUnavailableError, match=r"squeezenet: the cache .* cannot be written"):
        weights.load_weights("squeezenet")


def test_listing_says_what_is_missing_and_how_to_get_it(empty_cache: Path) -> None:
    listed = {status.name: status for status in data.list_items()}
    assert listed.keys() == ITEMS.keys()
    assert all(status.place is None for status in listed.values())
    assert listed["kodak"].command == "linksim data fetch kodak"
    assert "LINKSIM_DATA" in listed["bsds500"].command
    with pytest.raises(DataUnavailableError, match="linksim data fetch kodak"):
        data.path("kodak")


def test_unknown_names_get_a_suggestion(empty_cache: Path) -> None:
    with pytest.raises(InputError, match="did you mean kodak"):
        data.fetch("kodac")


def test_a_wrong_linksim_data_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINKSIM_DATA", "/no/such/folder")
    with pytest.raises(InputError, match="LINKSIM_DATA: /no/such/folder"):
        data.list_items()


def test_groups_name_items() -> None:
    assert all(name in ITEMS for group in GROUPS.values() for name in group)
    assert not GROUPS.keys() & ITEMS.keys()


def test_the_bundle_is_found_and_is_what_the_catalogue_says(data_dir: Path) -> None:
    for name in ("alexnet", "squeezenet", "lpips-heads"):
        assert api.path(name)[0].is_relative_to(data_dir)
        assert weights.load_weights(name)  # raises if its digest is another
    for remote, file in zip(ITEMS["kodak"].remotes, data.image_files("kodak", "test"), strict=True):
        assert remote.checksum == "sha256:" + hashlib.sha256(file.read_bytes()).hexdigest()
    assert len(data.image_files("voc2012", "test")) == 100
    assert not {f.stem for f in data.image_files("voc2012", "test")} & {
        f.stem for f in data.image_files("voc2012", "train")
    }
