"""Segments that are kept, on the screen of segments: open one, keep what is chosen, record measures and results."""

import math
from collections.abc import Callable, Mapping
from datetime import date
from html import escape
from typing import Any, TypeVar

import ibis
import ipywidgets as widgets

from custinfo.access import permissions
from custinfo.actions import segment_customers
from custinfo.actions import segments as kept
from custinfo.actions.segments import Definition, Draft, Measure
from custinfo.domain import clock, consent, money
from custinfo.domain import segments as definitions
from custinfo.domain.errors import BadInput
from custinfo.domain.messages import text
from custinfo.domain.people import Person
from custinfo.domain.segments import AMOUNT, CODED, LARGEST_FEN, Condition, Conditions, Figures
from custinfo.screens.context import Page
from custinfo.screens.explorer_view import Choice, Running, View
from custinfo.statistics import segments

PICKS = {"places": "province", "groups": "rfm"}
"""Picks in charts, and the dimension that each chooses."""
SHOWN = "kept"
"""The choice that says which segment was opened."""
FEN = 100
DIGITS = 3
Label = Callable[[View, str, str], str]
T = TypeVar("T")


def conditions_of(view: View) -> Conditions:
    """What filters and charts have chosen, as a definition. Raises BadInput when nothing is chosen, or too little."""
    wanted = {name: set(view.codes(name)) for name in CODED if view.codes(name)}
    for pick, name in PICKS.items():
        if picked := set(view.codes(pick)):
            wanted[name] = wanted[name] & picked if name in wanted else picked
    found = [Condition(name, tuple(codes)) for name, codes in wanted.items()]
    exact, drawn = view.range(AMOUNT), view.range("amounts")
    low, high = -LARGEST_FEN, LARGEST_FEN
    if exact is not None:
        low, high = int(exact[0]), int(exact[1])
    if drawn is not None:
        low, high = max(low, _fen(drawn[0], math.floor)), min(high, _fen(drawn[1], math.ceil))
    if (low, high) != (-LARGEST_FEN, LARGEST_FEN):
        at_least, below = None if low == -LARGEST_FEN else low, None if high == LARGEST_FEN else high
        found.append(Condition(AMOUNT, at_least=at_least, below=below))
    return definitions.check(found)


def _fen(power: float, whole: Callable[[float], int]) -> int:
    """The end, in fen, of the classes of net sales that a range in powers of ten touches."""
    return math.ceil(FEN * 10 ** (whole(round(power * segments.STEPS, DIGITS)) / segments.STEPS))


def choices_of(conditions: Conditions) -> Mapping[str, Choice]:
    """The choices on the screen that are this definition."""
    found: dict[str, Choice] = {}
    for one in conditions:
        ends = (-LARGEST_FEN if one.at_least is None else one.at_least, LARGEST_FEN if one.below is None else one.below)
        found[one.dimension] = one.codes or ends
    return found


def amount(view: View, ends: Choice) -> str:
    """A range of net sales in words; blank when there is none."""
    if len(ends) != 2:
        return ""
    low, high = (money.show(int(end)) for end in ends)
    if ends[0] == -LARGEST_FEN:
        return _word(view, "amount_below", fen=high)
    if ends[1] == LARGEST_FEN:
        return _word(view, "amount_from", fen=low)
    return _word(view, "amount_between", low=low, high=high)


def conditions_in_words(view: View, conditions: Conditions, label: Label) -> str:
    """A definition as people read it; `view` is of the screen of segments, whose words these are."""
    told = []
    for one in conditions:
        if one.codes:
            names = ", ".join(label(view, one.dimension, code) for code in one.codes)
            told.append(f"{view.word(f'by.{one.dimension}')} = {names}")
        else:
            told.append(amount(view, choices_of((one,))[AMOUNT]))
    return "; ".join(told)


def published(view: View) -> list[tuple[str, Conditions]]:
    """Segments that the lake holds and that are not retired: (name, conditions), for who reads the lake alone."""
    rows = view.opened.table("segments")
    place = ibis.row_number().over(group_by="segment_id", order_by=rows.version.desc())
    newest = rows.mutate(place=place).filter(lambda t: (t["place"] == 0) & (t["state"] == "active"))
    name = "name_zh" if view.language == "zh-CN" else "name_en"
    found = view.rows(newest.select(name, "conditions", "segment_id").order_by(name, "segment_id"))
    return [(row[name], definitions.from_json(row["conditions"])) for row in found]


