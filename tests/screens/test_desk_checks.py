"""Checks of other people's work on the pages: second entries, conflicting changes, and who sees them."""

import json

import pytest

from custinfo.actions import conflicts, entity_levels, forms, reviews, second_entries, sessions
from custinfo.domain.errors import NotAllowed, NotFound, WrongState
from custinfo.domain.people import SERVICE, Role
from custinfo.screens import customer, form, form_desk, home, record, records, showing
from custinfo.screens.context import Page
from tests.factories import NAME, PASSWORD, account, card, empty_site
from tests.screens.conftest import Browser
from tests.screens.test_sheets import blocks_of, card_named
from tests.small_forms import CALL, CHANGE, fill, publish, send

FIRST = {"/data/shop": "南山店", "/data/code": "A1", "/data/size": "small", "/data/secret": "欠款九万"}


@pytest.fixture
def store(tmp_path):
    with empty_site(tmp_path / "site") as opened:
        for name, table in (("call.md", CALL), ("change.md", CHANGE)):
            publish(opened, table, name)
        yield opened


@pytest.fixture
def lin(store):
    return account(store, login_name="lin")


@pytest.fixture
def zhou(store):
    return account(store, Role.SUPERVISOR, login_name="zhou")


@pytest.fixture
def open_as(store):
    """Open a page as somebody, with what it said first under `first`."""

    def opened(person, build, path, query=None, language="zh-CN"):
        theirs = sessions.log_in(store, person.login_name, PASSWORD)
        page = Browser(showing.screen(Page(store, store.site, theirs, language, path, query or {}), build))
        page.first = page.send(kind="hello")
        return page

    return opened


class TestWhatIsToBeEnteredAgain:
    @pytest.mark.parametrize("language", ["zh-CN", "en"])
    def test_it_is_listed_without_any_answer(self, store, lin, zhou, open_as, language):
        record_id = send(store, lin, fill(store, lin, "call", FIRST)).record_id
        told = open_as(zhou, records.build, "/records", {"verify": "1"}, language).first
        [row] = blocks_of(told, "table")[0]["rows"]
        assert (row[0]["text"], row[2]["text"]) == (record_id, "lin 某")
        assert row[4]["href"] == f"/form/call?verify={record_id}"
        everything = json.dumps(told, ensure_ascii=False)
        assert not [answer for answer in FIRST.values() if answer in everything]

    def test_the_way_leads_to_a_blank_form_and_on_to_ones_own_draft(self, store, lin, zhou, open_as):
        record_id = send(store, lin, fill(store, lin, "call", FIRST)).record_id
        page = open_as(zhou, form.build, "/form/call", {"verify": record_id})
        assert {question["value"] for question in page.first["questions"].values()} == {""}
        draft_id = page.answer("/data/shop", "南山店")["draft"]["id"]
        [row] = blocks_of(open_as(zhou, records.build, "/records", {"verify": "1"}).first, "table")[0]["rows"]
        assert row[4]["href"] == f"/form/call?draft={draft_id}"

    def test_ones_own_what_is_decided_and_what_was_entered_again_are_not(self, store, lin, zhou):
        other = account(store, login_name="other")
        firsts = [{**FIRST, "/data/code": code} for code in ("A1", "A2", "A3")]
        done, decided, waits = (send(store, lin, fill(store, lin, "call", one)).record_id for one in firsts)
        send(store, zhou, fill(store, zhou, "call", FIRST, verifies=done))
        reviews.decide(store, zhou, decided, 1, "approve")
        assert [one.record_id for one in second_entries.waiting(store, zhou).rows] == [waits]
        assert [one.record_id for one in second_entries.waiting(store, other).rows] == [waits]
        assert second_entries.waiting(store, lin).total == 0
        edit = fill(store, lin, "call", {"/data/shop": "新名"}, record_id=done)
        send(store, lin, edit, reason="改名")
        assert [one.record_id for one in second_entries.waiting(store, zhou).rows] == [waits, done]
        with pytest.raises(NotAllowed):
            second_entries.waiting(store, account(store, Role.MANAGER))

    def test_home_and_records_say_so_to_whom_it_concerns(self, store, lin, zhou, open_as):
        send(store, lin, fill(store, lin, "call", FIRST))
        assert "/records?verify=1" in json.dumps(open_as(zhou, home.build, "/").first)
        assert "/records?verify=1" in json.dumps(open_as(zhou, records.build, "/records").first)
        assert "/records?verify=1" not in json.dumps(open_as(lin, home.build, "/").first)
        assert "/records?verify=1" not in json.dumps(open_as(lin, records.build, "/records").first)


