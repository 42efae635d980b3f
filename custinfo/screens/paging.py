"""Which questions stand on one page: a long form is cut into pages, and a long repeat is shown some rounds at a time.

The cut follows the form alone, never the answers, so that no answer moves a question to another page.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from custinfo.domain.markup import plain as plain_words
from custinfo.screens import grids
from custinfo.xforms import Drawn, Form
from custinfo.xforms.model import Control
from custinfo.xforms.refs import without_positions

MOST = 50
"""A form with no more questions stands on one page, and so does a group of a longer form."""
LOOSE = 20
"""So many questions outside of any group share a page."""
ROUNDS = 10
IN_ROUNDS = 60
"""At most so many rounds of a repeat are shown, with no more questions than this in all of them."""
LABEL = 60
FIELD_LIST = "field-list"
STYLE = "pages"


@dataclass(frozen=True, slots=True)
class Section:
    """A line of the table of contents; in a form of several pages, a page.

    `drawn` is what stands in it, inside the groups around it; `questions` are the questions among that, in order.
    """

    key: str
    label: str
    depth: int
    drawn: tuple[Drawn, ...]
    questions: tuple[Drawn, ...]


class Paging:
    """The cut of one form. `paged` says whether it has several pages."""

    def __init__(self, form: Form) -> None:
        self.paged = STYLE in form.style.split() or _asked(form.controls) > MOST
        self._page_of: dict[str, str] = {}
        if self.paged:
            self._cut(form.controls, top=True)

    def _cut(self, controls: Sequence[Control], *, top: bool = False) -> None:
        """Give every whole part its page's key; a group that is cut has none. Small parts side by side share a page."""
        key, count = "", LOOSE
        for control in controls:
            grouped = control.kind in ("group", "repeat")
            if grouped and not (control.ref and (_wraps_repeat(control) or _is_whole(control))):
                self._cut(control.children)
                count = LOOSE
                continue
            size, alone = _asked([control]), grouped and (top or _is_page(control) or _wraps_repeat(control))
            if alone or count + size > LOOSE:
                key, count = control.ref, 0
            self._page_of[control.ref] = key
            count += LOOSE if alone else size

    def sections(self, drawn: Sequence[Drawn]) -> list[Section]:
        """What is drawn now, cut into sections; one without a label stands in no table of contents."""
        if self.paged:
            return [self._page(key, parts) for key, parts in self._parts(drawn).items()]
        return [
            Section(one.ref or f"/{place}", "" if one.is_question else one.label, 0, (one,), _questions([one]))
            for place, one in enumerate(drawn)
        ]

    def _page(self, key: str, parts: Sequence[Drawn]) -> Section:
        """A page, named by the group that it is, else by the first thing on it."""
        depth, inner = 0, parts
        while len(inner) == 1 and not inner[0].is_question and without_positions(inner[0].ref) not in self._page_of:
            depth, inner = depth + 1, inner[0].children
        return Section(key, _short(_name(inner)), depth, tuple(parts), _questions(parts))

    def _parts(self, drawn: Sequence[Drawn]) -> dict[str, list[Drawn]]:
        """By page, in order: its parts, each inside copies of the groups around it that hold nothing else."""
        found: dict[str, list[Drawn]] = {}
        for one in drawn:
            key = self._page_of.get(without_positions(one.ref))
            if key is not None:
                found.setdefault(key, []).append(one)
                continue
            for inner, parts in self._parts(one.children).items():
                found.setdefault(inner, []).append(replace(one, children=tuple(parts)))
        return found


def _is_whole(group: Control) -> bool:
    """Whether a group is one page: it says so, or nothing in it does and it is short."""
    inside = (one for child in group.children for one in child.walk())
    return _is_page(group) or (_asked([group]) <= MOST and not any(map(_is_page, inside)))


def _is_page(control: Control) -> bool:
    """Whether a group asks for a page of its own. A table of questions is a field-list too, and asks for none."""
    if control.kind != "group" or FIELD_LIST not in control.appearance.split():
        return False
    return not any({"label", "list-nolabel"} & set(child.appearance.split()) for child in control.children)


def _wraps_repeat(control: Control) -> bool:
    """Whether it is a repeat, which pyxform puts inside a group of the same place."""
    return control.kind == "repeat" or any(one.kind == "repeat" and one.ref == control.ref for one in control.children)


def _asked(controls: Iterable[Control]) -> int:
    return sum(one.kind not in ("group", "repeat") for control in controls for one in control.walk())


def _questions(parts: Iterable[Drawn]) -> tuple[Drawn, ...]:
    """What takes an answer: not the row of a table that only holds its labels."""
    inside = (one for part in parts for one in part.walk() if one.is_question)
    return tuple(one for one in inside if not grids.is_heading(one) and "label" not in one.appearance.split())


def _name(parts: Iterable[Drawn]) -> str:
    return next((one.label for part in parts for one in part.walk() if one.label), "")


def _short(label: str) -> str:
    first = plain_words(label).strip().partition("\n")[0]
    return first if len(first) <= LABEL else first[: LABEL - 1] + "…"


class Windows:
    """Which rounds of each long repeat are shown: so many from a first one on."""

    def __init__(self) -> None:
        self._first: dict[str, int] = {}

    def of(self, repeat: Drawn) -> tuple[int, int]:
        """The rounds to draw, from and up to (not with) these places, counted from 0."""
        step = _rounds_shown(repeat)
        total = len(repeat.children)
        first = min(self._first.get(repeat.ref, 0), max(0, total - 1)) // step * step
        return first, min(first + step, total)

    def turn(self, ref: str, first: int) -> None:
        """Show the rounds of the repeat `ref` from this place on."""
        self._first[ref] = max(0, first)

    def reveal(self, drawn: Iterable[Drawn], ref: str) -> None:
        """Show the rounds that the question or round `ref` stands in."""
        for one in drawn:
            if one.kind == "repeat":
                for place, child in enumerate(one.children):
                    if ref == child.ref or ref.startswith(f"{child.ref}/"):
                        self.turn(one.ref, place)
                        self.reveal(child.children, ref)
            else:
                self.reveal(one.children, ref)


def _rounds_shown(repeat: Drawn) -> int:
    longest = max((sum(one.is_question for one in child.walk()) for child in repeat.children), default=1)
    return max(1, min(ROUNDS, IN_ROUNDS // max(1, longest)))


def tally(standings: Mapping[str, "Standing"], section: Section) -> list[int]:
    """Of a section: how many questions, how many answered, required ones still blank, wrong answers."""
    found = [standings[one.ref] for one in section.questions]
    return [
        sum(one.asked for one in found),
        sum(one.answered for one in found),
        sum(one.lacking for one in found),
        sum(one.wrong for one in found),
    ]


@dataclass(frozen=True, slots=True)
class Standing:
    """How one question counts. `lacking`: required and blank. `wrong`: its answer breaks a rule."""

    asked: bool
    answered: bool
    lacking: bool
    wrong: bool
