"""Two parties compared: probability, band and evidence; and the candidates of an entry in order.

After the weights are added up, rules decide what weights cannot: two valid codes that differ are two companies,
whatever else agrees; a branch is not its parent; what agrees in everything but the name is a neighbour, not the same.
"""

from collections.abc import Iterable, Mapping

from custinfo.classification.duplicates import model
from custinfo.classification.duplicates.comparisons import COMPARISONS, UNKNOWN
from custinfo.classification.duplicates.model import DuplicatesRule
from custinfo.classification.duplicates.party import Band, Evidence, Kind, Line, Party
from custinfo.classification.duplicates.prepared import Prepared, once

Levels = Mapping[str, str]
"""Comparison → the level that it found."""

NAMED: Mapping[Kind, frozenset[str]] = {
    "enterprise": frozenset({"same", "sound", "known", "short", "begins", "alike", "letter", "letters"}),
    "individual": frozenset({"written", "same", "crossed", "known", "letter", "letters"}),
}
"""Levels of the name (`name`, `given`) that speak for the same party."""

_ENTERPRISE_NAME = next(comparison for comparison in COMPARISONS["enterprise"] if comparison.name == "name")
_SURE_NAMES = frozenset({"same", "sound", "known", "written"})
_NEAR_NUMBERS = frozenset({"same", "written", "letter", "letters"})
_SAME_PLACE = frozenset({"same", "street"})
_DIFFERENT = frozenset({"different"})


def compare(a: Party, b: Party, rule: DuplicatesRule) -> Evidence:
    """What speaks for and against `a` and `b` being the same. The same whichever comes first."""
    return _evidence(once(a), once(b), rule, model.weights(rule.model_of(a.kind)))


def ranked(entry: Prepared, candidates: Iterable[Prepared], rule: DuplicatesRule) -> list[tuple[str, Evidence]]:
    """The ids of the candidates that may be the same as `entry`, each with what speaks for it: the likeliest first, of
    equal ones the smaller id first. The entry itself (the same id) is left out.
    """
    table = model.weights(rule.model_of(_kind(entry)))
    found = [
        (other.id, _evidence(entry, other, rule, table))
        for other in candidates
        if other.id != entry.id and _possible(entry, other)
    ]
    possible = [(one, evidence) for one, evidence in found if evidence.band != "no"]
    return sorted(possible, key=lambda pair: (-pair[1].probability, pair[0]))


def _possible(a: Prepared, b: Prepared) -> bool:
    """False when they are not the same whatever else is compared (`held_back`, `best_band`): most candidates."""
    if a.kind != b.kind or other_code(a, b):
        return False
    if a.kind != "enterprise" or (a.code and a.code == b.code):
        return True
    return a.branch == b.branch and _ENTERPRISE_NAME.level(a, b) in NAMED["enterprise"]


def levels(a: Prepared, b: Prepared) -> Levels:
    """What each comparison says."""
    return {comparison.name: comparison.level(a, b) for comparison in COMPARISONS[_kind(a)]}


def _kind(party: Prepared) -> Kind:
    return "enterprise" if party.kind == "enterprise" else "individual"


def _evidence(a: Prepared, b: Prepared, rule: DuplicatesRule, table: Mapping[str, Mapping[str, float]]) -> Evidence:
    if a.kind != b.kind:
        return Evidence(0.0, "no", rule.version, (), ("duplicates.held_back.kind",))
    kind = _kind(a)
    used = rule.model_of(kind)
    found = levels(a, b)
    lines = [Line(name, level, round(table[name][level], 2)) for name, level in found.items()]
    total = model.bits(used.prior) + sum(table[name][level] for name, level in found.items())
    likely = model.probability(total)
    reasons = held_back(found, other_code(a, b), a.branch != b.branch, kind)
    order = sorted(lines, key=lambda line: -abs(line.weight))
    return Evidence(likely, band(likely, found, reasons, rule, kind), rule.version, tuple(order), reasons)


def other_code(a: Prepared, b: Prepared) -> bool:
    """Whether both have a checked number, of the company or the person, and these differ."""
    codes, identities = (a.code, b.code), (a.identity, b.identity)
    return (all(codes) and a.code != b.code) or (all(identities) and a.identity != b.identity)


def held_back(found: Levels, code_differs: bool, branch_differs: bool, kind: Kind) -> tuple[str, ...]:
    """Why two parties are not taken for the same, or not without a person, whatever the weights: keys of messages."""
    reasons = []
    if code_differs:
        reasons.append("duplicates.held_back.code")
    if branch_differs:
        reasons.append("duplicates.held_back.branch")
    if not _named(found, kind):
        reasons.append("duplicates.held_back.name")
    return tuple(reasons)


def _named(found: Levels, kind: Kind) -> bool:
    if kind == "enterprise":
        return found["name"] in NAMED[kind]
    surname, given = found["surname"] in NAMED[kind], found["given"] in NAMED[kind]
    there, born = found["address"] in _SAME_PLACE, found["birth"] == "same"
    # Relatives share a surname and an address, but hardly ever a birthday; a number in common is one person, renamed
    with_surname = surname and (found["given"] == UNKNOWN or (born and (there or found["phone"] == "same")))
    return given or with_surname or (found["identity"] in _NEAR_NUMBERS and (surname or born or there))


def band(likely: float, found: Levels, reasons: tuple[str, ...], rule: DuplicatesRule, kind: Kind) -> Band:
    """What is done with a pair of this probability and these reasons against it."""
    used, best = rule.model_of(kind), best_band(found, reasons, kind)
    if likely < used.review_from:
        return "no"
    return "review" if best == "automatic" and likely < used.automatic_from else best


def best_band(found: Levels, reasons: tuple[str, ...], kind: Kind) -> Band:
    """The band of a pair that agrees in this way, when its probability is as high as can be."""
    same_number = found.get("code", found.get("identity")) == "same"
    if "duplicates.held_back.code" in reasons or (reasons and not same_number):
        return "no"
    return "automatic" if not reasons and ample(found, kind) else "review"


def ample(found: Levels, kind: Kind) -> bool:
    """Whether the evidence is of the kind on which records may be merged without a person.

    A company: the same valid code and a name that speaks for it; or the same name, by its characters or its sound, with
    a telephone or an address in common, and no other town, form or region. A person: the same identity number and given
    name; or the same name and whole birthday (`same`: the day, not the year alone) with a telephone or address in
    common.
    """
    contact = found["phone"] == "same" or found["address"] in _SAME_PLACE
    if kind == "enterprise":
        if found["code"] == "same":
            return found["name"] in NAMED[kind] and found["place"] != "different"
        against = {found["place"], found["form"], found["region"], found["code"]}
        return found["name"] in _SURE_NAMES and contact and not against & _DIFFERENT
    named = found["given"] in _SURE_NAMES and found["surname"] in _SURE_NAMES
    if found["identity"] == "same":
        return found["given"] in _SURE_NAMES
    return named and found["birth"] == "same" and contact and found["identity"] != "different"
