"""What an event of a browser says: its fields have the shape that was asked for, or are blank."""

from typing import Any

from custinfo.domain.text import clean

LONGEST = 1_000_000
MOST_DIGITS = 7


def check_texts(value: Any) -> None:
    """Raises BadInput for a text, in a list or field too, that cannot be stored or looked up: a lone surrogate, say."""
    if isinstance(value, str):
        clean(value, max_length=LONGEST)
    elif isinstance(value, list):
        for one in value:
            check_texts(one)
    elif isinstance(value, dict):
        for one in value.values():
            check_texts(one)


def said(value: Any, field: str) -> str:
    """The text of a field of an entry; blank for anything but text."""
    text = value.get(field) if isinstance(value, dict) else None
    return text if isinstance(text, str) else ""


def number(text: str) -> int | None:
    """A version as an address or an entry writes it; None for what is no version of anything."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS else None
