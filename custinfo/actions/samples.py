"""Samples of a study (R76): their size worked out, allocated, drawn and kept, so that anybody can draw them again.

What is kept of a draw is its seed, method and sizes, the whole frame with its hash, and each unit's exact chance with
the weight that follows from it; none of it is ever changed. A further draw is another sample, with the reason why.
"""

import json
import secrets
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from fractions import Fraction
from typing import cast

from custinfo.access import permissions
from custinfo.actions import consents, sample_frames, studies
from custinfo.actions.sample_frames import Chosen, Frame
from custinfo.domain.clock import parse
from custinfo.domain.errors import BadInput, NotFound
from custinfo.domain.people import Person
from custinfo.domain.text import clean
from custinfo.statistics import draws, sampling
from custinfo.statistics.draws import Draw, Method, Unit
from custinfo.statistics.sampling import Asked, SampleSize, Stratum
from custinfo.store import Store
from custinfo.store.database import Row

KIND = "sample"
METHODS = ("simple", "systematic", "stratified", "cluster", "quota")
ALLOCATIONS = {
    "proportional": sampling.proportional,
    "neyman": sampling.neyman,
    "cost_optimal": sampling.cost_optimal,
}
LONGEST = 1000
LONGEST_SEED = 64


@dataclass(frozen=True)
class Design:
    """How a sample is to be drawn. `size` units instead of as many as `margin` needs; of a cluster sample that many
    `clusters`, all of each or `within`. Of each stratum `least` are drawn, or all that it has: nobody could stand for a
    stratum of which none is. `facts` are the standard deviation and the cost of an answer by stratum.
    """

    chosen: Chosen = field(default_factory=Chosen)
    method: str = "simple"
    strata_by: str = ""
    clusters_by: str = ""
    allocation: str = "proportional"
    confidence: float = 0.95
    margin: float = 0.05
    proportion: float = 0.5
    design_effect: float = 1.0
    response: float = 1.0
    size: int | None = None
    clusters: int = 0
    within: int | None = None
    least: int = 1
    facts: Mapping[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """What a design comes to before anything is drawn: the frame, how many answers and units are needed, `sizes` by
    stratum, or of a cluster sample, as a draw takes them, and how many units it takes.
    """

    frame: Frame
    needed: SampleSize
    sizes: Mapping[str, int]
    asked: Asked

    @property
    def figures(self) -> dict[str, int | str]:
        """What a sentence about it says: `asked` of any sample, or of one of `clusters` from `least` to `most`."""
        asked = self.asked
        return {
            "answers": self.needed.answers, "asked": asked.most, "clusters": self.sizes.get("clusters", 0),
            "least": asked.least, "most": asked.most, "expected": f"{float(asked.expected):.1f}".removesuffix(".0"),
            "frame": len(self.frame.units), "left_out": self.frame.left_out,
        }  # fmt: skip


@dataclass(frozen=True)
class Sample:
    """A sample as it was drawn. `strata` has the units of the frame by stratum, `drawn` those of the sample; `by` is a
    name. `quota` samples have no units until they are handed out.
    """

    sample_id: str
    study_id: str
    number: int
    reason: str
    method: str
    seed: str
    strata_by: str
    clusters_by: str
    allocation: str
    precision: Mapping[str, float]
    frame_units: int
    left_out: int
    strata: Mapping[str, int]
    drawn: Mapping[str, int]
    sizes: Mapping[str, int]
    frame_sha256: str
    drawn_at: datetime
    by: str

    @property
    def units(self) -> int:
        """How many were drawn."""
        return sum(self.drawn.values())


@dataclass(frozen=True)
class Verified:
    """What drawing again from the record gave: whether the frame has its hash, and whether the same units with the
    same chances come out.
    """

    frame: bool
    units: bool


def plan(store: Store, actor: Person, design: Design) -> Plan:
    """Work a design out against the frame as it is now; nothing is kept.

    Raises NotAllowed; BadInput for a method, division or number that is not possible, and for a frame without anybody.
    """
    if design.method not in METHODS:
        raise BadInput("studies.no_method", given=design.method[:40], known=", ".join(METHODS))
    for method, by in (("stratified", design.strata_by), ("quota", design.strata_by), ("cluster", design.clusters_by)):
        if design.method == method and not by:
            raise BadInput(f"studies.needs_{'clusters' if method == 'cluster' else 'strata'}")
    frame = sample_frames.build(store, actor, design.chosen, design.strata_by, design.clusters_by)
    if not frame.units:
        raise BadInput("studies.nobody", left_out=frame.left_out)
    needed = _needed(design, len(frame.units))
    sizes = _sizes(design, frame, needed.asked)
    return Plan(frame, needed, sizes, _asked(design, frame, sizes))


def draw(store: Store, actor: Person, study_id: str, design: Design, *, reason: str = "", seed: str = "") -> str:
    """Draw a sample for a study and keep it; gives its id. Without a `seed` one is made.

    Raises as `plan`; NotFound, WrongState while the questionnaire is not made, once the sample is settled, and without
    an approved proposal; BadInput for more units than were approved, and for a further sample without a reason.
    """
    permissions.check(actor, "study.run")
    seed = clean(seed, max_length=LONGEST_SEED).strip() or secrets.token_hex(8)
    said = consents.newest(store)
    planned = plan(store, actor, design)  # before the lock: it reads every customer
    with store.act(actor.person_id, "sample.draw", studies.KIND, study_id[:40]) as tx:
        study = studies.row(store, study_id)
        studies.check_state(study, "questionnaire_made")
        studies.check_approved(store, study)
        number = int(store.rows("SELECT count(*) AS n FROM sample WHERE study_id = ?", [study_id])[0]["n"]) + 1
        why = clean(reason, max_length=LONGEST).strip()
        if number > 1 and not why:
            raise BadInput("studies.why_again")
        consents.check_unmoved(store, said)
        # Of clusters the most that any draw takes: nobody draws until the lots fall on small ones
        _check_approved_size(store, study, planned.asked.most)
        made = _drawn(design, planned, seed)
        sample_id = f"SM-{secrets.token_hex(6)}"
        row = _row(design, planned, seed) | {"sample_id": sample_id, "study_id": study_id, "number": number}
        tx.insert("sample", row | {"reason": why, "drawn_at": tx.at, "drawn_by": actor.person_id})
        tx.insert_all("sample_unit", _unit_rows(sample_id, planned.frame, made, tx.at))
        tx.note(sample=sample_id, frame=row["frame_sha256"], units=len(made.ids) if made else 0)
    return sample_id


def of_study(store: Store, actor: Person, study_id: str) -> list[Sample]:
    """The samples of a study, the newest, which counts, first; without strata for who may not know how many are in
    each (`sample_frames.sees_counts`). Raises NotAllowed.
    """
    permissions.check(actor, "study.read")
    rows = store.rows(f"{_SELECT} WHERE study_id = ? ORDER BY number DESC", [study_id])
    found = (_sample(store, row) for row in rows)
    return [
        one if sample_frames.sees_counts(store, actor, one.strata_by)
        else replace(one, strata={}, sizes={}, drawn={"": one.units}) for one in found
    ]  # fmt: skip


def newest(store: Store, study_id: str) -> Row | None:
    """The row of the sample that counts, for an action that has checked who asks."""
    return store.row("SELECT * FROM sample WHERE study_id = ? ORDER BY number DESC LIMIT 1", [study_id])


def row(store: Store, sample_id: str) -> Row:
    """The row of a sample, for an action that has checked who asks. Raises NotFound."""
    found = store.row("SELECT * FROM sample WHERE sample_id = ?", [sample_id])
    if found is None:
        raise NotFound("studies.no_sample")
    return found


def frame_of(sample: Row) -> list[Unit]:
    """The frame that a sample was drawn from, as it was kept."""
    return [Unit(*one) for one in json.loads(zlib.decompress(sample["frame"]))]


def sizes_of(sample: Row) -> dict[str, int]:
    """How many of what were to be drawn; the quotas of a quota sample by stratum."""
    return dict(json.loads(sample["sizes"]))


def verify(store: Store, actor: Person, sample_id: str) -> Verified:
    """Draw a sample again from its record, and compare. Of a quota sample there are quotas to compare, and no units.

    Raises NotAllowed, NotFound.
    """
    permissions.check(actor, "study.read")
    sample = row(store, sample_id)
    frame, sizes = frame_of(sample), sizes_of(sample)
    kept = store.rows("SELECT * FROM sample_unit WHERE sample_id = ? ORDER BY place", [sample_id])
    whole = draws.frame_sha256(frame) == sample["frame_sha256"]
    if sample["method"] == "quota":
        strata = Frame(tuple(frame), 0).strata()
        return Verified(whole, whole and sampling.quotas(sum(sizes.values()), strata) == sizes)
    ids, chances = tuple(one["customer_id"] for one in kept), tuple(Fraction(one["chance"]) for one in kept)
    record = Draw(cast(Method, sample["method"]), sample["seed"], sample["frame_sha256"], sizes, ids, chances)
    try:
        return Verified(whole, whole and draws.again(record, frame) == record)
    except BadInput:  # sizes that this frame cannot give
        return Verified(whole, False)


def _needed(design: Design, population: int) -> SampleSize:
    if design.size is not None:
        if not 1 <= design.size <= population:
            raise BadInput("sampling.cannot_draw", size=design.size, units=population)
        return SampleSize(design.size, design.size)
    return sampling.for_proportion(
        design.margin, confidence=design.confidence, proportion=design.proportion, population=population,
        design_effect=design.design_effect, response=design.response,
    )  # fmt: skip


def _sizes(design: Design, frame: Frame, asked: int) -> dict[str, int]:
    """How many of what are drawn, as `draws.Draw.sizes` says it."""
    if design.method == "cluster":
        within = {} if design.within is None else {"within": design.within}
        if not 1 <= design.clusters <= len(frame.clusters()):
            raise BadInput("sampling.cannot_draw", size=design.clusters, units=len(frame.clusters()))
        for name, number in within.items():
            sampling.check(name, number)
        return {"clusters": design.clusters, **within}
    if design.method == "quota":
        return sampling.quotas(asked, frame.strata())
    if design.method != "stratified":
        return {"units": asked}
    if design.allocation not in ALLOCATIONS:
        raise BadInput("studies.no_allocation", given=design.allocation[:40], known=", ".join(ALLOCATIONS))
    if odd := sorted(design.facts.keys() - frame.strata().keys()):
        raise BadInput("studies.no_stratum", given=odd[0][:40], known=", ".join(frame.strata()))
    sampling.check("least", design.least)
    strata = {name: Stratum(units, *design.facts.get(name, (1.0, 1.0))) for name, units in frame.strata().items()}
    return ALLOCATIONS[design.allocation](asked, strata, least=design.least)


def _asked(design: Design, frame: Frame, sizes: Mapping[str, int]) -> Asked:
    if design.method == "cluster":
        return sampling.of_clusters(frame.clusters().values(), sizes["clusters"], sizes.get("within"))
    units = sum(sizes.values())
    return Asked(units, units, Fraction(units))


def _drawn(design: Design, planned: Plan, seed: str) -> Draw | None:
    """The draw; None for quotas, whose units the interviewers find."""
    frame, sizes = planned.frame.units, planned.sizes
    match design.method:
        case "simple":
            return draws.simple(frame, sizes["units"], seed)
        case "systematic":
            return draws.systematic(frame, sizes["units"], seed)
        case "stratified":
            return draws.stratified(frame, sizes, seed)
        case "cluster":
            return draws.cluster(frame, sizes["clusters"], seed, within=sizes.get("within"))
    return None


def _check_approved_size(store: Store, study: Row, units: int) -> None:
    """Raises BadInput for more units than the approved proposal says will be asked."""
    most = int(studies.proposal_answers(store, study)["/data/method/planned_sample"])
    if units > most:
        raise BadInput("studies.more_than_approved", units=units, most=most, proposal=study["proposal"])


def _row(design: Design, planned: Plan, seed: str) -> Row:
    frame = planned.frame
    packed = json.dumps([[one.id, one.stratum, one.cluster, one.size] for one in frame.units], ensure_ascii=False)
    names = ("confidence", "margin", "proportion", "design_effect", "response")
    precision = {} if design.size is not None else {name: getattr(design, name) for name in names}
    return {
        "method": design.method, "seed": seed, "strata_by": design.strata_by, "clusters_by": design.clusters_by,
        "allocation": design.allocation if design.method == "stratified" else "",
        "chosen": _stored(asdict(design.chosen)), "precision": _stored({**precision, **asdict(planned.needed)}),
        "frame_units": len(frame.units), "left_out": frame.left_out, "strata": _stored(frame.strata()),
        "sizes": _stored(dict(planned.sizes)), "frame_sha256": draws.frame_sha256(frame.units),
        "frame": zlib.compress(packed.encode()),
    }  # fmt: skip


def _unit_rows(sample_id: str, frame: Frame, made: Draw | None, at: str) -> list[Row]:
    if made is None:
        return []
    units = {one.id: one for one in frame.units}
    return [
        {
            "sample_id": sample_id, "place": place, "customer_id": id_, "stratum": units[id_].stratum,
            "cluster": units[id_].cluster, "chance": str(chance), "probability": float(chance),
            "base_weight": float(1 / chance), "recorded_at": at,
        }
        for place, (id_, chance) in enumerate(zip(made.ids, made.chances, strict=True), start=1)
    ]  # fmt: skip


def _stored(said: Mapping[str, object]) -> str:
    return json.dumps(said, ensure_ascii=False, sort_keys=True)


_SELECT = "SELECT sample.*, display_name FROM sample JOIN person ON person_id = drawn_by"


def _sample(store: Store, found: Row) -> Sample:
    drawn = store.rows(
        "SELECT stratum, count(*) AS n FROM sample_unit WHERE sample_id = ? GROUP BY stratum", [found["sample_id"]]
    )
    kept = ("sample_id", "study_id", "number", "reason", "method", "seed", "strata_by", "clusters_by", "allocation",
            "frame_units", "left_out", "frame_sha256")  # fmt: skip
    read = {name: json.loads(found[name]) for name in ("precision", "strata", "sizes")}
    return Sample(
        **{name: found[name] for name in kept}, **read, drawn={one["stratum"]: one["n"] for one in drawn},
        drawn_at=parse(found["drawn_at"]), by=found["display_name"],
    )  # fmt: skip
