"""The log of answering, as ODK's audit.csv has it.

The browser says how long ago something was and how long it took; when that was, this machine's clock says.
"""

import math
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from custinfo.actions.drafts import AnswerEvent
from custinfo.domain.clock import utc_now

LONGEST_MS = 24 * 3600 * 1000
MOST_SEEN = 200
"""Questions that one message may say were looked at."""
EVENTS = {"answer": "question", "add": "add repeat", "remove": "delete repeat"}


def moment(event: str, ref: str = "") -> AnswerEvent:
    """Something that happens now and takes no time: `form start`, `jump` …"""
    return AnswerEvent(event, ref, utc_now())


def changed(kind: str, ref: str, message: Mapping[str, Any], values: tuple[str, str]) -> AnswerEvent:
    """An answer, with the time that it took from the moment at which the question came into focus.

    `values` are the answer before and after. `message` holds `ago` and `took`, milliseconds.
    """
    started, ended = _span(message.get("ago"), message.get("took"))
    old, new = values if kind == "answer" else (None, None)
    return AnswerEvent(EVENTS[kind], ref, started, ended, old, new)


def looked_at(message: Mapping[str, Any], visible: Collection[str]) -> list[AnswerEvent]:
    """Questions that were in focus and left as they were: `seen` holds (ref, ago, took) of each."""
    seen = message.get("seen")
    if not isinstance(seen, list):
        return []
    found = []
    for one in seen[:MOST_SEEN]:
        if isinstance(one, list) and len(one) == 3 and isinstance(one[0], str) and one[0] in visible:
            started, ended = _span(one[1], one[2])
            found.append(AnswerEvent("question", one[0], started, ended))
    return found


def _span(ago: object, took: object) -> tuple[datetime, datetime]:
    ended = utc_now() - _milliseconds(ago)
    return ended - _milliseconds(took), ended


def _milliseconds(value: object) -> timedelta:
    """A browser's figure; what cannot be one counts as none."""
    known = isinstance(value, (int, float)) and math.isfinite(value) and 0 <= value <= LONGEST_MS
    return timedelta(milliseconds=float(value) if known and isinstance(value, (int, float)) else 0)
