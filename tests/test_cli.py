"""The command line as a user has it: a process, its two outputs and its exit code."""

import io
import json
import os
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from kscan.cli.words import as_question, names_asked
from kscan.store import Store
from tests.kernels import kernel, make_history, write_tree
from tests.stores import UNREAD, Made, enter, fact, history

# The contract's columns, in its order.
COMMON = ["name", "kind", "scope", "header", "value", "value_text", "type", "reason", "path", "line",
          "end_line", "permalink"]  # fmt: skip
COLUMNS = {
    "when PACKET_FANOUT_EBPF BPF_EXIT_INSN": [
        *COMMON, "first_seen", "last_without", "last_seen", "removed_in", "current_value", "status", "note"],
    "at v5.6 bpf_insn*": [*COMMON, "bit_offset", "bit_size", "size"],
    "history BPF_ANY": [*COMMON, "from", "to", "status"],
    "diff v4.2 v5.6 --scope uapi": [
        *COMMON, "change", "old", "new", "breaking", "old_path", "old_line", "new_path", "new_line"],
    "hooks --at v4.3": [
        *COMMON, "id", "title", "subsystem", "flavour", "symbol", "attach", "twin", "program_type",
        "first_seen", "curated_since", "source", "measured", "twin_first_seen", "beside", "runs",
        "last_without", "status", "last_seen", "removed_in"],
    "fanout --at v4.3": [
        *COMMON, "mode", "policy", "policy_path", "policy_line", "policy_end_line", "first_seen",
        "policy_permalink", "runs", "last_without", "status"],
    "helpers --since v5.6": [
        *COMMON, "first_seen", "last_without", "last_seen", "removed_in", "current_value", "status", "note",
        "group", "aliases"],
    "sites": [
        *COMMON, "site", "title", "role", "hooks", "function", "first_seen", "last_without", "last_seen",
        "removed_in", "status", "note", "words"],
    "uses BPF_PROG_RUN --at v4.3": COMMON,
    "search fanout": ["name", "kind", "scope", "header", "first_seen", "last_seen"],
    "releases": ["tag", "exact", "source", "commit", "layer", "headers", "parsed", "problems", "suspicion"],
}  # fmt: skip


