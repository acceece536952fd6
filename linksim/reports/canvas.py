"""Matplotlib as figures need it: imported whatever its configuration says, its own defaults, files in one step."""

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from linksim.common.errors import InputError, LinksimError
from linksim.common.writing import in_one_step, naming

# Dates and random ids in the files would make equal figures differ.
_METADATA: dict[str, Any] = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}


def import_matplotlib() -> Any:
    """Import Matplotlib.

    Figures are drawn without a window, so neither the backend that `MPLBACKEND` names (a notebook's, say, in an
    environment that lacks it) nor a damaged matplotlibrc has a say in whether they can be: where they keep Matplotlib
    from being imported it is imported without them.

    Raises:
        LinksimError: it cannot be imported all the same.
    """
    try:
        import matplotlib as mpl
    except Exception:
        _forget()
        mpl = _import_plainly()
    return mpl


def _import_plainly() -> Any:
    before = {name: os.environ.get(name) for name in ("MPLBACKEND", "MATPLOTLIBRC", "MPLCONFIGDIR")}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "matplotlibrc").write_text("")
        os.environ |= {"MPLBACKEND": "agg", "MATPLOTLIBRC": f"{folder}/matplotlibrc"}
        try:
            import matplotlib as mpl
            import matplotlib.font_manager
        except Exception as error:
            raise LinksimError(f"figures: matplotlib cannot be imported ({error}); repair or reinstall it") from error
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
    return mpl


def _forget() -> None:
    """Take what is left of a failed import away."""
    for name in [name for name in sys.modules if name.partition(".")[0] in ("matplotlib", "mpl_toolkits")]:
        del sys.modules[name]


@contextmanager
def styled(rc: Mapping[str, Any]) -> Iterator[None]:
    """Inside, figures have `rc` over Matplotlib's own defaults, whatever the user's matplotlibrc and styles say."""
    mpl = import_matplotlib()
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(rc)
        yield


def save(figure: Any, path: Path, form: str, dpi: int = 300) -> Path:
    """Write a figure in one step: where it fails, the file that was there stays.

    Raises:
        WriteError: it cannot be written there.
        InputError: `pgf` without a TeX.
    """
    try:
        with naming(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            with in_one_step(path) as partial:
                figure.savefig(partial, dpi=dpi, format=form, metadata=_METADATA.get(form))
    except RuntimeError as error:
        if form != "pgf":
            raise
        raise InputError(
            f"format pgf: needs a TeX with xelatex ({' '.join(str(error).split())[:120]}); use pdf"
        ) from error
    return path
