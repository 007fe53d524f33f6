"""Plain HTTP against a real server: what trouble a server can make, and what kscan makes of it."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kscan.blobs import blob_id
from kscan.cli import main
from kscan.errors import SourceError, UnknownTag
from kscan.history import History
from kscan.rows import Row
from kscan.sources import http
from kscan.sources.disk import DiskRepository
from kscan.sources.http import HttpFiles
from tests.kernels import HISTORY, Files, kernel, make_history, makefile
from tests.servers import (
    Answer,
    Request,
    Server,
    always,
    cut_at,
    first,
    plain_files,
    serving,
    status,
    unspoiled,
)
from tests.sources.scanning import SMALL, answers, bring, entered, one_line

IF_PACKET = "include/uapi/linux/if_packet.h"
KERNELS: dict[str, Files] = {tag: kernel(tag) for tag in HISTORY}
Trouble = Callable[[Answer], Answer]


@pytest.fixture(autouse=True)
def _no_long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries follow each other faster than a server would like; what it asks for is still waited."""
    monkeypatch.setattr(http, "WAIT", 0.001)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(plain_files(KERNELS)) as running:
        yield running


def template(server: Server) -> str:
    return f"{server.url}/{{tag}}/{{path}}"


@pytest.fixture
def source(server: Server, home: Path) -> HttpFiles:
    return HttpFiles(template(server), home)


def again(source: HttpFiles, home: Path) -> HttpFiles:
    """The same place as the next run of kscan sees it."""
    return HttpFiles(source.template, home)


def times_asked(server: Server, end: str) -> list[float]:
    return [request.time for request in server.requests if request.path.endswith(end)]


