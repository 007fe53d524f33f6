"""Trees: folders, tarballs and packages in every form people have them, and what is refused."""

import bz2
import gzip
import io
import lzma
import os
import random
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from kscan.blobs import blob_id
from kscan.cli import main
from kscan.errors import SourceError
from kscan.history import History
from kscan.rows import Row
from kscan.sources.choose import tree_source
from tests.kernels import HISTORY, kernel, write_tree
from tests.sources.scanning import SMALL, bring_tree, entered, one_line

ROOT = "linux-4.3/"
SOURCE = {ROOT + path: text for path, text in kernel("v4.3").items()}


def installed(root: str = "", asm: str = "x86_64-linux-gnu/asm") -> dict[str, str]:
    """Our v5.6 as `make headers_install` leaves it; asm/ where a distribution puts it."""
    files = {root + "linux/version.h": f"#define LINUX_VERSION_CODE {5 << 16 | 6 << 8 | 19}\n"}
    for path, text in kernel("v5.6").items():
        if path.startswith("include/uapi/"):
            files[root + path.removeprefix("include/uapi/")] = text
    files[f"{root}{asm}/types.h"] = "#include <asm-generic/types.h>\n"
    files[f"{root}{asm}/socket.h"] = "#include <asm-generic/socket.h>\n"
    return files


@dataclass
class Member:
    """What a tar archive can hold beside files: links (`to`), devices, sizes that are no file's."""

    kind: bytes = tarfile.REGTYPE
    to: str = ""
    size: int = 0
    data: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def link(to: str) -> Member:
    return Member(tarfile.SYMTYPE, to)


def hard_link(to: str) -> Member:
    return Member(tarfile.LNKTYPE, to)


Tar = Mapping[str, str | Member]


def tar(members: Tar) -> bytes:
    """An archive of these members, in this order."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, given in members.items():
            entry = tarfile.TarInfo(name)
            member = Member(data=given.encode()) if isinstance(given, str) else given
            entry.type, entry.linkname, entry.pax_headers = member.kind, member.to, member.headers
            entry.size = member.size or len(member.data)
            archive.addfile(entry, io.BytesIO(member.data or bytes(entry.size)))
    return out.getvalue()


def ar(members: Mapping[str, bytes]) -> bytes:
    out = b"!<arch>\n"
    for name, data in members.items():
        out += f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(data):<10}`\n".encode() + data
        out += b"\n" * (len(data) % 2)
    return out


def deb(data: bytes, name: str = "data.tar.xz") -> bytes:
    control = lzma.compress(tar({"./control": "Package: ours\n"}))
    return ar({"debian-binary": b"2.0\n", "control.tar.xz": control, name: data})


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "it.tar": bytes,
    "it.tar.xz": lzma.compress,
    "it.tar.gz": gzip.compress,
    "it.tgz": gzip.compress,
    "it.tar.bz2": bz2.compress,
    "it.deb": lambda data: deb(lzma.compress(data)),
    "gz.deb": lambda data: deb(gzip.compress(data), "data.tar.gz"),
    "plain.deb": lambda data: deb(data, "data.tar"),
    "slash.deb": lambda data: deb(lzma.compress(data), "data.tar.xz/"),
}


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def facts(rows: list[Row]) -> list[tuple[object, ...]]:
    """What holds wherever a tree was found: no permalink, no path."""
    return [tuple(v for k, v in row.items() if k not in ("permalink", "path")) for row in rows]


# Every form of a tree.


def test_a_source_folder_is_read(tmp_path: Path, expected: dict[str, list[Row]]) -> None:
    history = bring_tree(tree_source(str(write_tree(tmp_path / "linux", kernel("v4.3")))), "mine")
    rows = history.at("mine")
    assert facts(rows) == facts(expected["v4.3"])
    assert {row["permalink"] for row in rows} == {None}


@pytest.mark.parametrize("form", PACKED)
def test_a_packed_source_tree_is_read(form: str, tmp_path: Path, expected: dict[str, list[Row]]) -> None:
    path = write(tmp_path / form, PACKED[form](tar(SOURCE)))
    history = bring_tree(tree_source(str(path)), "mine")
    assert facts(history.at("mine")) == facts(expected["v4.3"])
    assert [(row["tag"], row["exact"], row["source"]) for row in entered()] == [("mine", "v4.3", str(path))]


def test_a_package_with_a_source_tarball_is_read(tmp_path: Path, expected: dict[str, list[Row]]) -> None:
    """As linux-source-6.1 of Debian is."""
    out = io.BytesIO()
    inner = lzma.compress(tar({f"linux-source-4.3/{path}": text for path, text in kernel("v4.3").items()}))
    with tarfile.open(fileobj=out, mode="w") as archive:
        entry = tarfile.TarInfo("./usr/src/linux-source-4.3.tar.xz")
        entry.size = len(inner)
        archive.addfile(entry, io.BytesIO(inner))
    history = bring_tree(tree_source(str(write(tmp_path / "it.deb", deb(out.getvalue(), "data.tar")))), "mine")
    assert facts(history.at("mine")) == facts(expected["v4.3"])


def uapi(rows: list[Row]) -> list[tuple[object, ...]]:
    return facts([row for row in rows if row["scope"] == "uapi"])


def test_installed_headers_are_read(tmp_path: Path, expected: dict[str, list[Row]]) -> None:
    history = bring_tree(tree_source(str(write_tree(tmp_path / "include", installed()))), "here")
    assert facts(history.at("here")) == uapi(expected["v5.6"])
    assert [(row["tag"], row["exact"]) for row in entered()] == [("here", "v5.6.19")]


def test_what_another_library_installs_is_not_the_kernels(
    tmp_path: Path, expected: dict[str, list[Row]]
) -> None:
    """As /usr/include, where the C library's headers lie: they ask what no kernel header defines."""
    files = installed()
    files["x86_64-linux-gnu/asm/types.h"] = "#include <stdint.h>\n#include <asm-generic/types.h>\n"
    files["stdint.h"] = "#include <bits/types.h>\n"
    files["bits/types.h"] = "#if LIBC_USE (EXTENSIONS)\n#endif\n"
    history = bring_tree(tree_source(str(write_tree(tmp_path / "include", files))), "here")
    assert facts(history.at("here")) == uapi(expected["v5.6"])


