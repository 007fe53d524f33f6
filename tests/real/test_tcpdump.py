"""cBPF text against tcpdump: the programs of filter expressions as `tcpdump -d` writes them, and any
instruction at all as the function of libpcap writes it that tcpdump calls for a line.

Run by `make test-real`. Link types are named, so that no interface is opened.
"""

import ctypes
import re
import shutil
import subprocess
from functools import cache
from itertools import product

import pytest

from kscan.bpf.cbpf_text import NotClassic, assemble_classic, disassemble_classic
from kscan.bpf.instruction import Classic, decode_classic, encode_classic

EXPRESSIONS = [
    "ip", "ip6", "arp", "rarp", "tcp", "udp", "icmp", "icmp6", "tcp port 80", "udp port 53", "port 443",
    "src port 1024", "dst port 22", "portrange 1000-2000", "host 192.168.1.1", "src host 10.0.0.1",
    "dst host 10.0.0.2", "net 10.0.0.0/8", "src net 172.16.0.0/12", "ether host 00:11:22:33:44:55",
    "ether src 00:11:22:33:44:55", "ether broadcast", "ether multicast", "ip broadcast or ip multicast",
    "ip6 multicast", "vlan", "vlan 100", "vlan 100 and tcp port 80", "vlan and vlan 300 and udp", "mpls",
    "mpls 1024", "pppoes", "pppoes and ip", "less 100", "greater 200", "len <= 60", "len > 1000 and len < 1400",
    "ip[0] & 0xf != 5", "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0", "tcp[13] = 2",
    "tcp[((tcp[12] & 0xf0) >> 2):4] = 0x47455420", "udp[4:2] > 100",
    "ip[2:2] - ((ip[0]&0xf)<<2) - ((tcp[12]&0xf0)>>2) != 0", "ip[8] * 2 = 128", "ip[8] / 3 = 5",
    "ip[8] % 7 = 1", "ip[8] ^ 0x55 = 3", "ip[8] | 0x80000000 = 3", "-ip[8] = 4", "ip[6:2] & 0x1fff = 0",
    "icmp[icmptype] = icmp-echo", "ip proto 47", "ip6 proto 58", "ip6 host 2001:db8::1", "not port 22",
    "tcp and not (src net 10.0.0.0/8 or dst net 10.0.0.0/8)", "ether proto 0x88cc", "ether[0] & 1 = 0",
    "ip[0]+ip[1] > ip[2]", "ip[ip[0]&0xf] = 3", "len + 5 > ip[3]", "(ip[0] | ip[1]) << ip[2] = 8",
    "(ip[0] & ip[1]) >> ip[2] = 8", "ip[0] * ip[1] / ip[2] % ip[3] ^ ip[4] >= ip[5]", "sctp port 5060",
    "geneve", "ether[-1048576:4] = 3", "ether[ip[0] - 4096] = 1", "ether[0:4] = 0x80000000",
    "ip[4:4] >= 0xffffffff", "ip6[6] = 0 and ip6 protochain 6", "iso", "stp", "atalk", "ipx",
    " or ".join(f"port {port}" for port in range(1, 200, 2)),
]  # fmt: skip
LINKS = ("RAW", "LINUX_SLL", "LINUX_SLL2", "IEEE802_11", "IEEE802_11_RADIO", "PPP", "NULL", "PPI", "FDDI")
# As libpcap's optimiser leaves it, and as it was generated: with the scratch memory.
OPTIMISED = {"optimised": (), "as generated": ("-O",)}
# Linux's extensions of the absolute load, by number; their places begin at -4096, one every four.
ANCILLARY = [
    "proto", "type", "ifidx", "nla", "nlan", "mark", "queue", "hatype", "rxhash", "cpu", "xor_x", "vlan_tci",
    "vlanp", "poff", "random", "vlan_tpid",
]  # fmt: skip
# What does not fit 31 bits; libpcap writes it as a signed number where it writes decimals.
LARGE = [
    "ip[0] * 3000000000 > 4", "ip[0] / 4000000000 > 1", "ip[1] + 4000000000 < 5", "ip[2] % 4000000000 = 5",
    "ether[ip[0] + 0xfffff000] = 1",
]  # fmt: skip
# Numbers about the edges of 32 bits, and of the places of the extensions.
NUMBERS = (
    0, 1, 14, 0x7FFF0000, 0x80000000, 0xFFFFFFFF, 0xFFFFEFFF, 0xFFFFF000, 0xFFFFF001, 0xFFFFF03C, 0xFFFFF040,
)  # fmt: skip

# What libpcap can make of expressions, by class.
MADE = {
    *(0x20, 0x28, 0x30, 0x40, 0x48, 0x50, 0x80, 0x00, 0x60),
    *(0x01, 0x61, 0xB1),
    *(0x02, 0x03),
    *(0x04, 0x14, 0x24, 0x34, 0x44, 0x54, 0x64, 0x74, 0x84, 0x94, 0xA4),
    *(0x0C, 0x1C, 0x2C, 0x3C, 0x4C, 0x5C, 0x6C, 0x7C, 0x9C, 0xAC),
    *(0x05, 0x15, 0x25, 0x35, 0x45, 0x1D, 0x2D, 0x3D),
    0x06,
    *(0x07, 0x87),
}
LDX_LEN = 0x81
# tax, txa, neg and ret of the accumulator have no operand; libpcap leaves in k what was there.
NO_OPERAND = {0x07, 0x87, 0x84, 0x16}

