"""Downloads against a local server: whole, cut, wrong, missing, and no network. No half file passes for a whole one."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from server import Site, serve

from linksim.common.errors import DataUnavailableError
from linksim.data.store.catalog import Remote
from linksim.data.store.download import download

CHUNK = 65536
BODY = np.random.default_rng(1).integers(0, 256, 1_000_000, np.uint8).tobytes()


@pytest.fixture
def site() -> Iterator[Site]:
    with serve() as site:
        site.files["a.bin"] = BODY
        yield site


def remote(site: Site, name: str = "a.bin", digits: int = 64) -> Remote:
    return Remote(site.url + name, f"sha256:{hashlib.sha256(BODY).hexdigest()[:digits]}", len(BODY))


def visible(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir() if file.suffix != ".lock"}


def test_a_whole_file_arrives_and_is_not_fetched_twice(site: Site, tmp_path: Path) -> None:
    for digits in (64, 8):
        assert download(remote(site, digits=digits), tmp_path).read_bytes() == BODY
    assert visible(tmp_path) == {"a.bin"}
    assert len(site.requests) == 1


def test_a_cut_download_goes_on_where_it_stopped(site: Site, tmp_path: Path) -> None:
    site.cut_after = [400_000, 300_000]
    assert download(remote(site), tmp_path).read_bytes() == BODY
    assert site.requests == [None, f"bytes={6 * CHUNK}-", f"bytes={10 * CHUNK}-"]


def test_after_too_many_cuts_the_next_call_goes_on(site: Site, tmp_path: Path) -> None:
    site.cut_after = [100_000] * 3
    with pytest.raises(DataUnavailableError, match=r"cut.*196608 bytes are kept") as caught:
        download(remote(site), tmp_path)
    assert "\n" not in str(caught.value)
    assert visible(tmp_path) == {"a.bin.part"}
    assert download(remote(site), tmp_path).read_bytes() == BODY
    assert site.requests[-1] == f"bytes={3 * CHUNK}-"


def test_a_server_without_ranges_starts_again(site: Site, tmp_path: Path) -> None:
    site.ranges = False
    site.cut_after = [400_000]
    assert download(remote(site), tmp_path).read_bytes() == BODY


def test_a_wrong_checksum_leaves_nothing_behind(site: Site, tmp_path: Path) -> None:
    site.files["a.bin"] = BODY[:-1] + b"?"
    with pytest.raises(DataUnavailableError, match="another checksum"):
        download(remote(site), tmp_path)
    assert visible(tmp_path) == set()
    site.files["a.bin"] = BODY
    assert download(remote(site), tmp_path).read_bytes() == BODY


def test_a_damaged_earlier_copy_is_replaced(site: Site, tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(BODY[:1000])
    assert download(remote(site), tmp_path).read_bytes() == BODY


def test_a_part_that_is_longer_than_the_file_is_discarded(site: Site, tmp_path: Path) -> None:
    (tmp_path / "a.bin.part").write_bytes(BODY + b"more")
    with pytest.raises(DataUnavailableError, match="another checksum"):
        download(remote(site), tmp_path)
    assert download(remote(site), tmp_path).read_bytes() == BODY


def test_a_missing_file_names_the_status(site: Site, tmp_path: Path) -> None:
    with pytest.raises(DataUnavailableError, match="answered 404"):
        download(remote(site, "b.bin"), tmp_path)
    assert visible(tmp_path) == set()


def test_no_server_is_one_clear_line(site: Site, tmp_path: Path) -> None:
    unreachable = Remote("http://127.0.0.1:9/a.bin", "sha256:00", 1)
    with pytest.raises(DataUnavailableError, match=r"no connection to the host") as caught:
        download(unreachable, tmp_path)
    assert "\n" not in str(caught.value)
    assert visible(tmp_path) == set()
