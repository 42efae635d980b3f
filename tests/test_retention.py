"""Retention: listed, agreed to, marked, destroyed, certified; a hold wins at every step."""

import json
from datetime import UTC, date, datetime

import pypdf
import pytest

from custinfo.actions import (
    approvals,
    batches,
    certificates,
    consents,
    entities,
    holds,
    retention,
    retention_daily,
    retention_views,
    subject_requests,
)
from custinfo.actions import lake as publishing
from custinfo.domain import machines
from custinfo.domain import retention as rules
from custinfo.domain.errors import BadInput, NotAllowed, NotFound, WrongState
from custinfo.domain.people import SERVICE, Role
from custinfo.reports import certificate as paper
from tests import erasing, factories, source_forms

FAR = date(2035, 1, 2)


@pytest.fixture
def store(tmp_path):
    with factories.site_with_forms(tmp_path / "site") as opened:
        yield opened


@pytest.fixture
def staff(store):
    return erasing.Staff(store)


@pytest.fixture
def customer(store, staff):
    return factories.card(store, staff.researcher, erasing.CARD)


@pytest.fixture
def other(store, staff):
    return factories.card(store, staff.researcher, key="other")


@pytest.fixture
def years_later(monkeypatch):
    """The day to which `go` sets the clock: years later unless told otherwise."""

    def go(day=FAR):
        monkeypatch.setattr(retention, "today", lambda store: day)

    go()
    return go


def due_customers(store):
    return {one.object_id for one in retention.dry_run(store, SERVICE).items if one.category == "customer"}


def agreed(store, staff):
    """A plan of what is due, agreed to."""
    plan_id = retention.plan(store, SERVICE)
    erasing.agree(store, staff, plan_id)
    return plan_id


def there(store, customer_id):
    return store.row("SELECT 1 FROM entity_current WHERE entity_id = ?", [customer_id]) is not None


def test_nothing_is_due_before_its_time(store, customer, years_later):
    recorded = datetime.now(UTC).astimezone(store.site.zone).date()
    due_on = rules.on(FAR).named("customers").due_on(recorded)
    years_later(date.fromordinal(due_on.toordinal() - 1))
    assert due_customers(store) == set()
    years_later(due_on)
    assert due_customers(store) == {customer.customer_id}


def test_a_sale_puts_the_day_off(store, customer, tmp_path, years_later):
    erasing.sold(store, tmp_path, customer.customer_number)
    (item,) = [one for one in retention.dry_run(store, SERVICE).items if one.category == "customer"]
    with pytest.MonkeyPatch.context() as patch:
        from custinfo.lake import balances

        newest = date(2033, 5, 1)
        patch.setattr(balances, "last_dealings", lambda site: dict.fromkeys(_keys(store), newest))
        assert due_customers(store) == set()
    assert item.since <= "2026-12-31"


def _keys(store):
    from custinfo.actions import pseudonyms

    return pseudonyms.keys(store).values()


@pytest.mark.guarantee("retention-two-phases")
def test_from_the_list_to_the_certificate(store, staff, customer, years_later):
    plan_id = agreed(store, staff)
    assert there(store, customer.customer_id), "agreed to is not destroyed"
    day = retention.mark(store, SERVICE, plan_id)
    assert (day - FAR).days == rules.on(FAR).stop_days > 0
    with pytest.raises(WrongState):
        retention.carry_out(store, SERVICE, plan_id)
    assert retention_daily.run(store, FAR) == {"plans": 0, "erased": 0}
    assert there(store, customer.customer_id), "marked can still be stopped"
    years_later(day)
    assert retention_daily.run(store, day)["plans"] == 1
    assert not there(store, customer.customer_id)
    made = certificates.of_plan(store, plan_id)
    assert [(one.rule_id, one.erased) for one in made.lines if one.category == "customer"] == [("customers", 1)]
    assert [one.signed for one in made.agreed] == [True, True]
    assert retention_daily.run(store, day) == {"plans": 0, "erased": 0}


