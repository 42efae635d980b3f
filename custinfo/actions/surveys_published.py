"""Surveys for the lake: what was drawn and handed out, which closed questions were put, what was answered, by code.

What somebody wrote in words stays in the store, and so does what is of level 1: an answer, a record, or whatever is
about a customer of that level. A form is a survey where its settings say so (`attribute::custinfo:survey`).
"""

import json
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby, islice

from custinfo.actions import forms, pseudonyms, sealing, survey_work
from custinfo.domain import machines
from custinfo.domain.clock import parse
from custinfo.domain.messages import spoken
from custinfo.domain.pseudonym import pseudonym
from custinfo.domain.sensitivity import Level
from custinfo.exchange import StoredRecord, survey_data
from custinfo.lake.published_tables import TableRow
from custinfo.statistics.banner_data import Category, Labels
from custinfo.store import Store
from custinfo.store.database import Row
from custinfo.xforms import Form

MILLION = 1_000_000
"""Base weights are in millionths."""
PLACES = 10_000
"""Rows that one record or one form may have at most: of a row's `seq` it is what stands before its place."""
SAID = "instr(xform, 'survey=\"yes\"') > 0"
"""Whether a row of `form` may be a survey: what its settings say is asked of the form itself."""
_TOGETHER = 500
_LOWER_LEVEL = (
    "record.record_id NOT IN (SELECT record_id FROM record_now_level WHERE level = ?2) AND (record.entity_id IS NULL "
    "OR record.entity_id NOT IN (SELECT wrote.entity_id FROM record_now_level JOIN entity_version AS wrote "
    "USING (record_id) WHERE level = ?2))"
)
_CUSTOMER = "(SELECT entity_id FROM entity WHERE entity.entity_id = record.entity_id AND dataset = 'customers')"


def respondent(store: Store, record_id: str) -> str:
    """How the lake knows a record: nobody gets from it to the record without the site's key."""
    return pseudonym(store.site.secret("pseudonym"), f"respondent:{record_id}")


def studies(store: Store, after: int) -> Iterator[TableRow]:
    """A row for each step after a `seq`: how the study stood after it, with its newest sample by then."""
    margins: dict[str, str] = {}
    for row in store.rows(
        "SELECT study_step.seq, step, action, recorded_at, study.*, sample.number AS sample, method, strata_by, "
        "clusters_by, precision, frame_units, strata, frame, drawn_at FROM study_step JOIN study USING (study_id) "
        "LEFT JOIN sample ON sample.study_id = study.study_id AND sample.number = (SELECT max(number) "
        "FROM sample AS one WHERE one.study_id = study.study_id AND drawn_at <= study_step.recorded_at) "
        "WHERE study_step.seq > ? ORDER BY study_step.seq",
        [after],
    ):
        plain = ("title", "purpose", "department", "form_id", "starts_on", "ends_on", "sample", "method", "strata_by",
                 "clusters_by", "frame_units", "strata")  # fmt: skip
        known = row["drawn_at"] or ""
        if known and known not in margins:
            margins[known] = json.dumps(_margins(store, row), sort_keys=True)
        wanted = json.loads(row["precision"]).get("answers") if row["precision"] else None
        yield TableRow(
            row["seq"],
            {name: row[name] for name in plain}
            | {
                "study": row["number"],
                "step_number": row["seq"],
                "state": _state_after(store, row),
                "margins": margins.get(known),
                "wanted": None if wanted is None else int(wanted),
                "recorded_at": parse(row["recorded_at"]),
            },
        )


def _state_after(store: Store, row: Row) -> str:
    """The state that the steps up to this one led to."""
    state = machines.after(machines.STUDY, machines.NOWHERE, "begin_study")
    steps = store.rows(
        "SELECT action FROM study_step WHERE study_id = ? AND seq <= ? ORDER BY seq", [row["study_id"], row["seq"]]
    )
    for step in steps:
        state = machines.STUDY[state].get(step["action"], state)
    return state


