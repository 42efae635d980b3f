"""In which state something can be done; who may do it stands in `permissions`."""

from collections.abc import Mapping
from typing import Any

from custinfo.domain.errors import Conflict, NotFound, WrongState
from custinfo.domain.people import Person


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
