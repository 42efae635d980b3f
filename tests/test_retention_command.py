"""The commands of retention and erasure."""

import json

import pytest

from custinfo.actions import approvals, retention
from custinfo.domain.people import SERVICE
from custinfo.store import Site, Store
from tests import erasing, factories
from tests.test_cli import run


@pytest.fixture(autouse=True)
def _english(monkeypatch):
    monkeypatch.setenv("CUSTINFO_LANGUAGE", "en")


@pytest.fixture
def home(tmp_path):
    with factories.site_with_forms(tmp_path / "site") as store:
        factories.card(store, erasing.Staff(store).researcher, erasing.CARD)
    return tmp_path / "site"


def agree(home, case_id):
    """Both sign."""
    with Store.open(Site.load(home)) as store:
        plan_id = store.row("SELECT plan_id FROM retention_plan WHERE case_id = ?", [case_id])["plan_id"]
        case = approvals.of(store, retention.KIND, plan_id)
        for row in store.rows("SELECT * FROM person WHERE login_name IN ('xu', 'ren') ORDER BY login_name DESC"):
            from custinfo.actions import people

            person = people.from_row(store, row)
            approvals.decide(store, person, case.case_id, "approve", case.sha256, password=factories.PASSWORD)
    return plan_id


def test_a_customer_is_erased_by_number_after_two_people_agreed(home):
    said = run("erase", "C000001", "--home", home)
    case_id = said.split("(case ")[1].partition(")")[0]
    assert "not" in run("erase", "C000001", "--case", case_id, "--home", home, status=1)
    agree(home, case_id)
    done = run("erase", "C000001", "--case", case_id, "--home", home)
    assert "1 destroyed" in done
    assert run("erase", "C000001", "--case", case_id, "--home", home) == done, "again changes nothing"
    certificate = done.split()[1].rstrip(":")
    run("retention", "certificate", certificate, "--out", home / "c.pdf", "--home", home)
    assert (home / "c.pdf").read_bytes().startswith(b"%PDF")
    with Store.open(Site.load(home)) as store:
        assert not any(word.encode() in erasing.decrypted(store.site) for word in erasing.WORDS)


def test_from_due_to_stop_by_commands(home, monkeypatch):
    assert "Nothing is due" in run("retention", "due", "--home", home)
    assert "Nothing is due" in run("retention", "plan", "--home", home, status=1)
    erasing.long_ago(monkeypatch)
    assert "Customers: 1 due, 0 held (rule customers)" in run("retention", "due", "--home", home)
    (item,) = [one for one in json.loads(run("retention", "due", "--json", "--home", home))["items"]
               if one["category"] == "customer"]  # fmt: skip
    assert item["action"] == "anonymise"
    hold = run("retention", "hold", "C000001", "--reason", "court", "--home", home).split()[1]
    assert "1 held" in run("retention", "due", "--home", home)
    run("retention", "release", hold, "--reason", "settled", "--home", home)
    said = run("retention", "plan", "--home", home)
    plan_id = agree(home, said.split("(case ")[1].partition(")")[0])
    assert "2035-01-09" in run("retention", "mark", plan_id, "--home", home)
    assert "from 2035-01-09 on" in run("retention", "run", plan_id, "--home", home, status=1)
    assert run("retention", "run", "--home", home) == ""
    run("retention", "stop", plan_id, "--reason", "still needed", "--home", home)
    assert "stopped" in run("retention", "list", "--home", home)
    with Store.open(Site.load(home)) as store:
        assert retention.dry_run(store, SERVICE).items