def test_installed_headers_whose_asm_lies_beside_them(tmp_path: Path, expected: dict[str, list[Row]]) -> None:
    """As /usr/include of Debian 13, where asm leads to /usr/lib/linux/uapi/x86/asm."""
    write_tree(tmp_path / "usr", installed("include/", asm="../lib/linux/uapi/x86/asm"))
    folder = tmp_path / "usr/include/x86_64-linux-gnu"
    folder.mkdir()
    (folder / "asm").symlink_to("../../lib/linux/uapi/x86/asm")
    history = bring_tree(tree_source(str(tmp_path / "usr/include")), "debian-13")
    assert facts(history.at("debian-13")) == uapi(expected["v5.6"])


# Links.

ASM = "lib/linux/uapi/x86/asm"
DEBIAN_13 = installed("usr/include/", asm=f"../{ASM}")
DEBIAN_13 = {path.replace("usr/include/../", "usr/"): text for path, text in DEBIAN_13.items()}
AT = "usr/include/x86_64-linux-gnu/asm"
PLAIN = {path: text for path, text in DEBIAN_13.items() if not path.startswith("usr/lib/")}


def prefixed(members: Tar) -> Tar:
    return {f"./{name}": member for name, member in members.items()}


@pytest.mark.parametrize(
    "links",
    [
        {**DEBIAN_13, AT: link("../../lib/linux/uapi/x86/asm")},
        prefixed({**DEBIAN_13, AT: link("../../lib/linux/uapi/x86/asm")}),
        {AT: link("../../lib/linux/uapi/x86/asm"), **DEBIAN_13},
        {**DEBIAN_13, AT: link("./../../lib//linux/uapi/x86/asm/")},
        {**DEBIAN_13, f"{AT}/types.h": link("../../../lib/linux/uapi/x86/asm/types.h"),
         f"{AT}/socket.h": link("../../../lib/linux/uapi/x86/asm/socket.h")},
        {**DEBIAN_13, f"{AT}/types.h": hard_link(f"usr/{ASM}/types.h"),
         f"{AT}/socket.h": hard_link(f"usr/{ASM}/socket.h")},
        prefixed({**DEBIAN_13, f"{AT}/types.h": hard_link(f"./usr/{ASM}/types.h"),
                  f"{AT}/socket.h": hard_link(f"./usr/{ASM}/socket.h")}),
        {**{"/" + name: text for name, text in DEBIAN_13.items()},
         f"/{AT}/types.h": hard_link(f"/usr/{ASM}/types.h"),
         f"/{AT}/socket.h": hard_link(f"/usr/{ASM}/socket.h")},
        {**DEBIAN_13, AT: link("../other/asm"), "usr/include/other": link("third"),
         "usr/include/third": link("../lib/linux/uapi/x86")},
        {**DEBIAN_13, f"usr/{ASM}/types.h": link("../generic/types.h"),
         "usr/lib/linux/uapi/x86/generic/types.h": "#include <asm-generic/types.h>\n",
         AT: link("../../lib/linux/uapi/x86/asm")},
        {**PLAIN, f"{AT}/types.h": link("one.h"), f"{AT}/one.h": link("two.h"),
         f"{AT}/two.h": "#include <asm-generic/types.h>\n",
         f"{AT}/socket.h": "#include <asm-generic/socket.h>\n"},
    ],
    ids=["folder", "with dots", "before its target", "odd spelling", "files", "hard", "hard with dots",
         "hard from the root", "chain of folders", "file in a linked folder", "chain of files"],
)  # fmt: skip
def test_links_inside_an_archive_are_followed(
    links: Tar, tmp_path: Path, expected: dict[str, list[Row]]
) -> None:
    path = write(tmp_path / "it.deb", deb(lzma.compress(tar(links))))
    history = bring_tree(tree_source(str(path)), "debian-13")
    assert facts(history.at("debian-13")) == uapi(expected["v5.6"])


