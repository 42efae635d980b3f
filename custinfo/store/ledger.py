"""The ledger: what must survive a restore. Whoever was erased, withdrew, objected or lost a right stays so.

A file beside the store, one line of JSON for each fact, on the disk before the fact is committed. Each line carries the
hash of the line before and a keyed code (HMAC-SHA256): without the site's key no line can be made, changed, moved or
taken out. The store keeps the same lines: a backup therefore knows which facts it contains, and a lost file is written
anew.

A line whose transaction was rolled back is followed by a `void` line. A process that was killed between line and commit
leaves its line without one: the next line that is written settles it. If the store is lost at that very moment the line
stands: what was about to be erased or withdrawn then is, once the site is restored.
"""

import fcntl
import hashlib
import hmac
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from custinfo.domain.errors import SiteFault
from custinfo.store.site import Site

FILE = "ledger.jsonl"
VOID = "void"
KINDS = frozenset({"person.erased", "consent.withdrawn", "access.revoked", "objection", "report.destroyed"})
GENESIS = "0" * 64


@dataclass(frozen=True)
class Line:
    """One fact: its number from 1, its moment, what it is about, and the audit entry that its transaction made."""

    number: int
    at: str
    kind: str
    object_id: str
    facts: Mapping[str, str]
    seq: int
    text: str
    """The line as it stands in the file, without its end."""


class Wanted(NamedTuple):
    """What a new line is to say."""

    kind: str
    object_id: str
    facts: Mapping[str, str]


class Ledger:
    """The ledger of one site."""

    def __init__(self, site: Site) -> None:
        self.path = site.anchor / FILE
        self._key = key(site)

    def append(
        self, known: Sequence[str], *, at: str, kind: str, object_id: str, facts: Mapping[str, str], seq: int
    ) -> list[str]:
        """Put a fact on the disk; gives every line that the store does not have yet, the new one last.

        `known` are the lines that the store has, all of them; `seq` is the audit entry that the transaction will make.
        Call it with the store's lock held. Raises SiteFault when the file cannot be written (nothing was), when it is
        not the store's, or when the store is older than the file.
        """
        with self._locked() as file:
            texts = _agreed(file, _read(file, self.path), known, self.path)
            unknown = parsed(texts[len(known) :], self._key, self.path, before=known)
            if any(line.seq > seq for line in unknown):
                raise SiteFault("ledger.ahead", file=self.path)
            wanted = [Wanted(VOID, str(line.number), {}) for line in _standing(unknown)]
            new = _made(texts, [*wanted, Wanted(kind, object_id, facts)], self._key, at=at, seq=seq)
            _write(file, new, self.path)
            return [line.text for line in unknown] + new

    def void(self, text: str, *, at: str) -> None:
        """Take a line back whose transaction was rolled back. When that fails too, the next `append` does it."""
        try:
            with self._locked() as file:
                texts = _read(file, self.path)
                for line in _standing(parsed(texts, self._key, self.path)):
                    if line.text == text:
                        back = [Wanted(VOID, str(line.number), {})]
                        _write(file, _made(texts, back, self._key, at=at, seq=line.seq), self.path)
        except SiteFault:
            return

    def lines(self) -> list[Line]:
        """Every line of the file; empty when there is none yet. Raises SiteFault naming the first wrong line."""
        return read(self.path, self._key) if self.path.exists() else []

    def check_writable(self) -> None:
        """Raises SiteFault when the next fact could not be written."""
        with self._locked():
            pass

    @contextmanager
    def _locked(self) -> Iterator[int]:
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            new = not self.path.exists()
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except OSError as fault:
            raise SiteFault("ledger.not_written", file=self.path, fault=fault.strerror) from None
        try:
            if new:
                _sync_folder(self.path.parent)
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file
        finally:
            os.close(file)


def key(site: Site) -> bytes:
    """The key of the lines' codes: made from the key of the audit log, which stays as long as the site does."""
    return hmac.new(site.secret("audit"), b"custinfo ledger", hashlib.sha256).digest()


