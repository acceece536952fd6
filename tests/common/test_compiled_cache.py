"""What XLA compiles is kept from run to run, for this processor alone, and never against the user's own flags."""

import os
from pathlib import Path

import pytest

from linksim.common import tensorflow


@pytest.fixture
def flags(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("LINKSIM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TF_XLA_FLAGS", "--tf_xla_clustering_debug")
    return tmp_path / "cache" / "compiled"


def test_the_cache_is_named_and_other_flags_stay(flags: Path) -> None:
    tensorflow._keep_compiled()
    given = os.environ["TF_XLA_FLAGS"].split()
    (folder,) = flags.iterdir()
    assert given[:2] == ["--tf_xla_clustering_debug", f"--tf_xla_persistent_cache_directory={folder}"]


def test_a_cache_of_the_users_own_stays(flags: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = "--tf_xla_persistent_cache_directory=/mine"
    monkeypatch.setenv("TF_XLA_FLAGS", own)
    tensorflow._keep_compiled()
    assert os.environ["TF_XLA_FLAGS"] == own
    assert not flags.exists()


def test_where_no_folder_can_be_made_nothing_is_kept(flags: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flags.parent.write_text("a file")
    tensorflow._keep_compiled()
    assert os.environ["TF_XLA_FLAGS"] == "--tf_xla_clustering_debug"


def test_each_processor_and_version_has_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {tensorflow._processor()}
    monkeypatch.setattr(tensorflow, "version", lambda _: "0.0")
    names.add(tensorflow._processor())
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: "flags : fpu\n")
    names.add(tensorflow._processor())
    assert len(names) == 3
