"""The command line: parse arguments, call one function, show rows."""

import codecs
import os
import sqlite3
import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from io import TextIOWrapper

from kscan.errors import KscanError


def main(argv: list[str] | None = None) -> int:
    """Runs one command; returns the exit code (0 answered, 1 not, 2 wrong usage, 3 cannot know). With
    KSCAN_TRACEBACK set, an error that nobody foresaw is shown with its traceback."""
    hook = sys.unraisablehook
    sys.unraisablehook = partial(_unraisable, hook)
    try:
        return _run(argv)
    finally:
        sys.unraisablehook = hook


def _run(argv: list[str] | None) -> int:
    try:
        _prepare_output()
        from kscan.cli.arguments import parse

        try:
            arguments = parse(sys.argv[1:] if argv is None else argv)
        finally:
            # Help is printed on the way out.
            sys.stdout.flush()
        with ExitStack() as arguments.opened:
            code: int = arguments.run(arguments)
        sys.stdout.flush()
        return code
    except KscanError as error:
        from kscan.rows import spelled

        print(f"kscan: {spelled(' '.join(str(error).split()))}", file=sys.stderr)
        return error.exit_code
    except sqlite3.Error as error:
        from kscan.place import data_path, store_path, unusable

        print(f"kscan: {unusable(error, store_path(), data_path())}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return _stopped()
    except UnicodeEncodeError:
        print("kscan: an argument is no UTF-8 text", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # The reader of our output went away (kscan … | head): no complaint, and none at exit.
        _forget_output()
        return 0
    except OSError as error:
        if error.filename is None:
            _forget_output()
        print(f"kscan: {error.filename or 'standard output'}: {error.strerror}", file=sys.stderr)
        return 1
    except Exception as error:
        # Python before 3.12 tells a RuntimeError of what stops it while it makes a class.
        if isinstance(error.__cause__, KeyboardInterrupt):
            return _stopped()
        if "KSCAN_TRACEBACK" in os.environ:
            raise
        from kscan.place import store_path

        print(
            f"kscan: {ascii(error)[:200]}: the store {store_path()} is damaged (delete it and fetch again), or"
            " this is a fault of kscan's own (KSCAN_TRACEBACK=1 tells where)",
            file=sys.stderr,
        )
        return 1


def _prepare_output() -> None:
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - closed by whoever started us
    for stream in (sys.stdout, sys.stderr):
        # What another encoding cannot hold is shown by its number.
        if isinstance(stream, TextIOWrapper) and codecs.lookup(stream.encoding).name != "utf-8":
            stream.reconfigure(errors="backslashreplace")


def _stopped() -> int:
    print("kscan: stopped; what was fetched is kept, run it again to go on", file=sys.stderr)
    return 130


def _unraisable(hook: "Callable[[sys.UnraisableHookArgs], object]", told: "sys.UnraisableHookArgs") -> None:
    """Where Ctrl-C meets a callback or a destructor, Python tells it and goes on: it comes once more here."""
    if told.exc_type is not KeyboardInterrupt:
        hook(told)
        return
    import signal

    # Raised at once, it would be lost as the first was.
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, 0.01)


def _forget_output() -> None:
    """Lets what is still to be written go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
