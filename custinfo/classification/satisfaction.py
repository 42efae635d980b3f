"""How satisfied each customer is: what it said last in the satisfaction survey, on the whole, from 1 to 5 (R167)."""

import ibis
import ibis.expr.types as ir

FORM, QUESTION = "satisfaction_survey", "overall"
SCALE = ("5", "4", "3", "2", "1")
"""From very satisfied to very dissatisfied."""


def latest(answers: ir.Table, reviews: ir.Table) -> ir.Table:
    """The newest answer of each customer: `customer_key`, `code` (one of SCALE). Who was never surveyed has no row.

    `answers` and `reviews` are rows of the lake's tables `survey_answers` and `survey_reviews`. Of a respondent's
    versions the highest counts, unless its newest review rejected it. Anonymous answers are nobody's; whoever says that
    they did not deal with us was not asked, and the newest answer before stays.
    """
    asked = answers.filter(answers.form_id == FORM, answers.customer_key.notnull())
    highest = asked.group_by(by="respondent").agg(highest=asked.version.max())
    now = asked.semi_join(highest, [asked.respondent == highest.by, asked.version == highest.highest])
    place = ibis.row_number().over(group_by=["respondent", "version"], order_by=ibis.desc("event_number"))
    said = reviews.mutate(_place=place)
    rejected = said.filter(said["_place"] == 0, said["state"] == "rejected").select("respondent", "version")
    kept = now.anti_join(rejected, ["respondent", "version"])
    given = kept.filter(kept["variable"] == QUESTION, kept["value"].isin(SCALE))
    newest = ibis.row_number().over(
        group_by="customer_key", order_by=[ibis.desc("recorded_at"), ibis.desc("respondent")]
    )
    placed = given.mutate(_newest=newest)
    return placed.filter(placed["_newest"] == 0).select("customer_key", code=placed["value"])
