"""Contents by git's id."""

import os
import zlib

from kscan.errors import StoreError


def blob_id(data: bytes) -> str:
    """Git's id of a content."""
    import hashlib  # a question that shows no text does without

    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def unpacked(packed: object, blob: str, path: str | os.PathLike[str]) -> bytes:
    """A content as it is kept. Raises StoreError, naming the store, for what is not that of its id."""
    try:
        data = zlib.decompress(packed)  # type: ignore[arg-type]
    except (zlib.error, TypeError):
        data = b""
    if blob_id(data) != blob:
        raise StoreError(f"{path}: the text kept as {blob} is another or damaged; delete it and fetch again")
    return data
