"""Days and moments of answers as Python has them. A moment is the clock on the wall where the answer was given."""

from datetime import date, datetime, time

from custinfo.xforms.xpath.dates import parse_date


def day(text: str) -> date | None:
    """A day `YYYY-MM-DD`; None for anything else."""
    return parse_date(text)


def moment(text: str) -> datetime | None:
    """A moment without its zone: the wall clock."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None) if "T" in text else None
    except ValueError:
        return None


def clock(text: str) -> time | None:
    """A time of day without its zone."""
    try:
        return time.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None
