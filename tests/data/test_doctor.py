"""The doctor names what is missing and what gets it."""

from pathlib import Path

from linksim.cli import doctor
from linksim.data.store.catalog import GROUPS, ITEMS


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