class Kept:
    """The part of the screen. On a page it reads and writes the store; in a notebook it opens what the lake holds."""

    def __init__(self, running: Running, label: Label) -> None:
        self._running, self._label = running, label
        self._said, self._measures, self._done = (widgets.HTML() for _ in range(3))
        view = running.view()
        title = widgets.HTML(f"<h2>{escape(_word(view, 'title'))}</h2>")
        self._pick = widgets.Dropdown(description=_word(view, "pick"), options=[])
        self._open = self._button("open", self._opened)
        chooser = widgets.HBox([self._pick, self._open])
        chooser.add_class("ci-explorer-tools")
        if running.page is None:
            self._in_notebook(view)
            note = widgets.HTML(f"<p class='ci-explorer-facts'>{escape(_word(view, 'notebook'))}</p>")
            self.widgets: list[widgets.Widget] = [title, chooser, note]
            return
        self._fields = {name: widgets.Text(description=_word(view, name)) for name in ("name_zh", "name_en")}
        self._fields["strategy"] = widgets.Textarea(description=_word(view, "strategy"), rows=2)
        self._fields |= {name: widgets.Text(description=_word(view, name)) for name in ("from", "until", "reason")}
        self._fields["from"].value = view.on.isoformat()
        purposes = [(one.titles[view.language], name) for name, one in consent.purposes().items()]
        self._purpose = widgets.Dropdown(description=_word(view, "purpose"), options=purposes, value="analysis")
        self._chosen_measure = widgets.Dropdown(description=_word(view, "measure"), options=[])
        self._what, self._result = (widgets.Text(description=_word(view, name)) for name in ("measure", "result"))
        self._pick.observe(lambda _: running.answer(self._tell), "value")
        self.widgets = [title, chooser, self._said, *self._forms()]
        self._list()

    def _forms(self) -> list[widgets.Widget]:
        if not permissions.may(self._actor(), "segment.define"):
            return [self._done, self._measures]
        fields = self._fields
        order = ["name_zh", "name_en", "strategy", "from", "until", "reason"]
        form = widgets.HBox([*(fields[name] for name in order), self._purpose])
        form.add_class("ci-explorer-form")
        buttons = [("keep", self._keep), ("revise", self._revise), ("retire", self._retire)]
        bars = [
            [self._button(name, work) for name, work in buttons],
            [self._what, self._button("record_measure", self._measure)],
            [self._chosen_measure, self._result, self._button("record_result", self._record)],
        ]
        rows = [widgets.HBox(bar) for bar in bars]
        for row in rows:
            row.add_class("ci-explorer-tools")
        return [form, rows[0], self._done, self._measures, rows[1], rows[2]]

    def _button(self, name: str, work: Callable[[], None]) -> widgets.Button:
        button = widgets.Button(description=_word(self._running.view(), name))
        button.on_click(lambda _: self._running.answer(work, self._done))
        return button

    def _page(self) -> Page:
        page = self._running.page
        if page is None:
            raise TypeError("a notebook has no store")
        return page

    def _actor(self) -> Person:
        return self._page().alive().person

    def _in_notebook(self, view: View) -> None:
        self._known: Mapping[str, Any] = {str(place): one for place, (_, one) in enumerate(published(view))}
        self._pick.options = [(name, str(place)) for place, (name, _) in enumerate(published(view))]
        self._pick.value = next(iter([*view.codes(SHOWN), *self._known]), None)

    def _list(self, segment_id: str | None = None) -> None:
        """Read the segments anew; show that one, else the one that was shown."""
        view = self._running.view()
        wanted = segment_id or self._pick.value or next(iter(view.codes(SHOWN)), None)
        found = kept.listed(self._page().store, self._actor())
        self._known = {one.segment_id: one for one in found}
        self._pick.options = [(one.name(view.language), one.segment_id) for one in found]
        self._pick.value = wanted if wanted in self._known else next(iter(self._known), None)
        self._tell()

    def _picked(self) -> Definition:
        found = self._known.get(self._pick.value)
        if not isinstance(found, Definition):
            raise BadInput("kept.not_chosen")
        return found

    def _opened(self) -> None:
        found = self._known.get(self._pick.value)
        if found is None:
            raise BadInput("kept.not_chosen")
        conditions = found.said.conditions if isinstance(found, Definition) else found
        self._running.choose({**choices_of(conditions), SHOWN: (self._pick.value,)})

    def _tell(self) -> None:
        """What the chosen segment is, and what was done for it."""
        view = self._running.view()
        one = self._known.get(self._pick.value)
        if one is None:
            self._said.value = f"<p class='ci-explorer-empty'>{escape(_word(view, 'none'))}</p>"
            self._measures.value, self._chosen_measure.options = "", []
            return
        told = conditions_in_words(view, one.said.conditions, self._label)
        lines = [self._about(view, one), _word(view, "conditions", conditions=told)]
        lines.append(_word(view, "strategy_said", strategy=one.said.strategy))
        self._said.value = "".join(f"<p>{escape(line)}</p>" for line in lines)
        fields = {"name_zh": one.said.name_zh, "name_en": one.said.name_en, "strategy": one.said.strategy}
        fields |= {"from": one.said.valid_from.isoformat(), "reason": ""}
        fields["until"] = one.said.valid_until.isoformat() if one.said.valid_until else ""
        for name, value in fields.items():
            self._fields[name].value = value
        self._purpose.value = one.said.purpose
        found = kept.measures(self._page().store, self._actor(), one.segment_id)
        self._chosen_measure.options = [(f"{m.begun_on} {m.what[:30]}", m.measure_id) for m in found]
        self._chosen_measure.value = found[0].measure_id if found else None
        self._measures.value = self._table(view, found)

    def _about(self, view: View, one: Definition) -> str:
        until = one.said.valid_until.isoformat() if one.said.valid_until else ""
        return _word(
            view, "said", version=one.version, owner=one.owner, by=one.by,
            at=clock.show(one.recorded_at, view.place.zone), period=f"{one.said.valid_from} – {until}",
            purpose=consent.purpose(one.said.purpose).titles[view.language],
        )  # fmt: skip

    def _table(self, view: View, found: list[Measure]) -> str:
        title = f"<h2>{escape(_word(view, 'measures'))}</h2>"
        if not found:
            return f"{title}<p class='ci-explorer-facts'>{escape(_word(view, 'no_measures'))}</p>"
        names = ("column_days", "column_what", "column_then", "column_results")
        heads = "".join(f"<th scope='col'>{escape(_word(view, name))}</th>" for name in names)
        body = ""
        for one in found:
            results = "<br>".join(escape(f"{r.result} · {_stood(view, r.figures)}") for r in one.results) or "—"
            cells = [f"{one.begun_on} – {one.until_on or ''}", one.what, _stood(view, one.figures)]
            body += f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}<td>{results}</td></tr>"
        return f"{title}<div class='ci-explorer-table' tabindex='0'><table><tr>{heads}</tr>{body}</table></div>"

    def _draft(self) -> Draft:
        """What the fields say, over what is chosen: of enough customers to be kept."""
        view = self._running.view()
        conditions = conditions_of(view)
        if self._figures(conditions).customers is None:
            raise BadInput("kept.too_few", k=view.smallest_group)
        said = {name: field.value for name, field in self._fields.items()}
        until = day_of(said["until"]) if said["until"].strip() else None
        return Draft(
            said["name_zh"], said["name_en"], conditions, self._purpose.value, said["strategy"], day_of(said["from"]),
            until,
        )  # fmt: skip

    def _figures(self, conditions: Conditions) -> Figures:
        view = self._running.view()
        return segment_customers.figures(view.opened, view.tables["customers"], conditions, view.on)

    def _keep(self) -> None:
        draft = self._draft()
        made = kept.define(self._page().store, self._actor(), draft, self._fields["reason"].value)
        self._list(made)
        self._say("saved", name=self._picked().name(self._running.view().language), version=1)

    def _revise(self) -> None:
        one, draft, reason = self._picked(), self._draft(), self._fields["reason"].value
        number = kept.revise(
            self._page().store, self._actor(), one.segment_id, draft, reason, version=one.version
        )  # fmt: skip
        self._list(one.segment_id)
        self._say("saved", name=self._picked().name(self._running.view().language), version=number)

    def _retire(self) -> None:
        one = self._picked()
        kept.retire(self._page().store, self._actor(), one.segment_id, self._fields["reason"].value)
        self._list()
        self._say("stopped", name=one.name(self._running.view().language))

    def _measure(self) -> None:
        one = self._picked()
        until = day_of(self._fields["until"].value) if self._fields["until"].value.strip() else None
        figures, begun = self._figures(one.said.conditions), day_of(self._fields["from"].value)
        kept.measure(
            self._page().store, self._actor(), one.segment_id, self._what.value, begun, until, figures,
            version=one.version,
        )  # fmt: skip
        self._what.value = ""
        self._tell()
        self._say("measured")

    def _record(self) -> None:
        store, actor, segment_id = self._page().store, self._actor(), self._picked().segment_id
        found = kept.measures(store, actor, segment_id)
        measure = next((one for one in found if one.measure_id == self._chosen_measure.value), None)
        if measure is None:
            raise BadInput("kept.no_measure_chosen")
        # Of the definition that the measure was taken for: of another one, the difference would say nothing
        (then,) = (one for one in kept.versions(store, actor, segment_id) if one.version == measure.version)
        kept.result(store, actor, measure.measure_id, self._result.value, self._figures(then.said.conditions))
        self._result.value = ""
        self._tell()
        self._say("resulted")

    def _say(self, key: str, **facts: object) -> None:
        self._done.value = f"<p aria-live='polite'>{escape(_word(self._running.view(), key, **facts))}</p>"


def _stood(view: View, figures: Figures) -> str:
    if figures.customers is None or figures.net_fen is None:
        return _word(view, "stood_few", on=figures.on)
    return _word(view, "stood", customers=f"{figures.customers:,}", net=money.show(figures.net_fen), on=figures.on)


def day_of(said: str) -> date:
    """A day that somebody wrote. Raises BadInput for what is none."""
    try:
        return date.fromisoformat(said.strip())
    except ValueError:
        raise BadInput("kept.day_wrong", day=said[:20]) from None


def _word(view: View, key: str, **facts: object) -> str:
    return text(f"kept.screen.{key}", view.language, **facts)