def read(path: Path, ledger_key: bytes) -> list[Line]:
    """Every line of a ledger, or of a copy of one. Raises SiteFault naming the first line that is wrong."""
    try:
        return parsed(_whole_lines(path.read_bytes()), ledger_key, path)
    except OSError as fault:
        raise SiteFault("ledger.unreadable", file=path, fault=fault.strerror) from None


def standing(lines: Sequence[Line], after: int = 0) -> list[Line]:
    """The facts that hold, later than line `after`: neither taken back nor the taking back itself."""
    return [line for line in _standing(lines) if line.number > after]


def parsed(texts: Sequence[str], ledger_key: bytes, path: Path, *, before: Sequence[str] = ()) -> list[Line]:
    """Lines from their texts, which follow those of `before`. Raises SiteFault naming the first wrong one."""
    lines: list[Line] = []
    previous = _digest(before[-1]) if before else GENESIS
    for number, text in enumerate(texts, start=len(before) + 1):
        line = _line(text, number, previous, ledger_key)
        if line is None:
            raise SiteFault("ledger.forged", file=path, line=number)
        lines.append(line)
        previous = _digest(text)
    return lines


def _line(text: str, number: int, previous: str, ledger_key: bytes) -> Line | None:
    try:
        body = json.loads(text)
        code = body.pop("code")
        if not hmac.compare_digest(code, _code(body, ledger_key)) or _text(body, ledger_key) != text:
            return None
        if body["number"] != number or body["previous"] != previous:
            return None
        return Line(number, body["at"], body["kind"], body["object_id"], body["facts"], body["seq"], text)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _text(body: Mapping[str, object], ledger_key: bytes) -> str:
    return json.dumps({**body, "code": _code(body, ledger_key)}, ensure_ascii=True, sort_keys=True)


def _code(body: Mapping[str, object], ledger_key: bytes) -> str:
    plain = json.dumps(body, ensure_ascii=True, sort_keys=True)
    return hmac.new(ledger_key, plain.encode(), hashlib.sha256).hexdigest()


def _standing(lines: Sequence[Line]) -> list[Line]:
    voided = {line.object_id for line in lines if line.kind == VOID}
    return [line for line in lines if line.kind != VOID and str(line.number) not in voided]


def _agreed(file: int, texts: Sequence[str], known: Sequence[str], path: Path) -> list[str]:
    """The file's lines, which begin with the store's; what the file has lost is written again from the store."""
    for number, (found, wanted) in enumerate(zip(texts, known, strict=False), start=1):
        if found != wanted:
            raise SiteFault("ledger.forged", file=path, line=number)
    missing = known[len(texts) :]
    if missing:
        _write(file, missing, path)
    return [*texts, *missing]


def _made(before: Sequence[str], wanted: Sequence[Wanted], ledger_key: bytes, *, at: str, seq: int) -> list[str]:
    """The texts of new lines that follow those of `before`."""
    texts: list[str] = []
    previous = _digest(before[-1]) if before else GENESIS
    for number, one in enumerate(wanted, start=len(before) + 1):
        fact = {"kind": one.kind, "object_id": one.object_id, "facts": dict(one.facts)}
        texts.append(_text({"number": number, "at": at, "seq": seq, "previous": previous, **fact}, ledger_key))
        previous = _digest(texts[-1])
    return texts


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _read(file: int, path: Path) -> list[str]:
    """The whole lines of an open ledger. A last line without its end was never acknowledged: it is cut off."""
    try:
        content = os.pread(file, os.fstat(file).st_size, 0)
        if content and not content.endswith(b"\n"):
            os.ftruncate(file, content.rfind(b"\n") + 1)
    except OSError as fault:
        raise SiteFault("ledger.not_written", file=path, fault=fault.strerror) from None
    return _whole_lines(content)


def _whole_lines(content: bytes) -> list[str]:
    return content.decode("utf-8", "replace").split("\n")[:-1]


def _write(file: int, texts: Sequence[str], path: Path) -> None:
    before = os.fstat(file).st_size
    content = "".join(f"{text}\n" for text in texts).encode()
    try:
        while content:
            content = content[os.write(file, content) :]
        os.fsync(file)
    except OSError as fault:
        os.ftruncate(file, before)  # makes the file shorter, which a full disk allows
        raise SiteFault("ledger.not_written", file=path, fault=fault.strerror) from None


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