def kscan(*arguments: str, home: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **({"KSCAN_HOME": str(home)} if home else {}), "COLUMNS": "80"}
    return subprocess.run(
        [sys.executable, "-m", "kscan", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )


@pytest.fixture(scope="module")
def filled(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home into which our history was fetched by command."""
    home = tmp_path_factory.mktemp("filled")
    done = kscan("fetch", "v4.2", "4.3", "v5.*", "--from", str(repository), home=home)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.splitlines() == ["v4.2: read", "v4.3: read", "v5.6: read"]
    return home


@cache
def out(filled: Path, command: str, form: str) -> str:
    """What a question gives in a form."""
    done = kscan(*command.split(), "--format", form, home=filled)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize("command", COLUMNS)
class TestEveryCommandInEveryForm:
    """The same rows with the same columns, whatever the form."""

    def test_json_is_an_array_of_flat_objects(self, filled: Path, command: str) -> None:
        rows = json.loads(out(filled, command, "json"))
        assert rows
        assert all(list(row) == COLUMNS[command] for row in rows)
        assert all(not isinstance(value, list | dict) for row in rows for value in row.values())

    def test_csv_has_the_columns_and_rows_of_json(self, filled: Path, command: str) -> None:
        table = pd.read_csv(io.StringIO(out(filled, command, "csv")), dtype=str, keep_default_na=False)
        assert list(table) == COLUMNS[command]
        rows = json.loads(out(filled, command, "json"))
        plain = {None: "", True: "true", False: "false"}
        said = [
            [plain[v] if v is None or isinstance(v, bool) else str(v) for v in row.values()] for row in rows
        ]
        assert table.to_numpy().tolist() == said

    def test_markdown_has_the_columns(self, filled: Path, command: str) -> None:
        head, rule, *lines = out(filled, command, "md").splitlines()
        assert head == f"| {' | '.join(COLUMNS[command])} |"
        assert rule == "|" + " --- |" * len(COLUMNS[command])
        assert lines
        assert all(line.startswith("| ") and line.endswith(" |") for line in lines)

    def test_the_table_is_plain_when_piped(self, filled: Path, command: str) -> None:
        table = out(filled, command, "table")
        assert table.strip()
        assert "\x1b" not in table


def test_the_table_is_the_form_unless_asked(filled: Path) -> None:
    assert kscan("releases", home=filled).stdout == out(filled, "releases", "table")


def test_csv_has_the_right_types(filled: Path) -> None:
    def read(*command: str) -> pd.DataFrame:
        done = kscan(*command, "--format", "csv", home=filled)
        return pd.read_csv(io.StringIO(done.stdout), dtype_backend="numpy_nullable")

    at = read("at", "v5.6", "bpf_insn.*")
    assert (at.dtypes[["line", "end_line", "bit_offset", "bit_size", "size"]] == "Int64").all()
    assert at["bit_size"].tolist() == [pd.NA, 4, 4, pd.NA, pd.NA]
    when = read("when", "PACKET_FANOUT_*")
    assert (when.dtypes[["value", "value_text", "line", "current_value"]] == "Int64").all()
    assert (when.dtypes[["name", "first_seen", "status", "permalink"]] == "string").all()
    diff = read("diff", "v4.2", "v5.6")
    assert diff["breaking"].dtype == "boolean"
    assert diff["new_line"].dtype == "Int64"


def test_json_has_the_right_types(filled: Path) -> None:
    (row,) = json.loads(kscan("when", "PACKET_FANOUT_EBPF", "--format", "json", home=filled).stdout)
    assert row == {
        "name": "PACKET_FANOUT_EBPF", "kind": "macro", "scope": "uapi", "header": "linux/if_packet.h",
        "value": 7, "value_text": "7", "type": "int", "reason": None,
        "path": "include/uapi/linux/if_packet.h", "line": 67, "end_line": 67,
        "permalink": "https://github.com/torvalds/linux/blob/v4.3/include/uapi/linux/if_packet.h#L67",
        "first_seen": "v4.3", "last_without": "v4.2", "last_seen": "v5.6", "removed_in": None,
        "current_value": 7, "status": "exact", "note": None,
    }  # fmt: skip
    rows = json.loads(kscan("diff", "v4.2", "v5.6", "--breaking", "--format", "json", home=filled).stdout)
    assert rows == []


@pytest.mark.parametrize(
    "value", [2**64 - 1, 2**63, -(2**63), 2**53 + 1], ids=["u64-max", "2^63", "s64-min", "2^53+1"]
)
def test_values_are_exact_in_every_form(value: int) -> None:
    history({"v4.2": {"linux/a.h": [fact("X", value, type="long")]}})
    for form in ("json", "csv", "md", "table"):
        assert str(value) in kscan("when", "X", "--format", form).stdout
    (row,) = json.loads(kscan("when", "X", "--format", "json").stdout)
    assert row["value"] == value


@pytest.mark.parametrize(
    ("arguments", "code", "out", "err"),
    [
        ("--version", 0, "kscan ", ""),
        ("--help", 0, "usage: kscan", ""),
        ("when --help", 0, "usage: kscan when", ""),
        ("when PACKET_FANOUT_EBPF", 0, "PACKET_FANOUT_EBPF: first in v4.3 (v4.2 is without it)", ""),
        ("when packet_fanout_ebpf", 1, "",
         "kscan: no name packet_fanout_ebpf in 3 scanned releases; near: PACKET_FANOUT_EBPF"),
        ("when BPF_EXIT_INSN --scope uapi", 1, "", "kscan: BPF_EXIT_INSN is not uapi but internal"),
        ("history PACKET_FANOUT_EPBF", 1, "",
         "kscan: no name PACKET_FANOUT_EPBF in 3 scanned releases; near: PACKET_FANOUT_EBPF"),
        ("history bpf_insn.off", 0,
         "name          from  to    status       bit_offset  size  header       line  kind\n"
         "bpf_insn.off  v4.2  v5.6  from_oldest  16          2     linux/bpf.h", ""),
        ("at v4.2 PACKET_FANOUT_EBPF", 1, "", "kscan: PACKET_FANOUT_EBPF: not in v4.2"),
        ("at v4.2 PACKET_FANOUT_EPBF", 1, "", "kscan: no name PACKET_FANOUT_EPBF in 3 scanned releases; near"),
        ("at v5.6 'struct bpf_insn'", 0, "name      kind    type", ""),
        ("search 'struct bpf_insn'", 0, "name", ""),
        ("at v4.4", 1, "",
         "kscan: no release v4.4 in the store; near: v4.2, v4.3, v5.6; to add it: kscan fetch v4.4"),
        ("diff v4.2 v4.4", 1, "", "kscan: no release v4.4 in the store; near: v4.2, v4.3, v5.6"),
        ("has v5.6 --in BPF_JMP", 1, "", "kscan: no release BPF_JMP in the store; that is a name"),
        ("at mine", 1, "", "kscan: no release mine in the store; to add it: kscan scan PATH --as mine"),
        ("search nothing_of_it", 1, "", "kscan: no name nothing_of_it"),
        ("uses BPF_PROG_RUN --at v5.6", 1, "", "kscan: BPF_PROG_RUN: not used in the scanned sources of v5.6"),
        ("has PACKET_FANOUT_EBPF --in v4.3", 0, "PACKET_FANOUT_EBPF: in v4.3", ""),
        ("has PACKET_FANOUT_EBPF --in v4.2", 1, "PACKET_FANOUT_EBPF: not in v4.2", ""),
        ("has SO_ATTACH_EBPF BPF_JMP --in v4.2", 1, "BPF_JMP: in v4.2", "kscan: no name SO_ATTACH_EBPF"),
        ("has PACKET_FANOUT_EBPF BPF_JMP --in v4.2", 1,
         "PACKET_FANOUT_EBPF: not in v4.2\nBPF_JMP: in v4.2", ""),
        ("has NOT_A_NAME --in v4.2", 1, "", "kscan: no name NOT_A_NAME"),
        ("has BPF_JMP --in v4.4", 1, "", "kscan: no release v4.4"),
        ("show fanout_demux_cpu", 1, "",
         "kscan: fanout_demux_cpu: a file that may have it was not read of v5.6; see: kscan when fanout_"),
        ("show NOT_A_NAME", 1, "", "kscan: no name NOT_A_NAME"),
        ("releases --profile arm64", 1, "", "kscan: no arm64 release scanned yet"),
        ("fetch v4.2 --from /nowhere", 1, "", "kscan: /nowhere: no such repository"),
        ("scan /nowhere --as mine", 1, "", "kscan: /nowhere: no such file or folder"),
        ("", 2, "", "usage: kscan"),
        ("nonsense", 2, "", "usage: kscan"),
        ("when", 2, "", "usage: kscan when"),
        ("when X --format xml", 2, "", "usage: kscan when"),
        ("when X --scope kernel", 2, "", "usage: kscan when"),
        ("has X", 2, "", "usage: kscan has"),
        ("diff v4.2", 2, "", "usage: kscan diff"),
        ("scan .", 2, "", "usage: kscan scan"),
        ("releases --profile vax", 2, "", "usage: kscan releases"),
    ],
)  # fmt: skip
def test_exit_codes_and_messages(filled: Path, arguments: str, code: int, out: str, err: str) -> None:
    done = kscan(*shlex.split(arguments), home=filled)
    assert done.returncode == code
    assert done.stdout.startswith(out)
    assert bool(done.stdout) == bool(out)
    assert done.stderr.startswith(err)
    assert bool(done.stderr) == bool(err)
    assert len(done.stderr.splitlines()) <= 1 or code == 2


def test_what_is_near_comes_first(filled: Path) -> None:
    done = kscan("when", "bpf_map_lookup_elem", home=filled)
    assert done.returncode == 1
    near, beside = done.stderr.partition("near: ")[2].split("; ")
    assert near.split(", ")[0] == "BPF_FUNC_map_lookup_elem"
    assert beside == "most of the kernel's own files are not read\n"


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (Made({"linux/a.h": UNREAD}), "X: cannot know (its header could not be read) for v4.2"),
        (
            Made({"linux/b.h": []}, sets=("linux/b.h",)),
            "X: cannot know (a file that may have it was not scanned) for v4.2",
        ),
    ],
    ids=["unread", "not-scanned"],
)
def test_has_says_what_it_cannot_know(made: Made, said: str) -> None:
    history({"v4.2": made, "v4.3": {"linux/a.h": [fact("X")]}})
    done = kscan("has", "X", "--in", "v4.2")
    assert (done.returncode, done.stdout, done.stderr) == (3, f"{said}\n", "")


@pytest.mark.parametrize("names", [["BPF_JMP", "NOT_A_NAME", "BPF_RET"], ["NOT_A_NAME", "NOR_THIS"]])
def test_an_unknown_name_among_several_has_a_row(filled: Path, names: list[str]) -> None:
    known = {"BPF_JMP", "BPF_RET"}
    done = kscan("when", *names, "--format", "json", home=filled)
    assert done.returncode == 1
    rows = json.loads(done.stdout)
    assert [row["name"] for row in rows] == names
    unknown = [row for row in rows if row["name"] not in known]
    assert all(list(row) == COLUMNS["when PACKET_FANOUT_EBPF BPF_EXIT_INSN"] for row in rows)
    assert [{k: v for k, v in row.items() if v is not None} for row in unknown] == [
        {"name": name, "status": "unknown_name"} for name in names if name not in known
    ]
    assert len(done.stderr.splitlines()) == len(unknown)


@pytest.mark.parametrize(
    "words",
    [
        ["when", "did", "PACKET_FANOUT_EBPF", "appear"],
        ["when did PACKET_FANOUT_EBPF appear?"],
        ["When was PACKET_FANOUT_EBPF introduced?"],
        ["In which kernel did `PACKET_FANOUT_EBPF` first appear?"],
        ["when", "was", "the", "PACKET_FANOUT_EBPF", "added", "to", "linux?"],
        ["PACKET_FANOUT_EBPF, since when?"],
    ],
    ids=" ".join,
)
def test_plain_words(filled: Path, words: list[str]) -> None:
    done = kscan(*words, home=filled)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == out(filled, "when PACKET_FANOUT_EBPF", "table")


@pytest.mark.parametrize(
    "words", [["has", ", ;", "--in", "v4.3"], ["has", "()", "--in", "v4.3"], ["has", " ", "--in", "v4.3"],
              ["show", "struct NOBODYS_NAME", "--at", "v4.3"]],
    ids=" ".join,
)  # fmt: skip
def test_what_is_no_name_is_not_answered_with_yes(filled: Path, words: list[str]) -> None:
    done = kscan(*words, home=filled)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("kscan: no name ")


def test_an_empty_argument_is_none_that_was_left_out(filled: Path) -> None:
    """A shell's variable that is not set must not make another question of it."""
    for words in (["has", "BPF_ANY", "", "--in", "v4.3"], ["at", "", "BPF_ANY"], ["when", ""], [""]):
        done = kscan(*words, home=filled)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.endswith("error: an empty argument; is a variable of the shell not set?\n")


def test_what_the_output_cannot_hold_is_shown_by_its_number(
    filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = kscan("needs", "BPF_JMP", home=filled).stdout
    assert "\u2264 v4.2" in shown
    monkeypatch.setenv("PYTHONIOENCODING", "latin-1")
    done = kscan("needs", "BPF_JMP", home=filled)
    assert done.returncode == 0
    assert "\\u2264 v4.2" in done.stdout


def test_a_pattern_asks_one_scope_without_a_word_of_the_other(filled: Path) -> None:
    both = json.loads(kscan("when", "*", "--format", "json", home=filled).stdout)
    assert {row["scope"] for row in both} == {"uapi", "internal"}
    done = kscan("when", "*", "--scope", "internal", "--format", "json", home=filled)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == [row for row in both if row["scope"] == "internal"]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("did X appear", ["X"]),
        ("did X and Y appear?", ["X", "Y"]),
        ("was X removed?", ["X"]),
        ("was bpf_prog_run() added", ["bpf_prog_run"]),
        ("did VERSION appear", ["VERSION"]),
        ("did version appear", ["did", "version", "appear"]),
        ("PACKET_*", ["PACKET_*"]),
        ("struct sock_fprog", ["sock_fprog"]),
        ("enum", ["enum"]),
        ("X , Y", ["X", "Y"]),
    ],
)
def test_filler_counts_where_it_is_a_name(words: str, names: list[str]) -> None:
    for asked in (words.split(), [words]):
        assert names_asked(asked, lambda word: word in ("X", "Y", "VERSION")) == names


@pytest.mark.parametrize(
    ("given", "understood"),
    [
        (["when", "X"], ["when", "X"]),
        (["X appears?"], ["when", "X", "appears"]),
        (["Show X"], ["show", "X"]),
        (["has X", "--in", "v4.2"], ["has", "X", "--in", "v4.2"]),
        (["--help"], ["--help"]),
        ([], []),
        ([" "], [" "]),
    ],
    ids=str,
)
def test_a_question_in_one_argument(given: list[str], understood: list[str]) -> None:
    assert as_question(given, ("when", "show", "has")) == understood


def test_show_joins_adjacent_lines(filled: Path) -> None:
    modes = ["HASH", "LB", "CPU", "ROLLOVER", "RND", "QM"]
    done = kscan("show", *(f"PACKET_FANOUT_{mode}" for mode in modes), "--at", "v4.2", home=filled)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "https://github.com/torvalds/linux/blob/v4.2/include/uapi/linux/if_packet.h#L59-L64",
        *(f"{line}  #define PACKET_FANOUT_{mode} {line - 59}" for line, mode in enumerate(modes, 59)),
        "",
    ]


