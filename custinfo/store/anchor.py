"""The anchor: how far the audit log went, witnessed outside of the store: nobody shortens or rewrites it unseen.

A folder (`anchor` in site.toml; another medium is better) with three files:

- `head`: the number and code of the newest entry, signed (Ed25519), in two slots of which the older is overwritten;
- `chain`: the 32 bytes of every entry's code, one after the other, only appended to: it says which one was rewritten;
- `checkpoints.jsonl`: a signed line every thousand entries or ten minutes, only appended to (see `checkpoints`).

The head is moved after each commit, under a file lock, and only forward. Before it writes anything, an action holds the
log against the head: a log that is shorter, or has another code there, takes no more entries, and nor does one whose
anchor is missing, forged or cannot be written. So after a crash the log may be ahead of the anchor, never behind.
"""

import fcntl
import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from custinfo.domain.clock import parse, stamp, utc_now
from custinfo.domain.errors import SiteFault
from custinfo.store import checkpoints
from custinfo.store.audit import Entry, unanchored_for_long
from custinfo.store.site import Site

PURPOSE = b"custinfo audit head\n"
SLOT = 512
CODE_BYTES = 32
CHECKPOINT_ENTRIES = 1000
CHECKPOINT_SECONDS = 600

EntriesAfter = Callable[[int], Iterable[Entry]]
"""The committed entries after a number, in order."""


@dataclass(frozen=True)
class Head:
    """The newest witnessed entry, and the newest of which there is a checkpoint."""

    entry: Entry
    checkpoint: Entry


