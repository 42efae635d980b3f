"""The tables of surveys: what was drawn and handed out, what was asked, and what was answered."""

import pyarrow as pa

from custinfo.lake.published_table import MOMENT, PublishedTable

STUDIES = PublishedTable(
    "studies",
    pa.schema(
        [
            pa.field("study", pa.string(), nullable=False),
            pa.field("step_number", pa.int64(), nullable=False),
            pa.field("title", pa.string(), nullable=False),
            pa.field("purpose", pa.string(), nullable=False),
            pa.field("department", pa.string(), nullable=False),
            pa.field("form_id", pa.string(), nullable=False),
            pa.field("state", pa.string(), nullable=False),
            pa.field("starts_on", pa.string(), nullable=False),
            pa.field("ends_on", pa.string(), nullable=False),
            pa.field("sample", pa.int32()),
            pa.field("method", pa.string()),
            pa.field("strata_by", pa.string()),
            pa.field("clusters_by", pa.string()),
            pa.field("wanted", pa.int64()),
            pa.field("frame_units", pa.int64()),
            pa.field("strata", pa.string()),
            pa.field("margins", pa.string()),
            pa.field("recorded_at", MOMENT, nullable=False),
        ]
    ),
    keys=(),
)
"""Every step of a study: that of the highest `step_number` is how it stands. `state` is one of `domain.machines.STUDY`.

From the sampling on it says of the newest sample: its number, how it was drawn, how many answers the precision wants
(`wanted`), how many units the frame has, in all, by stratum (`strata`, JSON) and by property (`margins`, JSON:
property, category, units), as they were known when it was drawn. Days are written 2026-11-01. Nothing in it is about
one customer, and what people noted at the steps stays in the store.
"""

SURVEY_UNITS = PublishedTable(
    "survey_units",
    pa.schema(
        [
            pa.field("customer_key", pa.string(), nullable=False),
            pa.field("study", pa.string(), nullable=False),
            pa.field("sample", pa.int32(), nullable=False),
            pa.field("stratum", pa.string(), nullable=False),
            pa.field("cluster", pa.string(), nullable=False),
            pa.field("base_weight", pa.int64()),
            pa.field("recorded_at", MOMENT, nullable=False),
        ]
    ),
)
"""The customers that were drawn into each sample of a study; of a study its sample of the highest number counts.

`base_weight` is in millionths, NULL in a quota sample. What became of a unit is in `survey_fieldwork`.
"""

SURVEY_FIELDWORK = PublishedTable(
    "survey_fieldwork",
    pa.schema(
        [
            pa.field("customer_key", pa.string(), nullable=False),
            pa.field("study", pa.string(), nullable=False),
            pa.field("sample", pa.int32(), nullable=False),
            pa.field("event_number", pa.int64(), nullable=False),
            pa.field("kind", pa.string(), nullable=False),
            pa.field("wave", pa.int32(), nullable=False),
            pa.field("channel", pa.string()),
            pa.field("disposition", pa.string()),
            pa.field("respondent", pa.string()),
            pa.field("happened_on", pa.string(), nullable=False),
            pa.field("recorded_at", MOMENT, nullable=False),
        ]
    ),
)
"""What was handed out to a unit and what came of it, an event each (`handed_out`, `reminded`, `outcome`), in the order
of `event_number`. An outcome has its `disposition` (`statistics.responses`), and the `respondent` whose answers it is.
"""

SURVEY_QUESTIONS = PublishedTable(
    "survey_questions",
    pa.schema(
        [
            pa.field("form_id", pa.string(), nullable=False),
            pa.field("form_version", pa.string(), nullable=False),
            pa.field("title_zh", pa.string(), nullable=False),
            pa.field("title_en", pa.string(), nullable=False),
            pa.field("place", pa.int32(), nullable=False),
            pa.field("variable", pa.string(), nullable=False),
            pa.field("kind", pa.string(), nullable=False),
            pa.field("label_zh", pa.string(), nullable=False),
            pa.field("label_en", pa.string(), nullable=False),
            pa.field("category", pa.string()),
            pa.field("category_place", pa.int32()),
            pa.field("category_zh", pa.string()),
            pa.field("category_en", pa.string()),
            pa.field("factor", pa.int64()),
            pa.field("missing", pa.int32()),
            pa.field("recorded_at", MOMENT, nullable=False),
        ]
    ),
    keys=(),
)
"""The closed questions of each version of a survey's form, in the order of `place`, with a row for each choice, in that
of `category_place`.

`kind` is that of `statistics.banner_data.Question`; a number has no choices. `factor` is a choice's value in means,
`missing` 1 where it says that there is no opinion.
"""

SURVEY_ANSWERS = PublishedTable(
    "survey_answers",
    pa.schema(
        [
            pa.field("customer_key", pa.string()),
            pa.field("respondent", pa.string(), nullable=False),
            pa.field("version", pa.int32(), nullable=False),
            pa.field("form_id", pa.string(), nullable=False),
            pa.field("form_version", pa.string(), nullable=False),
            pa.field("variable", pa.string(), nullable=False),
            pa.field("value", pa.string(), nullable=False),
            pa.field("recorded_at", MOMENT, nullable=False),
        ]
    ),
)
"""What each respondent answered to closed questions, by code: of several choices the codes with spaces between, blank
where a question was put and not answered; one that was not put has no row.

A respondent is a record, by a pseudonym of its own; of its versions the highest counts, unless `survey_reviews` says
that it was rejected. An anonymous respondent has no `customer_key`. No answers of level 1, texts, days or places.
"""

SURVEY_REVIEWS = PublishedTable(
    "survey_reviews",
    pa.schema(
        [
            pa.field("customer_key", pa.string()),
            pa.field("respondent", pa.string(), nullable=False),
            pa.field("version", pa.int32(), nullable=False),
            pa.field("event_number", pa.int64(), nullable=False),
            pa.field("state", pa.string(), nullable=False),
            pa.field("recorded_at", MOMENT, nullable=False),
        ]
    ),
)
"""What reviewers decided on a version of a respondent's answers (`approved`, `rejected`, `has_issues`), in the order of
`event_number`: the newest of a version counts.
"""

DECLARED = (STUDIES, SURVEY_UNITS, SURVEY_FIELDWORK, SURVEY_QUESTIONS, SURVEY_ANSWERS, SURVEY_REVIEWS)
"""All of them."""