def test_show_keeps_apart_what_lies_apart(filled: Path) -> None:
    done = kscan("show", "BPF_K", "BPF_JMP", "BPF_STMT", "--at", "v5.6", home=filled)
    root = "https://github.com/torvalds/linux/blob/v5.6/include/uapi/linux/"
    assert [block.splitlines() for block in done.stdout.split("\n\n") if block] == [
        [f"{root}bpf_common.h#L12", "12  #define BPF_JMP 0x05"],
        [f"{root}bpf_common.h#L50", "50  #define BPF_K 0x00"],
        [f"{root}filter.h#L49", "49  #define BPF_STMT(code, k) { (unsigned short)(code), 0, 0, k }"],
    ]


def test_show_takes_the_newest_release(filled: Path) -> None:
    out = kscan("show", "PACKET_FANOUT_?BPF", home=filled).stdout
    assert out.startswith(
        "https://github.com/torvalds/linux/blob/v5.6/include/uapi/linux/if_packet.h#L68-L69\n"
    )


QUERIES = ["when X", "has X --in v4.2", "show X", "history X", "at v4.2", "diff v4.2 v4.3", "uses X --at v4.2",
           "search X", "releases", "export"]  # fmt: skip


@pytest.mark.parametrize("command", QUERIES)
def test_without_a_store_the_answer_is_how_to_start(command: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "kscan", *command.split()],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("kscan: no kernel scanned yet")
    assert done.stderr.endswith("start with: kscan fetch v4.2 v4.3\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["when BPF_JMP", "at v5.6", "export", "show BPF_JMP"])
def test_a_reader_that_goes_away_is_no_error(filled: Path, command: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with subprocess.Popen(
        [sys.executable, "-m", "kscan", *command.split()], stdout=writing, stderr=subprocess.PIPE,
        env={**os.environ, "KSCAN_HOME": str(filled)},
    ) as process:  # fmt: skip
        os.close(writing)
        _, said = process.communicate()
    assert (process.returncode, said) == (0, b"")


def test_a_store_damaged_inside_is_one_line(home: Path) -> None:
    history({"v4.2": {"linux/a.h": [fact(f"X_{number}") for number in range(2000)]}})
    path = home / "kscan.sqlite"
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 4] + b"\xff" * (len(data) - len(data) // 4))
    for command in ("when X_7", "at v4.2", "releases", "export"):
        done = kscan(*command.split())
        assert done.returncode == 1
        assert done.stderr.startswith("kscan: ")
        assert str(path) in done.stderr
        assert any(f"delete {it} and fetch again" in done.stderr for it in ("it", path))
        assert len(done.stderr.splitlines()) == 1


def test_a_home_that_cannot_be_written_is_one_line(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = kscan("fetch", "v4.2", "--from", str(repository), home=tmp_path / "file" / "home")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith("set KSCAN_HOME to a folder that can be written\n")
    assert len(done.stderr.splitlines()) == 1


def test_fetching_again_does_nothing(filled: Path, repository: Path) -> None:
    before = (filled / "kscan.sqlite").read_bytes()
    done = kscan("fetch", "v4.2", "v5.6", "--from", str(repository), home=filled)
    assert (done.returncode, done.stderr) == (0, "v4.2: already here\nv5.6: already here\n")
    assert (filled / "kscan.sqlite").read_bytes() == before


@pytest.mark.parametrize(
    ("tag", "near"),
    [("v4.4", "v4.2, v4.3, v5.6"), ("v4.9*", ""), ("nothing", "")],
    ids=["tag", "pattern", "word"],
)
def test_a_tag_that_a_source_lacks(repository: Path, tag: str, near: str) -> None:
    done = kscan("fetch", "v4.2", tag, "--from", str(repository))
    assert done.returncode == 1
    assert done.stderr.startswith(f"kscan: no release {tag} in {repository}")
    assert near in done.stderr
    assert kscan("releases").returncode == 1


def test_a_folder_is_read_under_a_label(tmp_path: Path) -> None:
    tree = write_tree(tmp_path / "tree", kernel("v4.3"))
    done = kscan("scan", str(tree), "--as", "mine")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "mine: read\n")
    (row,) = json.loads(kscan("at", "mine", "PACKET_FANOUT_EBPF", "--format", "json").stdout)
    assert (row["value"], row["line"], row["permalink"]) == (7, 67, None)
    shown = kscan("show", "PACKET_FANOUT_EBPF", "--at", "mine").stdout.splitlines()
    assert shown == ["include/uapi/linux/if_packet.h:67 (mine)", "67  #define PACKET_FANOUT_EBPF 7", ""]


def test_files_are_written_where_told(filled: Path, tmp_path: Path) -> None:
    done = kscan("report", "--out", str(tmp_path / "report"), home=filled)
    assert (done.returncode, done.stderr) == (0, "")
    pages = {Path(line).name for line in done.stdout.splitlines()}
    assert pages == {path.name for path in (tmp_path / "report").glob("*.html")}
    listed = (tmp_path / "report" / "kscan-manifest.txt").read_text().split()
    written = {str(path.relative_to(tmp_path / "report")) for path in (tmp_path / "report").rglob("*.*")}
    assert {*listed, "kscan-manifest.txt"} == written
    exported = kscan("export", "--format", "json", "--out", str(tmp_path / "all.json"), home=filled)
    assert (exported.returncode, exported.stdout, exported.stderr) == (0, "", "")
    assert json.loads((tmp_path / "all.json").read_text()) == json.loads(
        kscan("export", "--format", "json", home=filled).stdout
    )


def test_names_left_out_of_a_diff_are_counted() -> None:
    history({"v4.2": {"linux/a.h": [fact("X"), fact("Y")]}, "v4.3": {"linux/a.h": UNREAD}})
    done = kscan("diff", "v4.2", "v4.3", "--format", "json")
    assert (done.returncode, json.loads(done.stdout)) == (0, [])
    assert done.stderr == "kscan: 2 names left out: files that may have them were not read in both releases\n"


def test_the_problems_of_a_release_are_listed() -> None:
    history({"v4.2": {"linux/a.h": UNREAD}})
    assert json.loads(kscan("releases", "--problems", "--format", "json").stdout) == [
        {"tag": "v4.2", "scope": "uapi", "header": "linux/a.h", "path": "include/uapi/linux/a.h", "line": None,
         "reason": "line 3: no C"}
    ]  # fmt: skip


@pytest.mark.parametrize("command", ["when X*", "history X*", "at v4.3", "diff v4.2 v4.3", "search x"])
def test_short_rows_fit_80_columns(command: str) -> None:
    short = {
        tag: {"linux/a.h": [fact(f"X_{n}", n * by) for n in range(9)]}
        for by, tag in enumerate(("v4.2", "v4.3"))
    }
    history(short)
    lines = kscan(*command.split()).stdout.splitlines()
    assert len(lines) > 8
    assert max(map(len, lines)) <= 80
    assert all(line == line.rstrip() for line in lines)


@pytest.mark.parametrize("words", [
    "at v4.2 X_1 --format csv", "at v4.2 --format csv X_1", "at --format csv v4.2 X_1",
    "--format csv at V4.2 X_1",
])  # fmt: skip
def test_options_stand_anywhere(words: str) -> None:
    history({"v4.2": {"linux/a.h": [fact("X_1"), fact("X_2")]}}).close()
    names = [line.partition(",")[0] for line in kscan(*words.split()).stdout.splitlines()]
    assert names == ["name", "X_1"]


def test_has_tells_of_what_went() -> None:
    releases = {"v4.2": {"linux/a.h": [fact("X")]}, "v4.3": {"linux/a.h": []}, "v4.4": {"linux/a.h": []}}
    history(releases).close()
    gone = "X: not in v4.4, gone from user space's headers in v4.3\n"
    assert [(d.returncode, d.stdout) for d in (kscan("has", "X", "--in", tag) for tag in ("v4.2", "v4.4"))] == [
        (0, "X: in v4.2\n"), (1, gone),
    ]  # fmt: skip


def test_when_and_has_tell_alike_when_a_name_went() -> None:
    history({"v4.2": {"linux/a.h": [fact("X")]}, "v4.4": {"linux/a.h": []}}).close()
    gone = "gone from user space's headers after v4.2, by v4.4\n"
    assert kscan("has", "X", "--in", "v4.4").stdout == f"X: not in v4.4, {gone}"
    assert kscan("when", "X").stdout.partition("\n")[0] + "\n" == (
        f"X: in v4.2 or earlier (no older release was scanned for it), {gone}"
    )


def test_usage_is_wrong_where_nobody_can_be_told() -> None:
    for where in ("2>&-", "2>/dev/full"):
        command = ["sh", "-c", f"{sys.executable} -m kscan when {where}"]
        done = subprocess.run(command, check=False, stdout=subprocess.PIPE)
        assert done.returncode == 2
        assert b"damaged" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (
            "fetch v4.2 --from {linux} --permalink https://x/{{foo}}/{{path}}",
            2,
            "--permalink: {{foo}} is none of {{tag}} {{path}}",
        ),
        ("fetch v4.2 --from {linux} --permalink https://x/{{path}}{{line", 2, "--permalink: {{line is none of"),
        (
            "fetch v4.2 --from {linux} --permalink 'https://x/{{path}}\n'",
            2,
            "--permalink: a control character in it; is a line's end quoted with it?",
        ),
        (
            "fetch v4.2 --from {linux} --permalink https://x/",
            2,
            "--permalink: an address of lines has {{path}} in it",
        ),
        ("dataset build v4.2 --from {linux} --profile arm64", 2, "--profile arm64: what ships is of x86-64"),
        ("verify --repo {linux} --profile arm64", 2, "--profile arm64: what ships is of x86-64"),
        (
            "fetch v*-rc* --from {linux}",
            1,
            "no release v*-rc* in {linux}; patterns mean final releases; name what you want: v4.4-rc1",
        ),
        (
            "fetch v4.* --from http://127.0.0.1:9/{{tag}}/{{path}}",
            1,
            "cannot list tags, and v4.* is a pattern; name each tag",
        ),
    ],
)
def test_what_cannot_be_meant_is_one_line(arguments: str, code: int, said: str, tmp_path: Path) -> None:
    linux = make_history(tmp_path / "linux.git", {tag: kernel("v4.2") for tag in ("v4.2", "v4.4-rc1")})
    done = kscan(*shlex.split(arguments.format(linux=linux)), home=tmp_path / "home")
    assert (done.returncode, done.stdout) == (code, "")
    assert said.format(linux=linux) in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "home" / "kscan.sqlite").exists() or code == 1


