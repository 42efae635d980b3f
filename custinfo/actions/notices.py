"""Notices: what people are told about the use of their data, in numbered versions that are never changed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from custinfo.access import permissions
from custinfo.domain import consent
from custinfo.domain.clock import parse
from custinfo.domain.errors import BadInput, NotFound
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.people import Person
from custinfo.domain.text import clean
from custinfo.store import Store
from custinfo.store.database import Row

LONGEST = 20_000
LONGEST_REASON = 500


@dataclass(frozen=True)
class Notice:
    """A version of a notice: `texts` by language, `purposes` that it speaks of, `sha256` of what was said."""

    notice_id: str
    version: int
    texts: Mapping[str, str]
    purposes: tuple[str, ...]
    sha256: str
    reason: str
    published_at: datetime
    published_by: str


def publish(
    store: Store, actor: Person, notice_id: str, texts: Mapping[str, str], purposes: tuple[str, ...], reason: str
) -> Notice:
    """The next version. From now on a consent is given to it; `outdated` lists who consented to an earlier one.

    Raises BadInput for a text that is missing in a language, an unknown purpose, or no reason.
    """
    permissions.check(actor, "notice.publish")
    said = {language: clean(texts.get(language, "").strip(), max_length=LONGEST) for language in LANGUAGES}
    if not all(said.values()) or not reason.strip() or not consent.IDENTIFIER.fullmatch(notice_id):
        raise BadInput("privacy.notice_incomplete")
    for name in purposes:
        consent.purpose(name)
    with store.act(actor.person_id, "notice.publish", "notice", notice_id) as tx:
        last = store.row("SELECT max(version) AS n FROM notice_version WHERE notice_id = ?", [notice_id])
        version = int(last["n"] or 0) + 1 if last else 1
        tx.insert(
            "notice_version",
            {
                "notice_id": notice_id,
                "version": version,
                "texts": json.dumps(said, ensure_ascii=False, sort_keys=True),
                "purposes": json.dumps(sorted(set(purposes))),
                "sha256": consent.notice_digest(said),
                "reason": clean(reason.strip(), max_length=LONGEST_REASON),
                "published_at": tx.at,
                "published_by": actor.person_id,
            },
        )
        tx.note(version=version, sha256=consent.notice_digest(said))
    return find(store, notice_id, version)


def find(store: Store, notice_id: str, version: int | None = None) -> Notice:
    """A version of a notice, the newest unless one is given. Raises NotFound."""
    row = store.row(
        "SELECT * FROM notice_version WHERE notice_id = ?1 AND (?2 IS NULL OR version = ?2) "
        "ORDER BY version DESC LIMIT 1",
        [notice_id, version],
    )
    if row is None:
        raise NotFound("privacy.no_notice", notice=notice_id[:40])
    return _notice(row)


def versions(store: Store) -> list[Notice]:
    """Every version of every notice, newest first."""
    return [_notice(row) for row in store.rows("SELECT * FROM notice_version ORDER BY published_at DESC, version DESC")]


def speaking_of(store: Store, purpose: str) -> Notice | None:
    """The notice, in its newest version, that speaks of a purpose; None when nobody is told about it."""
    newest: dict[str, Notice] = {}
    for one in reversed(versions(store)):
        newest[one.notice_id] = one
    return next((one for one in newest.values() if purpose in one.purposes), None)


def _notice(row: Row) -> Notice:
    return Notice(
        row["notice_id"], row["version"], json.loads(row["texts"]), tuple(json.loads(row["purposes"])), row["sha256"],
        row["reason"], parse(row["published_at"]), row["published_by"],
    )  # fmt: skip
