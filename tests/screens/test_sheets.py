"""The pages of blocks: home, the list of customers, a customer."""

import json
from datetime import date

import pytest

from custinfo.access import permissions
from custinfo.actions import draft_list, due, sessions
from custinfo.domain.people import Role
from custinfo.screens import customer, customers, home
from custinfo.screens.sheet_view import SheetView
from tests import factories, questionnaires
from tests.factories import CARD, CREDIT_CODE, NAME

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def made(store, researcher):
    """A customer with three versions and a survey; gives its id."""
    answers = CARD | {
        "/data/business/business_scope": "=cmd|' /c calc'!A1",
        "/data/basic/registered_capital": "1234567.5",
    }
    first = factories.card(store, researcher, answers, key="first")
    changes = {NAME: f"宏远{HOSTILE}", "/data/basic/kind": "government"}
    factories.card(store, researcher, changes, key="second", customer_id=first.customer_id)
    draft_id = factories.draft_of(
        store, researcher, "satisfaction_survey", factories.SURVEY, customer_id=first.customer_id
    )
    factories.submit(store, researcher, draft_id, "survey")
    return first.customer_id


def blocks_of(told, kind):
    """Every block of a kind, wherever it stands."""
    found = []

    def look(value):
        if isinstance(value, dict):
            if value.get("type") == kind:
                found.append(value)
            for inner in value.values():
                look(inner)
        elif isinstance(value, list):
            for inner in value:
                look(inner)

    look(told["blocks"])
    return found


def card_named(told, title):
    return next(block for block in blocks_of(told, "card") if block["title"] == title)


class TestHome:
    def test_forms_drafts_and_customers(self, visit, store, researcher, made):
        draft_id = factories.draft_of(store, researcher, "enterprise_card", {NAME: "新草稿公司"})
        told = visit(home.build, "/").send(kind="hello")
        assert "/form/enterprise_card" in json.dumps(card_named(told, "填写表单"))
        assert f"/form/enterprise_card?draft={draft_id}" in json.dumps(card_named(told, "我的草稿"))
        assert f"/customer/{made}" in json.dumps(card_named(told, "最新客户"))

    @pytest.mark.parametrize("language", ["zh-CN", "en"])
    def test_the_forms_are_a_compact_list_cards_first_then_by_title(self, visit, store, language):
        questionnaires.published(store)
        told = visit(home.build, "/", language=language).send(kind="hello")
        shown = next(block for block in blocks_of(told, "list") if block["compact"])["items"]
        places = [item["href"] for item in shown]
        assert "/form/poll" in places
        cards = [row["form_id"] for row in store.rows("SELECT form_id FROM form WHERE dataset = 'customers'")]
        assert {place.removeprefix("/form/") for place in places[: len(cards)]} == set(cards)
        titles = [item["text"] for item in shown[len(cards) :]]
        assert titles == sorted(titles)

    def test_a_draft_is_discarded_and_the_list_comes_back_without_it(self, visit, store, researcher):
        draft_id = factories.draft_of(store, researcher, "enterprise_card", {NAME: "不要了"})
        page = visit(home.build, "/")
        told = page.send(kind="event", name="discard", value=draft_id)
        assert [block["id"] for block in told["blocks"]] == ["drafts", "due"]
        assert draft_id not in json.dumps(told)
        assert draft_id not in [draft.draft_id for draft in draft_list.mine(store, researcher)]

    def test_someone_elses_draft_cannot_be_discarded(self, visit, store):
        other = factories.account(store)
        draft_id = factories.draft_of(store, other, "enterprise_card", {NAME: "别人的"})
        assert visit(home.build, "/").send(kind="event", name="discard", value=draft_id)["kind"] == "failed"
        assert [draft.draft_id for draft in draft_list.mine(store, other)] == [draft_id]

    @pytest.mark.parametrize("message", [{"name": "discard", "value": 3}, {"name": "nothing"}, {"name": ["x"]}, {}])
    def test_events_of_any_shape_do_no_harm(self, visit, message):
        told = visit(home.build, "/").send(kind="event", **message)
        assert told is None or told["kind"] == "blocks"

    @pytest.mark.parametrize("role", Role)
    @pytest.mark.parametrize("language", ["zh-CN", "en"])
    def test_every_role_has_a_home(self, visit, store, made, role, language):
        person = factories.account(store, role)
        theirs = sessions.log_in(store, person.login_name, factories.PASSWORD)
        page = visit(home.build, "/", session=theirs, language=language)
        told = page.send(kind="hello")
        assert told["kind"] == "sheet"
        everything = json.dumps(told)
        assert ("/segments" in everything) == permissions.may(person, "lake.read")
        assert (f"/customer/{made}" in everything) == permissions.may(person, "customer.read")
        assert ('"id": "due"' in everything) == permissions.may(person, "form.fill")
        assert blocks_of(told, "card"), "something is said to everybody"
        assert page.send(kind="event", name="nothing")["kind"] == "blocks"

    def test_what_waits_is_counted_in_full_though_not_all_is_shown(self, visit, monkeypatch, login):
        day = date(2026, 1, 1)
        rows = [due.DueRow("due.draft", {}, day, None, f"/form/x?draft={n}") for n in range(20)]
        monkeypatch.setattr(due, "mine", lambda *_: due.DueList(70, 65, rows))
        card = card_named(visit(home.build, "/").send(kind="hello"), "待办事项")
        assert [badge["text"] for badge in card["badges"]] == ["共 70 项", "65 项逾期"]
        assert len(card["blocks"][0]["items"]) == home.DUE_MOST
        (more,) = card["actions"]
        assert (more["href"], "70" in more["text"]) == ("/waiting", True)


