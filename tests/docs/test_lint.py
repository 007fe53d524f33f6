"""Claims held against releases: what contradicts one, and what must not."""

import gzip
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from kscan.docs.claims import Claim
from kscan.docs.lint import AGREES, CONTRADICTED, OPEN, UNKNOWN, judged, lint
from kscan.errors import KscanError
from tests.stores import UNREAD, Facts, Made, fact, history

A, B = "linux/a.h", "linux/b.h"
HAS: dict[str, Facts] = {A: [fact("SO_X")]}
LACKS: dict[str, Facts] = {A: [fact("OTHER")]}
NO_HEADER: dict[str, Facts] = {B: [fact("OTHER")]}


def claim(release: str, name: str = "SO_X", *, listed: bool = True) -> Claim:
    return Claim("a.md", 3, name, release, listed, "text")


NEW_IN_42 = {"v4.0": LACKS, "v4.1": LACKS, "v4.2": HAS, "v4.3": HAS}


@pytest.mark.parametrize(
    ("releases", "claimed", "verdict"),
    [
        pytest.param(NEW_IN_42, claim("v4.2"), AGREES, id="right"),
        pytest.param(NEW_IN_42, claim("v4.1"), CONTRADICTED, id="too-early"),
        pytest.param(NEW_IN_42, claim("v4.1", listed=False), CONTRADICTED, id="too-early-in-prose"),
        pytest.param(NEW_IN_42, claim("v4.3"), CONTRADICTED, id="too-late-in-a-table"),
        pytest.param(NEW_IN_42, claim("v4.3", listed=False), OPEN, id="too-late-in-prose-may-mean-a-use"),
        pytest.param(NEW_IN_42, claim("v3.19"), OPEN, id="older-than-what-was-read"),
        pytest.param(NEW_IN_42, claim("v4.2.3"), OPEN, id="of-a-stable-series"),
        pytest.param(NEW_IN_42, claim("v4.2", "SO_NONE"), UNKNOWN, id="no-such-name"),
        pytest.param({"v4.2": HAS, "v4.3": HAS}, claim("v4.1"), OPEN, id="in-the-oldest"),
        pytest.param({"v4.2": HAS, "v4.3": HAS}, claim("v4.3"), CONTRADICTED, id="the-oldest-has-it"),
        pytest.param({"v4.0": LACKS, "v4.3": HAS}, claim("v4.2"), OPEN, id="within-a-window"),
        pytest.param({"v4.0": LACKS, "v4.3": HAS}, claim("v4.0"), CONTRADICTED, id="before-a-window"),
        pytest.param({"v4.1": NO_HEADER, "v4.2": HAS}, claim("v4.1"), OPEN, id="its-header-was-not-there"),
        pytest.param({"v4.1": {A: UNREAD}, "v4.2": HAS}, claim("v4.1"), OPEN, id="could-not-be-read"),
        pytest.param(
            {"v4.1": Made(LACKS, exact="v4.1-rc2"), "v4.2": HAS}, claim("v4.1"), OPEN, id="a-candidate"
        ),
        pytest.param(
            {"v4.1": LACKS, "v4.2": Made(HAS, exact="v4.2.8"), "v4.3": HAS}, claim("v4.3"), OPEN,
            id="a-point-release-may-have-it-by-backport",
        ),
        pytest.param(
            {"v3.5": LACKS, "v3.6": LACKS, "v3.7": HAS}, claim("v3.5"), OPEN, id="one-file-served-both-then"
        ),
        pytest.param(
            {"v3.4": LACKS, "v3.5": HAS, "v3.6": HAS}, claim("v3.4"), CONTRADICTED, id="soon"
        ),
        pytest.param(
            {"v4.0": HAS, "v4.1": HAS, "v4.2": LACKS}, claim("v4.0"), OPEN, id="removed-later-but-there-then"
        ),
        pytest.param(
            {"v4.0": NO_HEADER, "v4.1": HAS, "v4.2": LACKS}, claim("v4.0"), OPEN, id="lacking-again"
        ),
        pytest.param(
            {"v4.1": {"include/linux/a.h": [fact("SO_X")]}, "v4.2": {"include/linux/a.h": [fact("SO_X")]}},
            claim("v4.1"), UNKNOWN, id="the-kernels-own",
        ),
    ],
)  # fmt: skip
def test_verdicts(releases: Mapping[str, Made], claimed: Claim, verdict: str) -> None:
    found = history(releases)
    assert judged(found, claimed)[0] == verdict
    found.close()


def test_a_contradiction_says_where_what_and_why(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("SO_X (since Linux 4.1)\n\nName | Since\n---|---\nSO_X | 4.2\nSO_Y | 4.2\n")
    found = history(NEW_IN_42)
    rows, counted, unknown, _ = lint(found, [tmp_path])
    assert rows == [
        {
            "file": f"{tmp_path}/a.md", "line": 1, "name": "SO_X", "claimed": "v4.1", "first_seen": "v4.2",
            "last_without": "v4.1", "status": "exact", "reason": "not in v4.1's headers for user space",
            "permalink": "https://github.com/torvalds/linux/blob/v4.2/include/uapi/linux/a.h#L1",
            "text": "SO_X (since Linux 4.1)",
        }
    ]  # fmt: skip
    assert counted == Counter({CONTRADICTED: 1, AGREES: 1, UNKNOWN: 1})
    assert unknown == ["SO_Y"]
    found.close()


def test_a_file_that_cannot_be_read_keeps_no_other_from_being_told(tmp_path: Path) -> None:
    (tmp_path / "cut.2.gz").write_bytes(gzip.compress(b"text")[:-4])
    (tmp_path / "told.md").write_text("`SO_X` (since Linux 4.1)\n")
    found = history(NEW_IN_42)
    rows, counted, _, unread = lint(found, [tmp_path])
    assert ([row["name"] for row in rows], counted.total()) == (["SO_X"], 1)
    assert [Path(why.partition(": ")[0]).name for why in unread] == ["cut.2.gz"]
    with pytest.raises(KscanError, match=r"cut\.2\.gz"):
        lint(found, [tmp_path / "cut.2.gz"])
