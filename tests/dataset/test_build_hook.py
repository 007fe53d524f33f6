"""A wheel is built with the file that ships, made of the tree's own data."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from kscan.dataset.folder import Folder
from kscan.dataset.make import digest, made_of
from tests.datasets import text_of
from tests.stores import fact

ROOT = Path(__file__).parents[2]
A, FILE = "linux/a.h", "kscan/shipped.sqlite"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the program with a small dataset, as a checkout has it."""
    tree = tmp_path_factory.mktemp("tree")
    shutil.copytree(
        ROOT / "kscan", tree / "kscan", ignore=shutil.ignore_patterns("__pycache__", "shipped.sqlite")
    )
    for name in ("pyproject.toml", "README.md", "LICENSE", ".gitignore"):
        shutil.copy(ROOT / name, tree / name)
    text_of(tree / "data", {"v4.1": {A: [fact("X", 1)]}, "v4.2": {A: [fact("X", 2)]}})
    return tree


def build(tree: Path, target: str) -> Path:
    """Builds a wheel in a process that knows of no other kscan than the tree's."""
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "SOURCE_DATE_EPOCH")}
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", target],
        cwd=tree, capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (wheel,) = (tree / target).glob("*.whl")
    return wheel


def test_a_wheel_holds_the_file_of_its_data(tree: Path, tmp_path: Path) -> None:
    first = build(tree, "first")
    with zipfile.ZipFile(first) as wheel:
        names = set(wheel.namelist())
        wheel.extract(FILE, tmp_path)
    assert {FILE, "kscan/schema.sql", "kscan/dataset/schema.sql", "kscan/cli/__init__.py"} <= names
    assert not any(name.startswith(("data/", "tests/")) for name in names)
    assert made_of(tmp_path / FILE) == digest(Folder(tree / "data"))
    assert (tmp_path / FILE).read_bytes() == (tree / FILE).read_bytes()

    # Once more, of a file that is made anew.
    (tree / FILE).unlink()
    assert build(tree, "second").read_bytes() == first.read_bytes()

    # What is of this data is left alone, what is not is made again.
    os.utime(tree / FILE, ns=(0, 0))
    build(tree, "third")
    assert (tree / FILE).stat().st_mtime_ns == 0
    text_of(tree / "data", {"v4.3": {A: [fact("X", 3)]}})
    with zipfile.ZipFile(build(tree, "fourth")) as wheel:
        wheel.extract(FILE, tmp_path)
    assert made_of(tmp_path / FILE) == digest(Folder(tree / "data")) == made_of(tree / FILE)