class Anchor:
    """The anchor of one site. Cheap to make; every call opens the files anew, so a file that was replaced is seen."""

    def __init__(self, site: Site) -> None:
        self.folder = site.anchor
        self._key = site.signing_key()
        self._public = self._key.public_key()
        self._known: tuple[bytes, Head | None] = (b"", None)

    # ---- before an action -------------------------------------------------------------------------------------------

    def check(self, last: Entry, after: EntriesAfter) -> None:
        """Raises SiteFault when the log, which ends with `last`, is not the one that was witnessed, or cannot be.

        Call it with the store's lock held: entries that a crash left without a witness get it now.
        """
        head = self.head()
        if head.entry.seq > last.seq:
            raise SiteFault("store.anchor_ahead", folder=self.folder, last=last.seq, anchored=head.entry.seq)
        if head.entry == last:
            return
        if head.entry.seq == last.seq:
            raise SiteFault("store.anchor_differs", folder=self.folder, seq=last.seq)
        between = iter(after(max(0, head.entry.seq - 1)))
        if head.entry.seq and next(between, None) != head.entry:
            raise SiteFault("store.anchor_differs", folder=self.folder, seq=head.entry.seq)
        if unanchored_for_long(next(between), last):
            raise SiteFault("store.anchor_older", folder=self.folder, last=last.seq, anchored=head.entry.seq)
        try:
            self._advance(last, after)
        except OSError as fault:
            raise SiteFault("store.anchor_failed", folder=self.folder, fault=fault.strerror or fault) from None

    def head(self) -> Head:
        """The newest head with a good signature. Raises SiteFault when there is none."""
        content = self._read("head")
        if content == self._known[0] and self._known[1] is not None:
            return self._known[1]
        head = self._parsed(content)
        if head is None:  # somebody may be writing this very moment
            with suppress(OSError), self._locked(os.O_RDONLY, fcntl.LOCK_SH):
                content = self._read("head")
            head = self._parsed(content)
        if head is None:
            raise SiteFault("store.anchor_forged", folder=self.folder)
        self._known = content, head
        return head

    # ---- after a commit ---------------------------------------------------------------------------------------------

    def follow(self, last: Entry, after: EntriesAfter) -> None:
        """Witness the log up to `last`, which was committed. Its action is done whatever happens here: when this fails,
        the next one finds the log ahead of an anchor that cannot be moved, and refuses.
        """
        try:
            self._advance(last, after)
        except (OSError, SiteFault):
            return

    def _advance(self, last: Entry, after: EntriesAfter) -> None:
        with self._locked(os.O_RDWR) as file:
            content = os.pread(file, 2 * SLOT, 0)
            head = self._known[1] if content == self._known[0] else self._parsed(content)
            if head is None:
                raise SiteFault("store.anchor_forged", folder=self.folder)
            if head.entry.seq >= last.seq:
                return
            self._witness(last, after)
            checkpoint = head.checkpoint
            if _checkpoint_is_due(checkpoint, last):
                path = self.folder / checkpoints.FILE
                checkpoints.append(path, self._key, checkpoints.CHECKPOINT, last, at=stamp(utc_now()))
                checkpoint = last
            self._write_head(file, content, Head(last, checkpoint))

    def _witness(self, last: Entry, after: EntriesAfter) -> None:
        """Bring the file `chain` up to `last`."""
        file = os.open(self.folder / "chain", os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
        try:
            size = os.fstat(file).st_size
            whole, torn = divmod(size, CODE_BYTES)
            missing = [last] if whole == last.seq - 1 else after(whole)
            codes = b"".join(bytes.fromhex(entry.chain) for entry in missing if entry.seq <= last.seq)
            data = codes[torn:]
            while data:
                data = data[os.write(file, data) :]
        finally:
            os.close(file)

    def _write_head(self, file: int, content: bytes, head: Head) -> None:
        slots = [content[:SLOT], content[SLOT:]]
        older = min((0, 1), key=lambda n: _claimed(slots[n]))
        entry, mark = head.entry, head.checkpoint
        facts = {"seq": entry.seq, "at": entry.at, "chain": entry.chain, "checkpoint": [mark.seq, mark.at]}
        slots[older] = checkpoints.signed(self._key, PURPOSE, facts).ljust(SLOT - 1) + b"\n"
        os.pwrite(file, slots[older], older * SLOT)
        self._known = b"".join(slots), head

    # ---- beginning --------------------------------------------------------------------------------------------------

    def begin(self, last: Entry, after: EntriesAfter) -> None:
        """The first anchor of a log. One that is there already is left as it is, whatever it says."""
        if not (self.folder / "head").exists():
            self._start(checkpoints.BEGUN, last, after, "")

    def restart(self, kind: str, last: Entry, after: EntriesAfter, note: str) -> None:
        """Begin anew from the log as it stands; the old head and chain are kept under another name, and a checkpoint
        says for ever that it was done, and why. For who has looked into the matter.
        """
        moment = stamp(utc_now()).replace(":", "")
        for name in ("head", "chain"):
            with suppress(FileNotFoundError):
                (self.folder / name).rename(self.folder / f"{name}.before-{moment}")
        self._start(kind, last, after, note)

    def _start(self, kind: str, last: Entry, after: EntriesAfter, note: str) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        building = self.folder / f"head.{os.getpid()}"
        with building.open("wb") as file:
            building.chmod(0o600)
            checkpoints.append(self.folder / checkpoints.FILE, self._key, kind, last, at=stamp(utc_now()), note=note)
            self._fill_chain(last, after)
            file.write(b" " * 2 * SLOT)
            file.flush()
            self._write_head(file.fileno(), b" " * 2 * SLOT, Head(last, last))
            os.fsync(file.fileno())
        # The head comes last, whole: a folder with a head is an anchor
        building.rename(self.folder / "head")

    def _fill_chain(self, last: Entry, after: EntriesAfter) -> None:
        target = os.open(self.folder / "chain", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(target, "wb") as file:
            for entry in after(0):
                if entry.seq <= last.seq:
                    file.write(bytes.fromhex(entry.chain))
            file.flush()
            os.fsync(file.fileno())

    # ---- for verifying ----------------------------------------------------------------------------------------------

    def lines(self) -> list[checkpoints.Checkpoint]:
        """The checkpoints; none when the file is not there."""
        try:
            return checkpoints.parsed(self._public, (self.folder / checkpoints.FILE).read_bytes())
        except OSError:
            return []

    def copied(self, content: bytes) -> list[checkpoints.Checkpoint]:
        """The checkpoints of a copy that was kept elsewhere."""
        return checkpoints.parsed(self._public, content)

    def witnesses(self) -> Callable[[int], str | None]:
        """Gives the witnessed code of an entry by its number; None for one that is not witnessed singly."""
        try:
            content = (self.folder / "chain").read_bytes()
        except OSError:
            content = b""

        def witnessed(seq: int) -> str | None:
            code = content[(seq - 1) * CODE_BYTES : seq * CODE_BYTES]
            return code.hex() if len(code) == CODE_BYTES else None

        return witnessed

    def place_of(self, chain: str) -> int | None:
        """The number of the entry that was witnessed with this code."""
        try:
            code, content = bytes.fromhex(chain), (self.folder / "chain").read_bytes()
        except (OSError, ValueError):
            return None
        places = range(0, len(content), CODE_BYTES)
        return next((at // CODE_BYTES + 1 for at in places if content[at : at + CODE_BYTES] == code), None)

    # ---- files ------------------------------------------------------------------------------------------------------

    def _read(self, name: str) -> bytes:
        try:
            file = os.open(self.folder / name, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as fault:
            raise SiteFault("store.anchor_missing", folder=self.folder, fault=fault.strerror) from None
        try:
            return os.pread(file, 2 * SLOT, 0)
        finally:
            os.close(file)

    @contextmanager
    def _locked(self, mode: int, lock: int = fcntl.LOCK_EX) -> Iterator[int]:
        file = os.open(self.folder / "head", mode | os.O_CLOEXEC)
        try:
            fcntl.flock(file, lock)
            yield file
        finally:
            os.close(file)

    def _parsed(self, content: bytes) -> Head | None:
        slots = sorted((content[:SLOT], content[SLOT:]), key=_claimed, reverse=True)
        return next((head for slot in slots if (head := self._slot(slot))), None)

    def _slot(self, slot: bytes) -> Head | None:
        facts: dict[str, Any] | None = checkpoints.opened(self._public, PURPOSE, slot.rstrip())
        if facts is None:
            return None
        seq, at = facts["checkpoint"]
        return Head(Entry(facts["seq"], facts["at"], facts["chain"]), Entry(seq, at, ""))


def _claimed(slot: bytes) -> int:
    """The entry number that a slot names, before anybody believes it."""
    try:
        return int(json.loads(slot)["seq"])
    except (ValueError, TypeError, KeyError):
        return -1


def _checkpoint_is_due(checkpoint: Entry, last: Entry) -> bool:
    if not checkpoint.at or last.seq - checkpoint.seq >= CHECKPOINT_ENTRIES:
        return True
    return abs((parse(last.at) - parse(checkpoint.at)).total_seconds()) >= CHECKPOINT_SECONDS
