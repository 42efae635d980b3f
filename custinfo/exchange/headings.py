"""Which question a heading means: by ref, path, name or label, as ODK Central, KoboToolbox and people write it."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from custinfo.exchange.cells import Choices, fold
from custinfo.exchange.fields import MULTIPLE, Field, Table, local
from custinfo.exchange.reserved import RESERVED, SYSTEM

_POSITION = re.compile(r"\[(\d{1,5})\]")
_SEPARATORS = "/-.:"
_OWN_PATH = 1  # of the ways to name a question, the path below its own table: it means something there alone
_POINT = {"latitude": 0, "longitude": 1, "altitude": 2, "accuracy": 3, "precision": 3}
_CENTRAL_POINT = re.compile(r"(.+)-(Latitude|Longitude|Altitude|Accuracy)\Z")
_KOBO_POINT = re.compile(r"(.*/)?_([^/]+)_(latitude|longitude|altitude|precision)\Z")


@dataclass(frozen=True)
class Target:
    """What a column holds: an answer, one choice of several (`choice`), one number of a place (`point`), or something
    about the record (`system`). `positions` numbers the instances of the repeats on the way, from 1.
    """

    field: Field | None = None
    table: Table | None = None
    positions: tuple[int, ...] = ()
    choice: str = ""
    point: int = -1
    system: str = ""


@dataclass
class Matched:
    """The columns of a sheet: what each means, those that mean nothing, and those that may mean several questions."""

    targets: dict[int, Target] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    ambiguous: list[tuple[str, str]] = field(default_factory=list)  # heading, the refs it may mean
    twice: list[str] = field(default_factory=list)


class Headings:
    """Finds the questions of a form by what a heading says."""

    def __init__(self, tables: Sequence[Table]) -> None:
        self.tables = {table.ref: table for table in tables}
        self.table_of = {f.ref: table for table in tables for f in table.fields}
        self._choices: dict[str, Choices] = {}

    def choices(self, field_: Field) -> Choices:
        """The choices of a question, as people write them."""
        if field_.ref not in self._choices:
            self._choices[field_.ref] = Choices(field_)
        return self._choices[field_.ref]

    def match(self, headings: Sequence[str], table: Table) -> Matched:
        """What each column of a sheet of that table means."""
        found = Matched()
        seen: set[Target] = set()
        for place, heading in sorted(enumerate(headings), key=lambda one: one[1] in RESERVED):
            if not heading:
                continue
            target, several = self._find(heading, table)
            if heading in RESERVED and (target is None or any(t.field is target.field for t in seen)):
                target = Target(system=SYSTEM.get(heading, ""))
            if several:
                found.ambiguous.append((heading, ", ".join(several)))
            elif target is None:
                found.unknown.append(heading)
            elif target.field is not None and target in seen:
                found.twice.append(heading)
            else:
                seen.add(target)
                found.targets[place] = target
        return found

    def count(self, headings: Sequence[str], table: Table) -> int:
        """How many columns are questions of that table itself."""
        targets = self.match(headings, table).targets.values()
        return sum(1 for t in targets if t.table is not None and t.table.ref == table.ref)

    def _find(self, heading: str, table: Table) -> tuple[Target | None, list[str]]:
        """The target; or none, and the refs between which the heading leaves a choice."""
        if heading in RESERVED:
            named = self._named(heading, table)
            return (Target(named, table) if named is not None else None), []
        if heading.startswith("SET-OF-"):
            return Target(), []
        fields = self._questions(heading, table)
        if len(fields) == 1:
            return self._target(fields[0], heading, table), []
        if len(fields) > 1:
            return None, [f.ref for f in fields]
        return self._choice_column(heading, table) or self._point_column(heading, table), []

    def _named(self, heading: str, table: Table) -> Field | None:
        """The question of that table whose path or name is the heading."""
        ways = (("/".join(local(s) for s in f.path), "-".join(local(s) for s in f.path), f.name) for f in table.fields)
        return next((f for f, names in zip(table.fields, ways, strict=True) if heading in names), None)

    def _target(self, found: Field, heading: str, table: Table, choice: str = "", point: int = -1) -> Target:
        own = self.table_of[found.ref]
        wanted = len(self.repeats_between(own, table))
        numbers = [int(n) for n in _POSITION.findall(heading)]
        positions = tuple(([1] * wanted + numbers)[-wanted:]) if wanted else ()
        return Target(found, own, positions, choice, point)

    def repeats_between(self, own: Table, table: Table) -> list[Table]:
        """The repeats from `table`, without it, down to `own`."""
        way: list[Table] = []
        while own.ref != table.ref and own.parent is not None:
            way.append(own)
            own = self.tables[own.parent]
        return way[::-1]

    def _choice_column(self, heading: str, table: Table) -> Target | None:
        """`question/choice`, with any of the separators; a choice may itself have one in it."""
        for place, sign in enumerate(heading):
            if sign in _SEPARATORS and 0 < place < len(heading) - 1:
                fields = self._questions(heading[:place], table)
                if len(fields) == 1 and fields[0].kind in MULTIPLE:
                    codes = self.choices(fields[0]).codes(heading[place + 1 :])
                    if len(codes) == 1:
                        return self._target(fields[0], heading[:place], table, choice=codes[0])
        return None

    def _point_column(self, heading: str, table: Table) -> Target | None:
        central, kobo = _CENTRAL_POINT.match(heading), _KOBO_POINT.match(heading)
        parts = [(central[1], central[2])] if central else []
        parts += [((kobo[1] or "") + kobo[2], kobo[3])] if kobo else []
        for base, part in parts:
            fields = self._questions(base, table)
            if len(fields) == 1 and fields[0].kind == "geopoint":
                return self._target(fields[0], base, table, point=_POINT[part.lower()])
        return None

    def _questions(self, heading: str, table: Table) -> list[Field]:
        """The questions that the heading may mean, by the most exact way that finds any; those of the sheet first, then
        those of repeats inside it.
        """
        texts = dict.fromkeys((heading, _POSITION.sub("", heading)))
        asked = [(t, False) for t in texts] + [(fold(t), True) for t in texts]
        inside: list[Field] = []
        for way, keys in enumerate(self._keys):
            for key in asked:
                found = [f for f in keys.get(key, ()) if f.ref.startswith(table.ref + "/")]
                own = [f for f in found if self.table_of[f.ref].ref == table.ref]
                if own:
                    return own
                inside = inside or (found if way != _OWN_PATH else [])
        return inside

    @cached_property
    def _keys(self) -> list[dict[tuple[str, bool], list[Field]]]:
        """For each way of naming a question, from the most exact: (text, whether folded) → questions."""
        ways: list[dict[tuple[str, bool], list[Field]]] = [defaultdict(list) for _ in range(4)]
        for table in self.tables.values():
            for one in table.fields:
                for way, text in self._names(one):
                    for key in ((text, False), (fold(text), True)):
                        if one not in ways[way][key]:
                            ways[way][key].append(one)
        return ways

    def _names(self, one: Field) -> Iterator[tuple[int, str]]:
        full = [local(step) for step in one.ref.strip("/").split("/")]
        yield 0, one.ref
        for separator in _SEPARATORS:
            yield 0, separator.join(full[1:])
            yield 0, separator.join(full)
            yield _OWN_PATH, separator.join(local(step) for step in one.path)
        yield 2, one.name
        path = "/".join(local(step) for step in one.path)
        for label in one.labels.values():
            yield 3, f"{label} ({path})"
        for labels in self._label_paths(one):
            yield 3, labels

    @staticmethod
    def _label_paths(one: Field) -> Iterator[str]:
        """The label, and with those of the groups around it: in one language throughout."""
        for language, label in one.labels.items():
            groups = [g.get(language, "") for g in one.groups]
            yield label
            if groups and all(groups):
                yield from (separator.join([*groups, label]) for separator in _SEPARATORS)