def test_a_marked_plan_can_be_stopped_with_a_reason(store, staff, customer, years_later):
    plan_id = agreed(store, staff)
    day = retention.mark(store, SERVICE, plan_id)
    with pytest.raises(BadInput):
        retention.stop(store, staff.manager, plan_id, " ")
    retention.stop(store, staff.manager, plan_id, "仍需用于仲裁")
    years_later(day)
    with pytest.raises(WrongState):
        retention.carry_out(store, SERVICE, plan_id)
    assert retention_daily.run(store, day)["plans"] == 0
    assert there(store, customer.customer_id)
    assert retention_views.read(store, staff.manager, plan_id).stop_reason == "仍需用于仲裁"


@pytest.mark.guarantee("retention-approved-list")
def test_an_old_approval_is_refused_when_what_is_due_has_changed(store, staff, customer, other, years_later):
    plan_id = agreed(store, staff)
    factories.card(
        store, staff.researcher, {"/data/place/address": "新路 1 号"}, key="k", customer_id=other.customer_id
    )
    with pytest.raises(WrongState, match="changed"):
        retention.mark(store, SERVICE, plan_id)
    assert there(store, customer.customer_id)


@pytest.mark.guarantee("retention-approved-list")
def test_a_plan_that_nobody_agreed_to_or_was_tampered_with_is_refused(store, staff, customer, years_later):
    plan_id = retention.plan(store, SERVICE)
    with pytest.raises(WrongState):
        retention.mark(store, SERVICE, plan_id)
    erasing.agree(store, staff, plan_id)
    content = store.row("SELECT content FROM retention_plan")["content"]
    with store.act("x", "test.tamper", "test", "") as tx:
        tx.update("retention_plan", plan_id, {"content": content.replace("anonymise", "delete")})
    with pytest.raises(WrongState):
        retention.mark(store, SERVICE, plan_id)


@pytest.mark.guarantee("retention-approved-list")
def test_a_row_slipped_into_the_job_is_not_on_the_list_that_was_agreed_to(store, staff, customer, other, years_later):
    holds.set_(store, staff.administrator, "customer", other.customer_number, "案件")
    plan_id = agreed(store, staff)
    with store.act("x", "test.tamper", "test", "") as tx:
        tx.execute("UPDATE retention_item SET outcome = 'planned' WHERE object_id = ?", [other.customer_id])
    with pytest.raises(WrongState):
        retention.mark(store, SERVICE, plan_id)
    with store.act("x", "test.tamper", "test", "") as tx:
        tx.execute("UPDATE retention_item SET outcome = 'held' WHERE object_id = ?", [other.customer_id])
    years_later(retention.mark(store, SERVICE, plan_id))
    holds.release(store, staff.administrator, holds.listed(store, staff.administrator)[0].hold_id, "结案")
    with store.act("x", "test.tamper", "test", "") as tx:
        tx.execute("UPDATE retention_item SET outcome = 'pending' WHERE object_id = ?", [other.customer_id])
    with pytest.raises(WrongState):
        retention.carry_out(store, SERVICE, plan_id)
    assert there(store, other.customer_id)


@pytest.mark.guarantee("retention-hold-wins")
def test_a_hold_set_at_any_moment_before_destruction_wins(store, staff, customer, other, years_later, monkeypatch):
    plan_id = agreed(store, staff)
    day = retention.mark(store, SERVICE, plan_id)
    years_later(day)
    hold = holds.set_(store, staff.administrator, "customer", other.customer_number, "案件")
    made = retention.carry_out(store, SERVICE, plan_id)
    line = next(one for one in made.lines if one.category == "customer")
    assert (line.erased, line.held) == (1, 1)
    assert there(store, other.customer_id) and not there(store, customer.customer_id)
    assert due_customers(store) == set(), "what is held is listed apart"
    assert retention.dry_run(store, SERVICE).held[0].why == (f"hold:{hold}",)


@pytest.mark.guarantee("retention-hold-wins")
def test_a_hold_set_between_two_batches_wins(store, staff, customer, other, years_later, monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 1)
    plan_id = agreed(store, staff)
    years_later(retention.mark(store, SERVICE, plan_id))
    retention._begin(store, SERVICE, plan_id)
    retention._destroy_some(store, SERVICE, plan_id)
    (left,) = [one.customer_id for one in (customer, other) if there(store, one.customer_id)]
    holds.set_(store, staff.administrator, "customer", left, "案件")
    retention.carry_out(store, SERVICE, plan_id)
    assert there(store, left)


