"""Stand-ins for the C library's headers that kernel headers lean on.

Only what a kernel header needs to be laid out: the types glibc gives user space on Linux, in our
own words. A header of a release always comes before a stand-in.
"""

from functools import cache
from importlib.resources import files

from kscan.parse.lex import Item, included, skeleton
from kscan.parse.preprocess import File

# What `make headers_install` takes out of a header.
_DROPPED = frozenset(("linux/compiler.h", "linux/compiler_types.h"))
_PREFIX = "shim:"


def shim(name: str) -> File | None:
    """The stand-in for an included header, or None."""
    if name in _DROPPED:
        return File(name, name, f"{_PREFIX}empty.h")
    return File(name, name, _PREFIX + _HEADERS[name]) if name in _HEADERS else None


def is_shim(blob: str) -> bool:
    return blob.startswith(_PREFIX)


def drops(name: str) -> bool:
    """Whether an include of `name` is taken out before user space sees it."""
    return name in _DROPPED


@cache
def shim_includes(name: str) -> tuple[str, ...]:
    """What the stand-in for a header includes; nothing where there is none."""
    file = shim(name)
    return tuple(included(shim_items(file.blob))) if file else ()


@cache
def shim_items(blob: str) -> tuple[Item, ...]:
    """The items of a stand-in."""
    return tuple(skeleton(files(__name__).joinpath(blob[len(_PREFIX) :]).read_text()))


_HEADERS = {
    "sys/socket.h": "socket.h",
    "sys/types.h": "types.h",
    "sys/time.h": "time.h",
    "time.h": "time.h",
    "stdint.h": "stdint.h",
    "inttypes.h": "stdint.h",
    "stddef.h": "stddef.h",
    "stdarg.h": "stddef.h",
    "limits.h": "limits.h",
    "endian.h": "endian.h",
    "netinet/in.h": "in.h",
    "net/if.h": "if.h",
    "string.h": "stddef.h",
    "strings.h": "stddef.h",
    "unistd.h": "types.h",
    "stdlib.h": "time.h",
    "stdio.h": "stddef.h",
    "stdbool.h": "stdbool.h",
    "errno.h": "empty.h",
    "sys/ioctl.h": "ioctl.h",
    "arpa/inet.h": "in.h",
}
