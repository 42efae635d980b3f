"""In which state something can be done; who may do it stands in `permissions`."""

from collections.abc import Collection, Mapping
from typing import Any

from custinfo.access import visibility
from custinfo.domain.errors import Conflict, NotAllowed, NotFound, WrongState
from custinfo.domain.people import Audience, Person


def check_own_open_draft(person: Person, draft: Mapping[str, Any] | None) -> None:
    """A draft belongs to the person who fills it in, until it is submitted or discarded.

    Someone else's draft is not told apart from one that never was.
    """
    if draft is None or draft["owner"] != person.person_id:
        raise NotFound("access.no_draft")
    if draft["outcome"] is not None:
        raise WrongState(f"access.draft_{draft['outcome']}")


def check_unchanged(draft: Mapping[str, Any], saves: int) -> None:
    """What somebody is about to save or submit is what they see: the draft was not saved elsewhere meanwhile."""
    if draft["saves"] != saves:
        raise Conflict("drafts.changed_elsewhere")


def check_readable(person: Person, record: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """A record is read by those in whose scope it is and whose clearance reaches to its level; by a researcher only
    when they recorded a version of it, whoever edited it since (`visibility.own_records_only`). `record` is a row of
    `record_current`.

    Anybody else's record is not told apart from one that never was.
    """
    if record is None or not may_read(person, record):
        raise NotFound("access.no_record")
    return record


def may_read(person: Person, record: Mapping[str, Any]) -> bool:
    """The twin of `check_readable` for lists."""
    if not visibility.visible(person, record):
        return False
    audience = Audience(record["audience"] or Audience.FIELD)
    return not visibility.own_records_only(person, audience) or person.person_id in record["authors"].split(",")


def check_consultable(person: Person, record: Mapping[str, Any] | None) -> None:
    """Who reads a record may look at it, and those of another department who decide on it (`visibility.decides`): they
    change nothing in it, review it and export it not. Raises as `check_readable`.
    """
    if record is None or not visibility.decides(person, record):
        check_readable(person, record)


def check_not_own(person: Person, authors: Collection[str]) -> None:
    """Nobody approves, reviews or verifies what they made themselves."""
    if person.person_id in authors:
        raise NotAllowed("access.own_work")
