"""The indicator system of a site: proposed, discussed by departments, approved with a signature; issues rest on it (R164)."""

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner

from custinfo.actions import approvals, due, indicator_systems, people
from custinfo.actions.delegations import today
from custinfo.cli import main
from custinfo.domain import indicator_definitions
from custinfo.domain.errors import BadInput, Conflict, NotAllowed, NotFound, WrongState
from custinfo.domain.people import Role
from custinfo.statistics import indicators
from tests.factories import PASSWORD, account, empty_site


@pytest.fixture
def office(tmp_path):
    """A site with an analyst, a manager and the heads of two departments."""
    with empty_site(tmp_path / "site") as store:
        account(store, Role.ANALYST, login_name="wu", department="数据分析部")
        account(store, Role.MANAGER, login_name="chen", department="总经理办公室")
        account(store, Role.DEPARTMENT_HEAD, login_name="sales", department="销售部")
        account(store, Role.DEPARTMENT_HEAD, login_name="service", department="客户服务部")
        yield Office(store)


class Office:
    def __init__(self, store):
        self.store = store
        self.wu, self.chen, self.sales, self.service = (
            people.by_login_name(store, name) for name in ("wu", "chen", "sales", "service")
        )

    def propose(self, days=7):
        return indicator_systems.propose(self.store, self.wu, "年度修订", today(self.store) + timedelta(days=days))

    def answer(self, who, version, stance="agree", note=""):
        indicator_systems.answer(self.store, who, version, stance, note)

    def approve(self, version):
        case = approvals.of(self.store, indicator_systems.KIND, str(version))
        return approvals.decide(self.store, self.chen, case.case_id, "approve", case.sha256, password=PASSWORD)

    def approved(self):
        version = self.propose()
        for who in (self.sales, self.service):
            self.answer(who, version)
        indicator_systems.put_forward(self.store, self.wu, version)
        self.approve(version)
        return version

    def waits_for(self, who):
        rows = due.listed(self.store, who, today(self.store), kind="statistics", limit=99).rows
        return [row.text("en") for row in rows]


def changed(monkeypatch, tmp_path, before, after):
    """The definitions with a text replaced, as if the file had been edited."""
    file = tmp_path / "indicators.toml"
    text = indicator_definitions.FILE.read_text("utf-8")
    assert before in text
    file.write_text(text.replace(before, after), "utf-8")
    monkeypatch.setattr(indicator_definitions, "FILE", file)


def test_discussed_by_every_department_then_signed(office):
    version = office.propose()
    one, changes = indicator_systems.read(office.store, office.wu, version)
    assert (version, one.state, one.departments, one.unanswered) == (
        1, "discussed", ("客户服务部", "销售部"), ("客户服务部", "销售部"),
    )  # fmt: skip
    assert {each.kind for each in changes} == {"added"}
    assert len(changes) == len(indicator_definitions.indicators(one.content))
    assert any("indicator system" in row for row in office.waits_for(office.sales)), "who has not answered is due"
    office.answer(office.sales, version)
    assert office.waits_for(office.sales) == []
    with pytest.raises(WrongState, match="客户服务部"):
        indicator_systems.put_forward(office.store, office.wu, version)
    assert office.waits_for(office.wu) == [], "one has not answered"
    office.answer(office.service, version, "object", "退货率应不含换货")
    assert any("put before the manager" in row for row in office.waits_for(office.wu))
    with pytest.raises(BadInput, match="dealt with"):
        indicator_systems.put_forward(office.store, office.wu, version)
    indicator_systems.put_forward(office.store, office.wu, version, "下一版修订，已与客服部商定")
    with pytest.raises(WrongState):
        office.answer(office.service, version)
    assert indicator_systems.in_force(office.store, office.wu) is None, "not before the manager signed"
    assert office.approve(version) == "approved"
    now = indicator_systems.in_force(office.store, office.wu)
    assert (now.version, [(o.department, o.stance) for o in now.opinions], now.answer) == (
        1, [("客户服务部", "object"), ("销售部", "agree")], "下一版修订，已与客服部商定",
    )  # fmt: skip
    assert [name for name, _ in indicator_systems.approvers(office.store, now)] == [office.chen.display_name]
    with pytest.raises(Conflict, match="just as"):
        office.propose()