def test_an_unpaid_balance_and_an_open_complaint_hold_by_themselves(store, staff, customer, tmp_path, years_later):
    file = erasing.SALES.replace("payment", "return").replace(",,,", ",螺栓,1,").replace("1234.50\n", "1.00\n", 2)
    number = customer.customer_number
    (tmp_path / "unpaid.csv").write_text(file.format(number=number).replace(",1.00", ",9.00", 1), "utf-8")
    batches.import_sales(
        store, SERVICE, tmp_path / "unpaid.csv", source="ERP", lawful_basis="contract", errors=tmp_path
    )
    publishing.publish(store, SERVICE)
    assert holds.standing(store, [customer.customer_id]) == {customer.customer_id: ["unpaid"]}
    assert due_customers(store) == set()


def test_who_objects_to_analysis_owes_as_before(store, staff, customer, tmp_path, years_later):
    from custinfo import lake
    from custinfo.lake import balances

    # 1234.50 bought, nothing paid
    unpaid = erasing.SALES.splitlines()[:2]
    (tmp_path / "unpaid.csv").write_text("\n".join([*unpaid, ""]).format(number=customer.customer_number), "utf-8")
    batches.import_sales(
        store, SERVICE, tmp_path / "unpaid.csv", source="ERP", lawful_basis="contract", errors=tmp_path
    )
    publishing.publish(store, SERVICE)
    consents.withdraw(
        store, staff.researcher, customer.customer_id, "analysis", channel="phone", happened_on=date(2026, 11, 1)
    )
    assert lake.open(store.site).sales.count().to_pyarrow().as_py() == 0
    assert holds.standing(store, [customer.customer_id]) == {customer.customer_id: ["unpaid"]}
    assert due_customers(store) == set()
    assert list(balances.last_dealings(store.site).values()) == [date(2026, 10, 5)]


@pytest.mark.guarantee("retention-clock")
def test_a_clock_that_jumps_back_neither_reopens_nor_loses_a_deadline(store, staff, customer, monkeypatch):
    clock = {"now": datetime(2035, 1, 2, 15, 59, 59, tzinfo=UTC)}  # one second before midnight in Shanghai
    for module in ("custinfo.actions.retention", "custinfo.store.database"):
        monkeypatch.setattr(f"{module}.utc_now", lambda: clock["now"])
    assert retention.today(store) == date(2035, 1, 2)
    clock["now"] = datetime(2035, 1, 2, 16, 0, tzinfo=UTC)
    assert retention.today(store) == date(2035, 1, 3)
    with store.act("x", "test.write", "test", ""):
        pass
    clock["now"] = datetime(2034, 6, 1, tzinfo=UTC)
    assert retention.today(store) == date(2035, 1, 3), "a day that is on the log is not undone"


@pytest.mark.parametrize(
    ("since", "months", "due"),
    [("2024-02-29", 12, "2025-02-28"), ("2026-01-31", 1, "2026-02-28"), ("2026-11-22", 60, "2031-11-22")],
)
def test_months_end_where_a_calendar_has_them(since, months, due):
    rule = rules.Rule("r", "draft", "*", "recorded", months, 0, "delete", "b")
    day = date.fromisoformat(due)
    assert rule.due_on(date.fromisoformat(since)) == day
    assert rule.newest_due(day) >= date.fromisoformat(since)


def test_who_plans_does_not_agree_and_roles_are_asked(store, staff, customer, years_later):
    for call in (
        lambda: retention.plan(store, staff.researcher),
        lambda: retention.dry_run(store, staff.researcher),
        lambda: holds.set_(store, staff.manager, "customer", customer.customer_number, "x"),
        lambda: retention.carry_out(store, staff.manager, "RP-1"),
    ):
        with pytest.raises(NotAllowed):
            call()
    plan_id = retention.plan(store, staff.administrator)
    case = approvals.of(store, retention.KIND, plan_id)
    with pytest.raises(NotAllowed):
        approvals.decide(store, staff.administrator, case.case_id, "approve", case.sha256, password=factories.PASSWORD)


