"""What of a standing its reader may not see: the words in records that were raised to level 1 are masked.

A record that is raised as a whole is as secret as its most secret answer (`record_levels`). What it comes to - grade,
limit, proof - stays: that is the decision's, and of level 2.
"""

import json
from dataclasses import replace

from custinfo.access import visibility
from custinfo.actions.credit_views import RaterView, Standing
from custinfo.domain.masking import masked
from custinfo.domain.people import Person
from custinfo.domain.sensitivity import Level
from custinfo.store import Store


def shown_to(store: Store, actor: Person, found: Standing) -> Standing:
    """The standing as `actor` may see it: reasons, sources and whereabouts of raised records are masked."""
    if visibility.sees(actor, Level.SECRET):
        return found
    raised = _raised(store, found)
    if not raised:
        return found
    overrides = tuple(
        replace(one, reason=masked(one.reason)) if one.record_id in raised else one for one in found.overrides
    )
    counts = next((new for new, old in zip(overrides, found.overrides, strict=True) if old is found.override), None)
    papers = tuple(
        replace(one, checked_by=masked(one.checked_by), checked_where=masked(one.checked_where))
        if one.record_id in raised
        else one
        for one in found.papers
    )
    measures = tuple(
        replace(one, handling=masked(one.handling), agreed_with=masked(one.agreed_with))
        if one.record_id in raised
        else one
        for one in found.measures
    )
    raters = tuple(_rater(one) if one.record_id in raised else one for one in found.raters)
    return replace(found, overrides=overrides, override=counts, papers=papers, measures=measures, raters=raters)


def _rater(one: RaterView) -> RaterView:
    ratings = tuple(
        replace(each, evidence=tuple(replace(seen, source=masked(seen.source)) for seen in each.evidence))
        for each in one.ratings
    )
    findings = tuple(
        replace(each, evidence=replace(each.evidence, source=masked(each.evidence.source))) for each in one.findings
    )
    return replace(one, ratings=ratings, findings=findings)


def _raised(store: Store, found: Standing) -> frozenset[str]:
    """The records behind the standing that are of level 1."""
    records = {one.record_id for one in found.overrides} | {one.record_id for one in found.papers}
    records |= {one.record_id for one in found.measures} | {one.record_id for one in found.raters}
    rows = store.rows(
        "SELECT record_id FROM record_now_level WHERE level = ?1 AND record_id IN (SELECT value FROM json_each(?2))",
        [int(Level.SECRET), json.dumps(sorted(records))],
    )
    return frozenset(row["record_id"] for row in rows)
