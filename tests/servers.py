"""Real servers on loopback: git over HTTP, and plain files. Both write down what they were asked.

A test may spoil answers: send another status, cut a body short, close the connection.
"""

import gzip
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain, repeat
from pathlib import Path
from socket import SHUT_RDWR, socket
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.kernels import Files


@dataclass(frozen=True)
class Request:
    """What a client asked, and when (monotonic seconds)."""

    method: str
    address: str
    headers: Mapping[str, str]
    body: bytes
    time: float

    @property
    def path(self) -> str:
        return unquote(urlsplit(self.address).path)

    @property
    def text(self) -> str:
        """The body of a git request, readable."""
        packed = self.headers.get("Content-Encoding") == "gzip"
        return (gzip.decompress(self.body) if packed else self.body).decode("utf-8", "replace")

    @property
    def wants(self) -> frozenset[str]:
        """The objects a git fetch asks for."""
        return frozenset(re.findall(r"want ([0-9a-f]{40})", self.text))

    @property
    def kind(self) -> str:
        """Of a git request: refs, tags (a fetch of commits, cut at depth 1) or contents."""
        if not self.wants:
            return "refs"
        return "tags" if "deepen 1" in self.text else "contents"


@dataclass(frozen=True)
class Answer:
    """What the server sends. With `sent`, only so many bytes of the body, then it hangs up; with
    status 0 it hangs up at once. What `drips` (head, length, body) goes on for ever, a byte now and
    then, until the client hangs up."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    sent: int | None = None
    drips: str = ""


Answers = Callable[[Request], Answer]
Spoil = Callable[[Request, Answer], Answer]


def unspoiled(_: Request, answer: Answer) -> Answer:
    """A server that works."""
    return answer


class Server(ThreadingHTTPServer):
    """A server that answers with `answers`, spoiled by `spoil`."""

    # Threads are waited for at the end: nothing of a test outlives it.
    daemon_threads = False

    def __init__(self, answers: Answers) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = answers
        self.spoil: Spoil = unspoiled
        self.requests: list[Request] = []
        self.connections: list[socket] = []
        self.most_at_once = 0
        self.at_once = 0
        self.changed = threading.Condition()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def get_request(self) -> tuple[socket, Any]:
        connection, address = super().get_request()
        self.connections.append(connection)
        return connection, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no error of the server's."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def hang_up(self) -> None:
        """Ends what clients keep open."""
        for connection in self.connections:
            with suppress(OSError):
                connection.shutdown(SHUT_RDWR)

    @contextmanager
    def one_more(self, request: Request) -> Iterator[None]:
        with self.changed:
            self.requests.append(request)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            self.changed.notify_all()
        try:
            yield
        finally:
            with self.changed:
                self.at_once -= 1


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    # Head and body go in two writes: without this each answer waits for an acknowledgement.
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        request = Request(self.command, self.path, dict(self.headers), self._body(), time.monotonic())
        # Counted until the answer goes out: with it the client may already ask the next thing.
        with self.server.one_more(request):
            answer = self.server.spoil(request, self.server.answers(request))
        self._send(answer)

    do_POST = do_GET  # noqa: N815

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while length := int(self.rfile.readline(), 16):
            body += self.rfile.read(length)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _send(self, answer: Answer) -> None:
        self.close_connection = answer.status == 0 or answer.sent is not None or bool(answer.drips)
        if answer.status == 0:
            return
        if answer.drips:
            self._drip(answer)
            return
        self.send_response(answer.status)
        for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(answer.body[: answer.sent])

    def _drip(self, answer: Answer) -> None:
        begun = {
            "head": b"HTTP/1.1 200 OK\r\nX-More: ",
            "length": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5; more=",
            "body": b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n",
        }[answer.drips]
        rest = answer.body[len(answer.body) // 2 :]
        if answer.drips == "body":
            kinds = "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items())
            begun += kinds.encode() + b"\r\n" + answer.body.removesuffix(rest)
        with suppress(OSError):
            self.wfile.write(begun)
            # To git, 7777 is the length of a packet that is still to come.
            for byte in chain(rest, repeat(ord("7"))):
                self.wfile.write(bytes([byte]))
                time.sleep(0.02)

    def log_message(self, *words: object) -> None:
        """The tests read `requests`."""


@contextmanager
def serving(answers: Answers) -> Iterator[Server]:
    """A server that runs for the time of the block."""
    with Server(answers) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
            server.hang_up()


def always(wanted: str, spoiled: Callable[[Answer], Answer]) -> Spoil:
    """Spoils all answers to requests whose path ends with `wanted`, or of that kind."""

    def spoil(request: Request, answer: Answer) -> Answer:
        return spoiled(answer) if request.path.endswith(wanted) or request.kind == wanted else answer

    return spoil


def first(count: int, wanted: str, spoiled: Callable[[Answer], Answer]) -> Spoil:
    """Spoils the first `count` of them."""
    left = [spoiled] * count
    return always(wanted, lambda answer: left.pop()(answer) if left else answer)


def status(number: int, **headers: str) -> Callable[[Answer], Answer]:
    """An error of the server, in the place of an answer."""
    return lambda _: Answer(number, b"no\n", {n.replace("_", "-"): value for n, value in headers.items()})


def cut_at(share: float) -> Callable[[Answer], Answer]:
    """The connection ends when so much of the body has gone."""
    return lambda answer: replace(answer, sent=int(len(answer.body) * share))


def plain_files(releases: Mapping[str, Files]) -> Answers:
    """The files of releases at /TAG/PATH, as a code host serves them."""

    def answers(request: Request) -> Answer:
        _, tag, path = request.path.split("/", 2)
        text = releases.get(tag, {}).get(path)
        kind = {"Content-Type": "text/plain; charset=utf-8"}
        return Answer(404, b"not here\n", kind) if text is None else Answer(200, text.encode(), kind)

    return answers


def git_backend(root: Path) -> Answers:
    """The repositories below `root`, through git's own http-backend."""

    def answers(request: Request) -> Answer:
        address = urlsplit(request.address)
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(root),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_PROJECT_ROOT": str(root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": address.path,
            "QUERY_STRING": address.query,
            "REQUEST_METHOD": request.method,
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_TYPE": request.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(request.body)),
            "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
        }
        done = subprocess.run(
            ["git", "http-backend"], input=request.body, env=environment, capture_output=True, check=True
        )
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        return Answer(int(headers.pop("Status", "200").split()[0]), body, headers)

    return answers
