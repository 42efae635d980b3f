"""The answers of a record as a reader sees them: by section, with labels, in one language."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from custinfo.access import visibility
from custinfo.domain import masking
from custinfo.domain.people import Person
from custinfo.domain.sensitivity import Level
from custinfo.xforms import Drawn, RefusedAnswer, Session
from custinfo.xforms.refs import without_positions

BETWEEN = {"zh-CN": "、"}


@dataclass(frozen=True)
class Answer:
    """One question with its answer: `text` for a reader, `value` as it is stored; `upload` for a file's name.

    One of level 1 is `masked`: its text is, and it has no value.
    """

    ref: str
    label: str
    text: str
    value: str
    upload: bool = False
    condition: str = ""
    """When the question is asked, in words; said where the form is shown without answers."""
    masked: bool = False


@dataclass(frozen=True)
class Section:
    """A group of the form, or one round of a repeat, with its questions."""

    label: str
    answers: tuple[Answer, ...]
    condition: str = ""


def sections(session: Session, actor: Person, language: str, whole: Level | None = None) -> list[Section]:
    """What the form asks now and the actor may see, as sections: the questions that have an answer.

    Answers of level 1 are masked: by the form, or as `whole`, the level of the whole record, says.
    """
    found: list[Section] = []
    _gather(session, actor, language, session.layout(), "", found)
    if whole is Level.SECRET:
        found = [replace(one, answers=tuple(_mask(answer) for answer in one.answers)) for one in found]
    return [section for section in found if section.answers]


def _mask(one: Answer) -> Answer:
    """The name of a file is hidden whole: it ends with what tells its kind."""
    text = masking.HIDDEN if one.upload else masking.masked(one.text)
    return one if one.masked else replace(one, text=text, value="", masked=True)


def _gather(
    session: Session, actor: Person, language: str, drawn: tuple[Drawn, ...], label: str,
    found: list[Section],
) -> None:  # fmt: skip
    own: list[Answer] = []
    place = len(found)
    for one in drawn:
        if one.is_question:
            own += _answers(session, actor, language, one)
        else:
            words = one.label or label
            if one.kind == "instance":
                words = f"{label} {place_of(one.ref)}".strip() if not one.label else f"{one.label} {place_of(one.ref)}"
            _gather(session, actor, language, one.children, words, found)
    found.insert(place, Section(label, tuple(own)))


def place_of(ref: str) -> str:
    """`/data/contact[2]` → `2`."""
    return ref.rpartition("[")[2].rstrip("]")


def _answers(session: Session, actor: Person, language: str, one: Drawn) -> Iterator[Answer]:
    state = session.state(one.ref)
    note = one.kind == "input" and state.readonly and not state.value
    if note or not visibility.sees(actor, session.form.levels[without_positions(one.ref)]) or not state.value:
        return
    labels = dict(state.choices)
    chosen = [labels.get(value, value) for value in state.value.split()] if labels else [state.value]
    text = BETWEEN.get(language, ", ").join(chosen)
    found = Answer(one.ref, state.label or one.ref, text, state.value, one.kind == "upload")
    yield _mask(found) if session.form.levels[without_positions(one.ref)] is Level.SECRET else found


def every_question(session: Session, actor: Person) -> list[Section]:
    """All that the form may ask and the actor may see, with the conditions in words: a form on paper, not filled in."""
    found = [Section("", ())]
    at = [""]
    titles = {
        without_positions(one.ref): one.label for top in session.layout() for one in top.walk() if one.kind == "repeat"
    }
    for state in session.nodes():
        place = without_positions(state.ref)
        control = session.form.control_of.get(place)
        if control is None or not visibility.sees(actor, session.form.levels[place]):
            continue
        condition = session.condition(state.ref)
        if control.kind in ("group", "repeat"):
            found.append(Section(state.label or titles.get(place, ""), (), condition))
            at.append(state.ref)
        elif not (control.kind == "input" and state.readonly):
            if not state.ref.startswith(f"{at[-1]}/"):
                found.append(Section("", ()))
                at.append("")
            one = Answer(state.ref, state.label or state.ref, "", "", control.kind == "upload", condition)
            found[-1] = replace(found[-1], answers=(*found[-1].answers, one))
    return [section for section in found if section.answers]


def label_of(session: Session, ref: str) -> str:
    """The question of a ref; a ref that this version of the form or record does not have stands for itself."""
    try:
        return session.state(ref).label or ref
    except RefusedAnswer:
        return ref