class TestCustomers:
    def test_a_manager_who_fills_in_nothing_reads_the_kind_of_card_too(self, visit, store, made):
        manager = factories.account(store, Role.MANAGER)
        theirs = sessions.log_in(store, manager.login_name, factories.PASSWORD)
        told = visit(customers.build, "/customers", session=theirs).send(kind="hello")
        assert "企业客户资料卡" in json.dumps(told, ensure_ascii=False)

    def test_a_search_draws_the_table_anew_and_leaves_the_box(self, visit, made):
        page = visit(customers.build, "/customers")
        assert blocks_of(page.send(kind="hello"), "search")
        told = page.send(kind="event", name="search", value="宏远")
        assert [block["id"] for block in told["blocks"]] == ["found"]
        assert f"/customer/{made}" in json.dumps(told)

    def test_nothing_found_says_so_with_what_was_looked_for(self, visit, made):
        told = visit(customers.build, "/customers").send(kind="event", name="search", value="%没有这样的_")
        assert "%没有这样的_" in blocks_of(told, "empty")[0]["text"]

    @pytest.mark.parametrize("value", [-50, 10**30, "1; DROP TABLE", None, True])
    def test_a_page_that_is_not_there_is_no_harm(self, visit, made, value):
        page = visit(customers.build, "/customers")
        assert page.send(kind="event", name="page", value=value)["kind"] == "blocks"
        assert page.send(kind="event", name="search", value="宏远")["kind"] == "blocks"

    def test_regions_have_names(self, visit, made):
        told = visit(customers.build, "/customers").send(kind="event", name="search", value="宏远")
        assert "南山区" in json.dumps(told, ensure_ascii=False)


class TestCustomer:
    @pytest.fixture
    def told(self, visit, made):
        return visit(customer.build, f"/customer/{made}").send(kind="hello")

    def test_the_card_in_its_own_sections_with_labels_for_codes(self, told):
        facts = {item["label"]: item["value"] for item in blocks_of(told, "facts")[0]["items"]}
        assert facts["客户性质"] != "government"
        assert facts["注册资本（元）"] == "1,234,567.5"

    def test_hostile_texts_arrive_as_they_were_typed(self, told):
        everything = json.dumps(told, ensure_ascii=False)
        assert HOSTILE in everything
        assert "=cmd|' /c calc'!A1" in everything

    def test_the_history_says_who_when_and_what_changed_from_what_to_what(self, told):
        newest, first = blocks_of(told, "timeline")[0]["items"]
        assert "li 某" in newest["when"]
        change = next(change for change in newest["changes"] if change["label"] == "企业名称")
        assert (change["before"], change["after"]) == (CARD[NAME], f"宏远{HOSTILE}")
        assert first["changes"] == []

    def test_the_surveys_and_the_ways_on(self, told, made):
        assert "客户满意度调查" in json.dumps(card_named(told, "已填表单"), ensure_ascii=False)
        links = [action["href"] for action in blocks_of(told, "head")[0]["actions"]]
        assert links == [f"/form/enterprise_card?customer={made}"]

    def test_what_can_be_filled_in_about_the_customer_and_nothing_else(self, visit, store, made):
        questionnaires.published(store)  # asks about nobody
        told = visit(customer.build, f"/customer/{made}").send(kind="hello")
        offered = json.dumps(card_named(told, "为这位客户填写"), ensure_ascii=False)
        assert f"/form/satisfaction_survey?customer={made}" in offered
        assert f"/form/complaint?customer={made}" in offered
        assert "/form/poll" not in offered
        assert "/form/visit_daily_report" not in offered  # a day of visits is about many

    def test_in_english(self, visit, made):
        told = visit(customer.build, f"/customer/{made}", language="en").send(kind="hello")
        assert blocks_of(told, "facts")[0]["items"][0]["label"] == "Company name"

    def test_a_customer_that_is_not_there(self, visit):
        told = visit(customer.build, "/customer/nobody").send(kind="hello")
        assert told["kind"] == "failed"


class TestWhoMayNot:
    def test_nobody_logged_in_is_asked_to_log_in_and_led_back(self, visit):
        told = visit(customers.build, "/customers", {"q": "宏"}, session=None).send(kind="hello")
        assert blocks_of(told, "empty")[0]["actions"][0]["href"] == "/login?next=%2Fcustomers%3Fq%3D%25E5%25AE%258F"

    def test_a_role_without_the_permission_reads_why(self, visit, store, made):
        keeper = factories.account(store, Role.SYSTEM_ADMINISTRATOR)
        theirs = sessions.log_in(store, keeper.login_name, factories.PASSWORD)
        told = visit(customer.build, f"/customer/{made}", session=theirs).send(kind="hello")
        assert told["kind"] == "failed"
        assert CARD[CREDIT_CODE] not in json.dumps(told)


def test_what_is_asked_for_is_answered_at_once_that_it_is_worked_at(store, visit):
    """A page takes a kernel that is silent for lost; what it was asked for may take longer than that."""

    def heard_so_far(_page):
        return SheetView(
            _page, lambda _: [], lambda *_: [{"type": "told", "heard": [one["kind"] for one in browser.heard]}]
        )

    browser = visit(heard_so_far, "/")
    assert browser.send(kind="event", name="work")["blocks"][0]["heard"] == ["working"]
    assert browser.send(kind="ping")["kind"] == "pong"
