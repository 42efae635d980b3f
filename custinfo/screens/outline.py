"""The form as a whole: its sections with their figures, the page that is shown, and which questions there are now.

It knows how each question stands, never its texts and choices: those are asked for the questions of one page alone.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from custinfo.domain.sensitivity import Level
from custinfo.screens.paging import Paging, Section, Standing, Windows, tally
from custinfo.xforms import Changes, Drawn, Session
from custinfo.xforms.refs import without_positions


class Outline:
    """The outline of one session for one person: `sees(level)` says which questions they may see at all."""

    def __init__(self, session: Session, sees: Callable[[Level], bool]) -> None:
        self._session = session
        self._sees = sees
        self._paging = Paging(session.form)
        self._windows = Windows()
        self._page = ""
        self._sections: list[Section] = []
        self._visible: dict[str, Drawn] = {}
        self._standings: dict[str, Standing] = {}
        self._changed: set[str] | None = None
        self._stale = True
        self._edition = 0

    def note(self, changes: Changes) -> None:
        """Take notice of what an answer changed; nothing is worked out before somebody asks."""
        if changes.structure:
            self.forget()
            return
        self._stale = self._stale or any(self._moves(ref) for ref in changes)
        if self._changed is not None:
            self._changed.update(changes)

    def forget(self) -> None:
        """Work everything out anew."""
        self._stale, self._changed = True, None

    def _moves(self, ref: str) -> bool:
        """Whether a question came or went."""
        drawable = without_positions(ref) in self._session.form.control_of
        return drawable and (ref not in self._visible or not self._session.standing(ref).relevant)

    # ---- the page that is shown ------------------------------------------------------------------------------------

    @property
    def page(self) -> str:
        """The key of the page that is shown; blank in a form of one page."""
        keys = [section.key for section in self.sections] if self._paging.paged else [""]
        if self._page not in keys:
            self._page = keys[0] if keys else ""
        return self._page

    def to_draw(self) -> tuple[int, list[Drawn]]:
        """What stands on the page, and a number that is another one whenever that may be something else."""
        page = self.page
        drawn = [one for section in self.sections if page in ("", section.key) for one in section.drawn]
        return self._edition, drawn

    def rounds(self, repeat: Drawn) -> tuple[int, int]:
        """Which rounds of a repeat are drawn: from, and up to (not with), these places, counted from 0."""
        return self._windows.of(repeat)

    def turn(self, key: str) -> None:
        """Show another page; one that is not there now is not turned to."""
        if self._paging.paged and key in {section.key for section in self.sections}:
            self._page = key
            self._edition += 1

    def turn_by(self, step: int) -> None:
        """Show the page so many after this one; before the first and after the last there is none."""
        keys = [section.key for section in self.sections]
        if self.page in keys and 0 <= keys.index(self._page) + step < len(keys):
            self.turn(keys[keys.index(self._page) + step])

    def turn_rounds(self, repeat: str, first: int) -> None:
        """Show the rounds of a long repeat from this place on, counted from 0."""
        self._windows.turn(repeat, first)
        self._edition += 1

    def reveal_last(self, repeat: str) -> str | None:
        """Show the last round of a repeat, and give its ref."""
        drawn = (one for section in self.sections for part in section.drawn for one in part.walk())
        last = next((one.children[-1].ref for one in drawn if one.ref == repeat and one.children), None)
        if last is not None:
            self.reveal(last)
        return last

    def look_as(self, other: "Outline") -> None:
        """Show the page and the rounds that another outline of the same form shows."""
        self._page, self._windows = other._page, other._windows

    def reveal(self, ref: str) -> bool:
        """Show the page and the rounds in which a question, group or round stands; False when it is not asked now."""
        for section in self.sections:
            if ref == section.key or any(one.ref == ref for part in section.drawn for one in part.walk()):
                self.turn(section.key)
                self._windows.reveal(section.drawn, ref)
                self._edition += 1
                return True
        return False

    # ---- the whole form --------------------------------------------------------------------------------------------

    @property
    def sections(self) -> Sequence[Section]:
        """All sections of the form as it stands now; in a form of several pages, its pages."""
        self._refresh()
        return self._sections

    @property
    def visible(self) -> Mapping[str, Drawn]:
        """The questions of all pages, in order: nothing else takes an answer."""
        self._refresh()
        return self._visible

    def tallies(self, also_wrong: Collection[str] = ()) -> list[list[int]]:
        """For each section: questions, answered ones, required ones still blank, wrong ones."""
        found = [tally(self._standings, section) for section in self.sections]
        if also_wrong:
            for numbers, section in zip(found, self._sections, strict=True):
                numbers[3] += sum(
                    not self._standings[one.ref].wrong for one in section.questions if one.ref in also_wrong
                )
        return found

    def in_the_way(self, *, tried: bool) -> list[str]:
        """The questions whose answers stand in the way of submitting, in order; blank ones once that was `tried`."""
        return [ref for ref in self.visible if (now := self._standings[ref]).wrong or (tried and now.lacking)]

    def _refresh(self) -> None:
        if self._stale:
            self._stale = False
            self._edition += 1
            self._sections = self._paging.sections(tuple(self._allowed(self._session.layout())))
            self._visible = {one.ref: one for section in self._sections for one in section.questions}
        elif not self._changed and self._changed is not None:
            return
        known = {} if self._changed is None else self._standings
        changed = self._changed or set()
        self._standings = {
            ref: known[ref] if ref in known and ref not in changed else self._standing(ref) for ref in self._visible
        }
        self._changed = set()

    def _standing(self, ref: str) -> Standing:
        now = self._session.standing(ref)
        asked, blank = not now.readonly, not now.value.strip()
        return Standing(asked, asked and not blank, asked and blank and now.required, now.violation is not None)

    def _allowed(self, drawn: Iterable[Drawn]) -> Iterator[Drawn]:
        """Only what the person may see, without groups that are empty then."""
        levels = self._session.form.levels
        for one in drawn:
            if one.is_question:
                if self._sees(levels[without_positions(one.ref)]):
                    yield one
            else:
                children = tuple(self._allowed(one.children))
                if children or (one.kind == "repeat" and self._sees(levels[without_positions(one.ref)])):
                    yield replace(one, children=children)
