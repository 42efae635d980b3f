"""Erasing a person: nothing gives them back, and issued figures still come out the same."""

import json

import pytest

from custinfo import lake
from custinfo.actions import (
    approvals,
    customers,
    drafts,
    entities,
    erasure,
    forms,
    holds,
    pseudonyms,
    record_views,
    retention,
    reviews,
)
from custinfo.actions import lake as publishing
from custinfo.domain.clock import utc_now
from custinfo.domain.errors import NotFound, WrongState
from custinfo.domain.people import SERVICE, Role
from custinfo.store import erasing as tables
from tests import erasing, factories
from tests.erasing import CARD, PLANTED, WORDS


@pytest.fixture
def store(tmp_path):
    with factories.site_with_forms(tmp_path / "site") as opened:
        yield opened


@pytest.fixture
def staff(store):
    return erasing.Staff(store)


@pytest.fixture
def planted(store, staff):
    """A customer with history, drafts, a survey, a file's name and a log of answering."""
    made = factories.card(store, staff.researcher, CARD)
    factories.card(
        store, staff.researcher, {"/data/place/address": f"{PLANTED}路 9 号"}, key="2", customer_id=made.customer_id
    )
    survey = factories.SURVEY | {"/data/interview/customer_number": made.customer_number}
    draft_id = factories.draft_of(store, staff.researcher, "satisfaction_survey", survey)
    factories.submit(store, staff.researcher, draft_id, "3")
    factories.draft_of(store, staff.researcher, "enterprise_card", {}, customer_id=made.customer_id)
    return made


def erased(store, staff, customer_id):
    """Asked for, agreed to, done."""
    plan_id = retention.request(store, SERVICE, customer_id)
    case_id = erasing.agree(store, staff, plan_id)
    return erasure.erase(store, SERVICE, customer_id, case_id=case_id)


@pytest.mark.guarantee("erasure-no-trace")
def test_no_page_of_the_store_and_no_file_gives_the_person_back(store, staff, planted, tmp_path):
    erasing.sold(store, tmp_path, planted.customer_number)
    (store.site.reports / "failed").mkdir(parents=True)
    (store.site.reports / "failed" / "monthly.ipynb").write_text(PLANTED, "utf-8")
    # the needle is findable before: level 1 is sealed, so what is of level 2 and 3 is looked for in plain
    assert any(word.encode() in erasing.decrypted(store.site) for word in WORDS)
    key = pseudonyms.key_of(store, planted.customer_id)
    assert {key, "SECRET-LINE-1"} <= erasing.lake_texts(store.site)
    erased(store, staff, planted.customer_id)
    pages = erasing.decrypted(store.site)
    assert planted.customer_id.encode() in pages, "the scan does read what is there"
    assert [word for word in (*WORDS, key) if word.encode() in pages] == []
    assert erasing.files_with(store.site.home, WORDS) == []
    assert not {key, "SECRET-LINE-1", "SECRET-LINE-2"} & erasing.lake_texts(store.site)


def test_history_keeps_its_chain_without_what_was_said(store, staff, planted):
    before = store.rows(
        "SELECT record_id, version, form_version, recorded_at, recorded_by FROM record_version ORDER BY seq"
    )
    erased(store, staff, planted.customer_id)
    after = store.rows("SELECT * FROM record_version ORDER BY seq")
    assert [{name: row[name] for name in before[0]} for row in after] == before
    assert {row["content"] for row in after} == {"{}"}
    assert store.verify_audit() == []
    with pytest.raises(NotFound):
        entities.current(store, planted.customer_id)
    with pytest.raises(NotFound):
        customers.card(store, staff.administrator, planted.customer_id, "en")
    assert customers.search(store, staff.administrator, "", 10, 0).total == 0


def test_a_number_is_not_given_out_again_and_a_code_is_free_again(store, staff, planted):
    erased(store, staff, planted.customer_id)
    again = factories.card(store, staff.researcher, CARD, key="again")
    assert again.customer_number != planted.customer_number
    assert again.customer_id != planted.customer_id


@pytest.mark.guarantee("erasure-link")
def test_the_keys_of_the_site_and_the_audit_log_do_not_lead_to_the_row_in_the_lake(store, staff, planted, tmp_path):
    erasing.sold(store, tmp_path, planted.customer_number)
    published = lake.newest(store.site.lake)
    erased(store, staff, planted.customer_id)
    assert store.row("SELECT 1 FROM customer_salt WHERE entity_id = ?", [planted.customer_id]) is None
    opened = lake.open(store.site, version=published.version)
    (row,) = opened.customers.to_pyarrow().to_pylist()
    guess = lake.pseudonym(store.site.secret("pseudonym"), planted.customer_id)
    assert row["customer_key"] != guess
    recorded = {r["recorded_at"] for r in store.rows("SELECT recorded_at FROM entity_version")}
    assert f"{row['recorded_at'].isoformat(timespec='microseconds')}Z" not in recorded
    assert row["region"] is None, "nobody shares its attributes, so they go too"
    assert lake.verify(store.site) > 0


