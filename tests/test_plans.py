"""Plans on a site: checked row by row, approved by others, never changed, in the lake from their approval on."""

from datetime import date, datetime
from fractions import Fraction
from io import BytesIO

import openpyxl
import pytest
from click.testing import CliRunner

from custinfo import lake
from custinfo.actions import approvals, plans
from custinfo.actions import lake as publishing
from custinfo.cli import main
from custinfo.domain.errors import BadInput, Conflict, NotAllowed, NotFound, WrongState
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.people import SERVICE, Role
from custinfo.domain.periods import Month
from tests.factories import PASSWORD, account, empty_site

GOOD = """指标,期间,维度,代码,计划数
净销售额,2026-10,,,"1,200.50"
net_sales,2026-Q4,销售区域,华东,500
return_rate,2026,province,350000,2.5
"""


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """A site with the people whom plans need; every test finds it without a version under way."""
    with empty_site(tmp_path_factory.mktemp("plans") / "site") as store:
        for role in (Role.ANALYST, Role.INFORMATION_ADMINISTRATOR, Role.MANAGER, Role.RESEARCHER):
            account(store, role, login_name=str(role))
        yield Office(store)


class Office:
    def __init__(self, store):
        from custinfo.actions import people

        self.store = store
        self.analyst, self.information, self.manager, self.researcher = (
            people.by_login_name(store, str(role))
            for role in (Role.ANALYST, Role.INFORMATION_ADMINISTRATOR, Role.MANAGER, Role.RESEARCHER)
        )

    def propose(self, content, reason="年度计划"):
        return plans.propose(self.store, self.analyst, "plans.csv", content.encode(), reason)

    def decide(self, person, version, decision="approve", **more):
        case = approvals.of(self.store, plans.KIND, str(version))
        approvals.decide(self.store, person, case.case_id, decision, case.sha256, password=PASSWORD, **more)

    def approve(self, version):
        for person in (self.information, self.manager):
            self.decide(person, version)

    def in_lake(self):
        publishing.publish(self.store, SERVICE, even_unchanged=True)
        table = lake.open(self.store.site).table("plans").order_by("version", "period", "code")
        return table.to_pyarrow().to_pylist()


def test_proposed_approved_published_once_and_superseded(office):
    first = office.propose(GOOD)
    made, rows = plans.read(office.store, office.analyst, first)
    assert (made.state, made.rows) == ("open", 3)
    assert [(one.indicator, str(one.period), one.dimension, one.code, one.amount) for one in rows] == [
        ("net_sales", "2026-10", "", "", 120_050),
        ("net_sales", "2026-Q4", "area", "华东", 50_000),
        ("return_rate", "2026", "province", "350000", Fraction(1, 40)),
    ]
    assert office.in_lake() == [], "nothing counts before its approval"
    with pytest.raises(Conflict):
        office.propose(GOOD.replace("500", "600"))
    office.decide(office.information, first)
    assert office.in_lake() == [], "nor after the first step"
    office.decide(office.manager, first)
    published = office.in_lake()
    assert [(row["period"], row["amount"], row["version"]) for row in published] == [
        ("2026", 2_500_000, first), ("2026-10", 120_050, first), ("2026-Q4", 50_000, first),
    ]  # fmt: skip
    assert {row["approved_on"] for row in published} == {datetime.now(office.store.site.zone).date().isoformat()}
    with pytest.raises(Conflict, match="just what the approved version"):
        office.propose(GOOD)
    second = office.propose("indicator,period,amount\nnet_sales,2026-10,1000\n")
    office.approve(second)
    both = office.in_lake()
    assert len(both) == 4, "exactly once, and the first version stays"
    assert [row["amount"] for row in both if row["version"] == second] == [100_000]
    assert [one.version for one in plans.listed(office.store, office.analyst)][:2] == [second, first]


def test_a_rejected_version_never_counts_and_nobody_decides_on_their_own(office):
    version = office.propose("indicator,period,amount\nnet_sales,2027-01,1\n")
    with pytest.raises(NotAllowed):
        office.decide(office.analyst, version)
    office.decide(office.information, version, "reject", note="太低")
    assert {row["version"] for row in office.in_lake()} & {version} == set()
    with pytest.raises(WrongState):
        office.decide(office.manager, version)


def test_rows_are_never_changed(office):
    version = office.propose("indicator,period,amount\nnet_sales,2030-01,1\n")
    for statement in ("UPDATE plan_row SET amount = 1", "DELETE FROM plan_version"):
        with pytest.raises(Exception, match="append-only"), office.store.act("S", "t.t", "t", "t"):
            office.store._db.execute(statement)
    office.decide(office.information, version, "reject", note="试验")


