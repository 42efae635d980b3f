"""When the daily job grades a quarter, and what who grades is told of rows that came later."""

from datetime import date, timedelta

import ibis
import pyarrow as pa
import pytest

from custinfo import lake
from custinfo.actions import due, gradings
from custinfo.classification import gradings as waiting
from custinfo.classification import schemes
from custinfo.domain import clock
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.people import SERVICE, Role
from custinfo.domain.periods import Quarter
from custinfo.domain.sums import total_fen
from custinfo.lake import control_totals, schema, superseding
from custinfo.store import Store
from tests.classification.spoiling import refused
from tests.factories import account
from tests.lake.test_superseding import KIND, lines
from tests.reports import sites

SECOND, THIRD = Quarter(2026, 2), Quarter(2026, 3)
CUSTOMERS = [{"customer_type": "individual"}] * 3
SALES = (("c1", "sale", "2026-05-10", 700), ("c2", "sale", "2026-06-01", 200), ("c3", "sale", "2026-08-01", 100))
LATE = (("c3", "sale", "2026-06-30", 900), ("c2", "sale", "2026-09-30", 900))
FOUND = date(2026, 11, 2)
NAMED = pa.schema([schema.SUPERSEDED.field(name) for name in ("batch_id", "row_id", "customer_key")])


@pytest.fixture
def site(tmp_path):
    """A store with a lake in which nothing was graded yet."""
    place = sites.site(tmp_path / "site")
    with Store.create(place) as store, pytest.MonkeyPatch.context() as patch:
        patch.setattr(schemes, "classes", by_what_was_sold)
        sites.publish(place, CUSTOMERS, SALES)
        yield store


@pytest.fixture
def graded(site):
    """The same with two quarters graded."""
    gradings.grade(site, SERVICE, SECOND)
    gradings.grade(site, SERVICE, THIRD)
    assert waits(site) == []
    return site


def by_what_was_sold(known):
    """In place of all schemes, which take a second: one that names the sum of sales."""
    sales = known.sales.filter(known.sales.kind == "sale", known.sales.occurred_on <= known.on)
    sums = sales.group_by("customer_key").aggregate(figure=total_fen(sales.amount_fen))
    named = {
        "scheme": ibis.literal("value_grade"),
        "class": ibis.literal("A"),
        "rule_version": ibis.literal(1, "int32"),
    }
    return sums.mutate(**named, reason=ibis.null("string"), code_edition=ibis.null("string"))


def edition(store, quarter, number):
    """The rows of an edition, in order."""
    rows = lake.open(store.site).table("gradings")
    rows = rows.filter(rows.quarter == str(quarter), rows.edition == number)
    return rows.order_by("customer_key", "scheme").to_pyarrow().to_pylist()


def waits(store, day=FOUND):
    """What is on the list of who grades: the message, the quarter, the rows that came and went."""
    rows = due.listed(store, SERVICE, day, kind="gradings").rows
    return [
        (row.what_key.rpartition(".")[2], *(row.facts[name] for name in ("quarter", "came", "gone"))) for row in rows
    ]


def take_back(store, batch_id, taken, line_no):
    """Publish a batch of nothing but the cancellation of a row of another one."""
    at = clock.utc_now()
    key = lake.pseudonym(store.site.secret("pseudonym"), "c2")
    rows = pa.table({"batch_id": [taken], "row_id": [line_no], "customer_key": [key]}).cast(NAMED)
    gone = superseding.write(store.site, batch_id, rows, at)
    none = lines({})
    nothing = lake.write_batch(store.site, batch_id, lake.FactBatch(KIND, none, control_totals.of(none, [])), at)
    lake.publish(store.site, [], [lake.BatchRow(batch_id, at, nothing, gone)], clock.utc_now)


