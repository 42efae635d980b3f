"""Children under fourteen: a parent or guardian consents for them (PIPL art. 31)."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from custinfo.actions import entities
from custinfo.domain import consent
from custinfo.domain.errors import BadInput, NotFound
from custinfo.store import Store
from custinfo.xforms.refs import flat

BORN = ("birth_date", "birthday", "birth_year")
"""The names of the questions that say when somebody was born."""
GUARDIAN = "guardian"
"""The name of the question that says who speaks for a child."""
_DAY = re.compile(r"(\d{4})(?:-(\d{2})-(\d{2}))?\Z", re.ASCII)


def check(store: Store, entity_id: str, on: date, *, born: date | None = None, guardian: str = "") -> None:
    """Raises BadInput for a consent of a child, stated or on record, for whom no guardian speaks."""
    if guardian.strip():
        return
    stated, recorded = born.isoformat() if born else "", _on_record(store, entity_id)
    if stated[:4] == recorded:  # the day makes exact what was only a year; another year would be a contradiction
        recorded = ""
    if any(under_age(one, on) for one in (stated, recorded)):
        raise BadInput("privacy.guardian_needed", age=consent.ADULT_CONSENT_AGE)


def under_age(born: str, on: date) -> bool:
    """Whether somebody born on that day, or at any time of that year, is or may be under fourteen on a day."""
    found = _DAY.match(born)
    if found is None:
        return False
    year, month, day = int(found[1]), int(found[2] or 12), int(found[3] or 31)
    try:
        return consent.age_on(date(year, month, day), on) < consent.ADULT_CONSENT_AGE
    except ValueError:
        return False


def said_in(answers: Mapping[str, str], within: str) -> tuple[str, str]:
    """When the person of a record was born and who speaks for them, as the answers below `within` say; or blank."""
    named = {ref.rpartition("/")[2]: value for ref, value in answers.items() if ref.startswith(f"{within}/")}
    return next((named[name] for name in BORN if named.get(name)), ""), named.get(GUARDIAN, "")


def _on_record(store: Store, entity_id: str) -> str:
    """When the person was born, as their card says; blank when it does not."""
    try:
        content: dict[str, Any] = entities.content(store, entities.current(store, entity_id))
    except NotFound:
        return ""
    return said_in(flat(content, "/data"), "/data")[0]
