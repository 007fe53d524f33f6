"""The arguments of every command: one place that help texts and README are made from."""

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from kscan import __version__
from kscan.catalog.profiles import DEFAULT_PROFILE, PROFILES
from kscan.cli import commands
from kscan.cli.words import as_question

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

FORMATS = ("table", "csv", "json", "md")


def _of_any_width(prog: str) -> argparse.HelpFormatter:
    """What argparse checks arguments with as they are added: to ask how wide the terminal is takes a module
    that a question does without."""
    return argparse.HelpFormatter(prog, width=80)


class _Parser(argparse.ArgumentParser):
    def format_help(self) -> str:
        self.formatter_class = argparse.HelpFormatter
        return super().format_help()

    def format_usage(self) -> str:
        self.formatter_class = argparse.HelpFormatter
        return super().format_usage()

    def _print_message(self, message: str, file: "SupportsWrite[str] | None" = None) -> None:
        if file is not sys.stdout:
            super()._print_message(message, file)
        elif message:
            # argparse's own passes over a disk that is full.
            file.write(message)


class _WordsAnywhere(_Parser):
    """A command's parser that takes a word it can do without behind options, too: before Python 3.13 argparse
    takes it for left out at the first option."""

    _within = False

    def parse_known_args(self, args=None, namespace=None):  # type: ignore[no-untyped-def]
        # What intermixed parsing keeps for its end has lost the `--` in front of it; and it takes long.
        is_optional = any(action.nargs == "?" for action in self._get_positional_actions())
        options = any(word.startswith("-") for word in args)
        if self._within or "--" in args or not (is_optional and options):
            return super().parse_known_args(args, namespace)
        self._within = True
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self._within = False


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The arguments, with the command's function as `run`. Wrong usage exits with 2."""
    words = as_question(_command_first(argv), tuple(_COMMANDS))
    asked = words[0] if words and words[0] in _COMMANDS else None
    chosen = parser(asked)
    if not all(words):
        chosen.error("an empty argument; is a variable of the shell not set?")
    return chosen.parse_args(words)


def _command_first(argv: Sequence[str]) -> list[str]:
    """Arguments with the command, or a question in one argument, in front of options that stand before it."""
    at = next((at for at, word in enumerate(argv) if word.split(" ")[0].lower() in _COMMANDS), 0)
    own = not argv or argv[0] in ("-h", "--help", "--version")
    return [*argv] if own or argv[0][:1] != "-" else [argv[at], *argv[:at], *argv[at + 1 :]]


def parser(only: str | None = None) -> argparse.ArgumentParser:
    """The parser of the whole command line, or of one command: making all of them takes longer than
    answering."""
    top = _Parser(
        prog="kscan",
        description="Reads tagged Linux kernels and answers, with proof, how their interfaces changed.",
        epilog="Answers come from the data that ships, and from what you fetched or scanned, which is kept in"
        " the user's cache folder. KSCAN_HOME names another folder, KSCAN_DATA other data (empty: none).",
        formatter_class=_of_any_width,
    )
    top.add_argument("--version", action="version", version=f"kscan {__version__}")
    subparsers = top.add_subparsers(metavar="COMMAND", required=True, parser_class=_WordsAnywhere)
    for name in _COMMANDS if only is None else (only,):
        add, run, text = _COMMANDS[name]
        sub = subparsers.add_parser(
            name, help=text, description=text[0].upper() + text[1:] + ".", formatter_class=_of_any_width
        )
        add(sub)
        sub.add_argument(
            "--profile", choices=list(PROFILES), default=DEFAULT_PROFILE.name,
            help="architecture the answer holds for (default: %(default)s)",
        )  # fmt: skip
        sub.set_defaults(run=run)
    return top


