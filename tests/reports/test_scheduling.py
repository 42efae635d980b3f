"""What is due builds itself: each awaited period once, nothing half, whatever stops it; and people do the rest."""

import errno
import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from custinfo.actions import report_definitions, report_issues, report_runs, report_schedule
from custinfo.cli import main
from custinfo.cli import report_schedule as report_schedule_command
from custinfo.domain.clock import stamp, utc_now
from custinfo.domain.errors import SiteFault
from custinfo.reports import build, definitions, scheduling
from custinfo.store import Site, Store, private_files
from tests.lake.killing import killed_at
from tests.reports import calendar_sites, sites
from tests.reports.calendar_sites import crowd_of, issues

guarantee = pytest.mark.guarantee


@pytest.fixture
def store(tmp_path, monkeypatch):
    calendar_sites.at(monkeypatch, "2026-11-06")
    calendar_sites.without_building(monkeypatch)
    with calendar_sites.site_with_calendar(tmp_path / "site") as opened:
        yield opened


def told(found):
    return [(one.period, one.what) for one in found]


@guarantee("report-due-once")
def test_missed_periods_are_caught_up_oldest_first_and_none_twice(store):
    assert told(scheduling.run(store)) == [("2026-09", "begun"), ("2026-10", "begun")]
    assert issues(store) == [("2026-09", "draft"), ("2026-10", "draft")]
    assert scheduling.run(store) == []
    assert issues(store) == [("2026-09", "draft"), ("2026-10", "draft")]
    assert len(list(store.site.reports.glob("monthly/*/*"))) == 4, "each in both languages"
    issue = report_issues.listed(store, crowd_of(store).analyst)[0]
    assert issue.drafted_by == crowd_of(store).analyst.display_name, "in the name of who proposed the definition"
    assert issue.manifest is None, "people comment on it and put it forward"
    assert store.row("SELECT actor FROM audit WHERE action = 'report.draft'")["actor"] == "service"
    assert store.verify_audit() == []


def test_a_period_that_the_lake_does_not_go_beyond_waits_and_costs_no_try(store, monkeypatch):
    calendar_sites.at(monkeypatch, "2026-12-03")
    found = scheduling.run(store)
    assert told(found)[-1] == ("2026-11", "waits")
    assert "2026-11-01" in found[-1].problem.text("en")
    assert store.rows("SELECT 1 FROM report_run WHERE period = '2026-11'") == []
    sites.publish(store.site, now=sites.later(31), batch="b2")
    assert told(scheduling.run(store)) == [("2026-11", "begun")]


def test_a_definition_that_changed_since_holds_its_periods_without_a_try(store, monkeypatch):
    changed = definitions.content("monthly").replace(b"outside", b"inside")
    monkeypatch.setattr(definitions, "content", lambda _: changed)
    found = scheduling.run(store)
    assert told(found) == [("2026-09", "held"), ("2026-10", "held")]
    assert "version 1" in found[0].problem.text("en")
    assert (store.rows("SELECT 1 FROM report_run"), issues(store)) == ([], [])


def test_one_that_was_never_approved_is_not_awaited(tmp_path, monkeypatch):
    from tests.factories import empty_site

    calendar_sites.at(monkeypatch, "2026-12-31")
    with empty_site(tmp_path / "other") as other:
        assert scheduling.run(other) == []
        assert report_schedule.entries(other, utc_now().date()) == []


def test_two_at_once_do_not_get_into_each_others_way(store):
    folder = store.site.home / "run"
    folder.mkdir()
    with private_files.lock(folder / "schedule-monthly.lock"):
        assert [one.what for one in scheduling.run(store)] == ["busy"]
    assert issues(store) == []
    assert told(scheduling.run(store)) == [("2026-09", "begun"), ("2026-10", "begun")]


def test_a_person_was_faster_or_gave_it_up(store):
    analyst = crowd_of(store).analyst
    from custinfo.reports import issuing

    made = issuing.draft(store, analyst, "monthly", "2026-09")
    report_issues.withdraw(store, analyst, made)
    assert told(scheduling.run(store)) == [("2026-10", "begun")], "what was given up is not begun again by itself"
    (september, _, _) = report_schedule.entries(store, scheduling.today_of(store))
    assert (september.state, september.withdrawn) == ("due", True)


def test_who_answers_by_name_is_its_author_and_nobody_left_is_said(store, monkeypatch):
    calendar = {"period": "month", "working_days": 3, "person": "information_administrator"}
    content = calendar_sites.defined_with(calendar)
    monkeypatch.setattr(definitions, "content", lambda _: content)
    calendar_sites.define(store, content)
    (one,) = report_schedule.in_force(store)
    assert str(one.since) == "2026-09-15", "the kind of period is the same ever since"
    scheduling.run(store)
    author = crowd_of(store).information_administrator.display_name
    assert {issue.drafted_by for issue in report_issues.listed(store, crowd_of(store).analyst)} == {author}
    with store.act("service", "person.read", "person", "x") as tx:
        tx.execute("DELETE FROM person_role")
    with pytest.raises(Exception, match="nobody in whose name"):
        report_schedule.on_behalf_of(store, one)