def test_the_job_waits_for_the_days_of_the_rule_and_for_what_is_imported_and_not_published(site):
    last, rule = THIRD.last, waiting.rule(THIRD.last)
    assert waiting.first_day(THIRD, rule) == date(2026, 10, 16)
    assert gradings.daily(site, last + timedelta(days=rule.wait_days)) == {"graded": 0, "waiting": 1, "late": 0}
    row = dict.fromkeys(("file_name", "source", "lawful_basis", "lake_path"), "x")
    with site.act(SERVICE.person_id, "batch.import", "batch", "B-1") as tx:
        tx.insert(
            "batch",
            row
            | {"batch_id": "B-1", "kind": "sales", "sha256": "0", "line_count": 1, "sum_fen": 1, "lake_sha256": "0"}
            | {"received_at": tx.at, "received_by": SERVICE.person_id},
        )
    assert gradings.daily(site, date(2026, 10, 16)) == {"graded": 0, "waiting": 1, "late": 0}
    with site.act(SERVICE.person_id, "batch.import", "batch", "B-1") as tx:
        tx.delete("batch", ("B-1",))
    assert gradings.daily(site, date(2026, 10, 16)) == {"graded": 1, "waiting": 0, "late": 0}


def test_rows_that_come_later_are_told_until_each_quarter_is_graded_anew(graded):
    before = edition(graded, THIRD, 1)
    # Received before the quarters were graded, published after: the moment of a row alone would not tell
    sites.publish(graded.site, CUSTOMERS, LATE, now=clock.utc_now(), batch="b2")
    assert gradings.daily(graded, FOUND)["late"] == 2
    assert waits(graded) == [("late", "2026-Q2", "1", "0"), ("late", "2026-Q3", "2", "0")]
    assert waits(graded, FOUND + timedelta(days=9)) == waits(graded), "another day changes nothing"
    gradings.grade(graded, SERVICE, SECOND)
    assert waits(graded) == [("late", "2026-Q3", "2", "0")]
    assert gradings.grade(graded, SERVICE, THIRD).new
    assert waits(graded) == []
    assert edition(graded, THIRD, 1) == before, "the edition that people saw stays"


def test_a_quarter_whose_forerunner_is_graded_anew_is_graded_anew_after_it(graded):
    sites.publish(graded.site, CUSTOMERS, (("c1", "sale", "2026-04-01", 10**6),), now=clock.utc_now(), batch="b3")
    gradings.grade(graded, SERVICE, THIRD)
    assert waits(graded) == [("late", "2026-Q2", "1", "0")]
    gradings.grade(graded, SERVICE, SECOND)
    assert waits(graded) == [("before", "2026-Q3", "0", "0")]
    gradings.grade(graded, SERVICE, THIRD)
    assert waits(graded) == []


def test_a_row_that_is_taken_back_is_told_too_and_a_comparison_that_agrees_ends_it(graded):
    sites.publish(graded.site, CUSTOMERS, LATE, now=clock.utc_now(), batch="b2")
    for quarter in (SECOND, THIRD):
        gradings.grade(graded, SERVICE, quarter)
    take_back(graded, "b4", "b2", "2")
    assert gradings.daily(graded, FOUND)["late"] == 1
    assert waits(graded) == [("late", "2026-Q3", "0", "1")]
    number = gradings.grade(graded, SERVICE, THIRD).number
    sites.publish(graded.site, CUSTOMERS, (("c1", "payment", "2026-09-30", 1),), now=clock.utc_now(), batch="b5")
    assert gradings.daily(graded, FOUND)["late"] == 1
    again = gradings.grade(graded, SERVICE, THIRD)
    assert (again.number, again.new) == (number, False), "one fen changes no class"
    assert waits(graded) == []
    assert gradings.daily(graded, FOUND) == {"graded": 0, "waiting": 0, "late": 0}


def test_only_who_grades_is_told_and_the_words_say_what_to_do(graded):
    sites.publish(graded.site, CUSTOMERS, (("c1", "sale", "2026-07-01", 5),), now=clock.utc_now(), batch="b6")
    assert gradings.daily(graded, FOUND)["late"] == 1
    assert due.listed(graded, account(graded, Role.ANALYST), FOUND, kind="gradings").rows == []
    admin = account(graded, Role.INFORMATION_ADMINISTRATOR)
    (row,) = due.listed(graded, admin, FOUND, kind="gradings").rows
    assert (row.due_on, row.link) == (FOUND, "/abc")
    for language in LANGUAGES:
        assert "custinfo classify --quarter 2026-Q3" in row.text(language)


@pytest.mark.parametrize("days", ["-1", "91", "1.5"])
def test_days_to_wait_out_of_range_are_refused(tmp_path, days):
    changes = ("wait_days = 15", f"wait_days = {days}")
    assert refused(tmp_path, waiting.FILE, waiting.GradingsRule, changes)