@pytest.mark.guarantee("retention-hold-wins")
def test_who_planned_or_marked_does_not_release_what_holds_it(store, staff, customer, other, years_later):
    second = factories.account(store, Role.INFORMATION_ADMINISTRATOR)
    hold = holds.set_(store, second, "customer", other.customer_number, "案件")
    plan_id = retention.plan(store, second)
    erasing.agree(store, staff, plan_id)
    retention.mark(store, staff.administrator, plan_id)
    for actor in (second, staff.administrator):
        with pytest.raises(NotAllowed) as refused:
            holds.release(store, actor, hold, "结案")
        assert refused.value.key == "retention.own_plan"
    holds.release(store, factories.account(store, Role.DEPARTMENT_HEAD), hold, "结案")


@pytest.mark.guarantee("retention-scope")
def test_holds_and_plans_name_only_what_the_reader_may_know(store, staff, customer, years_later):
    survey = factories.SURVEY | {"/data/interview/customer_number": customer.customer_number}
    draft_id = factories.draft_of(store, staff.researcher, "satisfaction_survey", survey)
    record = factories.submit(store, staff.researcher, draft_id, "s").record_id
    draft = factories.draft_of(store, staff.researcher, "enterprise_card", {factories.NAME: "未完公司"})
    things = {"customer": customer.customer_number, "record": record, "draft": draft}
    head = factories.account(store, Role.DEPARTMENT_HEAD)
    stranger = factories.account(store, Role.DEPARTMENT_HEAD, department="华东部")
    for kind, object_id in things.items():
        refusals = []
        for given in (object_id, "C999999"):
            with pytest.raises(NotFound) as refused:
                holds.set_(store, stranger, kind, given, "x")
            refusals.append(refused.value.text())
        assert refusals[0] == refusals[1]
        hold = holds.set_(store, head, kind, object_id, "案件")
        with pytest.raises(NotFound):
            holds.release(store, stranger, hold, "x")
    assert (len(holds.listed(store, head)), holds.others(store, head)) == (3, 0)
    assert (holds.listed(store, stranger), holds.others(store, stranger)) == ((), 3)
    for hold in holds.listed(store, head):
        holds.release(store, head, hold.hold_id, "结案")
    plan_id = retention.plan(store, SERVICE)
    seen = retention_views.lines(store, head, plan_id, 0, 50)
    assert any(one.number == customer.customer_number for one in seen) and all(one.object_id for one in seen)
    hidden = retention_views.lines(store, stranger, plan_id, 0, 50)
    assert len(hidden) == len(seen)
    assert {(one.object_id, one.number, one.why) for one in hidden} == {("", "", ())}


def asked_to_be_erased(store, staff, customer):
    """A request for erasure, its plan agreed to; gives both ids."""
    today = datetime.now(UTC).astimezone(store.site.zone).date()
    given = subject_requests.Received(
        kind="delete", applicant="钟离暮雪", contact="", wish="请删除", channel="mail", received_on=today,
        number=customer.customer_number,
    )  # fmt: skip
    request_id = subject_requests.receive(store, staff.administrator, given)
    subject_requests.verify(store, staff.administrator, request_id, method="callback", note="回拨登记电话")
    plan_id = subject_requests.ask_erasure(store, staff.administrator, request_id)
    second = factories.account(store, Role.INFORMATION_ADMINISTRATOR)
    case = approvals.of(store, retention.KIND, plan_id)
    for person in (second, staff.manager):
        approvals.decide(store, person, case.case_id, "approve", case.sha256, password=factories.PASSWORD)
    return request_id, plan_id


@pytest.mark.guarantee("retention-request-taken-back")
@pytest.mark.parametrize("end", [subject_requests.take_back, subject_requests.refuse])
def test_nobody_is_erased_who_took_the_request_back(store, staff, customer, end):
    request_id, plan_id = asked_to_be_erased(store, staff, customer)
    end(store, staff.administrator, request_id, "不再要求")
    with pytest.raises(WrongState) as refused:
        retention.mark(store, staff.administrator, plan_id)
    assert getattr(refused.value, "key", "") == "retention.not_wanted"
    retention.stop(store, staff.manager, plan_id, "已撤回")
    assert there(store, customer.customer_id)


