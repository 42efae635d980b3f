"""Outside editions that stand together, by hand-worked numbers: months and quarters, what changed, who was erased."""

from dataclasses import replace
from datetime import date

import pytest

from custinfo.classification.disclosure_rules import release_class
from custinfo.reports import outside, outside_table
from custinfo.reports.makeup import Makeup, Sum
from custinfo.reports.outside_table import Edition
from custinfo.statistics.disclosure_table import TableCell

guarantee = pytest.mark.guarantee
DAY = date(2026, 11, 1)
RULE, _ = release_class("outside", DAY)
EACH = {f"{n:02}": 1_000_000 + n for n in range(30)}
"""30 customers who each pay some 10,000 yuan a month."""
QUARTER = ("Q3", ("07", "08", "09"))


def together(*paid):
    found = {}
    for one in paid:
        for name, fen in one.items():
            found[name] = found.get(name, 0) + fen
    return found


def cell(paid):
    """Who paid how much; of customers named by two letters and a number the letters are their bucket."""
    there = sorted(((name, fen) for name, fen in paid.items() if fen), key=lambda one: (-abs(one[1]), one[0]))
    buckets = {name[:2]: [fen for other, fen in there if other[:2] == name[:2]] for name, _ in there}
    named, rest = there[:20], there[20:]
    sums = tuple((name, len(of), sum(of)) for name, of in sorted(buckets.items()))
    return TableCell(sum(paid.values()), tuple(named), len(rest), sum(abs(fen) for _, fen in rest), sums)


def key(name):
    return ("payments", name, "")


def report(paid, shown, relations=()):
    """A report that shows some sums of payments, each by who paid."""
    return Makeup(
        {key(name): cell(of) for name, of in paid.items()},
        tuple((key(total), tuple(map(key, parts))) for total, parts in relations),
        {f"t1.{name}.payments": Sum(key(name)) for name in shown},
        frozenset(key(name) for name in paid if name not in shown),
    )


def held(makeup, *others):
    """What is withheld of a report that is held against others: names; and of what could not be protected."""
    found, exposed = outside.protect(makeup, RULE, others)
    shown = {one.key for one in makeup.shows.values()}
    return {one[1] for one in found.suppressed & shown}, [one[1] for one in exposed]


def audited(makeup, *others, withheld=()):
    return {one[1] for one in outside.audit(makeup, [f"t1.{name}.payments" for name in withheld], DAY, others)}


@guarantee("report-outside")
def test_a_month_of_one_payer_that_nobody_shows_is_not_what_a_quarter_leaves_over():
    september = {"05": 4_321}
    quarter = report(
        {"Q3": together(EACH, EACH, september), "07": EACH, "08": EACH, "09": september}, ["Q3"], [QUARTER]
    )
    months = Edition("RI-1", report({"07": EACH, "08": EACH}, ["07", "08"]), frozenset())
    assert held(quarter) == (set(), [])
    assert held(quarter, months) == ({"Q3"}, [])
    assert audited(quarter, months) == {"09"}
    assert audited(quarter, months, withheld=["Q3"]) == audited(quarter) == set()
    # The month itself follows, and is not refused
    last = report({"07": EACH, "08": EACH, "09": september}, ["07", "08", "09"])
    assert held(last, months, Edition("RI-2", quarter, frozenset({"t1.Q3.payments"}))) == ({"09"}, [])


@guarantee("report-outside")
def test_a_late_payment_is_not_told_by_the_total_of_a_month_that_is_not_shown():
    months = Edition("RI-1", report(dict.fromkeys(QUARTER[1], EACH), QUARTER[1]), frozenset())
    later = together(EACH, {"05": 77_700})
    quarter = report({"Q3": together(later, EACH, EACH), "07": later, "08": EACH, "09": EACH}, ["Q3"], [QUARTER])
    assert held(quarter) == (set(), [])
    assert held(quarter, months) == ({"Q3"}, [])
    assert audited(quarter, months) == {"07"}


@guarantee("report-outside")
def test_what_changed_between_two_other_issues_is_kept_too():
    first = Edition("RI-1", report({"07": EACH}, ["07"]), frozenset())
    later = together(EACH, {"05": 77_700})
    second = Edition("RI-2", report({"07": later, "08": EACH}, ["07", "08"]), frozenset({"t1.07.payments"}))
    both = report({"07+08": together(later, EACH), "07": later, "08": EACH}, ["07+08"], [("07+08", ("07", "08"))])
    assert held(both, first, second) == ({"07+08"}, [])
    # Two that readers have tell it already: no later issue is refused for it
    second = replace(second, withheld=frozenset())
    assert held(both, first, second) == (set(), [])
    assert audited(both, first, second) == set()
    # Nor for what they compute from them
    second = Edition("RI-2", both, frozenset())
    third = Edition("RI-3", report({"08": EACH}, ["08"]), frozenset())
    assert held(report({"06": EACH}, ["06"]), first, second, third) == (set(), [])
    assert audited(report({"06": EACH}, ["06"]), first, second, third) == set()


