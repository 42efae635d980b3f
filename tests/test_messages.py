"""The catalogues: the languages say the same, and nothing is asked for that is not there."""

import re
import string
from pathlib import Path

import pytest

from custinfo.domain.messages import LANGUAGES, catalogue, section, text

PACKAGE = Path(__file__).parents[1] / "custinfo"
ERRORS = "BadInput|NotAllowed|WrongState|NotFound|Conflict|SiteFault|CustinfoError|RefusedAnswer|RowError"
KEY = re.compile(rf"""(?<![.\w])(?:text|say|section|messages\.text|{ERRORS})\(\s*["']([a-z_]+\.[a-z0-9_.]+)["']""")
PAGE_KEY = re.compile(r"""\bpage\.text\(\s*["']([a-z0-9_.]+)["']""")


ALIKE = {"desk.forms.kappa", "xforms.problem", "pages.customer.who"}
"""Messages that are placeholders and punctuation alone."""
BILINGUAL = {"server.language.zh-CN", "pages.language.zh"}
"""The name of a language stands in that language."""


def placeholders(message):
    return sorted({name for _, name, _, _ in string.Formatter().parse(message) if name is not None})


def test_the_languages_have_the_same_keys():
    assert set(catalogue("zh-CN")) == set(catalogue("en"))


def test_a_message_asks_for_the_same_facts_in_every_language():
    asked = {key: [placeholders(catalogue(language)[key]) for language in LANGUAGES] for key in catalogue("en")}
    assert {key: facts for key, facts in asked.items() if any(one != facts[0] for one in facts)} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_message_is_blank(language):
    assert {key for key, message in catalogue(language).items() if not message.strip()} == set()


def test_chinese_is_chinese_and_english_is_english():
    han = re.compile(r"[\u4e00-\u9fff]")
    bare = {
        key
        for key, message in catalogue("zh-CN").items()
        if not han.search(message) and re.search("[A-Za-z]{4}", re.sub(r"\{\w+\}", "", message))
    }
    assert bare <= ALIKE, "an English sentence in the Chinese catalogue"
    mixed = {key for key, message in catalogue("en").items() if han.search(message)}
    assert mixed <= BILINGUAL, "Chinese in the English catalogue"


def test_every_key_that_the_code_names_exists():
    known = set(catalogue("en"))
    sources = [file.read_text("utf-8") for file in PACKAGE.rglob("*.py")]
    named = {key for source in sources for key in KEY.findall(re.sub(r"\"\"\".*?\"\"\"", "", source, flags=re.DOTALL))}
    named |= {key for source in sources for key in PAGE_KEY.findall(source)}
    assert len(named) > 100, "the search finds the keys"
    assert {key for key in named if key not in known and not any(k.startswith(f"{key}.") for k in known)} == set()


def test_facts_fill_the_placeholders_and_a_missing_one_is_an_error():
    assert text("text.long", "en", length=7, limit=5) == "The text has 7 characters; at most 5 are allowed. Shorten it."
    with pytest.raises(KeyError):
        text("text.long", "en", length=7)
    with pytest.raises(KeyError):
        text("text.nothing_like_it", "en")


def test_facts_are_text_not_templates():
    assert "{length}" in text("text.long", "en", length="{length}", limit=5)


def test_a_section_is_what_a_page_hands_to_its_script():
    assert section("people.role", "en")["researcher"] == "Researcher"
