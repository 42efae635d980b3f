"""`or_other`: the choice and the question that it adds, in the languages of the form."""

import pytest

from custinfo.xforms import Session, from_xlsform

TWO = """
| survey |
| | type | name | label::中文 (zh-CN) | label::English (en) |
| | select_one colours or_other | colour | 颜色 | Colour |
| | begin_repeat | visit | 拜访 | Visit |
| | select_multiple sizes or_other | size | 大小 | Size |
| | end_repeat | | | |
| choices |
| | list_name | name | label::中文 (zh-CN) | label::English (en) |
| | colours | red | 红 | Red |
| | sizes | small | 小 | Small |
| | sizes | other | Other | Another |
"""
ONE = """
| survey |
| | type | name | label |
| | select_one colours or_other | colour | 颜色 |
| choices |
| | list_name | name | label |
| | colours | red | 红 |
"""
CHINESE = ONE + "| settings |\n| | default_language |\n| | 中文 (zh-CN) |\n"


def asked(markdown: str, language: str | None, ref: str = "/data/colour") -> tuple[str, str]:
    """The label of the choice `other`, and that of the question which it brings."""
    one = Session(from_xlsform(markdown.encode(), "form.md"), language=language)
    one.answer(ref, "other")
    assert one.state(f"{ref}_other").relevant
    return dict(one.state(ref).choices)["other"], one.state(f"{ref}_other").label


def test_each_language_has_its_words() -> None:
    assert asked(TWO, "zh-CN") == ("其他", "请说明其他内容")
    assert asked(TWO, "en") == ("Other", "Specify other.")


def test_what_the_designer_wrote_stays() -> None:
    assert asked(TWO, "zh-CN", "/data/visit[1]/size") == ("Other", "请说明其他内容")
    assert asked(TWO, "en", "/data/visit[1]/size") == ("Another", "Specify other.")


@pytest.mark.parametrize(("markdown", "words"), [
    (CHINESE, ("其他", "请说明其他内容")), (ONE, ("Other", "Specify other.")),
])  # fmt: skip
def test_a_form_of_one_language(markdown: str, words: tuple[str, str]) -> None:
    assert asked(markdown, None) == words
