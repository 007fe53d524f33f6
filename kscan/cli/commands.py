"""One function a command. Each asks the history or starts a scan, and shows the rows.

Imports that a query does not need stay inside the commands that need them.
"""

import sys
from argparse import Namespace
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from kscan import rows as columns
from kscan.catalog.sets import is_pattern
from kscan.cli.show import answer, reading
from kscan.cli.show import show as show_rows
from kscan.cli.words import bare, names_asked
from kscan.errors import KscanError
from kscan.history import History
from kscan.model import INTERNAL, UAPI
from kscan.rows import Row
from kscan.version import KernelVersion, or_last
from kscan.wording import counted, in_release, since, when_gone

if TYPE_CHECKING:
    from kscan.bpf.definitions import Definitions

# So many answers are told in words with their proof; more are a table.
_IN_WORDS = 6
# So many unknown names get suggestions, which take longer than answers.
_WITH_NEAR = 5
_YES, _NO, _CANNOT_KNOW = 0, 1, 3


def _history(arguments: Namespace) -> History:
    history: History = arguments.opened.enter_context(History(profile=arguments.profile))
    return history


def _words(history: History, words: Iterable[str]) -> list[str]:
    """The names and patterns that the words of a question are."""
    return names_asked(words, lambda word: bool(history.seen(word)))


def _asked(history: History, arguments: Namespace) -> list[str]:
    """The names that the words and patterns of a question mean, in its scope."""
    return history.found(_words(history, arguments.names), arguments.scope)


def _complain(message: object) -> None:
    print(f"kscan: {columns.spelled(str(message))}", file=sys.stderr)


def when(arguments: Namespace) -> int:
    history = _history(arguments)
    rows: list[Row] = []
    unknown = 0
    names = _asked(history, arguments)
    for name in names:
        found = history.when(name, arguments.scope)
        if not found:
            unknown += 1
            _complain(history.unknown(name, arguments.scope, near=unknown <= _WITH_NEAR))
            found = [columns.empty(columns.WHEN, name=name, status=columns.UNKNOWN_NAME)]
        rows += found
    if unknown == len(names) == 1:
        return 1
    if arguments.format == "table" and len(rows) <= _IN_WORDS:
        for row in rows:
            answer(row)
    else:
        show_rows(rows, columns.WHEN, arguments.format, "when")
    return 1 if unknown else 0


def has(arguments: Namespace) -> int:
    history = _history(arguments)
    states = {}
    unknown = 0
    history.release(arguments.tag)
    for name in _asked(history, arguments):
        try:
            states[name] = history.has(name, arguments.tag, arguments.scope)
        except KscanError as error:
            _complain(error)
            unknown += 1
    for name, state in states.items():
        gone = "" if arguments.scope == INTERNAL else _since_gone(history, name, state, arguments.tag)
        print(f"{name}: {in_release(state, arguments.tag)}{gone}")
    # A name that nothing scanned has is a name that could not be answered: the contract's 1.
    if unknown or any(state in (columns.ABSENT, columns.NO_HEADER) for state in states.values()):
        return _NO
    return _YES if all(state == columns.PRESENT for state in states.values()) else _CANNOT_KNOW


def _since_gone(history: History, name: str, state: str, tag: str) -> str:
    """That user space's headers had a name before: the kernel itself may have it yet, behind __KERNEL__."""
    version = history.release(tag).version
    if state not in (columns.ABSENT, columns.NO_HEADER) or version is None:
        return ""
    gone = [
        row for row in history.when(name, UAPI) if row["removed_in"] and or_last(row["removed_in"]) <= version
    ]
    return "".join(f", gone from user space's headers {when_gone(row)}" for row in gone)


def show(arguments: Namespace) -> int:
    from kscan.source_lines import definitions

    history = _history(arguments)
    tag = arguments.tag or history.newest.tag
    words = _words(history, arguments.names)
    exact = [word for word in words if not is_pattern(word)]
    scope = arguments.scope
    names = [n for n in history.found(words, scope) if n in exact or _is_in(history, n, tag, scope)]
    for block in definitions(history, names, tag, arguments.scope):
        print(block)
    return 0


def _is_in(history: History, name: str, tag: str, scope: str) -> bool:
    return history.has(name, tag, scope) == columns.PRESENT


# What a table shows of structs and members in the place of a value.
_LAYOUT = ("bit_offset", "bit_size", "size")


