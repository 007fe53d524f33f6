"""Readings as they travel between processes and enter the store: what several of them say is there once."""

import hashlib
import itertools
from array import array
from collections.abc import Iterable
from typing import NamedTuple
from zlib import crc32

from kscan.model import Fact, Problem, Reading, Trace
from kscan.sqlite_values import to_sqlite

# A fact wherever it stands: its name; kind, further lines, value as SQLite has it, and the rest.
Said = tuple[str, tuple[str | int | None, ...]]


# One name in so many begins a block: releases of a header have most blocks in common then, wherever they begin
# to differ.
_BEGINS = 8


class Block(NamedTuple):
    """Facts that stand together, by their numbers in the batch, and their lines, counted from the first;
    `digest` is that of all they say."""

    said: "array[int]"
    lines: "array[int]"
    digest: bytes


class Packed(NamedTuple):
    """A reading: its blocks by their numbers in the batch, and the lines on which they begin."""

    blocks: "array[int]"
    lines: "array[int]"
    problems: tuple[Problem, ...]
    failure: str | None


class Batch(NamedTuple):
    """`said` are the facts of `readings` and `blocks` how they stand together, each once; `traces` are what was
    read, each with its reading's number."""

    said: tuple[Said, ...]
    blocks: tuple[Block, ...]
    readings: tuple[Packed, ...]
    traces: tuple[tuple[Trace, int], ...]

    @staticmethod
    def of(found: Iterable[tuple[Trace, Reading]]) -> "Batch":
        """A batch of readings by their traces, in order."""
        facts = _Facts()
        # What is read in many contexts and the same in all is one object.
        numbers: dict[int, int] = {}
        readings: list[Packed] = []
        traces = []
        for trace, reading in found:
            number = numbers.setdefault(id(reading), len(readings))
            if number == len(readings):
                readings.append(facts.packed(reading))
            traces.append((trace, number))
        return Batch(tuple(facts.said), tuple(facts.blocks), tuple(readings), tuple(traces))


class _Facts:
    """The facts of a batch, as they are met."""

    def __init__(self) -> None:
        self.said: dict[Said, int] = {}
        self.digests: list[bytes] = []
        self.begins: list[bool] = []
        self.blocks: list[Block] = []
        self.numbers: dict[tuple[bytes, bytes], int] = {}

    def packed(self, reading: Reading) -> Packed:
        said = array("q", map(self._number, reading.facts))
        lines = [fact.line for fact in reading.facts]
        firsts = [at for at, number in enumerate(said) if self.begins[number] or not at]
        blocks = array("q")
        for first, last in itertools.pairwise((*firsts, len(said))):
            line = lines[first]
            blocks.append(self._block(said[first:last], array("q", [at - line for at in lines[first:last]])))
        return Packed(blocks, array("q", [lines[first] for first in firsts]), reading.problems, reading.failure)

    def _number(self, fact: Fact) -> int:
        kind, name, line, end_line, value, *rest = fact
        one = name, (kind, end_line - line, to_sqlite(value), *rest)
        number = self.said.setdefault(one, len(self.said))
        if number == len(self.begins):
            self.digests.append(hashlib.sha1(repr(one).encode("utf-8", "surrogatepass")).digest())
            self.begins.append(crc32(name.encode("utf-8", "surrogatepass")) % _BEGINS == 0)
        return number

    def _block(self, said: "array[int]", lines: "array[int]") -> int:
        key = said.tobytes(), lines.tobytes()
        number = self.numbers.setdefault(key, len(self.numbers))
        if number == len(self.blocks):
            says = b"".join(map(self.digests.__getitem__, said)) + key[1]
            self.blocks.append(Block(said, lines, hashlib.sha1(says).digest()))
        return number
