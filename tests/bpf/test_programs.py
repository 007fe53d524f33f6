"""Programs in files: objects of both byte orders, bytes, filters as tcpdump prints them, arrays in C."""

import csv
import io
import json
import random
import struct
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kscan.bpf import programs as programs_module
from kscan.bpf.definitions import Definitions, SourceWords
from kscan.bpf.instruction import Classic, Insn
from kscan.bpf.objects import Map, Object, read_object
from kscan.bpf.programs import Program, name_helpers, read_programs
from kscan.catalog.hooks import CBPF, EBPF
from kscan.cli import main
from kscan.errors import KscanError
from kscan.history import History
from kscan.parse.lex import skeleton
from tests.bpf.elf import (
    E_MACHINE,
    E_SHENTSIZE,
    E_SHNUM,
    E_SHOFF,
    E_SHSTRNDX,
    EM_BPF,
    EM_X86_64,
    ENTRY,
    EXIT,
    FUNC,
    NOBITS,
    OBJECT,
    SECTION,
    SH_ENTSIZE,
    SH_INFO,
    SH_LINK,
    SH_NAME,
    SH_OFFSET,
    SH_SIZE,
    Btf,
    Elf,
    Section,
    header_of,
    insn,
    load,
    patched,
    with_maps,
)
from tests.bpf.releases import home_with

Write = Callable[[bytes | str], str]
ORDERS = pytest.mark.parametrize("big", [False, True], ids=["little", "big"])
# An answer about any file of this size is a matter of moments; a tenfold machine is slow, not stuck.
QUICK = pytest.mark.timeout(20)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file and gives its path."""

    def run(content: bytes | str, name: str = "given") -> str:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return run


@pytest.fixture
def words(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Definitions:
    """What the newest of our releases defines."""
    monkeypatch.setenv("KSCAN_HOME", str(home_with(tmp_path_factory.getbasetemp() / "grown")))
    history = History()
    return Definitions(history, history.newest)


def made(*, big: bool = False) -> Elf:
    """A good object: two programs, a function, a map, data, a kernel's function."""

    def slot(*fields: int) -> bytes:
        return insn(*fields, big=big)

    elf = Elf(big=big)
    elf.code(".text", slot(0xB7, 0, 0, 0, 7) + slot(0x95) + slot(0xB7, 0, 0, 0, 8) + slot(0x95))
    elf.code("socket", load(1, big=big) + slot(0x85, 0, 0, 0, 1) + slot(0x85, 0, 1, 0, -1) + slot(0x95))
    elf.code("tc/own", load(2, big=big) + load(3, big=big) + slot(0x85, 0, 1, 0, -1) + slot(0x85, 0, 1, 0, 1)
             + slot(0x95))  # fmt: skip
    elf.data(".maps").data(".bss").data("maps", struct.pack(f"{'>' if big else '<'}5I", 6, 4, 8, 16, 1))
    elf.sections.append(Section(".BTF", with_maps(("counts", 1, 0), ("ring", 27, 0x81), big=big)))
    counts = elf.symbol("counts", ".maps", 0, OBJECT)
    first = elf.symbol("first", ".text", 0, FUNC)
    elf.symbol("second", ".text", 16, FUNC)
    text = elf.symbol("", ".text", 0, SECTION)
    hits = elf.symbol("hits", ".bss", 8, OBJECT)
    kernel = elf.symbol("our_kfunc")
    elf.symbol("old", "maps", 0, OBJECT)
    elf.relocate("socket", 0, counts).relocate("socket", 3, first)
    elf.relocate("tc/own", 0, hits).relocate("tc/own", 2, first)
    return elf.relocate("tc/own", 4, kernel).relocate("tc/own", 5, text)