class TestBothEntriesSideBySide:
    @pytest.fixture
    def twice(self, store, lin, zhou):
        record_id = send(store, lin, fill(store, lin, "call", FIRST)).record_id
        again = {**FIRST, "/data/size": "large", "/data/secret": "欠款八万"}
        send(store, zhou, fill(store, zhou, "call", again, verifies=record_id))
        return record_id

    def test_a_reviewer_sees_question_first_and_second_by_their_labels(self, store, zhou, open_as, twice):
        card = card_named(open_as(zhou, record.build, f"/record/{twice}").first, "第二遍录入")
        table = card["blocks"][1]
        assert [column["label"] for column in table["columns"]] == ["问题", "第一遍：lin 某", "第二遍：zhou 某"]
        rows = [[cell["text"] for cell in row] for row in table["rows"]]
        assert rows == [["What they owe", "欠****", "欠****"], ["Size", "Small", "Large"]]

    def test_who_recorded_it_does_not_and_a_level_hides_its_answers(
        self, store, lin, zhou, open_as, twice, monkeypatch
    ):
        assert "第二遍：" not in json.dumps(open_as(lin, record.build, f"/record/{twice}").first, ensure_ascii=False)
        monkeypatch.setattr(second_entries.visibility, "sees", lambda _, level: level > 1)
        [one] = second_entries.comparisons(store, zhou, twice, "zh-CN")
        assert (one.compared, [each.ref for each in one.differences]) == (3, ["/data/size"])
        with pytest.raises(NotAllowed):
            second_entries.comparisons(store, lin, twice, "zh-CN")

    def test_agreement_of_each_person(self, store, zhou, open_as, twice):
        people = second_entries.by_person(store, zhou, "call")
        assert [(one.name, one.compared, one.equal) for one in people] == [("lin 某", 4, 2), ("zhou 某", 4, 2)]
        told = json.dumps(open_as(zhou, form_desk.build, "/forms/call").first, ensure_ascii=False)
        assert "录入员：zhou 某" in told