def test_nothing_new_of_the_erased_reaches_the_lake_or_the_store(store, staff, planted, tmp_path):
    erased(store, staff, planted.customer_id)
    new = publishing.publish(store, SERVICE)
    assert {file.table for file in new.files} <= {"register_events", "register_entries", "survey_questions"}
    assert publishing.publish(store, SERVICE) is None
    with pytest.raises(Exception, match="C000001|customer"):
        erasing.sold(store, tmp_path, planted.customer_number)


def test_what_belongs_to_others_stays(store, staff, planted):
    other = factories.card(store, staff.researcher, key="other")
    erased(store, staff, planted.customer_id)
    assert entities.current(store, other.customer_id)["label"] == factories.CARD[factories.NAME]
    assert store.rows("SELECT count(*) AS n FROM record_current")[0]["n"] == 1


@pytest.mark.guarantee("erasure-hold-wins")
def test_a_hold_stands_in_the_way_of_a_request_before_and_after_it_was_approved(store, staff, planted):
    hold = holds.set_(store, staff.administrator, "customer", planted.customer_number, "诉讼")
    with pytest.raises(WrongState, match=hold):
        retention.request(store, SERVICE, planted.customer_id)
    holds.release(store, staff.administrator, hold, "撤诉")
    plan_id = retention.request(store, SERVICE, planted.customer_id)
    case_id = erasing.agree(store, staff, plan_id)
    holds.set_(store, staff.administrator, "customer", planted.customer_id, "新的诉讼")
    with pytest.raises(WrongState):
        erasure.erase(store, SERVICE, planted.customer_id, case_id=case_id)
    assert entities.current(store, planted.customer_id)


@pytest.mark.guarantee("erasure-two-people")
def test_nobody_is_erased_without_two_who_agreed_to_just_that(store, staff, planted):
    other = factories.card(store, staff.researcher, key="other")
    plan_id = retention.request(store, SERVICE, planted.customer_id)
    case = approvals.of(store, retention.KIND, plan_id)
    with pytest.raises(WrongState):
        erasure.erase(store, SERVICE, planted.customer_id, case_id=case.case_id)
    approvals.decide(store, staff.administrator, case.case_id, "approve", case.sha256, password=factories.PASSWORD)
    with pytest.raises(WrongState):
        erasure.erase(store, SERVICE, planted.customer_id, case_id=case.case_id)
    approvals.decide(store, staff.manager, case.case_id, "approve", case.sha256, password=factories.PASSWORD)
    with pytest.raises(WrongState):
        erasure.erase(store, SERVICE, other.customer_id, case_id=case.case_id)
    certificate = erasure.erase(store, SERVICE, planted.customer_id, case_id=case.case_id)
    assert [(line.category, line.erased) for line in certificate.lines] == [("customer", 1)]
    assert erasure.erase(store, SERVICE, planted.customer_id, case_id=case.case_id) == certificate
    assert PLANTED not in json.dumps(store.rows("SELECT * FROM destruction_certificate"), ensure_ascii=False)


@pytest.mark.guarantee("erasure-replay")
def test_a_restored_store_erases_again_and_twice_is_once(store, staff, planted):
    for _ in range(2):
        with store.act("service", "ledger.replay", "customer", planted.customer_id) as tx:
            erasure.again(store, tx, planted.customer_id, {"action": "anonymise"})
        erasure.finish(store, SERVICE)
    assert [word for word in WORDS if word.encode() in erasing.decrypted(store.site)] == []


