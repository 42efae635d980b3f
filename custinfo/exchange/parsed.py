"""What reading a file gives: records with the places that their answers came from, and what is wrong with the file."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from custinfo.exchange.faults import Fault
from custinfo.exchange.sheets import Sheet
from custinfo.xforms.refs import without_positions


@dataclass(frozen=True, slots=True)
class Meta:
    """What the source says about a record, as it wrote it; blank where it says nothing.

    `key` is what it calls the record; `notes` and `reasons` are by ref, as our own exports have them.
    """

    instance_id: str = ""
    start: str = ""
    end: str = ""
    submitted_at: str = ""
    key: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part:
    """A row that a record or an instance of a repeat came from. `columns` leads from a ref to the heading as the user
    wrote it; refs carry no positions unless the heading does.
    """

    ref: str
    place: str
    columns: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ParsedRecord:
    """One record: `answers` nested as a draft of the form engine, blank where the source is blank.

    `place` says where it stands in the file (`faults.place_text` says it in words).
    """

    place: str
    answers: Mapping[str, object]
    parts: tuple[Part, ...] = ()
    unknown: tuple[str, ...] = ()
    meta: Meta = field(default_factory=Meta)
    interviewed_at: str | None = None

    @property
    def columns(self) -> dict[str, str]:
        """Ref → heading as the user wrote it."""
        return {ref: self.where(ref)[1] for part in self.parts for ref in self._refs(part)}

    def _refs(self, part: Part) -> Iterable[str]:
        template = without_positions(part.ref)
        return (part.ref + ref.removeprefix(template) if "[" not in ref else ref for ref in part.columns)

    def where(self, ref: str) -> tuple[str, str]:
        """(place, heading) of the cell that holds the answer at a ref with positions; a blank heading when the source
        has no column for it.
        """
        near = [part for part in self.parts if ref == part.ref or ref.startswith(part.ref + "/")]
        part = max(near, key=lambda one: len(one.ref), default=None)
        if part is None:
            return self.place, ""
        rest = without_positions(part.ref) + ref.removeprefix(part.ref)
        known = part.columns
        return part.place, known.get(ref) or known.get(rest) or known.get(without_positions(ref), "")


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file that was read. A record with a problem at one of its places may not be taken as it is.

    `notes` are worth showing and stand in nobody's way. `sheets` are the rows as they were, for the file of errors.
    """

    records: tuple[ParsedRecord, ...]
    problems: tuple[Fault, ...] = ()
    notes: tuple[Fault, ...] = ()
    unknown: tuple[str, ...] = ()
    sheets: tuple[Sheet, ...] = ()

    def problems_of(self, record: ParsedRecord) -> list[Fault]:
        """The problems of the file as a whole and of this record's rows."""
        places = {"", record.place, *(part.place for part in record.parts)}
        return [fault for fault in self.problems if fault.place in places]
