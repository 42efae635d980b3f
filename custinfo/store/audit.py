"""The audit log: how an entry is chained to the one before, and how the whole log is verified.

Each entry carries a keyed code (HMAC-SHA256) over itself and the code before it. Who does not have the key cannot
change an entry; that nobody who has the key wrote the log anew, or cut its end off, is what `anchor` holds against it.
"""

import hmac
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from custinfo.domain.clock import parse
from custinfo.domain.errors import SiteFault

GENESIS = "0" * 64
LEFT_BY_A_CRASH = timedelta(minutes=2)
"""Entries after the anchor are in order when they were recorded within this time of each other: so much is lost when a
process is killed, or the power fails, between the commit and the anchor. The next action anchors them."""
COLUMNS = ("at", "actor", "action", "object_kind", "object_id", "detail", "chain")
READ = f"SELECT seq, {', '.join(f'CAST({name} AS BLOB)' for name in COLUMNS)} FROM audit ORDER BY seq"
"""As bytes: a column that was made unreadable as text is a finding, not an error."""


class Entry(NamedTuple):
    """Where the log stands: the number of an entry, its moment and its code."""

    seq: int
    at: str
    chain: str


NOTHING = Entry(0, "", GENESIS)
"""Before the first entry."""
Marks = Mapping[int, str]
"""Entry number → the code that it must have, as far as that was witnessed outside of the store."""


@dataclass(frozen=True)
class Restart:
    """The log was restored from a backup, or its anchor begun anew, after entry `seq`: shown ever after."""

    kind: str
    seq: int
    at: str
    note: str


@dataclass(frozen=True)
class Verified:
    """What verifying found: how many entries there are, up to which the anchor witnesses them, and every fault."""

    entries: int
    anchored: int
    faults: tuple[SiteFault, ...]
    restarts: tuple[Restart, ...] = ()

    @property
    def first_bad(self) -> int | None:
        """The number of the first bad entry, when there is one."""
        return next((int(str(one.facts["seq"])) for one in self.faults if "seq" in one.facts), None)


def chained(key: bytes, previous: str, event: Mapping[str, Any]) -> str:
    """The code of an event that follows `previous`: keyed, so that it cannot be recomputed from the file."""
    body = json.dumps(event, ensure_ascii=False, sort_keys=True)
    return hmac.digest(key, (previous + body).encode(), "sha256").hex()


@dataclass
class Walk:
    """One reading of the whole log, entry by entry, up to the first bad one. `last` is the newest entry that holds."""

    key: bytes
    marks: Marks
    witnessed: Callable[[int], str | None]
    last: Entry = NOTHING
    sound_mark: int = 0
    """The newest entry whose code is as it was witnessed outside."""

    def through(self, rows: Iterable[tuple[Any, ...]]) -> SiteFault | None:
        """The first bad entry among rows of `READ`, or None."""
        for row in rows:
            fault = self._take(int(row[0]), row[1:])
            if fault is not None:
                return fault
        return None

    def _take(self, seq: int, columns: tuple[Any, ...]) -> SiteFault | None:
        expected = self.last.seq + 1
        if seq != expected:
            gone = seq > expected
            key = "audit.deleted" if gone else "audit.reordered"
            return SiteFault(key, seq=expected, upto=seq - 1 if gone else expected)
        try:
            event = {name: bytes(value).decode() for name, value in zip(COLUMNS, columns, strict=True)}
        except (TypeError, UnicodeDecodeError):
            return SiteFault("audit.edited", seq=seq, upto=seq)
        found = event.pop("chain")
        if not hmac.compare_digest(chained(self.key, self.last.chain, event).encode(), found.encode()):
            return SiteFault("audit.edited", seq=seq, upto=seq, stored=found)
        return self._held_against_the_anchor(Entry(seq, event["at"], found))

    def _held_against_the_anchor(self, entry: Entry) -> SiteFault | None:
        """An entry that fits the chain, but is not the one that was witnessed: the chain was recomputed."""
        if self.witnessed(entry.seq) not in (None, entry.chain):
            return SiteFault("audit.recomputed", seq=entry.seq, upto=entry.seq)
        if entry.seq in self.marks:
            if self.marks[entry.seq] != entry.chain:
                return SiteFault("audit.recomputed", seq=self.sound_mark + 1, upto=entry.seq)
            self.sound_mark = entry.seq
        self.last = entry
        return None


def unanchored_for_long(first: Entry, last: Entry) -> bool:
    """Whether more stands after the anchor than a crash leaves; `first` and `last` are the entries after it."""
    try:
        return abs(parse(last.at) - parse(first.at)) > LEFT_BY_A_CRASH
    except ValueError:
        return True
