"""Sales across regions, from the form to the lake: the branch of the place of use is found and its manager signs."""

import json
from datetime import date

import pytest

from custinfo import lake
from custinfo.actions import (
    approvals,
    copies,
    drafts,
    entities,
    forms,
    pseudonyms,
    record_levels,
    record_views,
    reviews,
    sessions,
    staff_keys,
    visits_published,
)
from custinfo.actions import lake as publishing
from custinfo.classification import territory_rule
from custinfo.domain.errors import NotAllowed, NotFound
from custinfo.domain.people import SERVICE, Role
from custinfo.domain.sensitivity import Level
from custinfo.screens.context import Page
from custinfo.screens.record import Desk
from tests.factories import PASSWORD, account, card, site_with_forms, submit
from tests.source_forms import fill, filled
from tests.test_source_forms import TODAY, draft_of_rounds, session, value, verdicts

EAST, SOUTH, NORTH = "华东业务部", "市场调查部", "华北业务部"
PLACES = [
    # the place of use: province, prefecture, county, branch, department
    ("440000", "440100", "440106", "south", SOUTH),
    ("440000", "440100", "", "south", SOUTH),
    ("320000", "320500", "320505", "east", EAST),
    ("150000", "150100", "", "north", SOUTH),
]


@pytest.fixture(scope="module")
def read_only(tmp_path_factory):
    """Forms to fill in; nothing is submitted here."""
    with site_with_forms(tmp_path_factory.mktemp("forms") / "site") as opened:
        yield opened


@pytest.fixture
def store(tmp_path):
    with site_with_forms(tmp_path / "site") as opened:
        yield opened


@pytest.mark.parametrize(("province", "prefecture", "county", "branch", "department"), PLACES)
def test_the_branch_of_the_place_of_use_follows_from_the_territories(
    read_only, province, prefecture, county, branch, department
):
    where = {"use_province": province, "use_prefecture": prefecture, "use_county": county}
    opened = session(read_only, "cross_region_sale", **where, delivery_branch="central")
    assert (value(opened, "use_branch"), value(opened, "use_department")) == (branch, department)
    assert verdicts(opened) == {}


def test_a_place_that_no_branch_has_is_said_and_not_taken(read_only, monkeypatch):
    rule = territory_rule.rule(TODAY)
    without_south = rule.model_copy(update={"branch": tuple(one for one in rule.branch if one.name != "south")})
    monkeypatch.setattr(territory_rule, "rule", lambda _day: without_south)
    opened = session(read_only, "cross_region_sale")
    assert (value(opened, "use_branch"), verdicts(opened)) == ("", {"use_address": "constraint"})


def test_the_amount_is_the_sum_of_quantities_times_prices(read_only):
    [made] = session(read_only, "cross_region_sale").finish().entities
    assert {name: made.properties[name] for name in ("use_branch", "use_region", "delivery_branch", "amount")} == {
        "use_branch": "south", "use_region": "440106", "delivery_branch": "east", "amount": "5696",
    }  # fmt: skip


def declare(store, actor, key="sale-1", **changed):
    """A submitted form about a sale of the eastern department; `changed` by the last part of the ref."""
    answers = filled("cross_region_sale", date.today())  # noqa: DTZ011
    for ref in [one for one in answers if one.rpartition("/")[2] in changed]:
        answers[ref] = changed[ref.rpartition("/")[2]]
    answers |= {f"/data/place/{name}": one for name, one in changed.items() if name == "customer_number"}
    return submit(store, actor, draft_of_rounds(store, actor, "cross_region_sale", answers), key).record_id


def decide(store, who, record_id, decision="approve", note=""):
    case = approvals.of(store, "record", record_id)
    return approvals.decide(store, who, case.case_id, decision, case.sha256, password=PASSWORD, note=note)


@pytest.fixture
def han(store):
    return account(store, department=EAST, login_name="han")


@pytest.fixture
def head(store):
    """The manager of the branch of the place of use."""
    return account(store, Role.DEPARTMENT_HEAD, department=SOUTH, login_name="head")


def test_the_manager_of_the_branch_of_use_signs_and_nobody_else_does(store, han, head):
    own = account(store, Role.DEPARTMENT_HEAD, department=EAST, login_name="own")
    other = account(store, Role.DEPARTMENT_HEAD, department="华中业务部", login_name="other")
    colleague = account(store, department=SOUTH, login_name="colleague")
    office = account(store, Role.MANAGER, department="总经理办公室", login_name="office")
    record_id = declare(store, han)
    for who in (other, colleague):
        with pytest.raises(NotFound):
            record_views.read(store, who, record_id)
        assert record_views.listed(store, who).total == 0
    for who in (other, colleague, own):
        with pytest.raises(NotFound):
            decide(store, who, record_id)
    with pytest.raises(NotAllowed):
        decide(store, han, record_id)
    assert record_views.read(store, head, record_id)
    assert [row.record_id for row in record_views.listed(store, head).rows] == [record_id], "in the list as by itself"
    with pytest.raises(NotFound):
        drafts.start(store, head, "cross_region_sale", record_id=record_id)  # who decides does not write
    with pytest.raises(NotFound):
        reviews.decide(store, head, record_id, 1, "approve")
    assert decide(store, head, record_id) == "approved"
    case = approvals.of(store, "record", record_id)
    got = {one.recipient for one in copies.of(store, case)}
    assert got == {han.person_id, office.person_id}, "on file at the branch that delivers, voucher at head office"


