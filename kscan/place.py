"""Where the store and the shipped data lie, and whether this version of kscan reads them.

Apart from `store`, and without pathlib, so that a query starts with little more than sqlite3.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from kscan.errors import StoreError

SCHEMA_VERSION = 4
DATA_VERSION = 1


def home() -> str:
    """The folder of everything fetched: KSCAN_HOME, or the user's cache folder."""
    given = os.environ.get("KSCAN_HOME")
    if given:
        # Git is started elsewhere.
        return os.path.abspath(os.path.expanduser(given))
    from platformdirs import user_cache_dir

    return user_cache_dir("kscan", appauthor=False)


def store_path() -> str:
    """The store's file."""
    return os.path.join(home(), "kscan.sqlite")


def is_made(path: str) -> bool:
    """Whether there is a store: an empty file is one that another command is about to make, or was."""
    return os.path.exists(path) and not (os.path.isfile(path) and os.path.getsize(path) == 0)


def data_path() -> str:
    """The file of the data that ships; KSCAN_DATA names another, and none where it is empty."""
    given = os.environ.get("KSCAN_DATA")
    return os.path.join(os.path.dirname(__file__), "shipped.sqlite") if given is None else given


def read_only(path: str) -> str:
    """The address under which SQLite opens a file without writing to it."""
    quoted = os.path.abspath(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    return f"file:{quoted}?mode=ro"


@contextmanager
def closed_if_failing(db: sqlite3.Connection) -> Iterator[None]:
    """Lets go of a file that turns out to be none of ours."""
    try:
        yield
    except BaseException:
        db.close()
        raise


def is_busy(error: sqlite3.Error) -> bool:
    """Whether another command has the file. The last byte of a code is the kind of error, what is above tells
    more."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def unusable(error: sqlite3.Error, store: str, data: str | None = None) -> StoreError:
    """What is told where SQLite cannot read the store or, where `data` is given, one of the two. What is being
    written is not damaged."""
    if is_busy(error):
        return StoreError(f"{store}: another command writes it; ask again")
    if data is None:
        return StoreError(f"{store}: {error}; delete it and fetch again")
    again = f"delete {store} and fetch again, or install kscan again for {data}"
    return StoreError(f"{error}; if that stays so, {again}")


def put_back(path: str) -> None:
    """Undoes what a command wrote that was killed amid it: SQLite does so by the journal beside the file, when
    the file is opened for writing."""
    journal = f"{path}-journal"
    if not os.path.exists(journal):
        return
    try:
        with closing(sqlite3.connect(path)) as db:
            db.execute("PRAGMA user_version").fetchone()
    except sqlite3.OperationalError as error:
        if is_busy(error):
            raise unusable(error, path) from None
        raise StoreError(
            f"{journal}: a command was killed while it wrote; run kscan where this can be written"
        ) from None


def check_file(path: str | os.PathLike[str]) -> None:
    """Raises StoreError for what is there and is no file: a pipe would be waited for."""
    if os.path.exists(path) and not os.path.isfile(path):
        raise StoreError(f"{path}: this is no file; name another with KSCAN_HOME or KSCAN_DATA")


def check_version(db: sqlite3.Connection, path: str | os.PathLike[str]) -> None:
    """Raises StoreError for a store of another version of kscan."""
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    if version != SCHEMA_VERSION:
        raise StoreError(
            f"{path}: made by another version of kscan (schema {version}, this one has {SCHEMA_VERSION});"
            " delete it and fetch again"
        )


def check_data_version(db: sqlite3.Connection, path: str) -> None:
    """Raises StoreError for a dataset of another version of kscan."""
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    if version != DATA_VERSION:
        raise StoreError(
            f"{path}: a dataset of another version of kscan (schema {version}, this one has {DATA_VERSION});"
            " install kscan again, or in a checkout: kscan dataset make"
        )
