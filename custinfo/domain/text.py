"""Text from outside: NFC, of bounded length, free of characters that deceive a reader or a file format."""

import re
import unicodedata

from custinfo.domain.errors import BadInput

BIDI_CONTROLS = "\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069"
OTHER_CONTROLS = "\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f"  # all but tab and line ends
SURROGATES = "\\ud800-\\udfff"
NON_CHARACTERS = "\\ufdd0-\\ufdef" + "".join(f"\\U{plane:04x}fffe\\U{plane:04x}ffff" for plane in range(17))
FORBIDDEN = re.compile(f"[{BIDI_CONTROLS}{OTHER_CONTROLS}{SURROGATES}{NON_CHARACTERS}]")


def clean(value: str, *, max_length: int) -> str:
    """`value` in NFC with uniform line ends.

    Raises BadInput for a character that cannot be kept (control, text-direction control, lone surrogate, non-character)
    and for more than `max_length` characters. Nothing is cut off or dropped without a word.
    """
    found = FORBIDDEN.search(value)
    if found:
        raise BadInput("text.character", position=found.start() + 1, code=f"U+{ord(found[0]):04X}")
    normal = unicodedata.normalize("NFC", value).replace("\r\n", "\n").replace("\r", "\n")
    if len(normal) > max_length:
        raise BadInput("text.long", length=len(normal), limit=max_length)
    return normal


def stated(value: str, missing: str, *, max_length: int) -> str:
    """What somebody has to say, cleaned and without spaces around it. Raises BadInput `missing` when it is blank."""
    words = clean(value, max_length=max_length).strip()
    if not words:
        raise BadInput(missing)
    return words
