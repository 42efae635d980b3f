"""The desks for records and forms: what they say to events that no page of ours would send, and to whom they offer what.

Whatever a browser sends, a person reads a sentence, no defect is written down, and the store stays as it was.
"""

import json

import pytest

from custinfo.actions import form_life, reviews, sessions
from custinfo.domain.messages import LANGUAGES, text
from custinfo.domain.people import Role
from custinfo.screens import form_desk, paper, proposal, record, records
from tests import questionnaires
from tests.factories import PASSWORD, account
from tests.questionnaires import AGE, NAME, PHONE, table

WRONG = [
    None, True, 3, 10**9, -1, 1.5, "", "x", "1" * 5000, "\ud800", ["x"], {}, {"about": "x"}, {"about": "9" * 5000},
    {"about": "1000000000", "text": "话"}, {"about": ["1"], "text": {"a": 1}}, {"text": "\u202e话", "about": "1"},
    {"text": "话" * 3000, "about": "1", "ref": AGE}, {"ref": "/data/nothing", "text": "话"}, {"ref": 3, "text": "话"},
    {"ref": f"{AGE}[7]", "text": "话"}, {"format": "exe", "version": 3}, {"format": "csv", "version": "x"},
    {"format": "csv", "version": "1000000000"}, {"format": "csv", "state": "sold"}, {"file": "1"}, {"file": ["f" * 16]},
    {"file": [{}]}, {"reason": ["why"]}, {"reason": {"a": 1}}, {"note": ["because"]}, {"form": ["poll"], "state": 3},
]  # fmt: skip
DESKS = {
    "/records": (records.build, ["filter", "page", "nothing"]),
    "/record/{mine}": (record.build, [*reviews.DECISIONS, "ask", "say", "resolve", "file", "nothing"]),
    "/forms": (form_desk.build, ["check", "propose", "nothing"]),
    "/forms/poll": (form_desk.build, ["export", "import", "errors", "close", "reopen", "nothing"]),
    "/proposal/{proposal}": (proposal.build, ["return", "publish", "nothing"]),
    "/print/poll": (paper.build, ["nothing"]),
}
ACTORS = ("researcher", "supervisor", "administrator")


def refused(key, language, **facts):
    """What a page that was refused whole says: the sentence, and a way on beside the menu."""
    way = {"href": "/", "link": text("pages.back_home", language)}
    return {"kind": "failed", "text": text(key, language, **facts), **way}


@pytest.fixture
def people(store, researcher):
    return {
        "researcher": researcher,
        "other": account(store, login_name="wang"),
        "supervisor": account(store, Role.SUPERVISOR, login_name="sun"),
        "administrator": account(store, Role.INFORMATION_ADMINISTRATOR, login_name="xu"),
    }


@pytest.fixture
def logins(store, people):
    return {name: sessions.log_in(store, person.login_name, PASSWORD) for name, person in people.items()}


@pytest.fixture
def ids(store, people):
    """Two records of two people, and a proposal that the first one made."""
    questionnaires.published(store)
    made = form_life.propose(store, people["researcher"], "poll-2.md", table("2", {"age": None, "adult": None}))
    return {
        "mine": questionnaires.record(store, people["researcher"], {NAME: "甲", AGE: "30", PHONE: "1"}, key="m"),
        "theirs": questionnaires.record(store, people["other"], {NAME: "乙", AGE: "40", PHONE: "2"}, key="t"),
        "proposal": made.proposal_id,
    }


@pytest.fixture
def opened(visit, ids, logins):
    def at(build, path, actor, language="zh-CN", query=None):
        address = path.format(**ids)
        return visit(build, address, query, session=logins[actor], language=language)

    return at


