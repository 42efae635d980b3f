"""A trial of a proposed form, why a question is as it is, and what its answer is for."""

import json
from dataclasses import replace

import pytest

from custinfo.access import permissions
from custinfo.actions import form_life, sessions
from custinfo.domain.errors import BadInput
from custinfo.domain.people import Role
from custinfo.domain.sensitivity import Level
from custinfo.reports.papers import Papers
from custinfo.screens import form, proposal, showing, trial
from custinfo.screens.context import Page
from custinfo.screens.uploads import Arrived
from tests.factories import PASSWORD, account, empty_site
from tests.screens.conftest import Browser
from tests.screens.test_sheets import blocks_of
from tests.small_forms import NAMESPACE, PNG

VISIT = f"""
| survey |
| | type | name | label::中文 (zh-CN) | label::English (en) | hint::中文 (zh-CN) | hint::English (en) | required | constraint | relevant | read_only | calculation | save_to | bind::custinfo:purpose | bind::custinfo:soft_check | bind::custinfo:level |
| | text | shop | 店名 | Shop | 招牌上的 | As on the sign | yes |  |  |  |  | shops#title | 联系客户 | To keep in touch |  |  |
| | integer | staff | 人数 | Staff |  |  |  | . < 50 |  |  |  |  |  | . < 20 |  |
| | text | chain | 总店 | Chain |  |  | ${{staff}} > 10 |  |  |  |  |  |  |  |  |
| | integer | debt | 欠款 | Debt |  |  |  |  |  |  |  |  |  |  | 1 |
| | text | plan | 催款 | Dunning |  |  | ${{debt}} > 0 |  |  |  |  |  |  |  |  |
| | image | front | 门面 | Front |  |  |  |  |  |  |  |  |  |  |  |
| | begin_repeat | person | 人员 | Person |  |  |  |  |  |  |  |  |  |  |  |
| | text | who | 姓名 | Who |  |  |  |  |  |  |  |  |  |  |  |
| | end_repeat |  |  |  |  |  |  |  |  |  |  |  |  |  |  |
| | calculate | twice |  |  |  |  |  |  |  |  | ${{staff}} * 2 |  |  |  |  |
| entities |
| | list_name | label |
| | shops | ${{shop}} |
| settings |
| | form_title | form_id | version | namespaces | default_language |
| | 走访 \\| Visit | visit | 1 | {NAMESPACE} | 中文 (zh-CN) |
""".replace("联系客户 | To keep in touch |", "联系客户 \\| To keep in touch |")  # fmt: skip

SHOP, STAFF, CHAIN = "/data/shop", "/data/staff", "/data/chain"


@pytest.fixture
def store(tmp_path):
    with empty_site(tmp_path / "site") as opened:
        yield opened


@pytest.fixture
def zhou(store):
    return account(store, Role.SUPERVISOR, login_name="zhou")


@pytest.fixture
def proposed(store):
    keeper = account(store, Role.INFORMATION_ADMINISTRATOR, login_name="keeper")
    return form_life.propose(store, keeper, "visit.md", VISIT.encode(), {"map.png": PNG}).proposal_id


def page_of(store, person, query=None, path="/form/visit", build=form.build, language="en"):
    theirs = sessions.log_in(store, person.login_name, PASSWORD)
    page = Browser(showing.screen(Page(store, store.site, theirs, language, path, query or {}), build))
    page.first = page.send(kind="hello")
    return page


@pytest.fixture
def tried(store, zhou, proposed):
    return page_of(store, zhou, {"proposal": proposed})


def stored(store):
    tables = ("draft", "record", "record_version", "entity", "answer_event", "file")
    return {table: store.rows(f"SELECT count(*) AS n FROM {table}")[0]["n"] for table in tables}