@pytest.mark.parametrize(
    ("row", "key"),
    [
        ("nothing,2026-10,,,5", "statistics.plan.indicator"), ("net_sales,10/2026,,,5", "statistics.plan.period"),
        ("net_sales,2026-10,,,many", "statistics.plan.amount"), ("net_sales,2026-10,area,,5", "statistics.plan.entry"),
        ("net_sales,2026-10,weather,sunny,5", "plans.dimension"), ("net_sales,2026-10,province,35,5", "plans.code"),
        ("customers,2026-10,area,华东,5", "plans.not_told"), ("net_sales,2026-11,,,7", "statistics.plan.twice"),
    ],
)  # fmt: skip
def test_every_wrong_row_has_its_sentence_and_nothing_is_kept(office, row, key):
    content = f"indicator,period,dimension,code,amount\nnet_sales,2026-11,,,5\n{row}\nalso_wrong,2026-10,,,5\n"
    faults = plans.check(content.encode(), "plans.csv").faults
    assert [one.key for one in faults] == [key, "statistics.plan.indicator"]
    for language in LANGUAGES:
        assert "3" in faults[0].text(language)
    before = len(plans.listed(office.store, office.analyst))
    with pytest.raises(BadInput) as raised:
        office.propose(content)
    assert "2" in raised.value.text("en")
    assert faults[0].text("en") in raised.value.text("en")
    assert len(plans.listed(office.store, office.analyst)) == before


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (b"", "plans.empty"), (b"indicator,period,amount\n", "plans.empty"), (b"a,b\n1,2\n", "plans.headings"),
        (b"PK\x03\x04 no zip", "exchange.unreadable"), (b"\xd0\xcf\x11\xe0 old", "exchange.old_office"),
        (b"indicator,period,amount\n" + b"net_sales,2026-10,1\n" * 10_001, "plans.many"),
    ],
)  # fmt: skip
def test_a_file_that_is_none_is_refused_in_words(content, key):
    with pytest.raises(BadInput) as raised:
        plans.check(content, "plans.xlsx")
    assert raised.value.key == key
    assert all(raised.value.text(language) for language in LANGUAGES)


def test_a_workbook_is_read_and_a_month_that_it_made_a_day_is_no_plan_of_a_day():
    book = openpyxl.Workbook()
    book.active.append(["Indicator", "Period", "Planned amount"])
    book.active.append(["Net sales", "2026-10", 1200.5])
    book.active.append(["Net sales", 2026, 99])
    book.active.append(["Net sales", date(2026, 11, 1), 7])
    content = BytesIO()
    book.save(content)
    found = plans.check(content.getvalue(), "plans.xlsx")
    assert [(one.period, one.amount) for one in found.planned] == [
        (Month(2026, 10), 120_050), (found.planned[1].period, 9_900),
    ]  # fmt: skip
    (fault,) = found.faults
    assert "2026-11-01" in fault.text("en")
    assert "format the column as text" in fault.text("en")


def test_who_may_not(office):
    with pytest.raises(NotAllowed):
        plans.propose(office.store, office.researcher, "plans.csv", GOOD.encode(), "计划")
    with pytest.raises(NotAllowed):
        plans.listed(office.store, office.researcher)
    with pytest.raises(BadInput, match="reason"):
        office.propose(GOOD, reason=" ")
    with pytest.raises(NotFound):
        plans.read(office.store, office.analyst, 99)


def test_the_command_tells_every_fault_and_the_version(office, tmp_path):
    home, wrong = str(office.store.site.home), tmp_path / "wrong.csv"
    wrong.write_text("indicator,period,amount\nx,2026-10,1\ny,2026-10,1\n")
    run = CliRunner()
    given = ["--home", home, "--as", "analyst", "--reason", "修订"]
    told = run.invoke(main, ["plan", "propose", *given, str(wrong)], env={"CUSTINFO_LANGUAGE": "en"})
    assert told.exit_code == 1
    assert "Row 2" in told.output
    assert "Row 3" in told.output
    wrong.write_text("indicator,period,amount\nnet_sales,2028,1\n")
    told = run.invoke(main, ["plan", "propose", *given, str(wrong), "--json"])
    assert told.exit_code == 0, told.output
    listed = run.invoke(main, ["plan", "list", "--home", home, "--as", "analyst"], env={"CUSTINFO_LANGUAGE": "en"})
    assert "修订" in listed.output
    version = plans.listed(office.store, office.analyst)[0].version
    office.decide(office.information, version, "reject", note="试验")
