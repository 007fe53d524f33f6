"""Packet fanout: each mode with the policy that the kernel's own switch gives it."""

from kscan.errors import KscanError
from kscan.history import History, Release, Seen
from kscan.model import UAPI
from kscan.rows import FANOUT, Row

_SOURCE = "net/packet/af_packet.c"
_PREFIX = "PACKET_FANOUT_"


def fanout(history: History, tag: str | None = None) -> list[Row]:
    """A row for each mode that packet_rcv_fanout()'s switch handles at a release, by default the
    newest, in order of value. `policy` is the function its case calls, with its lines; a mode whose
    policy runs a program shares it with its twin.

    Beyond the columns a row has its `status`. Raises KscanError for a release without fanout.
    """
    release = history.release(tag) if tag else _newest(history)
    functions = {fact.name: fact for fact in history.facts_of(release, _SOURCE) if fact.kind == "function"}
    rows = []
    for use in history.kept_uses(release, _SOURCE):
        if use.name.startswith(_PREFIX):
            rows += _row(history, release, use, functions.get(use.type or ""))
    if not rows:
        raise KscanError(f"{release.tag} has no packet fanout, or {_SOURCE} of it was not read")
    return sorted(rows, key=lambda row: (row["value"] is None, row["value"]))


def _newest(history: History) -> Release:
    return (history.mainline or history.others)[-1]


def _row(history: History, release: Release, use: Seen, policy: Seen | None) -> list[Row]:
    """The row of one mode; a name that has no constant at the release gives none."""
    facts = history.seen(use.name, UAPI)
    here = [fact for group in facts.values() for fact in group if fact.release.id == release.id]
    when = history.when(use.name, UAPI)
    return [
        fact.row(
            FANOUT,
            mode=use.name,
            policy=use.type,
            policy_path=policy.path if policy else None,
            policy_line=policy.line if policy else None,
            policy_end_line=policy.end_line if policy else None,
            first_seen=when[0]["first_seen"],
        )
        | {"status": when[0]["status"]}
        for fact in here[:1]
    ]
