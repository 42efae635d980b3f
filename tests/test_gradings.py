"""Grading customers by quarter: two quarters worked by hand, kept for good, with what is refused and in which words."""

import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random

import ibis
import pytest
from click.testing import CliRunner, Result

from custinfo import lake
from custinfo.actions import daily, gradings
from custinfo.classification import schemes, transitions, value_grade
from custinfo.classification.scheme_words import class_name, scheme_name
from custinfo.classification.schemes import CARD, SCHEMES, Known
from custinfo.cli import main
from custinfo.domain import clock
from custinfo.domain.errors import NotAllowed, SiteFault
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.people import SERVICE, Role
from custinfo.domain.periods import Quarter
from custinfo.store import Store
from custinfo.store.site import Site
from tests.factories import account
from tests.reports import sites
from tests.test_lake import flip

BY_LIST = {"ownership", "kind", "location", "region", "industry"}
"""The schemes whose classes a code list gives; the size rests on a list and a rule, the others on a rule."""
SECOND, THIRD = Quarter(2026, 2), Quarter(2026, 3)
FIRM = {"customer_type": "enterprise", "ownership": "joint_stock", "region": "440106", "industry": "3911"}
CUSTOMERS = (
    FIRM,
    FIRM,
    FIRM | {"region": "110101"},
    FIRM | {"ownership": "state"},
    FIRM,
    {"customer_type": "individual"},
)
SALES = (
    # Second quarter, window of 12 months up to 30 June: 7000, 2000, 1000, 500 of 10,500: A, A, B, C
    ("c1", "sale", "2026-05-10", 7000),
    ("c2", "sale", "2026-05-11", 2000),
    ("c3", "sale", "2026-06-01", 1000),
    ("c4", "sale", "2025-09-01", 500),
    # Third quarter: c3 buys 9000 more, c4's only sale left the window, c5 buys for the first time; of 19,010
    ("c3", "sale", "2026-08-01", 9000),
    ("c5", "sale", "2026-09-30", 10),
)
LATE = (("c4", "sale", "2026-09-15", 5000),)


@dataclass
class Made:
    """A site whose third quarter was graded twice, the second time with a batch that came late."""

    store: Store
    by_the_job: dict[str, int]
    first: gradings.Graded
    again: str
    second: dict[str, object]
    between: datetime
    before: dict[Path, bytes]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    place = sites.site(tmp_path_factory.mktemp("gradings") / "site")
    with Store.create(place) as store:
        sites.publish(place, CUSTOMERS, SALES)
        by_the_job = gradings.daily(store, date(2026, 7, 16))
        first = gradings.grade(store, SERVICE, THIRD)
        again = command(place, "--quarter", "2026-Q3").stdout
        between = clock.utc_now()
        before = {path: path.read_bytes() for path in place.lake.rglob("*.parquet")}
        sites.publish(place, CUSTOMERS, LATE, now=clock.utc_now(), batch="b2")
        second = json.loads(command(place, "--json").stdout)
        yield Made(store, by_the_job, first, again, second, between, before)


def command(site: Site, *options: str, language: str = "en") -> Result:
    """`custinfo classify` with these options."""
    return CliRunner().invoke(
        main, ["classify", "--home", str(site.home), *options], env={"CUSTINFO_LANGUAGE": language}
    )


def key(site: Site, customer: str) -> str:
    return lake.pseudonym(site.secret("pseudonym"), customer)


def of(opened: lake.Lake, site: Site, scheme: str, quarter: Quarter) -> str:
    """The classes of c1 … c6 by a scheme, in that order."""
    rows = opened.gradings
    rows = rows.filter(rows.scheme == scheme, rows.quarter == str(quarter)).to_pyarrow().to_pylist()
    found = {row["customer_key"]: row["class"] for row in rows}
    assert len(found) == len(rows) == len(CUSTOMERS), "exactly one class for each customer"
    return " ".join(found[key(site, f"c{number}")] for number in range(1, 7))


