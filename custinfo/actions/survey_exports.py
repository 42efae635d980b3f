"""Tables of surveys that leave the system: sums, on the register of exports."""

from collections.abc import Sequence

from custinfo.actions import export_register
from custinfo.actions import lake as published
from custinfo.domain.consent import Tier
from custinfo.domain.people import Person
from custinfo.store import Store

WHAT, PURPOSE = "survey_tables", "analysis"
"""The purpose is the one that the lake is opened for: who may not be used for it is not in its tables."""


def hand_out(
    store: Store, actor: Person, data: bytes, *, export_id: str, survey: str, format: str, rows: int,
    questions: Sequence[str],
) -> None:  # fmt: skip
    """Register a file of tables, made of a study or a form, before it is given out, as the `export_id` that stands in
    it; `rows` are those of its tables.

    Raises NotAllowed for who may not read the lake, or takes nothing out.
    """
    published.check_may_read(actor)
    export_register.check_tier(actor, Tier.AGGREGATE)
    with store.act(actor.person_id, "survey.tables", "lake", survey) as tx:
        export_register.note(
            tx, store, actor, what=WHAT, object_id=survey, format=format, rows=rows, columns=questions,
            tier=Tier.AGGREGATE, purpose=PURPOSE, data=data, export_id=export_id,
        )  # fmt: skip
