"""Ctrl-C where Python's own way would leave processes that nobody ends."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Stop:
    """Whether Ctrl-C came while it was held back."""

    def __init__(self) -> None:
        self.came = False

    def __call__(self, *_: object) -> None:
        self.came = True

    def here(self) -> None:
        """A place where it is safe: raises KeyboardInterrupt if it came."""
        if self.came:
            self.came = False
            raise KeyboardInterrupt


@contextmanager
def held() -> Iterator[Stop]:
    """Holds Ctrl-C back to where its Stop is asked, and to the end; a handler that is not Python's own is
    left as it is. A pool that is stopped while it starts, or between its locks, can wait for ever."""
    stop = Stop()
    ours = (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    )
    if not ours:
        yield stop
        return
    signal.signal(signal.SIGINT, stop)
    try:
        yield stop
    except Exception:
        # Ctrl-C at a terminal ends our processes too: what that broke is no error.
        stop.here()
        raise
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    stop.here()
