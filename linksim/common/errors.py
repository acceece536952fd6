"""The exceptions that linksim raises on purpose; each message is one line a user can act on."""

import errno


class LinksimError(Exception):
    """Base of all of linksim's own exceptions. The command line prints it as one line."""

    exit_status = 1


class InputError(LinksimError, ValueError):
    """Bad input: says what was given, what is allowed and what to do. Exit status 2."""

    exit_status = 2


_OF_THE_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS)


class WriteError(InputError):
    """A file cannot be written where it was asked for.

    Exit status 2 where the place is none to write to, 1 where the disk fails (full, read-only, damaged).

    Args:
        code: the system's number of the error.
    """

    def __init__(self, message: str, code: int | None = None) -> None:
        super().__init__(message)
        if code in _OF_THE_DISK:
            self.exit_status = 1


class DataUnavailableError(LinksimError):
    """Weights or images that are neither in `LINKSIM_DATA`, nor cached, nor could be fetched."""
