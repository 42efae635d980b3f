"""Verifying the audit log: the chain inside of the store, and what stands outside against it.

The anchor is read before the log: what others append meanwhile makes the log longer, never shorter.
"""

from collections.abc import Sequence

from sqlcipher3 import dbapi2 as sqlcipher

from custinfo.domain.errors import SiteFault
from custinfo.store import checkpoints
from custinfo.store.anchor import Anchor, Head
from custinfo.store.audit import READ, Entry, Verified, Walk, unanchored_for_long
from custinfo.store.checkpoints import Checkpoint

PROTECTION = frozenset({"audit_no_update", "audit_no_delete"})


def verify(connection: sqlcipher.Connection, key: bytes, anchor: Anchor, copies: Sequence[bytes] = ()) -> Verified:
    """Everything that is wrong with the log, the first bad entry first. `copies` are checkpoints kept elsewhere."""
    head, outside = _head(anchor)
    lines = anchor.lines()
    if head is not None and (not lines or lines[-1].entry.seq < head.checkpoint.seq):
        outside.append(SiteFault("audit.checkpoints_cut", folder=anchor.folder))
    marks = checkpoints.marks(lines)
    for copy in copies:
        lost = _lost(anchor, lines, copy)
        if lost:
            outside.append(SiteFault("audit.checkpoints_lost", folder=anchor.folder, upto=lost[-1].entry.seq))
            marks |= checkpoints.marks(lost)
    if head is not None and head.entry.seq:
        marks[head.entry.seq] = head.entry.chain
    walk = Walk(key, marks, anchor.witnesses())
    rows = connection.cursor()
    rows.row_factory = None
    bad = walk.through(rows.execute(READ))
    last = walk.last if bad is None else _newest(connection)
    anchored = max(marks, default=0)
    found = [_named(bad, anchor)] if bad else []
    found += _tail(connection, last, anchored, head)
    found += [*outside, *_unprotected(connection)]
    return Verified(last.seq, min(anchored, last.seq), tuple(found), checkpoints.restarts(lines))


def _head(anchor: Anchor) -> tuple[Head | None, list[SiteFault]]:
    try:
        return anchor.head(), []
    except SiteFault as fault:
        return None, [fault]


def _lost(anchor: Anchor, lines: Sequence[Checkpoint], copy: bytes) -> list[Checkpoint]:
    """The checkpoints of a copy that the site's own file does not have. Raises SiteFault for what is no copy of it."""
    copied = anchor.copied(copy)
    if not copied:
        raise SiteFault("audit.no_checkpoints")
    known = {line.line for line in lines}
    return [line for line in copied if line.line not in known]


def _named(bad: SiteFault, anchor: Anchor) -> SiteFault:
    """The fault, with the place from which the entry came where it was moved."""
    facts = dict(bad.facts)
    place = anchor.place_of(str(facts.pop("stored", "")))
    if place is not None and place != facts["seq"]:
        return SiteFault("audit.reordered", seq=facts["seq"], upto=place)
    return SiteFault(bad.key, **facts)


def _tail(connection: sqlcipher.Connection, last: Entry, anchored: int, head: Head | None) -> list[SiteFault]:
    if last.seq < anchored:
        # Deleting leaves the counter of the table where it was; an older file has an older counter
        counter = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'audit'").fetchone()
        key = "audit.cut" if counter and counter[0] > last.seq else "audit.rolled_back"
        return [SiteFault(key, seq=last.seq + 1, upto=anchored)]
    if head is not None and head.entry.seq < last.seq:
        first = _at(connection, head.entry.seq + 1)
        if first is not None and unanchored_for_long(first, last):
            return [SiteFault("audit.anchor_older", seq=first.seq, upto=last.seq)]
    return []


def _unprotected(connection: sqlcipher.Connection) -> list[SiteFault]:
    """The triggers that keep entries from being changed: whoever changes one has to take them away first."""
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'").fetchall()
    missing = PROTECTION - {row[0] for row in rows}
    return [SiteFault("audit.unprotected", triggers=", ".join(sorted(missing)))] if missing else []


def _newest(connection: sqlcipher.Connection) -> Entry:
    row = connection.execute("SELECT max(seq) FROM audit").fetchone()
    return _at(connection, row[0]) or Entry(0, "", "")


def _at(connection: sqlcipher.Connection, seq: int | None) -> Entry | None:
    row = connection.execute(
        "SELECT seq, CAST(at AS BLOB), CAST(chain AS BLOB) FROM audit WHERE seq = ?", [seq]
    ).fetchone()
    return Entry(row[0], *(value.decode(errors="replace") for value in (row[1], row[2]))) if row else None