class TestConflicts:
    @pytest.fixture
    def clash(self, store, lin):
        """An update from an older version than the newest, by somebody else; gives (entity id, its record)."""
        other = account(store, login_name="other")
        made = send(store, lin, fill(store, lin, "call", FIRST)).entities[0]
        late = fill(store, other, "shop_change", {"/data/shop": made.entity_id, "/data/title": "罗湖店"})
        first = {"/data/shop": made.entity_id, "/data/title": "福田店", "/data/owner": "丙"}
        send(store, lin, fill(store, lin, "shop_change", first))
        return made.entity_id, send(store, other, late).record_id

    def test_it_stands_on_the_record_and_the_list_with_both_sides(self, zhou, open_as, clash):
        entity_id, record_id = clash
        for build, path in ((record.build, f"/record/{record_id}"), (records.build, "/records")):
            told = open_as(zhou, build, path).first
            inner = card_named(told, "修改冲突")["blocks"][0]
            assert inner["badges"][0]["text"] == "改了相同的属性"
            [table] = [block for block in inner["blocks"] if block["type"] == "table"]
            rows = {tuple(cell["text"] for cell in row) for row in table["rows"]}
            assert ("title", "南山店", "福田店", "罗湖店") in rows
            assert f"{entity_id} 3" in json.dumps(inner["actions"])
        assert "/records" in json.dumps(card_named(open_as(zhou, home.build, "/").first, "待核对"))

    def test_resolved_by_somebody_else_once_and_on_the_audit_log(self, store, lin, zhou, open_as, clash):
        entity_id, record_id = clash
        page = open_as(zhou, record.build, f"/record/{record_id}")
        told = page.send(kind="event", name="conflict", value=f"{entity_id} 3")
        assert "修改冲突" not in json.dumps(told, ensure_ascii=False)
        assert conflicts.count(store, zhou) == 0
        row = store.row("SELECT * FROM audit WHERE action = 'conflict.resolve'")
        assert (row["object_id"], row["actor"]) == (entity_id, zhou.person_id)
        with pytest.raises(WrongState):
            conflicts.resolve(store, zhou, entity_id, 3)
        with pytest.raises(NotFound):
            conflicts.resolve(store, zhou, entity_id, 2)
        with pytest.raises(NotAllowed):
            conflicts.resolve(store, lin, entity_id, 3)

    def test_never_ones_own(self, store, lin, zhou, open_as):
        made = send(store, lin, fill(store, lin, "call", FIRST)).entities[0]
        late = fill(store, zhou, "shop_change", {"/data/shop": made.entity_id, "/data/title": "罗湖店"})
        send(store, lin, fill(store, lin, "shop_change", {"/data/shop": made.entity_id, "/data/owner": "丙"}))
        record_id = send(store, zhou, late).record_id
        page = open_as(zhou, record.build, f"/record/{record_id}")
        assert "conflict" not in [one.get("event") for card in blocks_of(page.first, "card") for one in card["actions"]]
        with pytest.raises(NotAllowed):
            conflicts.resolve(store, zhou, made.entity_id, 3)

    @pytest.mark.parametrize("value", [None, 3, "", "x", "x y", "x 99999999999", ["a"], {"a": 1}])
    def test_a_button_that_no_page_of_ours_has(self, store, zhou, open_as, clash, value):
        for build, path in ((records.build, "/records"), (record.build, f"/record/{clash[1]}")):
            assert open_as(zhou, build, path).send(kind="event", name="conflict", value=value)["kind"] == "failed"
        assert conflicts.count(store, zhou) == 1

    def test_a_researcher_sees_it_on_their_own_record_alone_and_cannot_resolve_it(self, store, lin, open_as, clash):
        told = open_as(lin, records.build, "/records").first
        assert "修改冲突" not in json.dumps(told, ensure_ascii=False)
        with pytest.raises(NotFound):
            conflicts.listed(store, lin, record_id=clash[1])

    def test_what_a_person_may_not_see_is_neither_counted_nor_told(self, store, zhou, clash, monkeypatch):
        monkeypatch.setattr(entity_levels.Reader, "sees", lambda _self, _entity, name: name != "title")
        [one] = conflicts.listed(store, zhou)
        assert [each.name for each in one.properties] == ["label", "owner"]
        monkeypatch.setattr(entity_levels.Reader, "sees", lambda _self, _entity, name: False)
        assert (conflicts.listed(store, zhou), conflicts.count(store, zhou)) == ((), 0)
        with pytest.raises(NotFound):
            conflicts.resolve(store, zhou, clash[0], 3)


def test_the_customer_page_has_its_conflicts(store, lin, zhou, open_as):
    forms.publish(store, SERVICE, "card.md", (forms.FORMS / "enterprise_card.md").read_bytes())
    customer_id = card(store, lin).customer_id
    card(store, lin, {NAME: "宏远二"}, key="second", customer_id=customer_id)
    with store.act(SERVICE.person_id, "test.conflict", "entity", customer_id) as tx:
        mark = {"entity_id": customer_id, "version": 2, "base_version": 1, "kind": "hard", "properties": '["label"]'}
        tx.insert("entity_conflict", mark)
    page = open_as(zhou, customer.build, f"/customer/{customer_id}", language="en")
    inner = card_named(page.first, "Conflicting changes")["blocks"][0]
    assert inner["actions"][0]["href"].startswith("/record/")
    assert f"/customer/{customer_id}" not in json.dumps(inner), "one is there already"
    told = page.send(kind="event", name="conflict", value=f"{customer_id} 2")
    assert (told["kind"], "Conflicting changes" in json.dumps(told)) == ("sheet", False)
