"""Frames of samples: the customers that may be drawn for a study, and by what they are put into strata or clusters.

In a frame are those whom the actor may know of and who agreed to surveys (`consents`): nobody else is ever asked.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial

from custinfo.access import permissions
from custinfo.actions import assignments, consents, entity_levels, pseudonyms, sealing
from custinfo.domain import codelists
from custinfo.domain.errors import BadInput
from custinfo.domain.messages import text
from custinfo.domain.people import Person
from custinfo.statistics.draws import Unit
from custinfo.store import Store

PURPOSE = "survey"
UNKNOWN = "unknown"
"""The stratum of those of whom it is not known."""
GRADES = ("value_grade", "size")
"""Schemes of gradings that a frame can be divided by: of the newest quarter in the lake."""


@dataclass(frozen=True)
class Chosen:
    """Which customers a frame has: all, or those of a type (`enterprise`, `individual`), departments, provinces and
    sections of industries. A blank tuple asks for nothing.
    """

    customer_type: str = ""
    departments: tuple[str, ...] = ()
    provinces: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()

    def wants(self, department: str, properties: Mapping[str, str]) -> bool:
        """Whether a customer with these properties, looked after by this department, is one of them."""
        return (
            self.customer_type in ("", properties.get("customer_type", ""))
            and (not self.departments or department in self.departments)
            and (not self.provinces or _province(properties) in self.provinces)
            and (not self.sections or _section(properties) in self.sections)
        )


@dataclass(frozen=True)
class Frame:
    """The units that may be drawn, by customer number; `left_out` were wanted and have not agreed to be asked."""

    units: tuple[Unit, ...]
    left_out: int

    def strata(self) -> dict[str, int]:
        """How many units each stratum has, by its code."""
        return dict(sorted(Counter(unit.stratum for unit in self.units).items()))

    def clusters(self) -> dict[str, int]:
        """How many units each cluster has, by its code."""
        return dict(sorted(Counter(unit.cluster for unit in self.units).items()))


def build(store: Store, actor: Person, chosen: Chosen, strata_by: str = "", clusters_by: str = "") -> Frame:
    """The frame of the customers whom the actor may know of, as of now.

    Raises NotAllowed, for a division by grades to who may not read the lake too; BadInput for a division or code that
    there is not.
    """
    permissions.check(actor, "study.run")
    _check(chosen)
    stratum, cluster = _divider(store, actor, strata_by), _divider(store, actor, clusters_by)
    mine, scope = assignments.visible_where(actor, "entity_current")
    agreed, given = consents.allowed_where(PURPOSE, "entity_current", consents.today(store))
    rows = store.rows(
        f"SELECT entity_id, properties, department, {agreed} AS agreed FROM entity_current "
        f"WHERE dataset = 'customers' AND {mine} ORDER BY number",
        [*given, *scope],
    )
    reader = entity_levels.Reader(store, actor)
    units: list[Unit] = []
    left_out = 0
    for row in rows:
        properties = sealing.unsealed_properties(row["properties"])
        if not reader.sees_all:
            properties = {name: value for name, value in properties.items() if reader.sees(row["entity_id"], name)}
        one = row["entity_id"], row["department"] or "", properties
        if not chosen.wants(*one[1:]):
            continue
        if row["agreed"]:
            units.append(Unit(row["entity_id"], stratum(*one), cluster(*one)))
        else:
            left_out += 1
    return Frame(tuple(units), left_out)


def sees(reader: entity_levels.Reader, by: str, entity_id: str) -> bool:
    """Whether the reader may know to which stratum of such a division somebody belongs."""
    if by in GRADES:
        return permissions.may(reader.actor, "lake.read")
    return by not in _SAVED or reader.sees(entity_id, _SAVED[by])


def sees_counts(store: Store, actor: Person, by: str) -> bool:
    """Whether somebody may know how many belong to each stratum of such a division, and how these answered."""
    if by in GRADES:
        return permissions.may(actor, "lake.read")
    return by not in _SAVED or entity_levels.Reader(store, actor).sees_of_all("customers", _SAVED[by])


def division_name(by: str, code: str, language: str) -> str:
    """What a stratum or cluster is called."""
    if not code or code == UNKNOWN:
        return text("studies.frame.unknown" if code else "studies.frame.whole", language)
    if by in _LISTS:
        return codelists.load(_LISTS[by]).label(code, language)
    if by == "customer_type":
        return text(f"studies.frame.customer_type.{code}", language)
    return code


_LISTS = {"kind": "kind_of_customer", "ownership": "ownership", "province": "region", "section": "industry"}
_SAVED = {"customer_type": "customer_type", "kind": "kind", "ownership": "ownership", "province": "region",
          "section": "industry"}  # fmt: skip
"""From which property of a customer a division comes."""
_Properties = Mapping[str, str]
_Divide = Callable[[str, str, _Properties], str]
"""From somebody's id, department and properties to the stratum or cluster."""


def _divider(store: Store, actor: Person, by: str) -> _Divide:
    """Which stratum or cluster somebody belongs to."""
    if not by:
        return lambda _id, _department, _properties: ""
    if by == "department":
        return lambda _id, department, _properties: department or UNKNOWN
    if by in _PROPERTIES:
        return lambda _id, _department, properties: _PROPERTIES[by](properties) or UNKNOWN
    if by in GRADES:
        classes = _grades(store, actor, by)
        return lambda id_, _department, _properties: classes.get(id_, UNKNOWN)
    raise BadInput("studies.no_division", given=by[:40], known=", ".join(DIVISIONS))


def _grades(store: Store, actor: Person, scheme: str) -> dict[str, str]:
    """The class of each customer in the newest quarter that was graded."""
    permissions.check(actor, "lake.read")
    from custinfo import lake  # with its engine, which the process that pages are forked from must not have

    kept = lake.open(store.site).gradings
    of_scheme = kept.filter(kept.scheme == scheme)
    newest = of_scheme.filter(of_scheme.quarter == of_scheme.quarter.max())
    rows = newest.select("customer_key", "class").to_pyarrow().to_pylist()
    classes = {row["customer_key"]: row["class"] for row in rows}
    if not classes:
        raise BadInput("studies.not_graded", scheme=scheme)
    return {entity_id: classes[key] for entity_id, key in pseudonyms.keys(store).items() if key in classes}


def _check(chosen: Chosen) -> None:
    """Raises BadInput for a code that no list has."""
    if chosen.customer_type not in ("", "enterprise", "individual"):
        raise BadInput("studies.no_code", given=chosen.customer_type[:40], list="customer_type")
    for name, codes in (("region", chosen.provinces), ("industry", chosen.sections)):
        for code in codes:
            if code not in codelists.load(name):
                raise BadInput("studies.no_code", given=code[:40], list=name)


def _property(name: str, properties: _Properties) -> str:
    return properties.get(name, "")


def _province(properties: Mapping[str, str]) -> str:
    return _ancestor("region", properties.get("region", ""), "province")


def _section(properties: Mapping[str, str]) -> str:
    return _ancestor("industry", properties.get("industry", ""), "section")


@cache
def _ancestor(name: str, code: str, level: str) -> str:
    known = codelists.load(name)
    found = known.ancestor(code, level) if code in known else None
    return found.code if found else ""


_PROPERTIES: Mapping[str, Callable[[_Properties], str]] = {
    **{name: partial(_property, name) for name in ("customer_type", "kind", "ownership")},
    "province": _province,
    "section": _section,
}
DIVISIONS = (*_PROPERTIES, "department", *GRADES)
"""By what a frame is divided into strata or clusters."""
