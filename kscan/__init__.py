"""kscan reads tagged Linux kernels and answers, with proof, how their interfaces changed.

import kscan

with kscan.Kernels() as kernels:
    kernels.when("PACKET_FANOUT_EBPF")[0]["first_seen"]     # "v4.3"
    kscan.frame(kernels.hooks())                            # a pandas DataFrame
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kscan.errors import KscanError, UnknownName, UnknownTag
    from kscan.frames import frame
    from kscan.kernels import Kernels
    from kscan.version import KernelVersion

__version__ = "0.1.0"
__all__ = ["KernelVersion", "Kernels", "KscanError", "UnknownName", "UnknownTag", "frame"]

_PLACES = {
    "Kernels": "kscan.kernels",
    "frame": "kscan.frames",
    "KernelVersion": "kscan.version",
    "KscanError": "kscan.errors",
    "UnknownName": "kscan.errors",
    "UnknownTag": "kscan.errors",
}


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


def __getattr__(name: str) -> Any:
    # A command imports the package too, and shall not pay for what it does not ask.
    if name not in _PLACES:
        raise AttributeError(f"module 'kscan' has no attribute {name!r}")
    return getattr(import_module(_PLACES[name]), name)
