"""The command line. Everything heavy is imported inside the command that needs it."""

import contextlib
import os
import sys
import warnings
from typing import Any, NoReturn

from linksim.cli.signals import Stopped, stoppable
from linksim.cli.streams import open_streams
from linksim.common.errors import LinksimError

_INTERRUPTED = 130
"""What typer's `app` returns after Ctrl-C."""


def main(arguments: list[str] | None = None) -> None:
    """Entry point of `linksim`: runs a command and exits with 0 done, 2 bad input, 1 failure, 143 after SIGTERM.

    An error is one line on stderr. With `LINKSIM_DEBUG=1` the traceback comes before it.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's start-up notes bury our one line
    open_streams()
    warnings.showwarning = _one_line_warning
    import typer

    from linksim.cli.app import app

    try:
        # Not standalone: the framework's own report of a wrong option takes four lines, and that of Ctrl-C says
        # nothing.
        with stoppable():
            status = app(args=arguments, prog_name="linksim", standalone_mode=False)
    except LinksimError as error:
        _fail(str(error), error.exit_status)
    except Stopped as stopped:
        _fail(f"stopped by {stopped.name}; run it again to go on", 128 + stopped.number)
    except (KeyboardInterrupt, typer.Abort):
        _fail("interrupted; run it again to go on", 1)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        _fail(f"{error.filename or 'the output'}: cannot be read or written ({error.strerror or error})", 1)
    except Exception as error:
        if hasattr(error, "format_message"):
            _fail_usage(error)
        _fail(f"unexpected {type(error).__name__}: {error} (LINKSIM_DEBUG=1 shows where)", 1)
    if status == _INTERRUPTED:
        _fail("interrupted; run it again to go on", 1)
    if isinstance(status, int):
        sys.exit(status)


def _fail_usage(error: Any) -> NoReturn:
    """Exit with one line for a wrong command, option or argument; a command without any shows its help."""
    if type(error).__name__ == "NoArgsIsHelpError":
        error.show()
        sys.exit(error.exit_code)
    path = error.ctx.command_path if getattr(error, "ctx", None) else "linksim"
    _fail(f"{error.format_message().rstrip('.')}; `{path} --help` says what is allowed", error.exit_code)


def _fail(message: str, status: int) -> NoReturn:
    if os.environ.get("LINKSIM_DEBUG"):
        import traceback

        traceback.print_exc()
    _say(message)
    sys.exit(status)


def _one_line_warning(message: Warning | str, category: type[Warning], *_: object, **__: object) -> None:
    if issubclass(category, DeprecationWarning | FutureWarning | PendingDeprecationWarning):
        return
    # NumPy's "overflow encountered in cast" names no cause: what is not finite is refused where it would matter.
    if not (issubclass(category, RuntimeWarning) and " encountered in " in str(message)):
        _say(str(message))


def _say(message: str) -> None:
    """One line on stderr; a reader that has gone away does not hide the exit status."""
    with contextlib.suppress(OSError, ValueError):
        print(f"linksim: {' '.join(message.split())}", file=sys.stderr, flush=True)