def history(arguments: Namespace) -> int:
    asked = _history(arguments)
    rows: list[Row] = []
    unknown = 0
    for name in _asked(asked, arguments):
        found = asked.spans(name, arguments.scope, _LAYOUT)
        if not found:
            unknown += 1
            _complain(asked.unknown(name, arguments.scope, near=unknown <= _WITH_NEAR))
        rows += found
    if rows:
        show_rows(rows, columns.HISTORY, arguments.format, "history")
    return 1 if unknown else 0


def at(arguments: Namespace) -> int:
    history = _history(arguments)
    pattern = bare(arguments.pattern)
    rows = history.at(arguments.tag, pattern, arguments.scope)
    if not rows:
        state = history.why_without(arguments.tag, pattern, arguments.scope)
        _complain(f"{pattern}: {in_release(state, arguments.tag)}")
        return 1
    show_rows(rows, columns.AT, arguments.format, "at")
    return 0


def diff(arguments: Namespace) -> int:
    from kscan.diff import compare

    history = _history(arguments)
    rows, unsure = compare(history, arguments.old, arguments.new, arguments.scope)
    if arguments.breaking:
        rows = [row for row in rows if row["breaking"]]
    if arguments.format == "table":
        rows = [{**row, "where": _where(row)} for row in rows]
    show_rows(rows, columns.DIFF, arguments.format, "diff")
    if unsure:
        _complain(
            f"{counted(unsure, 'name')} left out: files that may have them were not read in both releases"
        )
    return 0


def _where(row: Row) -> str:
    old = row["new_path"] is None
    path, line = (row["old_path"], row["old_line"]) if old else (row["new_path"], row["new_line"])
    return f"{path}:{line}"


def uses(arguments: Namespace) -> int:
    from kscan.source_lines import uses_of

    history = _history(arguments)
    if arguments.name.replace("$", "_").isidentifier() and not _is_hex(arguments.name):
        rows = uses_of(history, arguments.name, arguments.tag)
    else:
        from kscan.bpf.literals import spelled_uses

        rows = spelled_uses(history, arguments.name, arguments.tag)
    if not rows:
        _complain(f"{arguments.name}: not used in the scanned sources of {arguments.tag}")
        return 1
    show_rows(rows, columns.USES, arguments.format, "uses")
    return 0


def _is_hex(text: str) -> bool:
    """Whether a text is the eight bytes of an instruction, not a name."""
    return len(text) == 16 and all(c in "0123456789abcdefABCDEF" for c in text)


def search(arguments: Namespace) -> int:
    history = _history(arguments)
    text = bare(arguments.text)
    rows = history.search(text)
    if not rows:
        raise history.unknown(text)
    show_rows(rows, columns.SEARCH, arguments.format, "search")
    return 0


def hooks(arguments: Namespace) -> int:
    from kscan.bpf.hooks import hooks as hook_rows

    history = _history(arguments)
    rows = [r for r in hook_rows(history, arguments.tag) if arguments.flavour in (None, r["flavour"])]
    if arguments.tag is not None:
        known = [row for row in rows if row["measured"]]
        rows = _had_by(history, [(row["symbol"], row) for row in known], arguments.tag)
    rows = _since(rows, arguments.since)
    if arguments.format == "table":
        rows = [{**row, "twin and since": _twin(row), **_until(row)} for row in rows]
    show_rows(rows, columns.HOOKS, arguments.format, "hooks")
    return 0


def _until(row: Row) -> Row:
    """What a table shows of a hook that is gone."""
    if not row["removed_in"]:
        return {}
    return {"first_seen": f"{since(row['first_seen'], row['status'])} to {row['last_seen']}", "status": None}


def _twin(row: Row) -> str:
    """The other flavour of a hook with its first release; a classic one without is said so."""
    if row["twin"]:
        return f"{row['twin']} {since(row['twin_first_seen'], row['twin_status']) or '(not seen)'}"
    return "none" if row["flavour"] == "cBPF" else ""


def fanout(arguments: Namespace) -> int:
    from kscan.bpf.fanout import fanout as fanout_rows
    from kscan.bpf.fanout import groups

    history = _history(arguments)
    rows = _since(fanout_rows(history, arguments.tag), arguments.since)
    if arguments.format == "table":
        print("\n".join([*groups(history, rows, arguments.tag), ""]))
        rows = [{**row, "policy is": "a program's" if row["runs"] else "fixed code"} for row in rows]
    show_rows(rows, columns.FANOUT, arguments.format, "fanout")
    return 0