def failing(monkeypatch, fault, times=100):
    """Building fails so many times."""
    run, left = build.run, [times]

    def broken(*given):
        left[0] -= 1
        if left[0] >= 0:
            raise fault
        return run(*given)

    monkeypatch.setattr(build, "run", broken)


def later(monkeypatch, **more):
    monkeypatch.setattr(scheduling, "utc_now", lambda: utc_now() + timedelta(**more))


def test_a_failed_run_is_on_record_with_its_cell_and_tried_again_three_times(store, monkeypatch):
    failing(
        monkeypatch, SiteFault("reports.failed", name="monthly", period="2026-09", cell=7, reason="E", notebook="n")
    )
    assert told(scheduling.run(store)) == [("2026-09", "failed"), ("2026-10", "failed")]
    assert scheduling.run(store) == [], "not at once"
    for minutes in (11, 40):
        later(monkeypatch, minutes=minutes)
        assert told(scheduling.run(store)) == [("2026-09", "failed"), ("2026-10", "failed")]
    later(monkeypatch, days=9)
    assert scheduling.run(store) == [], "a person goes on"
    rows = store.rows("SELECT * FROM report_run WHERE period = '2026-09' ORDER BY attempt")
    assert [(row["attempt"], row["state"], row["cell"], row["notebook"]) for row in rows] == [
        (1, "failed", "7", "n"), (2, "failed", "7", "n"), (3, "failed", "7", "n"),
    ]  # fmt: skip
    assert json.loads(rows[0]["problem"])["en"] != json.loads(rows[0]["problem"])["zh-CN"]
    assert report_schedule.entries(store, scheduling.today_of(store))[0].state == "failed"
    assert issues(store) == []


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "room"),
        (ZeroDivisionError("a name that must not be seen"), "defect"),
    ],
)
def test_a_full_disk_and_a_defect_begin_nothing_and_the_next_try_does(store, monkeypatch, fault, words):
    monkeypatch.setattr(scheduling.build, "build", lambda *_, **__: (_ for _ in ()).throw(fault))
    found = scheduling.run(store)
    assert [one.what for one in found] == ["failed", "failed"]
    said = found[0].problem.text("en")
    assert words in said and "No space" not in said and "must not be seen" not in said
    assert issues(store) == []
    monkeypatch.undo()
    calendar_sites.at(monkeypatch, "2026-11-06")
    calendar_sites.without_building(monkeypatch)
    later(monkeypatch, minutes=11)
    assert told(scheduling.run(store)) == [("2026-09", "begun"), ("2026-10", "begun")]


def test_a_clock_that_was_wrong_keeps_nothing_back(store, monkeypatch):
    failing(monkeypatch, SiteFault("reports.failed", name="m", period="p", cell=1, reason="E", notebook="n"), times=2)
    later(monkeypatch, days=-400)
    assert [one.what for one in scheduling.run(store)] == ["failed", "failed"]
    calendar_sites.at(monkeypatch, "2025-01-01")
    assert scheduling.run(store) == [], "the clock was set back: nothing is awaited yet, and nothing is undone"
    calendar_sites.at(monkeypatch, "2026-11-06")
    assert told(scheduling.run(store)) == [("2026-09", "begun"), ("2026-10", "begun")], "no waiting for a time to come"


@guarantee("report-due-once")
def test_killed_at_any_step_nothing_is_half_and_the_next_run_goes_on(tmp_path, monkeypatch):
    calendar_sites.at(monkeypatch, "2026-11-06")
    calendar_sites.without_building(monkeypatch)
    home = tmp_path / "site"
    with calendar_sites.site_with_calendar(home) as store:
        calendar_sites.approved_on(store, "2026-10-02T01:00:00.000000Z")
    monkeypatch.setattr(report_runs, "MOST_TRIES", 100)

    def work():
        with Store.open(Site.load(home)) as store:
            scheduling.run(store)

    # Those steps between which something new is on the disk: a report in one language, in both, the issue
    calls = ((build, "_publish"), (Store, "act"), (report_runs, "done"))
    step = 0
    while not killed_at(step := step + 1, work, *calls):
        with Store.open(Site.load(home)) as store:
            begun = issues(store)
            assert begun in ([], [("2026-10", "draft")])
            built = {one.name.rpartition("-")[2] for one in store.site.reports.glob("monthly/2026-10/[!.]*")}
            assert not begun or built == {"CN", "en"}, "no issue without its report"
            assert store.verify_audit() == []
    assert step > 6
    with Store.open(Site.load(home)) as store:
        assert issues(store) == [("2026-10", "draft")]


def test_a_killed_attempt_is_on_record_as_one(store):
    assert report_runs.begin(store, "monthly", "2026-09") == 1
    assert report_runs.begin(store, "monthly", "2026-09") == 2
    (first, second) = report_runs.of_report(store, "monthly")["2026-09"]
    assert (first.state, second.state) == ("failed", "running")
    assert "cut off" in first.problem["en"]


