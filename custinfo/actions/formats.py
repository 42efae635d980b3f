"""Formats that a question may ask for by name: whether an answer is well-formed, and which message says why not."""

import re
from collections.abc import Callable, Mapping

import phonenumbers

from custinfo.domain import identifiers, money
from custinfo.domain.errors import BadInput

HOME_REGION = "CN"
PHONE = re.compile(r"\+?[0-9 ()（）-]+(ext\.? ?[0-9]{1,6})?")
EXTENSION = re.compile(r"^([(（]?0[0-9]{2,3}[)）]?[ -]?[0-9]{7,8}) ?(?:-|转|#)([0-9]{1,6})$")
PHONE_LENGTH = 40
LOCAL_NUMBER = re.compile(r"[2-8][0-9]{3}[ -]?[0-9]{3,4}")
EMAIL_LENGTH = 254
EMAIL = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}")


def phone(text: str) -> str | None:
    """A number that can be dialled from China: landline with area code, mobile, 400/800, or `+` and country code.

    An extension follows a landline after `-`, `转` or `#`.
    """
    if LOCAL_NUMBER.fullmatch(text):
        return "identifiers.phone_area_code"
    dialled = EXTENSION.sub(r"\1 ext. \2", text)
    if len(text) > PHONE_LENGTH or not PHONE.fullmatch(dialled):
        return "identifiers.phone"
    try:
        number = phonenumbers.parse(dialled, HOME_REGION)
    except phonenumbers.NumberParseException:
        return "identifiers.phone"
    return None if phonenumbers.is_valid_number(number) else "identifiers.phone"


def amount(text: str) -> str | None:
    """Yuan with at most two decimals, as `money.fen` reads them."""
    try:
        money.fen(text)
    except BadInput:
        return "identifiers.amount"
    return None


def postcode(text: str) -> str | None:
    """A Chinese postcode: six digits."""
    return None if re.fullmatch(r"[0-9]{6}", text) else "identifiers.postcode"


def email(text: str) -> str | None:
    """An address that mail systems accept everywhere: ASCII, a domain with a dot, no two dots in a row."""
    local = text.partition("@")[0]
    sane = len(text) <= EMAIL_LENGTH and ".." not in text and local.strip(".") == local
    return None if sane and EMAIL.fullmatch(text) else "identifiers.email"


FORMATS: Mapping[str, Callable[[str], str | None]] = {
    "credit_code": identifiers.credit_code,
    "phone": phone,
    "amount": amount,
    "postcode": postcode,
    "email": email,
}
"""Format name → check. A check gives None for a well-formed answer, else the key of a message."""
