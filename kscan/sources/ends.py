"""Answers over HTTP that come to an end: a server may send a byte now and then, each in time, for ever."""

import time
from functools import cache
from http.client import HTTPResponse
from io import BufferedReader, RawIOBase
from typing import Any

LONGEST = 300
"""Seconds from a request to the last byte of its answer; the largest headers have some hundred kilobytes."""


class TooSlow(Exception):
    """An answer took longer than that. No OSError: it would be tried again."""


class _Stream(RawIOBase):
    """What a connection gives until the time is over."""

    def __init__(self, stream: RawIOBase) -> None:
        self.stream = stream
        self.end = time.monotonic() + LONGEST

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if time.monotonic() > self.end:
            raise TooSlow
        return self.stream.readinto(buffer)

    def close(self) -> None:
        self.stream.close()
        super().close()


class _Answer(HTTPResponse):
    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.fp = BufferedReader(_Stream(self.fp.detach()))


@cache
def ending(connection: type) -> Any:
    """A kind of connection (plain, encrypted, through a proxy) whose answers raise TooSlow, in their head as in
    their body."""
    return type(connection.__name__, (connection,), {"response_class": _Answer, "ends": True})
