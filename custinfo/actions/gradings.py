"""Grading the customers at the end of a quarter: every scheme at once, kept in the lake (`lake.gradings`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING

from custinfo.access import permissions
from custinfo.actions import graded_since, lake_witness
from custinfo.actions.delegations import today as today_of
from custinfo.actions.lake import check_may_read
from custinfo.domain import clock
from custinfo.domain.errors import BadInput, CustinfoError, WrongState
from custinfo.domain.people import SERVICE, Person
from custinfo.domain.periods import Quarter
from custinfo.store import Store

# What reads tables takes Ibis, a second of import: only where it is asked for
if TYPE_CHECKING:
    import ibis.expr.types as ir

    from custinfo.classification.schemes import Known
    from custinfo.lake import Lake, Manifest, Tables


@dataclass(frozen=True)
class Graded:
    """What came of grading a quarter.

    `number` is the edition, counted from 1; `new` whether this run made it, and not an earlier one with the same
    result. It was made from version `of` of the lake, and stands in `version` and all later ones. `counts` has for each
    scheme how many customers have which class; their sum is the same in every scheme.
    """

    quarter: Quarter
    number: int
    new: bool
    of: int
    version: int
    counts: Mapping[str, Mapping[str, int]]

    @property
    def customers(self) -> int:
        """How many customers were graded."""
        return sum(next(iter(self.counts.values()), {}).values())


def grade(
    store: Store, actor: Person, quarter: Quarter | None = None, *, as_of: datetime | None = None
) -> Graded:  # fmt: skip
    """Grade a quarter, by default the last that is over, by what had been published and recorded by `as_of`.

    The value grades have the hysteresis of their rule against the quarter before, as far as that had been graded by
    then. A quarter that was graded before gets another edition where the result is another; the earlier one stays.

    Raises NotAllowed; BadInput for a quarter that is not over, a moment to come, a rule file out of order, and a credit
    grade that the rule of importance does not know; WrongState when nothing of the quarter is published, or another
    writer is at work.
    """
    permissions.check(actor, "lake.classify")
    check_may_read(actor)
    return _grade(store, actor, quarter, as_of, today_of(store))


def daily(store: Store, today: date) -> dict[str, int]:
    """Grade the last quarter that is over, once, when the days of the rule are over that its data may take to come, and
    every batch that was imported is published.

    Gives `graded`, 1 when it was done now, `waiting`, 1 when there is nothing to grade yet, and `late`: of how many
    graded quarters rows came since, or the quarter before was graded anew. These wait for who grades (`graded_since`).
    """
    from custinfo import lake

    quarter = Quarter.of(today).plus(-1)
    newest = lake.newest(store.site.lake)
    if newest is None:
        return {"graded": 0, "waiting": 1, "late": 0}
    from custinfo.lake import gradings  # which loads the engine: not on a site that has no lake

    graded = waiting = False
    if quarter not in gradings.editions(newest):
        graded = _may_be_graded(store, newest, quarter, today) and _graded(store, quarter, today)
        waiting = not graded
    return {"graded": int(graded), "waiting": int(waiting), "late": graded_since.look(store, today)}


def _may_be_graded(store: Store, newest: "Manifest", quarter: Quarter, today: date) -> bool:
    from custinfo.classification import gradings as waiting

    if today < waiting.first_day(quarter, waiting.rule(quarter.last)):
        return False
    return {row["batch_id"] for row in store.rows("SELECT batch_id FROM batch")} <= set(newest.batches)


def _graded(store: Store, quarter: Quarter, today: date) -> bool:
    try:
        _grade(store, SERVICE, quarter, None, today)
    except CustinfoError as fault:
        if fault.key not in _NOT_YET:
            raise
        return False
    return True


_NOT_YET = ("gradings.published_before_end", "gradings.no_sales", "gradings.no_customers")


def _grade(store: Store, actor: Person, quarter: Quarter | None, as_of: datetime | None, today: date) -> Graded:
    from custinfo import lake
    from custinfo.classification import schemes
    from custinfo.lake import gradings

    quarter = quarter or Quarter.of(today).plus(-1)
    if quarter.last >= today:
        raise BadInput("gradings.not_over", **_days(quarter), **{"from": quarter.last + timedelta(days=1)})
    started = clock.utc_now()
    if as_of is not None and as_of > started:
        raise BadInput("gradings.as_of_future", as_of=clock.show(as_of, store.site.zone))
    opened = lake.open(store.site, as_of=as_of, checked=True)
    _check_data(store, opened, quarter)

    def witness(version: lake.Manifest, sha256: str) -> None:
        number = gradings.editions(version)[quarter]
        lake_witness.note(
            store, actor, "lake.classify", ("grading", f"{quarter}-{number}"), version, sha256,
            lake_version=opened.version, as_of=clock.stamp(opened.as_of),
        )  # fmt: skip

    edition = gradings.record(
        store.site, opened, quarter, schemes.classes(_known(store, opened, quarter)), started, clock.utc_now,
        witness=witness,
    )  # fmt: skip
    graded_since.compared(store, actor, edition, opened.version)
    graded_since.look(store, today)
    counts = class_counts(lake.open(store.site), quarter)
    return Graded(quarter, edition.number, edition.new, opened.version, edition.version, counts)


def _days(quarter: Quarter) -> dict[str, object]:
    return {"quarter": quarter, "first": quarter.first, "last": quarter.last}


def _check_data(store: Store, opened: "Lake", quarter: Quarter) -> None:
    """Raises WrongState unless the version holds the whole quarter, and anything was sold in it."""
    zone = store.site.zone
    if opened.as_of.astimezone(zone).date() <= quarter.last:
        at = clock.show(opened.as_of, zone)
        raise WrongState("gradings.published_before_end", version=opened.version, at=at, **_days(quarter))
    sales = opened.sales
    sold = sales.filter(sales.kind.isin(("sale", "return")), sales.occurred_on.between(quarter.first, quarter.last))
    if not sold.limit(1).count().to_pyarrow().as_py():
        raise WrongState("gradings.no_sales", **_days(quarter))


def _known(store: Store, opened: "Lake", quarter: Quarter) -> "Known":
    from custinfo.classification import importance, schemes, transitions
    from custinfo.lake import gradings

    before = quarter.plus(-1)
    graded_before = before in gradings.editions(opened.manifest)
    known = schemes.Known(
        quarter,
        opened.customers,
        opened.sales,
        opened.service_events,
        previous=transitions.of_quarter(opened.gradings, before) if graded_before else None,
        credit=_credit(opened, quarter, store.site.zone),
        terms=_terms(store, opened),
        marks=importance.marks_on(opened.table("marks"), quarter.last),
        code_list=opened.listed,
    )
    importance.check_credit(known.credit_grades, importance.rule(known.on))
    return known


def _credit(opened: "Lake", quarter: Quarter, zone: tzinfo) -> "ir.Table":
    """The credit grades of the quarter's last day: what was approved later says nothing of it."""
    from custinfo.classification.credit import decided
    from custinfo.lake.appending import naive

    decisions = opened.table("credit_decisions")
    end = datetime.combine(quarter.last + timedelta(days=1), time(), zone)
    return decided.in_force(decisions.filter(decisions.recorded_at < naive(end)), quarter.last)


def _terms(store: Store, opened: "Lake") -> "ir.Table":
    """The terms of payment on customers' cards, as of the version of the lake."""
    import ibis

    from custinfo.actions import credit_standing, pseudonyms

    keys = pseudonyms.keys(store)
    agreed = credit_standing.card_terms(store, list(keys), opened.as_of)
    rows = [(keys[one], code) for one, code in sorted(agreed.items())]
    return ibis.memtable(rows, schema={"customer_key": "string", "terms": "string"})


def class_counts(opened: "Tables", quarter: Quarter) -> dict[str, dict[str, int]]:
    """The classes of the newest edition, by the order of schemes, the most frequent class first."""
    from custinfo.classification.schemes import SCHEMES

    rows = opened.gradings
    rows = rows.filter(rows.quarter == str(quarter))
    found = rows.group_by("scheme", "class").agg(customers=rows.count()).to_pyarrow().to_pylist()

    counts: dict[str, dict[str, int]] = {name: {} for name in SCHEMES}
    for row in sorted(found, key=lambda row: (-row["customers"], row["class"])):
        counts[row["scheme"]][row["class"]] = row["customers"]
    return counts
