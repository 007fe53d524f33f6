"""gcc as the oracle: what it makes of a header's macros, enumerators and types.

Values come from compiled probes (value, size and sign of each name as gcc evaluates it), layouts
from the DWARF of the same header.
"""

import re
import struct
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from elftools.elf.elffile import ELFFile

from kscan.parse.preprocess import AMBIENT

_ERROR_LINE = re.compile(r"^probe\.c:(\d+):\d+: (?:error|fatal error): (.*)$", re.M)


# What a program includes before a header that leaves size_t, struct sockaddr or struct timespec to it.
_LIBC = ("stddef.h", "stdint.h", "sys/types.h", "sys/socket.h", "time.h")
# Members that glibc's own struct sockaddr_in and in6_addr have and the kernel's have not.
_OF_LIBC = re.compile(r"\.(__in6_u|sin_zero)\b")
_ROW = """\
#define KSCAN_ROW(x) {(unsigned long long)(x), sizeof(x), ((__typeof__((x) + 0))-1) < 0}
__attribute__((section(".kscan"))) const struct { unsigned long long v; unsigned s, g; } kscan_rows[] = {
"""


@dataclass(frozen=True)
class Probe:
    """What gcc says of a name: its value, the size of its type in bytes, whether that is signed."""

    value: int
    size: int
    signed: bool


@dataclass(frozen=True)
class Member:
    """Bits from the start of the outermost struct, width of a bit-field, size in bytes."""

    bit_offset: int
    bit_size: int | None
    size: int | None


class Gcc:
    """gcc with the flags under which headers are user space's."""

    def __init__(self, flags: Sequence[str], command: str = "gcc", long_bytes: int = 8) -> None:
        self.flags = list(flags)
        self.command, self.long_bytes = command, long_bytes

    def values(self, header: str, names: Iterable[str]) -> dict[str, Probe]:
        """The names that are integer constants to gcc after including `header`."""
        left = list(names)
        head = self._includes(header) + "".join(f"#include <{h}>\n" for h in AMBIENT) + _ROW
        first = head.count("\n") + 1
        while left:
            body = "".join(f"KSCAN_ROW({n}),\n" for n in left)
            with self._compiled(f"{head}{body}}};\n") as (done, binary):
                if done.returncode == 0:
                    return dict(_rows(binary, left))
            bad = {int(line) - first for line, _ in _ERROR_LINE.findall(done.stderr)}
            kept = [n for number, n in enumerate(left) if number not in bad]
            if len(kept) == len(left):
                raise AssertionError(f"gcc does not take the probe of {header}: {done.stderr[:500]}")
            left = kept
        return {}

    @cache  # noqa: B019 - a Gcc lives as long as its test
    def _includes(self, header: str) -> str:
        """The lines that include `header` as gcc takes them: alone, else after libc's types; "" where
        it takes neither. User space reaches asm-generic/x.h as asm/x.h."""
        reached = header.replace("asm-generic/", "asm/")
        for name in dict.fromkeys((reached, header)):
            for before in ((), _LIBC):
                lines = "".join(f"#include <{h}>\n" for h in (*before, name))
                with self._compiled(lines) as (done, _):
                    if done.returncode == 0:
                        return lines
        return ""

    @contextmanager
    def _compiled(
        self, source: str, *arguments: str
    ) -> Iterator[tuple[subprocess.CompletedProcess[str], Path]]:
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "probe.c").write_text(source)
            done = subprocess.run(
                [self.command, "-w", "-std=gnu17", "-fno-diagnostics-show-caret", "-fmax-errors=0",
                 "-ftrack-macro-expansion=0", *self.flags, *arguments, "-c", "probe.c"],
                cwd=folder, capture_output=True, text=True, check=False,
            )  # fmt: skip
            yield done, Path(folder, "probe.o")

    def compiles(self, header: str) -> bool:
        """Whether gcc takes the header on its own."""
        return bool(self._includes(header))

    def layouts(self, header: str) -> dict[str, int | Member]:
        """Sizes of structs and unions by name, and places of their members by path."""
        flags = ("-g", "-gdwarf-5", "-fno-eliminate-unused-debug-types")
        with self._compiled(self._includes(header), *flags) as (done, binary):
            if done.returncode:
                return {}
            with open(binary, "rb") as stream:
                return dict(_layouts(ELFFile(stream).get_dwarf_info()))