class TestObjects:
    @ORDERS
    def test_every_section_of_code_is_a_program_with_its_instructions(self, big: bool, write: Write) -> None:
        path = write(made(big=big).write())
        found = read_programs(path)
        assert [(p.file, p.section, p.flavour, len(p.slots)) for p in found] == [
            (path, ".text", EBPF, 4),
            (path, "socket", EBPF, 5),
            (path, "tc/own", EBPF, 7),
        ]
        assert found[0].slots == [Insn(0xB7, imm=7), Insn(0x95), Insn(0xB7, imm=8), Insn(0x95)]
        assert found[1].slots == [
            Insn(0x18, 1),
            Insn(0),
            Insn(0x85, imm=1),
            Insn(0x85, src=1, imm=-1),
            Insn(0x95),
        ]

    @ORDERS
    def test_relocations_name_what_an_instruction_is_about(self, big: bool) -> None:
        found = read_object("a.o", made(big=big).write())
        assert {p.section: p.notes for p in found.programs} == {
            ".text": {},
            "socket": {0: "counts", 3: "first"},
            "tc/own": {0: "hits", 2: "first", 4: "our_kfunc", 5: "second"},
        }
        assert [p.kfuncs for p in found.programs] == [frozenset(), frozenset(), {4}]
        assert found.loads == {("socket", 0): "map", ("tc/own", 0): "data", ("tc/own", 2): "function"}

    @ORDERS
    def test_maps_of_btf_and_of_the_old_section(self, big: bool) -> None:
        found = read_object("a.o", made(big=big).write())
        assert found.maps == [Map("counts", 1, 0), Map("ring", 27, 0x81), Map("old", 6, 1)]

    def test_an_old_definition_without_flags_is_a_map(self) -> None:
        """Definitions had four numbers before maps had flags."""
        elf = Elf().code("socket", EXIT).data("maps", struct.pack("<8I", 1, 4, 8, 16, 2, 4, 8, 1))
        elf.symbol("first", "maps", 0, OBJECT, 16)
        elf.symbol("second", "maps", 16, OBJECT, 16)
        assert read_object("a.o", elf.write()).maps == [Map("first", 1, 0), Map("second", 2, 0)]

    def test_an_old_definition_may_have_more_than_flags(self) -> None:
        """iproute2's has an id, a pinning and inner maps behind them."""
        elf = Elf().code("socket", EXIT).data("maps", struct.pack("<18I", 1, 4, 8, 16, 1, 7, 2, 0, 0, *[2] * 9))
        elf.symbol("first", "maps", 0, OBJECT, 36)
        elf.symbol("second", "maps", 36, OBJECT, 36)
        assert read_object("a.o", elf.write()).maps == [Map("first", 1, 1), Map("second", 2, 2)]

    @pytest.mark.parametrize(("value", "size"), [(64, 20), (1 << 40, 20), (0, 1 << 60), (62, 20), (0, 3)])
    @QUICK
    def test_an_old_definition_beyond_its_section(self, value: int, size: int) -> None:
        elf = Elf().code("socket", EXIT).data("maps", bytes(64))
        elf.symbol("far", "maps", value, OBJECT, size)
        assert _answers(elf.write()) is not None

    def test_data_and_empty_sections_are_no_programs(self) -> None:
        elf = Elf().code("xdp", EXIT).data("license", b"GPL\0").code("empty", b"")
        assert [p.section for p in read_object("a.o", elf.write()).programs] == ["xdp"]

    def test_sections_of_one_name_are_each_a_program(self) -> None:
        elf = Elf().code("xdp", EXIT).code("xdp", EXIT + EXIT)
        assert [len(p.slots) for p in read_object("a.o", elf.write()).programs] == [1, 2]

    def test_a_load_of_the_kernels_own_variable_is_of_no_map(self) -> None:
        """`extern const int x __ksym`: undefined here, found by the loader in the kernel's BTF."""
        btf = Btf()
        variable = btf.variable("kernel_thing", btf.qualified(10, btf.integer()))
        btf.section(".ksyms", [variable])
        elf = Elf().code("tc", load(1) + EXIT)
        elf.sections.append(Section(".BTF", btf.write()))
        elf.relocate("tc", 0, elf.symbol("kernel_thing"))
        found = read_object("a.o", elf.write())
        assert found.programs[0].notes == {0: "kernel_thing"}
        assert found.loads.get(("tc", 0)) not in ("data", "map", "function")

    def test_helpers_are_named_where_the_object_names_nothing(self) -> None:
        found = read_object("a.o", made().write()).programs
        name_helpers(found, {1: "bpf_map_lookup_elem", -1: "never"})
        assert found[1].notes == {0: "counts", 2: "bpf_map_lookup_elem", 3: "first"}
        assert found[2].notes[4] == "our_kfunc"

    @QUICK
    def test_many_calls_of_many_functions_take_moments(self) -> None:
        """What clang writes for static functions: each call leads to a place in their section."""
        many = 1200
        calls = b"".join(insn(0x85, src=1, imm=number - 1) for number in range(many))
        elf = Elf().code(".text", EXIT * many).code("tc", calls + EXIT)
        text = elf.symbol("", ".text", 0, SECTION)
        for number in range(many):
            elf.symbol(f"f{number}", ".text", 8 * number, FUNC)
            elf.relocate("tc", number, text)
        notes = read_object("a.o", elf.write()).programs[1].notes
        assert notes == {number: f"f{number}" for number in range(many)}


def _definition(btf: Btf, form: str) -> int:
    """A map's definition with type 27 and flags 1, said in one of the ways C allows."""
    kind, flags = btf.number(27), btf.number(1)
    match form:
        case "typedef of the pointer":
            kind = btf.typedef("kind_t", kind)
        case "qualified pointer":
            kind = btf.qualified(10, btf.qualified(9, btf.qualified(11, kind)))
        case "typedef of the array":
            kind = btf.pointer(btf.typedef("numbers", btf.array(btf.integer(), 27)))
        case "qualified array":
            kind = btf.pointer(btf.qualified(10, btf.typedef("numbers", btf.array(btf.integer(), 27))))
        case "type tag":
            kind = btf.pointer(btf.qualified(18, btf.array(btf.integer(), 27)))
    members = [("max_entries", btf.number(9)), ("map_flags", flags), ("type", kind)]
    definition = btf.struct("", members)
    if form == "typedef of the struct":
        definition = btf.typedef("outer", btf.qualified(10, btf.typedef("map_t", definition)))
    if form == "after other types":
        btf.add(13, "", 1, 0, 0, 0)  # a function's type with a parameter
        btf.add(12, "f", 1, btf.next - 1)
        btf.add(6, "enum", 2, 4, 0, 1, 0, 2)
        btf.add(19, "enum64", 1, 8, 0, 1, 0)
        btf.add(5, "union", 1, 4, 0, 1, 0)
        btf.add(7, "forward", 0, 0)
        btf.add(16, "float", 0, 4)
        btf.add(17, "tag", 0, definition, 0xFFFFFFFF)
    return definition


class TestBtf:
    @ORDERS
    @pytest.mark.parametrize(
        "form",
        ["plain", "typedef of the pointer", "qualified pointer", "typedef of the array", "qualified array",
         "type tag", "typedef of the struct", "after other types"],
    )  # fmt: skip
    def test_numbers_are_read_through_names_and_qualifiers(self, form: str, big: bool) -> None:
        btf = Btf(big=big)
        definition = _definition(btf, form)
        btf.section(".data", [btf.variable("other", btf.integer())])
        btf.section(".maps", [btf.variable("known", definition)])
        elf = Elf(big=big).code("tc", insn(0x95, big=big))
        elf.sections.append(Section(".BTF", btf.write()))
        assert read_object("a.o", elf.write()).maps == [Map("known", 27, 1)]

    @QUICK
    @pytest.mark.parametrize("where", ["definition", "number"])
    def test_a_type_that_leads_in_a_circle_is_no_number(self, where: str) -> None:
        btf = Btf()
        circle = btf.typedef("round", btf.next + 1)
        btf.typedef("about", circle)
        inner = btf.struct("", [("type", circle)]) if where == "number" else circle
        btf.section(".maps", [btf.variable("known", inner)])
        elf = Elf().code("tc", EXIT)
        elf.sections.append(Section(".BTF", btf.write()))
        assert read_object("a.o", elf.write()).maps == [Map("known", 0, 0)]

    @QUICK
    @pytest.mark.parametrize("where", ["variable", "member", "array", "pointer"])
    def test_a_type_that_is_not_there_is_no_number(self, where: str) -> None:
        btf = Btf()
        absent = 0x7FFFFFFF
        inner = {
            "variable": absent,
            "member": btf.struct("", [("type", absent)]),
            "array": btf.struct("", [("type", btf.pointer(absent))]),
            "pointer": btf.struct("", [("type", btf.pointer(btf.qualified(10, absent)))]),
        }[where]
        btf.section(".maps", [btf.variable("known", inner)])
        elf = Elf().code("tc", EXIT)
        elf.sections.append(Section(".BTF", btf.write()))
        assert read_object("a.o", elf.write()).maps == [Map("known", 0, 0)]

    @pytest.mark.parametrize("btf", [b"", b"\x9f\xeb", bytes(24), b"\xeb\x9f\x01\x00" + bytes(20)],
                             ids=["empty", "short", "no magic", "other order"])  # fmt: skip
    def test_what_is_no_btf_is_said(self, btf: bytes) -> None:
        elf = Elf().code("tc", EXIT)
        elf.sections.append(Section(".BTF", btf))
        with pytest.raises(KscanError, match=r"^a\.o: "):
            read_object("a.o", elf.write())