@pytest.mark.guarantee("retention-request-taken-back")
def test_a_request_taken_back_after_the_plan_was_marked_or_begun_wins(store, staff, customer):
    request_id, plan_id = asked_to_be_erased(store, staff, customer)
    retention.mark(store, SERVICE, plan_id)
    retention._begin(store, SERVICE, plan_id)
    subject_requests.take_back(store, staff.administrator, request_id, "不再要求")
    made = retention.carry_out(store, SERVICE, plan_id)
    assert [(one.erased, one.changed) for one in made.lines] == [(0, 1)]
    assert there(store, customer.customer_id)


def test_a_request_that_stands_is_carried_out(store, staff, customer):
    _, plan_id = asked_to_be_erased(store, staff, customer)
    retention.mark(store, SERVICE, plan_id)
    assert [one.erased for one in retention.carry_out(store, SERVICE, plan_id).lines] == [1]
    assert not there(store, customer.customer_id)


@pytest.mark.guarantee("retention-certificate")
def test_who_planned_or_marked_bears_no_witness(store, staff, customer, years_later):
    maker, marker, third = (factories.account(store, Role.INFORMATION_ADMINISTRATOR) for _ in range(3))
    plan_id = retention.plan(store, maker)
    erasing.agree(store, staff, plan_id)
    years_later(retention.mark(store, marker, plan_id))
    made = retention.carry_out(store, SERVICE, plan_id)
    case = approvals.of(store, certificates.KIND, made.certificate_id)
    for person in (maker, marker):
        with pytest.raises(NotAllowed):
            approvals.decide(store, person, case.case_id, "approve", case.sha256, password=factories.PASSWORD)
    approvals.decide(store, third, case.case_id, "approve", case.sha256, password=factories.PASSWORD)


def test_the_categories_that_rules_name_go_one_by_one(store, staff, customer, years_later):
    survey = factories.SURVEY | {"/data/interview/customer_number": customer.customer_number}
    draft_id = factories.draft_of(store, staff.researcher, "satisfaction_survey", survey)
    record = factories.submit(store, staff.researcher, draft_id, "s").record_id
    left = factories.draft_of(store, staff.researcher, "enterprise_card", {factories.NAME: "未完公司"})
    failed = store.site.reports / "failed" / "monthly-2026-10-x.ipynb"
    failed.parent.mkdir(parents=True)
    failed.write_text("{}", "utf-8")
    holds.set_(store, staff.administrator, "customer", customer.customer_number, "案件")
    found = retention.dry_run(store, SERVICE)
    assert {one.category for one in found.items} >= {"draft", "failed_report"}
    assert {(one.item.category, one.item.object_id) for one in found.held} >= {
        ("customer", customer.customer_id), ("record", record),
    }, "what belongs to a held customer is held"  # fmt: skip
    holds.release(store, staff.administrator, holds.listed(store, staff.administrator)[0].hold_id, "结案")
    plan_id = agreed(store, staff)
    years_later(retention.mark(store, SERVICE, plan_id))
    retention.carry_out(store, SERVICE, plan_id)
    assert store.row("SELECT outcome, instance FROM draft WHERE draft_id = ?", [left]) == {
        "outcome": "discarded", "instance": "{}",
    }  # fmt: skip
    assert not failed.exists()
    assert store.row("SELECT 1 FROM record_current WHERE record_id = ?", [record]) is None
    left_over = store.rows("SELECT * FROM retention_item WHERE outcome NOT IN ('erased', 'held')")
    assert left_over == []


@pytest.mark.guarantee("retention-certificate")
def test_the_certificate_says_all_and_names_nobody(store, staff, customer, years_later):
    plan_id = agreed(store, staff)
    years_later(retention.mark(store, SERVICE, plan_id))
    made = retention.carry_out(store, SERVICE, plan_id)
    stored = json.dumps(store.rows("SELECT content FROM destruction_certificate"), ensure_ascii=False)
    assert customer.customer_id not in stored
    assert customer.customer_number not in stored
    assert not any(word in stored for word in erasing.WORDS)
    plan = store.row("SELECT * FROM retention_plan")
    assert made.list_sha256 == plan["sha256"] == approvals.digest(plan["content"].encode())
    assert approvals.of(store, certificates.KIND, made.certificate_id).state == "open", "it waits to be signed"
    for language in ("zh-CN", "en"):
        file = store.site.home / f"{language}.pdf"
        file.write_bytes(paper.render(made, language, "测试公司", store.site.zone))
        words = "".join(page.extract_text() for page in pypdf.PdfReader(file).pages).replace("\n", "")
        assert made.certificate_id in words and made.list_sha256 in words.replace(" ", "")