def test_headers_that_nothing_has_are_told(tmp_path: Path) -> None:
    tree = write_tree(tmp_path / "tree", kernel("v4.2"))
    there, not_there = ("linux/bpf.h", "linux/b*.h", "net/core/*.c"), ("linux/tpc.h", "linux/tp*.h")
    asked = [f"--headers={word}" for word in (*there, *not_there)]
    done = kscan("scan", str(tree), "--as", "here", *asked, home=tmp_path)
    said = "".join(f"--headers {word}: nothing of it in here\n" for word in not_there)
    assert (done.returncode, done.stderr) == (0, f"{said}here: read\n")


@pytest.mark.parametrize("sublevel", ["5a", "$(V)", "1.2"])
def test_a_version_that_is_none_keeps_no_tree_unread(sublevel: str, tmp_path: Path) -> None:
    files = kernel("v4.2") | {"Makefile": f"VERSION = 4\nPATCHLEVEL = 2\nSUBLEVEL = {sublevel}\n"}
    done = kscan("scan", str(write_tree(tmp_path / "tree", files)), "--as", "here", home=tmp_path / "home")
    assert (done.returncode, done.stderr) == (0, "here: read\n")


def test_what_is_made_with_a_kernel_is_not_known_of_a_tree() -> None:
    made = Made({"linux/version.h": [fact("LINUX_VERSION_CODE", 1)]}, is_label=True)
    history({"v4.2": {"linux/a.h": []}, "here": made}).close()
    assert [kscan("has", "LINUX_VERSION_CODE", "--in", tag).returncode for tag in ("here", "v4.2")] == [0, 3]
    done = kscan("needs", "LINUX_VERSION_CODE", "--max", "v4.2")
    assert "None" not in done.stderr


