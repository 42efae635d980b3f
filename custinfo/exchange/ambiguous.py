"""Labels that several choices share (a 朝阳区 in two provinces): the form's own choice filters say which is meant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from custinfo.exchange.faults import Fault
from custinfo.exchange.fields import Field
from custinfo.xforms import Form, Session
from custinfo.xforms.problems import RefusedAnswer


@dataclass(frozen=True, slots=True)
class Undecided:
    """An answer at `ref`: for each part of it the codes that it can mean."""

    ref: str
    field: Field
    codes: tuple[tuple[str, ...], ...]
    text: str
    place: str
    column: str


def decide(form: Form, answers: dict[str, object], undecided: Sequence[Undecided]) -> list[Fault]:
    """Puts the codes that are offered, given the other answers, into `answers`; what stays open is a problem.

    The undecided ones are taken in the order of the form, so that a district follows from a city that follows from a
    province.
    """
    problems: list[Fault] = []
    order = list(form.nodes)
    for one in sorted(undecided, key=lambda u: order.index(u.field.ref)):
        offered = _offered(form, answers, one.ref)
        left = [[code for code in codes if code in offered] for codes in one.codes]
        if all(len(codes) == 1 for codes in left):
            _set(answers, one.ref, " ".join(codes[0] for codes in left))
        else:
            unclear = next(codes for codes, kept in zip(one.codes, left, strict=True) if len(kept) != 1)
            facts = {"value": one.text[:40], "codes": ", ".join(unclear[:8])}
            problems.append(Fault(one.place, one.column, "exchange.choice_ambiguous", facts))
    return problems


def _offered(form: Form, answers: Mapping[str, object], ref: str) -> frozenset[str]:
    names = {node.bind.extra.get("format", "") for node in form.nodes.values()}
    session = Session(form, answers, formats={name: lambda _: None for name in names if name})
    try:
        return frozenset(value for value, _ in session.state(ref).choices)
    except RefusedAnswer:
        return frozenset()


def _set(values: object, ref: str, text: str) -> None:
    steps = ref.strip("/").split("/")[1:]
    for number, step in enumerate(steps):
        name, _, position = step.rstrip("]").partition("[")
        assert isinstance(values, dict)
        if number == len(steps) - 1:
            values[name] = text
        elif position:
            instances = values.setdefault(name, [])
            instances += [{} for _ in range(int(position) - len(instances))]
            values = instances[int(position) - 1]
        else:
            values = values.setdefault(name, {})
