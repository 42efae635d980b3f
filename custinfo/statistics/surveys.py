"""Surveys as the lake has them: which there are, what their questions are, who was drawn, and what was answered.

Tables in are those of `lake.published_surveys`, as of one moment. Studies of several branches are told apart by branch.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import ibis
import ibis.expr.types as ir

from custinfo.statistics.banner_data import Answers, Category, Labels, Question, Said, answers, nets_of

ANSWERED = ("complete", "partial")
"""The dispositions of a unit whose answers count."""
NOT_ELIGIBLE = "not_eligible"
UNHEARD = "unknown_other"


@dataclass(frozen=True)
class Study:
    """A study as it stands: `state` is that of its newest step, `recorded_at` (UTC, no zone) when it was taken. What is
    about the sample is blank or None before one is drawn; `strata` are the units of the frame by stratum, `margins` by
    the categories of each property.
    """

    study: str
    title: str
    purpose: str
    form_id: str
    state: str
    starts_on: str
    ends_on: str
    sample: int | None
    method: str
    wanted: int | None
    frame_units: int
    strata: Mapping[str, int]
    margins: Mapping[str, Mapping[str, int]]
    recorded_at: datetime


@dataclass(frozen=True)
class Unit:
    """A customer of a study's sample and what became of it: `disposition` is blank before anything was handed out.
    `base_weight` is the inverse of its probability (see `units` of who was merged), None in a quota sample.
    """

    customer_key: str
    stratum: str
    cluster: str
    base_weight: float | None
    disposition: str
    channel: str
    respondent: str | None


@dataclass(frozen=True, eq=False)
class Returned:
    """What came back of a form: the respondents, in the order of every array, their customers (blank for who is
    anonymous), and the answers by the question's name.
    """

    respondents: tuple[str, ...]
    customers: tuple[str, ...]
    answers: Mapping[str, Answers]


def of_branches(tables: Mapping[str, ir.Table]) -> dict[str, ir.Table]:
    """The tables of surveys; of several branches with each study's number behind its branch."""
    names = ("studies", "survey_units", "survey_fieldwork", "survey_questions", "survey_answers", "survey_reviews")
    return {name: _apart(tables[name]) for name in names}


def _apart(table: ir.Table) -> ir.Table:
    if "branch" not in table.columns or "study" not in table.columns:
        return table
    return table.mutate(study=table["branch"] + "/" + table["study"])


def studies(table: ir.Table) -> tuple[Study, ...]:
    """Every study as it stands, those with the newest step first."""
    rows = _newest(table, ["study"], "step_number").order_by(ibis.desc("recorded_at"), ibis.desc("study"))
    return tuple(_study(row) for row in _rows(rows))


def _study(row: Mapping[str, Any]) -> Study:
    return Study(
        row["study"], row["title"], row["purpose"], row["form_id"], row["state"], row["starts_on"], row["ends_on"],
        row["sample"], row["method"] or "", row["wanted"], row["frame_units"] or 0, json.loads(row["strata"] or "{}"),
        json.loads(row["margins"] or "{}"), row["recorded_at"],
    )  # fmt: skip


def units(drawn: ir.Table, fieldwork: ir.Table, study: Study) -> tuple[Unit, ...]:
    """The units of a study's newest sample, in the order of their keys: each customer once.

    Customers of whom several were drawn and merged since are one unit with the sum of their base weights: the
    population is the frame, where they stand several times, as do others who were merged and of whom one was drawn.
    Stratum and cluster are those of the heaviest, and an answer of any of them counts before every other outcome.
    """
    if study.sample is None:
        return ()
    rows, events = (
        one.filter((one["study"] == study.study) & (one["sample"] == study.sample)) for one in (drawn, fieldwork)
    )
    of_each: dict[str, list[dict[str, Any]]] = {}
    for row in _rows(rows.order_by("customer_key")):
        of_each.setdefault(row["customer_key"], []).append(row)
    outcome: dict[str, dict[str, Any]] = {}
    sent: dict[str, dict[str, Any]] = {}
    for event in _rows(events.order_by("event_number")):
        key = event["customer_key"]
        if event["kind"] != "outcome":
            sent[key] = event
        # Of one unit a later outcome sets an earlier one right; of several, nothing that another said takes an answer
        elif len(of_each.get(key, ())) < 2 or not _answered(outcome.get(key)) or _answered(event):
            outcome[key] = event
    return tuple(_unit(of_one, outcome.get(key), sent.get(key)) for key, of_one in of_each.items())


def _answered(outcome: Mapping[str, Any] | None) -> bool:
    return outcome is not None and outcome["disposition"] in ANSWERED