def test_a_source_that_is_a_hard_link_is_a_file(tmp_path: Path) -> None:
    """As in an archive of two trees of which one was made with cp -al."""
    name = ROOT + "net/packet/af_packet.c"
    members: Tar = {"copy/af_packet.c": SOURCE[name], **SOURCE, name: hard_link("copy/af_packet.c")}
    source = tree_source(str(write(tmp_path / "it.tar", tar(members))))
    assert source.files("", ())[name] == blob_id(SOURCE[name].encode())


def test_a_folder_that_leads_to_itself_ends(tmp_path: Path) -> None:
    path = write(tmp_path / "it.tar", tar({**SOURCE, ROOT + "include/self": link(".")}))
    bring_tree(tree_source(str(path)), "mine", SMALL)
    folder = write_tree(tmp_path / "linux", kernel("v4.3"))
    (folder / "include/self").symlink_to(".")
    (folder / "include/up").symlink_to("../..")
    bring_tree(tree_source(str(folder)), "mine", SMALL)


H = ROOT + "include/uapi/linux/evil.h"
LARGE = 16 * 2**20 + 1


@pytest.mark.parametrize("pack", ["it.tar.xz", "it.deb"])
@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({H: link("/etc/passwd")}, "leads out of the tree"),
        ({H: link("../../../../../etc/passwd")}, "leads out of the tree"),
        ({H: hard_link("../etc/passwd")}, "leads out of the archive"),
        ({ROOT + "include/evil": link("/etc")}, "leads out of the tree"),
        ({ROOT + "include/evil": link("../../..")}, "leads out of the tree"),
        ({ROOT + "include/a": link("b"), ROOT + "include/b": link("../../../etc")}, "leads out of the tree"),
        ({H: link("evil.h")}, "leads to itself"),
        ({H: link("other.h"), H.replace("evil", "other"): link("evil.h")}, "leads to itself"),
        ({ROOT + "include/a": link("b"), ROOT + "include/b": link("a")}, "leads to itself"),
        ({"../evil.h": "int evil;\n"}, "leads out of the archive"),
        ({"linux-4.3/../../evil.h": "int evil;\n"}, "leads out of the archive"),
        ({"..": Member(tarfile.DIRTYPE)}, "leads out of the archive"),
        ({H: Member(size=LARGE)}, "too large"),
    ],
)  # fmt: skip
def test_what_leads_out_or_never_ends_is_refused(
    members: Tar, said: str, pack: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / pack, PACKED[pack](tar({**SOURCE, **members})))
    assert main(["scan", str(path), "--as", "evil"]) == 1
    line = one_line(capsys.readouterr().err)
    assert line.startswith(f"{path}: ")
    assert said in line
    assert entered() == []


