"""Small kernels of our own text, with real constructs on real line numbers, as a git history.

`python -m tests.kernels FOLDER` makes the history as a bare repository, to fetch from.
"""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

# Every commit the same, wherever and whenever it is made.
_WHO = {
    "GIT_AUTHOR_NAME": "kscan",
    "GIT_AUTHOR_EMAIL": "kscan@example.org",
    "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
    "GIT_COMMITTER_NAME": "kscan",
    "GIT_COMMITTER_EMAIL": "kscan@example.org",
    "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
}

Files = Mapping[str, str]


def placed(blocks: Mapping[int, str]) -> str:
    """A file in which each block begins at its line; the lines between say nothing."""
    lines: list[str] = []
    for first, block in sorted(blocks.items()):
        assert len(lines) < first, f"line {first} is taken"
        lines += [""] * (first - 1 - len(lines))
        lines += block.strip("\n").split("\n")
    return "\n".join(lines) + "\n"


def makefile(version: str) -> str:
    """The head of a kernel's Makefile."""
    numbers = (version.lstrip("v").split("-")[0] + ".0.0").split(".")
    extra = version[version.index("-") :] if "-" in version else ""
    return (
        f"VERSION = {numbers[0]}\nPATCHLEVEL = {numbers[1]}\nSUBLEVEL = {numbers[2]}\nEXTRAVERSION = {extra}\n"
    )


# What bpf.h and its neighbours include; the words are ours.
_SUPPORT: dict[str, str] = {
    "include/uapi/linux/types.h": "#ifndef OUR_TYPES\n#define OUR_TYPES\n#include <asm/types.h>\n"
    "#include <linux/posix_types.h>\ntypedef __u16 __be16;\ntypedef __u32 __be32;\n#endif\n",
    "include/uapi/linux/posix_types.h": "#ifndef OUR_POSIX\n#define OUR_POSIX\ntypedef unsigned long __kernel_ulong_t;\n#endif\n",
    "include/uapi/asm-generic/types.h": "#ifndef OUR_GENERIC_TYPES\n#define OUR_GENERIC_TYPES\n"
    "typedef signed char __s8;\ntypedef unsigned char __u8;\ntypedef signed short __s16;\n"
    "typedef unsigned short __u16;\ntypedef signed int __s32;\ntypedef unsigned int __u32;\n"
    "typedef signed long long __s64;\ntypedef unsigned long long __u64;\n#endif\n",
    "include/uapi/linux/ioctl.h": "#ifndef OUR_IOCTL\n#define OUR_IOCTL\n"
    "#define _IOC(d, t, n, s) (((d) << 30) | ((s) << 16) | ((t) << 8) | (n))\n"
    "#define _IO(t, n) _IOC(0U, (t), (n), 0)\n#define _IOW(t, n, a) _IOC(1U, (t), (n), sizeof(a))\n#endif\n",
    "arch/x86/include/uapi/asm/socket.h": "#include <asm-generic/socket.h>\n",
}

_FANOUT = {
    "v4.2": (59, "HASH LB CPU ROLLOVER RND QM"),
    "v4.3": (60, "HASH LB CPU ROLLOVER RND QM CBPF EBPF"),
    "v5.6": (62, "HASH LB CPU ROLLOVER RND QM CBPF EBPF"),
}


def _if_packet(version: str) -> str:
    first, modes = _FANOUT[version]
    block = "\n".join(f"#define PACKET_FANOUT_{mode} {value}" for value, mode in enumerate(modes.split()))
    return placed({1: "#ifndef OUR_IF_PACKET\n#define OUR_IF_PACKET\n#include <linux/types.h>", first: block,
                   first + 20: "struct our_packet {\n\t__u16 family;\n\t__be16 protocol;\n\tint index;\n};\n#endif"})  # fmt: skip


def _function(head: str, body: str) -> str:
    return f"static unsigned int {head}(struct packet_fanout *f,\n\t\tstruct sk_buff *skb,\n\t\tunsigned int num)\n{{\n{body}\n}}"


def _switch(policies: str) -> str:
    """The switch that serves fanout, of `mode:policy` words; modes joined by + share a policy."""
    cases = ""
    for word in policies.split():
        modes, _, policy = word.partition(":")
        cases += "".join(f"\tcase PACKET_FANOUT_{mode}:\n" for mode in modes.split("+"))
        cases += f"\t\tidx = fanout_demux_{policy}(f, skb, num);\n\t\tbreak;\n"
    head = (
        "static int packet_rcv_fanout(struct packet_fanout *f, struct sk_buff *skb)\n{\n\tswitch (f->type) {\n"
    )
    return f"{head}{cases}\t}}\n\treturn idx;\n}}"


