"""Telephone numbers, and codes of companies and persons, in one writing each."""

import re
from datetime import date
from functools import lru_cache

from custinfo.classification.duplicates.readings import plain
from custinfo.domain import identifiers

HOME_REGION = "CN"
_MOBILE = re.compile(r"(?:\+?0{0,2}86)?(1[3-9][0-9]{9})")
_LANDLINE = re.compile(r"0((?:10|2[0-9])[2-8][0-9]{7}|[3-9][0-9]{2}[2-8][0-9]{6,7})")
_USUAL = re.compile(r"\(?0(?:(10|2[0-9])[)-]?([2-8][0-9]{7})|([3-9][0-9]{2})[)-]?([2-8][0-9]{6,7}))")
"""A landline as it is usually written, `0755-12345678` or `(0755)12345678`: what `_LANDLINE` finds in its digits."""

_DIGITS = re.compile(r"[^0-9+]+")
_NO_CODE = re.compile(r"[^0-9A-Z]+")
_SHORTEST_CODE = 6
_RESIDENT = re.compile(r"[1-9][0-9]{16}[0-9X]")
_RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def phone(text: str) -> str:
    """E.164 with the extension left out, `+8675512345678`; what is no number that could be dialled: its digits, when
    there are at least seven; else empty.
    """
    if text.isascii():
        if usual := _MOBILE.fullmatch(text):
            return f"+86{usual[1]}"
        if usual := _USUAL.fullmatch(text):
            return "+86" + "".join(filter(None, usual.groups()))
    dialled = re.split(r"转|分机|ext|#|x", plain(text), maxsplit=1)[0]
    digits = _DIGITS.sub("", dialled)
    usual = _MOBILE.fullmatch(digits) or _LANDLINE.fullmatch(digits)
    return f"+86{usual[1]}" if usual else _unusual(dialled, digits)


@lru_cache(maxsize=4096)
def _unusual(dialled: str, digits: str) -> str:
    import phonenumbers

    # A number with an extension after a dash: 0755-12345678-801
    short = re.sub(r"^(0[0-9]{2,3}-?[2-9][0-9]{6,7})-[0-9]{1,6}$", r"\1", dialled.replace(" ", ""))
    try:
        number = phonenumbers.parse(short, HOME_REGION)
    except phonenumbers.NumberParseException:
        number = None
    if number is not None and phonenumbers.is_valid_number(number):
        return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    return digits if len(digits) >= 7 else ""


def code(text: str) -> str:
    """A code as it is compared: capitals and digits alone, empty when too short to say anything."""
    bare = text.upper() if text.isascii() and text.isalnum() else _NO_CODE.sub("", plain(text).upper())
    return bare if len(bare) >= _SHORTEST_CODE else ""


def valid_credit_code(bare: str) -> bool:
    """Whether it is a unified social credit code with both check characters."""
    return len(bare) == identifiers.LENGTH and identifiers.credit_code(bare) is None


def valid_identity_number(bare: str) -> bool:
    """Whether it is a resident identity number (GB 11643) with a possible birthday and its check character."""
    if not _RESIDENT.fullmatch(bare):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(bare[:17], _RESIDENT_WEIGHTS, strict=True))
    return bare[17] == "10X98765432"[total % 11] and birth_date(bare[6:14]) != ""


def birth_date(text: str) -> str:
    """`20001231` for a whole date in digits of that order, `2000` for a year; empty for what is neither."""
    digits = re.sub(r"[^0-9]", "", plain(text))
    if len(digits) == 8:
        try:
            date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
        except ValueError:
            return ""
        return digits
    return digits if len(digits) == 4 and digits > "1800" else ""