def test_what_is_no_file_is_passed_over(tmp_path: Path, expected: dict[str, list[Row]]) -> None:
    kinds = {"null": tarfile.CHRTYPE, "disk": tarfile.BLKTYPE, "pipe": tarfile.FIFOTYPE, "dir": tarfile.DIRTYPE}
    odd = {f"{ROOT}include/uapi/linux/{name}.h": Member(kind) for name, kind in kinds.items()}
    source = tree_source(str(write(tmp_path / "it.tar.gz", gzip.compress(tar({**SOURCE, **odd})))))
    assert not {path for path in source.files("", ()) if path in odd}
    folder = write_tree(tmp_path / "linux", kernel("v4.3"))
    os.mkfifo(folder / "include/uapi/linux/pipe.h")
    (folder / "include/uapi/linux/gone.h").symlink_to("nowhere.h")
    (folder / "include/uapi/linux/round.h").symlink_to("round.h")
    for tree in (source, tree_source(str(folder))):
        assert facts(bring_tree(tree, "mine").at("mine")) == facts(expected["v4.3"])


def test_a_link_out_of_a_folder_is_not_followed(tmp_path: Path) -> None:
    folder = write_tree(tmp_path / "linux", kernel("v4.3"))
    write_tree(tmp_path / "outside", {"secret.h": "#define OUR_SECRET 1\n"})
    (folder / "include/uapi/linux/file.h").symlink_to(tmp_path / "outside/secret.h")
    (folder / "include/uapi/linux/folder").symlink_to(tmp_path / "outside")
    paths = tree_source(str(folder)).files("", ())
    assert not {path for path in paths if path.endswith(("file.h", "secret.h"))}


# Damage.


def damaged() -> Iterator[tuple[str, str, bytes]]:
    """Name of a case, of a file, and its content."""
    noise = random.Random(1).randbytes(5000)
    for name in ("it.tar", "it.tar.xz", "it.tar.gz", "it.tar.bz2", "it.deb", "gz.deb", "plain.deb"):
        whole = PACKED[name](tar(SOURCE))
        for share in (0.02, 0.3, 0.6):
            yield f"{name} cut at {share}", name, whole[: int(len(whole) * share)]
        yield f"{name} empty", name, b""
        yield f"{name} noise", name, noise
        if name in ("it.tar", "plain.deb"):
            continue  # nothing in these tells of a change, and they end in zeros
        yield f"{name} without its last bytes", name, whole[:-9]
        half = len(whole) // 2
        yield f"{name} noise inside", name, whole[:half] + noise[:512] + whole[half + 512 :]
    blocks = tar(SOURCE)
    yield (
        "cut between two members",
        "it.tar",
        blocks[: blocks.index(f"{ROOT}include/uapi/linux/bpf.h".encode())],
    )
    yield "zeros", "it.tar", b"\0" * 3
    yield "no data", "it.deb", ar({"debian-binary": b"2.0\n"})
    for size in ("-60", "-100", "x", "", "9999999999"):
        yield f"size {size!r}", "it.deb", f"!<arch>\n{'other':<16}{0:<32}{size:<10}`\n".encode() + deb(b"")[8:]
    negative = tarfile.TarInfo("x.h").tobuf(tarfile.GNU_FORMAT)[:124] + b"\xff" * 11 + b"\0" + b"0" * 8
    head = bytearray(negative + tarfile.TarInfo("x.h").tobuf(tarfile.GNU_FORMAT)[144:])
    head[148:156] = b" " * 8
    head[148:156] = f"{sum(head):06o}\0 ".encode()
    yield "a member of negative size", "it.tar", bytes(head) + blocks
    yield "the same in a pax header", "it.tar", tar({"x.h": Member(headers={"size": "-512"})}) + blocks


DAMAGED = {case: (name, data) for case, name, data in damaged()}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("case", DAMAGED)
def test_damage_is_one_clear_line_and_nothing_is_entered(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name, data = DAMAGED[case]
    path = write(tmp_path / name, data)
    assert main(["scan", str(path), "--as", "broken"]) == 1
    line = one_line(capsys.readouterr().err)
    assert line.startswith(f"{path}: not a readable archive: ")
    assert line.endswith("expected .tar.xz, .tar.gz or .deb")
    assert entered() == []


def test_one_wrong_bit_in_a_gz_is_noticed(tmp_path: Path) -> None:
    """Stored, not deflated: nothing but the sum at the end tells that a value changed."""
    whole = gzip.compress(tar(SOURCE), compresslevel=0)
    path = write(tmp_path / "it.tar.gz", whole.replace(b"SO_ATTACH_BPF 50", b"SO_ATTACH_BPF 51"))
    with pytest.raises(SourceError, match="not a readable archive"):
        tree_source(str(path))


def test_zstd_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "it.deb", deb(b"\x28\xb5\x2f\xfd", "data.tar.zst"))
    assert main(["scan", str(path), "--as", "ubuntu"]) == 1
    assert "compressed with zstd; unpack it (dpkg-deb -x)" in one_line(capsys.readouterr().err)


