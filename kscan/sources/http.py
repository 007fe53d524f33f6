"""Plain HTTP: raw files by tag through a URL template, such as cgit or a code host serves them.

The server cannot list a tag, so files are asked for by name. An answer is kept by address, its
content by git's id: what was once answered for a tag is never asked again.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests
from requests.adapters import HTTPAdapter
from requests.exceptions import ChunkedEncodingError, ContentDecodingError
from urllib3.util import Retry

from kscan.blobs import blob_id
from kscan.errors import SourceError, UnknownTag
from kscan.progress import Progress
from kscan.sources import LARGEST_FILE, ends, nameable
from kscan.writing import replacing

PARALLEL = 8
WAIT = 0.5
"""Seconds before the third try, doubled for each after it, where the server names no pause."""
_TRIES = 5
_TIMEOUT = (10, 60)
_LONGEST_WAIT = 120
_LARGEST = LARGEST_FILE
_CUT_SHORT = (ChunkedEncodingError, ContentDecodingError)
_WORTH_ANOTHER_TRY = frozenset((408, 425, 429, 500, 502, 503, 504))


class HttpFiles:
    """Files below a URL `template` with {tag} and {path}. Raises SourceError where the server does
    not answer properly, UnknownTag where it has no Makefile for a tag."""

    lists = False

    def __init__(self, template: str, home: Path) -> None:
        self.name, self.template = nameable(template), template
        self.home = home / "http" / blob_id(template.encode())[:16]
        self.session = requests.Session()
        retries = Retry(
            _TRIES, backoff_factor=WAIT, backoff_max=_LONGEST_WAIT, status_forcelist=_WORTH_ANOTHER_TRY,
            respect_retry_after_header=True, retry_after_max=_LONGEST_WAIT,
        )  # fmt: skip
        adapter = _Ending(pool_connections=1, pool_maxsize=PARALLEL, max_retries=retries)
        self.session.mount("http://", adapter)
        self.session.mount("https://", adapter)
        self.answers: dict[str, dict[str, str | None]] = {}
        self.progress = Progress()

    def tags(self) -> Sequence[str]:
        return ()

    def prepare(self, tags: Sequence[str], progress: Progress) -> None:
        """A tag is there when its Makefile is: only then does 404 on a header mean that it is absent."""
        self.progress = progress
        for tag in tags:
            if "Makefile" not in self.files(tag, ["Makefile"]):
                # Tomorrow the tag may be there.
                self._answers_file(tag).unlink(missing_ok=True)
                raise UnknownTag(tag, (), self.name, "a tag is looked for by its Makefile")

    def commit(self, tag: str) -> str | None:
        return None

    def files(self, tag: str, wanted: Iterable[str]) -> Mapping[str, str]:
        known = self._known(tag)
        asked = [path for path in dict.fromkeys(wanted) if path not in known]
        if asked:
            self.progress.step(f"asking for files of {tag}", len(asked))
            try:
                with ThreadPoolExecutor(PARALLEL) as pool:
                    for path, data in zip(
                        asked, pool.map(lambda path: self._get(tag, path), asked), strict=True
                    ):
                        known[path] = self._keep(data) if data is not None else None
                        self.progress.advance(1, len(data or b""))
            finally:
                self._write(self._answers_file(tag), json.dumps(known, sort_keys=True).encode())
        return {path: blob for path, blob in known.items() if blob is not None}

    def read(self, blobs: Sequence[str], progress: Progress) -> Iterator[tuple[str, bytes]]:
        for blob in blobs:
            path = self.home / "blobs" / blob
            try:
                data = path.read_bytes()
            except OSError as error:
                raise SourceError(str(path), f"cannot be read: {error.strerror}", "run it again") from None
            if blob_id(data) != blob:
                raise SourceError(str(path), "is damaged", "delete it and fetch again")
            progress.advance(1, len(data))
            yield blob, data

    # What is kept.

    def _answers_file(self, tag: str) -> Path:
        return self.home / f"{quote(tag, safe='')}.json"

    def _known(self, tag: str) -> dict[str, str | None]:
        if tag not in self.answers:
            try:
                kept = json.loads(self._answers_file(tag).read_bytes())
            except (OSError, ValueError):
                kept = {}
            self.answers[tag] = {
                path: blob
                for path, blob in (kept.items() if isinstance(kept, dict) else ())
                if blob is None or (self.home / "blobs" / str(blob)).exists()
            }
        return self.answers[tag]

    def _keep(self, data: bytes) -> str:
        blob = blob_id(data)
        self._write(self.home / "blobs" / blob, data)
        return blob

    def _write(self, path: Path, data: bytes) -> None:
        """All of it or nothing, whoever else writes."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(path) as beside:
                beside.write_bytes(data)
        except OSError as error:
            raise SourceError(str(path), f"cannot be written: {error.strerror}") from None

    # What is asked.

    def _get(self, tag: str, path: str) -> bytes | None:
        """The content of a file, or None where the server says that it is not there."""
        url = self.template.replace("{tag}", quote(tag, safe="")).replace("{path}", quote(path))
        problem = ""
        for _ in range(_TRIES):
            try:
                with self.session.get(url, timeout=_TIMEOUT, stream=True) as answer:
                    if answer.status_code == 404:
                        _body(answer)  # a connection that is read to the end serves the next request
                        return None
                    if answer.status_code == 200:
                        return _file(answer)
                    problem = f"the server answered {answer.status_code}"
                    break
            except ends.TooSlow:
                problem = f"still not whole after {ends.LONGEST} seconds"
                break
            except _CUT_SHORT as error:
                problem = f"the answer was cut short ({type(error).__name__})"
            except requests.RequestException as error:
                problem = _said(error)
                break
        raise SourceError(nameable(url), nameable(problem), "what was fetched is kept; run it again to go on")


class _Ending(HTTPAdapter):
    def get_connection_with_tls_context(self, *arguments: Any, **more: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*arguments, **more)
        if not hasattr(pool.ConnectionCls, "ends"):
            pool.ConnectionCls = ends.ending(pool.ConnectionCls)
        return pool


def _file(answer: requests.Response) -> bytes:
    if answer.headers.get("Content-Type", "").lower().startswith("text/html"):
        raise requests.RequestException("the server answered with a web page, not with a file")
    return _body(answer)


def _body(answer: requests.Response) -> bytes:
    data = BytesIO()
    for piece in answer.iter_content(1 << 16):
        data.write(piece)
        if data.tell() > _LARGEST:
            raise requests.RequestException(f"larger than {_LARGEST >> 20} MiB")
    return data.getvalue()


def _said(error: requests.RequestException) -> str:
    inner: object = error.args[0] if error.args else error
    reason = getattr(inner, "reason", inner)
    if isinstance(error, requests.exceptions.RetryError):
        return f"still failing after {_TRIES} tries ({reason})"
    if isinstance(error, requests.ConnectionError):
        return "cannot be reached"
    return str(reason)
