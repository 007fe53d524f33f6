"""The pages of a report, as HTML."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from kscan import __version__
from kscan.bpf.opcodes import describe
from kscan.catalog.hooks import CBPF, EBPF
from kscan.catalog.opcodes import CLASSES, OPERATIONS
from kscan.report.browser import encoded
from kscan.report.content import Content
from kscan.report.render import environment
from kscan.report.structs import drawn
from kscan.report.tables import Item, Run, Table
from kscan.rows import PRESENT
from kscan.version import or_last
from kscan.wording import at_byte, counted, in_words, since_of

TABLE_SCRIPTS = ("dataTables.min.js", "dataTables.buttons.min.js", "dataTables.columnControl.min.js",
                 "dataTables.keyTable.min.js", "dataTables.fixedHeader.min.js")  # fmt: skip
TABLE_STYLES = ("dataTables.dataTables.min.css", "buttons.dataTables.min.css",
                "columnControl.dataTables.min.css")  # fmt: skip
CHART_SCRIPTS, CHART_STYLES = ("uPlot.iife.min.js",), ("uPlot.min.css",)

_NAVIGATION = (
    ("hooks", "Hook points"),
    ("fanout", "Fanout"),
    ("opcodes", "Opcodes"),
    ("helpers", "Helpers"),
    ("maps", "Maps"),
    ("progs", "Programs"),
    ("structs", "Structs"),
    ("names", "Names"),
    ("diff", "Diff"),
    ("releases", "Releases"),
)
# Classes of classic opcodes that are neither arithmetic nor have a mode.
_WITHOUT_MODE = ("BPF_RET", "BPF_MISC")


class Pair(NamedTuple):
    """A hook point's two sides; either may be missing."""

    classic: Item | None
    extended: Item | None


class Slot(NamedTuple):
    """A cell of the opcode map: what its codes have in common, and each with its own word."""

    label: str
    codes: list[tuple[Item, str]]


def pages(content: Content) -> Iterator[tuple[str, str]]:
    """Each page's path in the report with its text."""
    writer = _Writer(content)
    yield "index.html", writer.start()
    for table in content.tables.values():
        yield f"{table.id}.html", writer.table(table)
    for id_, title, scripts in (("names", "Names", ("tables.js", "names.js")),
                                ("diff", "What changed", ("tables.js", "diff.js"))):  # fmt: skip
        yield f"{id_}.html", writer.page(id_, title, tables=True, scripts=scripts)
    yield "name.html", writer.page("name", "A name", scripts=("name.js",))
    rows = [(row, content.news.get(row["tag"])) for row in content.release_rows]
    yield "releases.html", writer.page("releases", "Releases", tables=True, rows=rows)
    yield "structs.html", writer.page("structs", "Structs and unions", tables=True, structs=content.structs)
    for struct in content.structs:
        page = writer.page("struct", struct.name, root="../", struct=struct, row=struct.fact.row())
        yield f"structs/{content.struct_files[struct.name]}.html", page
    tags = list(content.news)
    for at, new in enumerate(content.news.values()):
        around: dict[str, Any] = {"before": tags[at - 1] if at else None, "after": (*tags, None)[at + 1],
                                  "is_oldest": content.begins_at_the_oldest and at == 0}  # fmt: skip
        yield f"new/{new.tag}.html", writer.page("new", f"New in {new.tag}", root="../", new=new, **around)