_STRUCT = re.compile(r"\{ 0x([0-9a-f]+), (\d+), (\d+), 0x([0-9a-f]{8}) \},")


@pytest.fixture(scope="module", autouse=True)
def tools() -> None:
    """What these tests need; a missing tool fails them by name."""
    assert shutil.which("tcpdump"), "tcpdump not installed; make deps names the packages"


@cache
def _tcpdump(form: str, expression: str, *options: str, link: str = "EN10MB") -> list[str]:
    command = ["tcpdump", "-y", link, *options, form, "--", expression]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def _program(expression: str, *options: str, link: str = "EN10MB") -> list[Classic]:
    """The program as numbers: `tcpdump -ddd`."""
    count, *rows = _tcpdump("-ddd", expression, *options, link=link)
    assert int(count) == len(rows)
    return [Classic(*map(int, row.split())) for row in rows]


def _taken(line: str) -> Classic | str:
    try:
        return assemble_classic(line)
    except NotClassic as why:
        return str(why)


def _compare(expression: str, *options: str, link: str = "EN10MB") -> None:
    """Text to numbers and back, against the three forms that tcpdump has for a program."""
    program = _program(expression, *options, link=link)
    lines = _tcpdump("-d", expression, *options, link=link)
    structs = [_STRUCT.fullmatch(line) for line in _tcpdump("-dd", expression, *options, link=link)]
    assert disassemble_classic(program) == [line.rstrip() for line in lines]
    assert [(int(s[1], 16), int(s[2]), int(s[3]), int(s[4], 16)) for s in structs if s] == program
    told = [insn._replace(k=0) if insn.code in NO_OPERAND else insn for insn in program]
    assert [_taken(line) for line in lines] == told
    assert [decode_classic(encode_classic(insn)) for insn in program] == program


@pytest.mark.parametrize("options", OPTIMISED.values(), ids=OPTIMISED)
@pytest.mark.parametrize("expression", EXPRESSIONS, ids=lambda expression: expression[:60])
def test_a_filter_has_tcpdumps_text(expression: str, options: tuple[str, ...]) -> None:
    _compare(expression, *options)


@pytest.mark.parametrize("link", LINKS)
def test_a_filter_of_another_link_type_has_tcpdumps_text(link: str) -> None:
    for expression, options in product(("ip", "tcp port 80", "ip6 and len > 100"), OPTIMISED.values()):
        _compare(expression, *options, link=link)


@pytest.mark.parametrize("expression", ["inbound", "outbound", "ifindex 5"])
def test_what_the_kernel_alone_knows_has_tcpdumps_name(expression: str) -> None:
    _compare(expression)


def test_an_extension_of_linux_has_tcpdumps_name() -> None:
    wanted, told = [], []
    for (number, name), (size, word) in product(enumerate(ANCILLARY), ((1, "ldb"), (2, "ldh"), (4, "ld"))):
        expression = f"ether[{4 * number - 4096}:{size}] = 3"
        program, line = _program(expression), _tcpdump("-d", expression)[0]
        wanted.append((f"(000) {word:<8} [{name}]", program[0]))
        assert line == wanted[-1][0]
        told.append((disassemble_classic(program)[0], _taken(line)))
    assert told == wanted


@pytest.mark.parametrize("expression", LARGE)
def test_a_number_of_32_bits_is_signed(expression: str) -> None:
    _compare(expression)


def test_any_instruction_has_libpcaps_text() -> None:
    image = ctypes.CDLL("libpcap.so.0.8").bpf_image
    image.restype = ctypes.c_char_p
    jumps = ((0, 0), (255, 3))
    program = [Classic(code, *jump, k) for code, jump, k in product(range(0x200), jumps, NUMBERS)]
    theirs = [image(encode_classic(insn), at).decode().rstrip() for at, insn in enumerate(program)]
    told = zip(program, theirs, disassemble_classic(program), strict=True)
    # libpcap has no word for the length of the packet in X, and writes targets behind jumps it does not know.
    wrong = [(insn, line, ours) for insn, line, ours in told if insn.code != LDX_LEN and ours != line]
    assert [row for row in wrong if "unimp" not in row[2] or not row[1].startswith(f"{row[2]} ")] == []


def test_every_code_that_libpcap_makes_is_met() -> None:
    programs = [
        _program(expression, *options) for expression, options in product(EXPRESSIONS, OPTIMISED.values())
    ]
    programs += [
        _program("tcp port 80", *options, link=link) for link, options in product(LINKS, OPTIMISED.values())
    ]
    instructions = [insn for program in programs for insn in program]
    print(f"{len(programs)} programs, {len(instructions)} instructions")
    assert len(EXPRESSIONS) >= 60
    assert len(instructions) > 3000
    assert {insn.code for insn in instructions} == MADE
