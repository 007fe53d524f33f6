"""Readings as they travel between processes and enter the store: what several of them say is there once."""

from array import array
from collections.abc import Iterable
from typing import NamedTuple

from kscan.model import Problem, Reading, Trace
from kscan.sqlite_values import to_sqlite

# A fact wherever it stands: its name; kind, further lines, value as SQLite has it, and the rest.
Said = tuple[str, tuple[str | int | None, ...]]


class Packed(NamedTuple):
    """A reading: its facts by their numbers in the batch, and their lines."""

    said: "array[int]"
    lines: "array[int]"
    problems: tuple[Problem, ...]
    failure: str | None


class Batch(NamedTuple):
    """`said` are the facts of `readings`, each once; `traces` are what was read, each with its reading's
    number."""

    said: tuple[Said, ...]
    readings: tuple[Packed, ...]
    traces: tuple[tuple[Trace, int], ...]

    @staticmethod
    def of(found: Iterable[tuple[Trace, Reading]]) -> "Batch":
        """A batch of readings by their traces, in order."""
        said: dict[Said, int] = {}
        # What is read in many contexts and the same in all is one object.
        numbers: dict[int, int] = {}
        readings: list[Packed] = []
        traces = []
        for trace, reading in found:
            number = numbers.setdefault(id(reading), len(readings))
            if number == len(readings):
                readings.append(_packed(reading, said))
            traces.append((trace, number))
        return Batch(tuple(said), tuple(readings), tuple(traces))


def _packed(reading: Reading, said: dict[Said, int]) -> Packed:
    numbers = array("q")
    for kind, name, line, end_line, value, *rest in reading.facts:
        one = name, (kind, end_line - line, to_sqlite(value), *rest)
        numbers.append(said.setdefault(one, len(said)))
    lines = array("q", [fact.line for fact in reading.facts])
    return Packed(numbers, lines, reading.problems, reading.failure)
