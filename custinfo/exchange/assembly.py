"""Sheets as records: each row's cells become answers, and rows of repeats are joined to the records they belong to."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from custinfo.exchange import cells
from custinfo.exchange.ambiguous import Undecided, decide
from custinfo.exchange.faults import Fault, forbidden
from custinfo.exchange.fields import MULTIPLE, Table, tables
from custinfo.exchange.grids import KEY, PARENT_KEY, unsafe
from custinfo.exchange.headings import Headings, Matched, Target
from custinfo.exchange.json_lines import put
from custinfo.exchange.parsed import Meta, Parsed, ParsedRecord, Part
from custinfo.exchange.records import at
from custinfo.exchange.shape import keep_instance_id, without_default_instances
from custinfo.exchange.sheets import Sheet, Source
from custinfo.xforms import Form

_LINKS = (("parent", "key"), ("parent_index", "index"), ("submission_uuid", "uuid"), ("submission", "id"))
"""(what a row of a repeat names, which column of the sheet above has it), the surest first."""


@dataclass
class Made:
    """A row on its way to be part of a record."""

    ref: str
    answers: dict[str, object]
    record: "Draft"
    counts: dict[str, int] = field(default_factory=dict)


@dataclass
class Draft:
    """A record while its rows are gathered."""

    place: str
    answers: dict[str, object]
    about: Mapping[str, str]
    parts: list[Part]
    undecided: list[Undecided] = field(default_factory=list)


@dataclass
class Linked:
    """A sheet whose table is known."""

    sheet: Sheet
    table: Table
    matched: Matched
    columns: Mapping[str, str]
    exact: bool
    escaped: bool


class Assembly:
    """Puts the records of one file together."""

    def __init__(self, form: Form, source: Source) -> None:
        self.form, self.source = form, source
        self.tables = tables(form)
        self.headings = Headings(self.tables)
        self.problems, self.notes = list(source.problems), list(source.notes)
        self.alone = len(source.sheets) == 1
        self.drafts: list[Draft] = []
        self.keys: dict[tuple[str, str, str], Made] = {}

    def parsed(self) -> Parsed:
        """All records of the file."""
        linked = self._linked()
        for one in linked:
            self._note_headings(one)
            for number, row in one.sheet.rows:
                self._row(one, number, row)
        covered = {one.table.ref for one in linked}
        unknown = tuple(dict.fromkeys(h for one in linked for h in one.matched.unknown))
        for draft in self.drafts:
            self.problems += decide(self.form, draft.answers, draft.undecided)
            without_default_instances(self.form.root, draft.answers, covered)
        records = tuple(self._record(draft, unknown) for draft in self.drafts)
        problems = tuple(self._renamed(self.problems))
        return Parsed(records, problems, tuple(self.notes), unknown, tuple(self.source.sheets))

    def _renamed(self, problems: Sequence[Fault]) -> list[Fault]:
        """What was found while reading a workbook of one sheet is at its row, without the sheet's name."""
        if not self.alone:
            return list(problems)
        start = f"{self.source.sheets[0].name}!"
        return [Fault(p.place.removeprefix(start), p.column, p.key, p.facts) for p in problems]

    def _record(self, draft: Draft, unknown: tuple[str, ...]) -> ParsedRecord:
        about = draft.about
        own_key = about.get("key", "") if about.get("key", "").startswith("uuid:") else ""  # as ODK Central has it
        instance_id = about.get("instance_id") or own_key or about.get("uuid", "")
        start, end, submitted_at, key = (about.get(name, "") for name in ("start", "end", "submitted_at", "key"))
        meta = Meta(instance_id, start, end, submitted_at, key)
        keep_instance_id(self.form, draft.answers, about.get("instance_id", ""))
        when = about.get("interviewed_at") or about.get("start") or None
        return ParsedRecord(draft.place, draft.answers, tuple(draft.parts), unknown, meta, when)

    # Which sheet is which table

    def _linked(self) -> list[Linked]:
        """Sheets with their tables, in the order of the tables; others are named in a note."""
        found: dict[str, list[Linked]] = defaultdict(list)
        for sheet in self.source.sheets:
            table = self._table_of(sheet)
            if table is None:
                self.notes.append(Fault(sheet.name, "", "exchange.sheet_unused"))
                continue
            if not self.source.typed and {KEY[1], PARENT_KEY[1], "_reason"} & set(sheet.headings):
                sheet.headings = [unsafe(heading) for heading in sheet.headings]
            matched = self.headings.match(sheet.headings, table)
            about = {sheet.headings[c] for c, target in matched.targets.items() if target.field is None}
            exact = bool({KEY[0], PARENT_KEY[0]} & about)
            escaped = not self.source.typed and bool({KEY[1], PARENT_KEY[1], "_reason"} & about)
            columns = self._columns(sheet, table, matched)
            found[table.ref].append(Linked(sheet, table, matched, columns, exact, escaped))
        return [one for table in self.tables for one in found[table.ref]]

    def _columns(self, sheet: Sheet, table: Table, matched: Matched) -> dict[str, str]:
        """Ref → heading of the questions in a sheet; of a question with a column for each choice the first."""
        whole: dict[str, str] = {}
        parts: dict[str, str] = {}
        for column, target in matched.targets.items():
            if target.field is not None:
                ref = positioned(table.ref, target, table, self.headings)
                is_part = target.choice or target.point >= 0
                (parts if is_part else whole).setdefault(ref, sheet.headings[column])
        return parts | whole

    def _table_of(self, sheet: Sheet) -> Table | None:
        """By the link to a parent, the sheet's name and the questions in its headings."""
        links = {"PARENT_KEY", "_parent_key", "_parent_index"} & set(sheet.headings)
        repeats = [t for t in self.tables if t.parent is not None]
        main = self.tables[0]
        if links:
            named = [t for t in repeats if self._is_name_of(sheet.name, t)]
            best = max(named or repeats, key=lambda t: self.headings.count(sheet.headings, t), default=None)
            return best if best in named or (best and self.headings.count(sheet.headings, best)) else None
        return main if self.alone or self.headings.match(sheet.headings, main).targets else None

    @staticmethod
    def _is_name_of(name: str, table: Table) -> bool:
        """`contact`, `visit-contact`, `data-outer-contact`, or the first 31 characters of it; or its label."""
        folded, own = cells.fold(name), cells.fold(table.name)
        ends = any(folded.endswith(sign + own) for sign in "-._/")
        labels = {cells.fold(label)[:31] for label in table.labels.values()}
        return folded in (own, own[:31]) or ends or folded in labels or folded.partition("~")[0] == own[:29]

    def _note_headings(self, one: Linked) -> None:
        where = "" if self.alone else one.sheet.name
        for heading, refs in one.matched.ambiguous:
            self.problems.append(Fault("", heading, "exchange.heading_ambiguous", {"heading": heading, "refs": refs}))
        for heading in one.matched.twice:
            self.problems.append(Fault("", heading, "exchange.heading_twice", {"heading": heading}))
        if one.matched.unknown:
            names = ", ".join(one.matched.unknown[:20])
            self.notes.append(Fault(where, "", "exchange.headings_unknown", {"headings": names}))
        if not any(t.field for t in one.matched.targets.values()) and one.table.fields:
            first = ", ".join(one.sheet.headings[:8])
            self.problems.append(Fault("", "", "exchange.no_questions", {"headings": first}))

    # Rows

    def _row(self, one: Linked, number: int, row: Sequence[object]) -> None:
        place = one.sheet.place(number, self.alone)
        if len(row) > len(one.sheet.headings) and any(cells.plain(c).strip() for c in row[len(one.sheet.headings) :]):
            self.problems.append(Fault(place, "", "exchange.row_wide", {"columns": len(one.sheet.headings)}))
        reader = RowReader(self, one, place, row)
        about = reader.about()
        made = self._start(one, place, about)
        if made is None:
            return
        reader.answer(made)
        made.record.parts.append(Part(made.ref, place, one.columns))
        for _, name in _LINKS:
            if about.get(name) and self.keys.setdefault((one.table.ref, name, about[name]), made) is not made:
                self.problems.append(Fault(place, "", "exchange.key_twice", {"key": about[name][:80]}))

    def _start(self, one: Linked, place: str, about: Mapping[str, str]) -> Made | None:
        """A new record, or a new instance of a repeat in the record or instance that the row names."""
        if one.table.parent is None:
            draft = Draft(place, {}, about, [])
            self.drafts.append(draft)
            return Made("/" + self.form.root.name, draft.answers, draft)
        above = self._above(one.table.parent, about)
        if above is None:
            named = next((about[link] for link, _ in _LINKS if about.get(link)), "")
            self.problems.append(Fault(place, "", "exchange.orphan", {"key": named[:80], "repeat": one.table.name}))
            return None
        instances = at(above.answers, one.table.path)
        if not isinstance(instances, list):
            instances = []
            put(above.answers, one.table.path, instances)
        answers: dict[str, object] = {}
        instances.append(answers)
        return Made(f"{above.ref}/{'/'.join(one.table.path)}[{len(instances)}]", answers, above.record)

    def _above(self, parent: str, about: Mapping[str, str]) -> Made | None:
        for link, name in _LINKS:
            if about.get(link):
                found = self.keys.get((parent, name, about[link]))
                if found is not None:
                    return found
        return None


