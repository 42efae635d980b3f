# ruff: noqa: PLR0911, PLR0124 - one return for each rule; `x != x` tells NaN
"""Which rule an answer breaks: one problem for each question, the first that matters."""

from collections.abc import Mapping
from dataclasses import replace

from custinfo.domain.errors import BadInput
from custinfo.domain.text import clean
from custinfo.xforms.engine import Engine
from custinfo.xforms.model import Control, Text
from custinfo.xforms.problems import Format, Problem, RuleName, type_problem
from custinfo.xforms.quotas import Counts
from custinfo.xforms.texts import HIDDEN, Texts
from custinfo.xforms.tree import Item
from custinfo.xforms.xpath.values import text_number

MAX_LENGTH = 10_000
SELECTS = ("select", "rank")


def max_length(item: Item) -> int:
    """The most characters that the question takes."""
    limit = item.spec.bind.extra.get("max_length", "")
    return int(limit) if limit.isascii() and limit.isdigit() and len(limit) < 9 else MAX_LENGTH


class Checks:
    """Checks the items of one session."""

    def __init__(self, engine: Engine, texts: Texts, formats: Mapping[str, Format], counts: Counts) -> None:
        self.engine, self.texts, self.formats, self.counts = engine, texts, formats, counts

    def violation(self, item: Item) -> Problem | None:
        """The problem of an item that must be mended before the record can be finished."""
        if not item.relevant:
            return None
        fault = next((e for (one, _), e in self.engine.faults.items() if one is item), None)
        if fault is not None:
            return self._problem(item, "constraint", fault.key, {"ref": item.ref, "expression": "", **fault.facts})
        if not item.is_leaf:
            return None
        bind = item.spec.bind
        if not self.given(item).strip():
            if not item.required or item.spec.ref not in self.engine.form.control_of:
                return None  # what is not drawn nobody can answer, whatever the form demands of it
            return self._problem(item, "required", "xforms.required", {}, bind.required_message)
        found = self._broken(item)
        if found is None and not item.holds:
            return self._problem(item, "constraint", "xforms.constraint", {}, bind.constraint_message)
        return found or self._full(item)

    def _full(self, item: Item) -> Problem | None:
        """The answer names a cell of a quota that has all its records already."""
        limit = self.engine.form.quotas.get(item.spec.ref, {}).get(item.text)
        if limit is None or self.counts.get(item.spec.ref, {}).get(item.text, 0) < limit:
            return None
        cell = self.texts.choice_label(item.spec.ref, item.text, item) or _short(item.text)
        return self._problem(item, "quota", "xforms.quota_full", {"cell": cell, "limit": limit})

    def _broken(self, item: Item) -> Problem | None:
        bind, value = item.spec.bind, self.given(item)
        try:
            clean(value, max_length=max_length(item))
        except BadInput as error:
            return self._problem(item, "text", error.key, error.facts)
        missing = self.unoffered(item, value)
        if missing:
            return self._problem(item, "choice", "xforms.choice", {"value": missing})
        unranked = self._unranked(item)
        if unranked:
            return self._problem(item, "choice", "xforms.rank_incomplete", {"value": unranked})
        key = type_problem(bind.type, value, self.engine.context.zone)
        if key is not None:
            return self._problem(item, "type", key, {"value": _short(value)})
        bounds = self._outside(item, value)
        if bounds is not None:
            return self._problem(item, "type", "xforms.type_range", {"value": _short(value), **bounds})
        check = self.formats.get(bind.extra.get("format", ""))
        key = check(value) if check is not None else None
        return None if key is None else self._problem(item, "format", key, {"value": _short(value)})

    def _outside(self, item: Item, value: str) -> dict[str, object] | None:
        """The bounds of a range that the value leaves."""
        control = self.engine.form.control_of.get(item.spec.ref)
        if control is None or control.kind != "range":
            return None
        zone, parameters = self.engine.context.zone, control.parameters
        number = text_number(value, zone)
        low, high = (text_number(parameters.get(name, ""), zone) for name in ("start", "end"))
        if number != number or number < min(low, high) or number > max(low, high):
            return {"low": parameters.get("start", ""), "high": parameters.get("end", "")}
        return None

    def soft(self, item: Item) -> Problem | None:
        """A warning that lets the answer pass."""
        if not item.relevant or not item.text or item.soft_holds:
            return None
        found = self._problem(item, "constraint", "xforms.soft", {})
        own = item.spec.bind.extra.get("soft_check_message")
        return replace(found, own=self._in_each_language(own)) if own else found

    def _in_each_language(self, own: str) -> dict[str, str]:
        """A column of ours cannot be translated by XLSForm: it holds all, ` | ` between, as the title does."""
        parts = [part.strip() for part in own.split(" | ")]
        codes = self.engine.form.languages or ("",)
        return {code: parts[min(place, len(parts) - 1)] for place, code in enumerate(codes)}

    def unoffered(self, item: Item, value: str) -> str:
        """The first chosen value that is not on the list; blank when all are."""
        control = self.engine.form.control_of.get(item.spec.ref)
        if control is None or control.kind not in ("select1", *SELECTS):
            return ""
        offered = self._offered(item, control)
        chosen = value.split() if control.kind in SELECTS else [value]
        return next((v for v in chosen if v not in offered), "")

    def in_order(self, item: Item, value: str) -> str:
        """A choice of several in the order of its list, each once; an order that a person gave is kept."""
        chosen = list(dict.fromkeys(value.split()))
        if len(chosen) > 1 and not self.ranks(item):
            places = {choice: place for place, choice in enumerate(self._list(item))}
            chosen.sort(key=lambda v: places.get(v, len(places)))
        return " ".join(chosen)

    def given(self, item: Item) -> str:
        """The answer as it stands: what was given; of an order, what of it is offered now."""
        return item.text if item.relevant and self.ranks(item) else item.stored

    def _list(self, item: Item) -> list[str]:
        """The values that are offered now, in their order."""
        rule = self.engine.rules.by_name.get((item.spec.ref, "choices"))
        if rule is None:
            return [choice.value for choice in self.engine.form.control_of[item.spec.ref].choices]
        return list(self.engine.offered_values(rule, item))

    def ranks(self, item: Item) -> bool:
        """Whether the question asks for an order."""
        control = self.engine.form.control_of.get(item.spec.ref)
        return control is not None and control.kind == "rank"

    def _unranked(self, item: Item) -> str:
        """Of a question that asks for an order, a choice that has no place in it yet."""
        if not self.ranks(item):
            return ""
        ranked = item.text.split()
        return next((v for v in self._list(item) if v not in ranked), "")

    def _offered(self, item: Item, control: Control) -> frozenset[str]:
        own = item.offered or frozenset()
        return own if control.itemset is not None else frozenset(c.value for c in control.choices)

    def _problem(
        self, item: Item, rule: RuleName, key: str, facts: Mapping[str, object], own: Text | None = None
    ) -> Problem:
        control = self.engine.form.control_of.get(item.spec.ref)
        label = self.texts.in_every_language(control.label if control else None, item)
        told = dict.fromkeys(facts, HIDDEN) if self.texts.hides(item) else dict(facts)
        return Problem(item.ref, rule, key, told, label, self.texts.in_every_language(own, item))


def _short(value: str) -> str:
    return value if len(value) <= 40 else value[:39] + "…"
