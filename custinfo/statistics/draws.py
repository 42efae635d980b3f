"""Drawing a sample so that anybody can draw it again: from a frame, a seed and a method, the same on every machine.

Nothing here depends on a random number generator or on a platform: a unit's lot is the SHA-256 of the seed, the frame's
hash, the step and the unit's id. The record of a draw holds what is needed to repeat it (`again`), and the exact
chance that each unit had, from which its weight follows.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from custinfo.domain.errors import BadInput

Method = Literal["simple", "systematic", "stratified", "cluster", "proportional_to_size"]


@dataclass(frozen=True, slots=True)
class Unit:
    """One that can be drawn. `size` is a whole measure of size, for draws in proportion to it."""

    id: str
    stratum: str = ""
    cluster: str = ""
    size: int = 1


@dataclass(frozen=True, slots=True)
class Draw:
    """The record of a draw. `ids` are in the frame's order, `chances` are theirs to be drawn; a weight is 1 / chance.

    `sizes` says how many were to be drawn: by stratum, of `clusters`, `within` each cluster, or of `units`.
    """

    method: Method
    seed: str
    frame_sha256: str
    sizes: Mapping[str, int]
    ids: tuple[str, ...]
    chances: tuple[Fraction, ...] = field(repr=False)

    @property
    def size(self) -> int:
        """How many were drawn."""
        return len(self.ids)

    @property
    def weights(self) -> tuple[float, ...]:
        """How many units of the frame each of those drawn stands for."""
        return tuple(float(1 / chance) for chance in self.chances)


def frame_sha256(frame: Sequence[Unit]) -> str:
    """The hash of a frame: its units in their order, with what is known of them."""
    digest = hashlib.sha256()
    for unit in frame:
        line = json.dumps([unit.id, unit.stratum, unit.cluster, unit.size], ensure_ascii=False)
        digest.update(line.encode() + b"\n")
    return digest.hexdigest()


def simple(frame: Sequence[Unit], size: int, seed: str) -> Draw:
    """A simple random sample without replacement: the `size` lowest lots."""
    known = _checked(frame, size)
    chosen = _lowest((unit.id for unit in frame), size, (seed, known, "simple"))
    return _draw("simple", seed, known, {"units": size}, frame, dict.fromkeys(chosen, Fraction(size, len(frame))))


def systematic(frame: Sequence[Unit], size: int, seed: str) -> Draw:
    """Every N/n-th unit in the frame's order from a random beginning, exactly `size` of them whatever N/n is."""
    known = _checked(frame, size)
    start = _lot(seed, known, "start") % len(frame)
    places = [(start + step * len(frame)) // size for step in range(size)]
    chances = {frame[place].id: Fraction(size, len(frame)) for place in places}
    return _draw("systematic", seed, known, {"units": size}, frame, chances)


def stratified(frame: Sequence[Unit], sizes: Mapping[str, int], seed: str) -> Draw:
    """A simple random sample in each stratum, of the size given (`sampling` allocates); each must be named."""
    known = _checked(frame, sum(sizes.values()))
    strata: dict[str, list[str]] = {}
    for unit in frame:
        strata.setdefault(unit.stratum, []).append(unit.id)
    if odd := sorted(strata.keys() ^ sizes.keys()):
        raise BadInput("sampling.strata_differ", strata=", ".join(odd))
    chances: dict[str, Fraction] = {}
    for stratum, ids in strata.items():
        if not 0 <= sizes[stratum] <= len(ids):
            raise BadInput("sampling.cannot_draw", size=sizes[stratum], units=len(ids))
        chosen = _lowest(ids, sizes[stratum], (seed, known, "stratum", stratum))
        chances |= dict.fromkeys(chosen, Fraction(sizes[stratum], len(ids)))
    return _draw("stratified", seed, known, sizes, frame, chances)


def cluster(frame: Sequence[Unit], clusters: int, seed: str, *, within: int | None = None) -> Draw:
    """A simple random sample of clusters: all their units, or `within` of each (all where there are fewer)."""
    known = _checked(frame, 1)
    members: dict[str, list[str]] = {}
    for unit in frame:
        members.setdefault(unit.cluster, []).append(unit.id)
    if not 1 <= clusters <= len(members) or (within is not None and within < 1):
        raise BadInput("sampling.cannot_draw", size=clusters, units=len(members))
    chances: dict[str, Fraction] = {}
    for name in _lowest(members, clusters, (seed, known, "cluster")):
        ids = members[name]
        taken = len(ids) if within is None else min(within, len(ids))
        chance = Fraction(clusters, len(members)) * Fraction(taken, len(ids))
        chances |= dict.fromkeys(_lowest(ids, taken, (seed, known, "within", name)), chance)
    sizes = {"clusters": clusters} if within is None else {"clusters": clusters, "within": within}
    return _draw("cluster", seed, known, sizes, frame, chances)


def proportional_to_size(frame: Sequence[Unit], size: int, seed: str) -> Draw:
    """Systematic, with chances in proportion to `size` of a unit; those so large that they are certain are taken first.

    Units of size zero cannot be drawn.
    """
    known = _checked(frame, size)
    if any(unit.size < 0 for unit in frame) or sum(unit.size > 0 for unit in frame) < size:
        raise BadInput("sampling.no_sizes", size=size)
    certain = _certain(frame, size)
    others = [unit for unit in frame if unit.id not in certain and unit.size]
    left, whole = size - len(certain), sum(unit.size for unit in others)
    chances = dict.fromkeys(certain, Fraction(1))
    if left:
        point, passed = _lot(seed, known, "start") % whole, 0
        for unit in others:
            passed += unit.size * left
            if point < passed:
                chances[unit.id] = Fraction(unit.size * left, whole)
                point += whole
    return _draw("proportional_to_size", seed, known, {"units": size}, frame, chances)


def _certain(frame: Sequence[Unit], size: int) -> frozenset[str]:
    """Those whose chance would be one or more; taking them out may make others certain."""
    certain: frozenset[str] = frozenset()
    while len(certain) < size:
        others = [unit for unit in frame if unit.id not in certain]
        left, whole = size - len(certain), sum(unit.size for unit in others)
        more = frozenset(unit.id for unit in others if unit.size * left >= whole and unit.size)
        if not more:
            break
        certain |= more
    return certain


def again(draw: Draw, frame: Sequence[Unit]) -> Draw:
    """The draw made once more by its record. Raises BadInput when the frame is not the one that was drawn from."""
    if frame_sha256(frame) != draw.frame_sha256:
        raise BadInput("sampling.other_frame", known=draw.frame_sha256[:12], found=frame_sha256(frame)[:12])
    match draw.method:
        case "simple":
            return simple(frame, draw.sizes["units"], draw.seed)
        case "systematic":
            return systematic(frame, draw.sizes["units"], draw.seed)
        case "stratified":
            return stratified(frame, draw.sizes, draw.seed)
        case "cluster":
            return cluster(frame, draw.sizes["clusters"], draw.seed, within=draw.sizes.get("within"))
        case "proportional_to_size":
            return proportional_to_size(frame, draw.sizes["units"], draw.seed)


def _checked(frame: Sequence[Unit], size: int) -> str:
    """The frame's hash. Raises BadInput for ids that stand twice, and for a size that the frame does not have."""
    often = Counter(unit.id for unit in frame)
    if twice := sorted(id_ for id_, times in often.items() if times > 1):
        raise BadInput("sampling.twice", id=twice[0], count=len(twice))
    if not 1 <= size <= len(frame):
        raise BadInput("sampling.cannot_draw", size=size, units=len(frame))
    return frame_sha256(frame)


def _lot(*parts: str) -> int:
    # As JSON: joined parts could be cut otherwise and mean something else
    return int.from_bytes(hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).digest())


def _lowest(ids: Iterable[str], size: int, step: tuple[str, ...]) -> list[str]:
    return sorted(ids, key=lambda id_: (_lot(*step, id_), id_))[:size]


def _draw(
    method: Method, seed: str, known: str, sizes: Mapping[str, int], frame: Sequence[Unit],
    chances: Mapping[str, Fraction],
) -> Draw:  # fmt: skip
    ids = tuple(unit.id for unit in frame if unit.id in chances)
    return Draw(method, seed, known, dict(sizes), ids, tuple(chances[id_] for id_ in ids))