def test_releases_and_labels_are_forgotten_all_or_none() -> None:
    history(
        {"v4.2": {"linux/a.h": []}, "v4.3": {"linux/a.h": [fact("X")]}, "mine": Made({}, is_label=True)}
    ).close()
    wrong = kscan("forget", "mine", "v4.9")
    assert (wrong.returncode, wrong.stderr) == (
        1, "kscan: no release v4.9 in what was fetched or scanned; near: v4.2, v4.3\n",
    )  # fmt: skip
    assert len(json.loads(kscan("releases", "--format", "json").stdout)) == 3
    done = kscan("forget", "v4.2", "mine")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "v4.2: forgotten\nmine: forgotten\n")
    assert [row["tag"] for row in json.loads(kscan("releases", "--format", "json").stdout)] == ["v4.3"]
    assert kscan("when", "X").stdout.startswith("X: in v4.3 or earlier")


def test_a_release_of_another_profile_is_not_forgotten() -> None:
    history({"v4.2": {"linux/a.h": [fact("X")]}, "v4.3": {"linux/a.h": [fact("X")]}}).close()
    with Store() as store:
        enter(store, "v4.2", Made({"linux/a.h": [fact("X", 2)]}, profile="i386"))
    assert kscan("forget", "v4.3", "--profile", "i386").returncode == 1
    assert kscan("forget", "v4.2", "--profile", "i386").returncode == 0
    assert [row["tag"] for row in json.loads(kscan("releases", "--format", "json").stdout)] == ["v4.2", "v4.3"]
    assert kscan("releases", "--profile", "i386").returncode == 1


def test_nothing_is_forgotten_where_nothing_was_fetched(tmp_path: Path) -> None:
    done = kscan("forget", "v4.2", home=tmp_path / "none")
    assert (done.returncode, "nothing was fetched or scanned yet" in done.stderr) == (1, True)
    assert not (tmp_path / "none").exists()
