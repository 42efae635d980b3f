"""The analyst's screen of credit grades: what the back-test counts, what is said of too little, and the notebook."""

from datetime import date, datetime, timedelta

import ibis
import papermill
import pyarrow as pa
import pytest

from custinfo import lake
from custinfo.classification.credit import defaults
from custinfo.domain.messages import LANGUAGES
from custinfo.reports import places
from custinfo.screens import credit_analysis
from custinfo.screens.explorer import Explorer, _opened
from tests.reports import sites

ON = sites.PUBLISHED.date()
AGO = ON - timedelta(days=400)
GROUPS = {"A": (20, 1), "B": (20, 3), "C": (20, 9), "D": (4, 4)}
"""Customers of each grade, and how many of them do not pay."""
POINTS = {"A": 9000, "B": 8000, "C": 6000, "D": 4000}


def _line(customer, kind, days, fen=100_00):
    return (customer, kind, (ON - timedelta(days=days)).isoformat(), fen)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Customers graded 400 days ago who bought 200 days ago; most of those graded B are graded A since."""
    made = sites.site(tmp_path_factory.mktemp("credit") / "site")
    sales, rows, number = [], [], 0
    for grade, (customers, bad) in GROUPS.items():
        for n in range(customers):
            number += 1
            sales.append(_line(f"c{number}", "sale", 200))
            sales += [] if n < bad else [_line(f"c{number}", "payment", 150)]
            rows.append(_decision(made, number, grade, AGO, len(rows)))
            if grade == "B" and n >= bad:
                rows.append(_decision(made, number, "A", ON - timedelta(days=10), len(rows)))
    sites.publish(made, [{"customer_type": "enterprise"}] * number, sales)
    decisions = [lake.TableRow(seq, row) for seq, row in enumerate(rows, start=1)]
    lake.publish(made, [], [], lambda: sites.later(1), tables={"credit_decisions": decisions})
    return made


def _decision(made, number, grade, day, place_of):
    key = lake.pseudonym(made.secret("pseudonym"), f"c{number}")
    return {
        "customer_key": key, "kind": "decision", "decision": f"CD-{place_of:04}", "version": 1, "scheme": "5c",
        "grade": grade, "points": POINTS[grade] - number, "coverage": 10000, "limit_fen": 1_000_00 * number, "valid_until": "",
        "rule_version": 1, "card_version": 1, "limits_version": 1,
        "recorded_at": sites.PUBLISHED.replace(year=day.year, month=day.month, day=day.day) - timedelta(hours=12),
    }  # fmt: skip


@pytest.fixture(scope="module", params=LANGUAGES)
def shown(request, place):
    return Explorer(credit_analysis.SCREEN, *_opened(place.home, None), request.param)


def test_the_back_test_counts_by_the_grades_of_a_year_ago(shown):
    counted = {one.grade: (one.customers, one.defaults) for one in credit_analysis._counts(shown.view())}
    assert counted == {**GROUPS, "E": (0, 0)}


def test_it_says_power_order_and_movement_in_words(shown):
    said = shown._summary.value
    assert "AUC 0.8" in said
    assert "PSI" in said
    by_points = shown.view().word("power_points", auc="", gini="", ks="").partition("AUC")[0].strip()
    assert by_points in said, "what the points told apart stands beside what the grades did"
    assert "64" in said
    assert "credit_analysis." not in said
    assert [panel._chart is not None for panel in shown._panels] == [True] * 3


def test_grades_of_few_are_not_drawn_by_themselves(shown):
    told = str(credit_analysis._rates(shown.view()).to_dict())
    assert "'name': 'C'" in told
    assert "'name': 'D'" not in told


def test_a_pick_narrows_the_list(shown):
    shown.choose({"grade_bar": ("A",)})
    try:
        found = credit_analysis._list(shown.view()).to_pyarrow().to_pylist()
        assert {row["grade"] for row in found} == {"A"}
        assert sum(row["outcome"] == "yes" for row in found) == 1
        assert sum(row["was"] == "B" for row in found) == 17
    finally:
        shown.choose({})


def test_small_data_is_said_in_words(tmp_path):
    made = sites.site(tmp_path / "site")
    sites.publish(made, [{"customer_type": "enterprise"}], [])
    for language in LANGUAGES:
        shown = Explorer(credit_analysis.SCREEN, *_opened(made.home, None), language)
        view = shown.view()
        assert view.word("nobody") in shown._panels[0]._words.value
        assert view.word(
            "few_tested", day=view.on - credit_analysis.YEAR, told=view.told(0)
        ) in shown._summary.value.replace("&lt;", "<")


def test_the_notebook_runs_under_papermill(place, monkeypatch):
    monkeypatch.setenv(places.HOME, str(place.home))
    monkeypatch.setenv("PYTHONPATH", str(places.PROJECT))
    notebook = places.PROJECT / "notebooks" / "credit.ipynb"
    ran = papermill.execute_notebook(str(notebook), None, {"language": "en"}, progress_bar=False)
    assert "application/vnd.jupyter.widget-view+json" in ran.cells[-1].outputs[-1].data


START, DAY = date(2026, 1, 1), date(2026, 12, 31)
GRACE = timedelta(days=defaults.TERMS_DAYS + defaults.DEFAULT_DAYS)


@pytest.mark.parametrize(
    ("sold", "paid", "defaulted"),
    [
        (DAY - GRACE, None, True),
        (DAY - GRACE, (DAY, 100), False),  # on the last day of grace
        (DAY - GRACE, (DAY, 99), True),
        (DAY - GRACE + timedelta(days=1), None, None),  # may still be paid
        (START - GRACE, None, None),  # had defaulted before
        (START - GRACE + timedelta(days=1), None, True),
        (DAY - GRACE - timedelta(days=1), (DAY, 100), True),  # paid, a day too late
        (None, None, None),
    ],
)
def test_a_default_is_what_was_not_paid_by_the_end_of_grace(sold, paid, defaulted):
    lines = [] if sold is None else [("c1", "sale", sold, 100)]
    lines += [("c1", "payment", *paid)] if paid else []
    names = ("customer_key", "kind", "occurred_on", "amount_fen")
    types = {"customer_key": "string", "kind": "string", "occurred_on": "date", "amount_fen": "int64"}
    columns = {name: [one[n] for one in lines] for n, name in enumerate(names)}
    sales = ibis.memtable(pa.table(columns, schema=ibis.schema(types).to_pyarrow()))
    graded = ibis.memtable({"customer_key": ["c1"], "grade": ["B"]})
    (row,) = defaults.outcomes(graded, sales, START, DAY).to_pyarrow().to_pylist()
    assert row == {"customer_key": "c1", "grade": "B", "defaulted": defaulted}


def test_the_grade_is_the_last_one_given_by_the_day_and_no_override():
    day = datetime(2026, 5, 1, 23, 59)  # noqa: DTZ001  # naive, as the lake has it
    rows = [
        ("c1", "decision", "1", "B", 7000, day - timedelta(days=9)), ("c1", "decision", "2", "C", 5000, day),
        ("c1", "override", "2", "A", 5000, day), ("c1", "decision", "3", "A", 9000, day + timedelta(minutes=1)),
        ("c2", "decision", "4", None, None, day),
    ]  # fmt: skip
    names = ("customer_key", "kind", "decision", "grade", "points", "recorded_at")
    types = dict.fromkeys(names, "string") | {"points": "int64", "recorded_at": "timestamp"}
    decisions = ibis.memtable({name: [one[n] for one in rows] for n, name in enumerate(names)}, schema=types)
    found = defaults.graded_on(decisions, day.date()).order_by("customer_key").to_pyarrow().to_pylist()
    assert found == [
        {"customer_key": "c1", "grade": "C", "points": 5000}, {"customer_key": "c2", "grade": None, "points": None}
    ]  # fmt: skip


def test_moves_count_every_customer_once():
    before, after = (
        ibis.memtable({"customer_key": [*keys], "grade": [*grades]}) for keys, grades in (("abcd", "AABC"), ("abde", "ABCA"))
    )  # fmt: skip
    rows = defaults.moves(before, after).to_pyarrow().to_pylist()
    found = {(row["from_grade"], row["to_grade"]): (row["customers"], row["from_customers"]) for row in rows}
    assert found == {("A", "A"): (1, 2), ("A", "B"): (1, 2), ("B", "-"): (1, 1), ("C", "C"): (1, 1), ("-", "A"): (1, 1)}