@pytest.mark.guarantee("erasure-every-table")
def test_every_table_of_the_store_says_what_erasing_does_with_it(store):
    known = {place.table for place in tables.PLACES} | set(tables.KEPT)
    found = {row["name"] for row in store.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert found - known - {"sqlite_sequence", "_sqlite_migrations"} == set()
    assert known - found == set()
    assert not {place.table for place in tables.PLACES} & set(tables.KEPT)


@pytest.mark.guarantee("erasure-whole")
def test_killed_at_some_steps_the_person_is_there_whole_or_gone_and_going_on_ends_it(tmp_path):
    from tests.soak.sweep_retention import kill_erasure

    assert kill_erasure(tmp_path, points=6) == (6, 0)


@pytest.mark.guarantee("erasure-no-trace")
def test_what_older_programs_deleted_without_overwriting_it_goes_too(store, staff):
    draft_id = factories.draft_of(store, staff.researcher, "enterprise_card", {})
    store._db.execute("PRAGMA secure_delete = OFF")
    for words in ((PLANTED * 4000), ""):
        with store.act("x", "test.write", "test", "") as tx:
            tx.update("draft", draft_id, {"instance": json.dumps({"a": words}, ensure_ascii=False)})
    store.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    assert PLANTED.encode() in erasing.decrypted(store.site), "freed pages still have it"
    erasure.finish(store, SERVICE)
    assert PLANTED.encode() not in erasing.decrypted(store.site)


def visits(store, staff, *rounds):
    """A daily report of visits, each to the customer of a number."""
    answers = {
        "/data/head/branch": "深圳", "/data/head/salesperson": "韦", "/data/head/report_on": "2026-11-20",
        "/data/head/visited": "yes",
    }  # fmt: skip
    for n, (number, name, talk) in enumerate(rounds, start=1):
        at = f"/data/visit[{n}]"
        answers |= {
            f"{at}/customer_name": name, f"{at}/customer_number": number, f"{at}/started_at": "09:00:00.000+08:00",
            f"{at}/ended_at": "10:00:00.000+08:00", f"{at}/purposes": "relation", f"{at}/accompanied": "no",
            f"{at}/talk": talk, f"{at}/result": "continue",
        }  # fmt: skip
    return answers


def filled_in(store, staff, form_id, answers):
    """A record of a form with two rounds of a repeat."""
    draft = drafts.start(store, staff.researcher, form_id)
    session = forms.session(store, forms.load(store, form_id), draft.instance)
    saves = draft.saves
    for ref, value in answers.items():
        if "[2]" in ref and not session.instance["visit"][1:]:
            session.add_repeat("/data/visit")
        event = drafts.AnswerEvent("question", ref, utc_now(), utc_now(), "", value)
        session.answer(ref, value)
        saves = drafts.save(
            store, staff.researcher, draft.draft_id, session.instance, ref, saves=saves, events=[event]
        ).saves
    return factories.submit(store, staff.researcher, draft.draft_id, f"key-{form_id}").record_id


@pytest.mark.guarantee("erasure-shared")
@pytest.mark.parametrize("first", [True, False])
def test_a_record_about_others_too_loses_what_names_the_erased_and_keeps_the_rest(store, staff, planted, first):
    other = factories.card(store, staff.researcher, key="other")
    rounds = [
        (planted.customer_number, PLANTED, f"{PLANTED}说价格太高"),
        (other.customer_number, "宏远", "宏远要二十吨"),
    ]
    answers = visits(store, staff, *(rounds if first else reversed(rounds)))
    record = filled_in(store, staff, "visit_daily_report", answers)
    supervisor = factories.account(store, Role.SUPERVISOR)
    reviews.ask(store, supervisor, record, 1, f"/data/visit[{1 if first else 2}]/talk", f"{PLANTED}?")
    erased(store, staff, planted.customer_id)
    assert [word for word in WORDS if word.encode() in erasing.decrypted(store.site)] == []
    shown = record_views.read(store, supervisor, record)
    assert "宏远要二十吨" in json.dumps(shown.values, ensure_ascii=False)
    left = store.rows("SELECT label FROM entity_current WHERE dataset = 'visits'")
    assert len(left) == 1 and "宏远" in left[0]["label"]


def evaluation(store, staff, number, words):
    """A draft that was begun without a customer: the number was typed in."""
    answers = {
        "/data/evaluation/customer_number": number, "/data/trust/trust_rating": "2", "/data/trust/trust_basis": words,
    }  # fmt: skip
    return factories.draft_of(store, staff.researcher, "customer_evaluation", answers)


def draft_row(store, draft_id):
    return store.row("SELECT entity_id, instance, outcome FROM draft WHERE draft_id = ?", [draft_id])


@pytest.mark.guarantee("erasure-shared")
@pytest.mark.parametrize("typed", [str.upper, str.lower])
def test_a_draft_whose_answer_says_that_it_is_about_the_erased_goes_whole(store, staff, planted, typed):
    other = factories.card(store, staff.researcher, key="other")
    theirs = evaluation(store, staff, typed(planted.customer_number), f"老板{PLANTED}欠赌债")
    kept = evaluation(store, staff, other.customer_number, "守信")
    assert draft_row(store, theirs)["entity_id"] is None
    erased(store, staff, planted.customer_id)
    assert (draft_row(store, theirs)["instance"], draft_row(store, theirs)["outcome"]) == ("{}", "discarded")
    left = draft_row(store, kept)
    assert left["outcome"] is None and drafts.own_open(store, staff.researcher, kept)
    assert [word for word in WORDS if word.encode() in erasing.decrypted(store.site)] == []


@pytest.mark.parametrize("said", ["老板是{}的弟弟", "见下\n{}的投诉", "见 {}。"])
def test_an_answer_about_others_that_names_the_erased_by_number_is_blank_wherever_the_number_stands(
    store, staff, planted, said
):
    other = factories.card(store, staff.researcher, key="other")
    draft_id = evaluation(store, staff, other.customer_number, said.format(planted.customer_number) + PLANTED)
    erased(store, staff, planted.customer_id)
    assert draft_row(store, draft_id)["outcome"] is None
    assert [word for word in WORDS if word.encode() in erasing.decrypted(store.site)] == []
