"""A lake with two studies of one form, small enough to be reckoned by hand, in a pattern that is repeated.

The pattern: of 40 companies 8 were drawn (base weight 5), 6 answered; of 24 consumers 8 were drawn (base weight 3), one is
not eligible, one was not asked, 6 answered. Non-response makes the weights 5 · 8/6 = 20/3 and 3 · 7/6 = 7/2: 40 and 21 in
all.
"""

import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from custinfo import lake
from custinfo.actions import surveys_published
from custinfo.xforms import from_file
from tests.reports import sites

FORM = "satisfaction_survey"
COMPANY, CONSUMER = 20 / 3, 7 / 2
OUTCOMES = {
    "company": ("complete",) * 6 + ("refused", "unknown_other"),
    "consumer": ("complete",) * 6 + ("not_eligible", ""),
}
SAID = {
    "overall": {"company": "554432", "consumer": "443311"},
    "recommend": {"company": ("10", "9", "9", "8", "6", "5"), "consumer": ("9", "7", "7", "6", "3", "0")},
    "improve": {
        "company": ("price delivery", "price", "price", "delivery", "", "price"),
        "consumer": ("price", "service", "service", "", None, "service"),
    },
}
"""What the six of each stratum answered in the second study: blank where asked in vain, None where not asked."""
BEFORE = SAID | {"overall": {"company": "444332", "consumer": "433311"}}
"""And in the first."""
STUDIES = {
    # number: (processed on, answers)
    "ST000001": (datetime(2026, 9, 20, 2, tzinfo=UTC), BEFORE),
    "ST000002": (datetime(2026, 10, 25, 2, tzinfo=UTC), SAID),
}
STATES = ("problem_stated", "method_chosen", "questionnaire_made", "sampled", "fielded", "processed")
CARDS = {
    "company": {"customer_type": "enterprise", "kind": "company", "region": "440106"},
    "consumer": {"customer_type": "individual", "kind": "consumer", "region": "320102"},
}


@cache
def form():
    """The shipped form."""
    path = Path(__file__).parents[2] / "forms" / f"{FORM}.md"
    return from_file(path.read_bytes(), path.name)


def units(times):
    """(customer, stratum, outcome, place within the stratum's pattern) of every unit drawn."""
    found = []
    for again in range(times):
        for first, (stratum, outcomes) in zip((1, 9), OUTCOMES.items(), strict=True):
            found += [(f"c{16 * again + first + n}", stratum, outcome, n) for n, outcome in enumerate(outcomes)]
    return found


def rows(key, times=1, *, method="stratified", weights=None, studies=STUDIES):
    """The rows of every table of surveys; `weights` are other base weights in millionths by stratum."""
    base = weights or {"company": 5_000_000, "consumer": 3_000_000}
    tables = {name: [] for name in ("studies", "survey_units", "survey_fieldwork", "survey_questions",
                                    "survey_answers", "survey_reviews")}  # fmt: skip

    def add(table, **values):
        tables[table].append(lake.TableRow(len(tables[table]) + 1, values))

    for row in surveys_published.question_rows(form(), datetime(2026, 8, 1, tzinfo=UTC)):
        add("survey_questions", **row)
    for study, (processed, said) in studies.items():
        for place, state in enumerate(STATES):
            add("studies", **_step(study, place, state, processed, times, method))
        for customer, stratum, outcome, n in units(times):
            who, about = lake.pseudonym(key, customer), {"study": study, "sample": 1, "recorded_at": processed}
            add("survey_units", **about, customer_key=who, stratum=stratum, cluster="", base_weight=base[stratum])
            events = [("handed_out", 1, None)] * bool(outcome)
            events += [("outcome", 0, outcome)] * (outcome not in ("", "unknown_other"))
            respondent = f"{study}-{customer}" if outcome == "complete" else None
            for kind, wave, disposition in events:
                add("survey_fieldwork", **about, customer_key=who, event_number=len(tables["survey_fieldwork"]) + 1,
                    kind=kind, wave=wave, channel="phone" if stratum == "company" else "web", disposition=disposition,
                    respondent=respondent if disposition else None, happened_on="2026-09-10")  # fmt: skip
            for variable, values in said.items() if respondent else ():
                if values[stratum][n] is not None:
                    add("survey_answers", customer_key=who, respondent=respondent, version=1, form_id=FORM,
                        form_version=form().version, variable=variable, value=values[stratum][n],
                        recorded_at=processed)  # fmt: skip
    return tables


def _step(study, place, state, processed, times, method):
    drawn = place >= 3
    frame = {"company": 40 * times, "consumer": 24 * times}
    margins = {"customer_type": {"enterprise": 40 * times, "individual": 24 * times}, "area": {"": 64 * times}}
    sample = {
        "sample": 1, "method": method, "strata_by": "kind", "clusters_by": "", "wanted": 10 * times,
        "frame_units": 64 * times, "strata": json.dumps(frame), "margins": json.dumps(margins),
    }  # fmt: skip
    return {
        "study": study, "step_number": 10 * int(study[-1]) + place, "title": f"满意度调查 {study}",
        "purpose": "了解满意程度", "department": "调查部", "form_id": FORM, "state": state, "starts_on": "2026-09-01",
        "ends_on": f"2026-09-1{study[-1]}", "recorded_at": processed, **(sample if drawn else dict.fromkeys(sample)),
    }  # fmt: skip


def site(home, times=1, **changed):
    """A published site with the customers of the pattern, some sales, and both studies."""
    made = sites.site(home)
    cards = [CARDS[stratum] for _, stratum, _, _ in units(times)]
    sales = [("c1", "sale", "2026-10-05", 900_000_00), ("c2", "sale", "2026-10-06", 50_000_00)]
    sites.publish(made, cards, sales)
    lake.publish(made, [], [], lambda: sites.later(1), tables=rows(made.secret("pseudonym"), times, **changed))
    return made