class _Writer:
    """Fills templates with what a report is made of."""

    def __init__(self, content: Content) -> None:
        self.content = content
        self.environment = environment(
            version=__version__, profile=content.profile, releases=content.releases, navigation=_NAVIGATION,
            since=since_of, in_words=in_words, at_byte=at_byte, counted=counted, encoded=encoded, drawn=drawn,
            struct_files=content.struct_files,
            spoken=lambda runs: spoken(runs, content.tags),
            names_here={symbol.name for symbol in content.symbols},
            orders={
                "first_seen": lambda row: content.order.get(row["first_seen"], -1),
                "value_text": lambda row: row["value"] if isinstance(row["value"], int) else -1,
            },
        )  # fmt: skip
        self.environment.filters["encoded"] = encoded

    def page(self, id_: str, title: str, *, template: str | None = None, root: str = "", tables: bool = False,
             chart: bool = False, scripts: Sequence[str] = (), **given: Any) -> str:  # fmt: skip
        """A page by its template, with the scripts and styles it needs."""
        own = scripts or (("tables.js",) if tables else ())
        return self.environment.get_template(template or f"{id_}.html").render(
            page=id_, title=title, root=root,
            scripts=("kscan.js", *(TABLE_SCRIPTS if tables else ()), *(CHART_SCRIPTS if chart else ()), *own),
            styles=(*(TABLE_STYLES if tables else ()), *(CHART_STYLES if chart else ())), **given,
        )  # fmt: skip

    def start(self) -> str:
        content = self.content
        cards: list[tuple[str, str, str, int | None]] = [
            (t.id, t.title, t.about, len(t.items)) for t in content.tables.values()
        ]
        cards.append(("structs", "Structs", "How they lie in memory, and how they grew.", len(content.structs)))
        about = "What changed between any two releases, and what of it can break programs."
        cards.append(("diff", "Diff", about, None))
        newest = next((new for new in reversed(content.news.values()) if new.added), None)
        return self.page("index", "Start", chart=True, scripts=("growth.js",), cards=cards, newest=newest,
                         names=content.names, growth_about=content.growth_about)  # fmt: skip

    def table(self, table: Table) -> str:
        given: dict[str, Any] = {}
        if table.id == "hooks":
            given["pairs"] = list(pairs(table.items))
        if table.id == "opcodes":
            given["maps"] = list(opcode_maps(table.items))
            given["common"] = _with_the_first(table.items)
        template = f"{table.id}.html" if given else "listing.html"
        return self.page(table.id, table.title, template=template, tables=True, table=table, **given)


def spoken(runs: Iterable[Run], tags: Sequence[str]) -> str:
    """The releases that have something, in words."""
    said = [tags[r.first] if r.first == r.last else f"{tags[r.first]} to {tags[r.last]}"
            for r in runs if r.state == PRESENT]  # fmt: skip
    return ", ".join(said) or "none"


def pairs(items: Sequence[Item]) -> Iterator[Pair]:
    """Hook points, each with its twin."""
    by_id = {item.row["id"]: item for item in items}
    for item in items:
        twin = by_id.get(item.row["twin"])
        if item.row["flavour"] == CBPF:
            yield Pair(item, twin)
        elif twin is None:
            yield Pair(None, item)


def opcode_maps(items: Sequence[Item]) -> Iterator[tuple[str, list[tuple[str, list[Slot]]]]]:
    """The maps, each with a heading and a row for each class of code bytes: a slot for each operation, or mode
    of a load or store, that any class of the map has."""
    for flavour in (EBPF, CBPF):
        known = {int(item.row["code"], 16): item for item in items
                 if item.row["flavour"] == flavour and not item.row["variant"]}  # fmt: skip
        for heading, step in (
            (f"{flavour}: arithmetic and jumps", 0x10),
            (f"{flavour}: loads and stores", 0x20),
        ):
            classes = {
                number: name for number, name in CLASSES[flavour].items()
                if ((flavour, name) in OPERATIONS or name in _WITHOUT_MODE) == (step == 0x10)
            }  # fmt: skip
            rows = [[_slot(known, flavour, high | number, step) for high in range(0, 0x100, step)]
                    for number in classes]  # fmt: skip
            used = [at for at in range(len(rows[0])) if any(row[at].codes for row in rows)]
            yield (
                heading,
                [(name, [row[at] for at in used]) for name, row in zip(classes.values(), rows, strict=True)],
            )


def _slot(known: dict[int, Item], flavour: str, lowest: int, step: int) -> Slot:
    codes = [code for code in range(lowest, lowest + step, 8) if code in known]
    said = [describe(flavour, code) for code in codes]
    label = next((_short(row["op"] or row["mode"]) for row in said if row["op"] or row["mode"]), "")
    words = [_short(row["source"] or row["size"]) for row in said]
    return Slot(label, [(known[code], word) for code, word in zip(codes, words, strict=True)])


def _short(word: str | None) -> str:
    return (word or "").removeprefix("BPF_")


def _with_the_first(items: Iterable[Item]) -> set[str]:
    """The releases that brought the first opcodes of each flavour: the others of a map came later."""
    first: dict[str, str] = {}
    plain = (item for item in items if not item.row["variant"])
    for item in sorted(plain, key=lambda item: or_last(item.row["first_seen"])):
        first.setdefault(item.row["flavour"], since_of(item.row))
    return set(first.values())
