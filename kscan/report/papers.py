"""A report's tables as Markdown, to be read where the repository is."""

from collections.abc import Iterator
from itertools import groupby
from urllib.parse import quote

from kscan.markdown import escaped, markdown
from kscan.model import UAPI
from kscan.report.content import Content
from kscan.report.paths import stems
from kscan.report.sheets import layouts
from kscan.rows import RELEASES, Row
from kscan.wording import counted, in_words, since_of

_NAMES = ("name", "kind", "value", "since", "line")


def papers(content: Content) -> Iterator[tuple[str, str]]:
    """Each paper's path in the report with its text."""
    for table in content.tables.values():
        columns = dict(table.shown)
        rows = [_shown(item.row, columns) for item in table.items]
        yield f"md/{table.id}.md", _paper(table.title, table.about, rows, (*columns.values(), "line"))
    yield "md/releases.md", _paper("Releases", "What was read.", content.release_rows, RELEASES)
    rows = list(layouts(content))
    columns_of = ("name", "kind", "type", "bit_offset", "bit_size", "size", "permalink")
    about = "As the newest release that has each lays it out; places in bits, sizes in bytes."
    yield "md/structs.md", _paper("Structs and unions", about, rows, columns_of)
    yield from _names(content)
    yield "README.md", _start(content)


def _paper(title: str, about: str, rows: list[Row], columns: tuple[str, ...]) -> str:
    return f"# {title}\n\n{about}\n\n{markdown(rows, columns)}\n"


def _shown(row: Row, columns: dict[str, str]) -> Row:
    said = {heading: row[column] for column, heading in columns.items()}
    since = since_of(row) if row["first_seen"] else None
    return said | {"since": since, "line": row.get("since_permalink", row["permalink"])}


def _names(content: Content) -> Iterator[tuple[str, str]]:
    """Names by header, as it is in the first release."""
    found = sorted(
        (s.when for s in content.symbols if s.key[0] == UAPI), key=lambda row: (row["header"], row["name"])
    )
    listed = []
    called = stems(row["header"] for row in found)
    for header, rows in groupby(found, lambda row: str(row["header"])):
        said = [{"name": row["name"], "kind": row["kind"], "value": row["value"], "since": in_words(row),
                 "line": row["permalink"]} for row in rows]  # fmt: skip
        path = f"names/{called[header]}.md"
        yield f"md/{path}", _paper(escaped(header), "With value and line of the first release.", said, _NAMES)
        listed.append(f"- [{escaped(header)}]({quote(path)}): {len(said)}")
    yield "md/names.md", "\n".join(["# Names by header", "", *listed]) + "\n"


def _start(content: Content) -> str:
    tables = [(t.id, t.title, t.about) for t in content.tables.values()]
    tables.append(("structs", "Structs and unions", "How they lie in memory."))
    about = "Constants, types, members of user space's headers; as JSON the kernel's own constants, too."
    tables.append(("names", "Names", about))
    tables.append(("releases", "Releases", "What was read."))
    tags = content.tags
    lines = [
        "# Kernel interfaces, release by release", "",
        f"Written by `kscan report`: {counted(content.names, 'name')} of {counted(len(tags), 'kernel')}, "
        f"{tags[0]} to {tags[-1]}, for {content.profile}. "
        "Open `index.html` for the site; it needs no server.", "",
        f"![{content.growth_about}](growth.svg)", "",
        *(f"- [{title}](md/{id_}.md) ([CSV](csv/{id_}.csv), [JSON](api/v1/{id_}.json)): {about}"
          for id_, title, about in tables), "",
        "`csv/cells.csv` says which releases have each row of each table (present, absent, no_header, unparsed",
        "or not_scanned), `csv/spans.csv` what each name was through the releases, `csv/growth.csv` how many",
        "of each kind there are. `api/v1/index.json` is where programs begin.",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"