class TestMalformedObjects:
    """Whatever an object says of itself: a result, or one line that names the file."""

    def test_another_machine(self) -> None:
        data = Elf(machine=EM_X86_64).code(".text", EXIT).write()
        with pytest.raises(KscanError, match=r"^a\.o: an ELF object, but not of BPF"):
            read_object("a.o", data)

    @pytest.mark.parametrize("left", [1, 4, 7])
    def test_a_truncated_instruction(self, left: int) -> None:
        data = Elf().code("xdp", EXIT + EXIT[:left]).write()
        with pytest.raises(KscanError, match=r"^a\.o: section 'xdp' ends in a truncated instruction$"):
            read_object("a.o", data)

    def test_half_a_64_bit_load_is_shown_as_it_is(self) -> None:
        (program,) = read_object("a.o", Elf().code("xdp", load(1, 5)[:8]).write()).programs
        assert program.slots == [Insn(0x18, 1, imm=5)]

    @ORDERS
    @pytest.mark.parametrize("size", [1 << 12, 1 << 31, 1 << 40, (1 << 64) - 8])
    @QUICK
    def test_a_section_beyond_the_file(self, size: int, big: bool) -> None:
        data = made(big=big).write()
        at = header_of(data, "socket", big=big)
        with pytest.raises(KscanError, match=r"^a\.o: a malformed ELF object"):
            read_object("a.o", patched(data, at + SH_SIZE, ">Q" if big else "<Q", size))

    @QUICK
    @pytest.mark.parametrize(
        "section", ["socket", ".BTF", "maps", ".symtab", ".relsocket", ".strtab", ".shstrtab"]
    )
    @pytest.mark.parametrize(
        ("place", "form", "number"),
        [(SH_SIZE, "<Q", 0), (SH_SIZE, "<Q", 1), (SH_SIZE, "<Q", 1 << 62), (SH_OFFSET, "<Q", 1 << 40),
         (SH_OFFSET, "<Q", (1 << 64) - 1), (SH_NAME, "<I", 0xFFFFFFFF), (SH_LINK, "<I", 0xFFFF),
         (SH_LINK, "<I", 0), (SH_INFO, "<I", 0xFFFFFFFF), (SH_ENTSIZE, "<Q", 0), (SH_ENTSIZE, "<Q", 1),
         (SH_ENTSIZE, "<Q", 1 << 60)],
    )  # fmt: skip
    def test_absurd_numbers_in_a_sections_header(
        self, section: str, place: int, form: str, number: int
    ) -> None:
        data = made().write()
        _answers(patched(data, header_of(data, section) + place, form, number))

    @QUICK
    @pytest.mark.parametrize(
        ("place", "form", "number"),
        [(E_SHNUM, "<H", 0xFFFF), (E_SHNUM, "<H", 0), (E_SHNUM, "<H", 1), (E_SHENTSIZE, "<H", 0),
         (E_SHENTSIZE, "<H", 1), (E_SHENTSIZE, "<H", 0xFFFF), (E_SHOFF, "<Q", 0), (E_SHOFF, "<Q", 1),
         (E_SHOFF, "<Q", 1 << 63), (E_SHSTRNDX, "<H", 0), (E_SHSTRNDX, "<H", 0xFFFF), (E_SHSTRNDX, "<H", 2)],
    )  # fmt: skip
    def test_absurd_numbers_in_the_files_header(self, place: int, form: str, number: int) -> None:
        _answers(patched(made().write(), place, form, number))

    @QUICK
    @pytest.mark.parametrize("entry", [0, 1, ENTRY])
    def test_more_sections_than_a_file_can_hold(self, entry: int) -> None:
        """e_shnum 0 lets the first header's size say how many there are."""
        data = patched(made().write(), E_SHNUM, "<H", 0)
        (start,) = struct.unpack_from("<Q", data, E_SHOFF)
        data = patched(patched(data, start + SH_SIZE, "<Q", 1 << 48), E_SHENTSIZE, "<H", entry)
        with pytest.raises(KscanError, match=r"^a\.o: a malformed ELF object"):
            read_object("a.o", data)

    def test_a_section_without_bytes_in_the_file(self) -> None:
        elf = Elf()
        elf.sections.append(Section(".maps", b"", NOBITS, 2, size=1 << 40))
        assert read_object("a.o", elf.code("tc", EXIT).write()).maps == []

    def test_relocations_that_lead_nowhere(self) -> None:
        elf = Elf().code("tc", EXIT)
        elf.relocate("tc", 1 << 40, elf.symbol("x")).relocate("tc", 0, 1 << 20)
        _answers(elf.write())

    @pytest.mark.parametrize("length", [4, 5, 15, 16, 17, 40, 63, 64, 100])
    def test_a_file_that_ends_early(self, length: int, write: Write) -> None:
        with pytest.raises(KscanError, match="a malformed ELF object"):
            read_programs(write(made().write()[:length]))


def _answers(data: bytes) -> Object | None:
    """What an object is read as; None where it is refused, in one line that names it."""
    found, why = None, ""
    try:
        found = read_object("a.o", data)
    except KscanError as error:
        why = str(error)
    if found is None:
        assert why.startswith("a.o: ")
        assert "\n" not in why
        return None
    for program in found.programs:
        assert all(0 <= at < len(program.slots) for at in program.notes)
    return found