@guarantee("report-outside")
@pytest.mark.parametrize(
    ("more", "withheld"),
    [
        # One of thirteen has nearly all of the difference
        ({"05": 5_000_000, **{f"{n:02}": 1 for n in range(6, 18)}}, True),
        ({f"{n:02}": 1_000 for n in range(6, 18)}, False), ({"05": 1_000}, True),
        # One paid what another took back: the sum is the same, and each has the other's figure
        ({"05": 4_000, "06": -4_000}, True),
    ],
)  # fmt: skip
def test_the_difference_between_two_issues_goes_by_all_rules(more, withheld):
    first = Edition("RI-1", report({"Q3": EACH}, ["Q3"]), frozenset())
    revised = report({"Q3": together(EACH, more)}, ["Q3"])
    assert held(revised, first)[0] == ({"Q3"} if withheld else set())
    assert audited(revised, first) == ({"Q3"} if withheld else set())


def test_of_cells_of_many_the_difference_goes_by_buckets():
    many = {f"{letter}{other}{n}": 1_000 for letter in "abcd" for other in "012345" for n in range(30)}
    first = Edition("RI-1", report({"Q3": many}, ["Q3"]), frozenset())
    everywhere = {f"{letter}{other}0": 50 for letter in "abcd" for other in "012345"}
    assert held(report({"Q3": together(many, everywhere)}, ["Q3"]), first)[0] == set()
    for few in ({**everywhere, "a00": 90_000}, {f"a0{n}": 50 for n in range(30)}):
        assert held(report({"Q3": together(many, few)}, ["Q3"]), first)[0] == {"Q3"}


@guarantee("report-outside")
def test_who_was_erased_since_an_issue_is_not_told_by_the_next():
    """The erased customer's payments are of no region now; the lake says so of every moment, the issue does not."""
    parts = ("all", ("north", "unknown"))
    north, unknown = EACH, {f"{n:02}u": 1_000_000 for n in range(20)}
    issued = {"t1.north.payments": sum(north.values()), "t1.unknown.payments": sum(unknown.values()),
              "t1.all.payments": sum(north.values()) + sum(unknown.values())}  # fmt: skip
    left = {name: fen for name, fen in north.items() if name != "07"}
    erased = {**unknown, "z1": north["07"]}
    again = report(
        {"north": left, "unknown": erased, "all": together(left, erased)}, ["north", "unknown", "all"], [parts]
    )
    as_read = outside_table.as_issued(again, issued)
    assert {name: as_read.cells[key(name)].value for name in ("north", "unknown", "all")} == {
        name.split(".")[1]: value for name, value in issued.items()
    }
    assert as_read.relations == again.relations
    assert as_read.cells[key("all")] == again.cells[key("all")]
    assert held(again, Edition("RI-1", again, frozenset())) == (set(), []), "as if the issue had said so too"
    assert held(again, Edition("RI-1", as_read, frozenset())) == ({"north", "unknown"}, [])
    assert audited(again, Edition("RI-1", as_read, frozenset())) == {"north", "unknown"}
    # As many others changed since
    more = {f"{n:02}": 900_000 for n in range(8, 30)} | {f"{n:02}u": 900_000 for n in range(20)}
    changed = [{name: fen + more.get(name, 0) for name, fen in of.items()} for of in (left, erased)]
    moved = report(
        {"north": changed[0], "unknown": changed[1], "all": together(*changed)}, ["north", "unknown", "all"], [parts]
    )
    assert held(moved, Edition("RI-1", as_read, frozenset())) == (set(), [])


def test_a_sum_that_no_cell_shows_leaves_its_relation_when_somebody_was_erased():
    again = report({"all": EACH, "north": EACH, "south": {}}, ["north"], [("all", ("north", "south"))])
    value = again.cells[key("north")].value
    assert outside_table.as_issued(again, {"t1.north.payments": value}).relations == again.relations
    assert outside_table.as_issued(again, {"t1.north.payments": value + 1}).relations == ()


@guarantee("report-outside")
def test_a_revision_that_shows_what_one_customer_changed_is_found():
    first = Edition("RI-1", report({"Q3": EACH}, ["Q3"]), frozenset())
    revised = report({"Q3": together(EACH, {"05": 77_700})}, ["Q3"])
    assert audited(revised, first) == {"Q3"}
    assert audited(revised, first, withheld=["Q3"]) == audited(revised) == set()


@guarantee("report-outside")
def test_a_quarter_that_gives_away_what_a_month_withheld_is_found():
    august = {"05": 4_321}
    months = report({"07": EACH, "08": august}, ["07", "08"])
    quarter = report({"Q3": together(EACH, august), "07": EACH, "08": august}, ["Q3"], [("Q3", ("07", "08"))])
    month = Edition("RI-1", months, frozenset({"t1.08.payments"}))
    assert audited(quarter, month) == {"08"}
    assert audited(quarter, month, withheld=["Q3"]) == set()