def _unit(rows: Sequence[Mapping[str, Any]], said: Mapping[str, Any] | None, sent: Mapping[str, Any] | None) -> Unit:
    first = min(rows, key=lambda row: (-(row["base_weight"] or 0), row["stratum"], row["cluster"]))
    weights = [row["base_weight"] for row in rows]
    weight = None if None in weights else sum(weights) / 1_000_000
    disposition = said["disposition"] if said is not None else UNHEARD if sent is not None else ""
    channels = (one["channel"] for one in (said, sent) if one is not None and one["channel"])
    return Unit(
        first["customer_key"], first["stratum"], first["cluster"], weight, disposition or "", next(channels, ""),
        None if said is None else said["respondent"],
    )  # fmt: skip


def questions(table: ir.Table, form_id: str) -> tuple[Question, ...]:
    """The closed questions of a form in the order of its newest version; choices and questions of older versions that
    this one has no longer stand at the end.
    """
    rows = _rows(table.filter(table.form_id == form_id).order_by(
        ibis.desc("recorded_at"), ibis.desc("form_version"), "place", "category_place"
    ))  # fmt: skip
    heads: dict[str, Mapping[str, Any]] = {}
    choices: dict[str, dict[str, Category]] = {}
    for row in rows:
        head = heads.setdefault(row["variable"], row)
        if row["category"] is not None and (head["kind"] == "number") is (row["kind"] == "number"):
            known = choices.setdefault(row["variable"], {})
            factor = None if row["factor"] is None else float(row["factor"])
            known.setdefault(
                row["category"], Category(row["category"], _labels(row, "category"), factor, bool(row["missing"]))
            )
    return tuple(
        Question(name, _labels(head, "label"), head["kind"], made := tuple(choices.get(name, {}).values()),
                 nets_of(head["kind"], made))
        for name, head in heads.items()
    )  # fmt: skip


def forms(table: ir.Table) -> dict[str, Labels]:
    """The forms of surveys with their titles, the one that was published last first."""
    newest = _newest(table, ["form_id"], "recorded_at").order_by(ibis.desc("recorded_at"), "form_id")
    return {row["form_id"]: _labels(row, "title") for row in _rows(newest)}


def returned(
    tables: Mapping[str, ir.Table], form_id: str, only: Collection[str] | None = None, last: datetime | None = None
) -> Returned:
    """The answers to a form: the newest version of each respondent's, unless a reviewer rejected it. `only` are the
    respondents of a study; without it, all who filled in the form. `last`: as recorded by that moment (UTC, no zone).
    """
    found, said_of = tables["survey_answers"], tables["survey_reviews"]
    found = found.filter(found.form_id == form_id)
    if last is not None:
        found, said_of = (one.filter(one["recorded_at"] <= last) for one in (found, said_of))
    decided = _newest(said_of, ["respondent", "version"], "event_number")
    rejected = decided.filter(decided.state == "rejected").select("respondent", "version")
    newest = found.group_by("respondent").agg(version=found.version.max())
    kept = found.semi_join(newest.anti_join(rejected, ["respondent", "version"]), ["respondent", "version"])
    rows = kept.select("respondent", "customer_key", "variable", "value").order_by("respondent").to_pyarrow()
    who: dict[str, str] = {}
    said: dict[str, dict[str, str]] = {}
    for one, customer, variable, value in zip(*(column.to_pylist() for column in rows.columns), strict=True):
        if only is None or one in only:
            who[one] = customer or ""
            said.setdefault(variable, {})[one] = value
    asked = questions(tables["survey_questions"], form_id)
    return Returned(tuple(who), tuple(who.values()), {
        question.name: answers(question, _texts(question, said.get(question.name, {}), who)) for question in asked
    })  # fmt: skip


def _texts(question: Question, said: Mapping[str, str], who: Collection[str]) -> list[Said]:
    """What each said; a code that no version of the form has is no answer."""
    if question.kind == "number":
        return [said.get(one) for one in who]
    known = question.places
    several = question.kind == "multiple"
    found: list[Said] = []
    for one in who:
        text = said.get(one)
        codes = (text or "").split() if several else [text or ""]
        found.append(text if not text or all(code in known for code in codes) else None)
    return found


def _newest(table: ir.Table, by: Sequence[str], order: str) -> ir.Table:
    place = ibis.row_number().over(group_by=list(by), order_by=ibis.desc(order))
    return table.mutate(_place=place).filter(lambda t: t["_place"] == 0).drop("_place")


def _rows(table: ir.Table) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = table.to_pyarrow().to_pylist()
    return found


def _labels(row: Mapping[str, Any], name: str) -> Labels:
    return {"zh-CN": row[f"{name}_zh"], "en": row[f"{name}_en"]}