class TestTrial:
    def test_the_proposal_leads_to_it_and_the_page_says_what_it_is(self, store, zhou, proposed, tried):
        desk = page_of(store, zhou, path=f"/proposal/{proposed}", build=proposal.build).first
        assert f"/form/visit?proposal={proposed}" in [one.get("href") for one in blocks_of(desk, "head")[0]["actions"]]
        assert "nothing is kept" in tried.first["notice"]
        assert tried.first["print"] == f"/print/visit?proposal={proposed}"
        assert tried.first["storage_key"].endswith(f".trial:{proposed}")

    def test_all_of_it_is_filled_in_and_nothing_is_stored(self, store, tried):
        audit = store.rows("SELECT count(*) AS n FROM audit")
        assert tried.answer(STAFF, "60")["patch"]["set"][STAFF]["problem"]
        assert tried.send(kind="submit")["kind"] == "problems"
        for ref, value in ((SHOP, "南山店"), (STAFF, "30"), (CHAIN, "总部"), ("/data/person[1]/who", "甲")):
            told = tried.answer(ref, value)
            assert (told["kind"], told["draft"], told["saved_at"]) == ("ack", None, None)
        assert tried.send(kind="add", ref="/data/person", id=90)["kind"] == "ack"
        tried.answer("/data/person[2]/who", "乙")
        tried.send(kind="note", ref="/data/person[2]/who", id=91, value="a note")
        assert tried.send(kind="remove", ref="/data/person[1]", id=92)["kind"] == "ack"
        assert tried.send(kind="note", ref=SHOP, id=93, value="a note")["kind"] == "ack"
        assert tried.send(kind="submit")["kind"] == "problems", "an unusual answer wants a reason"
        tried.send(kind="reason", ref=STAFF, id=94, value="a big one")
        told = tried.send(kind="submit")
        assert (told["kind"], told["title"]) == ("receipt", "The trial is complete")
        assert {"Shop: 南山店", "Staff: 30", "twice: 60", "Who: 乙"} <= set(told["lines"])
        assert "A new entry in “shops”: 南山店" in told["lines"]
        assert set(stored(store).values()) == {0}
        assert store.rows("SELECT count(*) AS n FROM audit") == audit

    def test_a_file_is_checked_shown_and_forgotten(self, store, zhou, proposed, monkeypatch):
        page = Page(store, store.site, sessions.log_in(store, "zhou", PASSWORD), "en", "/form/visit", {})
        filling = trial.Trial(page, zhou, proposed, {})
        name = filling.files._keep(zhou, Arrived("/data/front", "front.png", PNG))
        filling.change(zhou, "answer", "/data/front", {"value": name})
        reply, [data] = filling.files.fetch(zhou, {"id": 1, "ref": "/data/front"})
        assert (reply["type"], data) == ("image/png", PNG)
        assert filling.files.fetch(zhou, {"id": 1, "name": "map.png"})[1] == [PNG]
        with pytest.raises(BadInput):
            filling.files._keep(zhou, Arrived("/data/front", "front.png", b"MZ not a picture"))
        monkeypatch.setattr(trial, "MOST_OF_TRIAL", 2 * len(PNG) - 1)
        with pytest.raises(BadInput):
            filling.files._keep(zhou, Arrived("/data/front", "front.png", PNG))
        assert stored(store)["file"] == 0

    def test_given_up_it_leads_back_to_itself(self, tried, proposed):
        assert tried.send(kind="discard")["again"] == f"/form/visit?proposal={proposed}"

    @pytest.mark.parametrize("role", Role)
    def test_only_for_who_is_concerned_with_proposals(self, store, proposed, role):
        person = account(store, role)
        told = page_of(store, person, {"proposal": proposed}).first
        assert (told["kind"] == "page") == permissions.may(person, "form.propose")
        assert ("Shop" in json.dumps(told)) == (told["kind"] == "page")

    def test_who_sees_no_answer_sees_no_question(self, store, proposed):
        told = page_of(store, account(store, Role.SUPERVISOR, clearance=Level.PUBLIC), {"proposal": proposed}).first
        assert told["kind"] == "page" and "Shop" not in json.dumps(told)

    def test_a_proposal_that_is_not_there(self, store, zhou):
        assert page_of(store, zhou, {"proposal": "F-0000000000000000"}).first["kind"] != "page"

    def test_who_is_no_longer_concerned_gets_no_further(self, store, zhou, tried):
        with store.act("test", "test.roles", "person", zhou.person_id) as tx:
            tx.delete("person_role", (zhou.person_id, Role.SUPERVISOR))
        assert tried.answer(SHOP, "x")["kind"] == "failed"


class TestWhy:
    def test_a_required_question_and_a_wrong_one_say_why(self, tried):
        tried.answer(STAFF, "60")
        [line] = tried.send(kind="explain", ref=CHAIN)["lines"]
        assert "Chain" in line and "Staff" in line and "60" in line
        assert any("50" in line for line in tried.send(kind="explain", ref=STAFF)["lines"])

    def test_nothing_to_say_is_said_too(self, tried):
        told = tried.send(kind="explain", ref="/data/person[1]/who")
        assert (told["kind"], told["lines"]) == ("explained", ["No rule of the form says more about this question."])
        assert tried.send(kind="explain", ref="/data/twice")["lines"] == told["lines"], "nobody is asked that"
        assert tried.send(kind="explain", ref=["x"]) is None

    def test_an_answer_above_ones_clearance_is_not_in_it(self, store, tried, monkeypatch):
        tried.answer("/data/debt", "987654")
        assert "987654" in json.dumps(tried.send(kind="explain", ref="/data/plan"))
        filling = tried.widget._filling
        monkeypatch.setattr("custinfo.access.visibility.sees", lambda _, level: level > 1)
        filling._open(replace(filling.draft, instance=filling.questions.instance))
        told = json.dumps(tried.send(kind="explain", ref="/data/plan"))
        assert "987654" not in told and "Dunning" in told


class TestPurpose:
    def test_it_stands_with_the_question_in_the_language_of_the_form(self, store, zhou, proposed, tried):
        assert tried.first["questions"][SHOP]["hint"] == "As on the sign\nCollected for: To keep in touch"
        assert tried.first["questions"][STAFF]["hint"] == ""
        chinese = page_of(store, zhou, {"proposal": proposed}, language="zh-CN").first
        assert chinese["questions"][SHOP]["hint"] == "招牌上的\n收集目的：联系客户"

    def test_on_the_desk_and_on_paper(self, store, zhou, proposed):
        desk = page_of(store, zhou, path=f"/proposal/{proposed}", build=proposal.build).first
        assert "Collected for: To keep in touch" in json.dumps(desk)
        papers = Papers(store, zhou, "en")
        first = papers.paper(papers.proposal(proposed)).sections[0].questions[0]
        assert first.hint == "As on the sign\nCollected for: To keep in touch"