_GOOD = {False: made().write(), True: made(big=True).write()}
_CHANGES = st.lists(
    st.tuples(
        st.integers(0, len(_GOOD[False]) - 1),
        st.sampled_from([b"\0", b"\1", b"\x7f", b"\xff", b"\xff\xff", b"\xff\xff\x7f", b"\xff" * 8, bytes(8)]),
    ),
    max_size=6,
)  # fmt: skip


@settings(max_examples=250, deadline=timedelta(seconds=5), derandomize=True)
@example(False, [], None)
@given(big=st.booleans(), changes=_CHANGES, length=st.none() | st.integers(0, len(_GOOD[False])))
def test_a_damaged_object_is_answered_or_refused(
    big: bool, changes: list[tuple[int, bytes]], length: int | None
) -> None:
    data = _GOOD[big]
    for at, change in changes:
        data = (data[:at] + change + data[at + len(change) :])[: len(_GOOD[big])]
    _answers(data[:length])


@pytest.mark.parametrize("big", [False, True])
@QUICK
def test_any_one_damaged_byte_is_answered_or_refused(big: bool) -> None:
    """Each byte of the file's header, of the sections' headers and of BTF, by turns."""
    good, order = _GOOD[big], ">" if big else "<"
    (start,) = struct.unpack_from(f"{order}Q", good, E_SHOFF)
    btf = header_of(good, ".BTF", big=big)
    where, size = struct.unpack_from(f"{order}QQ", good, btf + SH_OFFSET)
    places = [*range(4, 64), *range(start, len(good)), *range(where, where + size)]
    for at in random.Random(1).sample(places, 400):
        _answers(good[:at] + bytes([good[at] ^ 0xFF]) + good[at + 1 :])


@settings(max_examples=150, deadline=timedelta(seconds=5), derandomize=True)
@given(data=st.binary(max_size=400))
def test_any_bytes_as_btf_are_answered_or_refused(data: bytes) -> None:
    head = struct.pack("<HBBIIIII", 0xEB9F, 1, 0, 24, 0, len(data), 0, len(data))
    elf = Elf().code("tc", EXIT)
    elf.sections.append(Section(".BTF", head + data))
    _answers(elf.write())


_FILTER = [Classic(0x28, 0, 0, 12), Classic(0x15, 0, 1, 0x800), Classic(6, 0, 0, 0xFFFFFFFF), Classic(6)]
_DD = """\
{ 0x28, 0, 0, 0x0000000c },
{ 0x15, 0, 1, 0x00000800 },
{ 0x6, 0, 0, 0xffffffff },
{ 0x6, 0, 0, 0x0 },
"""
_DDD = "4\n40 0 0 12\n21 0 1 2048\n6 0 0 4294967295\n6 0 0 0\n"


_MANY = "\n" * 100_000


class TestFilters:
    @pytest.mark.parametrize(
        "text",
        [_DD, _DDD, f"\n{_DD}\n", _DD.rstrip(",\n"), f"\n{_DDD}\n\n", _DDD.rstrip()],
        ids=["dd", "ddd", "dd padded", "dd bare", "ddd padded", "ddd bare"],
    )
    def test_what_tcpdump_prints(self, text: str, write: Write) -> None:
        (program,) = read_programs(write(text))
        assert (program.flavour, program.section, program.slots) == (CBPF, "", _FILTER)

    def test_a_count_that_lies(self, write: Write) -> None:
        path = write(_DDD.replace("4\n", "5\n", 1))
        with pytest.raises(KscanError, match="says 5 instructions and has 4"):
            read_programs(path)

    @pytest.mark.parametrize(
        "text",
        ["{ 0x10000, 0, 0, 0x0 }", "{ 0x6, 256, 0, 0x0 }", "{ 0x6, 0, 256, 0x0 }", "{ 0x6, 0, 0, 0x100000000 }",
         "1\n65536 0 0 0\n", "1\n6 0 999 0\n", "1\n6 0 0 4294967296\n"],
    )  # fmt: skip
    def test_numbers_that_do_not_fit(self, text: str, write: Write) -> None:
        path = write(text)
        with pytest.raises(KscanError, match=path):
            read_programs(path)

    @pytest.mark.parametrize(
        "text",
        ["{ 06, 0, 0, 0x00000000 }", "{ 1f, 0, 0, 0x0 }", "{ 0x6, 00, 01, 0x0 }", f"1\n6 0 0 {'9' * 5000}\n",
         f"{{ 0x6, {'9' * 5000}, 0, 0x0 }}", f"{'9' * 5000}\n6 0 0 0\n"],
        ids=["octal code", "hex without 0x", "octal jump", "long number", "long jump", "long count"],
    )  # fmt: skip
    def test_numbers_that_are_none_of_python(self, text: str, write: Write) -> None:
        _reads(write(text))

    @QUICK
    @pytest.mark.parametrize(
        "text",
        [f"1{_MANY}x", f"{{ 0x6, 0, 0, 0x0 }}{_MANY}x", f"{_MANY}x", "1 " * 100_000 + "x",
         "{ 0x6, 0, 0, 0x0 } " * 5000 + "x", "1\n" + "1 1 1 1\n" * 20_000 + "x"],
        ids=["count and empty lines", "empty lines behind", "empty lines before", "numbers", "no end", "lines"],
    )  # fmt: skip
    def test_text_that_is_nearly_a_filter_is_told_quickly(self, text: str, write: Write) -> None:
        with pytest.raises(KscanError):
            read_programs(write(text))


def _reads(path: str, words: Definitions | None = None) -> list[Program]:
    """The programs of a file; none where it is refused in one line that names it."""
    why = ""
    try:
        return read_programs(path, words)
    except KscanError as error:
        why = str(error)
    assert path in why
    return []