def _margins(store: Store, sample: Row) -> dict[str, dict[str, int]]:
    """How many units of a sample's frame have which property, by what was known of them when it was drawn."""
    properties = {
        row["entity_id"]: sealing.unsealed_properties(row["properties"])
        for row in store.rows(
            "SELECT entity_id, properties FROM entity_version JOIN entity USING (entity_id) "
            "WHERE dataset = 'customers' AND version = (SELECT max(version) FROM entity_version AS known "
            "WHERE known.entity_id = entity_version.entity_id AND known.recorded_at <= ?)",
            [sample["drawn_at"]],
        )
    }
    found: dict[str, Counter[str]] = {name: Counter() for name in survey_work.MARGINS}
    for unit in json.loads(zlib.decompress(sample["frame"])) if sample["frame"] else []:
        for name, code in survey_work.margins_of(properties.get(unit[0], {})).items():
            found[name][code] += 1
    return {name: dict(sorted(counted.items())) for name, counted in found.items()}


def units(store: Store, after: int) -> Iterator[TableRow]:
    """The customers of every sample after a `seq`, from the moment on that they came to it: of a quota sample when they
    were handed the questionnaire. Nobody of level 1 or erased.
    """
    drawn = (
        "SELECT sample_unit.*, sample.number AS sample, study.number AS study FROM sample_unit "
        "JOIN sample USING (sample_id) JOIN study USING (study_id) WHERE sample_unit.seq > ?2"
    )
    for unit, key in sorted(_lake_customers(store, drawn, [after]), key=lambda one: int(one[0]["seq"])):
        weight = unit["base_weight"]
        yield TableRow(unit["seq"], {
            "customer_key": key, "study": unit["study"], "sample": unit["sample"], "stratum": unit["stratum"],
            "cluster": unit["cluster"], "base_weight": None if weight is None else round(weight * MILLION),
            "recorded_at": parse(unit["recorded_at"]),
        })  # fmt: skip


def fieldwork(store: Store, after: int) -> Iterator[TableRow]:
    """Every event of the fieldwork after a `seq`, without its note."""
    events = (
        "SELECT fieldwork.*, sample.number AS sample, study.number AS study FROM fieldwork "
        "JOIN sample USING (sample_id) JOIN study USING (study_id) WHERE fieldwork.seq > ?2"
    )
    for event, key in sorted(_lake_customers(store, events, [after]), key=lambda one: int(one[0]["seq"])):
        record = event["record_id"]
        yield TableRow(event["seq"], {
            "customer_key": key, "study": event["study"], "sample": event["sample"], "event_number": event["seq"],
            "kind": event["kind"], "wave": event["wave"], "channel": event["channel"] or None,
            "disposition": event["disposition"] or None,
            "respondent": None if record is None else respondent(store, record),
            "happened_on": event["happened_on"], "recorded_at": parse(event["recorded_at"]),
        })  # fmt: skip


def _lake_customers(store: Store, rows: str, given: Sequence[str | int]) -> Iterator[tuple[Row, str]]:
    """Rows with a `customer_id` of customers whom the lake may know, each with the customer's key."""
    found = store.rows(
        f"SELECT * FROM ({rows}) WHERE customer_id NOT IN (SELECT wrote.entity_id FROM record_now_level "
        "JOIN entity_version AS wrote USING (record_id) WHERE level = ?1)",
        [int(Level.SECRET), *given],
    )
    keys = pseudonyms.keys(store) if found else {}
    return ((row, keys[row["customer_id"]]) for row in found if row["customer_id"] in keys)


def questions(store: Store, after: int) -> Iterator[TableRow]:
    """The closed questions of each version of a survey's form, a row for each choice."""
    versions = store.rows(f"SELECT form_id, version, published_at, {SAID} AS said FROM form "
                          "ORDER BY published_at, form_id, version")  # fmt: skip
    for place, version in enumerate(versions, 1):
        if not version["said"] or (place + 1) * PLACES <= after:
            continue
        form = forms.load(store, version["form_id"], version["version"])
        if forms.is_survey(form):
            rows = islice(question_rows(form, parse(version["published_at"])), PLACES - 1)
            yield from (one for n, row in enumerate(rows, 1) if (one := TableRow(place * PLACES + n, row)).seq > after)


def question_rows(form: Form, published: datetime) -> Iterator[dict[str, str | int | datetime | None]]:
    """A row for each choice of the closed questions of a form, in their order."""
    titles = forms.titles(form)
    for place, (name, question) in enumerate(survey_data.said(form, [], _visible).questions.items()):
        about: dict[str, str | int | datetime | None] = {
            "form_id": form.form_id, "form_version": form.version, "place": place, "variable": name,
            "kind": question.kind, **_both("title", titles), **_both("label", question.labels, name),
            "recorded_at": published,
        }  # fmt: skip
        for number, category in enumerate(question.categories or (None,)):
            yield about | _category(category) | {"category_place": None if category is None else number}


