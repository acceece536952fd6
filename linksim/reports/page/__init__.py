"""`linksim report`: results folders as one HTML page that needs nothing else."""

from pathlib import Path

from linksim.common.errors import InputError


def write(dirs: list[Path], out: Path) -> Path:
    """Write the page about the results in `dirs`; equal results give equal bytes.

    The page holds its style, script, figures and pictures, and opens from disk without network.

    Args:
        dirs: folders that `linksim run` has written, one or more.
        out: the file to write, or an existing folder, which then gets `report.html`.

    Returns:
        The file written.

    Raises:
        InputError: no folder, one without results, or one whose files are damaged.
        WriteError: the file cannot be written.
    """
    from linksim.common.writing import write_bytes
    from linksim.reports.page.load import load_run
    from linksim.reports.page.page import page

    if not dirs:
        raise InputError("no results folder is given; give at least one that `linksim run` has written")
    path = out / "report.html" if out.is_dir() else out
    write_bytes(path, page([load_run(Path(folder)) for folder in dirs]).encode())
    return path
