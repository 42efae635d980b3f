"""Answers that a question may take: by its type, by its choices, and by what stands in its constraint."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

from custinfo.xforms import Drawn, Session
from custinfo.xforms.xpath.ast import Call, Literal, Number, walk
from custinfo.xforms.xpath.regex import read_pattern

_TODAY = date(2026, 11, 20)
_FORMATS = {"phone": "13800138000", "credit_code": "91350100M000100Y43", "amount": "1200.50", "postcode": "518000",
            "email": "li@example.com"}  # fmt: skip
_WORDS = ["a", "客户", "Li Ming", "x" * 12, "3", "0", "2026-11-20", "yes"]


def candidates(session: Session, drawn: Drawn, random: Random) -> Iterator[str]:
    """Answers to try, in random order; those that the constraint speaks of are among the first."""
    places = re.sub(r"\[\d+\]", "", drawn.ref)
    said = list(_said(session, places, random))
    usual = list(_usual(session, drawn, random))
    random.shuffle(said)
    random.shuffle(usual)
    yield from (said + usual if random.random() < 0.5 else usual + said)
    yield from (_shifted(value, random) for value in said + usual)


def _said(session: Session, places: str, random: Random) -> Iterator[str]:
    """What the constraint's own words give: its numbers and those beside them, its texts, texts that fit its patterns."""
    rule = session.form.rules.by_name.get((places, "constraint"))
    if rule is None:
        return
    for part in walk(rule.expression.tree):
        if isinstance(part, Number):
            for number in (part.value, part.value - 1, part.value + 1, part.value / 2):
                yield f"{number:g}" if number != int(number) else str(int(number))
            if 0 < part.value < 500:
                yield "7" * int(part.value)
        elif isinstance(part, Call) and part.name == "regex" and isinstance(part.args[1], Literal):
            yield from (fitting(part.args[1].value, random) for _ in range(3))
        elif isinstance(part, Literal):
            yield part.value
    for read in rule.reads:
        yield from (n.value for n in session.nodes() if n.ref.startswith(read.ref.rpartition("/")[0]) and n.value)


def fitting(pattern: str, random: Random) -> str:
    """A text that the pattern matches, most of the time."""
    return "".join(_letters(read_pattern(pattern).tree, random))


def _letters(tree: Any, random: Random) -> Iterator[str]:
    for operation, argument in tree:
        name = str(operation)
        if name == "LITERAL":
            yield chr(argument)
        elif name in ("ANY", "NOT_LITERAL"):
            yield random.choice("abc123")
        elif name == "IN":
            yield _one_of(argument, random)
        elif name == "SUBPATTERN":
            yield from _letters(argument[-1], random)
        elif name == "BRANCH":
            yield from _letters(random.choice(argument[1]), random)
        elif name in ("MAX_REPEAT", "MIN_REPEAT"):
            least, most, body = argument
            for _ in range(random.randint(least, min(most, least + 3))):
                yield from _letters(body, random)


def _one_of(parts: Any, random: Random) -> str:
    letters = "0123456789abcXYZ _-.@"
    kept = [c for c in letters if re.fullmatch(_as_class(parts), c, re.ASCII)]
    return random.choice(kept or [chr(a if str(o) == "LITERAL" else a[0]) for o, a in parts if str(o) != "NEGATE"])


def _as_class(parts: Any) -> str:
    names = {"CATEGORY_DIGIT": r"\d", "CATEGORY_WORD": r"\w", "CATEGORY_SPACE": r"\s"}
    said = []
    for operation, argument in parts:
        match str(operation):
            case "NEGATE":
                said.append("^")
            case "LITERAL":
                said.append(re.escape(chr(argument)))
            case "RANGE":
                said.append(f"{re.escape(chr(argument[0]))}-{re.escape(chr(argument[1]))}")
            case _:
                said.append(names.get(str(argument), ""))
    return f"[{''.join(said)}]"


def _usual(session: Session, drawn: Drawn, random: Random) -> Iterator[str]:
    """What a question of that type usually takes."""
    choices = [value for value, _ in session.state(drawn.ref).choices]
    if choices:
        yield from _chosen(drawn.kind, choices, random)
    elif drawn.kind == "trigger":
        yield "OK"
    elif drawn.kind == "range":
        yield from _steps(drawn, random)
    elif drawn.kind == "upload":
        yield f"file-{random.randint(1, 9)}.jpg"
    elif drawn.kind == "input":
        yield from _typed(drawn, random)


def _chosen(kind: str, choices: list[str], random: Random) -> Iterator[str]:
    for _ in range(6):
        if kind == "rank":
            yield " ".join(random.sample(choices, len(choices)))
        elif kind == "select":
            yield " ".join(random.sample(choices, random.randint(1, min(3, len(choices)))))
        else:
            yield random.choice(choices)


def _steps(drawn: Drawn, random: Random) -> Iterator[str]:
    start, end, step = (float(drawn.parameters.get(k, d)) for k, d in (("start", "1"), ("end", "10"), ("step", "1")))
    count = round(abs(end - start) / abs(step or 1))
    for _ in range(4):
        value = start + (step if end >= start else -abs(step)) * random.randint(0, count)
        yield str(int(value)) if drawn.type in ("int", "integer") else f"{value:g}"


def _typed(drawn: Drawn, random: Random) -> Iterator[str]:
    day = (_TODAY + timedelta(days=random.randint(-20_000, 400))).isoformat()
    place = f"{random.uniform(20, 45):.4f} {random.uniform(80, 120):.4f} 0 0"
    match drawn.type:
        case "int" | "integer":
            yield from map(str, (random.randint(0, 9), random.randint(0, 150), random.randint(-99, 99_999), 1, 30))
        case "decimal":
            yield from (f"{random.uniform(0, 100):.2f}", str(random.randint(0, 9)), "0.5")
        case "date":
            yield from (day, _TODAY.isoformat(), (_TODAY + timedelta(days=30)).isoformat(), "1980-05-01")
        case "time":
            yield f"{random.randint(0, 23):02d}:30:00.000+08:00"
        case "dateTime":
            yield from (f"{day}T09:30:00.000+08:00", f"{_TODAY.isoformat()}T10:00:00.000+08:00")
        case "geopoint":
            yield place
        case "geotrace":
            yield f"{place}; 22.5 114.1 0 0"
        case "geoshape":
            yield f"{place}; 22.5 114.1 0 0; 23.5 113.1 0 0; {place}"
        case "boolean":
            yield random.choice(["true", "false"])
        case _:
            yield _FORMATS.get(drawn.extra.get("format", ""), random.choice(_WORDS))
            yield from random.sample(_WORDS, 3)


def _shifted(value: str, random: Random) -> str:
    """A number, a date or a text near to a value."""
    try:
        return str(int(value) + random.choice([-10, -1, 1, 10]))
    except ValueError:
        pass
    try:
        return (date.fromisoformat(value) + timedelta(days=random.choice([-365, -1, 1, 30]))).isoformat()
    except ValueError:
        return value[: random.randint(1, 8)]
