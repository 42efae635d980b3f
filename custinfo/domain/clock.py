"""Time: stored in UTC as text that sorts, shown in the site's zone."""

from datetime import UTC, datetime, tzinfo


def utc_now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    """A moment as it is stored: `2026-11-21T23:59:59.123456Z`. Raises ValueError for a moment without a zone."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a zone cannot be stored")
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def parse(stored: str) -> datetime:
    """The moment that `stamp` wrote; any ISO 8601 text with a zone is understood too. Raises ValueError otherwise."""
    moment = datetime.fromisoformat(stored)
    if moment.tzinfo is None:
        raise ValueError(f"{stored}: a moment needs its zone, such as Z or +08:00")
    return moment.astimezone(UTC)


def show(moment: datetime, zone: tzinfo) -> str:
    """A moment for a reader in `zone`: `2026-11-21 23:59`."""
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M")
