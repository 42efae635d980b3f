"""The export `audit`: how records were filled in, with the columns of ODK's audit.csv, for who may see it."""

import csv
import json
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from click.testing import CliRunner

from custinfo.actions import drafts, form_exports
from custinfo.actions.drafts import AnswerEvent
from custinfo.cli import main
from custinfo.domain.errors import NotAllowed, NotFound
from custinfo.domain.people import Role
from custinfo.domain.sensitivity import Level
from custinfo.exchange.audit_log import HEADINGS
from tests import questionnaires
from tests.factories import account, draft_of, empty_site, submit
from tests.questionnaires import AGE, NAME, PHONE

START = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)


@pytest.fixture
def home(tmp_path):
    return tmp_path / "site"


@pytest.fixture
def store(home):
    with empty_site(home) as opened:
        questionnaires.published(opened)
        yield opened


@pytest.fixture
def supervisor(store):
    return account(store, Role.SUPERVISOR, login_name="sun")


def filled(store, actor, events, *, key="1", submitted=True):
    """A record in whose draft these events happened."""
    draft_id = draft_of(store, actor, "poll", {NAME: "甲", "/data/child[1]/nick": "宝"})
    drafts.log(store, actor, draft_id, [AnswerEvent("form start", "", START), *events])
    return submit(store, actor, draft_id, key).record_id if submitted else None


def answered(ref, old, new):
    return AnswerEvent("question", ref, START + timedelta(seconds=5), START + timedelta(seconds=7.25), old, new)


def exported(store, actor, **options):
    data = form_exports.export(store, actor, "poll", "audit", language="en", **options).data
    return list(csv.DictReader(StringIO(data.decode("utf-8-sig"))))


def test_events_have_their_times_and_values(store, supervisor):
    record_id = filled(store, account(store), [answered(AGE, "", "30"), answered("/data/child[1]/nick", None, "=1+1")])
    lines = exported(store, supervisor)
    assert tuple(lines[0]) == HEADINGS
    began, age, nick = lines
    content = store.row("SELECT content FROM record_version WHERE record_id = ?", [record_id])["content"]
    assert began["instance ID"] == json.loads(content)["meta"]["instanceID"] != ""
    assert (began["event"], began["node"], began["end"]) == ("form start", "", "")
    at = int(START.timestamp() * 1000)
    assert began["start"] == str(at)
    assert (age["node"], age["start"], age["end"]) == (AGE, str(at + 5000), str(at + 7250))
    assert (age["old-value"], age["new-value"]) == ("", "30")
    assert nick["new-value"] == "'=1+1", "no formula for a spreadsheet"


def test_only_submitted_records_of_the_version_and_state_that_are_asked_for(store, supervisor):
    lin = account(store)
    filled(store, lin, [answered(AGE, "", "30")])
    filled(store, lin, [answered(AGE, "", "31")], submitted=False)
    questionnaires.published(store, "2", {"why": None})
    filled(store, lin, [answered(AGE, "", "32")], key="2")
    assert [one["new-value"] for one in exported(store, supervisor) if one["node"]] == ["30", "32"]
    assert [one["new-value"] for one in exported(store, supervisor, version="1") if one["node"]] == ["30"]
    assert exported(store, supervisor, state="approved") == []
    for wrong in ({"version": "9"}, {"state": "sold"}):
        with pytest.raises(NotFound):
            exported(store, supervisor, **wrong)


def test_answers_above_ones_clearance_are_not_in_it(store, supervisor, monkeypatch):
    filled(store, account(store), [answered(PHONE, "", "13800138000"), answered(AGE, "", "30")])
    assert PHONE in {one["node"] for one in exported(store, supervisor)}
    monkeypatch.setattr("custinfo.access.visibility.MOST_SENSITIVE", {Role.SUPERVISOR: Level.INTERNAL})
    lines = exported(store, supervisor)
    assert {one["node"] for one in lines} == {"", AGE}
    assert "13800138000" not in str(lines)


@pytest.mark.parametrize("role", [Role.RESEARCHER, Role.ANALYST, Role.MANAGER, Role.SYSTEM_ADMINISTRATOR])
def test_who_does_not_both_export_and_review_may_not_have_it(store, role):
    somebody = account(store, role)
    assert "audit" not in form_exports.formats(somebody, "en")
    with pytest.raises(NotAllowed):
        exported(store, somebody)


def test_that_it_was_exported_is_on_the_audit_log(store, supervisor):
    exported(store, supervisor)
    row = store.rows("SELECT * FROM audit WHERE action = 'record.export'")[-1]
    assert json.loads(row["detail"])["format"] == "audit"


def test_on_the_command_line(store, supervisor, home, tmp_path):
    filled(store, account(store), [answered(AGE, "", "30")])
    arguments = ["form", "export", "--home", str(home), "--format", "audit", "--out", str(tmp_path), "poll"]
    result = CliRunner().invoke(main, [*arguments, "--as", supervisor.login_name])
    assert result.exit_code == 0, result.output
    assert (tmp_path / "poll.audit.csv").read_text("utf-8-sig").startswith("instance ID,event,node")
    assert CliRunner().invoke(main, arguments).exit_code == 1, "the service itself reviews nothing"