def sites(arguments: Namespace) -> int:
    from kscan.bpf.sites import sites as all_sites
    from kscan.bpf.sites import sites_at

    history = _history(arguments)
    rows = sites_at(history, arguments.tag) if arguments.tag else all_sites(history)
    if not rows:
        _complain(f"no scanned source{f' of {arguments.tag}' if arguments.tag else ''} runs programs")
        return 1
    what = "sites_at" if arguments.tag else "sites"
    show_rows(_since(rows, arguments.since), columns.SITES, arguments.format, what)
    return 0


def sections(arguments: Namespace) -> int:
    from kscan.bpf.sections import sections as section_rows

    rows = section_rows(_history(arguments), arguments.tag)
    if not rows:
        _complain(f"no loader among the scanned sources{f' of {arguments.tag}' if arguments.tag else ''}")
        return 1
    show_rows(_since(rows, arguments.since), columns.SECTIONS, arguments.format, "sections")
    return 0


def opcodes(arguments: Namespace) -> int:
    from kscan.bpf.opcodes import opcodes as opcode_rows

    history = _history(arguments)
    rows = opcode_rows(history, arguments.tag, everything=arguments.all)
    rows = [row for row in rows if arguments.flavour in (None, row["flavour"])]
    if not rows:
        _complain("no opcode tables among the scanned sources; to read them: kscan fetch TAG")
        return 1
    if arguments.format == "table":
        rows = [{**row, "about": row["variant"] or row["becomes"], **_curated(row)} for row in rows]
    show_rows(_since(rows, arguments.since), columns.OPCODES, arguments.format, "opcodes")
    return 0


def _curated(row: Row) -> Row:
    """What a table shows of an instruction for which the kernel has no name."""
    known = row["first_seen"] is not None or row["curated_since"] is None
    return {} if known else {"first_seen": row["curated_since"], "status": "curated"}


def opcode(arguments: Namespace) -> int:
    from kscan.bpf.readings import readings

    rows = readings(_history(arguments), " ".join(arguments.phrase), arguments.tag)
    if arguments.format == "table":
        for row in rows:
            reading(row)
    else:
        show_rows([_flat(row, arguments.format) for row in rows], columns.OPCODE, arguments.format, "opcode")
    return 0


def _flat(row: Row, form: str) -> Row:
    """A row whose list of resolved names is text where a form has no lists."""
    if form == "json":
        return row
    said = (
        f"{found['name']} {columns.plain(found['value'])} {found['permalink']}" for found in row["resolved"]
    )
    return {**row, "resolved": "; ".join(said)}


def asm(arguments: Namespace) -> int:
    """The inverse of `opcode` for text: the eight bytes, and the other phrasings."""
    from kscan.bpf.text import assembled

    for line in assembled(" ".join(arguments.text)):
        print(line)
    return 0


def disasm(arguments: Namespace) -> int:
    from kscan.bpf.listings import helper_names
    from kscan.bpf.programs import name_helpers, read_programs
    from kscan.bpf.text import program_lines, program_rows

    words = _words_of(arguments)
    programs = [program for path in arguments.files for program in read_programs(path, words)]
    name_helpers(programs, helper_names(words.history) if words is not None else {})
    if arguments.format == "table":
        for line in program_lines(programs):
            print(line)
    else:
        show_rows(program_rows(programs), columns.DISASM, arguments.format, "disasm")
    return 0


def _words_of(arguments: Namespace) -> "Definitions | None":
    """What a release defines; None where nothing is scanned, for bytes need no words."""
    from kscan.bpf.definitions import Definitions
    from kscan.errors import StoreError

    try:
        history = _history(arguments)
    except StoreError:
        if arguments.tag:
            raise
        return None
    return Definitions(history, history.release(arguments.tag) if arguments.tag else history.newest)


def needs(arguments: Namespace) -> int:
    from kscan.bpf.needs import LIMITS, judged, needs_of

    history = _history(arguments)
    rows = needs_of(history, arguments.files)
    late, unsure = judged(rows, arguments.max) if arguments.max is not None else ([], [])
    if arguments.format == "table":
        _complain(LIMITS)
    limit = KernelVersion.parse(arguments.max or "")
    for row in late:
        younger = limit is not None and or_last(row["first_seen"]) > limit
        told = (
            f"{row['first_seen']} is younger than {limit}" if younger else f"{row['removed_in']} is without it"
        )
        _complain(f"{row['name']} ({row['used_at']}): {told}")
    for row in unsure:
        younger = limit is None or or_last(row["first_seen"]) > limit
        after = f"after {row['last_without']}, " if row["last_without"] else ""
        told = f"{after}by {row['first_seen']}" if row["first_seen"] else "not known"
        told = told if younger else f"gone after {row['last_seen']}, by {row['removed_in']}"
        _complain(f"{row['name']} ({row['used_at']}): {told}: cannot know for {arguments.max}")
    # Who reads only the first lines gets the verdict all the same.
    with suppress(BrokenPipeError):
        show_rows(rows, columns.NEEDS, arguments.format, "needs")
        sys.stdout.flush()
    return _NO if late else _CANNOT_KNOW if unsure else _YES