def contents(store):
    """Every row that people make, but for the log of what they did."""
    names = [row["name"] for row in store.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    kept = [name for name in names if name not in ("audit", "login_session") and not name.startswith("sqlite_")]
    return {name: [tuple(row.values()) for row in store.rows(f"SELECT * FROM {name}")] for name in kept}


def defects(store):
    log = store.site.home / "log" / "incidents.log"
    return log.read_text("utf-8") if log.exists() else ""


@pytest.fixture
def unharmed(store, ids):
    """Asserts that nothing changed and that no defect was met."""
    before, known = contents(store), defects(store)
    yield
    assert contents(store) == before
    assert defects(store) == known


@pytest.mark.parametrize("actor", ACTORS)
@pytest.mark.parametrize("path", DESKS)
@pytest.mark.usefixtures("unharmed")
def test_forged_events_change_nothing_and_are_answered_with_a_sentence(opened, path, actor):
    build, names = DESKS[path]
    page = opened(build, path, actor)
    for name in names:
        for value in WRONG:
            told = page.send(kind="event", name=name, value=value)
            assert told["kind"] in ("failed", "sheet", "blocks", "go"), (name, value)
            said = json.dumps(told, ensure_ascii=False)
            assert "Traceback" not in said
            assert "Error" not in said
    for name in (None, 3, ["approve"], {"approve": 1}):
        assert page.send(kind="event", name=name, value="x") is None


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.usefixtures("unharmed")
class TestRefusals:
    @pytest.mark.parametrize("decision", reviews.DECISIONS)
    def test_nobody_reviews_what_they_may_not(self, opened, language, decision):
        value = {"about": "1", "text": "话"}
        mine = opened(record.build, "/record/{mine}", "researcher", language)
        assert mine.send(kind="event", name=decision, value=value)["kind"] == "failed"
        theirs = opened(record.build, "/record/{theirs}", "researcher", language)
        assert theirs.send(kind="event", name=decision, value=value)["kind"] == "failed"

    def test_an_older_version_is_not_decided_about(self, opened, language):
        page = opened(record.build, "/record/{mine}", "supervisor", language)
        for version in ("7", "1000000000", "9" * 4000):
            told = page.send(kind="event", name="approve", value={"about": version})
            assert told["kind"] == "failed"
            assert told["text"]

    def test_somebody_elses_record_is_not_told_apart_from_none(self, opened, language):
        sentence = refused("access.no_record", language)
        for path in ("/record/{theirs}", "/record/R-nobody"):
            assert opened(record.build, path, "researcher", language).send(kind="hello") == sentence
        query = {"record": "R-nobody"}
        assert opened(paper.build, "/print/poll", "researcher", language, query).send(kind="hello") == sentence

    def test_somebody_elses_record_is_not_printed(self, opened, ids, language):
        page = opened(paper.build, "/print/poll", "researcher", language, {"record": ids["theirs"]})
        assert page.send(kind="hello") == refused("access.no_record", language)
        assert page.send(kind="event", name="pdf", value="")["kind"] == "failed"

    @pytest.mark.parametrize("version", ["x", "-1", "1000000000", "99", "٣٣"])
    def test_a_version_that_is_not_there(self, opened, language, version):
        page = opened(record.build, "/record/{mine}", "researcher", language, {"version": version})
        assert page.send(kind="hello")["kind"] in ("failed", "sheet")

    def test_a_proposal_is_moved_by_nobody_who_may_not_move_it(self, opened, language):
        theirs = opened(proposal.build, "/proposal/{proposal}", "other", language)
        own = opened(proposal.build, "/proposal/{proposal}", "researcher", language)
        for page, names in ((theirs, ("accept", "return", "withdraw")), (own, ("accept", "return"))):
            for name in names:
                assert page.send(kind="event", name=name, value={"note": "话"})["kind"] == "failed"
            assert page.send(kind="event", name="publish", value="0" * 64)["kind"] == "failed"

    def test_a_proposal_that_is_not_there(self, opened, language):
        told = opened(proposal.build, "/proposal/F-nothing", "supervisor", language).send(kind="hello")
        assert told == refused("form_life.unknown", language, proposal="F-nothing")

    def test_an_export_format_that_is_not_there_names_those_that_are(self, opened, language):
        page = opened(form_desk.build, "/forms/poll", "supervisor", language)
        told = page.send(kind="event", name="export", value={"format": "exe"})
        assert told["kind"] == "failed"
        assert "exe" in told["text"]
        assert "xlsx" in told["text"]

    def test_a_form_that_is_not_there(self, opened, language):
        for build, path in ((form_desk.build, "/forms/nothing"), (paper.build, "/print/nothing")):
            told = opened(build, path, "supervisor", language).send(kind="hello")
            assert told["kind"] == "failed"
            assert told["text"]

    def test_a_file_that_another_page_received_is_no_file_of_this_one(self, opened, language):
        first = opened(form_desk.build, "/forms", "researcher", language)
        data = table("3")
        piece = {"kind": "file", "id": 1, "ref": "file", "name": "poll-3.md", "size": len(data), "chunk": 0}
        first.widget._handle_msg({
            "content": {"data": {"method": "custom", "content": {**piece, "last": True}}}, "buffers": [data]
        })  # fmt: skip
        arrived = first.heard[-1]["value"]
        second = opened(form_desk.build, "/forms", "researcher", language)
        told = second.send(kind="event", name="propose", value={"file": [arrived]})
        assert text("desk.forms.no_file", language) in json.dumps(told, ensure_ascii=False)


def test_the_second_of_two_decisions_is_refused(opened, store, people):
    record_id = questionnaires.record(store, people["researcher"], {NAME: "丙"}, key="twice")
    first = opened(record.build, f"/record/{record_id}", "supervisor")
    second = opened(record.build, f"/record/{record_id}", "supervisor")
    assert first.send(kind="event", name="approve", value={"about": "1"})["kind"] == "sheet"
    assert second.send(kind="event", name="approve", value={"about": "1"})["kind"] == "failed"
    assert [one.state for one in reviews.decisions(store, people["supervisor"], record_id)] == ["approved"]


def test_a_query_of_another_page_is_answered_only_by_who_may_read_it(opened, store, people, ids):
    query = reviews.ask(store, people["supervisor"], ids["theirs"], 1, AGE, "多大？")
    page = opened(record.build, "/record/{mine}", "researcher")
    before = contents(store)
    told = page.send(kind="event", name="say", value={"about": query, "text": "三十"})
    assert told == {"kind": "failed", "text": text("reviews.unknown", "zh-CN")}
    assert page.send(kind="event", name="resolve", value=query)["kind"] == "failed"
    assert contents(store) == before


def events_of(told):
    """The names of all events that a page offers."""
    found = set()

    def look(value):
        if isinstance(value, dict):
            found.update(value[key] for key in ("event",) if isinstance(value.get(key), str))
            for inner in value.values():
                look(inner)
        elif isinstance(value, list):
            for inner in value:
                look(inner)

    look(told["blocks"])
    return found


@pytest.mark.parametrize("language", LANGUAGES)
class TestWhoIsOfferedWhat:
    def test_a_researcher_sees_nothing_of_a_supervisors(self, opened, language):
        mine = events_of(opened(record.build, "/record/{mine}", "researcher", language).send(kind="hello"))
        assert not mine & {*reviews.DECISIONS, "ask", "resolve"}
        form = events_of(opened(form_desk.build, "/forms/poll", "researcher", language).send(kind="hello"))
        assert not form & {"export", "import", "close", "reopen"}
        own = events_of(opened(proposal.build, "/proposal/{proposal}", "researcher", language).send(kind="hello"))
        assert own == {"withdraw"}

    def test_a_supervisor_is_offered_the_review(self, opened, language):
        told = opened(record.build, "/record/{mine}", "supervisor", language).send(kind="hello")
        assert events_of(told) >= {*reviews.DECISIONS, "ask"}
        told = opened(proposal.build, "/proposal/{proposal}", "supervisor", language).send(kind="hello")
        assert events_of(told) >= {"accept", "return"}
        told = opened(form_desk.build, "/forms/poll", "supervisor", language).send(kind="hello")
        assert events_of(told) >= {"export", "import"}
        assert "close" not in events_of(told)
        assert text("exchange.format.audit", language) in json.dumps(told, ensure_ascii=False)

    def test_an_administrator_may_close(self, opened, language):
        told = opened(form_desk.build, "/forms/poll", "administrator", language).send(kind="hello")
        assert "close" in events_of(told)
        assert text("exchange.format.audit", language) not in json.dumps(told, ensure_ascii=False)
