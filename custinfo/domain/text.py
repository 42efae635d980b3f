"""Text from outside: NFC, of bounded length, free of characters that deceive a reader or a file format."""

import unicodedata

from custinfo.domain.errors import BadInput

BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
KEPT_CONTROLS = frozenset("\t\n\r")


def clean(value: str, *, max_length: int) -> str:
    """`value` in NFC with uniform line ends.

    Raises BadInput for a character that cannot be kept (control, text-direction control, lone surrogate, non-character)
    and for more than `max_length` characters. Nothing is cut off or dropped without a word.
    """
    for position, character in enumerate(value, start=1):
        if not _allowed(character):
            raise BadInput("text.character", position=position, code=f"U+{ord(character):04X}")
    normal = unicodedata.normalize("NFC", value).replace("\r\n", "\n").replace("\r", "\n")
    if len(normal) > max_length:
        raise BadInput("text.long", length=len(normal), limit=max_length)
    return normal


def _allowed(character: str) -> bool:
    if character in KEPT_CONTROLS:
        return True
    if character in BIDI_CONTROLS or unicodedata.category(character) in ("Cc", "Cs"):
        return False
    return (ord(character) & 0xFFFE) != 0xFFFE
