"""What the cells of the analyses of a period (quarterly, annual) are made of.

Indicators that are no sums (averages, retention, the share of the largest customers) and the effects of price, volume
and mix are reckoned from sums that the report does not show: they stay inside.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo

import ibis
import ibis.expr.types as ir

from custinfo import lake
from custinfo.domain.periods import Month, Period, Year, find
from custinfo.reports import indicator_sources
from custinfo.reports.figures import Cell, Figures, Row
from custinfo.reports.makeup import FREE, Makeup, Making, Reckoned, Shows, Sum, literal, named
from custinfo.reports.parts import makeup_sales, planning, trend
from custinfo.reports.parts.compared import NOW
from custinfo.reports.parts.contributions import OTHERS, PROPERTIES
from custinfo.reports.parts.makeup_sales import MEASURES, NET, told_apart
from custinfo.reports.parts.making import TOTAL, row_id
from custinfo.statistics import change_of_sales, indicators, rounding
from custinfo.statistics.disclosure_table import Key
from custinfo.statistics.sources import NOT_STATED, By, Missing

SUMS = ("customers", "new_customers", "active_customers", "new_buyers", "lapsed_customers", "receivables",
        "gross_profit", "complaints")  # fmt: skip
"""Indicators, besides those of MEASURES, that are sums of figures of one customer each."""
OWED = "receivables"


def owed_at_end(period: Period) -> Key:
    """The receivables at the end of a period: the same, whether a quarter or a year ends then."""
    return named(OWED, Month.of(period.last))


RATIOS: Mapping[str, Callable[[Period], tuple[Key, ...]]] = {
    "return_rate": lambda one: (named("returns", one), named("sales", one)),
    "collection_rate": lambda one: (
        named("payments", one), named(NET, one), owed_at_end(Month.of(one.first).plus(-1)),
    ),
}  # fmt: skip
"""Indicators that are reckoned from such sums alone."""
TRADED = "traded"


class Of:
    """The makeup of an analysis while it is put together: `ids` are its tables by name, `others` the periods it is held
    against.
    """

    def __init__(
        self, tables: lake.Lake, found: Figures, zone: tzinfo, others: Mapping[str, Period], ids: Mapping[str, str]
    ) -> None:  # fmt: skip
        self.tables, self.found, self.ids = tables, found, ids
        self.given = indicator_sources.given(tables, zone)
        self.period = found.period
        self.periods = {NOW: found.period, **others}
        self.making = Making()
        self._counted: dict[Key, bool] = {}

    def made(self, explained: str) -> Makeup:
        """All of it; `explained` is the name of the period from which the change is told."""
        self._sales()
        self._periods()
        self._indicators()
        self._dues()
        self._plans()
        self._so_far()
        self._states(self.periods[explained])
        for dimension in ("product", "region", "section"):
            self._segments(dimension, self.periods[explained])
        self._trend()
        self.making.ranked = {
            self.ids["plan"]: "",
            **{self.ids[one]: "change" for one in ("product", "region", "section")},
        }
        return self.making.made()

    # ---- sums ------------------------------------------------------------------------------------------------------

    def _sales(self) -> None:
        """Every month that the forecast can rest on, and all longer periods."""
        last = Month.of(self.period.last)
        months = makeup_sales.months(self.making, self.tables.sales, last, trend.READ)
        longer = [*self.periods.values(), *(Month.of(one.last) for one in self.periods.values())]
        steps = [step for one in longer for step in (one, *makeup_sales.parts_of(one))]
        steps += planning.steps_of_year(self.period)
        makeup_sales.periods(self.making, self.tables.sales, [one for one in steps if not isinstance(one, Month)])
        absent = {*steps, *months} - set(self.periods.values())
        # Also those on which the forecast rests: readers are taken to know what a figure of theirs was reckoned from
        shown = {find(row.id) for row in self._rows("so_far")} | set(trend.months(self.tables.sales, last))
        self.making.absent(named(measure, one) for measure in MEASURES for one in absent
                           if measure != NET or one not in shown)  # fmt: skip

    def key(self, indicator: str, period: Period) -> Key | None:
        """The sum that an indicator shows of a period; None for one that is no sum."""
        if indicator not in (*SUMS, *MEASURES):
            return None
        key = owed_at_end(period) if indicator == OWED else named(indicator, period)
        if indicator in SUMS and key not in self._counted:
            lines = self._of_each(indicator, period)
            self._counted[key] = lines is not None
            if lines is not None:
                self.making.count(lines.mutate(cell=literal(*key)))
        return key if self._counted.get(key, True) else None

    def _of_each(self, indicator: str, period: Period) -> ir.Table | None:
        """What each customer has of an indicator: `contributor`, `value`; None where it cannot be counted."""
        definition = indicators.get(indicator).on(period.last)
        try:
            of = None if definition is None else indicators.counted(definition, period, self.given, self._each())
        except Missing:
            of = None
        return (
            None if of is None else of.select(contributor=of.code.nullif(NOT_STATED), value=of.numerator.cast("int64"))
        )

    def _each(self) -> By:
        """Every customer by itself."""
        keys = [one.select("customer_key") for one in (self.tables.customer_versions, self.tables.sales)]
        every = keys[0].union(keys[1], distinct=True).filter(lambda rows: rows.customer_key.notnull())
        return By("customer", every.mutate(code=every.customer_key))

    # ---- tables ----------------------------------------------------------------------------------------------------

    def _rows(self, name: str) -> tuple[Row, ...]:
        return self.found.table(self.ids[name]).rows

    def _show(self, name: str, row: str, **columns: Shows) -> None:
        for column, shows in columns.items():
            self.making.shows[f"{self.ids[name]}.{row}.{column}"] = shows

    def _periods(self) -> None:
        for name, period in self.periods.items():
            net, now = named(NET, period), named(NET, self.period)
            self._show(
                "periods", name, working_days=FREE, net=Sum(net), per_day=Reckoned((net,)),
                per_day_growth=Reckoned((net, now)),
            )  # fmt: skip

    def _indicators(self) -> None:
        for row in self._rows("indicators"):
            name = row.label.value
            if name in RATIOS:
                self._ratio(name)
            elif (key := self.key(name, self.period)) is not None:
                self._show("indicators", row.id, now=Sum(key))
                for other, period in self.periods.items():
                    if other != NOW and (before := self.key(name, period)) is not None:
                        self._compared(row, other, key, before)

    def _compared(self, row: Row, other: str, now: Key, before: Key) -> None:
        counts, both = row.kind == "count", (now, before)
        told: dict[str, Shows] = {
            other: Sum(before),
            f"{other}_change": Reckoned(both, _difference if counts else None),
            f"{other}_share": Reckoned(both, _growth if counts else None),
        }
        self._show("indicators", row.id, **told)

    def _ratio(self, name: str) -> None:
        of = {which: RATIOS[name](period) for which, period in self.periods.items()}
        for which, keys in of.items():
            if all(self.key(key[0], find(key[1])) for key in keys):
                self._show("indicators", name, **{which: Reckoned(keys)})
                if which != NOW:
                    self._show("indicators", name, **{f"{which}_change": Reckoned((*keys, *of[NOW]))})

    def _dues(self) -> None:
        """What was owed before and bought since is paid or still owed, but for balances below nothing, which are not
        counted.
        """
        if not any(row.label.value == OWED for row in self._rows("indicators")):
            return
        for period in self.periods.values():
            before = Month.of(period.first).plus(-1)
            opening, owed, lines = self.key(OWED, before), self.key(OWED, period), self._of_each(OWED, before)
            if opening is None or owed is None or lines is None:
                continue
            due, net = named("due", period), makeup_sales.net(self.tables.sales, period)
            bought = net.select(contributor="customer_key", value="signed")
            self.making.count(lines.union(bought).mutate(cell=literal(*due)))
            self.making.adds_up(due, [opening, named(NET, period)])
            self.making.adds_up(due, [named("payments", period), owed], rest=True)
            self.making.absent([due])

    def _plans(self) -> None:
        keys: list[Key] = []
        rows = self._rows("plan")
        for row in rows:
            key = self.key(row.label.value, self.period) if row.kind == "fen" else None
            self._show("plan", row.id, plan=FREE)
            if key is not None:
                keys.append(key)
                self._show("plan", row.id, actual=Sum(key), gap=Reckoned((key,)), degree=Reckoned((key,)))
        for row in self._rows("plan_met"):
            if len(keys) == len(rows):
                self._show("plan_met", row.id, indicators=Reckoned(tuple(keys)))
        known = planning.plans(self.tables, self.period)
        planned: dict[str, list[str]] = {}
        for name, _, dimension, code in known.figures:
            if name == NET and dimension:
                planned.setdefault(dimension, []).append(code)
        shown = {row.id for row in self._rows("plan_parts")}
        for dimension, codes in planned.items():
            told = sorted(code for code in set(codes) if row_id(f"{dimension}-{code}") in shown)
            if told:
                sums, others = makeup_sales.segments(self.making, self.tables, dimension, self.period, told)
                self.making.absent([others])
                for code, key in sums.items():
                    at = row_id(f"{dimension}-{code}")
                    self._show(
                        "plan_parts", at, plan=FREE, actual=Sum(key), gap=Reckoned((key,)), degree=Reckoned((key,))
                    )

    def _so_far(self) -> None:
        done: list[Key] = []
        for row in self._rows("so_far"):
            key = named(NET, find(row.id))
            done.append(key)
            own, all_of = Reckoned((key,)), Reckoned(tuple(done))
            self._show(
                "so_far", row.id, plan=FREE, actual=Sum(key), gap=own, degree=own, plan_so_far=FREE,
                actual_so_far=all_of, gap_so_far=all_of, degree_so_far=all_of,
            )  # fmt: skip

    def _states(self, before: Period) -> None:
        """Customers won, back, kept and lost."""
        now, making, at = self.period, self.making, f"since {before}:"
        states = change_of_sales.states(self.tables.sales, before, now)
        for key, value in (
            (named(TRADED, now, at), ibis.literal(1)), (named(NET, before, at), states.before_fen),
            (named(NET, now, at), states.now_fen),
        ):  # fmt: skip
            making.count(states.select(cell=literal(*key) + states.state, contributor="customer_key", value=value))
        making.count(states.select(cell=literal(*named(TRADED, now, at)), contributor="customer_key", value=1))
        rows = {one: at + one for one in change_of_sales.STATES}
        totals = {TRADED: named(TRADED, now, at), "before": named(NET, before), "now": named(NET, now)}
        for name, part in {**rows, TOTAL: ""}.items():
            keys = {of: (*key[:2], part) if name != TOTAL else key for of, key in totals.items()}
            self._show(
                "customers", name, customers=Sum(keys[TRADED]), net_before=Sum(keys["before"]),
                net_now=Sum(keys["now"]), change=Reckoned((keys["before"], keys["now"])),
            )  # fmt: skip
        for key in totals.values():
            making.adds_up(key, [(*key[:2], part) for part in rows.values()])
        # Who only returned something is in the states and no buyer, and may have been there before buying
        if self.key("new_buyers", now) is not None:
            making.adds_up((TRADED, str(now), rows["new"]), [named("new_buyers", now)], rest=True)
        if self.key("active_customers", now) is not None:
            buying = [(TRADED, str(now), rows[one]) for one in ("new", "back", "kept")]
            making.adds_up(named("bought", now, at), buying)
            making.absent([named("bought", now, at)])
            making.count(
                states.filter(states.state != "lost").select(
                    cell=literal(*named("bought", now, at)), contributor="customer_key", value=1
                )
            )
            making.adds_up(named("bought", now, at), [named("active_customers", now)], rest=True)

    def _segments(self, dimension: str, before: Period) -> None:
        rows = [row for row in self._rows(dimension) if row.id not in (TOTAL, OTHERS)]
        codes = {row.id: NOT_STATED if row.id == "not_stated" else row.label.value for row in rows}
        name = PROPERTIES.get(dimension, dimension)
        both = []
        for period in (before, self.period):
            keys, others = makeup_sales.segments(self.making, self.tables, name, period, sorted(codes.values()))
            both.append({**{at: keys[code] for at, code in codes.items()}, OTHERS: others, TOTAL: named(NET, period)})
            self._quarters(name, period)
            if not any(row.id == OTHERS for row in self._rows(dimension)):
                self.making.absent([others])
        for row in self._rows(dimension):
            was, now = both[0][row.id], both[1][row.id]
            self._show(
                dimension, row.id, net_before=Sum(was), net_now=Sum(now), change=Reckoned((was, now)),
                points=Reckoned((was, now, both[0][TOTAL]), _points),
            )  # fmt: skip

    def _quarters(self, name: str, year: Period) -> None:
        """The parts of a year in each of its quarters, which the quarterly reports show."""
        if not isinstance(year, Year):
            return
        wanted = f"{name}:"
        lines = told_apart(self.tables, name)
        for quarter in makeup_sales.parts_of(year):
            found = makeup_sales.net(lines, quarter)
            at = literal(NET, str(quarter), wanted)
            self.making.count(found.select(cell=at + found.segment, contributor="customer_key", value="signed"))
        single = [key for key in self.making.counted() if makeup_sales.is_single(key, year, name)]
        if len(single) <= makeup_sales.MOST:
            for key in single:
                parts = [named(NET, quarter, key[2]) for quarter in makeup_sales.parts_of(year)]
                self.making.adds_up(key, parts)
                self.making.absent(parts)

    def _trend(self) -> None:
        known = [named(NET, one) for one in trend.months(self.tables.sales, Month.of(self.period.last))]
        shown = tuple(named(NET, find(row.id)) for row in self._rows("series"))
        for row in self._rows("series"):
            within = dict.fromkeys(("lower", "upper", *trend.RULES), Reckoned(shown))
            self._show("series", row.id, net=Sum(named(NET, find(row.id))), **within)
        for row in self._rows("outlook"):
            self._show("outlook", row.id, **dict.fromkeys(("low", "middle", "high"), Reckoned(tuple(known))))


def _difference(of: Sequence[int]) -> Cell:
    return of[0] - of[1]


def _growth(of: Sequence[int]) -> Cell:
    return rounding.change(of[0], of[1])


def _points(of: Sequence[int]) -> Cell:
    """What a part adds to the growth of the whole: `of` its figures before and now, and the whole before."""
    return rounding.share(of[1] - of[0], of[2]) if of[2] > 0 else None
