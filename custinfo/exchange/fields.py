"""The questions of a form as columns: what each is called and labelled, what it may hold, and how secret it is."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from custinfo.domain.messages import spoken
from custinfo.domain.sensitivity import Level
from custinfo.xforms import Form
from custinfo.xforms.model import Control, ModelNode, Text, language_code
from custinfo.xforms.xpath import Node

Kind = Literal[
    "text", "int", "decimal", "date", "time", "dateTime", "boolean", "geopoint", "select_one", "select_multiple", "rank"
]
Sees = Callable[[int], bool]
MULTIPLE: tuple[Kind, ...] = ("select_multiple", "rank")
_TYPES: Mapping[str, Kind] = {
    "int": "int", "integer": "int", "decimal": "decimal", "date": "date", "time": "time", "dateTime": "dateTime",
    "boolean": "boolean", "geopoint": "geopoint",
}  # fmt: skip
_SELECTS: Mapping[str, Kind] = {"select1": "select_one", "select": "select_multiple", "rank": "rank"}
_INSTANCE = re.compile(r"instance\(\s*['\"]([^'\"]+)['\"]\s*\)")
_ITEXT = re.compile(r"jr:itext\(\s*([\w.-]+)\s*\)\Z")
META = frozenset({"instanceID", "instanceName", "deprecatedID", "entity", "audit", "userID"})


@dataclass(frozen=True, slots=True)
class Option:
    """A choice: the code that an answer holds, and its label by language."""

    value: str
    labels: Mapping[str, str]

    @property
    def missing(self) -> bool:
        """Whether it says that there is no answer: the codes below zero (-99 “does not know”, -98 “refuses”)."""
        return re.fullmatch(r"-[1-9]\d{0,5}", self.value, re.ASCII) is not None


@dataclass(frozen=True, eq=False)
class Field:
    """A question that takes an answer, calculated ones included. `path` leads to it from its table."""

    ref: str
    path: tuple[str, ...]
    kind: Kind
    labels: Mapping[str, str]
    options: tuple[Option, ...]
    level: Level
    groups: tuple[Mapping[str, str], ...] = ()  # labels of the groups around it, inside its table
    calculated: bool = False

    @property
    def name(self) -> str:
        """The last step of the path."""
        return local(self.path[-1])

    @cached_property
    def option(self) -> Mapping[str, Option]:
        """The choices by code."""
        return {option.value: option for option in self.options}

    def label(self, language: str) -> str:
        """The question in that language or the nearest there is; its name when it has no label at all."""
        return spoken(self.labels, language) or self.name


@dataclass(frozen=True, eq=False)
class Table:
    """The questions that are answered once for each record, or once for each instance of a repeat."""

    ref: str
    parent: str | None
    path: tuple[str, ...]
    labels: Mapping[str, str]
    fields: tuple[Field, ...]

    @property
    def name(self) -> str:
        """The name of the repeat; that of the form's root for the records themselves."""
        return local(self.ref.rpartition("/")[2])


def local(name: str) -> str:
    """A name without its prefix."""
    return name.rpartition(":")[2]


def tables(form: Form, sees: Sees | None = None) -> tuple[Table, ...]:
    """The tables of a form, that of the records first, each before those inside it.

    With `sees`, questions of a level that it refuses are left out, and repeats in which nothing is left.
    """
    found = _Describer(form).tables()
    if sees is None:
        return found
    kept = [replace(t, fields=tuple(f for f in t.fields if sees(int(f.level)))) for t in found]
    full = [t.ref for t in kept if t.fields]
    return tuple(t for t in kept if t.parent is None or any((ref + "/").startswith(t.ref + "/") for ref in full))


