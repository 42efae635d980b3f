"""What a person may not see is in no export: neither answers nor names, nor what was calculated from them."""

import re
from dataclasses import replace

import pytest

from custinfo.exchange import EXPORTS, left_out
from custinfo.exchange.fields import tables
from tests.exchange.forms import ANSWERS, cleared, everyone, stored, visit
from tests.readable import text_of
from tests.xforms.forms import CUSTOMER, form

SECRETS = [
    b"1234.5",
    b"2469",
    b"sales",
    "销售额".encode(),
    b"double",
    "张三".encode(),
    "李四".encode(),
    "姓名".encode(),
    b"Person",
]


def everything(content: bytes) -> bytes:
    """What a reader finds in a file and in what is packed in it, and its bytes."""
    return text_of(content).encode() + content


@pytest.mark.parametrize("labels", [False, True])
@pytest.mark.parametrize("name", sorted(EXPORTS))
def test_no_secret_leaves(name: str, labels: bool) -> None:
    records = stored(visit(), ANSWERS)
    for language in ("zh-CN", "en"):
        shown = everything(EXPORTS[name].write(visit(), records, language, labels=labels, sees=everyone))
        hidden = everything(EXPORTS[name].write(visit(), records, language, labels=labels, sees=cleared))
        assert re.search(rb"sales|\xe9\x94\x80", shown, re.IGNORECASE)
        assert name == "ddi" or "张三".encode() in shown, "the codebook alone holds no answers"
        assert [secret for secret in SECRETS if secret in hidden] == []


def test_a_calculation_is_as_secret_as_what_it_reads_unless_it_says_otherwise() -> None:
    levels = {field.ref: int(field.level) for table in tables(visit()) for field in table.fields}
    assert (levels["/data/talk/sales"], levels["/data/double"], levels["/data/meta/instanceName"]) == (1, 1, 1)
    assert (levels["/data/talk/staff"], levels["/data/half"], levels["/data/title"]) == (3, 2, 2)


def test_a_repeat_in_which_nothing_may_be_seen_is_not_named() -> None:
    def public(level: int) -> bool:
        return level >= 3

    assert [table.name for table in tables(visit(), public)] == ["data"]
    assert [table.name for table in tables(visit(), cleared)] == ["data", "contact", "call"]


def test_the_label_of_an_entity_is_hidden_like_the_answer_it_is_made_of() -> None:
    secret = CUSTOMER.replace("| 2 | 20 | | | title |", "| 1 | 20 | | | title |")
    assert secret != CUSTOMER
    made = form(secret)
    records = stored(made, {"who": {"title": "甲公司", "kind": "person"}, "contact": []})
    content = everything(EXPORTS["xml"].write(made, records, "en", labels=False, sees=cleared))
    assert b"<entity" in content
    assert "甲公司".encode() not in content
    assert "甲公司".encode() in everything(EXPORTS["xml"].write(made, records, "en", labels=False, sees=everyone))


def test_answers_without_a_question_in_this_version_are_counted() -> None:
    record = stored(visit(), ANSWERS)[0]
    lost = left_out(visit(), [record, replace(record, values={"gone": "x", "contact": [{"old": "y"}]})])
    assert lost == {"/data/gone": 1, "/data/contact/old": 1}


def test_formats_have_names_in_both_languages_and_file_names() -> None:
    for export in EXPORTS.values():
        assert export.label("zh-CN") != export.label("en")
        content = export.write(visit(), stored(visit(), ANSWERS), "en", labels=True, sees=everyone)
        assert export.file_name(visit(), content).startswith("visit.")
    assert EXPORTS["sav"].file_name(visit(), b"PK") == "visit.zip"
