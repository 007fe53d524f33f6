"""Packet fanout: each mode with the policy that the kernel's own switch gives it."""

from kscan.errors import KscanError
from kscan.history import History
from kscan.model import POLICY, RUN_SITE, UAPI
from kscan.rows import FANOUT, Row
from kscan.seen import Seen
from kscan.source_lines import functions_of, joined

_SOURCE = "net/packet/af_packet.c"


def fanout(history: History, tag: str | None = None) -> list[Row]:
    """A row for each mode that packet_rcv_fanout()'s switch handles at a release, by default the
    newest, in order of value. `policy` is the function its case calls, with its lines; `runs` is the
    place in it that runs a program, null where the policy is fixed code. Modes that run programs
    share a policy with their twin.

    Raises KscanError for a release without fanout.
    """
    release = history.release(tag) if tag else history.newest
    functions = {fact.name: fact for fact in functions_of(history, release, _SOURCE)}
    runs = {fact.type: fact for fact in history.uses(RUN_SITE, release) if fact.path == _SOURCE}
    rows = []
    for use in history.uses(POLICY, release):
        policy = use.type or ""
        rows += _row(history, use, functions.get(policy), runs.get(policy))
    if not rows:
        raise KscanError(f"{release.tag} has no packet fanout, or {_SOURCE} of it was not read")
    return sorted(rows, key=lambda row: (row["value"] is None, row["value"]))


def groups(history: History, rows: list[Row], tag: str | None = None) -> list[str]:
    """The places of the modes of `rows`, adjacent lines joined: permalinks, or path and lines where a
    release has no address."""
    release = history.release(tag) if tag else history.newest
    found = []
    for path, first, last in joined((row["path"], row["line"], row["end_line"]) for row in rows):
        found.append(release.link(path, first, last) or f"{path}:{first}-{last}")
    return found


def _row(history: History, use: Seen, policy: Seen | None, run: Seen | None) -> list[Row]:
    """The row of one mode; a name that has no constant at the release gives none."""
    facts = history.seen(use.name, UAPI)
    here = [fact for group in facts.values() for fact in group if fact.release.id == use.release.id]
    when = history.when(use.name, UAPI)
    link = policy and policy.release.link(policy.path, policy.line, policy.end_line)
    return [
        fact.row(
            FANOUT,
            mode=use.name,
            policy=use.type,
            policy_path=policy.path if policy else None,
            policy_line=policy.line if policy else None,
            policy_end_line=policy.end_line if policy else None,
            policy_permalink=link,
            runs=f"{run.name} L{run.line}" if run else None,
            **{key: when[0][key] for key in ("first_seen", "last_without", "status")},
        )
        for fact in here[:1]
    ]