def listing(arguments: Namespace) -> int:
    """`helpers`, `maps`, `progs` and `commands`: the enumerators of the kernel's own enums."""
    from kscan.bpf.listings import listing as enum_rows

    history = _history(arguments)
    return _listed(history, enum_rows(history, arguments.enums), arguments, "when")


def flags(arguments: Namespace) -> int:
    from kscan.bpf.listings import flags as flag_rows

    history = _history(arguments)
    return _listed(history, flag_rows(history), arguments, "flags")


def _listed(history: History, rows: list[Row], arguments: Namespace, what: str) -> int:
    if arguments.tag is not None:
        rows = _had_by(history, [(row["name"], row) for row in rows], arguments.tag, "uapi")
    show_rows(_since(rows, arguments.since), columns.LISTING, arguments.format, what)
    return 0


def _had_by(history: History, rows: Iterable[tuple[str, Row]], tag: str, scope: str = "all") -> list[Row]:
    """The rows whose symbol a release has, with its value and place there; where that cannot be known
    they are left out, and it is said."""
    found, unsure = history.had(rows, tag, scope)
    if unsure:
        _complain(f"{unsure} names left out: files that may have them were not read in {tag}")
    return found


def _since(rows: list[Row], tag: str | None) -> list[Row]:
    """The rows of what appeared in a release or after it; what may be older is left out and said."""
    if tag is None:
        return rows
    oldest = KernelVersion(tag)
    seen = ((row, KernelVersion.parse(row["first_seen"] or row.get("curated_since") or "")) for row in rows)
    late = [row for row, version in seen if version is not None and version >= oldest]
    sure = [row for row in late if row["status"] != columns.FROM_OLDEST]
    if len(sure) < len(late):
        _complain(f"{len(late) - len(sure)} names left out: they are in the oldest release read, or earlier")
    return sure


def releases(arguments: Namespace) -> int:
    history = _history(arguments)
    if arguments.problems:
        show_rows(history.problems(), columns.PROBLEMS, arguments.format, "problems")
    else:
        show_rows(history.list_releases(), columns.RELEASES, arguments.format, "releases")
    return 0


def fetch(arguments: Namespace) -> int:
    from kscan.cli.fetching import fetch_tags

    return fetch_tags(arguments)


def scan(arguments: Namespace) -> int:
    from kscan.cli.fetching import scan_path

    return scan_path(arguments)


def forget(arguments: Namespace) -> int:
    from kscan.cli import fetching

    return fetching.forget(arguments)


def verify(arguments: Namespace) -> int:
    from kscan.cli.dataset import verify_data

    return verify_data(arguments)


def dataset(arguments: Namespace) -> int:
    from kscan.cli.dataset import run

    return run(arguments)


def docs(arguments: Namespace) -> int:
    from kscan.cli.docs import run

    return run(arguments)


def export(arguments: Namespace) -> int:
    from kscan.report.export import export_all

    if arguments.format in ("yaml", "md", "man"):
        return _features(arguments)
    return export_all(_history(arguments), arguments.format, arguments.out, arguments.names)


def _features(arguments: Namespace) -> int:
    from kscan.docs.forms import chosen, feature_yaml, manual, versions_table
    from kscan.writing import writing

    rows = chosen(_history(arguments), list(map(bare, arguments.names)))
    new = sum("for user space" in (row["note"] or "") for row in rows)
    if new:
        _complain(f"{counted(new, 'name')} came with the header: the kernel may have had it before, for itself")
    with writing(arguments.out) as stream:
        form = {"yaml": feature_yaml, "man": manual, "md": versions_table}[arguments.format]
        stream.writelines(f"{line}\n" for line in form(rows))
    return 0


def header(arguments: Namespace) -> int:
    from kscan.docs.forms import header as lines
    from kscan.writing import writing

    said = list(lines(_history(arguments), list(map(bare, arguments.names))))
    with writing(arguments.out) as stream:
        stream.writelines(f"{line}\n" for line in said)
    return 0


def report(arguments: Namespace) -> int:
    from kscan.catalog.sets import set_of
    from kscan.report.site import write_report

    for path in write_report(_history(arguments), arguments.out, set_of(arguments.set), arguments.releases):
        print(path)
    return 0
