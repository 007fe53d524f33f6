"""Where the store lies, and whether this version of kscan reads it: what a query needs of the store.

Apart from `store`, and without pathlib, so that a query starts with little more than sqlite3.
"""

import os
import sqlite3

from kscan.errors import StoreError

SCHEMA_VERSION = 2


def home() -> str:
    """The folder of everything fetched: KSCAN_HOME, or the user's cache folder."""
    given = os.environ.get("KSCAN_HOME")
    if given:
        return given
    from platformdirs import user_cache_dir

    return user_cache_dir("kscan", appauthor=False)


def store_path() -> str:
    """The store's file."""
    return os.path.join(home(), "kscan.sqlite")


def check_version(db: sqlite3.Connection, path: str | os.PathLike[str]) -> None:
    """Raises StoreError for a store of another version of kscan."""
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    if version != SCHEMA_VERSION:
        raise StoreError(
            f"{path}: made by another version of kscan (schema {version}, this one has {SCHEMA_VERSION});"
            " delete it and fetch again"
        )
