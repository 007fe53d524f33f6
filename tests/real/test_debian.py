"""Debian's kernel headers, suite by suite, against gcc on the same headers.

Run by `make test-real`; KSCAN_DEBS names the folder with linux-libc-dev-SUITE.deb.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from kscan.bpf.hooks import unaccounted
from kscan.catalog.profiles import PROFILES
from kscan.catalog.sets import SETS
from kscan.history import History
from kscan.model import SENTINEL
from kscan.rows import Row
from kscan.scan import Request, scan
from kscan.sources.trees import open_tree
from kscan.store import Store
from tests.real.oracle import Agreement, Gcc, compare
from tests.test_answers import SHIPPED

SUITES = ("bullseye", "bookworm", "trixie", "sid")

# Values that gcc has and kscan has not, each for a reason that the issue of a header gives.
KNOWN_GAPS = {
    "SCTP_EOF": "needs MSG_FIN of the C library's sys/socket.h",
    "SYNCLINK_H_VERSION": "a floating constant",
}


@pytest.fixture(scope="module", autouse=True)
def tools() -> None:
    """What these tests need; a missing tool fails them by name."""
    missing = [tool for tool in ("gcc", "dpkg-deb") if shutil.which(tool) is None]
    assert not missing, f"{', '.join(missing)} not installed; make deps names the packages"
    assert "KSCAN_DEBS" in os.environ, "KSCAN_DEBS is not set; run make test-real"


@dataclass
class Suite:
    """One suite's headers as kscan reads them and as gcc does."""

    name: str
    rows: dict[str, list[Row]]
    gcc: Gcc
    history: History


