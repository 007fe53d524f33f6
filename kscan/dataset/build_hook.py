"""Hatch's hook: a wheel, and a checkout when it is installed, get the file that ships made of data/."""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_FILE = "kscan/shipped.sqlite"


class ShippedData(BuildHookInterface[Any]):
    """Makes kscan/shipped.sqlite where it is missing or not of this data."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatch before it collects files."""
        root = Path(self.root)
        sys.path.insert(0, str(root))
        try:
            from kscan.dataset.folder import Folder
            from kscan.dataset.make import digest, made_of, make

            folder, target = Folder(root / "data"), root / _FILE
            if made_of(target) != digest(folder):
                make(folder, target)
        finally:
            sys.path.remove(str(root))
        build_data["artifacts"].append(_FILE)
