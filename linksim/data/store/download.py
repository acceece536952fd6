"""Downloads that resume and are verified, on top of pooch."""

import hashlib
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from linksim.common.errors import DataUnavailableError
from linksim.common.files import unfit
from linksim.common.system import lock
from linksim.data.store.catalog import Remote

_ATTEMPTS = 3
_TIMEOUTS_S = (8, 20)  # to connect, between two pieces
_CHUNK = 1 << 16  # what a cut connection loses at most


def download(remote: Remote, folder: Path) -> Path:
    """Fetch `remote` into `folder`, or return it if a verified copy is there.

    What arrives is kept in `<name>.part`, from which an interrupted download goes on, also in a later run. The file
    gets its name only after its checksum was found right; with a wrong one everything received is discarded.

    Raises:
        DataUnavailableError: no network, an error of the server, a connection cut too often, or a wrong checksum.
    """
    import pooch

    folder.mkdir(parents=True, exist_ok=True)
    target = folder / remote.file_name
    with _lock(folder / f"{remote.file_name}.lock"):
        if target.exists() and matches(target, remote.checksum):
            return target
        target.unlink(missing_ok=True)
        # pooch compares whole checksums only, and torchvision publishes the first digits: verified here for both.
        pooch.utils.get_logger().setLevel("WARNING")
        pooch.retrieve(
            remote.url,
            known_hash=None,
            fname=f"{target.name}.whole",
            path=folder,
            downloader=_ResumingDownloader(folder / f"{target.name}.part", remote),
        )
        whole = folder / f"{target.name}.whole"
        if not matches(whole, remote.checksum):
            whole.unlink()
            raise DataUnavailableError(
                f"{remote.url} has another checksum than the expected {remote.checksum}; it was discarded"
            )
        os.replace(whole, target)
    return target


def announce(name: str, remotes: Sequence[Remote]) -> None:
    """Say on stderr what will be downloaded, where no bar shows it: a run that fetches 244 MB must not seem to hang."""
    if not sys.stderr.isatty():
        from tqdm import tqdm

        size = tqdm.format_sizeof(sum(remote.size for remote in remotes), "B")
        hosts = ", ".join(dict.fromkeys(urlsplit(remote.url).hostname or "" for remote in remotes))
        print(f"linksim: downloading {name} ({size}) from {hosts}", file=sys.stderr, flush=True)


class _ResumingDownloader:
    """A downloader for pooch that continues `part` by HTTP range requests and shows a bar on a terminal."""

    def __init__(self, part: Path, remote: Remote) -> None:
        self.part = part
        self.remote = remote

    def __call__(self, url: str, output_file: Any, pooch: Any) -> None:
        import requests

        reason = ""
        for _ in range(_ATTEMPTS):
            before = self._received()
            try:
                self._continue(url)
            except requests.HTTPError as error:
                status = "an error" if error.response is None else error.response.status_code
                raise DataUnavailableError(f"{url} answered {status}") from error
            except requests.RequestException as error:
                reason = _cause(error)
                if self._received() == before:  # where nothing arrives, trying again at once only costs time
                    break
            else:
                os.replace(self.part, output_file)
                return
        size = self._received()
        kept = f"; {size} bytes are kept, from which the next try goes on" if size else ""
        raise DataUnavailableError(f"{url} could not be downloaded ({reason}){kept}")

    def _received(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _continue(self, url: str) -> None:
        import requests
        from tqdm import tqdm

        done = self._received()
        # Without `identity` the length would be that of a compressed body, and a cut could not be noticed.
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={done}-"} if done else {})
        with requests.get(url, headers=headers, stream=True, timeout=_TIMEOUTS_S) as response:
            if response.status_code == 416:  # the whole file is here already, or it changed: the checksum tells
                return
            response.raise_for_status()
            resumed = response.status_code == 206
            done = done if resumed else 0
            length = response.headers.get("Content-Length")
            total = done + int(length) if length else None
            bar = tqdm(
                total=total,
                initial=done,
                unit="B",
                unit_scale=True,
                desc=self.remote.file_name,
                disable=not sys.stderr.isatty(),
            )
            with bar, self.part.open("ab" if resumed else "wb") as stream:
                for chunk in response.iter_content(_CHUNK):
                    done += stream.write(chunk)
                    bar.update(len(chunk))
        if total is not None and done != total:
            raise requests.ConnectionError(f"connection cut after {done} of {total} bytes")


def _cause(error: BaseException) -> str:
    """A few words for requests' and urllib3's nested exceptions."""
    import requests

    if isinstance(error, requests.Timeout):
        return "no answer in time"
    text = str(error)
    if "NameResolution" in text or "getaddrinfo" in text:
        return "no network: the host's name could not be resolved"
    if "refused" in text or "Max retries" in text:
        return "no connection to the host"
    if "IncompleteRead" in text or "aborted" in text or "reset" in text:
        return "the connection was cut"
    return text.splitlines()[0] if text else type(error).__name__


def matches(file: Path, checksum: str) -> bool:
    """Whether the file's checksum begins with `checksum` (`algorithm:hex`)."""
    algorithm, digits = checksum.split(":")
    if unfit(file):
        return False
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, algorithm).hexdigest().startswith(digits)


@contextmanager
def _lock(file: Path) -> Iterator[None]:
    """One process at a time where the file system has locks; the lock goes with the process, however it ends."""
    with file.open("w") as stream:
        with suppress(OSError):
            lock(stream, wait=True)
        yield
