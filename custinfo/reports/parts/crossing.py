"""Sales across regions in a report (R127–R129): declared, agreed to, found out and undeclared, and whose commission."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir

from custinfo.classification import cross_region
from custinfo.classification.cross_region import AGREED, FOUND, REFUSED, STATES, WAITING, CrossRegionRule
from custinfo.classification.territory_rule import TerritoriesRule, prefix
from custinfo.domain.periods import Period
from custinfo.reports.figures import Cell, Figures, Label, Row, Table
from custinfo.reports.parts import members
from custinfo.reports.parts.making import TOTAL
from custinfo.reports.parts.targets import AREA, branch_label, columns, message
from custinfo.reports.text import PERIOD, Fact, Source

UNDECLARED, DEAD = "undeclared", "dead"
BY_STATE = columns(sales="count", amount="fen", commission="fen", use="fen", delivery="fen")
BY_BRANCH = columns(delivered="fen", used="fen", credited="fen", use="fen", delivery="fen", undeclared_amount="fen")
PLACES = columns(customers="count")
Rows = list[dict[str, Any]]


def declared(events: ir.Table) -> ir.Table:
    """Each sale once, as its newest event tells it, with `state` (`cross_region.STATES`), without withdrawn ones."""
    newest = ibis.row_number().over(group_by=events.sale_number, order_by=events.event_number.desc())
    now = events.mutate(_place=newest).filter(lambda t: t["_place"] == 0).filter(lambda t: t.event != "withdraw")
    state = ibis.cases(
        ((now.event == "approve") & (now.registered == "found"), FOUND), (now.event == "approve", AGREED),
        (now.event == "reject", REFUSED), else_=WAITING,
    )  # fmt: skip
    return now.select(
        "customer_key", "sale_number", "use_branch", "delivery_branch", "amount_fen", state=state,
        delivered_on=now.delivered_on.cast("date"),
    )  # fmt: skip


def counted(known: ir.Table, sales: ir.Table, customers: ir.Table, period: Period, until: date,
            territory: TerritoriesRule, rule: CrossRegionRule) -> tuple[Rows, Rows]:  # fmt: skip
    """The sales declared up to the end of the period with their commission, and what was never declared in it."""
    until = min(until, period.last)
    judged = cross_region.commission(known.filter(known.delivered_on <= period.last), sales, until, rule)
    found = cross_region.undeclared(sales, customers, known, period.first, until, territory, rule)
    return judged.to_pyarrow().to_pylist(), found.to_pyarrow().to_pylist()


def states_table(table_id: str, judged: Rows, unknown: Rows, period: Period) -> Table:
    """The sales that were delivered within the period, by what was decided; then the undeclared ones, and all agreed
    ones up to now whose money is dead.
    """
    within = [one for one in judged if one["delivered_on"] >= period.first]
    rows = [Row(state, message(state), _sums([o for o in within if o["state"] == state])) for state in STATES]
    rows.append(Row(TOTAL, members.message(TOTAL), _sums(within)))
    amount = sum(one["amount_fen"] for one in unknown)
    rows.append(Row(UNDECLARED, message(UNDECLARED), (sum(one["sales"] for one in unknown), amount, None, None, None)))
    rows.append(Row(DEAD, message(DEAD), _sums([one for one in judged if one["dead"] and one["state"] == AGREED])))
    return members.table(table_id, AREA, "crossing", BY_STATE, rows, "count")


def branches_table(table_id: str, judged: Rows, unknown: Rows, period: Period, territory: TerritoriesRule) -> Table:
    """By branch: what it delivered elsewhere, what others delivered into its territory, its commission as either."""
    within = [one for one in judged if one["delivered_on"] >= period.first and one["state"] in (AGREED, FOUND)]

    def of(rows: Rows, side: str, branch: str, what: str) -> int:
        return sum(one[what] for one in rows if one[f"{side}_branch"] == branch)

    found = [one for one in within if one["state"] == FOUND]
    rows = []
    names = {one.name: branch_label(one) for one in territory.branch}
    told = {one[f"{side}_branch"] for one in [*within, *unknown] for side in ("use", "delivery")}
    for name in [*names, *sorted(told - set(names))]:
        cells = (
            of(within, "delivery", name, "amount_fen"), of(within, "use", name, "amount_fen"),
            of(found, "use", name, "amount_fen") - of(found, "delivery", name, "amount_fen"),
            of(within, "use", name, "use_fen"), of(within, "delivery", name, "delivery_fen"),
            of(unknown, "delivery", name, "amount_fen"),
        )  # fmt: skip
        if any(cells):
            rows.append(Row(name, names.get(name) or Label("plain", name), cells))
    return members.table(table_id, AREA, "branches", BY_BRANCH, rows, "branch")


def holes_table(table_id: str, customers: ir.Table, territory: TerritoriesRule) -> Table:
    """The places that no branch has, with how many customers are there."""
    found: Mapping[str, int] = {
        row["region"]: row["many"]
        for row in customers.group_by("region").aggregate(many=customers.count()).to_pyarrow().to_pylist()
        if row["region"]
    }
    rows = []
    for code in territory.holes():
        there = sum(many for region, many in found.items() if region.startswith(prefix(code)))
        rows.append(Row(code, Label("region", code), (there,)))
    rows.append(
        Row(TOTAL, members.message(TOTAL), (sum(row.cells[0] for row in rows if isinstance(row.cells[0], int)),))
    )
    return members.table(table_id, AREA, "holes", PLACES, rows, "place")


def facts(figures: Figures, states: str, holes: str) -> Iterator[Fact]:
    """What was declared, what was not, what is dead, and which places no branch has."""
    table = figures.table(states)
    if table.cell(TOTAL, "sales"):
        names = ("sales", "amount", "commission", "use", "delivery")
        yield Fact(
            f"{AREA}.text.declared",
            {PERIOD: Source(PERIOD), **{name: Source(f"{states}.total.{name}") for name in names}},
        )
    else:
        yield Fact(f"{AREA}.text.none_declared", {PERIOD: Source(PERIOD)})
    for state in (WAITING, FOUND, DEAD):
        if table.cell(state, "sales"):
            named = {name: Source(f"{states}.{state}.{name}") for name in ("sales", "amount")}
            yield Fact(f"{AREA}.text.{state}", named)
    if table.cell(UNDECLARED, "sales"):
        named = {name: Source(f"{states}.{UNDECLARED}.{name}") for name in ("sales", "amount")}
        yield Fact(f"{AREA}.text.undeclared", named)
    elif "areas" in figures.head:
        yield Fact(f"{AREA}.text.none_undeclared", {})
    else:
        yield Fact(f"{AREA}.text.no_areas", {})
    for row in figures.table(holes).rows:
        if row.id != TOTAL:
            yield Fact(
                f"{AREA}.text.hole", {what: Source(f"{holes}.{row.id}.{what}") for what in ("label", "customers")}
            )


def _sums(rows: Rows) -> tuple[Cell, ...]:
    names = ("amount_fen", "commission_fen", "use_fen", "delivery_fen")
    return len(rows), *(sum(one[name] for one in rows) for name in names)
