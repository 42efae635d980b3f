"""Fills in any form at random within its rules, and finishes it."""

import re
from contextlib import suppress
from itertools import islice
from random import Random

from custinfo.xforms import Drawn, Record, RefusedAnswer, Session, Unfinished
from tests.xforms.candidates import candidates

TRIES = 40  # answers to one question before the driver turns to what its rules read
ROUNDS = 60


class Stuck(AssertionError):
    """The driver found no way to finish; says what stood in its way."""


def fill(session: Session, random: Random, eagerness: float = 0.7) -> Record:
    """Answers, adds and removes rounds of repeats, changes the language, and finishes. Raises Stuck."""
    for _ in range(2):
        for drawn in questions(session):
            if random.random() < eagerness and stands(session, drawn.ref):
                answer(session, drawn, random)
            wander(session, random)
    for attempt in range(ROUNDS):
        try:
            return session.finish()
        except Unfinished as error:
            for problem in error.problems:
                mend(session, problem.ref, random, desperate=attempt > 3)
    raise Stuck("; ".join(p.ref + ": " + p.message("en") for p in session.problems()[:5]))


def questions(session: Session) -> list[Drawn]:
    """What can be answered now."""
    drawn = (one for top in session.layout() for one in top.walk() if one.is_question and one.ref)
    return [one for one in drawn if not session.state(one.ref).readonly]


def stands(session: Session, ref: str) -> bool:
    """Whether the question is still asked: answers before it may have hidden it, or taken its repeat away."""
    try:
        state = session.state(ref)
    except RefusedAnswer:
        return False
    return state.relevant and not state.readonly


def answer(session: Session, drawn: Drawn, random: Random) -> bool:
    """Tries answers until one breaks no rule; whether one was found. What no answer suits is left blank."""
    for value in islice(candidates(session, drawn, random), TRIES):
        try:
            session.answer(drawn.ref, value)
            if session.state(drawn.ref).violation is None:
                return True
        except RefusedAnswer:
            continue
    with suppress(RefusedAnswer):
        session.answer(drawn.ref, "")
    return False


def mend(session: Session, ref: str, random: Random, *, desperate: bool) -> None:
    """Gives another answer to a question that is wrong, or another or none to those that its rules read."""
    by_ref = {one.ref: one for one in questions(session)}
    if ref in by_ref and answer(session, by_ref[ref], random) and not desperate:
        return
    read = behind(session, {re.sub(r"\[\d+\]", "", ref)}, 3 if desperate else 1)
    for other in by_ref.values():
        if re.sub(r"\[\d+\]", "", other.ref) in read and stands(session, other.ref):
            if desperate and random.random() < 0.3:  # what was answered may leave nothing to choose from
                with suppress(RefusedAnswer):
                    session.answer(other.ref, "")
            else:
                answer(session, other, random)
    if desperate and by_ref:
        by_ref[ref] = by_ref.get(ref, random.choice(list(by_ref.values())))
    if ref in by_ref and stands(session, by_ref[ref].ref):
        answer(session, by_ref[ref], random)


def behind(session: Session, places: set[str], depth: int) -> set[str]:
    """What the rules of these places read, and the rules of those, so many steps back."""
    kinds = ("constraint", "required", "relevant", "choices", "calculate")
    found: set[str] = set()
    for _ in range(depth):
        rules = (session.form.rules.by_name.get((place, kind)) for place in places | found for kind in kinds)
        found = found | {read.ref for rule in rules if rule is not None for read in rule.reads}
    return found - places


def wander(session: Session, random: Random) -> None:
    """Now and then a person adds or removes a round of a repeat, or reads the form in another language."""
    chance = random.random()
    if chance < 0.03 and session.form.languages:
        session.set_language(random.choice(session.form.languages))
    if chance > 0.1:
        return
    repeats = [one for top in session.layout() for one in top.walk() if one.kind == "repeat" and not one.fixed]
    if repeats:
        repeat = random.choice(repeats)
        if repeat.children and (len(repeat.children) > 3 or random.random() < 0.4):
            session.remove_repeat(random.choice(repeat.children).ref)
        else:
            session.add_repeat(repeat.ref, random.choice([None, 1]))