def test_by_the_command_and_what_it_tells_other_programs(store, monkeypatch):
    monkeypatch.setenv("CUSTINFO_LANGUAGE", "en")
    home = str(store.site.home)
    failing(monkeypatch, SiteFault("reports.failed", name="m", period="p", cell=1, reason="E", notebook="n"), times=1)
    first = CliRunner().invoke(main, ["report", "due", "--home", home, "--json"])
    assert first.exit_code == 1
    assert [one["what"] for one in json.loads(first.stdout.splitlines()[0])] == ["failed", "begun"]
    assert "/report-calendar" in first.stderr
    second = CliRunner().invoke(main, ["report", "due", "--home", home])
    assert (second.exit_code, second.stdout) == (0, "Nothing is due.\n")


def test_in_force_since_the_day_on_which_its_kind_of_period_was_approved(store, monkeypatch):
    content = calendar_sites.defined_with({"period": "quarter", "working_days": 10, "department": "数据分析部"})
    calendar_sites.define(store, content)
    calendar_sites.approved_on(store, "2026-10-05T01:00:00.000000Z")
    (one,) = report_schedule.in_force(store)
    assert (one.calendar.period, str(one.since)) == ("quarter", "2026-10-05")
    calendar_sites.at(monkeypatch, "2027-01-04")
    assert [str(one.period) for one in report_schedule.entries(store, scheduling.today_of(store))] == [
        "2026-Q4", "2027-Q1",
    ]  # fmt: skip
    without = json.loads(content)
    del without["definition"]["calendar"]
    calendar_sites.define(store, json.dumps(without, ensure_ascii=False, sort_keys=True, indent=1).encode())
    assert report_schedule.in_force(store) == [], "nobody awaits it any more"
    assert report_definitions.filed(store, crowd_of(store).analyst, "monthly")[0].version == 3


@pytest.mark.parametrize(
    ("zone", "now", "expected"),
    [
        ("Asia/Shanghai", "2026-11-06T15:59:00+00:00", "2026-11-06T16:00:00+00:00"),
        ("Asia/Shanghai", "2024-02-28T16:00:00+00:00", "2024-02-29T16:00:00+00:00"),
        ("Asia/Shanghai", "2026-12-31T15:00:00+00:00", "2026-12-31T16:00:00+00:00"),
        # a day of 23 hours, one of 25, and one that begins at one o'clock
        ("America/New_York", "2026-03-08T05:30:00+00:00", "2026-03-09T04:00:00+00:00"),
        ("America/New_York", "2026-11-01T04:30:00+00:00", "2026-11-02T05:00:00+00:00"),
        ("America/Santiago", "2026-09-05T20:00:00+00:00", "2026-09-06T04:00:00+00:00"),
    ],
)
def test_it_wakes_when_the_next_day_of_the_site_begins(store, monkeypatch, zone, now, expected):
    monkeypatch.setattr(store, "site", replace(store.site, zone_name=zone))
    found = scheduling.next_run(store, [], datetime.fromisoformat(now))
    assert found == datetime.fromisoformat(expected)


def test_it_wakes_sooner_for_what_failed_and_for_what_waits(store, monkeypatch):
    now = utc_now()
    waits = [scheduling.Outcome("monthly", "2026-10", scheduling.WAITS)]
    assert scheduling.next_run(store, waits, now) <= now + scheduling.LOOK_AGAIN
    failing(monkeypatch, SiteFault("reports.failed", name="m", period="p", cell=1, reason="E", notebook="n"))
    found = scheduling.run(store)
    assert timedelta(minutes=1) <= scheduling.next_run(store, found, now) - now <= timedelta(minutes=11)


def test_a_clock_that_is_set_makes_the_scheduler_neither_miss_nor_wait():
    now = utc_now()
    until = now + timedelta(hours=3)
    assert report_schedule_command.is_ahead(until, now)
    assert not report_schedule_command.is_ahead(until, now + timedelta(days=400)), "set forward: it looks at once"
    assert not report_schedule_command.is_ahead(until, now - timedelta(days=400)), "set back: it does not wait a year"


def test_the_scheduler_goes_on_after_an_error_and_tells_no_text_of_python(store, monkeypatch, capsys):
    monkeypatch.setenv("CUSTINFO_LANGUAGE", "en")
    for fault in (ZeroDivisionError("a name"), SiteFault("report_schedule.disk_full", name="m", period="p")):
        monkeypatch.setattr(scheduling, "run", lambda *_, fault=fault: (_ for _ in ()).throw(fault))
        assert report_schedule_command._pass(store.site.home, []) > utc_now()
    said = capsys.readouterr().out
    assert "defect" in said and "no room left" in said and "a name" not in said and "Traceback" not in said


def test_sigterm_ends_the_scheduler(tmp_path):
    with calendar_sites.site_with_calendar(tmp_path / "site") as store:
        calendar_sites.approved_on(store, stamp(utc_now()))
    command = [Path(sys.executable).with_name("custinfo"), "scheduler", "--home", str(tmp_path / "site")]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=os.environ | {"CUSTINFO_LANGUAGE": "en"}
    ) as run:
        assert run.stdout.readline() == "Nothing is due.\n"
        assert run.stdout.readline().startswith("Next look at ")
        run.terminate()
        assert run.wait(30) == 0
