"""A cluster that is picked, said in conditions and kept as a segment: the part of the screen below the groups."""

from dataclasses import dataclass, replace
from html import escape

import ibis.expr.types as ir
import ipywidgets as widgets
import numpy as np

from custinfo.access import permissions
from custinfo.actions import segments as kept
from custinfo.actions.segments import Draft
from custinfo.classification.clusters import sampling, wording
from custinfo.domain import consent
from custinfo.domain import segments as definitions
from custinfo.domain.errors import BadInput
from custinfo.domain.messages import text
from custinfo.domain.segments import AMOUNT, CODED, Condition, Conditions
from custinfo.screens import clusters_found, segments
from custinfo.screens.explorer_view import Running, View
from custinfo.screens.segments_kept import conditions_in_words, day_of
from custinfo.statistics.segments import matching

SAME = 0.75
"""Jaccard: how far conditions and cluster must agree to be called the same, as for a cluster that is found again."""


@dataclass(frozen=True)
class Said:
    """Conditions that come nearest to a cluster, and how near: `chosen` customers by them, `size` of the cluster,
    `both`, over the whole lake.
    """

    conditions: Conditions
    chosen: int
    size: int
    both: int

    @property
    def agrees(self) -> bool:
        """Whether they may stand for the cluster."""
        return self.both >= SAME * (self.chosen + self.size - self.both)


def said(view: View) -> Said | str:
    """The group that is picked, in conditions; or why there are none, in a sentence."""
    groups, model = clusters_found.picked(view), clusters_found.outcome(view).model
    if len(groups) != 1 or model is None:
        return view.word("pick_one")
    found = clusters_found.tables(view)
    placed = found.placed(clusters_found.asked(view), model)
    size = int(placed.filter(placed.cluster == groups[0]).count().to_pyarrow().as_py())
    if view.is_few(size):
        return view.word("too_small", k=view.smallest_group)
    conditions = _conditions(view, placed, found.worker.rule.sample)
    if not conditions:
        return view.word("no_conditions", group=clusters_found.group_name(view, groups[0]))
    matched = matching(placed, conditions)
    counts = matched.aggregate(chosen=matched.count(), both=(matched.cluster.fill_null(0) == groups[0]).sum())
    row = view.rows(counts)[0]
    return Said(conditions, row["chosen"], size, row["both"] or 0)


def _conditions(view: View, placed: ir.Table, most: int) -> Conditions:
    """Looked for among as many customers as clusters are fitted on, of everybody: a segment is not of buyers alone."""
    dimensions = [name for name in CODED if name in placed.columns]
    drawn = sampling.by_chance(placed, most)
    rows = (
        drawn.select(*dimensions, AMOUNT, inside=drawn.cluster.fill_null(0) == _picked(view)).to_pyarrow().to_pydict()
    )
    found = wording.said(
        np.array(rows["inside"], dtype=bool), {name: rows[name] for name in dimensions}, rows[AMOUNT],
        view.smallest_group,
    )  # fmt: skip
    told = [Condition(name, codes) for name, codes in found.codes.items()]
    if found.amount != (None, None):
        told.append(Condition(AMOUNT, at_least=found.amount[0], below=found.amount[1]))
    return definitions.check(told) if told else ()


def _picked(view: View) -> int:
    return clusters_found.picked(view)[0]


def conditions_said(view: View) -> str:
    """The sentence on the screen: the group that is picked, in conditions, and how far they agree."""
    found = said(view)
    if isinstance(found, str):
        return found
    words = conditions_in_words(replace(view, area="segments"), found.conditions, segments.label)
    told = {"chosen": view.told(found.chosen), "group": clusters_found.group_name(view, _picked(view))}
    if view.is_few(found.both) or view.is_few(found.chosen):
        return view.word("no_conditions", group=told["group"])
    told |= {"found": f"{found.both / found.size:.0%}", "right": f"{found.both / found.chosen:.0%}"}
    return view.word("conditions_said" if found.agrees else "conditions_far", conditions=words, **told)


class Keeping:
    """Fields and a button, on a page, for who may keep segments; elsewhere a sentence that says where it is done."""

    def __init__(self, running: Running) -> None:
        self._running = running
        view = running.view()
        clusters_found.tables(view).worker.told = running.draw
        title = widgets.HTML(f"<h2>{escape(view.word('keep_title'))}</h2>")
        if running.page is None or not permissions.may(running.page.alive().person, "segment.define"):
            note = widgets.HTML(f"<p class='ci-explorer-facts'>{escape(view.word('keep_elsewhere'))}</p>")
            self.widgets: list[widgets.Widget] = [title, note]
            return
        self._fields: dict[str, widgets.Text | widgets.Textarea] = {
            name: widgets.Text(description=_word(view, name)) for name in ("name_zh", "name_en")
        }
        self._fields["strategy"] = widgets.Textarea(description=_word(view, "strategy"), rows=2)
        self._fields |= {name: widgets.Text(description=_word(view, name)) for name in ("from", "until", "reason")}
        self._fields["from"].value = view.on.isoformat()
        purposes = [(one.titles[view.language], name) for name, one in consent.purposes().items()]
        self._purpose = widgets.Dropdown(description=_word(view, "purpose"), options=purposes, value="analysis")
        form = widgets.HBox([*self._fields.values(), self._purpose])
        form.add_class("ci-explorer-form")
        button = widgets.Button(description=view.word("keep"))
        self._done = widgets.HTML()
        button.on_click(lambda _: running.answer(self._keep, self._done))
        self.widgets = [title, form, button, self._done]

    def _keep(self) -> None:
        """Keep the group that is picked, as it is said in conditions. Raises BadInput when it cannot be."""
        view, page = self._running.view(), self._running.page
        found = said(view)
        if page is None or isinstance(found, str) or not found.agrees or view.is_few(found.chosen):
            raise BadInput("found_groups.cannot_keep")
        told = {name: field.value for name, field in self._fields.items()}
        until = day_of(told["until"]) if told["until"].strip() else None
        draft = Draft(
            told["name_zh"], told["name_en"], found.conditions, self._purpose.value, told["strategy"],
            day_of(told["from"]), until,
        )  # fmt: skip
        kept.define(page.store, page.alive().person, draft, told["reason"])
        words = view.word("kept", name=told["name_zh"] if view.language == "zh-CN" else told["name_en"])
        self._done.value = f"<p aria-live='polite'>{escape(words)}</p>"


def _word(view: View, key: str) -> str:
    return text(f"kept.screen.{key}", view.language)
