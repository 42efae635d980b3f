"""From a draft to a record: what is kept, what is refused, what two people or two clicks do."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from custinfo.actions import customers, draft_list, drafts, forms, records
from custinfo.domain.errors import Conflict, NotFound, WrongState
from custinfo.domain.people import SERVICE, Role
from custinfo.xforms import RefusedAnswer, Unfinished
from tests.factories import (
    CARD,
    CREDIT_CODE,
    NAME,
    PHONE,
    SURVEY,
    account,
    card,
    code_for,
    draft_of,
    site_with_forms,
    submit,
)


@pytest.fixture
def store(tmp_path):
    with site_with_forms(tmp_path / "site") as opened:
        yield opened


@pytest.fixture
def lin(store):
    return account(store)


def count(store, table):
    return store.rows(f"SELECT count(*) AS n FROM {table}")[0]["n"]


def test_a_card_becomes_a_customer_with_a_number(store, lin):
    receipt = card(store, lin)
    assert (receipt.customer_number, receipt.version) == ("C000001", 1)
    shown = customers.card(store, lin, receipt.customer_id, "zh-CN")
    texts = {field.label: field.text for section in shown.sections for field in section.fields}
    assert texts["企业名称"] == CARD[NAME]
    assert texts["所有制"] == "股份制"
    assert texts["市（地区）"] == "深圳市"
    english = customers.card(store, lin, receipt.customer_id, "en")
    assert {field.label: field.text for section in english.sections for field in section.fields}[
        "Ownership"
    ] == "Joint-stock"


def test_every_problem_is_told_at_once_at_its_question_in_both_languages(store, lin):
    wrong = CARD | {CREDIT_CODE: CARD[CREDIT_CODE][:-1] + ("0" if CARD[CREDIT_CODE][-1] != "0" else "1"), PHONE: "12"}
    draft_id = draft_of(store, lin, "enterprise_card", wrong, without={NAME})
    with pytest.raises(Unfinished) as unfinished:
        submit(store, lin, draft_id, "key-1")
    assert [problem.ref for problem in unfinished.value.problems] == [NAME, CREDIT_CODE, PHONE]
    zh, en = unfinished.value.text("zh-CN"), unfinished.value.text("en")
    assert "企业名称" in zh and "校验" in zh and "电话号码" in zh
    assert "Company name" in en and "check" in en and "Telephone" in en
    assert count(store, "record") == count(store, "entity") == 0
    assert drafts.open_(store, lin, draft_id).instance["basic"]["credit_code"] == wrong[CREDIT_CODE]


def test_the_same_submission_twice_is_one_record(store, lin):
    draft_id = draft_of(store, lin, "enterprise_card", CARD)
    first = submit(store, lin, draft_id, "key-1")
    assert submit(store, lin, draft_id, "key-1") == first
    assert count(store, "record_version") == count(store, "entity") == 1
    with pytest.raises(WrongState):
        submit(store, lin, draft_id, "key-2")


def test_another_person_gets_nothing_for_a_known_key(store, lin):
    draft_id = draft_of(store, lin, "enterprise_card", CARD)
    submit(store, lin, draft_id, "key-1")
    with pytest.raises(NotFound):
        submit(store, account(store), draft_id, "key-1")


def test_an_edit_is_a_new_version_and_history_says_what_changed(store, lin):
    first = card(store, lin)
    edited = card(store, lin, {PHONE: "0755-08880009"}, key="card-2", customer_id=first.customer_id)
    assert (edited.customer_id, edited.version) == (first.customer_id, 2)
    shown = customers.card(store, lin, first.customer_id, "en")
    assert [version.version for version in shown.versions] == [2, 1]
    [change] = shown.versions[0].changed
    assert (change.label, change.before, change.after) == ("Telephone", CARD[PHONE], "0755-08880009")
    assert shown.versions[1].changed == []


def test_the_second_of_two_editors_sees_a_conflict_and_loses_nothing(store, lin):
    first = card(store, lin)
    other = account(store)
    mine = draft_of(store, lin, "enterprise_card", {PHONE: "0755-08880003"}, customer_id=first.customer_id)
    theirs = draft_of(store, other, "enterprise_card", {PHONE: "0755-08880004"}, customer_id=first.customer_id)
    submit(store, other, theirs, "key-theirs")
    with pytest.raises(Conflict) as conflict:
        submit(store, lin, mine, "key-mine")
    assert "C000001" in conflict.value.text("zh-CN")
    assert drafts.open_(store, lin, mine).instance["people"]["phone"] == "0755-08880003"
    assert customers.card(store, lin, first.customer_id, "en").version == 2


def test_a_credit_code_belongs_to_one_customer(store, lin):
    card(store, lin)
    again = draft_of(store, lin, "enterprise_card", CARD | {NAME: "另一家公司"})
    with pytest.raises(Unfinished) as taken:
        submit(store, lin, again, "key-2")
    assert [(problem.ref, problem.rule) for problem in taken.value.problems] == [(CREDIT_CODE, "unique")]
    assert "C000001" in taken.value.text("zh-CN") and "统一社会信用代码" in taken.value.text("zh-CN")
    assert count(store, "entity") == 1
    assert card(store, lin, CARD | {CREDIT_CODE: code_for(90002)}, key="card-3").customer_number == "C000002"


def test_a_code_that_was_given_by_mistake_is_free_again_when_it_is_mended(store, lin):
    mistaken = card(store, lin)
    card(store, lin, {CREDIT_CODE: code_for(90005)}, key="mended", customer_id=mistaken.customer_id)
    assert card(store, lin, CARD | {NAME: "真正的公司"}, key="rightful").customer_number == "C000002"
    assert customers.search(store, lin, code_for(90005), 10, 0).rows[0].number == "C000001"


LOOSE = """| survey |
| | type | name | label | save_to |
| | text | name | Name | |
| | decimal | capital | Capital | registered_capital |
| settings |
| | form_id | version |
| | loose_card | 1 |
| entities |
| | list_name | label |
| | customers | ${name} |
"""


def test_an_answer_that_would_stop_publication_is_refused_at_its_question(store, lin):
    forms.publish(store, SERVICE, "loose.md", LOOSE.encode())
    draft_id = draft_of(store, lin, "loose_card", {"/data/name": "甲", "/data/capital": "1.234"})
    with pytest.raises(Unfinished) as unfinished:
        submit(store, lin, draft_id, "loose")
    assert [problem.ref for problem in unfinished.value.problems] == ["/data/capital"]
    assert "1.234" in unfinished.value.text("en")
    assert count(store, "record") == 0


def test_a_survey_is_about_the_customer_whose_number_it_holds(store, lin):
    customer = card(store, lin)
    draft_id = draft_of(store, lin, "satisfaction_survey", SURVEY, customer_id=customer.customer_id)
    receipt = submit(store, lin, draft_id, "survey-1")
    assert receipt.customer_number == "C000001"
    [listed] = customers.card(store, lin, customer.customer_id, "en").records
    assert (listed.record_id, listed.form_id) == (receipt.record_id, "satisfaction_survey")


def test_a_survey_with_a_number_that_nobody_has_is_not_recorded(store, lin):
    draft_id = draft_of(store, lin, "satisfaction_survey", {"/data/interview/customer_number": "C999999", **SURVEY})
    with pytest.raises(Unfinished) as unknown:
        submit(store, lin, draft_id, "survey-1")
    assert "C999999" in unknown.value.text("en")
    assert count(store, "record") == 0


def test_an_anonymous_survey_is_recorded(store, lin):
    assert submit(store, lin, draft_of(store, lin, "satisfaction_survey", SURVEY), "s").customer_number is None


def test_dissatisfied_customers_are_asked_why(store, lin):
    draft_id = draft_of(store, lin, "satisfaction_survey", SURVEY | {"/data/ratings/overall": "2"})
    with pytest.raises(Unfinished) as unfinished:
        submit(store, lin, draft_id, "survey-1")
    assert [problem.ref for problem in unfinished.value.problems] == ["/data/ratings/why_dissatisfied"]


def test_someone_elses_draft_is_out_of_reach(store, lin):
    draft_id = draft_of(store, lin, "enterprise_card", {NAME: "机密"})
    other = account(store)
    for attempt in (
        lambda: drafts.open_(store, other, draft_id),
        lambda: drafts.save(store, other, draft_id, {}, NAME, saves=1),
        lambda: drafts.discard(store, other, draft_id),
        lambda: submit(store, other, draft_id, "key"),
    ):
        with pytest.raises(NotFound):
            attempt()
    assert draft_list.mine(store, other) == []
    assert drafts.open_(store, lin, draft_id).instance["basic"]["name"] == "机密"


def test_two_windows_on_one_draft_never_overwrite_each_other(store, lin):
    draft_id = draft_of(store, lin, "enterprise_card", CARD)
    here = drafts.open_(store, lin, draft_id)
    there = drafts.open_(store, lin, draft_id)
    basic = {**here.instance["basic"], "name": "新名称有限公司"}
    drafts.save(store, lin, draft_id, {**here.instance, "basic": basic}, NAME, saves=here.saves)
    with pytest.raises(Conflict):
        drafts.save(store, lin, draft_id, there.instance, "/data/basic/short_name", saves=there.saves)
    with pytest.raises(Conflict):
        records.submit(store, lin, draft_id, "key", saves=there.saves)
    assert drafts.open_(store, lin, draft_id).instance["basic"]["name"] == "新名称有限公司"
    assert count(store, "record") == 0


def test_a_card_of_another_kind_cannot_take_a_customer_over(store, lin):
    customer = card(store, lin)
    with pytest.raises(WrongState):
        drafts.start(store, lin, "individual_card", customer_id=customer.customer_id)


def test_opening_a_card_to_change_it_is_on_the_audit_log(store, lin):
    customer = card(store, lin)
    drafts.blank(store, lin, "enterprise_card", customer.customer_id)
    read = store.row("SELECT * FROM audit WHERE action = 'record.read_secret' AND detail LIKE '%edit%'")
    assert read["object_kind"] == "customer", "the card has answers of level 1"


def test_a_discarded_draft_is_wiped_and_closed(store, lin):
    draft_id = draft_of(store, lin, "enterprise_card", {NAME: "作废"})
    drafts.discard(store, lin, draft_id)
    assert draft_list.mine(store, lin) == []
    assert "作废" not in str(store.rows("SELECT instance FROM draft"))
    with pytest.raises(WrongState):
        drafts.save(store, lin, draft_id, {}, NAME, saves=1)


def test_the_list_of_drafts_says_what_each_is(store, lin):
    draft_of(store, lin, "enterprise_card", {NAME: "甲公司", CREDIT_CODE: CARD[CREDIT_CODE]})
    [listed] = draft_list.mine(store, lin)
    assert (listed.label, listed.titles["en"], listed.answered) == ("甲公司", "Enterprise customer card", 2)


HOSTILE = [
    "=cmd|'/c calc'!A1",
    "<img src=x onerror=alert(1)>",
    "'; DROP TABLE person; --",
    "{name}",
    "${name}",
    "%s",
    "\\",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_kept_as_text(store, lin, text):
    receipt = card(store, lin, CARD | {NAME: text})
    assert customers.card(store, lin, receipt.customer_id, "en").label == text
    assert customers.search(store, lin, text, 10, 0).rows[0].label == text


@pytest.mark.parametrize("text", ["甲" * 50_000, "a\x00b", "\u202egnp.exe", "\ud800"])
def test_text_that_cannot_be_kept_is_refused_and_the_answer_before_stays(store, lin, text):
    draft_id = draft_of(store, lin, "enterprise_card", {NAME: "甲公司"})
    with pytest.raises(RefusedAnswer) as refused:
        draft_of(store, lin, "enterprise_card", {NAME: text})
    assert refused.value.text("zh-CN") and refused.value.text("en")
    assert drafts.open_(store, lin, draft_id).instance["basic"]["name"] == "甲公司"


def test_like_wildcards_in_a_search_are_plain_characters(store, lin):
    card(store, lin)
    assert customers.search(store, lin, "宏远", 10, 0).total == 1
    assert customers.search(store, lin, "c0000", 10, 0).total == 1
    assert customers.search(store, lin, f" {CARD[CREDIT_CODE].lower()} ", 10, 0).total == 1
    assert customers.search(store, lin, CARD[CREDIT_CODE][:-1], 10, 0).total == 0
    assert customers.search(store, lin, "\ud800", 10, 0).total == 0
    assert store.row("SELECT * FROM audit WHERE action = 'customer.search'")
    for wildcard in ("%", "_", "宏%电子"):
        assert customers.search(store, lin, wildcard, 10, 0).total == 0


def test_a_manager_does_not_see_level_1_fields_and_nor_does_history_tell(store, lin):
    receipt = card(store, lin)
    card(store, lin, {"/data/people/contact_phone": "0755-08880077"}, key="2", customer_id=receipt.customer_id)
    seen = str(customers.card(store, account(store, Role.MANAGER), receipt.customer_id, "zh-CN"))
    for secret in ("075****0077", "075****0002", "联系人电话"):
        assert secret not in seen
        assert secret in str(customers.card(store, lin, receipt.customer_id, "zh-CN"))


def test_reading_a_card_is_on_the_audit_log_without_personal_values(store, lin):
    receipt = card(store, lin)
    customers.card(store, lin, receipt.customer_id, "en")
    assert store.row("SELECT * FROM audit WHERE action = 'customer.read' AND object_id = ?", [receipt.customer_id])
    log = str(store.rows("SELECT * FROM audit"))
    for value in CARD.values():
        assert len(value) < 5 or value not in log
    assert store.verify_audit() == []


SUBMITTER = textwrap.dedent("""
    import sys
    from pathlib import Path
    sys.path.insert(0, sys.argv[2])
    from custinfo.actions import people
    from custinfo.store import Site, Store
    from tests import factories
    with Store.open(Site.load(Path(sys.argv[1]))) as store:
        lin = people.by_login_name(store, "lin")
        for number in range(int(sys.argv[3]), 90000):
            key = f"key-{number}"
            answers = factories.CARD | {factories.CREDIT_CODE: factories.code_for(number)}
            print(factories.card(store, lin, answers, key=key).customer_number, flush=True)
""")


def test_kill_9_while_submitting_loses_no_receipt_and_leaves_no_half_record(tmp_path):
    with site_with_forms(tmp_path / "site") as store:
        account(store, login_name="lin")
    received = []
    for start in (1, 1001, 2001):
        command = [sys.executable, "-c", SUBMITTER, str(tmp_path / "site"), str(Path.cwd()), str(start)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        received += [process.stdout.readline().strip() for _ in range(3)]
        os.kill(process.pid, signal.SIGKILL)
        received += process.stdout.read().split()
        process.wait()
    from custinfo.store import Site, Store

    with Store.open(Site.load(tmp_path / "site")) as store:
        numbers = {row["number"] for row in store.rows("SELECT number FROM entity")}
        assert set(received) <= numbers and len(received) >= 9
        submitted = count(store, "audit WHERE action = 'record.submit'")
        parts = (
            "record",
            "record_version",
            "entity",
            "entity_version",
            "entity_key",
            "draft WHERE outcome = 'submitted'",
        )
        assert {count(store, part) for part in parts} == {submitted}
        assert store.verify_audit() == store.damage() == []