def test_two_quarters_worked_by_hand(made):
    site = made.store.site
    then = lake.open(site, as_of=made.between)
    assert of(then, site, "value_grade", SECOND) == "A A B C N N"
    assert of(then, site, "value_grade", THIRD) == "A B A N C N"
    assert of(then, site, "lifecycle", SECOND) == "active active active active prospect prospect"
    assert of(then, site, "dealings", SECOND) == "present present present past future future"
    assert of(then, site, "time_series", THIRD) == "new new new old new future"
    assert of(then, site, "region", THIRD) == "440000 440000 110000 440000 440000 unclassified"
    assert of(then, site, "ownership", THIRD) == "joint_stock joint_stock joint_stock state joint_stock unclassified"
    assert of(then, site, "importance", THIRD) == "vital important vital minor ordinary minor"
    # c2's grade fell though it bought no less; c1 and c3 have bought nothing for 60 days and more
    assert of(then, site, "watch", THIRD) == "watched watched watched not_watched not_watched not_watched"
    rows = then.gradings.filter(then.gradings.scheme == "watch", then.gradings["class"] == "watched")
    reasons = {
        row["customer_key"]: row["reason"] for row in rows.to_pyarrow().to_pylist() if row["quarter"] == "2026-Q3"
    }
    assert reasons == {key(site, "c1"): "lapsing", key(site, "c2"): "lower_grade", key(site, "c3"): "lapsing"}
    made_by = then.gradings.select("scheme", "rule_version", "code_edition").to_pyarrow().to_pylist()
    assert all(as_it_says(row) for row in made_by)


def as_it_says(row: dict[str, object]) -> bool:
    """Whether a class carries the version of its rule, the edition of its list, or both, as its scheme is made."""
    made_by = row["rule_version"] is not None, row["code_edition"] is not None
    return made_by == (row["scheme"] not in BY_LIST, row["scheme"] in {*BY_LIST, "size"})


def test_the_transitions_of_stored_quarters_worked_by_hand(made):
    site = made.store.site
    then = lake.open(site, as_of=made.between)
    before, after = (transitions.of_quarter(then.gradings, quarter) for quarter in (SECOND, THIRD))
    cells = transitions.matrix(before, after).to_pyarrow().to_pylist()
    assert {(cell["from_grade"], cell["to_grade"], cell["customers"], cell["from_customers"]) for cell in cells} == {
        ("A", "A", 1, 2), ("A", "B", 1, 2), ("B", "A", 1, 1), ("C", "N", 1, 1), ("N", "C", 1, 2), ("N", "N", 1, 2),
    }  # fmt: skip
    moved = transitions.movements(then.sales, SECOND.last, THIRD.last, value_grade.rule(SECOND.last))
    changes = transitions.changes(before, after, after, moved).to_pyarrow().to_pylist()
    assert {(row["customer_key"], row["reason"], row["change_fen"]) for row in changes} == {
        (key(site, "c2"), "others", 0), (key(site, "c3"), "sales", 9000),
        (key(site, "c4"), "order_left", -500), (key(site, "c5"), "sales", 10),
    }  # fmt: skip
    cells = transitions.class_matrix(then.gradings, "dealings", SECOND, THIRD).to_pyarrow().to_pylist()
    assert {(cell["from_class"], cell["to_class"], cell["customers"], cell["from_customers"]) for cell in cells} == {
        ("present", "present", 3, 3), ("past", "past", 1, 1), ("future", "present", 1, 2), ("future", "future", 1, 2),
    }  # fmt: skip
    nobody = transitions.of_quarter(then.gradings, SECOND.plus(-1))
    assert {cell["from_grade"] for cell in transitions.matrix(nobody, before).to_pyarrow().to_pylist()} == {"-"}


