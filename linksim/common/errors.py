"""The exceptions that linksim raises on purpose; each message is one line a user can act on."""


class LinksimError(Exception):
    """Base of all of linksim's own exceptions. The command line prints it as one line."""

    exit_status = 1


class InputError(LinksimError, ValueError):
    """Bad input: says what was given, what is allowed and what to do. Exit status 2."""

    exit_status = 2


class DataUnavailableError(LinksimError):
    """Weights or images that are neither in `LINKSIM_DATA`, nor cached, nor could be fetched."""
