"""The doctor names what is missing and what gets it."""

import zipfile
from pathlib import Path

import pytest

from linksim.cli import doctor
from linksim.common.errors import InputError
from linksim.data.store import locate
from linksim.data.store.catalog import GROUPS, ITEMS
from linksim.data.weights import read_npz
from linksim.metrics import lpips_v01


def test_without_data_every_item_has_its_command(empty_cache: Path) -> None:
    findings = {finding.name: finding for finding in doctor.examine()}
    for name in ITEMS:
        assert not findings[name].found
        assert f"linksim data fetch {name}" in findings[name].remedy or "LINKSIM_DATA" in findings[name].remedy
    for name in ("linksim", "tensorflow", "keras", "CPU", "JPEG (Pillow)"):
        assert findings[name].found
    assert findings["psnr"].found == "ready"
    assert not findings["lpips"].found
    assert findings["lpips"].remedy == "linksim data fetch lpips-alex"
    text = doctor.report()
    assert "missing; linksim data fetch lpips-alex" in text
    assert text.splitlines()[-1].startswith(str(sum(not finding.found for finding in findings.values())))


def test_with_data(data_dir: Path) -> None:
    findings = {finding.name: finding for finding in doctor.examine()}
    assert findings["kodak"].found == str(data_dir / "images" / "kodak")
    assert findings["lpips-alex"].found == "ready"
    assert set(GROUPS) <= findings.keys()


def test_a_missing_package_is_named(monkeypatch: object) -> None:
    monkeypatch.setattr(doctor, "_PACKAGES", ("numpy", "no-such-package"))  # type: ignore[attr-defined]
    numpy, missing = doctor._versions()[1:]
    assert numpy.found
    assert not missing.found
    assert missing.remedy == "pip install 'no-such-package'"


def test_what_is_there_but_cannot_be_read_is_not_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "data"
    for name, content in (
        ("lpips/alexnet_features.npz", b"PK\x03\x04 no zip file"),
        ("lpips/lpips_lin_v0.1.npz", b""),
        ("images/kodak/kodim01.png", b"\x89PNG\r\n\x1a\n cut"),
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    monkeypatch.setenv("LINKSIM_DATA", str(folder))
    monkeypatch.setattr(locate, "cache_folder", lambda: tmp_path / "cache")
    lpips_v01._shared.cache_clear()  # networks that other tests have loaded
    findings = {finding.name: finding for finding in doctor.examine()}
    for name in ("alexnet", "lpips-heads", "lpips-alex", "lpips", "kodak"):
        assert not findings[name].found
        assert findings[name].broken
    assert "kodim01.png: unreadable or truncated" in findings["kodak"].broken
    assert findings["psnr"].found == "ready"
    text = doctor.report()
    assert "broken (ready: " in text
    assert "missing or broken; each such line says what gets it." in text


def test_a_broken_codec_and_a_broken_checkpoint_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from linksim.codecs import jpeg
    from linksim.semantic import finding

    whole = finding.find_checkpoint("proposed")[1]
    monkeypatch.setattr(jpeg, "encode", lambda *_: b"not a file")
    monkeypatch.setattr(finding, "find_checkpoint", lambda name: (name, b"PK" if name == "vqvae" else whole))
    codecs = {one.name: one for one in doctor._codecs()}
    assert "not a decodable JPEG file" in codecs["JPEG (Pillow)"].broken
    shipped, broken = doctor._checkpoints()
    assert "proposed" in shipped.found.split(", ")
    assert "vqvae" not in shipped.found.split(", ")
    assert (broken.name, broken.found) == ("vqvae", "")


def test_weights_that_unpack_to_too_much_are_refused_unread(tmp_path: Path) -> None:
    with (
        zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("a.npy", "w") as member,
    ):
        for _ in range(1100):
            member.write(bytes(1_000_000))
    with pytest.raises(
        InputError, match=r"bomb\.npz: not a readable \.npz file .unpacked it has more than 1,000,000,000 bytes"
    ):
        read_npz(tmp_path / "bomb.npz")
    with pytest.raises(InputError, match="it is a device"):
        read_npz(Path("/dev/zero"))