def test_after_the_day_a_silent_department_does_not_stand_in_the_way(office, monkeypatch):
    version = office.propose(days=0)
    office.answer(office.sales, version)
    tomorrow = today(office.store) + timedelta(days=1)
    monkeypatch.setattr(indicator_systems, "today", lambda _: tomorrow)
    indicator_systems.put_forward(office.store, office.wu, version)
    assert indicator_systems.read(office.store, office.wu, version)[0].unanswered == ("客户服务部",)


def test_only_what_was_approved_is_shown(office, monkeypatch, tmp_path):
    with pytest.raises(WrongState, match="Net sales"):
        indicator_systems.check_in_force(office.store, ["net_sales"])
    assert indicator_systems.check_in_force(office.store, []) is None, "a report without indicators needs none"
    office.approved()
    assert indicator_systems.check_in_force(office.store, ["net_sales"]).version == 1
    assert indicator_systems.stands(office.store)
    changed(monkeypatch, tmp_path, 'zh = "客户总数"', 'zh = "客户数"')
    assert not indicator_systems.stands(office.store)
    assert indicator_systems.check_in_force(office.store, ["net_sales"]).version == 1, "another one was changed"
    with pytest.raises(WrongState) as refused:
        indicator_systems.check_in_force(office.store, ["net_sales", "customers"])
    assert "Customers on file" in refused.value.text("en") and "Net sales" not in refused.value.text("en")
    assert "客户数" in refused.value.text("zh-CN")
    version = office.propose()
    _, (change,) = indicator_systems.read(office.store, office.wu, version)
    assert (change.indicator, change.kind, change.fields) == ("customers", "changed", (("zh", "客户总数", "客户数"),))


def test_who_may_not_and_what_cannot_be(office):
    day = today(office.store)
    with pytest.raises(NotAllowed):
        indicator_systems.propose(office.store, office.sales, "理由", day)
    for reason, until in ((" ", day), ("理由", day - timedelta(days=1)), ("理由", day + timedelta(days=91))):
        with pytest.raises(BadInput):
            indicator_systems.propose(office.store, office.wu, reason, until)
    version = office.propose()
    with pytest.raises(Conflict):
        office.propose()
    with pytest.raises(NotAllowed):
        office.answer(office.wu, version)
    with pytest.raises(BadInput):
        office.answer(office.sales, version, "object", " ")
    with pytest.raises(BadInput):
        office.answer(office.sales, version, "perhaps")
    new = account(office.store, Role.DEPARTMENT_HEAD, login_name="late", department="物流部")
    with pytest.raises(NotAllowed):
        office.answer(new, version)
    with pytest.raises(NotFound):
        office.answer(office.sales, 9)
    indicator_systems.withdraw(office.store, office.wu, version, "重新考虑")
    assert indicator_systems.read(office.store, office.wu, version)[0].state == "withdrawn"
    assert office.propose() == 2, "a number is never used again"


def test_a_version_is_never_changed(office):
    office.propose()
    for statement in ("UPDATE indicator_system SET content = '{}'", "DELETE FROM indicator_department"):
        with pytest.raises(Exception, match="append-only"), office.store.act("S", "t.t", "t", "t"):
            office.store._db.execute(statement)


