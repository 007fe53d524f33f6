"""Where a kernel of any age keeps its headers: logical names (linux/bpf.h) to paths, and back.

Three forms are told apart: a source tree from v3.7 on (include/uapi), one before it (one file serves
kernel and user space, Kbuild files say which are exported), and installed headers (/usr/include, a
linux-libc-dev package, sanitised copies).
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from importlib.resources import files
from posixpath import dirname

from kscan.catalog.profiles import Profile

_ASM_GENERIC = "asm-generic/"
_EXPORT = re.compile(r"^\s*(?:header-y|unifdef-y|opt-header)\s*[:+]?=((?:[^\\\n]|\\\n|\\)*)", re.M)
# Top folders of what `make headers_install` installs; anything else below include/ is internal, and beside
# installed headers another library's.
_TOPS = (
    "linux",
    "asm-generic",
    "drm",
    "misc",
    "mtd",
    "rdma",
    "scsi",
    "sound",
    "video",
    "xen",
    "cxl",
    "fwctl",
    "regulator",
)
_INSTALLED = tuple(f"{top}/" for top in (*_TOPS, "asm"))


class Form(Enum):
    """How a tree keeps its headers."""

    UAPI = "source tree with include/uapi"
    MIXED = "source tree before v3.7"
    INSTALLED = "installed headers"


@dataclass(frozen=True)
class Tree:
    """The files of one release: `paths` to content ids, `root` the folder the kernel lies in
    inside an archive ("" or ending in a slash), `listed` the logical names its Kbuild files (or the
    curated list) export by name."""

    paths: Mapping[str, str]
    profile: Profile
    root: str
    form: Form
    listed: frozenset[str] = frozenset()
    _found: dict[str, str | None] = field(default_factory=dict, compare=False)

    def path(self, name: str) -> str | None:
        """The path of an exported header by logical name, or None; asm/ is the profile's."""
        if name not in self._found:
            places = header_places(name, self.profile, self.form, listed=name in self.listed)
            candidates = (self.root + place for place in places)
            self._found[name] = next((path for path in candidates if path in self.paths), None)
        return self._found[name]

    def place(self, name: str) -> tuple[str, str] | None:
        """The same path within the kernel, and its content's id."""
        path = self.path(name)
        return None if path is None else (path[len(self.root) :], self.paths[path])


def header_places(name: str, profile: Profile, form: Form, *, listed: bool) -> Iterable[str]:
    """The places in a tree where an exported header can be, best first; `listed` tells whether a
    Kbuild file exports it by name, without which only the uapi folders count."""
    if form is Form.INSTALLED:
        # Some of an age have asm-i386/ and the like, to which asm/ leads.
        if name.startswith((*_INSTALLED, "asm-")):
            yield name
        if name.startswith("asm/"):
            yield f"{profile.triplet}/{name}"
            yield f"{_ASM_GENERIC}{name[4:]}"
        return
    if name.startswith("asm/"):
        rest = name[4:]
        yield f"arch/{profile.arch}/include/uapi/asm/{rest}"
        if listed:
            yield f"arch/{profile.arch}/include/asm/{rest}"
            for old in profile.old_asm:
                yield f"include/asm-{old}/{rest}"
        name = _ASM_GENERIC + rest
    yield f"include/uapi/{name}"
    if listed:
        yield f"include/{name}"


def kernel_folders(profile: Profile) -> tuple[str, ...]:
    """Where a kernel's source tree keeps all that the functions of this module look for."""
    return "Makefile", "include/", f"arch/{profile.arch}/include/"


def lies_at_top(paths: Mapping[str, str]) -> bool:
    """Whether `paths`, of the `kernel_folders` at least, are a kernel's source tree that lies in no folder."""
    folders = ("include/linux/", "include/asm-generic/")
    return "Makefile" in paths and all(any(p.startswith(folder) for p in paths) for folder in folders)


_FORMS = {Form.UAPI: "include/uapi/linux", Form.MIXED: "include/linux", Form.INSTALLED: "linux"}