@pytest.mark.usefixtures("home")
def test_nobody_is_told_the_password(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    known = template(server).replace("://", "://me:se@cret@")
    assert main(["fetch", "v4.2", "--from", known, "--headers", "linux/if_packet.h"]) == 0
    assert main(["releases", "--format", "json"]) == 0
    server.spoil = always("Makefile", status(403))
    assert main(["fetch", "v4.3", "--from", known, "--headers", "linux/if_packet.h"]) == 1
    said = "".join(capsys.readouterr())
    assert "cret" not in said
    assert f"{server.url}/v4.3/Makefile" in said


# The way things come.


def test_the_same_answers_as_git(source: HttpFiles, expected: dict[str, list[Row]]) -> None:
    assert bring(source, *HISTORY) == list(HISTORY)
    assert answers(*HISTORY) == expected


# A kernel as they were before v3.7, in our own words: one file for both, Kbuild files that export.
OLD: Files = {
    "Makefile": makefile("v2.6.30"),
    "include/linux/Kbuild": "header-y += if_packet.h\nunifdef-y += filter.h types.h\n",
    "include/asm-generic/Kbuild": "header-y += types.h socket.h\n",
    "arch/x86/include/asm/Kbuild": "include include/asm-generic/Kbuild.asm\n",
    "include/asm-generic/Kbuild.asm": "unifdef-y += types.h socket.h\n",
    "include/linux/types.h": "#include <asm/types.h>\n",
    "include/linux/if_packet.h": "#include <linux/types.h>\nstruct our_packet {\n\t__u16 family;\n};\n",
    "include/linux/filter.h": "#define BPF_A 0x10\n#ifdef __KERNEL__\n#define OUR_SECRET 1\n#endif\n",
    "include/linux/hidden.h": "#define OUR_HIDDEN 1\n",
    "arch/x86/include/asm/types.h": "typedef unsigned short __u16;\n",
    "arch/x86/include/asm/socket.h": "#define SO_ATTACH_FILTER 26\n",
}


def test_the_same_answers_as_git_before_v3_7(tmp_path: Path, home: Path) -> None:
    store = tmp_path / "git.sqlite"
    bring(DiskRepository(make_history(tmp_path / "old.git", {"v2.6.30": OLD})), "v2.6.30", store=store)
    with serving(plain_files({"v2.6.30": OLD})) as server:
        bring(HttpFiles(template(server), home), "v2.6.30")
    found = answers("v2.6.30")["v2.6.30"]
    assert found == answers("v2.6.30", store=store)["v2.6.30"]
    assert {"BPF_A", "SO_ATTACH_FILTER", "our_packet.family"} <= {row["name"] for row in found}


def test_a_second_run_transfers_nothing(server: Server, source: HttpFiles, home: Path) -> None:
    bring(source, *HISTORY, sets=SMALL)
    before = answers(*HISTORY)
    server.requests.clear()
    assert bring(again(source, home), *HISTORY, sets=SMALL) == []
    (home / "kscan.sqlite").unlink()
    assert bring(again(source, home), *HISTORY, sets=SMALL) == list(HISTORY)
    assert answers(*HISTORY) == before
    assert server.requests == []


def test_nothing_is_asked_twice(server: Server, source: HttpFiles) -> None:
    bring(source, "v4.2", "v5.6")
    paths = [request.path for request in server.requests]
    assert len(paths) == len(set(paths))


def test_connections_are_kept_and_requests_bounded(server: Server, source: HttpFiles) -> None:
    """The server holds its answers until eight requests are there, and a moment for a ninth to come."""

    def hold(request: Request, answer: Answer) -> Answer:
        if not request.path.endswith("Makefile") and server.most_at_once < http.PARALLEL:
            with server.changed:
                assert server.changed.wait_for(lambda: server.most_at_once >= http.PARALLEL, 30)
            time.sleep(0.1)
        return answer

    server.spoil = hold
    bring(source, "v4.2")
    assert server.most_at_once == http.PARALLEL == 8
    assert len(server.connections) <= http.PARALLEL
    assert len(server.requests) > 10 * len(server.connections)


@pytest.mark.parametrize("tag", ["v4.2-odd", "-v4.2", "a b", "../up", "ü", "sub/v4.2", "50%25", "a?b#c"])
def test_a_tag_of_any_name_is_one_part_of_the_address(tag: str, home: Path) -> None:
    def here(request: Request) -> Answer:
        got, _, path = request.address[1:].partition("/")
        assert path, request.address
        text = kernel("v4.2").get(path)
        tags.add(got)
        return Answer(404) if text is None else Answer(200, text.encode())

    tags: set[str] = set()
    with serving(here) as server:
        assert bring(HttpFiles(template(server), home), tag, sets=SMALL) == [tag]
    assert len(tags) == 1
    kept = [path.relative_to(home / "http") for path in (home / "http").rglob("*") if path.is_file()]
    assert all(len(path.parts) <= 3 for path in kept)


# What is not there.


def test_a_header_that_a_tag_has_not_is_absent(home: Path) -> None:
    without = {path: text for path, text in kernel("v4.2").items() if path != IF_PACKET}
    with serving(plain_files({"v4.2": without, "v4.3": kernel("v4.3")})) as server:
        bring(HttpFiles(template(server), home), "v4.2", "v4.3")
    assert History().has("PACKET_FANOUT_HASH", "v4.2") == "no_header"
    (row,) = History().when("PACKET_FANOUT_HASH")
    assert (row["first_seen"], row["last_without"], row["status"]) == ("v4.3", "v4.2", "exact")


def test_a_tag_of_which_nothing_is_there_is_unknown(
    server: Server, source: HttpFiles, capsys: pytest.CaptureFixture[str]
) -> None:
    bring(source, "v4.2", sets=SMALL)
    before = entered()
    assert main(["fetch", "v4.3", "v4.9", "--from", template(server)]) == 1
    assert one_line(capsys.readouterr().err).startswith(f"no release v4.9 in {template(server)}")
    assert entered() == before


def test_a_tag_that_appears_later_is_found(server: Server, source: HttpFiles, home: Path) -> None:
    """That a server has no such tag today is not remembered: tomorrow it is released."""
    server.answers = plain_files({})
    with pytest.raises(UnknownTag):
        bring(source, "v4.2", sets=SMALL)
    server.answers = plain_files(KERNELS)
    assert bring(again(source, home), "v4.2", sets=SMALL) == ["v4.2"]


@pytest.mark.parametrize("url", ["http://127.0.0.1/{tag}/Makefile", "http://127.0.0.1/linux/{path}"])
def test_half_a_template_is_wrong_usage(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fetch", "v4.2", "--from", url]) == 2
    assert "needs both {tag} and {path}" in one_line(capsys.readouterr().err)


def test_a_set_that_needs_a_listing_is_refused(source: HttpFiles) -> None:
    with pytest.raises(SourceError, match="plain HTTP cannot list"):
        bring(source, "v4.2", sets=("uapi",))
    assert entered() == []


# Trouble that passes.


@pytest.mark.parametrize("number", [429, 503])
def test_a_server_that_asks_for_a_pause_gets_it(number: int, server: Server, source: HttpFiles) -> None:
    server.spoil = first(1, IF_PACKET, status(number, Retry_After="1"))
    bring(source, "v4.2", sets=SMALL)
    refused, served = times_asked(server, IF_PACKET)
    assert served - refused >= 0.99


@pytest.mark.parametrize("end", ["Makefile", IF_PACKET])
@pytest.mark.parametrize(
    "trouble",
    [status(500), status(502), status(429), cut_at(0.0), cut_at(0.5), cut_at(0.99), lambda _: Answer(0)],
    ids=["500", "502", "429", "no body", "half a body", "most of a body", "hung up"],
)
def test_trouble_that_passes_changes_no_answer(
    trouble: Trouble, end: str, server: Server, source: HttpFiles, expected: dict[str, list[Row]]
) -> None:
    server.spoil = first(2, end, trouble)
    assert bring(source, "v4.2", sets=SMALL) == ["v4.2"]
    assert len(times_asked(server, end)) == 3
    assert answers("v4.2")["v4.2"] == [row for row in expected["v4.2"] if row["header"] == SMALL[0]]


# Trouble that stays.

PAGE = Answer(200, b"<html>Please log in</html>", {"Content-Type": "text/html; charset=utf-8"})
LOUD = Answer(200, b"<html>Please log in</html>", {"Content-Type": "TEXT/HTML"})


@pytest.mark.parametrize("end", ["Makefile", IF_PACKET])
@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (status(500), "still failing after 5 tries"),
        (status(429, Retry_After="0"), "still failing after 5 tries"),
        (status(403), "the server answered 403"),
        (status(401), "the server answered 401"),
        (cut_at(0.5), "the answer was cut short"),
        (lambda _: Answer(0), "cannot be reached"),
        (lambda _: PAGE, "a web page, not with a file"),
        (lambda _: LOUD, "a web page, not with a file"),
        (lambda _: Answer(302, b"", {"Location": "/v4.3/login.html"}), "a web page, not with a file"),
        (lambda _: Answer(302, b"", {"Location": "?again"}), "redirects"),
        (lambda _: Answer(200, b"not zipped", {"Content-Encoding": "gzip"}), "the answer was cut short"),
    ],
)
def test_trouble_that_stays_is_one_line_and_nothing_is_entered(
    trouble: Trouble, said: str, end: str, server: Server, source: HttpFiles, capsys: pytest.CaptureFixture[str]
) -> None:
    bring(source, "v4.2", sets=SMALL)
    before = entered(), answers("v4.2")

    def spoil(request: Request, answer: Answer) -> Answer:
        if request.path.endswith("login.html"):
            return PAGE
        return trouble(answer) if request.path.endswith(f"v4.3/{end}") else answer

    server.spoil = spoil
    assert main(["fetch", "v4.3", "--headers", SMALL[0], "--from", template(server)]) == 1
    line = one_line(capsys.readouterr().err)
    assert line.startswith(f"{server.url}/v4.3/{end}: ")
    assert said in line
    assert line.endswith("run it again to go on")
    assert (entered(), answers("v4.2")) == before