_AF_PACKET = {
    "v4.2": {
        1355: _function("fanout_demux_cpu", "\treturn smp_processor_id() % num;"),
        1408: _function("fanout_demux_qm", "\treturn skb_get_queue_mapping(skb) % num;"),
        1420: _switch("CPU:cpu QM:qm"),
    },
    "v4.3": {
        1356: _function("fanout_demux_cpu", "\treturn smp_processor_id() % num;"),
        1409: _function("fanout_demux_qm", "\treturn skb_get_queue_mapping(skb) % num;"),
        1416: "static unsigned int fanout_demux_bpf(struct packet_fanout *f,\n\t\tstruct sk_buff *skb,\n\t\tunsigned int num)\n{",
        1426: "\t\tret = BPF_PROG_RUN(prog, skb) % num;",
        1429: "\treturn ret;\n}",
        1440: _switch("CPU:cpu QM:qm CBPF+EBPF:bpf"),
    },
    "v5.6": {
        1394: "static unsigned int fanout_demux_bpf(struct packet_fanout *f,\n\t\tstruct sk_buff *skb,\n\t\tunsigned int num)\n{",
        1404: "\t\tret = bpf_prog_run_clear_cb(prog, skb) % num;",
        1407: "\treturn ret;\n}",
        1420: _switch("CBPF+EBPF:bpf"),
    },
}  # fmt: skip

_INSN = """
struct bpf_insn {
	__u8	code;
	__u8	dst_reg:4;
	__u8	src_reg:4;
	__s16	off;
	__s32	imm;
};"""
_FILTER = "struct sock_filter {\n\t__u16\tcode;\n\t__u8\tjt;\n\t__u8\tjf;\n\t__u32\tk;\n};"
_EXIT_INSN = """
#define BPF_EXIT_INSN()					\\
	((struct bpf_insn) {				\\
		.code  = BPF_JMP | BPF_EXIT,		\\
		.dst_reg = 0,				\\
		.src_reg = 0,				\\
		.off   = 0,				\\
		.imm   = 0 })"""
_HELPERS = """
enum bpf_func_id {
	BPF_FUNC_unspec,
	BPF_FUNC_map_lookup_elem,
	BPF_FUNC_map_update_elem,
	__BPF_FUNC_MAX_ID,
};"""
_MAPPED_HELPERS = """
#define OUR_FUNC_MAPPER(FN)		\\
	FN(unspec),			\\
	FN(map_lookup_elem),		\\
	FN(map_update_elem),		\\
	FN(map_delete_elem),
#define OUR_ENUM_FN(x) BPF_FUNC_ ## x
enum bpf_func_id {
	OUR_FUNC_MAPPER(OUR_ENUM_FN)
	__BPF_FUNC_MAX_ID,
};"""


def _bpf(version: str) -> str:
    new = version == "v5.6"
    guard = "#ifndef OUR_BPF\n#define OUR_BPF\n#include <linux/types.h>\n#include <linux/bpf_common.h>"
    guard += "\nenum bpf_cmd {\n\tBPF_PROG_LOAD = 5,\n};"
    if new:
        return placed({1: guard, 44: "#define BPF_EXIT\t0x90", 65: _INSN, 80: "enum {\n\tBPF_ANY = 0,\n};",
                       100: _MAPPED_HELPERS + "\n#endif"})  # fmt: skip
    return placed({1: guard, 37: "#define BPF_EXIT\t0x90", 58: _INSN, 80: "#define BPF_ANY\t0",
                   100: _HELPERS + "\n#endif"})  # fmt: skip


def _bpf_common(version: str) -> str:
    down = 1 if version == "v5.6" else 0
    return placed({1: "#ifndef OUR_COMMON\n#define OUR_COMMON", 11 + down: "#define BPF_JMP 0x05\n#define BPF_RET 0x06",
                   48 + 2 * down: "#define BPF_K 0x00\n#endif"})  # fmt: skip


def _uapi_filter(version: str) -> str:
    down = 1 if version == "v5.6" else 0
    guard = "#ifndef OUR_FILTER\n#define OUR_FILTER\n#include <linux/types.h>\n#include <linux/bpf_common.h>"
    stmt = "#define BPF_STMT(code, k) { (unsigned short)(code), 0, 0, k }\n#endif"
    return placed({1: guard, 23 + down: _FILTER, 48 + down: stmt})