def _rows(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--format", choices=FORMATS, default="table", help="how rows are written (default: table)")


def _scope(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "--scope", choices=("uapi", "internal", "all"), default="all",
        help="names of user space's headers, of the rest of the kernel, or both (default: all)",
    )  # fmt: skip


def _sets(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--set", choices=("bpf", "uapi"), help="which headers to read (default: bpf)")
    sub.add_argument(
        "--headers", metavar="GLOB", action="append", default=[],
        help="more files to read: an exported header (linux/tcp.h), or any by its path; may be repeated",
    )  # fmt: skip
    sub.add_argument(
        "--permalink", metavar="TEMPLATE",
        help="address of lines, with {tag}, {path}, {lines} (L1-L2), {line}, {end_line} (default: GitHub's)",
    )  # fmt: skip


def _fetch(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("tags", nargs="+", metavar="TAG", help="a release (v4.3), or a pattern ('v5.*')")
    sub.add_argument(
        "--from", dest="source", metavar="SOURCE", default="github",
        help="github, kernel.org, github-raw, cgit, a git repository's path or URL, or a URL with {tag} and"
        " {path} (default: github)",
    )  # fmt: skip
    _sets(sub)


def _scan(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "path", metavar="PATH", help="a folder, a .tar.xz or .tar.gz, or a .deb with kernel headers"
    )
    sub.add_argument(
        "--as", dest="label", metavar="LABEL", required=True, help="the name it gets, such as debian-12"
    )
    _sets(sub)


def _forget(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("tags", nargs="+", metavar="TAG", help="a release or label, as `releases` writes it")


def _releases(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--problems", action="store_true", help="list what could not be read, and why")
    _rows(sub)


def _names(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("names", nargs="+", metavar="NAME", help="a name, or a pattern ('PACKET_FANOUT_*')")
    _scope(sub)


def _when(sub: argparse.ArgumentParser) -> None:
    _names(sub)
    _rows(sub)


def _has(sub: argparse.ArgumentParser) -> None:
    _names(sub)
    sub.add_argument("--in", dest="tag", metavar="TAG", required=True, help="the release or label asked about")


def _show(sub: argparse.ArgumentParser) -> None:
    _names(sub)
    sub.add_argument("--at", dest="tag", metavar="TAG", help="the release or label (default: the newest)")


def _history(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("names", nargs="+", metavar="NAME", help="a name, or a pattern")
    _scope(sub)
    _rows(sub)


def _at(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("tag", metavar="TAG", help="the release or label")
    sub.add_argument(
        "pattern", nargs="?", default="*", metavar="PATTERN", help="names, as a pattern (default: all)"
    )
    _scope(sub)
    _rows(sub)


def _diff(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("old", metavar="A", help="the release or label before")
    sub.add_argument("new", metavar="B", help="the release or label after")
    sub.add_argument("--breaking", action="store_true", help="only what can break a program")
    _scope(sub)
    _rows(sub)


def _at_since(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--at", dest="tag", metavar="TAG", help="only what this release has")
    sub.add_argument("--since", metavar="TAG", help="only what appeared in this release or after it")
    _rows(sub)


def _hooks(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--flavour", choices=("cBPF", "eBPF"), help="classic or extended programs only")
    _at_since(sub)


def _opcodes(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--all", action="store_true", help="also what only the kernel itself may use")
    _hooks(sub)


def _opcode(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "phrase", nargs="+", metavar="ANYTHING",
        help="a byte (0x95), an initialiser, a macro call, 8 bytes of hex, or assembly text; in quotes",
    )  # fmt: skip
    sub.add_argument("--at", dest="tag", metavar="TAG", help="whose definitions count (default: the newest)")
    _rows(sub)


def _asm(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("text", nargs="+", metavar="TEXT", help="such as 'r0 = 0', or classic 'ret #0'; in quotes")


def _disasm(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "files", nargs="+", metavar="FILE",
        help="an object file, raw instructions, tcpdump -dd or -ddd, or C source with arrays of instructions",
    )  # fmt: skip
    sub.add_argument("--at", dest="tag", metavar="TAG", help="whose macros source text is read with")
    _rows(sub)


def _needs(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "files", nargs="+", metavar="FILE", help="an object, a source, or a name such as BPF_F_LOCK"
    )
    sub.add_argument(
        "--max",
        metavar="TAG",
        help="exit 1 when something is younger than this release, 3 when that cannot be known",
    )
    _rows(sub)


def _enums(*enums: str) -> "Add":
    def add(sub: argparse.ArgumentParser) -> None:
        _at_since(sub)
        sub.set_defaults(enums=enums)

    return add


def _uses(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "name",
        metavar="NAME",
        help="the name as the sources write it, or an instruction in any phrasing, in quotes",
    )
    sub.add_argument("--at", dest="tag", metavar="TAG", required=True, help="the release")
    _rows(sub)


def _search(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("text", metavar="TEXT", help="part of a name, in any case")
    _rows(sub)


def _verify(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "tags", nargs="*", metavar="TAG", help="releases or patterns (default: all of the data that ships)"
    )
    sub.add_argument(
        "--repo", dest="source", metavar="SOURCE", required=True,
        help="github, kernel.org, or a kernel repository's path or URL",
    )  # fmt: skip
    sub.add_argument("--files", action="store_true", help="list the files that are not the same")
    _rows(sub)


def _dataset(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "action", choices=("build", "add", "confirm", "make"),
        help="build: read releases and write the data anew; add: put releases into it; confirm: ask a second"
        " source (such as iproute2, tags vX.Y.0) for names that are new in point releases; make: only make"
        " the file that ships, of the text that is there",
    )  # fmt: skip
    sub.add_argument("tags", nargs="*", metavar="TAG", help="releases or patterns (build: all, by default)")
    sub.add_argument(
        "--from", dest="source", metavar="SOURCE", default="github", help="as for fetch (default: github)"
    )
    sub.add_argument(
        "--published", metavar="FILE",
        help="a table (tag, repository, commit, remarks) of where each tree of SOURCE was published",
    )  # fmt: skip
    sub.add_argument(
        "--data", metavar="FOLDER", default="data", help="the folder of the text (default: %(default)s)"
    )
    sub.add_argument(
        "--as", dest="called", metavar="NAME", default="iproute2",
        help="what the second source is called (default: %(default)s)",
    )  # fmt: skip
    sub.add_argument("--out", metavar="FILE", help="the file that ships (default: the one kscan answers from)")


def _docs(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "action", choices=("lint", "fill"),
        help="lint: tell what documentation claims (since Linux X.Y) and the kernels contradict, exit 1 then;"
        " fill: write answers between markers of Markdown files",
    )  # fmt: skip
    sub.add_argument("paths", nargs="+", metavar="PATH", help="files, or folders of them")
    sub.add_argument(
        "--check", action="store_true", help="fill: write nothing, exit 1 where a file would change"
    )
    _rows(sub)


def _export(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "names", nargs="*", metavar="NAME", help="names or patterns (default: all; yaml, md, man: bpf(2)'s own)"
    )
    sub.add_argument(
        "--format", choices=("csv", "json", "yaml", "md", "man"), default="csv",
        help="csv, json: every stretch of a name's history; yaml: groups of name and version; md: a table of"
        " versions; man: (since Linux X.Y) (default: csv)",
    )  # fmt: skip
    sub.add_argument("--out", metavar="FILE", help="where to (default: standard output)")


def _header(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("names", nargs="+", metavar="NAME", help="constants, or patterns")
    sub.add_argument("--out", metavar="FILE", help="where to (default: standard output)")


def _report(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--out", metavar="FOLDER", default="reports", help="where to (default: %(default)s)")
    sub.add_argument(
        "--set", choices=("bpf", "uapi"), default="bpf", help="whose names are listed (default: %(default)s)"
    )
    sub.add_argument(
        "--releases", nargs="+", metavar="TAG", help="mainline releases to show (default: all that are known)"
    )


Add = Callable[[argparse.ArgumentParser], None]
Run = Callable[[argparse.Namespace], int]
_COMMANDS: dict[str, tuple[Add, Run, str]] = {
    "when": (_when, commands.when, "when a name appeared, with value, place and proof"),
    "has": (_has, commands.has, "whether a release has names: exit 0 yes, 1 no, 3 cannot know"),
    "show": (_show, commands.show, "the lines that define a name, from the fetched source"),
    "history": (_history, commands.history, "how a name's value, type and place changed"),
    "at": (_at, commands.at, "what a release has"),
    "diff": (_diff, commands.diff, "what changed between two releases, and what of it can break a program"),
    "hooks": (_hooks, commands.hooks, "places that take a BPF program, classic and extended, since when"),
    "fanout": (_at_since, commands.fanout, "packet fanout modes with the policy that serves each"),
    "helpers": (_enums("bpf_func_id"), commands.listing, "helper functions, since when"),
    "maps": (_enums("bpf_map_type"), commands.listing, "map types, since when"),
    "progs": (
        _enums("bpf_prog_type", "bpf_attach_type", "bpf_link_type"),
        commands.listing,
        "program, attach and link types, since when",
    ),
    "commands": (_enums("bpf_cmd"), commands.listing, "commands of bpf(2), since when"),
    "flags": (_at_since, commands.flags, "flags of bpf(2), its links and helpers, since when"),
    "sites": (_at_since, commands.sites, "where the kernel converts and runs programs, through renames"),
    "sections": (_at_since, commands.sections, "section names by which libbpf knows a program's type"),
    "opcodes": (_opcodes, commands.opcodes, "instructions that each kernel knows, since when"),
    "opcode": (_opcode, commands.opcode, "an instruction in any phrasing, resolved and told in the others"),
    "asm": (_asm, commands.asm, "the bytes and phrasings of an instruction given as text"),
    "disasm": (_disasm, commands.disasm, "the instructions of objects, bytes, filters and source arrays"),
    "needs": (_needs, commands.needs, "the oldest kernel that has what a program uses"),
    "uses": (_uses, commands.uses, "where the kernel's own sources use a name"),
    "search": (_search, commands.search, "names that contain a text"),
    "releases": (_releases, commands.releases, "which releases are here, and what could not be read of them"),
    "fetch": (_fetch, commands.fetch, "fetch tagged releases and read them"),
    "scan": (_scan, commands.scan, "read a folder, tarball or Debian package under a label"),
    "forget": (_forget, commands.forget, "take releases and labels out of what was fetched or scanned"),
    "verify": (_verify, commands.verify, "whether the data that ships is what a kernel repository has"),
    "dataset": (_dataset, commands.dataset, "make the data that ships: from kernels, or from its text"),
    "docs": (_docs, commands.docs, "hold documentation against the kernels, or fill in what they say"),
    "export": (_export, commands.export, "every name with its history, as data"),
    "header": (_header, commands.header, "a C header with constants that older headers lack"),
    "report": (
        _report,
        commands.report,
        "a static site on what is here, and the same as CSV, JSON and Markdown",
    ),
}


def command_names() -> tuple[str, ...]:
    """The names of all commands."""
    return tuple(_COMMANDS)
