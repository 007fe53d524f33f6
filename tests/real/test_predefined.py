"""What a profile predefines, against gcc: what gcc alone does, no kernel header may ask about."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from kscan.catalog.profiles import COMMON, PROFILES
from kscan.parse.lex import Define, Directive, skeleton, tokenize

_CONDITIONS = ("if", "ifdef", "ifndef", "elif", "elifdef", "elifndef")
_FLAGS = {"x86-64": ["-m64"], "i386": ["-m32"]}
# What `make headers_install` takes out of a header, and what kernels define themselves.
_NOT_GCCS = {"__user", "__force", "__iomem", "__attribute_const__", "__packed", "__EXPORTED_HEADERS__"}


def gccs(profile: str) -> dict[str, str]:
    """gcc's own macros that are no functions, by name."""
    command = ["gcc", "-std=gnu17", *_FLAGS[profile], "-dM", "-E", "-x", "c", os.devnull]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return dict(re.findall(r"^#define (\w+) ?(.*)$", said, re.M))


def meaning(body: str) -> object:
    """A number however it is written, or the words of a type in any order."""
    number = re.fullmatch(r"(0x[0-9a-f]+|\d+)([uUlL]*)", body)
    return (int(number[1], 0), number[2]) if number else sorted(set(body.split()) - {"int"}) or body


@pytest.mark.parametrize("profile", _FLAGS)
def test_what_a_profile_predefines_gcc_does(profile: str) -> None:
    items = skeleton(COMMON + PROFILES[profile].defines)
    ours = {item.name: item.says.text.strip() for item in items if isinstance(item, Define)}
    theirs = gccs(profile)
    assert ours.keys() - theirs.keys() == _NOT_GCCS
    assert [n for n, body in ours.items() if n in theirs and meaning(body) != meaning(theirs[n])] == []


@pytest.mark.parametrize("profile", _FLAGS)
@pytest.mark.parametrize("suite", ["bullseye", "sid"])
def test_no_header_asks_about_what_only_gcc_knows(suite: str, profile: str, tmp_path: Path) -> None:
    package = Path(os.environ["KSCAN_DEBS"], f"linux-libc-dev-{suite}.deb")
    subprocess.run(["dpkg-deb", "-x", str(package), str(tmp_path)], check=True)
    known = {item.name for item in skeleton(COMMON + PROFILES[profile].defines) if isinstance(item, Define)}
    unknown = gccs(profile).keys() - known
    asked: dict[str, set[str]] = {}
    headers = sorted(tmp_path.rglob("*.h"))
    for header in headers:
        for item in skeleton(header.read_text(encoding="utf-8", errors="replace")):
            if isinstance(item, Directive) and item.name in _CONDITIONS:
                for token in tokenize(item.rest, item.line):
                    asked.setdefault(token.text, set()).add(header.name)
    assert len(headers) > 800
    assert {name: asked[name] for name in unknown & asked.keys()} == {}