def test_graded_twice_is_graded_once_and_late_data_make_another_edition(made):
    assert made.by_the_job == {"graded": 1, "waiting": 0, "late": 0}
    assert gradings.daily(made.store, date(2026, 7, 17)) == {"graded": 0, "waiting": 0, "late": 0}
    assert (made.first.number, made.first.new, made.first.version, made.first.customers) == (1, True, 3, 6)
    assert made.again.startswith("Edition 1 of 2026-Q3 agrees with the present data")
    assert "Value grade: A 2, No net sales 2, B 1, C 1\n" in made.again
    assert {name: made.second[name] for name in ("quarter", "edition", "new", "of", "version")} == {
        "quarter": "2026-Q3", "edition": 2, "new": True, "of": 4, "version": 5,
    }  # fmt: skip
    site = made.store.site
    assert of(lake.open(site), site, "value_grade", THIRD) == "A C A B C N"
    assert of(lake.open(site, as_of=made.between), site, "value_grade", THIRD) == "A B A N C N"
    assert of(lake.open(site), site, "value_grade", SECOND) == "A A B C N N"
    now = {path: path.read_bytes() for path in site.lake.rglob("*.parquet")}
    assert made.before.items() <= now.items(), "what was published is byte-equal"
    assert lake.verify(site) > 0
    noted = [row["object_id"] for row in made.store.rows("SELECT * FROM audit WHERE action = 'lake.classify'")]
    assert noted == ["2026-Q2-1", "2026-Q3-1", "2026-Q3-2"]


def test_every_scheme_has_a_class_for_everybody_and_a_word_for_each_class(made):
    counts = made.second["schemes"]
    assert counts["value_grade"] == {"A": 2, "C": 2, "B": 1, "N": 1}
    assert list(counts) == list(SCHEMES)
    assert {scheme: sum(classes.values()) for scheme, classes in counts.items()} == dict.fromkeys(SCHEMES, 6)
    for language in LANGUAGES:
        assert len({scheme_name(scheme, language) for scheme in SCHEMES}) == len(SCHEMES)
        for scheme, classes in counts.items():
            named = [class_name(scheme, code, language, THIRD.last) for code in classes]
            assert len(set(named)) == len(named)
            assert not any("_" in name for name in named)


def odd(pick: Random, kind: str) -> str | int | None:
    """A value of a card as nobody would wish for: missing, blank, on no list, negative, huge."""
    if kind == "int64":
        return pick.choice((None, 0, -5, 12, 1990, 10**15))
    return pick.choice((None, "", "no such code", "joint_stock", "company", "440106", "3911", "leader", "residential"))


def test_every_scheme_partitions_customers_of_whom_little_is_known():
    pick = Random(5)
    keys = [f"k{number}" for number in range(40)]
    cards = [(name, *(odd(pick, kind) for kind in CARD.values())) for name in keys]
    lines = [
        (
            pick.choice((*keys[:30], "stranger")), pick.choice(("sale", "sale", "return", "payment")), None,
            THIRD.last.replace(day=pick.randrange(1, 31)), pick.choice((0, 1, 100, 10**15)),
        )
        for _ in range(200)
    ]  # fmt: skip
    columns = {
        "customer_key": "string",
        "kind": "string",
        "product": "string",
        "occurred_on": "date",
        "amount_fen": "int64",
    }
    previous = [(name, 5, pick.choice("ABCN"), 1, False) for name in keys[10:]]
    before = {
        "customer_key": "string",
        "sales_12m_fen": "int64",
        "grade": "string",
        "rule_version": "int32",
        "held": "boolean",
    }
    known = Known(
        THIRD,
        ibis.memtable(cards, schema={"customer_key": "string", **CARD}),
        ibis.memtable(lines, schema=columns),
        ibis.memtable([], schema={"customer_key": "string", "occurred_at": "timestamp"}),
        previous=ibis.memtable(previous, schema=before),
    )
    rows = schemes.classes(known).to_pyarrow().to_pylist()
    assert Counter((row["scheme"], row["customer_key"]) for row in rows) == Counter(
        {(scheme, name): 1 for scheme in SCHEMES for name in keys}
    )
    assert all(row["class"] and as_it_says(row) for row in rows)


