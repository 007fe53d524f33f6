"""Where trees of each form keep their headers, and which of them user space gets."""

import pytest

from kscan.catalog.profiles import PROFILES
from kscan.tree import (
    Form,
    Tree,
    entry_names,
    exported_headers,
    header_places,
    kbuild_paths,
    kbuild_places,
    listed_headers,
    recognise,
)

X86, I386, ARM64 = PROFILES["x86-64"], PROFILES["i386"], PROFILES["arm64"]


@pytest.mark.parametrize(
    ("paths", "root", "form"),
    [
        pytest.param(["Makefile", "include/uapi/linux/bpf.h", "include/linux/a.h"], "", Form.UAPI, id="v3.7"),
        pytest.param(["Makefile", "include/linux/bpf.h"], "", Form.MIXED, id="before v3.7"),
        pytest.param(["linux-4.2/Makefile", "linux-4.2/include/uapi/linux/bpf.h"], "linux-4.2/", Form.UAPI,
                     id="in a folder of an archive"),
        pytest.param(["usr/include/linux/bpf.h", "usr/include/asm-generic/a.h"], "usr/include/", Form.INSTALLED,
                     id="installed headers"),
        pytest.param(["include/linux/bpf.h", "README"], "include/", Form.INSTALLED, id="include/linux alone"),
        pytest.param(["Makefile", "include/uapi/linux/a.h", "include/uapi/linux/b.h",
                      "tools/include/uapi/linux/a.h"], "", Form.UAPI, id="copies in tools"),
    ],
)  # fmt: skip
def test_the_form_of_a_tree(paths: list[str], root: str, form: Form) -> None:
    assert recognise(paths) == (root, form)


def test_a_tree_without_headers_has_no_form() -> None:
    with pytest.raises(ValueError, match="no linux/ headers"):
        recognise(["Makefile", "src/main.c"])


@pytest.mark.parametrize("headers", ["include/uapi/linux/a.h", "include/linux/a.h", "usr/include/linux/a.h"])
def test_of_several_kernels_none_is_taken_for_the_other(headers: str) -> None:
    paths = [f"{folder}/{name}" for folder in ("6.1", "6.2") for name in ("Makefile", headers)]
    with pytest.raises(
        ValueError, match=r"headers of several kernels in it, name the folder of one: 6\.1.*, 6\.2"
    ):
        recognise(paths)


def test_an_older_kernel_beside_is_another_too() -> None:
    old = ["3.2/Makefile", "3.2/include/linux/a.h"]
    with pytest.raises(ValueError, match=r"name the folder of one: 3\.2, 6\.1"):
        recognise(["6.1/Makefile", "6.1/include/uapi/linux/a.h", "6.1/include/linux/a.h", *old])


@pytest.mark.parametrize(
    ("name", "profile", "form", "listed", "places"),
    [
        ("linux/bpf.h", X86, Form.UAPI, False, ["include/uapi/linux/bpf.h"]),
        ("linux/bpf.h", X86, Form.MIXED, True, ["include/uapi/linux/bpf.h", "include/linux/bpf.h"]),
        ("linux/bpf.h", X86, Form.INSTALLED, False, ["linux/bpf.h"]),
        ("asm-x86_64/types.h", X86, Form.INSTALLED, False, ["asm-x86_64/types.h"]),
        # The C library's lie beside.
        ("stdint.h", X86, Form.INSTALLED, False, []),
        ("bits/types.h", X86, Form.INSTALLED, False, []),
        ("asm/types.h", ARM64, Form.UAPI, False,
         ["arch/arm64/include/uapi/asm/types.h", "include/uapi/asm-generic/types.h"]),
        ("asm/types.h", X86, Form.MIXED, True,
         ["arch/x86/include/uapi/asm/types.h", "arch/x86/include/asm/types.h", "include/asm-x86/types.h",
          "include/asm-x86_64/types.h", "include/uapi/asm-generic/types.h", "include/asm-generic/types.h"]),
        ("asm/types.h", I386, Form.MIXED, True,
         ["arch/x86/include/uapi/asm/types.h", "arch/x86/include/asm/types.h", "include/asm-x86/types.h",
          "include/asm-i386/types.h", "include/uapi/asm-generic/types.h", "include/asm-generic/types.h"]),
        ("asm/types.h", X86, Form.INSTALLED, False,
         ["asm/types.h", "x86_64-linux-gnu/asm/types.h", "asm-generic/types.h"]),
    ],
)  # fmt: skip
def test_places_of_a_header(name: str, profile: object, form: Form, listed: bool, places: list[str]) -> None:
    assert list(header_places(name, profile, form, listed=listed)) == places  # type: ignore[arg-type]


def test_the_first_place_there_is_wins() -> None:
    paths = {"k/include/uapi/asm-generic/a.h": "1", "k/arch/x86/include/uapi/asm/a.h": "2",
             "k/include/uapi/asm-generic/b.h": "3", "k/include/linux/c.h": "4"}  # fmt: skip
    tree = Tree(paths, X86, "k/", Form.UAPI)
    found = [tree.path(name) for name in ("asm/a.h", "asm/b.h", "linux/c.h", "linux/d.h")]
    assert found == ["k/arch/x86/include/uapi/asm/a.h", "k/include/uapi/asm-generic/b.h", None, None]