class _Describer:
    def __init__(self, form: Form) -> None:
        self.form = form
        self.set_by_actions = {a.ref for a in form.actions}
        self.set_by_actions |= {a.ref for control in form.control_of.values() for a in control.actions}
        self._options: dict[tuple[str, str, str], tuple[Option, ...]] = {}

    def tables(self) -> tuple[Table, ...]:
        found: list[Table] = []
        self._table(self.form.root, None, (), found)
        return tuple(found)

    def _table(self, node: ModelNode, parent: str | None, path: tuple[str, ...], found: list[Table]) -> None:
        place = len(found)
        inside: list[tuple[ModelNode, tuple[str, ...]]] = []
        fields = tuple(self._fields(node, (), (), inside))
        if node.repeat and not node.is_group:
            fields = ()
        found.insert(place, Table(node.ref, parent, path, self._labels(self._control(node.ref)), fields))
        for repeat, way in inside:
            self._table(repeat, node.ref, way, found)

    def _fields(
        self, node: ModelNode, path: tuple[str, ...], groups: tuple[Mapping[str, str], ...],
        repeats: list[tuple[ModelNode, tuple[str, ...]]],
    ) -> Iterator[Field]:  # fmt: skip
        for child in node.children:
            way = (*path, child.name)
            if child.name.startswith("@"):
                continue
            if child.repeat:
                repeats.append((child, way))
            elif is_meta(child):
                names = (n for n in child.children if local(n.name) == "instanceName")
                yield from (self._field(n, (*way, n.name), ()) for n in names)
            elif child.is_group:
                labels = self._labels(self._control(child.ref))
                yield from self._fields(child, way, (*groups, labels), repeats)
            elif not self._is_note(child):
                yield self._field(child, way, groups)

    def _field(self, node: ModelNode, path: tuple[str, ...], groups: tuple[Mapping[str, str], ...]) -> Field:
        control = self._control(node.ref)
        kind = _SELECTS.get(control.kind) if control else None
        options = self._choices(control) if control is not None and kind is not None else ()
        found = kind or _TYPES.get(node.bind.type, "text")
        calculated = control is None and node.bind.calculate is not None
        level = self.form.levels[node.ref]
        return Field(node.ref, path, found, self._labels(control), options, level, groups, calculated)

    def _control(self, ref: str) -> Control | None:
        return self.form.control_of.get(ref)

    def _is_note(self, node: ModelNode) -> bool:
        """Whether it is a text that is only shown: nothing ever fills it in."""
        control, bind = self._control(node.ref), node.bind
        if control is None or control.kind != "input" or bind.calculate or bind.preload or node.default:
            return False
        return (bind.readonly or "").strip() == "true()" and node.ref not in self.set_by_actions

    # Texts and choices

    def _labels(self, control: Control | None) -> Mapping[str, str]:
        return self.texts(control.label) if control is not None else {}

    def texts(self, text: Text | None) -> Mapping[str, str]:
        """A text by language; answers that would stand inside it are shown as “…”."""
        if text is None:
            return {}
        if text.itext_id is not None:
            return self._translated(text.itext_id)
        return _said({self.form.default_language: _plain(text.parts)})

    def _translated(self, text_id: str) -> Mapping[str, str]:
        names = sorted(self.form.translations, key=lambda name: name != self.form.default_language_name)
        found = {n: self.form.translations[n].get(text_id, {}).get("", ()) for n in names}
        return _said({language_code(name): _plain(parts) for name, parts in found.items()})

    def _choices(self, control: Control) -> tuple[Option, ...]:
        if control.itemset is None:
            return tuple(Option(c.value, self.texts(c.label)) for c in control.choices)
        source = _INSTANCE.search(control.itemset.nodeset)
        if source is None:  # choices that other answers make
            return ()
        key = source[1], control.itemset.value, control.itemset.label.expression or ""
        if key not in self._options:
            self._options[key] = tuple(self._rows(*key))
        return self._options[key]

    def _rows(self, list_name: str, value: str, label: str) -> Iterator[Option]:
        top = self.form.instances.get(list_name)
        seen: set[str] = set()
        for row in (r for root in top.children for r in root.children) if top is not None else ():
            code = _column(row, value)
            if code and code not in seen:
                seen.add(code)
                yield Option(code, self._row_labels(row, label))

    def _row_labels(self, row: Node, label: str) -> Mapping[str, str]:
        translated = _ITEXT.match(label)
        if translated:
            return self._translated(_column(row, translated[1]))
        texts = {self.form.default_language: _column(row, label)}
        if label == "label":
            texts |= {code: _column(row, f"label_{code}") or texts.get(code, "") for code in self.form.languages}
        return _said(texts)


def is_meta(node: ModelNode) -> bool:
    """Whether it is the group of what a form says about its own record (instanceID, entity …)."""
    return local(node.name) == "meta" and any(local(c.name) in META for c in node.children)


def _plain(parts: object) -> str:
    shown = "".join(p if isinstance(p, str) else "…" for p in parts) if isinstance(parts, tuple) else ""
    return " ".join(shown.split())


def _said(texts: Mapping[str, str]) -> Mapping[str, str]:
    """Without blank texts, and without the dash that stands for a missing translation."""
    return {code: text for code, text in texts.items() if text not in ("", "-")}


def _column(row: Node, name: str) -> str:
    found = row.named(name)
    return found[0].string().strip() if found else ""