class TestFiles:
    def test_raw_bytes_are_extended_instructions(self, write: Write) -> None:
        (program,) = read_programs(write(load(1, 1 << 40) + EXIT))
        assert (program.flavour, program.slots) == (EBPF, [Insn(0x18, 1), Insn(0, imm=256), Insn(0x95)])

    @pytest.mark.parametrize("data", [b"\0" * 7, EXIT + b"\x95", b"\xff" * 9])
    def test_bytes_that_are_no_whole_instructions(self, data: bytes, write: Write) -> None:
        with pytest.raises(KscanError, match=rf"{len(data)} bytes are no ELF object and no whole number"):
            read_programs(write(data))

    @pytest.mark.parametrize(
        "data",
        [b"", b"{\xff}", b"{ 0x6, 0, 0, 0x0 }\n{\xff\xff}\n", b"{" * 99, b"{}", b"1\n\xff"],
    )
    def test_what_is_nearly_text(self, data: bytes, write: Write) -> None:
        path = write(data)
        with pytest.raises(KscanError, match=path):
            read_programs(path)

    @pytest.mark.parametrize(
        "text",
        ["", "\n" * 8, "no instruction", "no instruction!\n", "eight ch", "int main(void) { return 0; }\n"],
    )
    def test_text_is_no_raw_program_whatever_its_length(self, text: str, write: Write) -> None:
        with pytest.raises(KscanError, match="no array of struct sock_filter or struct bpf_insn"):
            read_programs(write(text))

    def test_what_is_no_file(self, tmp_path: Path) -> None:
        for path in (tmp_path / "missing", tmp_path, tmp_path / "missing" / "x", Path("/dev/null")):
            with pytest.raises(KscanError, match=str(path)):
                read_programs(str(path))

    @pytest.mark.parametrize("path", ["a\0b", "x" * 5000, "\udcff", "ä" * 300, ""])
    def test_names_that_no_file_can_have(self, path: str) -> None:
        with pytest.raises(KscanError):
            read_programs(path)

    def test_a_file_larger_than_any_program(self, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
        elf = made().write()
        monkeypatch.setattr(programs_module, "LARGEST", len(elf))
        monkeypatch.setattr(programs_module, "LARGEST_TEXT", 16)
        assert len(read_programs(write(EXIT * 2))[0].slots) == 2
        assert len(read_programs(write(elf))) == 3
        for data in (EXIT * 3, elf + b"\0", b" " * 17):
            with pytest.raises(KscanError, match="larger than"):
                read_programs(write(data))

    def test_a_huge_file_is_not_read(self, tmp_path: Path) -> None:
        path = tmp_path / "huge"
        with path.open("wb") as file:
            file.truncate(1 << 40)
        with pytest.raises(KscanError, match="larger than"):
            read_programs(str(path))


@settings(max_examples=150, deadline=timedelta(seconds=5), derandomize=True)
@given(
    data=st.binary(max_size=64)
    | st.text(alphabet="{}[](),=;x 0123456789abfL+-*/%<>?:.#\"'\\\n", max_size=80).map(
        lambda text: f"struct sock_filter f[] = {text}".encode()
    )
    | st.text(alphabet="{},0x1 \n", max_size=60).map(str.encode)
)
def test_any_file_is_answered_or_refused(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(data)
    _reads(str(path))


_OWN = """\
#include <linux/filter.h>
#define RET 0x06
#define ACCEPT 0xffff
#define RETURN(value) { RET, 0, 0, value }
/* struct sock_filter commented[] = { { 9, 9, 9, 9 } }; */
static const char *text = "struct sock_filter said[] = { { 9, 9, 9, 9 } };";
struct other { int a, b, c, d; } others[] = { { 1, 2, 3, 4 } };
struct sock_filter *nowhere, passed[4];
static const struct sock_filter first[] = {
	{ 0x28, 0, 0, 12 },
	{ .code = 0x15, .jt = 0, .jf = 1, .k = 0x0800 },
	RETURN(ACCEPT),
	{ RET, 0, 0, (1 << 4) | 0x1, },
};
int f(void)
{
	struct bpf_insn program[2] = { { 0xb7, 0, 0, 0, -1 }, { 0x95 } };
	return sizeof(struct sock_filter) + use(program);
}
"""
_RELEASE = """\
struct sock_filter classic[] = { BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1) };
struct bpf_insn extended[] = {
	BPF_MOV64_IMM(1, 5),
	BPF_LD_IMM64(2, 1ULL << 32),
	((struct bpf_insn) { .code = BPF_JMP | BPF_EXIT }),
};
"""  # noqa: E501


class TestSources:
    def test_own_macros_need_no_scanned_kernel(self, write: Write) -> None:
        first, program = read_programs(write(_OWN))
        assert (first.section, first.flavour) == ("first", CBPF)
        assert first.slots == [
            Classic(0x28, 0, 0, 12),
            Classic(0x15, 0, 1, 0x800),
            Classic(6, 0, 0, 0xFFFF),
            Classic(6, 0, 0, 17),
        ]
        assert (program.section, program.flavour) == ("program", EBPF)
        assert program.slots == [Insn(0xB7, imm=-1), Insn(0x95)]
        assert first.notes == program.notes == {}

    def test_macros_of_a_release(self, write: Write, words: Definitions) -> None:
        classic, extended = read_programs(write(_RELEASE), words)
        assert classic.slots == [Classic(0x28, 0, 0, 12), Classic(0x15, 0, 1, 1)]
        assert extended.slots == [Insn(0xB7, 1, imm=5), Insn(0x18, 2), Insn(0, imm=1), Insn(0x95)]

    def test_a_sources_own_macro_counts_before_the_releases(self, write: Write, words: Definitions) -> None:
        text = f"#define BPF_EXIT 0x80\n#define BPF_MOV64_IMM(a, b) {{ 0xbf, a, b, 0, 0 }}\n{_RELEASE}"
        extended = read_programs(write(text), words)[1]
        assert (extended.slots[0], extended.slots[-1]) == (Insn(0xBF, 1, 5), Insn(0x85))

    def test_without_a_kernel_a_word_of_one_is_said(self, write: Write) -> None:
        path = write(f"\n\n{_RELEASE}")
        with pytest.raises(KscanError, match=r":3: .*without a scanned kernel"):
            read_programs(path)

    def test_what_only_a_compiler_knows_is_noted(self, write: Write, words: Definitions) -> None:
        text = (
            "struct bpf_insn program[] = {\n\tBPF_MOV64_IMM(1, map_fd),\n"
            "\t{ BPF_LDX | BPF_MEM | BPF_W, reg, reg, offset_a + offset_b, 0 },\n\tBPF_EXIT_INSN(),\n};\n"
        )
        (program,) = read_programs(write(text), words)
        assert program.slots == [Insn(0xB7, 1), Insn(0x61), Insn(0x95)]
        assert program.notes == {
            0: "map_fd not known, 0 here",
            1: "reg, offset_a, offset_b not known, 0 here",
        }

    def test_an_opcode_that_is_not_known_is_refused(self, write: Write, words: Definitions) -> None:
        path = write("struct bpf_insn program[] = {\n\t{ BPF_NEVER, 0, 0, 0, 0 },\n};\n")
        with pytest.raises(KscanError, match=rf"{path}:2: .*BPF_NEVER has no value here at v6\.9"):
            read_programs(path, words)

    @pytest.mark.parametrize(
        ("text", "line"),
        [
            ("struct sock_filter f[] = {\n\t{ 6, 0, 0, 0 },\n\t{ 6, { 0 }, 0, 0 },\n};\n", 3),
            ("struct sock_filter f[] = {\n\t{ 6, 0, 0, 0, 0 },\n};\n", 2),
            ("struct bpf_insn f[] = {\n\n\t{ 6, 0, 0, 0 },\n};\n", 3),
            ("struct sock_filter f[] = { { 6, 256, 0, 0 } };\n", 1),
            ("struct sock_filter f[] = {\n\t6, 0, 0, 0 };\n", 2),
            ("struct sock_filter f[] = {\n\t[0] = { 6, 0, 0, 0 } };\n", 2),
            ("struct sock_filter f[] = {\n\t{ .code = 6, .next = 0 } };\n", 2),
        ],
    )
    def test_elements_that_are_no_instructions(self, text: str, line: int, write: Write) -> None:
        path = write(text)
        with pytest.raises(KscanError, match=rf"^{path}:{line}: "):
            read_programs(path)

    @pytest.mark.parametrize("values", ["{ 6, 0, 0, 0 }, { 6, 0,", "", "{ 6, 0, 0, 0 },", "{ 6, 0, 0, 0 }"])
    def test_an_array_without_an_end_is_no_program(self, values: str, write: Write) -> None:
        path = write(f"struct sock_filter f[] = {{ {values}")
        with pytest.raises(KscanError, match=path):
            read_programs(path)

    def test_a_comment_without_an_end_names_the_file(self, write: Write) -> None:
        path = write("struct sock_filter f[] = { { 6, 0, 0, 0 } };\n/* and so on")
        with pytest.raises(KscanError, match=path):
            read_programs(path)

    @pytest.mark.parametrize(
        "text",
        ["struct sock_filter f[];", "struct sock_filter f[2]; int x = { 1 };", "struct sock_filter f = { 6 };",
         "struct sock_filter *f[] = {{ 1 }};", "struct sock_filter", "struct sock_filter f",
         "sizeof(struct bpf_insn);", "struct sock_filters f[] = { { 6, 0, 0, 0 } };"],
    )  # fmt: skip
    def test_other_declarations_are_no_arrays(self, text: str, write: Write) -> None:
        with pytest.raises(KscanError):
            read_programs(write(text))

    def test_an_empty_array_is_an_empty_program(self, write: Write) -> None:
        (program,) = read_programs(write("struct sock_filter none[] = { };\n"))
        assert program.slots == []

    def test_every_branch_of_a_condition_counts(self, write: Write) -> None:
        text = "struct sock_filter f[] = {\n#ifdef A\n{ 6, 0, 0, 1 },\n#else\n{ 6, 0, 0, 2 },\n#endif\n};\n"
        assert read_programs(write(text))[0].slots == [Classic(6, k=1), Classic(6, k=2)]

    @QUICK
    def test_macros_that_double_without_end_are_refused(self, write: Write) -> None:
        doubling = "".join(f"#define A{n} A{n - 1} | A{n - 1}\n" for n in range(1, 60))
        path = write(f"#define A0 6\n{doubling}struct sock_filter f[] = {{ {{ A59, 0, 0, 0 }} }};\n")
        with pytest.raises(KscanError, match="grows beyond"):
            read_programs(path)

    @QUICK
    @pytest.mark.parametrize("form", ["({})", "-{}", "1 ? {} : 2", "2 ? 1 : {}", "(__u8){}"])
    def test_expressions_nested_deeply_are_answered_or_refused(self, form: str, write: Write) -> None:
        deep = "6"
        for _ in range(1000):
            deep = form.format(deep)
        _reads(write(f"struct sock_filter f[] = {{ {{ {deep}, 0, 0, 0 }} }};\n"))

    @QUICK
    def test_arguments_used_twice_at_each_level_are_answered_or_refused(self, write: Write) -> None:
        deep = "TWICE(" * 60 + "6" + ")" * 60
        macros = "#define NONE(x)\n#define TWICE(x) x NONE(x)\n"
        _reads(write(f"{macros}struct sock_filter f[] = {{ {{ {deep}, 0, 0, 0 }} }};\n"))

    @QUICK
    def test_arguments_nested_deeply_are_answered_or_refused(self, write: Write) -> None:
        deep = "ID(" * 1000 + "6" + ")" * 1000
        _reads(write(f"#define ID(x) x\nstruct sock_filter f[] = {{ {{ {deep}, 0, 0, 0 }} }};\n"))


class TestSourceWords:
    """A source's macros, then a release's; what neither has is 0 and remembered."""

    def test_own_macros_come_first(self, words: Definitions) -> None:
        own = SourceWords(skeleton("#define BPF_STMT(a) a\n#define OWN 7\n"), words)
        found = [own.get("BPF_STMT"), own.get("BPF_JUMP"), own.get("OWN"), own.get("NEVER")]
        assert [macro and macro.define.says.params for macro in found] == [
            ("a",), ("code", "k", "jt", "jf"), None, None,
        ]  # fmt: skip
        assert [macro is not None for macro in found] == [True, True, True, False]

    def test_values_are_the_releases(self, words: Definitions) -> None:
        own = SourceWords([], words)
        assert (own.value("BPF_EXIT"), own.field_value("BPF_EXIT"), own.missing) == (0x90, 0x90, [])
        assert (own.value("never"), own.missing) == (None, [])
        assert (own.field_value("never"), own.field_value("never"), own.missing) == (0, 0, ["never", "never"])
        assert own.where == "at v6.9"

    def test_without_a_release_nothing_has_a_value(self) -> None:
        own = SourceWords([], None)
        assert (own.value("BPF_EXIT"), own.field_value("BPF_EXIT"), own.missing) == (None, 0, ["BPF_EXIT"])
        assert "kscan fetch" in own.where
        assert own.get("BPF_STMT") is None


class TestDisasm:
    """`kscan disasm`."""

    def test_bytes_need_no_scanned_kernel(self, write: Write, capsys: pytest.CaptureFixture[str]) -> None:
        path = write(load(1, 1) + EXIT)
        assert main(["disasm", path]) == 0
        assert capsys.readouterr() == (
            f"{path}: eBPF, 3 instructions\n"
            "       0:\t18 01 00 00 01 00 00 00 00 00 00 00 00 00 00 00\tr1 = 1 ll\n"
            "       2:\t95 00 00 00 00 00 00 00\texit\n",
            "",
        )

    def test_filters_as_tcpdump_writes_them(self, write: Write, capsys: pytest.CaptureFixture[str]) -> None:
        path = write(_DD)
        assert main(["disasm", path]) == 0
        assert capsys.readouterr().out.splitlines() == [
            f"{path}: cBPF, 4 instructions",
            "(000) ldh      [12]",
            "(001) jeq      #0x800           jt 2\tjf 3",
            "(002) ret      #-1",
            "(003) ret      #0",
        ]

    @ORDERS
    def test_rows_have_the_bytes_of_the_file(
        self, big: bool, write: Write, words: Definitions, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = write(made(big=big).write())
        assert main(["disasm", path, "--format", "json"]) == 0
        rows = json.loads(capsys.readouterr().out)
        assert all(list(row) == ["file", "section", "at", "flavour", "bytes", "text", "note"] for row in rows)
        told = [(r["at"], r["bytes"], r["text"], r["note"]) for r in rows if r["section"] == "socket"]
        assert told == [
            (0, load(1, big=big).hex(" "), "r1 = 0 ll", "counts"),
            (2, insn(0x85, imm=1, big=big).hex(" "), "call 1", "bpf_map_lookup_elem"),
            (3, insn(0x85, src=1, imm=-1, big=big).hex(" "), "call -1", "first"),
            (4, insn(0x95, big=big).hex(" "), "exit", None),
        ]  # fmt: skip
        assert main(["disasm", path, "--format", "csv"]) == 0
        table = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
        plain = [{key: "" if value is None else str(value) for key, value in row.items()} for row in rows]
        assert table == plain

    def test_rows_of_several_files(self, write: Callable[..., str], capsys: pytest.CaptureFixture[str]) -> None:
        paths = [write(EXIT, "one"), write(_DDD, "two"), write(_OWN, "three.c")]
        assert main(["disasm", *paths, "--format", "json"]) == 0
        rows = json.loads(capsys.readouterr().out)
        assert [(row["section"], row["at"], row["flavour"]) for row in rows] == [
            (None, 0, EBPF),
            *((None, at, CBPF) for at in range(4)),
            *(("first", at, CBPF) for at in range(4)),
            ("program", 0, EBPF),
            ("program", 1, EBPF),
        ]
        assert rows[1]["bytes"] == "28 00 00 00 0c 00 00 00"
        assert rows[2]["text"] == "jeq #0x800 jt 2 jf 3"

    @pytest.mark.usefixtures("words")
    def test_macros_are_those_of_the_release_asked(
        self, write: Callable[..., str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = write("struct bpf_insn f[] = { { BPF_JMP32 | BPF_JEQ | BPF_K, 1, 0, 0, 0 } };\n", "a.c")
        assert main(["disasm", path, "--at", "v5.1"]) == 0
        assert "if w1 == 0 goto +0" in capsys.readouterr().out
        assert main(["disasm", path, "--at", "5.0"]) == 1
        out, err = capsys.readouterr()
        assert (out, err.count("\n")) == ("", 1)
        assert "BPF_JMP32 has no value here at v5.0" in err
        assert main(["disasm", path, "--at", "v9.9"]) == 1
        assert capsys.readouterr().err.startswith("kscan: no release v9.9 in the store; near: ")

    def test_a_release_asked_for_needs_a_store(self, write: Write, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["disasm", write(EXIT), "--at", "v5.1"]) == 1
        assert capsys.readouterr().err.startswith("kscan: no kernel scanned yet")

    @pytest.mark.parametrize("form", ["table", "json"])
    def test_names_in_an_object_do_nothing_to_a_terminal(
        self, form: str, write: Write, capsys: pytest.CaptureFixture[str]
    ) -> None:
        elf = Elf().code("x\x1b[31mdp\r", load(1) + EXIT).data(".maps")
        elf.relocate("x\x1b[31mdp\r", 0, elf.symbol("na\x1b]0;me\nline", ".maps", 0, OBJECT))
        assert main(["disasm", write(elf.write()), "--format", form]) == 0
        out = capsys.readouterr().out
        assert [c for c in out if not (c.isprintable() or c in "\n\t")] == []
        if form == "table":
            assert len(out.splitlines()) == 3

    @pytest.mark.parametrize("path", ["missing", "x" * 5000, "ünknown\u2028", "a\nb"])
    def test_a_bad_name_is_one_line(self, path: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["disasm", path]) == 1
        out, err = capsys.readouterr()
        assert (out, err.count("\n"), err[:7]) == ("", 1, "kscan: ")

    def test_a_directory_is_not_said_to_be_missing(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["disasm", str(tmp_path)]) == 1
        assert "no such file" not in capsys.readouterr().err


_LONG = "9" * 5000


class TestAsm:
    """`kscan asm`."""

    @pytest.mark.parametrize(
        ("text", "lines"),
        [
            ("r0 = 0", ["eBPF  b7 00 00 00 00 00 00 00", "      { 0xb7, 0x0, 0x0, 0x0000, 0x00000000 }"]),
            ("exit", ["eBPF  95 00 00 00 00 00 00 00", "      { 0x95, 0x0, 0x0, 0x0000, 0x00000000 }"]),
            (
                "*(u32 *)(r10 - 4) = -1",
                ["eBPF  62 0a fc ff ff ff ff ff", "      { 0x62, 0xa, 0x0, 0xfffc, 0xffffffff }"],
            ),
            ("ret #5", ["cBPF  06 00 00 00 05 00 00 00", "      { 0x06, 0, 0, 0x00000005 }"]),
            (
                "(002) jeq #0x6 jt 4 jf 3",
                ["cBPF  15 00 01 00 06 00 00 00", "      { 0x15, 1, 0, 0x00000006 }"],
            ),
            (
                "r1 = 4294967296 ll",
                ["eBPF  18 01 00 00 00 00 00 00", "      { 0x18, 0x1, 0x0, 0x0000, 0x00000000 }",
                 "eBPF  00 00 00 00 01 00 00 00", "      { 0x00, 0x0, 0x0, 0x0000, 0x00000001 }"],
            ),
        ],
    )  # fmt: skip
    def test_bytes_and_initialisers(
        self, text: str, lines: list[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["asm", text]) == 0
        assert capsys.readouterr().out.splitlines() == lines
        assert main(["asm", *text.split()]) == 0
        assert capsys.readouterr().out.splitlines() == lines

    @pytest.mark.parametrize("text", ["r0 = 010", "ret #010", "ldh [012]", "r1 = 007 ll", "goto +08",
                                      "*(u8 *)(r1 + 01) = 1", "if r1 == 01 goto +0"])  # fmt: skip
    def test_a_number_with_noughts_before_it_is_answered_or_refused(
        self, text: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code = main(["asm", text])
        assert (code, capsys.readouterr().err.count("\n")) in ((0, 0), (1, 1))

    @QUICK
    @pytest.mark.parametrize(
        "text",
        [" ", "no instruction", "ä", "r0 = ä", "٣", "r0 = ٣", "r12 = 0", "r0 = 99999999999", "\x1b[31m",
         "r0 =\n0 0", "x" * 100_000, f"r0 = {_LONG}", f"r{_LONG} = 0", f"ret #{_LONG}", f"({_LONG}) ret #0",
         f"(000) jeq #0 jt {_LONG} jf 0", f"goto +{_LONG}", f"*(u8 *)(r1 + {_LONG}) = 1", " " * 100_000 + "x",
         "r0 = " + " " * 100_000 + "x", "ld" + " " * 100_000 + "x jt"],
        ids=range(21),
    )  # fmt: skip
    def test_bad_text_is_one_line(self, text: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["asm", text]) == 1
        out, err = capsys.readouterr()
        assert (out, err.count("\n"), err[:7]) == ("", 1, "kscan: ")
        assert "\x1b" not in err

    def test_no_text_is_wrong_usage(self, capsys: pytest.CaptureFixture[str]) -> None:
        for arguments in (["asm"], ["asm", ""]):
            with pytest.raises(SystemExit) as ended:
                main(arguments)
            assert ended.value.code == 2
        assert "required: TEXT" in capsys.readouterr().err


class TestOpcode:
    """`kscan opcode` and `kscan opcodes`: what other tests of them leave."""

    pytestmark = pytest.mark.usefixtures("words")

    @QUICK
    @pytest.mark.parametrize(
        "phrase",
        ["r0 = 010", "ret #010", f"r0 = {_LONG}", "(" * 300 + "BPF_K" + ")" * 300, "1 - " + "- " * 3000 + "1",
         "1 ? " * 3000 + "1" + " : 1" * 3000, "{" * 3000, "{ 0x06, 0, 0, " + "(" * 3000, _LONG, "ä", " ", "{ }",
         "0x" + "f" * 5000, "BPF_K(" * 1000, "\x1b[31m", "{ 1 << 999999999, 0, 0, 0 }", "1 << 62 << 62 << 62",
         "{ 0x06, 0, 0, 1 / 0 }", "ID(", "BPF_STMT(1, 2", "BPF_STMT(1)", "BPF_STMT(1, 2, 3)"],
        ids=range(22),
    )  # fmt: skip
    def test_a_bad_phrase_is_one_line(self, phrase: str, capsys: pytest.CaptureFixture[str]) -> None:
        code = main(["opcode", phrase])
        out, err = capsys.readouterr()
        assert code in (0, 1)
        assert (err.count("\n"), bool(out)) == ((1, False) if code else (0, True))
        assert "\x1b" not in err + out

    def test_a_release_that_is_not_there(self, capsys: pytest.CaptureFixture[str]) -> None:
        for arguments in (["opcode", "0x95", "--at", "v9.9"], ["opcodes", "--at", "v9.9"]):
            assert main(arguments) == 1
            out, err = capsys.readouterr()
            assert (out, err.count("\n")) == ("", 1)
            assert err.startswith("kscan: no release v9.9 in the store; near: v6.6, v6.8, v6.9")

    def test_since_what_is_no_release(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["opcodes", "--since", "soon"]) == 2
        assert capsys.readouterr().err.count("\n") == 1

    def test_opcodes_since_a_release(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["opcodes", "--since", "v6.6", "--flavour", "eBPF", "--format", "json"]) == 0
        rows = json.loads(capsys.readouterr().out)
        found = {row["code"]: row["first_seen"] for row in rows if row["variant"] is None}
        assert found == dict.fromkeys(("0x06", "0xd7", "0x91", "0x89", "0x81"), "v6.6") | {"0xe5": "v6.9"}


@pytest.mark.parametrize("command", ["disasm", "needs", "asm", "opcode", "opcodes", "uses"])
def test_every_command_tells_its_usage(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    out, err = capsys.readouterr()
    assert (ended.value.code, err) == (0, "")
    assert out.startswith(f"usage: kscan {command} [-h]")
    with pytest.raises(SystemExit) as ended:
        main([command, "--nonsense"])
    assert ended.value.code == 2


@pytest.mark.parametrize("command", ["opcode 0x95", "opcodes", "needs BPF_ANY", "uses exit --at v5.6"])
def test_without_a_store_each_question_says_how_to_begin(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command.split()) == 1
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.endswith("start with: kscan fetch v4.2 v4.3\n")


def test_the_writer_writes_what_elftools_reads() -> None:
    """Our writer's numbers are those of the format, so that what it breaks was whole before."""
    data = made().write()
    assert struct.unpack_from("<H", data, E_MACHINE) == (EM_BPF,)
    assert struct.unpack_from("<H", data, E_SHENTSIZE) == (ENTRY,)
    found = _answers(data)
    assert found is not None
    assert len(found.programs) == 3
