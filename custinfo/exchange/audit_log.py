"""How records were filled in, question by question: a CSV with the columns of ODK's audit.csv.

`start` and `end` are milliseconds since 1970 in UTC, as in ODK Collect; what takes no time has no end.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import StringIO

from custinfo.exchange.grids import safe

HEADINGS = ("instance ID", "event", "node", "start", "end", "old-value", "new-value")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class LogLine:
    """One event. `instance_id` is that of the submission; `node` is blank for what concerns the whole form."""

    instance_id: str
    event: str
    node: str
    start: datetime
    end: datetime | None
    old: str | None
    new: str | None


def write(lines: Iterable[LogLine]) -> bytes:
    """The file, in UTF-8 with a byte order mark; no value in it is taken for a formula by a spreadsheet."""
    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(HEADINGS)
    for one in lines:
        end = str(_milliseconds(one.end)) if one.end else ""
        values = (safe(one.old or ""), safe(one.new or ""))
        writer.writerow([one.instance_id, one.event, one.node, _milliseconds(one.start), end, *values])
    return text.getvalue().encode("utf-8-sig")


def _milliseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(milliseconds=1)
