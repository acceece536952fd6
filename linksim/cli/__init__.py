"""The command line. Everything heavy is imported inside the command that needs it."""

import os
import sys
import warnings

from linksim.errors import LinksimError


def main(arguments: list[str] | None = None) -> None:
    """Entry point of `linksim`: runs a command and exits with 0 done, 2 bad input, 1 failure.

    An error is one line on stderr. With `LINKSIM_DEBUG=1` the traceback comes before it.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's start-up notes bury our one line
    warnings.showwarning = _one_line_warning
    from linksim.cli.app import app

    try:
        app(args=arguments, prog_name="linksim")
    except LinksimError as error:
        _fail(str(error), error.exit_status)
    except KeyboardInterrupt:
        _fail("interrupted; run it again to go on", 1)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        _fail(f"unexpected {type(error).__name__}: {error} (LINKSIM_DEBUG=1 shows where)", 1)


def _fail(message: str, status: int) -> None:
    if os.environ.get("LINKSIM_DEBUG"):
        import traceback

        traceback.print_exc()
    print(f"linksim: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(status)


def _one_line_warning(message: Warning | str, category: type[Warning], *_: object, **__: object) -> None:
    if not issubclass(category, DeprecationWarning | FutureWarning | PendingDeprecationWarning):
        print(f"linksim: {' '.join(str(message).split())}", file=sys.stderr)
