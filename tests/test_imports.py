"""Imports: the direction the packages face, third-party packages in their rooms, quick questions."""

import ast
import shlex
import subprocess
import sys
from collections.abc import Iterator, Set
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import pytest

import kscan
from kscan.history import History
from tests.stores import fact, history

ROOT = Path(kscan.__file__).parent
THIRD_PARTY = ("git", "requests", "urllib3", "pandas", "numpy", "jinja2", "pycparser", "rich", "platformdirs",
               "elftools", "sphinx", "docutils")  # fmt: skip


@cache
def modules() -> dict[str, Path]:
    """Every module of kscan by dotted name without the kscan in front."""
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        found[name.removesuffix(".__init__")] = path
    return found


@cache
def imports(path: Path) -> frozenset[str]:
    """What a module imports anywhere in it, as dotted names."""
    return frozenset(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imported_by(pattern: str) -> set[str]:
    """What the modules that a pattern matches import."""
    paths = [path for name, path in modules().items() if fnmatchcase(name, pattern)]
    assert paths, f"{pattern} matches no module"
    return {name for path in paths for name in imports(path)}


def uses(imported: Set[str], package: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for name in imported)


@pytest.mark.parametrize(
    ("pattern", "never"),
    [
        ("parse.*", "sources store scan history diff rows cli report"),
        ("facts.*", "sources store scan history diff rows cli report"),
        ("catalog.*", "parse facts sources store scan history diff cli report"),
        ("sources", "parse facts scan history diff cli report store"),
        ("sources.*", "parse facts scan history diff cli report"),
        ("history", "parse facts sources scan read tree diff cli report"),
        ("seen", "parse facts sources store scan read tree history diff cli report"),
        ("layers", "parse facts sources store scan read tree history diff cli report"),
        ("layers.*", "parse facts sources store scan read tree history diff cli report"),
        ("diff", "parse facts sources scan read tree cli report"),
        ("source_lines", "parse facts sources scan read tree cli report"),
        ("bpf.*", "facts sources scan read tree cli report"),
        ("docs.*", "parse facts sources store scan read tree cli report"),
        ("near", "parse facts sources scan read tree cli report history store"),
        ("rows", "parse facts sources scan read tree cli report history store"),
        ("read", "sources store scan history diff cli report"),
        ("tree", "parse facts sources store scan history diff cli report"),
        ("store", "parse facts sources scan read tree history diff cli report"),
        ("scan", "history diff cli report"),
        ("model", "parse facts sources store scan read tree history diff cli report rows"),
        ("errors", "parse facts sources store scan read tree history diff cli report rows model"),
        ("version", "parse facts sources store scan read tree history diff cli report rows model"),
    ],
)
def test_packages_face_one_way(pattern: str, never: str) -> None:
    found = imported_by(pattern)
    assert [name for name in never.split() if uses(found, f"kscan.{name}")] == []


@pytest.mark.parametrize(
    ("package", "rooms"),
    [
        ("git", ["sources.*"]),
        ("requests", ["sources.http"]),
        ("urllib3", ["sources.http"]),
        ("pandas", ["frames"]),
        ("numpy", []),
        ("jinja2", ["report.*"]),
        ("sphinx", ["docs.sphinx"]),
        ("docutils", ["docs.sphinx"]),
        ("pycparser", ["parse.*", "facts.*"]),
        ("rich", ["cli.*"]),
        ("platformdirs", ["store", "place"]),
        ("elftools", ["bpf.objects"]),
        ("sqlite3", ["store", "place", "layers.*", "dataset.make", "sqlite_values", "cli", "kernels"]),
    ],
)
def test_packages_stay_in_their_rooms(package: str, rooms: list[str]) -> None:
    found = [name for name, path in modules().items() if uses(imports(path), package)]
    assert [name for name in found if not any(fnmatchcase(name, room) for room in rooms)] == []
    assert bool(found) == bool(rooms)


def test_a_question_needs_no_third_party_package() -> None:
    for pattern in ("history", "diff", "source_lines", "near", "rows", "version", "model", "errors"):
        assert [package for package in THIRD_PARTY if uses(imported_by(pattern), package)] == []


# Runs the command line and says at the end what of the watched packages was loaded.
_WATCH = """
import atexit, runpy, sys
watched = sys.argv.pop(1).split(",")
atexit.register(lambda: print(*sorted(set(watched) & set(sys.modules)), file=sys.stderr))
sys.argv[0] = "kscan"
runpy.run_module("kscan", run_name="__main__", alter_sys=True)
"""


@pytest.fixture
def small() -> History:
    """Two releases that differ."""
    return history({"v4.2": {"linux/a.h": [fact("XX", 1)]}, "v4.3": {"linux/a.h": [fact("XX", 2)]}})


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    "command",
    ["when XX", "when XX --format json", "when XX --format csv", "when XX --format md", "has XX --in v4.2",
     "history XX", "at v4.2", "diff v4.2 v4.3", "search x", "releases", "releases --problems", "export",
     "hooks", "helpers", "commands", "flags"],
)  # fmt: skip
def test_questions_load_nothing_they_do_not_need(command: str) -> None:
    heavy = ("kscan.scan", "kscan.parse", "kscan.facts", "kscan.sources")
    assert _loaded(command, *THIRD_PARTY, *heavy) == []


@pytest.mark.usefixtures("scanned")
@pytest.mark.parametrize("command", ["asm exit", "opcode 0x95", "needs BPF_JMP", "uses 0x95 --at v5.6"])
def test_instructions_take_the_lexer_and_no_parser(command: str) -> None:
    assert _loaded(command, *THIRD_PARTY, "kscan.scan", "kscan.facts", "kscan.parse.constant") == []


def _loaded(command: str, *watched: str) -> list[str]:
    """Which of some modules a command loads."""
    done = subprocess.run(
        [sys.executable, "-c", _WATCH, ",".join(watched), *shlex.split(command)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stderr.splitlines()[-1].split() if done.stderr.strip() else []


@pytest.mark.usefixtures("small")
def test_the_watch_sees_what_is_loaded(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _WATCH, "pandas,jinja2,requests", "report", "--out", str(tmp_path / "out")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == "jinja2\n"
