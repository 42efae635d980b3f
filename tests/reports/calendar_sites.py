"""A site whose monthly report is awaited since September 2026, with a lake that goes as far as 1 November."""

import atexit
import json
import shutil
import tempfile
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import SimpleNamespace

from custinfo.actions import approvals, delegations, people, report_definitions, report_issues
from custinfo.domain import clock
from custinfo.domain.people import Role
from custinfo.domain.sensitivity import Level
from custinfo.reports import build, definitions, outside_issues
from custinfo.store import Site, Store
from tests.factories import PASSWORD, account, adopt_indicators, empty_site, site_with_forms
from tests.reports import sites

PARTS = (
    Role.ANALYST, Role.SUPERVISOR, Role.DEPARTMENT_HEAD, Role.INFORMATION_ADMINISTRATOR, Role.MANAGER, Role.AUDITOR,
    Role.RESEARCHER,
)  # fmt: skip
CAUSE = {"zh-CN": "备货", "en": "Stock"}


@contextmanager
def site_with_calendar(home, *, forms=False):
    """A copy of it, with the shipped forms where they are wanted; gives its open store."""
    shutil.copytree(_made(forms), home)
    with Store.open(Site.load(home)) as store:
        yield store


def crowd_of(store):
    """Its people, by role."""
    return SimpleNamespace(**{str(role): people.by_login_name(store, str(role)) for role in PARTS})


@cache
def _made(forms):
    home = Path(tempfile.mkdtemp(prefix="custinfo-calendar-")) / "site"
    atexit.register(shutil.rmtree, home.parent, True)
    with (site_with_forms if forms else empty_site)(home) as store:
        for role in PARTS:
            account(store, role, login_name=str(role), clearance=Level.INTERNAL)
        sites.publish(store.site)
        define(store)
        approved_on(store, "2026-09-15T01:00:00.000000Z")
    return home


def define(store, content=None):
    """The monthly report as it stands, or with another content, proposed and approved."""
    who = crowd_of(store)
    content = content or definitions.content("monthly")
    version = report_definitions.propose(store, who.analyst, "monthly", content, "New")
    if version == 1:
        adopt_indicators(store)
    for person in (who.information_administrator, who.manager):
        decide(store, person, report_definitions.KIND, f"monthly-{version}")


def defined_with(calendar):
    """The content of a definition of the monthly report with another calendar."""
    told = json.loads(definitions.content("monthly"))
    told["definition"]["calendar"] = calendar
    return json.dumps(told, ensure_ascii=False, sort_keys=True, indent=1).encode()


def approved_on(store, moment):
    """The newest definition was approved at that moment."""
    with store.act("service", "person.read", "person", "x") as tx:
        newest = "SELECT max(ended_at) FROM approval_case WHERE object_kind = 'report_definition'"
        tx.execute(f"UPDATE approval_case SET ended_at = ? WHERE ended_at = ({newest})", [moment])


def decide(store, person, kind, object_id):
    """Agree to what waits."""
    case = approvals.of(store, kind, object_id)
    approvals.decide(store, person, case.case_id, "approve", case.sha256, password=PASSWORD)


def released(store, issue_id, moment):
    """The issue was released inside at that moment."""
    with store.act("service", "person.read", "person", "x") as tx:
        tx.update("report_issue", issue_id, {"state": "released_inside", "released_inside_at": moment})


def issues(store):
    """Period and state of every issue."""
    return [(one.period, one.state) for one in reversed(report_issues.listed(store, crowd_of(store).manager))]


def at(monkeypatch, day):
    """It is noon of that day in Shanghai, for what asks for today and for whoever builds."""
    moment = datetime.fromisoformat(f"{day}T04:00:00").replace(tzinfo=UTC)
    for module in (delegations, clock):
        monkeypatch.setattr(module, "utc_now", lambda: moment)


def without_building(monkeypatch):
    """Building takes seconds, and what these tests are about stands around it."""

    def run(_site, order, folder, *_):
        for end in ("pdf", "html", "xlsx", "ipynb"):
            (folder / f"{order.stem}.{end}").write_text(order.language)
        (folder / "figures.json").write_text(json.dumps({"lake_version": order.lake_version, "rule_version": 1}))

    monkeypatch.setattr(build, "run", run)
    monkeypatch.setattr(outside_issues, "given", sites.nothing_withheld)