def _rows(binary: Path, names: Sequence[str]) -> Iterator[tuple[str, Probe]]:
    """The probe's rows from its object file; one that needs a relocation is an address, no constant."""
    with open(binary, "rb") as stream:
        elf = ELFFile(stream)
        data = elf.get_section_by_name(".kscan").data()
        relocated = set()
        for section in elf.iter_sections():
            if section.name in (".rela.kscan", ".rel.kscan"):
                relocated = {entry["r_offset"] // 16 for entry in section.iter_relocations()}
    for number, name in enumerate(names):
        if number not in relocated:
            value, size, signed = struct.unpack_from("<QII", data, 16 * number)
            # A pointer is sign-extended on its way into 64 bits: an unsigned value is as wide as it is.
            if signed:
                value -= value >> 63 << 64
            else:
                value &= (1 << 8 * size) - 1
            yield name, Probe(value, size, bool(signed))


def _layouts(dwarf: Any) -> Iterator[tuple[str, int | Member]]:
    for unit in dwarf.iter_CUs():
        for die in unit.get_top_DIE().iter_children():
            name = _name(die)
            if die.tag == "DW_TAG_typedef":
                record = _record(die)
                if record is not None and not _name(record):
                    yield from _members(record, name, 0)
            elif die.tag in ("DW_TAG_structure_type", "DW_TAG_union_type") and name:
                size = die.attributes.get("DW_AT_byte_size")
                if size is not None:
                    yield name, size.value
                    yield from _members(die, name, 0)


def _members(record: Any, path: str, base: int) -> Iterator[tuple[str, Member]]:
    for die in record.iter_children():
        if die.tag != "DW_TAG_member":
            continue
        name = _name(die)
        bits = die.attributes.get("DW_AT_data_bit_offset")
        place = die.attributes.get("DW_AT_data_member_location")
        at = base + (bits.value if bits else 8 * (place.value if place else 0))
        width = die.attributes.get("DW_AT_bit_size")
        inner = f"{path}.{name}" if name else path
        if name:
            yield inner, Member(at, width.value if width else None, _size(die))
        record_type = _record(die)
        if record_type is not None:
            yield from _members(record_type, inner, at)


def _name(die: Any) -> str:
    found = die.attributes.get("DW_AT_name")
    return found.value.decode() if found else ""


def _type(die: Any) -> Any:
    return die.get_DIE_from_attribute("DW_AT_type") if "DW_AT_type" in die.attributes else None


def _record(die: Any) -> Any:
    """The struct or union a member or typedef is by value."""
    found = _type(die)
    while found is not None and found.tag in ("DW_TAG_typedef", "DW_TAG_const_type", "DW_TAG_volatile_type"):
        found = _type(found)
    return found if found is not None and found.tag in ("DW_TAG_structure_type", "DW_TAG_union_type") else None


def _size(die: Any) -> int | None:
    found = _type(die)
    count = 1
    while found is not None and "DW_AT_byte_size" not in found.attributes:
        if found.tag == "DW_TAG_array_type":
            for dimension in found.iter_children():
                bound = dimension.attributes.get("DW_AT_count") or dimension.attributes.get("DW_AT_upper_bound")
                is_count = "DW_AT_count" in dimension.attributes
                count *= 0 if bound is None else bound.value + (0 if is_count else 1)
        elif found.tag == "DW_TAG_pointer_type":
            return None
        found = _type(found)
    return None if found is None else count * int(found.attributes["DW_AT_byte_size"].value)


@dataclass
class Agreement:
    """A comparison: how many of gcc's constants kscan has, how many layouts were compared, each
    disagreement in words, and the headers gcc does not take."""

    asked: int = 0
    evaluated: int = 0
    layouts: int = 0
    wrong: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def add(self, other: "Agreement") -> None:
        self.asked += other.asked
        self.evaluated += other.evaluated
        self.layouts += other.layouts
        self.wrong += other.wrong
        self.missing += other.missing
        self.refused += other.refused

    def figures(self) -> str:
        return (
            f"{self.evaluated} of {self.asked} constants, {self.layouts} layouts, {len(self.wrong)} wrong, "
            f"{len(self.missing)} missing, {len(self.refused)} headers refused by gcc"
        )


def compare(header: str, rows: Sequence[Mapping[str, Any]], gcc: Gcc) -> Agreement:
    """kscan's rows of a header (`kscan at`) against gcc."""
    found = Agreement()
    if not gcc.compiles(header):
        found.refused.append(header)
        return found
    constants = {r["name"]: r for r in rows if r["kind"] in ("macro", "enumerator")}
    integers = {n: r for n, r in constants.items() if not isinstance(r["value"], str)}
    for name, probe in gcc.values(header, integers).items():
        row = integers[name]
        found.asked += 1
        if row["value"] is None:
            found.missing.append(f"{header}: {name}: {row['reason']}, gcc says {probe.value}")
            continue
        found.evaluated += 1
        said = (row["value"], _width(row["type"], gcc.long_bytes), not row["type"].startswith("unsigned"))
        narrow = _width(row["type"], gcc.long_bytes) < 4
        if said[0] != probe.value or (not narrow and said[1:] != (probe.size, probe.signed)):
            found.wrong.append(f"{header}: {name} = {said} ({row['type']}), gcc says {probe}")
    _compare_layouts(header, rows, gcc.layouts(header), found)
    return found


def _compare_layouts(
    header: str, rows: Sequence[Mapping[str, Any]], truth: Mapping[str, Any], found: Agreement
) -> None:
    for row in rows:
        name = row["name"]
        if row["kind"] in ("struct", "union") and isinstance(truth.get(name), int):
            found.layouts += 1
            if row["size"] is None:
                found.missing.append(f"{header}: {row['kind']} {name}: {row['reason']}")
            elif row["size"] != truth[name]:
                found.wrong.append(f"{header}: sizeof {name} = {row['size']}, gcc says {truth[name]}")
        elif row["kind"] == "member" and isinstance(truth.get(name), Member) and row["bit_offset"] is not None:
            found.layouts += 1
            said = Member(row["bit_offset"], row["bit_size"], row["size"])
            right = truth[name]
            if right.size is None or right.bit_size is not None or row["type"].endswith("*"):
                said = Member(said.bit_offset, said.bit_size, right.size)
            if said != right:
                found.wrong.append(f"{header}: {name} at {said}, gcc says {right}")
    ours = {row["name"] for row in rows}
    for name, value in truth.items():
        if (
            isinstance(value, Member)
            and name.split(".")[0] in ours
            and name not in ours
            and not _OF_LIBC.search(name)
        ):
            found.wrong.append(f"{header}: member {name} is not known")


def _width(kind: str, long_bytes: int) -> int:
    words = kind.replace("unsigned ", "").replace("signed ", "")
    return {"_Bool": 1, "char": 1, "short": 2, "int": 4, "long": long_bytes, "long long": 8}[words]
