"""Formats of identifiers: what is taken, what is refused, and with which message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc

from custinfo.actions import formats
from custinfo.domain import identifiers, messages
from custinfo.domain.identifiers import credit_code


def code(head: str, organisation8: str) -> str:
    """A code whose two check characters are right."""
    first17 = head + organisation8 + identifiers.organisation_check_character(organisation8)
    return first17 + identifiers.credit_code_check_character(first17)


def test_the_check_characters_are_those_of_a_published_example() -> None:
    # The example in python-stdnum's own documentation.
    assert identifiers.organisation_check_character("60003734") == "1"
    assert identifiers.credit_code_check_character("91110000600037341") == "L"


@pytest.mark.parametrize(
    "head",
    [
        "91440300",  # an enterprise
        "92440300",  # a sole trader
        "93440300",  # a farmers' cooperative
        "11110000",  # a public body
        "12440300",  # a public institution
        "52440300",  # a private non-enterprise unit
        "31440000",  # a law firm
        "71440300",  # a place of worship
        "81440300",  # a trade union
        "A1100000",  # military
        "N2440300",  # a village's collective
        "Y1440300",  # others
        "91999999",  # an area that no table has
    ],
)
@pytest.mark.parametrize("organisation", ["MA5DKTWX", "60003734", "00000000", "DEM00001"])
def test_codes_of_every_register_are_taken(head: str, organisation: str) -> None:
    assert credit_code(code(head, organisation)) is None


VALID = code("91440300", "MA5DKTWX")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "length"),
        (VALID[:17], "length"),
        (VALID + "0", "length"),
        ("9" * 50_000, "length"),
        (VALID.lower(), "lower_case"),
        (" " + VALID, "spaces"),
        (VALID[:9] + " " + VALID[9:], "spaces"),
        (VALID + "\n", "spaces"),
        ("I" + VALID[1:], "excluded_letter"),
        (VALID[:10] + "o" + VALID[11:], "excluded_letter"),
        (VALID[:10] + "-" + VALID[11:], "character"),
        ("９" + VALID[1:], "character"),
        ("\0" + VALID[1:], "character"),
        (code("01440300", "MA5DKTWX"), "register"),
        (code("90440300", "MA5DKTWX"), "register"),
        (code("914403A0", "MA5DKTWX"), "area"),
        (VALID[:17] + ("0" if VALID[17] != "0" else "1"), "check"),
    ],
)
def test_each_mistake_has_its_own_message(text: str, message: str) -> None:
    key = f"identifiers.credit_code.{message}"
    assert credit_code(text) == key
    for language in messages.LANGUAGES:
        assert messages.text(key, language)


@given(st.integers(0, 17), st.sampled_from(identifiers.ALPHABET), st.text(identifiers.ALPHABET, min_size=8, max_size=8))
def test_any_single_changed_character_is_refused(position: int, other: str, organisation: str) -> None:
    valid = code("91440300", organisation)
    changed = valid[:position] + other + valid[position + 1 :]
    assert (credit_code(changed) is None) == (changed == valid)


@given(st.text(max_size=30))
def test_nothing_that_is_typed_raises(text: str) -> None:
    for check in formats.FORMATS.values():
        key = check(text)
        assert key is None or messages.text(key, "zh-CN")


def test_a_wrong_organisation_code_under_a_right_outer_character_is_refused() -> None:
    organisation = "MA5DKTWX"
    right = identifiers.organisation_check_character(organisation)
    first17 = "91440300" + organisation + ("0" if right != "0" else "1")
    wrong = first17 + identifiers.credit_code_check_character(first17)
    assert uscc.is_valid(wrong), "python-stdnum does not look at the organisation code"
    assert credit_code(wrong) == "identifiers.credit_code.organisation_check"


def test_codes_of_the_rural_register_are_taken() -> None:
    rural = code("N2440300", "MF123456")
    assert not uscc.is_valid(rural), "python-stdnum wants a digit in front"
    assert credit_code(rural) is None


@given(st.sampled_from(["91440300", "12110000", "52370200"]), st.text(identifiers.ALPHABET, min_size=8, max_size=8))
def test_what_we_take_of_the_digit_registers_is_taken_by_stdnum(head: str, organisation: str) -> None:
    assert uscc.is_valid(code(head, organisation))


def test_a_code_is_searched_for_in_capitals_without_spaces() -> None:
    typed = f" {VALID[:8].lower()} {VALID[8:].lower()}\n"
    assert identifiers.normalise_credit_code(typed) == VALID


@pytest.mark.parametrize(
    "text",
    [
        "0755-88886666", "075588886666", "(0755)88886666", "（010）88886666", "0755-88886666-801", "0755-88886666转801",
        "400-820-1234", "4008201234", "800-820-1234", "13800138000", "138 0013 8000", "+86 138 0013 8000",
        "+85221234567", "+852 5123 4567", "+1 202 555 0123", "0592-2123456",
    ],
)  # fmt: skip
def test_phone_numbers_that_are_taken(text: str) -> None:
    assert formats.phone(text) is None


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("88886666", "phone_area_code"),
        ("8888 666", "phone_area_code"),
        ("", "phone"),
        ("12345", "phone"),
        ("1380013800", "phone"),
        ("138001380000", "phone"),
        ("0755-888866661", "phone"),
        ("400-FLOWERS", "phone"),
        ("１３８００１３８０００", "phone"),
        ("13800138000\0", "phone"),
        ("tel:+8613800138000", "phone"),
        ("+999 123456789", "phone"),
        ("1" * 50_000, "phone"),
    ],
)
def test_phone_numbers_that_are_refused(text: str, key: str) -> None:
    assert formats.phone(text) == f"identifiers.{key}"


@pytest.mark.parametrize(
    ("name", "text", "taken"),
    [
        ("amount", "1234.50", True),
        ("amount", "0", True),
        ("amount", "1.234", False),
        ("amount", "NaN", False),
        ("amount", "1e9", False),
        ("postcode", "518000", True),
        ("postcode", "51800", False),
        ("postcode", "５１８０００", False),
        ("postcode", "518000\n", False),
        ("email", "zhang.san+1@mail.example.com", True),
        ("email", "zhang@example", False),
        ("email", "a..b@example.com", False),
        ("email", ".a@example.com", False),
        ("email", "a@b@example.com", False),
        ("email", "zhang san@example.com", False),
        ("email", "zhang@example。com", False),
        ("email", "a@" + "b" * 300 + ".com", False),
        ("email", "a@example.com\r\nBcc: x@example.com", False),
    ],
)
def test_other_formats(name: str, text: str, taken: bool) -> None:
    assert formats.FORMATS[name](text) == (None if taken else f"identifiers.{name}")


def test_both_languages_have_the_same_messages() -> None:
    chinese, english = (messages.section("identifiers", language) for language in ("zh-CN", "en"))
    assert chinese.keys() == english.keys()