def test_a_site_that_issued_before_goes_on_with_what_it_has(tmp_path):
    from sqlite_utils import Database

    from custinfo.store.schema.indicator_systems import m034_indicator_systems

    for name, many in (("old", 1), ("new", 0)):
        db = Database(tmp_path / f"{name}.db")
        db.execute("CREATE TABLE person (person_id TEXT PRIMARY KEY)")
        db.execute("CREATE TABLE report_definition (name TEXT)")
        if many:
            db.execute("INSERT INTO report_definition VALUES ('monthly')")
        m034_indicator_systems(db)
        found = db.execute("SELECT version, adopted, content FROM indicator_system").fetchall()
        assert found == ([(1, 1, indicator_definitions.content().decode())] if many else [])


def test_the_commands(office):
    home, day = str(office.store.site.home), str(today(office.store))
    run = CliRunner()

    def told(*given, who="wu"):
        env = {"CUSTINFO_LANGUAGE": "en", "CUSTINFO_HOME": home, "CUSTINFO_AS": who}
        return run.invoke(main, ["indicators", *given], env=env)

    assert "no version" in told("list").output
    made = told("propose", "--reason", "首版", "--answer-by", day, "--json")
    assert json.loads(made.output)["version"] == 1, made.output
    assert told("answer", "1", "object", "--reason", "口径不清", who="sales").exit_code == 0
    assert told("answer", "1", "agree", who="service").exit_code == 0
    assert told("put-forward", "1").exit_code == 1, "an objection has to be dealt with"
    assert told("put-forward", "1", "--answer", "已补充说明").exit_code == 0
    shown = json.loads(told("show", "1", "--json").output)
    assert [one["stance"] for one in shown["opinions"]] == ["agree", "object"]
    assert shown["state"] == "open"
    assert "Net sales" in told("show", "1").output


@pytest.mark.parametrize(
    ("before", "after", "key"),
    [
        ('zh = "客户总数"', 'zh = "客户总数', "unreadable"),
        ('zh = "客户总数"', "", "wrong"),
        ('formula = "customers"', 'formula = "eval"', "formula"),
    ],
)
def test_a_slip_in_the_file_is_named_and_nothing_is_stored(office, monkeypatch, tmp_path, before, after, key):
    assert indicators.load()["customers"].zh == "客户总数", "as a page that runs since yesterday has it"
    changed(monkeypatch, tmp_path, before, after)
    with pytest.raises(BadInput) as refused:
        office.propose()
    assert refused.value.key == f"statistics.indicators.{key}"
    assert all("indicators.toml" in refused.value.text(language) for language in ("zh-CN", "en"))
    assert indicator_systems.listed(office.store, office.wu) == []


def test_a_process_that_runs_on_has_the_definitions_of_the_moment(office, monkeypatch, tmp_path):
    version = office.approved()
    assert indicators.load()["customers"].zh == "客户总数"
    changed(monkeypatch, tmp_path, 'zh = "客户总数"', 'zh = "客户数"')
    assert indicators.load()["customers"].zh == "客户数"
    assert not indicator_systems.stands(office.store)
    # Edited once more, between two looks
    changed(monkeypatch, tmp_path, 'zh = "客户数"', 'zh = "在册客户数"')
    one, [change] = indicator_systems.read(office.store, office.wu, office.propose())
    assert (one.version, change.fields) == (version + 1, (("zh", "客户总数", "在册客户数"),))


@pytest.mark.parametrize("text", ["x", "[[indicator]", "indicator = 1", "indicator = [1]", "", "\xff"])
def test_no_indicators_is_no_defect(office, monkeypatch, tmp_path, text):
    """Whatever stands there, whoever asks is told which file to mend: the page, an issue, a proposal."""
    file = tmp_path / "indicators.toml"
    file.write_bytes(text.encode("latin-1"))
    monkeypatch.setattr(indicator_definitions, "FILE", file)
    for asked in (
        indicator_definitions.content,
        indicators.load,
        office.propose,
        lambda: indicator_systems.check_in_force(office.store, ["net_sales"]),
    ):
        with pytest.raises(BadInput, match="indicators.toml"):
            asked()