@pytest.fixture(scope="module", params=SUITES)
def suite(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    """A suite's linux-libc-dev, scanned with the uapi set and unpacked for gcc."""
    yield from _suite(request.param, tmp_path_factory.mktemp(request.param), "x86-64", Gcc)


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    """The newest as programs of 32 bits have it."""
    folder = tmp_path_factory.mktemp("narrow")
    # What glibc keeps of such programs names functions, and is not installed here.
    (folder / "gnu").mkdir()
    (folder / "gnu" / "stubs-32.h").touch()
    flags = ("-m32", "-I", str(folder))
    yield from _suite("sid", folder, "i386", lambda more: Gcc([*flags, *more], long_bytes=4))


def _suite(name: str, folder: Path, profile: str, gcc: Callable[[list[str]], Gcc]) -> Iterator[Suite]:
    package = Path(os.environ["KSCAN_DEBS"], f"linux-libc-dev-{name}.deb")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KSCAN_HOME", str(folder / "home"))
        request = Request(("uapi",), PROFILES[profile], label=name)
        scan(open_tree(package), [name], request, Store())
        history = History(profile=profile, data="")
    subprocess.run(["dpkg-deb", "-x", str(package), str(folder / "root")], check=True)
    rows: dict[str, list[Row]] = {}
    for row in history.at(name, scope="uapi"):
        rows.setdefault(row["header"], []).append(row)
    include = folder / "root" / "usr" / "include"
    compiler = subprocess.run(["gcc", "-print-file-name=include"], capture_output=True, text=True, check=True)
    flags = [
        "-nostdinc",
        "-isystem",
        compiler.stdout.strip(),
        "-I",
        f"{include}",
        "-I",
        f"{include}/x86_64-linux-gnu",
    ]
    flags += ["-idirafter", "/usr/include", "-idirafter", "/usr/include/x86_64-linux-gnu"]
    yield Suite(name, rows, gcc(flags), history)
    history.close()


def _agreement(suite: Suite, headers: list[str]) -> Agreement:
    """All headers together."""
    total = Agreement()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for found in pool.map(lambda header: compare(header, suite.rows[header], suite.gcc), headers):
            total.add(found)
    return total


def test_every_header_parses_or_says_why(suite: Suite) -> None:
    (release,) = suite.history.list_releases()
    assert release["headers"] > 850
    assert release["parsed"] >= 0.99 * release["headers"]


def test_every_program_attach_and_link_type_is_accounted_for(suite: Suite) -> None:
    assert unaccounted(suite.history) == []


def test_the_bpf_set_agrees_with_gcc(suite: Suite) -> None:
    headers = [header for header in suite.rows if SETS["bpf"].covers(header)]
    found = _agreement(suite, headers)
    print(f"{suite.name}, bpf: {found.figures()}")
    assert found.wrong == []
    assert found.asked > 1500
    assert found.layouts > 800
    assert found.evaluated >= 0.98 * found.asked, found.missing


# The oldest and the newest: each takes gcc some five runs for a thousand headers.
@pytest.mark.parametrize("suite", ["bullseye", "sid"], indirect=True)
def test_the_whole_uapi_set_agrees_with_gcc(suite: Suite) -> None:
    found = _agreement(suite, sorted(suite.rows))
    print(f"{suite.name}, uapi: {found.figures()}")
    assert found.wrong == []
    assert found.asked > 30000
    assert found.layouts > 20000
    assert _gaps(found) <= KNOWN_GAPS.keys()


def test_the_whole_uapi_set_agrees_with_gcc_for_32_bits(narrow: Suite) -> None:
    found = _agreement(narrow, sorted(narrow.rows))
    print(f"{narrow.name}, uapi, -m32: {found.figures()}")
    assert found.wrong == []
    assert found.asked > 30000
    assert found.layouts > 20000
    # All that is known to be missing is: what is not any more leaves the list.
    assert _gaps(found) == {"SCTP_EOF"}


def _gaps(found: Agreement) -> set[str]:
    """The names that gcc has a value for and kscan has none."""
    return {line.split(": ")[1] for line in found.missing}


# What the stable series changed after the release itself, or what the package leaves out.
_GUARD = "_UAPI__LINUX_OPENVSWITCH_H"  # `make headers_install` strips _UAPI
SINCE_THE_RELEASE = {
    "bullseye": """
        CAN_ISOTP_DEFAULT_FRAME_TXTIME CTSXON DSRXON DTRXOFF FSCRYPT_POLICY_FLAGS_VALID FS_POLICY_FLAGS_VALID
        HUGETLB_FLAG_ENCODE_16GB MAP_HUGE_16GB MFD_HUGE_16GB NFF PSAMPLE_ATTR_GROUP_REFCOUNT PSAMPLE_ATTR_TUNNEL
        RTSXOFF SHM_HUGE_16GB SIOCGSTAMPNS_OLD SIOCGSTAMP_OLD SNDRV_SEQ_FILTER_USE_EVENT XFRM_NR_MSGTYPES
        """,
    "bookworm": """
        FUSE_KERNEL_MINOR_VERSION NFSERR_EAGAIN NFT_SECMARK_CTX_MAXLEN
        O_TMPFILE_MASK PSCI_1_1_FN64_MEM_PROTECT_CHECK_RANGE PSCI_1_1_FN_MEM_PROTECT_CHECK_RANGE RTM_NEWNVLAN
        SNDRV_SEQ_FILTER_USE_EVENT
        """,
    "trixie": """
        IP_VS_DEST_F_AVAILABLE IP_VS_DEST_F_OVERLOAD NFSERR_EAGAIN PCI_CAP_EXP_ENDPOINT_SIZEOF_V2 RTM_NEWNVLAN
        SEV_RET_INVALID_MDATA_ENTRY SEV_RET_INVALID_PAGE_AEAD_OFLOW SEV_RET_INVALID_PAGE_OWNER
        SEV_RET_INVALID_PAGE_SIZE SEV_RET_INVALID_PAGE_STATE SEV_RET_RMP_INIT_REQUIRED
        """,
    "sid": "",
}
SERIES = {"bullseye": "v5.10", "bookworm": "v6.1", "trixie": "v6.12", "sid": "v7.2"}


def test_what_ships_is_in_the_suite(suite: Suite) -> None:
    """Two trees of one series, read by kscan from sources and as installed: what ships of the release is in its
    stable series, with the same value. Counts of things (…_MAX, NUM_…) grow with what is backported."""
    shipped = History("/nowhere", data=SHIPPED)
    values: dict[str, set[object]] = {}
    for row in (row for rows in suite.rows.values() for row in rows):
        values.setdefault(row["name"], set()).add(row["value"])
    compared, odd = 0, set()
    for row in shipped.at(SERIES[suite.name], scope="uapi"):
        counts = SENTINEL.search(row["name"]) or row["name"].startswith("NUM_")
        if row["value"] is None or row["header"] not in suite.rows or counts:
            continue
        found = values.get(row["name"], set())
        if found != {None}:
            compared += 1
            if row["value"] not in found:
                odd.add(row["name"])
    shipped.close()
    print(f"{suite.name}: {compared} constants of what ships")
    assert compared > 35000
    assert sorted(odd - {_GUARD, *SINCE_THE_RELEASE[suite.name].split()}) == []
