"""Unusual reading: what the rules of `data/rules/unusual_reading.toml` find among the entries of the audit log."""

import json
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from custinfo.access import permissions
from custinfo.actions import audit_log
from custinfo.actions.audit_log import Selection
from custinfo.domain.clock import parse
from custinfo.domain.errors import BadInput
from custinfo.domain.people import SERVICE, Person
from custinfo.store import Store

RULES = Path(__file__).parents[2] / "data" / "rules" / "unusual_reading.toml"
NEEDED: Mapping[str, frozenset[str]] = {
    "many": frozenset({"minutes", "at_least"}),
    "objects": frozenset({"minutes", "at_least"}),
    "same": frozenset({"minutes", "at_least", "detail"}),
    "hours": frozenset({"from", "to", "weekdays"}),
    "large": frozenset({"detail", "at_least"}),
    "after": frozenset({"before", "minutes", "at_least"}),
}
"""Kind of rule → what it must state besides its id, kind and actions."""
OPTIONAL = frozenset({"others", "service"})


@dataclass(frozen=True)
class Rule:
    """One rule; `numbers` has what its kind needs."""

    rule_id: str
    kind: str
    actions: tuple[str, ...]
    numbers: Mapping[str, Any]

    @property
    def window(self) -> timedelta:
        """How near to each other entries count together."""
        return timedelta(minutes=self.numbers["minutes"])

    @property
    def before(self) -> tuple[str, ...]:
        """The actions that must have come before, where the kind asks for it."""
        return tuple(self.numbers.get("before", ()))


@dataclass(frozen=True)
class Finding:
    """What a rule found: whose entries, of which actions, which (`entries`, oldest first), from when to when, and how
    many it counted.
    """

    rule_id: str
    actions: tuple[str, ...]
    actor: str
    who: str
    entries: tuple[int, ...]
    first_at: datetime
    last_at: datetime
    count: int


class Mark(NamedTuple):
    """An entry as the rules look at it."""

    seq: int
    at: datetime
    actor: str
    action: str
    object_id: str
    stored: str

    def detail(self, name: str) -> Any:
        """One of the facts of the entry; None when it is not there."""
        return json.loads(self.stored).get(name)


Bursts = Iterator[tuple[Sequence[Mark], int]]
"""Entries that belong together, and what was counted."""


def find(store: Store, actor: Person, first_day: date, last_day: date) -> list[Finding]:
    """Every finding of these days (of the site's zone), newest first. Raises NotAllowed, BadInput for wrong rules."""
    permissions.check(actor, "audit.read")
    rules = load()
    wanted = tuple({name for rule in rules for name in (*rule.actions, *rule.before)})
    marks = _marks(store, Selection(actions=wanted, first_day=first_day, last_day=last_day))
    names = audit_log.actors(store, actor)
    found = [
        Finding(
            rule.rule_id, (*rule.actions, *rule.before), who, names.get(who, who),
            tuple(one.seq for one in near), near[0].at, near[-1].at, counted,
        )
        for rule in rules for who, mine in marks.items() if who != SERVICE.person_id or rule.numbers.get("service")
        for near, counted in _finder(store, rule)(mine)
    ]  # fmt: skip
    days = (last_day - first_day).days + 1
    with store.act(actor.person_id, "audit.analyse", audit_log.LOG, audit_log.LOG, days=days, findings=len(found)):
        pass
    return sorted(found, key=lambda one: one.last_at, reverse=True)


@cache
def load(file: Path = RULES) -> tuple[Rule, ...]:
    """The rules. Raises BadInput naming the file and the rule that is not in order."""
    try:
        content = tomllib.loads(file.read_text("utf-8"))
        return tuple(_rule(file, one) for one in content["rule"])
    except (OSError, ValueError, KeyError, TypeError):
        raise BadInput("audit_log.rules_unreadable", file=file.name) from None


def _rule(file: Path, table: Mapping[str, Any]) -> Rule:
    numbers = {name: value for name, value in table.items() if name not in ("id", "kind", "actions")}
    needed = NEEDED.get(table.get("kind", ""), frozenset({"kind"}))
    wrong = (needed ^ set(numbers)) - OPTIONAL
    if wrong or not table.get("id") or not table.get("actions"):
        raise BadInput("audit_log.rule_wrong", file=file.name, rule=table.get("id", ""), names=", ".join(sorted(wrong)))
    return Rule(str(table["id"]), table["kind"], tuple(table["actions"]), numbers)