def test_the_stored_quarter_before_is_what_the_hysteresis_holds_against(made, monkeypatch):
    wide = value_grade.rule(THIRD.last).model_copy(update={"hysteresis_percent": 9})
    monkeypatch.setattr(value_grade, "rule", lambda on, folder=None: wide)
    site = made.store.site
    opened = lake.open(site)
    known = Known(
        THIRD, opened.customers, opened.sales, opened.service_events,
        previous=transitions.of_quarter(opened.gradings, SECOND),
    )  # fmt: skip
    held = {row["customer_key"]: (row["grade"], row["held"]) for row in known.value_grades.to_pyarrow().to_pylist()}
    # Of 24,010: c2 has 22,000 before it, beyond 90 % but not beyond 98.1 %; so it falls from A to B, and no further
    assert held[key(site, "c2")] == ("B", True)
    assert held[key(site, "c3")] == ("A", False)


def test_credit_grades_and_strategic_marks_make_the_importance(made):
    site = made.store.site
    opened = lake.open(site)
    credit = {"customer_key": "string", "grade": "string", "rule_version": "int32"}
    known = Known(
        THIRD, opened.customers, opened.sales, opened.service_events,
        credit=ibis.memtable([(key(site, "c1"), "E", 1), (key(site, "c4"), "A", 1)], schema=credit),
        marks=ibis.memtable(
            [(key(site, "c4"), "partner"), (key(site, "c6"), "growth")],
            schema={"customer_key": "string", "mark": "string"},
        ),
    )  # fmt: skip
    rows = SCHEMES["importance"](known).to_pyarrow().to_pylist()
    found = {row["customer_key"]: (row["class"], row["reason"]) for row in rows}
    assert [found[key(site, one)] for one in ("c1", "c3", "c4", "c6")] == [
        ("important", "a_poor_credit"), ("vital", "a_sound"), ("vital", "b_strategic"), ("ordinary", "n_strategic"),
    ]  # fmt: skip
    graded = SCHEMES["credit_grade"](known).to_pyarrow().to_pylist()
    assert sorted(row["class"] for row in graded) == ["A", "E", "none", "none", "none", "none"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--quarter", "2026-Q5"], "2026-Q5"),
        (["--quarter", "2999-Q4"], "2999-12-31"),
        (["--quarter", "2020-Q1"], "2020-03-31"),
        (["--quarter", "2026-Q3", "--as-of", "yesterday"], "yesterday"),
        (["--quarter", "2026-Q3", "--as-of", "2999-01-01T00:00Z"], "2999-01-01 08:00"),
        (["--quarter", "2026-Q3", "--as-of", "2026-10-31T00:00Z"], "2026-10-31"),
    ],
)
def test_what_cannot_be_graded_is_said_in_words(made, options, said):
    for language in LANGUAGES:
        ran = command(made.store.site, *options, language=language)
        assert ran.exit_code == 1
        assert said in ran.stderr
        assert not ran.stdout


def test_a_lake_of_before_the_end_of_the_quarter_is_refused_and_the_job_waits(tmp_path):
    place = sites.site(tmp_path / "site")
    with Store.create(place) as store:
        waits = {"graded": 0, "waiting": 1, "late": 0}
        assert gradings.daily(store, date(2026, 10, 20)) == waits
        sites.publish(place, CUSTOMERS, SALES, now=datetime(2026, 9, 30, 15, 59, tzinfo=UTC))
        assert gradings.daily(store, date(2026, 10, 20)) == waits
        assert "gradings" in daily.JOBS
        ran = command(place, "--quarter", "2026-Q3")
        assert (ran.exit_code, "2026-09-30 23:59" in ran.stderr) == (1, True)
        analyst = account(store, Role.ANALYST)
        with pytest.raises(NotAllowed):
            gradings.grade(store, analyst, THIRD)
        assert lake.newest(place.lake).version == 1


@pytest.mark.guarantee("lake-unchanged")
def test_of_a_lake_with_another_byte_nothing_is_graded(tmp_path):
    place = sites.site(tmp_path / "site")
    with Store.create(place) as store:
        sites.publish(place, CUSTOMERS, SALES)
        (sold,) = (place.lake / "sales").glob("*.parquet")
        flip(sold, sold.stat().st_size // 2)
        with pytest.raises(SiteFault, check=lambda fault: fault.key == "lake.damaged"):
            gradings.grade(store, SERVICE, THIRD)
        assert lake.newest(place.lake).version == 1