@pytest.mark.parametrize(
    ("path", "text", "names"),
    [
        ("include/linux/Kbuild", "header-y += a.h\nheader-y += b.h\n", {"linux/a.h", "linux/b.h"}),
        ("include/linux/Kbuild", "unifdef-y += a.h\nobjhdr-y += version.h\n", {"linux/a.h"}),
        (
            "include/linux/Kbuild",
            "header-y := a.h \\\n\tb.h \\\n\tc.h\n",
            {"linux/a.h", "linux/b.h", "linux/c.h"},
        ),
        ("include/linux/Kbuild", "header-y += folder/\n# header-y += no.h\n", set()),
        ("include/linux/netfilter/Kbuild", "header-y += xt_a.h\n", {"linux/netfilter/xt_a.h"}),
        ("include/asm-generic/Kbuild", "header-y += a.h\n", {"asm-generic/a.h"}),
        ("include/asm-generic/Kbuild.asm", "unifdef-y += a.h\n", {"asm/a.h"}),
        ("include/uapi/asm-generic/Kbuild.asm", "opt-header += a.h\n", {"asm/a.h"}),
        ("include/asm-x86/Kbuild", "header-y += a.h\n", {"asm/a.h"}),
        ("arch/x86/include/asm/Kbuild", "header-y += a.h\ngeneric-y += b.h\n", {"asm/a.h"}),
        ("include/uapi/linux/Kbuild", "header-y += a.h\n", {"linux/a.h"}),
        ("include/linux/Kbuild", "header-y += $(made).h a.h\n", {"linux/a.h"}),
    ],
)
def test_what_a_kbuild_file_exports(path: str, text: str, names: set[str]) -> None:
    assert listed_headers("root/", Form.UAPI, {"root/" + path: text}) == names


def test_trees_without_kbuild_files_have_the_curated_list() -> None:
    listed = listed_headers("", Form.MIXED, {})
    assert {"linux/filter.h", "linux/if_packet.h", "asm/socket.h", "asm-generic/errno.h"} <= listed
    assert "linux/bpf.h" not in listed
    assert listed_headers("", Form.UAPI, {}) == frozenset()


def test_the_kbuild_files_of_a_profile() -> None:
    paths = ["Kbuild", "include/linux/Kbuild", "include/linux/netfilter/Kbuild",
             "include/asm-generic/Kbuild.asm", "include/asm-x86_64/Kbuild", "include/asm-ia64/Kbuild",
             "arch/x86/include/asm/Kbuild", "arch/arm/include/asm/Kbuild",
             "arch/x86/kernel/Kbuild", "include/linux/bpf.h"]  # fmt: skip
    assert kbuild_paths(paths, "", X86) == [
        "arch/x86/include/asm/Kbuild", "include/asm-generic/Kbuild.asm", "include/asm-x86_64/Kbuild",
        "include/linux/Kbuild", "include/linux/netfilter/Kbuild",
    ]  # fmt: skip
    assert kbuild_paths([f"k/{path}" for path in paths], "k/", ARM64) == [
        "k/include/asm-generic/Kbuild.asm", "k/include/linux/Kbuild", "k/include/linux/netfilter/Kbuild",
    ]  # fmt: skip


def test_where_the_kbuild_file_of_a_header_can_be() -> None:
    assert list(kbuild_places("linux/netfilter/xt_a.h", X86)) == ["include/linux/netfilter/Kbuild"]
    assert list(kbuild_places("asm/a.h", I386)) == [
        "arch/x86/include/asm/Kbuild", "include/asm-x86/Kbuild", "include/asm-i386/Kbuild",
        "include/asm-generic/Kbuild.asm",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("form", "listed", "paths", "names"),
    [
        pytest.param(Form.UAPI, (), ["include/uapi/linux/a.h", "include/linux/a.h", "include/linux/internal.h",
                                     "arch/x86/include/uapi/asm/b.h", "arch/arm/include/uapi/asm/c.h",
                                     "include/uapi/linux/Kbuild"],
                     {"linux/a.h", "asm/b.h"}, id="what lies in uapi folders"),
        pytest.param(Form.MIXED, ("linux/a.h", "linux/gone.h", "asm/b.h"),
                     ["include/linux/a.h", "include/linux/internal.h", "include/asm-x86/b.h"],
                     {"linux/a.h", "asm/b.h"}, id="what is listed and there"),
        pytest.param(Form.INSTALLED, (), ["linux/a.h", "x86_64-linux-gnu/asm/b.h", "asm-generic/c.h", "stdio.h",
                                          "rdma/d.h"],
                     {"linux/a.h", "asm/b.h", "asm-generic/c.h", "rdma/d.h"}, id="what is installed"),
    ],
)  # fmt: skip
def test_exported_headers(form: Form, listed: tuple[str, ...], paths: list[str], names: set[str]) -> None:
    assert exported_headers(Tree(dict.fromkeys(paths, "0"), X86, "", form, frozenset(listed))) == names


def test_user_space_reaches_generic_headers_by_asm() -> None:
    assert entry_names("asm-generic/socket.h") == ("asm-generic/socket.h", "asm/socket.h")
    assert entry_names("linux/bpf.h") == ("linux/bpf.h",)
