"""Identifiers of organisations: the unified social credit code (统一社会信用代码) of GB 32100-2015.

    9 1 440300 MA5DKTWX8 7
    │ │ │      │         └ check character over the other 17
    │ │ │      └ organisation code of GB 11714: 8 characters and a check character of their own
    │ │ └ area of the registering authority; new and abolished areas occur, so any six digits are taken
    │ └ category of organisation, numbered by each department
    └ registering department

Both check characters are verified: the outer one alone lets through a wrong organisation code that was given a
fitting outer character.
"""

import re
from itertools import repeat
from operator import mul

LENGTH = 18
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""Digits and capitals without I, O, S, V, Z, which are mistaken for 1, 0, 5, U, 2."""

DEPARTMENTS = "123456789ANY"
"""机构编制 外交 司法行政 文化 民政 旅游 宗教 工会 市场监管, A 中央军委, N 农业 (rural collectives), Y 其他."""

CATEGORIES = "123456789"
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_PERMITTED = frozenset(ALPHABET)
_CREDIT_CODE_WEIGHTS = tuple(pow(3, place, 31) for place in range(LENGTH - 1))


def credit_code(text: str) -> str | None:
    """None when `text` is a well-formed credit code, else the key of the message that says what is wrong.

    Nothing is changed silently: lower case and spaces have messages of their own. See `normalise_credit_code`.
    """
    return _writing_fault(text) or _structure_fault(text)


def _writing_fault(text: str) -> str | None:
    """What is wrong with the characters, whatever they stand for."""
    if len(text) == LENGTH and _PERMITTED.issuperset(text):
        return None
    if re.search(r"\s", text):
        return "identifiers.credit_code.spaces"
    if len(text) != LENGTH:
        return "identifiers.credit_code.length"
    if set(text) <= set(ALPHABET + ALPHABET.lower()):
        return "identifiers.credit_code.lower_case"
    if set(text.upper()) & set("IOSVZ") and text.isascii() and text.isalnum():
        return "identifiers.credit_code.excluded_letter"
    return "identifiers.credit_code.character"


def _structure_fault(code: str) -> str | None:
    """What is wrong with the parts of a `code` of 18 permitted characters."""
    if code[0] not in DEPARTMENTS or code[1] not in CATEGORIES:
        return "identifiers.credit_code.register"
    if not code[2:8].isdigit():
        return "identifiers.credit_code.area"
    if code[16] != organisation_check_character(code[8:16]):
        return "identifiers.credit_code.organisation_check"
    if code[17] != credit_code_check_character(code[:17]):
        return "identifiers.credit_code.check"
    return None


def normalise_credit_code(text: str) -> str:
    """`text` as it is searched for: without spaces, in capitals. The result may still be malformed."""
    return re.sub(r"\s", "", text).upper()


def credit_code_check_character(first17: str) -> str:
    """The 18th character (GB 32100: weights 3^i, modulo 31). Raises ValueError for a character outside `ALPHABET`."""
    total = sum(map(mul, map(ALPHABET.index, first17), _CREDIT_CODE_WEIGHTS))
    return ALPHABET[-total % 31]


def organisation_check_character(first8: str) -> str:
    """The 9th character of an organisation code (GB 11714: A is 10 … Z is 35, modulo 11, ten is written X).

    Raises ValueError for a character that is neither digit nor letter.
    """
    total = sum(map(mul, map(int, first8, repeat(36)), ORGANISATION_WEIGHTS))
    return "0123456789X"[-total % 11]