_SOCKET = placed(
    {
        1: "#ifndef OUR_SOCKET\n#define OUR_SOCKET",
        40: "#define SO_ATTACH_FILTER 26",
        87: "#define SO_ATTACH_BPF 50\n#endif",
    }
)
_TUN = "#include <linux/types.h>\n#include <linux/filter.h>\n#define TUNSETNOCSUM _IOW('T', 200, int)\n"

# The opcode tables: what the interpreter jumps to, what bpf(2) lets through, what a socket filter may have.
_CORE = """
static u64 ___run(u64 *regs, const struct bpf_insn *insn)
{
	static const void *jumptable[256] = {
		[0 ... 255] = &&default_label,
		[BPF_JMP | BPF_EXIT] = &&JMP_EXIT,
	};
	goto *jumptable[insn->code];
}
"""
_PUBLIC = """
bool bpf_opcode_in_insntable(u8 code)
{
	static const bool public_insntable[256] = {
		[BPF_JMP | BPF_EXIT] = true,
	};
	return public_insntable[code];
}
"""
_ALLOWED = """
static bool chk_code_allowed(u16 code_to_probe)
{
	static const bool codes[] = {
		[BPF_RET | BPF_K] = true,
	};
	return codes[code_to_probe];
}
"""


def kernel(version: str, exact: str | None = None) -> dict[str, str]:
    """The files of one of our releases: v4.2, v4.3 or v5.6, on the lines that the real ones have."""
    return {
        **_SUPPORT,
        "Makefile": makefile(exact or version),
        "include/uapi/linux/if_packet.h": _if_packet(version),
        "include/uapi/linux/if_tun.h": _TUN,
        "include/uapi/linux/bpf.h": _bpf(version),
        "include/uapi/linux/bpf_common.h": _bpf_common(version),
        "include/uapi/linux/filter.h": _uapi_filter(version),
        "include/uapi/asm-generic/socket.h": _SOCKET,
        "include/linux/filter.h": placed({366 if version == "v5.6" else 272: _EXIT_INSN}),
        "net/packet/af_packet.c": placed(_AF_PACKET[version]),
        "net/core/filter.c": _ALLOWED,
        "kernel/bpf/core.c": _CORE + (_PUBLIC if version == "v5.6" else ""),
        "drivers/unrelated/other.c": "int nothing;\n" * 2000,
    }


HISTORY = ("v4.2", "v4.3", "v5.6")


def make_history(folder: Path, releases: Mapping[str, Files] | None = None) -> Path:
    """A bare repository in `folder` with a commit and a tag for each release; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    _git(folder, "init", "--bare", "--quiet", "--initial-branch=master", ".")
    for key in ("uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"):
        _git(folder, "config", key, "true")
    parent: list[str] = []
    for tag, files in (releases or {version: kernel(version) for version in HISTORY}).items():
        listing = "".join(f"100644 {_blob(folder, text)}\t{path}\n" for path, text in sorted(files.items()))
        (folder / "index.kscan").unlink(missing_ok=True)
        environment = {"GIT_INDEX_FILE": str(folder / "index.kscan")}
        _git(folder, "update-index", "--add", "--index-info", stdin=listing, **environment)
        tree = _git(folder, "write-tree", **environment)
        commit = _git(folder, "commit-tree", tree, "-m", tag, *parent)
        parent = ["-p", commit]
        _git(folder, "tag", "-a", "-m", tag, tag, commit)
        _git(folder, "update-ref", "refs/heads/master", commit)
    (folder / "index.kscan").unlink(missing_ok=True)
    return folder


def write_tree(folder: Path, files: Files) -> Path:
    """The files of a release as a folder."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def _blob(folder: Path, text: str) -> str:
    return _git(folder, "hash-object", "-w", "--stdin", stdin=text)


def _git(folder: Path, *arguments: str, stdin: str = "", **environment: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, input=stdin, capture_output=True, text=True, check=False,
        env={"PATH": "/usr/bin:/bin:/usr/local/bin", "HOME": str(folder), **_WHO, **environment},
    )  # fmt: skip
    assert done.returncode == 0, f"git {' '.join(arguments)} in {folder}: {done.stderr}"
    return done.stdout.strip()


if __name__ == "__main__":
    print(make_history(Path(sys.argv[1])))