def _category(category: Category | None) -> dict[str, str | int | datetime | None]:
    if category is None:
        return dict.fromkeys(("category", "category_zh", "category_en", "factor", "missing"))
    factor = None if category.factor is None else int(category.factor)
    labels = _both("category", category.labels, category.code)
    return {"category": category.code, "factor": factor, "missing": int(category.missing), **labels}


def _both(name: str, labels: Labels, otherwise: str = "") -> dict[str, str]:
    """A text in both of our languages; of forms in others, in the nearest."""
    return {f"{name}_{short}": spoken(labels, language) or otherwise
            for short, language in (("zh", "zh-CN"), ("en", "en"))}  # fmt: skip


def _visible(level: int) -> bool:
    return level > Level.SECRET


def answers(store: Store, after: int) -> Iterator[TableRow]:
    """What the versions of records say to closed questions, a row for each question that was put."""
    found = store.rows(
        f"SELECT record_version.*, record.form_id, {_CUSTOMER} AS about, record.entity_id FROM record_version "
        "JOIN record USING (record_id) JOIN form ON form.form_id = record.form_id AND form.version = form_version "
        f"WHERE record_version.seq > ?1 AND {SAID} AND {_LOWER_LEVEL} ORDER BY record_version.seq",
        [after // PLACES, int(Level.SECRET)],
    )
    keys = pseudonyms.keys(store) if found else {}
    for (form_id, version), same in groupby(found, lambda row: (row["form_id"], row["form_version"])):
        form = forms.load(store, form_id, version)
        if forms.is_survey(form):
            known = (row for row in same if _known(row, keys))
            while some := list(islice(known, _TOGETHER)):
                yield from _answer_rows(store, form, some, keys)


def _known(row: Row, keys: Mapping[str, str]) -> bool:
    """Whether it is about nobody on file, or about somebody whom the lake may know: nobody who was erased."""
    return row["entity_id"] is None or row["about"] in keys


def _answer_rows(store: Store, form: Form, rows: list[Row], keys: Mapping[str, str]) -> Iterator[TableRow]:
    said = survey_data.said(form, [_stored(store, row) for row in rows], _visible)
    for place, row in enumerate(rows):
        about: dict[str, str | int | datetime | None] = {
            "customer_key": keys.get(row["about"] or ""), "respondent": respondent(store, row["record_id"]),
            "version": row["version"], "form_id": form.form_id, "form_version": form.version,
            "recorded_at": parse(row["recorded_at"]),
        }  # fmt: skip
        texts = ((name, column[place]) for name, column in said.texts.items())
        for n, (name, text) in enumerate(((name, text) for name, text in texts if text is not None), 1):
            yield TableRow(row["seq"] * PLACES + n, about | {"variable": name, "value": text})


def _stored(store: Store, row: Row) -> StoredRecord:
    values = sealing.opened_values(store, "record_version", row["record_id"], row["version"], row["content"])
    return StoredRecord(
        row["record_id"], row["version"], row["form_id"], row["form_version"], row["state"], row["recorded_at"],
        row["recorded_by"], None, values,
    )  # fmt: skip


def reviews(store: Store, after: int) -> Iterator[TableRow]:
    """What was decided on versions of records of surveys."""
    found = store.rows(
        f"SELECT record_review.*, {_CUSTOMER} AS about, record.entity_id FROM record_review "
        "JOIN record USING (record_id) JOIN record_version USING (record_id, version) "
        "JOIN form ON form.form_id = record.form_id AND form.version = form_version "
        f"WHERE record_review.seq > ?1 AND {SAID} AND {_LOWER_LEVEL} ORDER BY record_review.seq",
        [after, int(Level.SECRET)],
    )
    keys = pseudonyms.keys(store) if found else {}
    for row in found:
        if _known(row, keys):
            yield TableRow(row["seq"], {
                "customer_key": keys.get(row["about"] or ""), "respondent": respondent(store, row["record_id"]),
                "version": row["version"], "event_number": row["seq"], "state": row["state"],
                "recorded_at": parse(row["reviewed_at"]),
            })  # fmt: skip