@pytest.mark.parametrize("name", ["nothing", "x" * 300, "a/b/c"])
def test_a_path_that_is_not_there(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scan", str(tmp_path / name), "--as", "mine"]) == 1
    assert one_line(capsys.readouterr().err).startswith(f"{tmp_path / name}: ")


@pytest.mark.parametrize("files", [{}, {"readme": "x"}, {"a.h": "x"}, {"Makefile": "VERSION = 4\n"}])
def test_a_folder_that_is_no_kernel(
    files: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "it").mkdir()
    assert main(["scan", str(write_tree(tmp_path / "it", files)), "--as", "mine"]) == 1
    assert "no linux/ headers in it" in one_line(capsys.readouterr().err)
    assert entered() == []


@contextmanager
def nobody() -> Iterator[None]:
    """As someone who may not read everything, though the tests may run as root."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(before)


@pytest.mark.parametrize("closed", ["", "include/uapi/linux", "include/uapi/linux/bpf.h"])
def test_what_may_not_be_read_is_not_taken_for_absent(closed: str) -> None:
    with TemporaryDirectory() as outside:  # pytest's own folders are closed to others
        Path(outside).chmod(0o755)
        folder = write_tree(Path(outside, "linux"), kernel("v4.3"))
        (folder / closed).chmod(0)
        with nobody(), pytest.raises(SourceError, match="cannot be read: Permission denied"):
            tree_source(str(folder))
        (folder / closed).chmod(0o755)


# Labels.


def test_a_second_scan_under_a_label_replaces_the_first(tmp_path: Path) -> None:
    for tag in HISTORY:
        folder = write_tree(tmp_path / tag, kernel(tag))
        history = bring_tree(tree_source(str(folder)), "mine", SMALL)
        assert [(row["tag"], row["exact"], row["source"]) for row in entered()] == [("mine", tag, str(folder))]
    assert {row["line"] for row in history.at("mine", "PACKET_FANOUT_HASH")} == {62}


def test_a_failed_scan_leaves_the_label_as_it_was(tmp_path: Path) -> None:
    history = bring_tree(tree_source(str(write_tree(tmp_path / "linux", kernel("v4.3")))), "mine", SMALL)
    before = entered(), history.at("mine")
    other = write_tree(tmp_path / "other", {"include/uapi/linux/tcp.h": "#define OUR_TCP 1\n"})
    assert main(["scan", str(other), "--as", "mine"]) == 1
    assert (entered(), History().at("mine")) == before


@pytest.mark.parametrize("label", ["debian-13", "v4.3", "6.1.0-18-amd64"])
def test_a_label_is_never_on_the_mainline(label: str, tmp_path: Path) -> None:
    folder = write_tree(tmp_path / "linux", kernel("v4.3"))
    history = bring_tree(tree_source(str(folder)), label, SMALL)
    assert history.mainline == []
    (row,) = history.when("PACKET_FANOUT_EBPF")
    assert row["note"] == f"not on the scanned mainline; in {label}"


@pytest.mark.parametrize(
    "label",
    ["", " ", "\t", "\u3000", "a\nb", "a\x1b[31mb", "a\x07", "\u202edlo", "a\u2028b", "\udcff"],
    ids=ascii,
)
def test_a_label_that_nobody_could_ask_for_is_refused(
    label: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_tree(tmp_path / "linux", kernel("v4.3"))
    assert main(["scan", str(folder), f"--as={label}"]) == 2
    line = one_line(capsys.readouterr().err)
    assert line.startswith("--as '")
    assert line.endswith("a label is a word such as debian-12")
    assert line.isprintable()
    assert entered() == []


@pytest.mark.parametrize("label", ["Debian 12", "-odd", "añejo-6.1", "日本"], ids=ascii)
def test_a_label_may_be_any_name(label: str, tmp_path: Path) -> None:
    folder = write_tree(tmp_path / "linux", kernel("v4.3"))
    assert main(["scan", str(folder), "--headers", SMALL[0], f"--as={label}"]) == 0
    assert main(["has", "PACKET_FANOUT_EBPF", f"--in={label}"]) == 0