def test_a_wrong_rules_file_is_refused_at_its_place(tmp_path):
    good = rules.FILE.read_text("utf-8")
    for number, (old, new) in enumerate(
        [("version = 1", "version = 2"), ('category = "mail"', 'category = "post"'), ("months = 60", "months = 0"),
         ('id = "mail"\n', ""), ("stop_days = 7", "stop_days = 700"), ("\n[[version]]", "\n[[version]")]
    ):  # fmt: skip
        file = tmp_path / f"{number}.toml"
        file.write_text(good.replace(old, new, 1), "utf-8")
        with pytest.raises(BadInput):
            rules.load(file)


def test_the_diagram_of_the_docs_is_that_of_the_machine():
    docs = (rules.FILE.parents[2] / "docs" / "how-to" / "retention.md").read_text("utf-8")
    assert machines.diagram(machines.RETENTION) in docs


def test_everything_that_a_rule_may_destroy_has_its_query_and_the_rest_is_only_kept():
    from custinfo.actions.retention_sources import SOURCES

    for rule in rules.on(FAR).rules:
        assert (rule.category in SOURCES) == (rule.action != "hold"), rule.rule_id


def test_entities_of_the_erased_are_not_found_by_number(store, staff, customer, years_later):
    plan_id = agreed(store, staff)
    years_later(retention.mark(store, SERVICE, plan_id))
    retention.carry_out(store, SERVICE, plan_id)
    assert entities.by_number(store, "customers", customer.customer_number) is None


@pytest.mark.parametrize(("kind", "held"), [("see", True), ("restrict", True), ("delete", False)])
def test_who_asks_for_their_data_is_answered_before_they_go(store, customer, kind, held):
    row = {
        "request_id": "Q-1", "number": "SR000001", "kind": kind, "entity_id": customer.customer_id, "purpose": "",
        "applicant": "x", "contact": "x", "wish": "x", "channel": "phone", "received_on": "2026-11-20",
        "due_on": "2026-12-20", "state": "verified", "recorded_at": "2026-11-20T00:00:00.000000Z", "recorded_by": "x",
    }  # fmt: skip
    with store.act("x", "test.write", "test", "") as tx:
        tx.insert("subject_request", row)
    assert holds.standing(store, [customer.customer_id]) == (
        {customer.customer_id: ["request:SR000001"]} if held else {}
    )


def staged(store, stage):
    """Put the one complaint into a stage, long ago."""
    with store.act("x", "test.write", "test", "") as tx, tx.lifted("erase:test"):
        tx.execute(
            "UPDATE entity_version SET properties = json_set(properties, '$.stage', ?) WHERE entity_id IN "
            "(SELECT entity_id FROM entity WHERE dataset = 'complaints')",
            [stage],
        )


def test_an_open_complaint_holds_and_a_closed_one_is_due_by_its_own_rule(store, staff, customer, years_later):
    answers = source_forms.filled("complaint", date(2026, 11, 20))
    answers["/data/intake/customer_number"] = customer.customer_number
    draft_id = factories.draft_of(store, staff.researcher, "complaint", answers)
    record_id = factories.submit(store, staff.researcher, draft_id, "complaint").record_id

    def records_due():
        return {one.object_id for one in retention.dry_run(store, SERVICE).items if one.category == "record"}

    years_later(date(2030, 1, 1))
    staged(store, "handling")
    (why,) = holds.standing(store, [customer.customer_id])[customer.customer_id]
    assert why.startswith("complaint:K")
    assert record_id not in records_due()
    staged(store, "closed")
    assert holds.standing(store, [customer.customer_id]) == {}
    assert record_id in records_due()
    years_later(date(2028, 1, 1))
    assert record_id not in records_due(), "three years after it was closed, and not before"