def test_on_the_page_who_only_decides_can_look_and_decide_and_nothing_else(store, han, head):
    record_id = declare(store, han)
    own = account(store, Role.DEPARTMENT_HEAD, department=EAST, login_name="own")

    def offered(who):
        page = Page(
            store, store.site, sessions.log_in(store, who.login_name, PASSWORD), "en", f"/record/{record_id}", {}
        )
        return json.dumps(Desk(page).blocks(who), ensure_ascii=False)

    edit, level = f"/form/cross_region_sale?record={record_id}", '"event": "level"'
    theirs, decider = offered(own), offered(head)
    assert "广州市体育中心改造工程" in theirs and edit in theirs and level in theirs
    assert "广州市体育中心改造工程" in decider and edit not in decider and level not in decider
    case = approvals.of(store, "record", record_id)
    assert f"/case/{case.case_id}" in decider or case.case_id in decider


def test_another_place_of_use_is_decided_on_by_another_branch(store, han, head, monkeypatch):
    rule = territory_rule.rule(TODAY)
    branches = tuple(
        one.model_copy(update={"department": NORTH}) if one.name == "north" else one for one in rule.branch
    )
    monkeypatch.setattr(territory_rule, "rule", lambda _day: rule.model_copy(update={"branch": branches}))
    northern = account(store, Role.DEPARTMENT_HEAD, department=NORTH, login_name="northern")
    record_id = declare(store, han)
    decide(store, head, record_id)
    draft = drafts.start(store, han, "cross_region_sale", record_id=record_id)
    opened = forms.session(store, forms.load(store, "cross_region_sale"), draft.instance)
    moved = {"use_province": "110000", "use_prefecture": "110100", "use_county": "110105"}
    fill(opened, {f"/data/place/{name}": code for name, code in moved.items()})
    drafts.save(store, han, draft.draft_id, opened.instance, "/data/place/use_county", saves=draft.saves)
    submit(store, han, draft.draft_id, "edit-1")
    again = approvals.of(store, "record", record_id)
    assert (again.state, again.round, again.department) == ("open", 2, NORTH), "what was agreed to is void"
    with pytest.raises(NotFound):
        record_views.read(store, head, record_id)
    assert decide(store, northern, record_id) == "approved"


def published(store, name):
    publishing.publish(store, SERVICE)
    return lake.open(store.site).table(name).order_by("recorded_at", "version").to_pyarrow().to_pylist()


def test_what_was_declared_and_decided_reaches_the_lake_without_its_words(store, han, head):
    customer = card(store, han)
    record_id = declare(store, han, customer_number=customer.customer_number)
    decide(store, head, record_id)
    refused = declare(store, han, "sale-2")
    decide(store, head, refused, "reject", "请客户向本分公司采购")
    rows = published(store, "cross_region_sales")
    assert [(row["sale_number"], row["event"], row["customer_key"] is None) for row in rows] == [
        ("XR000001", "open", False), ("XR000001", "approve", False), ("XR000002", "open", True),
        ("XR000002", "reject", True),
    ]  # fmt: skip
    first = rows[0]
    assert first["customer_key"] == pseudonyms.key_of(store, customer.customer_id)
    assert (first["use_branch"], first["use_region"], first["delivery_branch"]) == ("south", "440106", "east")
    assert (first["amount_fen"], first["registered"]) == (5_696_00, "declared")
    assert published(store, "cross_region_sales") == rows, "a second publishing adds nothing"
    for file in (store.site.lake / "cross_region_sales").iterdir():
        assert "体育中心".encode() not in file.read_bytes()


def report_of_visits(store, actor, key, **changed):
    answers = filled("visit_daily_report", date.today()) | changed  # noqa: DTZ011
    return submit(store, actor, draft_of_rounds(store, actor, "visit_daily_report", answers), key)


def test_visits_reach_the_lake_by_pseudonyms_of_customer_and_staff(store, han):
    customer = card(store, han)
    report_of_visits(store, han, "v-1", **{"/data/visit[1]/customer_number": customer.customer_number})
    rows = published(store, "visits")
    told = ("visit_number", "purposes", "accompanied", "superior", "result", "department")
    assert [tuple(row[name] for name in told) for row in rows] == [
        ("V000001", "sell collect", "yes", "branch_manager", "ordered", EAST),
        ("V000002", "relation", "no", None, "continue", EAST),
    ]
    assert [row["customer_key"] for row in rows] == [pseudonyms.key_of(store, customer.customer_id), None]
    assert {row["staff_key"] for row in rows} == {staff_keys.recorder(store, han.person_id)}
    for file in (store.site.lake / "visits").iterdir():
        content = file.read_bytes()
        assert not any(word.encode() in content for word in ("朴志强", "螺栓", han.person_id, "佛山"))


def test_visits_of_level_1_and_to_customers_of_level_1_stay_out(store, han):
    head = account(store, Role.DEPARTMENT_HEAD, department=EAST, login_name="boss")
    customer = card(store, han)
    about = {"/data/visit[1]/customer_number": customer.customer_number}
    report_of_visits(store, han, "v-1", **about)
    secret = report_of_visits(store, han, "v-2")
    record_levels.set(store, head, secret.record_id, Level.SECRET, "核心商业秘密")
    current = entities.current(store, customer.customer_id)
    record_levels.set(store, head, current["record_id"], Level.SECRET, "核心商业秘密")
    assert [row.values["visit_number"] for row in visits_published.lake_rows(store, 0)] == ["V000002"]
