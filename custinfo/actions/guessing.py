"""Wrong guesses, counted: after some of them each further one costs a longer wait.

A stranger who guesses somebody's name can lock that name for browsers that nobody knows, but not for the person: a
browser in which they have logged in before has a count of its own. An address is allowed many failures, since a whole
office may stand behind it; they fade with time.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from custinfo.domain import clock
from custinfo.domain.clock import parse, stamp
from custinfo.domain.errors import NotAllowed
from custinfo.store import Store
from custinfo.store.database import Row, Tx


@dataclass(frozen=True)
class Ladder:
    """`free` failures, the last of which costs a wait of `first`; each further one twice as long, up to `longest`.

    Failures are forgotten after `quiet` without a new one, or one by one, each after `fades`.
    """

    free: int
    first: timedelta
    longest: timedelta
    quiet: timedelta
    fades: timedelta | None = None

    def wait(self, failures: int) -> timedelta | None:
        """The wait that the newest of so many failures costs."""
        if failures < self.free:
            return None
        return min(self.first * (1 << min(failures - self.free, 20)), self.longest)


PERSON = Ladder(5, timedelta(minutes=5), timedelta(hours=4), timedelta(hours=24))
ADDRESS = Ladder(60, timedelta(minutes=1), timedelta(minutes=30), timedelta(hours=24), fades=timedelta(minutes=1))


@dataclass(frozen=True)
class Subject:
    """What failures are counted for: a name, a browser that is known, an address, or a person who signs."""

    kind: str
    value: str

    @property
    def ladder(self) -> Ladder:
        """How many failures it may have."""
        return ADDRESS if self.kind == "address" else PERSON

    def key(self, store: Store) -> str:
        """Its name in the store, which says nothing without the site's key."""
        return store.lookup_digest(f"{self.kind}:{self.value}")


def check(store: Store, subjects: Sequence[Subject]) -> None:
    """Raises NotAllowed `accounts.locked`, with the minutes still to wait, when one of them is locked."""
    now = clock.utc_now()
    ends = [end for subject in subjects if (end := _locked_until(_row(store, subject))) and end > now]
    if ends:
        raise NotAllowed("accounts.locked", minutes=math.ceil((max(ends) - now).total_seconds() / 60))


def count(store: Store, tx: Tx, subjects: Sequence[Subject]) -> None:
    """One more failure of each, within an action of the caller's, so that guesses side by side are all counted."""
    now = clock.utc_now()
    for subject in subjects:
        row = _row(store, subject)
        end = _locked_until(row)
        if end and end > now:
            continue  # refused already: trying again while one waits does not prolong the wait
        failures = _remembered(row, subject.ladder, now) + 1
        wait = subject.ladder.wait(failures)
        forget(store, tx, [subject])
        tx.insert(
            "guess",
            {
                "subject": subject.key(store),
                "failures": failures,
                "last_at": stamp(now),
                "locked_until": stamp(now + wait) if wait else None,
            },
        )
        if wait:
            tx.note(locked=subject.kind, minutes=int(wait.total_seconds() // 60))


def forget(store: Store, tx: Tx, subjects: Sequence[Subject]) -> None:
    """The right password was given."""
    for subject in subjects:
        tx.delete("guess", (subject.key(store),))


def _row(store: Store, subject: Subject) -> Row | None:
    return store.row("SELECT * FROM guess WHERE subject = ?", [subject.key(store)])


def _locked_until(row: Row | None) -> datetime | None:
    return parse(row["locked_until"]) if row and row["locked_until"] else None


def _remembered(row: Row | None, ladder: Ladder, now: datetime) -> int:
    if row is None:
        return 0
    passed = max(now - parse(row["last_at"]), timedelta(0))
    if passed > ladder.quiet:
        return 0
    return max(0, int(row["failures"]) - (passed // ladder.fades if ladder.fades else 0))