class RowReader:
    """One row: what it says about the record, and its answers."""

    def __init__(self, assembly: Assembly, one: Linked, place: str, row: Sequence[object]) -> None:
        self.assembly, self.one, self.place, self.row = assembly, one, place, row
        self.headings = one.sheet.headings

    def cell(self, column: int) -> object:
        """The cell, with what `grids.safe` put before it taken away; one with a forbidden character is blank."""
        value = self.row[column] if column < len(self.row) else None
        if isinstance(value, str):
            facts = forbidden(value)
            if facts is not None:
                self.fault(column, "exchange.character", **facts)
                return None
            return value if self.one.exact else unsafe(value).strip() if self.one.escaped else value.strip()
        return value

    def fault(self, column: int, key: str, **facts: object) -> None:
        """A problem with a cell."""
        self.assembly.problems.append(Fault(self.place, self.headings[column], key, facts))

    def about(self) -> dict[str, str]:
        """What the row says about its record, by the names of `headings.SYSTEM`."""
        targets = self.one.matched.targets
        return {t.system: cells.plain(self.cell(c)).strip() for c, t in targets.items() if t.field is None and t.system}

    def answer(self, made: Made) -> None:
        """Puts the answers of the row where they belong."""
        several: dict[Target, list[tuple[int, Target]]] = defaultdict(list)
        whole: dict[Target, int] = {}
        for column, target in self.one.matched.targets.items():
            if target.field is None:
                continue
            question = Target(target.field, target.table, target.positions)
            if target.choice or target.point >= 0:
                several[question].append((column, target))
            else:
                whole[question] = column
        for question in dict.fromkeys((*whole, *several)):
            text = self._whole(made, question, whole[question]) if question in whole else ""
            if question in several:
                text = self._parts(question, several[question], text)
            self._put(made, question, text or "")

    def _whole(self, made: Made, question: Target, column: int) -> str | None:
        """The answer in a column of its own; None where its text is no choice that is known."""
        field_, value = question.field, self.cell(column)
        assert field_ is not None
        text = cells.plain(value)
        if self.one.exact or not text.strip():
            return text if text.strip() else ""
        if not field_.options:
            return cells.as_answer(field_, value)
        choices = self.assembly.headings.choices(field_)
        if field_.kind in MULTIPLE:
            found = choices.several(text)
        else:
            codes = choices.codes(text) or choices.codes({"true": "1", "false": "0"}.get(text, text))
            found = [codes] if codes else None
        if found is None:
            return text
        if all(len(codes) == 1 for codes in found):
            return " ".join(codes[0] for codes in found)
        ref = positioned(made.ref, question, self.one.table, self.assembly.headings)
        made.record.undecided.append(Undecided(ref, field_, tuple(found), text, self.place, self.headings[column]))
        return ""

    def _parts(self, question: Target, parts: list[tuple[int, Target]], text: str | None) -> str:
        """The answer from columns of single choices, or of a place's numbers; a column of the whole goes first."""
        assert question.field is not None
        if question.field.kind == "geopoint":
            numbers = {t.point: cells.plain(self.cell(c)).strip() for c, t in parts}
            last = max((i for i, n in numbers.items() if n), default=-1)
            return text or " ".join(numbers.get(i, "") or "0" for i in range(last + 1))
        chosen, marked = [], False
        for column, target in parts:
            value = self.cell(column)
            said = cells.mark(value)
            choices = self.assembly.headings.choices(question.field)
            if said is None and target.choice in choices.codes(cells.plain(value)):
                said = True
            if said is None:
                self.fault(column, "exchange.mark", value=cells.plain(value)[:40])
            marked = marked or bool(cells.plain(value).strip())
            chosen += [target.choice] if said else []
        understood = bool(text) and all(v in question.field.option for v in str(text).split())
        if not marked or (understood and set(str(text).split()) == set(chosen)):
            return text or ""
        if understood:
            self.fault(parts[0][0], "exchange.choices_differ", whole=str(text)[:80], parts=" ".join(chosen)[:80])
            return text or ""
        order = list(question.field.option)
        return " ".join(sorted(chosen, key=order.index))

    def _put(self, made: Made, question: Target, text: str) -> None:
        assert question.field is not None
        assert question.table is not None
        answers, positions = made.answers, list(question.positions)
        way = self.assembly.headings.repeats_between(question.table, self.one.table)
        if way and not text:
            return  # a blank column for a further instance makes none
        for table, position in zip(way, positions, strict=True):
            instances = at(answers, table.path)
            if not isinstance(instances, list):
                instances = []
                put(answers, table.path, instances)
            while len(instances) < position:
                instances.append({})
            answers = instances[position - 1]
        put(answers, question.field.path, text)


def positioned(base: str, target: Target, table: Table, headings: Headings) -> str:
    """The ref of a target below `base`, the place of its row; with positions for the repeats on the way."""
    assert target.field is not None
    assert target.table is not None
    for inner, position in zip(headings.repeats_between(target.table, table), target.positions, strict=True):
        base = f"{base}/{'/'.join(inner.path)}[{position}]"
    return "/".join([base, *target.field.path])