def test_a_server_that_is_gone_is_one_line(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(plain_files(KERNELS)) as server:
        bring(HttpFiles(template(server), home), "v4.2", sets=SMALL)
    before = entered()
    assert main(["fetch", "v4.3", "--from", template(server)]) == 1
    assert "cannot be reached" in one_line(capsys.readouterr().err)
    assert entered() == before


def test_what_was_fetched_before_a_failure_is_kept(server: Server, source: HttpFiles, home: Path) -> None:
    server.spoil = always("include/uapi/linux/types.h", status(500))
    with pytest.raises(SourceError):
        bring(source, "v4.2", sets=SMALL)
    assert entered() == []
    served = {request.path for request in server.requests if not request.path.endswith("/types.h")}
    server.spoil = unspoiled
    server.requests.clear()
    assert bring(again(source, home), "v4.2", sets=SMALL) == ["v4.2"]
    assert f"/v4.2/{IF_PACKET}" in served
    assert served.isdisjoint(request.path for request in server.requests)


# What is kept may be damaged.


def cached(home: Path, pattern: str) -> Path:
    (path,) = (home / "http").rglob(pattern)
    return path


def test_a_damaged_content_is_noticed(
    server: Server, source: HttpFiles, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bring(source, "v4.2", sets=SMALL)
    before = answers("v4.2")
    (home / "kscan.sqlite").unlink()
    kept = cached(home, blob_id(kernel("v4.2")[IF_PACKET].encode()))
    kept.write_bytes(kept.read_bytes().replace(b"FANOUT_HASH 0", b"FANOUT_HASH 9"))
    assert main(["fetch", "v4.2", "--headers", SMALL[0], "--from", template(server)]) == 1
    assert one_line(capsys.readouterr().err) == f"{kept}: is damaged; delete it and fetch again"
    assert entered() == []
    kept.unlink()
    server.requests.clear()
    bring(again(source, home), "v4.2", sets=SMALL)
    assert [request.path for request in server.requests] == [f"/v4.2/{IF_PACKET}"]
    assert answers("v4.2") == before


@pytest.mark.parametrize("left", ["", "{", "[]", "7", '{"Makefile": 7}', "\0\0\0"])
def test_damaged_answers_are_asked_again(left: str, source: HttpFiles, home: Path) -> None:
    bring(source, "v4.2", sets=SMALL)
    before = answers("v4.2")
    (home / "kscan.sqlite").unlink()
    cached(home, "v4.2.json").write_text(left)
    assert bring(again(source, home), "v4.2", sets=SMALL) == ["v4.2"]
    assert answers("v4.2") == before


def test_a_file_of_the_server_s_choice_has_an_end(
    server: Server, source: HttpFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "_LARGEST", 10_000)
    endless: dict[str, Any] = {"body": b"\n" * 100_000}
    server.spoil = always(IF_PACKET, lambda _: Answer(200, **endless))
    with pytest.raises(SourceError, match="larger than"):
        bring(source, "v4.2", sets=SMALL)
    assert entered() == []
