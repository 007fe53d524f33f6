"""Internal headers and sources, read alone: macros, functions, places.

Their includes are not followed and their conditions not decided, since both depend on a kernel's
configuration: every branch counts.
"""

from collections.abc import Iterator, Sequence

from kscan.catalog.profiles import Profile
from kscan.facts.functions import functions
from kscan.facts.macros import macro
from kscan.facts.opcodes import opcodes
from kscan.facts.sections import sections
from kscan.facts.uses import fanout_policies, run_sites
from kscan.model import Fact, Reading
from kscan.parse.expand import Macro
from kscan.parse.layout import Types
from kscan.parse.lex import Define, Directive, Item


def read_isolated(items: Sequence[Item], profile: Profile, *, kernel_part_only: bool) -> Reading:
    """The facts of an internal file. A header from before v3.7 is also a UAPI header outside its
    `#ifdef __KERNEL__`; `kernel_part_only` leaves that part to the UAPI reading."""
    kept = list(_kernel_part(items)) if kernel_part_only else list(items)
    defines = [item for item in items if isinstance(item, Define)]
    varying = _varying(defines)
    known = {define.name: Macro(define, "") for define in defines if define.name not in varying}
    types = Types(profile)
    found = (_macro(item, known, varying, types) for item in kept if isinstance(item, Define))
    bodies = list(functions(kept))
    facts = [*(fact for fact in found if fact is not None), *bodies]
    facts += run_sites(kept, bodies)
    facts += fanout_policies(kept, bodies)
    facts += sections(kept)
    facts += opcodes(kept, bodies, known)
    return Reading(tuple(sorted(facts, key=lambda fact: (fact.line, fact.name, fact.kind))))


def _varying(defines: Sequence[Define]) -> frozenset[str]:
    """Names that branches define differently: which holds, a kernel's configuration decides."""
    first: dict[str, Define] = {}
    for define in defines:
        first.setdefault(define.name, define)
    return frozenset(d.name for d in defines if first[d.name].says.shape != d.says.shape)


def _macro(define: Define, known: dict[str, Macro], varying: frozenset[str], types: Types) -> Fact | None:
    fact = macro(define, known, "", types)
    if fact is not None and fact.kind == "macro" and define.name in varying:
        return fact._replace(value=None, type=None, reason="defined differently by branches")
    return fact


def _kernel_part(items: Sequence[Item]) -> Iterator[Item]:
    """The items inside `#ifdef __KERNEL__` (and the #else of an `#ifndef`)."""
    inside: list[bool | None] = []
    first: list[bool | None] = []
    for item in items:
        if isinstance(item, Directive):
            if item.name in ("if", "ifdef", "ifndef"):
                first.append(_about_kernel(item))
                inside.append(first[-1])
            elif item.name in ("else", "elif") and inside and first[-1] is not None:
                # Every later branch is the other side of what the first one asked.
                inside[-1] = not first[-1]
            elif item.name == "endif" and inside:
                inside.pop()
                first.pop()
        if True in inside:
            yield item


def _about_kernel(item: Directive) -> bool | None:
    """Whether a condition holds in the kernel only (True), in user space only (False), or says
    nothing about it (None)."""
    text = item.rest.replace(" ", "")
    if item.name == "if":
        if "!defined(__KERNEL__)" in text or "!defined__KERNEL__" in text:
            return False
        return True if "defined(__KERNEL__)" in text and "||" not in text else None
    return item.name == "ifdef" if text == "__KERNEL__" else None