def _marks(store: Store, wanted: Selection) -> dict[str, list[Mark]]:
    """The entries that any rule looks at, by who did it; the service's are nobody's reading, and only rules that say so
    look at them.
    """
    marks: dict[str, list[Mark]] = defaultdict(list)
    for row in audit_log.stored(store, wanted):
        at = parse(row["at"])
        mark = Mark(row["seq"], at, row["actor"], row["action"], row["object_id"], row["detail"])
        marks[row["actor"]].append(mark)
    return marks


def _finder(store: Store, rule: Rule) -> Callable[[Sequence[Mark]], Bursts]:
    def find(marks: Sequence[Mark]) -> Bursts:
        mine = [one for one in marks if _is_one_of(one.action, rule.actions)]
        if rule.kind == "hours":
            yield from _outside_hours(store, rule, mine)
        elif rule.kind == "large":
            yield from _large(rule, mine)
        elif rule.kind == "after":
            yield from _after(rule, mine, [one for one in marks if _is_one_of(one.action, rule.before)])
        elif rule.kind == "same":
            for alike in _by(mine, lambda one: one.detail(rule.numbers["detail"])):
                yield from _bursts(rule, alike, lambda one: one.seq)
        elif rule.kind == "objects":
            others = _of_others(store, mine) if rule.numbers.get("others") else mine
            yield from _bursts(rule, others, lambda one: one.object_id)
        else:
            yield from _bursts(rule, mine, lambda one: one.seq)

    return find


@lru_cache(maxsize=4096)
def _is_one_of(action: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(action, pattern) for pattern in patterns)


def _bursts(rule: Rule, marks: Sequence[Mark], counted: Callable[[Mark], object]) -> Bursts:
    """Stretches in which every entry lies in a window that holds enough different things."""
    inside: Counter[object] = Counter()
    start, began, ended, most = 0, -1, -1, 0
    for end, mark in enumerate(marks):
        inside[counted(mark)] += 1
        while mark.at - marks[start].at > rule.window:
            _leave(inside, counted(marks[start]))
            start += 1
        if began >= 0 and start > ended:
            yield marks[began : ended + 1], most
            began, most = -1, 0
        if len(inside) >= rule.numbers["at_least"]:
            began = start if began < 0 else began
            ended, most = end, max(most, len(inside))
    if began >= 0:
        yield marks[began : ended + 1], most


def _leave(inside: Counter[object], thing: object) -> None:
    inside[thing] -= 1
    if not inside[thing]:
        del inside[thing]


def _by(marks: Sequence[Mark], value: Callable[[Mark], Any]) -> list[list[Mark]]:
    found: dict[Any, list[Mark]] = defaultdict(list)
    for one in marks:
        if value(one) is not None:
            found[value(one)].append(one)
    return list(found.values())


def _outside_hours(store: Store, rule: Rule, marks: Sequence[Mark]) -> Bursts:
    first: time = rule.numbers["from"]
    last: time = rule.numbers["to"]
    zone = store.site.zone

    def outside(one: Mark) -> bool:
        here = one.at.astimezone(zone)
        return here.isoweekday() not in rule.numbers["weekdays"] or not first <= here.time() <= last

    late = [one for one in marks if outside(one)]
    for same_day in _by(late, lambda one: one.at.astimezone(zone).date()):
        yield same_day, len(same_day)


def _large(rule: Rule, marks: Sequence[Mark]) -> Bursts:
    for one in marks:
        size = one.detail(rule.numbers["detail"])
        if isinstance(size, int) and size >= rule.numbers["at_least"]:
            yield [one], size


def _after(rule: Rule, marks: Sequence[Mark], before: Sequence[Mark]) -> Bursts:
    for one in marks:
        earlier = [each for each in before if each.seq < one.seq and one.at - each.at <= rule.window]
        if len(earlier) >= rule.numbers["at_least"]:
            yield [*earlier, one], len(earlier)


def _of_others(store: Store, marks: Sequence[Mark]) -> list[Mark]:
    """The entries about customers of another department than the reader's."""
    if not marks:
        return []
    mine = store.row("SELECT department FROM person WHERE person_id = ?", [marks[0].actor])
    departments: dict[str, str | None] = {}
    for object_id in {one.object_id for one in marks}:
        place = store.row("SELECT department FROM entity_place WHERE entity_id = ?", [object_id])
        departments[object_id] = place["department"] if place else None
    home = mine["department"] if mine else ""
    return [one for one in marks if departments[one.object_id] not in (None, home)]
