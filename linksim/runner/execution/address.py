"""The address of a Dask scheduler, looked at before anything connects to it."""

import re

from linksim.common.errors import InputError

_ADDRESS = re.compile(r"(?:(?:tcp|tls)://)?(?:\[[0-9a-fA-F:.]+\]|[^\s/:\[\]]+):([0-9]{1,5})")


def check_address(text: str) -> None:
    """Raise `InputError` where `text` is no address as `dask scheduler` prints it, such as `tcp://10.0.0.5:8786`."""
    found = _ADDRESS.fullmatch(text)
    if not found or not 1 <= int(found[1]) <= 65535:
        raise InputError(
            f"--scheduler {text or repr(text)}: no address; give the tcp://HOST:PORT that `dask scheduler` prints"
        )
    if text.startswith("tls://"):
        _check_certificates(text)


def _check_certificates(text: str) -> None:
    try:
        from distributed.security import Security
    except ImportError:
        return  # said with more words where the cluster is used
    if Security().get_connection_args("client").get("ssl_context") is None:
        raise InputError(
            f"--scheduler {text}: Dask's configuration has no certificates for TLS; set distributed.comm.tls there"
        )
