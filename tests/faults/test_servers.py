"""Servers that lie: what arrives is what git's ids say, or one line; and it ends. The plain cases are in
tests/sources/."""

import gzip
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from kscan.sources import ends, http, network
from tests.faults.running import Done, fetch, kscan
from tests.fuzz.laws import asked, one_clear_line
from tests.kernels import HISTORY, kernel
from tests.servers import Answer, Server, always, git_backend, plain_files, serving, status
from tests.sources.scanning import entered, one_line

WANTED = ("--headers", "linux/if_packet.h")


def fetched(server: Server) -> tuple[int, str]:
    """What a fetch of one header through plain HTTP says."""
    code, _, complained = asked("fetch", "v4.3", *WANTED, "--from", server.url + "/{tag}/{path}")
    return code, complained


@cache
def _bomb() -> bytes:
    return gzip.compress(bytes(150 << 20), 1)


LIES: dict[str, Callable[[Answer], Answer]] = {
    "longer than it says": lambda answer: replace(
        answer, headers={"Content-Length": str(len(answer.body) // 2)}
    ),
    "shorter than it says": lambda answer: replace(
        answer, headers={"Content-Length": str(len(answer.body) + 999)}, sent=10**9
    ),
    "no length at all": lambda answer: replace(answer, headers={"Content-Length": "x"}),
    "a negative length": lambda answer: replace(answer, headers={"Content-Length": "-5"}),
    "no gzip": lambda answer: replace(answer, headers={"Content-Encoding": "gzip"}),
    "a redirect to a file": lambda _: Answer(302, b"", {"Location": "file:///etc/passwd"}),
    "a redirect to itself": lambda _: Answer(302, b"", {"Location": "?again"}),
    "a redirect to nothing": lambda _: Answer(301, b"", {"Location": "http://"}),
    "a redirect to nowhere": lambda _: Answer(308, b"", {}),
    "an odd status": lambda _: Answer(299, b"what"),
    "no content": lambda _: Answer(204, b""),
    "part of it": lambda answer: replace(answer, status=206),
    "a page": lambda _: Answer(200, b"<html>", {"Content-Type": "text/html; charset=utf-8"}),
    "a gz bomb": lambda _: Answer(200, _bomb(), {"Content-Encoding": "gzip"}),
    "headers that break lines": lambda answer: replace(answer, headers={"X-Odd": "a" * 70_000}),
}


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("where", ["Makefile", "if_packet.h"])
def test_a_lie_is_one_line_and_nothing_is_entered(
    lie: str, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "WAIT", 0.001)
    monkeypatch.setattr(http, "_TIMEOUT", (1, 0.3))
    with serving(plain_files({"v4.3": kernel("v4.3")})) as server:
        server.spoil = always(where, LIES[lie])
        code, complained = fetched(server)
        assert len(server.requests) < 400
    if code:
        one_clear_line(code, complained)
        one_line(complained)
        assert entered() == []
    else:  # what a server leaves out behind what it says cannot be known
        assert lie in (
            "headers that break lines",
            "no length at all",
            "a negative length",
            "longer than it says",
        ), lie


def test_a_body_cut_by_its_length_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a header, said to be whole, is a header that ends early: its #endif is missing."""
    monkeypatch.setattr(http, "WAIT", 0.001)
    monkeypatch.setattr(http, "_TIMEOUT", (1, 0.3))
    with serving(plain_files({"v4.3": kernel("v4.3")})) as server:
        server.spoil = always("if_packet.h", LIES["longer than it says"])
        fetched(server)
    code, said, _ = asked("at", "v4.3", "PACKET_FANOUT_EBPF")
    assert code != 0 or "PACKET_FANOUT_EBPF" not in said


def test_a_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "WAIT", 0.001)
    monkeypatch.setattr(http, "_TIMEOUT", (1, 0.2))

    def slow(answer: Answer) -> Answer:
        time.sleep(0.6)
        return answer

    with serving(plain_files({"v4.3": kernel("v4.3")})) as server:
        server.spoil = always("Makefile", slow)
        code, complained = fetched(server)
    assert code == 1
    one_line(complained)


@pytest.mark.parametrize("part", ["head", "length", "body"])
@pytest.mark.parametrize("where", ["Makefile", "if_packet.h"])
def test_a_server_that_drips_is_given_up(part: str, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte is in time, and there is always one more."""
    monkeypatch.setattr(ends, "LONGEST", 0.5)
    with serving(plain_files({"v4.3": kernel("v4.3")})) as server:
        server.spoil = always(where, lambda answer: replace(answer, headers={}, drips=part))
        code, complained = fetched(server)
        paths = [request.path for request in server.requests]
    assert code == 1
    line = one_line(complained)
    assert line.startswith(f"{server.url}/v4.3/")
    assert line.endswith(
        f"{where}: still not whole after 0.5 seconds; what was fetched is kept; run it again to go on"
    )
    assert len(paths) == len(set(paths)), "what drips is not asked for again"
    assert entered() == []


def test_a_server_that_drips_no_longer_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection that was given up serves nobody else."""
    monkeypatch.setattr(ends, "LONGEST", 0.5)
    with serving(plain_files({"v4.3": kernel("v4.3")})) as server:
        server.spoil = always("if_packet.h", lambda answer: replace(answer, headers={}, drips="body"))
        assert fetched(server)[0] == 1
        server.spoil = lambda _, answer: answer
        assert fetched(server)[0] == 0
        assert [request.path for request in server.requests].count("/v4.3/Makefile") == 1
    assert asked("has", "PACKET_FANOUT_EBPF", "--in", "v4.3")[0] == 0


@pytest.fixture
def cloned(repository: Path) -> Path:
    return repository.parent


GIT_LIES: dict[str, tuple[str, Callable[[Answer], Answer]]] = {
    "500 for refs": ("refs", status(500)),
    "500 for tags": ("tags", status(500)),
    "a page for tags": ("tags", lambda _: Answer(200, b"<html>no</html>", {"Content-Type": "text/html"})),
    "noise in the pack": ("contents", lambda answer: replace(answer, body=_noise(answer.body))),
    "the end of the pack missing": ("contents", lambda answer: replace(answer, body=answer.body[:-40])),
    "a redirect to a file": ("refs", lambda _: Answer(302, b"", {"Location": "file:///etc/passwd"})),
    "a redirect to itself": ("refs", lambda _: Answer(302, b"", {"Location": "?service=git-upload-pack"})),
    "a redirect to a command": ("refs", lambda _: Answer(302, b"", {"Location": "ext::sh -c touch% ran"})),
    "an error with escapes": (
        "refs",
        lambda answer: replace(answer, body=_error("no \x1b[31m\x1b]0;x\x07\r gone")),
    ),
}


def _noise(body: bytes) -> bytes:
    at = len(body) * 2 // 3
    return body[:at] + bytes(byte ^ 0x55 for byte in body[at : at + 20]) + body[at + 20 :]


def _error(said: str) -> bytes:
    line = f"ERR {said}\n".encode()
    return b"%04x" % (len(line) + 4) + line


@pytest.mark.parametrize("lie", GIT_LIES)
def test_a_git_server_that_lies_is_one_line(
    lie: str, cloned: Path, repository: Path, tmp_path: Path, right: list[Done]
) -> None:
    home = tmp_path / "home"
    with serving(git_backend(cloned)) as server:
        url = f"{server.url}/{repository.name}"
        where, spoiled = GIT_LIES[lie]
        server.spoil = always(where, spoiled)
        done = kscan("fetch", *HISTORY, "--from", url, home=home)
        assert done.line
        assert done.line.isprintable()
        server.spoil = lambda _, answer: answer
        assert fetch(url, home).code == 0
    asked_ = kscan("when", "PACKET_FANOUT_EBPF", "--format", "json", home=home)
    assert asked_.said == right[0].said
    assert not list(Path.cwd().glob("ran"))


@pytest.mark.parametrize("kind", ["refs", "tags", "contents"])
def test_a_git_server_that_drips_is_given_up(
    kind: str, cloned: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """git gives up where less than so many bytes came in so many seconds: here in one."""
    settings = ("http.lowSpeedTime=1" if s.startswith("http.lowSpeedTime=") else s for s in network._SETTINGS)
    monkeypatch.setattr(network, "_SETTINGS", (*settings,))
    with serving(git_backend(cloned)) as server:
        url = f"{server.url}/{repository.name}"
        server.spoil = always(kind, lambda answer: replace(answer, drips="body"))
        code, _, complained = asked("fetch", "v4.3", *WANTED, "--from", url)
        assert code == 1
        line = one_line(complained)
        assert line.startswith(f"{url}: ")
        assert "too slow" in line
        assert entered() == []
        server.spoil = lambda _, answer: answer
        assert asked("fetch", "v4.3", *WANTED, "--from", url)[0] == 0
    assert asked("has", "PACKET_FANOUT_EBPF", "--in", "v4.3")[0] == 0