def recognise(paths: Collection[str]) -> tuple[str, Form]:
    """The folder in which the kernel lies and its form; raises ValueError where there is none, or several lie
    beside one another."""
    headers: dict[Form, Counter[str]] = {form: Counter() for form in Form}
    # Most are headers: their folders are few.
    named = (path.rpartition("/")[0] for path in paths if path.endswith(".h") and not path.endswith("/.h"))
    for folder, count in Counter(named).items():
        for form, place in _FORMS.items():
            if folder.endswith(place):
                headers[form][folder.removesuffix(place)] += count
    makefiles = {path.removesuffix("Makefile") for path in paths if path.endswith("Makefile")}
    headers[Form.MIXED] = Counter({at: n for at, n in headers[Form.MIXED].items() if at in makefiles})
    for form, roots in headers.items():
        if roots:
            # The folder with most headers: copies of a few lie in tools/ and elsewhere.
            ((root, most),) = roots.most_common(1)
            kernels = roots if form is Form.INSTALLED else headers[Form.UAPI] | headers[Form.MIXED]
            others = {at for at, count in kernels.items() if count * 2 > most and not at.startswith(root)}
            if others:
                places = ", ".join(at.rstrip("/") or "." for at in sorted({root, *others}))
                raise ValueError(f"headers of several kernels in it, name the folder of one: {places}")
            return root, form
    raise ValueError("no linux/ headers in it")


def kbuild_paths(paths: Iterable[str], root: str, profile: Profile) -> list[str]:
    """The Kbuild files that say what a tree exports for `profile`."""
    asm = {f"arch/{profile.arch}/include/asm/", *(f"include/asm-{old}/" for old in profile.old_asm)}
    found = []
    for path in paths:
        if not path.endswith(("/Kbuild", "/Kbuild.asm")):
            continue
        place = path[len(root) :]
        if not path.startswith(root) or place in ("Kbuild", "Kbuild.asm"):
            continue
        other_asm = place.startswith("include/asm-") and not place.startswith("include/asm-generic/")
        if (place.startswith("include/") and not other_asm) or dirname(place) + "/" in asm:
            found.append(path)
    return sorted(found)


def kbuild_places(name: str, profile: Profile) -> Iterable[str]:
    """Where a Kbuild file can be that exports `name`."""
    if name.startswith("asm/"):
        yield f"arch/{profile.arch}/include/asm/Kbuild"
        yield from (f"include/asm-{old}/Kbuild" for old in profile.old_asm)
        yield "include/asm-generic/Kbuild.asm"
    else:
        yield f"include/{dirname(name)}/Kbuild"


def listed_headers(root: str, form: Form, kbuilds: Mapping[str, str]) -> frozenset[str]:
    """The logical names that Kbuild files (texts by path) export by name.

    Trees older than v2.6.18 have no such files: v2.6.18's list stands in for them (curated).
    """
    names = {name for path, text in kbuilds.items() for name in _kbuild_names(path[len(root) :], text)}
    if form is Form.MIXED and not names:
        return frozenset(files("kscan.catalog").joinpath("exported-v2.6.18.txt").read_text().split())
    return frozenset(names)


def exported_headers(tree: Tree) -> frozenset[str]:
    """The logical names of all headers that user space gets."""
    names = set(tree.listed)
    folders = {"include/uapi/": "", f"arch/{tree.profile.arch}/include/uapi/asm/": "asm/"}
    if tree.form is Form.INSTALLED:
        folders = {top: top for top in _INSTALLED}
        folders[f"{tree.profile.triplet}/asm/"] = "asm/"
    for path in tree.paths:
        place = path[len(tree.root) :]
        if path.startswith(tree.root) and place.endswith(".h"):
            names |= {to + place[len(at) :] for at, to in folders.items() if place.startswith(at)}
    return frozenset(name for name in names if tree.path(name))


def _kbuild_names(place: str, text: str) -> Iterable[str]:
    folder = dirname(place)
    for prefix in ("include/uapi/", "include/"):
        folder = folder.removeprefix(prefix)
    if place.endswith("Kbuild.asm") or (folder.startswith(("asm-", "arch/")) and folder != "asm-generic"):
        folder = "asm"
    for listed in _EXPORT.finditer(text):
        for word in listed[1].replace("\\\n", " ").split():
            if word.endswith(".h") and "$" not in word:
                yield f"{folder}/{word}"


def entry_names(name: str) -> tuple[str, ...]:
    """The headers through which user space reaches `name`: asm-generic/x.h as asm/x.h too."""
    if name.startswith(_ASM_GENERIC):
        return name, "asm/" + name[len(_ASM_GENERIC) :]
    return (name,)
