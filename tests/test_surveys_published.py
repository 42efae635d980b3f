"""Surveys on their way from the store into the lake: drawn, handed out, asked and answered, by code and pseudonym."""

import pytest

from custinfo import lake
from custinfo.actions import fieldwork, pseudonyms, record_levels, reviews, study_steps, surveys_published
from custinfo.actions import lake as publishing
from custinfo.actions.survey_work import Surveys
from custinfo.domain.clock import utc_now
from custinfo.domain.people import SERVICE, Role
from custinfo.domain.sensitivity import Level
from custinfo.lake import erasing
from custinfo.statistics import surveys
from custinfo.store import withheld
from tests.factories import SURVEY, account, card, draft_of, site_with_forms, submit
from tests.study_sites import Office

NUMBER, ABOUT, FORM = "/data/interview/customer_number", "/data/future/suggestions", "satisfaction_survey"
WORDS = {ABOUT: "请小王多来"}


def answered(store, actor, key, customer=None, **changed):
    said = {f"/data/ratings/{name}": value for name, value in changed.items()} | WORDS
    said = ({NUMBER: customer.customer_number} if customer else {}) | SURVEY | said
    return submit(store, actor, draft_of(store, actor, FORM, said), key).record_id


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A study of six of twelve customers: three answered, one refused, two were never heard of; and somebody who is
    anonymous filled in the form too.
    """
    with site_with_forms(tmp_path_factory.mktemp("surveys") / "site") as store:
        office = Office(store)
        study_id, sample_id = office.sampled()
        fieldwork.hand_out(store, office.li, sample_id, "phone")
        asked = office.numbers(sample_id)
        for number in asked[:3]:
            office.record(FORM, {NUMBER: number, **SURVEY, **WORDS})
        office.record(FORM, SURVEY | {"/data/ratings/overall": "5"})
        fieldwork.enter(store, office.li, sample_id, asked[3], "refused")
        study_steps.take(store, office.zhou, study_id, "fieldwork", "谁也不必知道")
        study_steps.take(store, office.zhou, study_id, "processing")
        publishing.publish(store, SERVICE)
        yield store


def tables(store):
    return surveys.of_branches(lake.open(store.site).found)


def rows(table):
    return table.to_pyarrow().to_pylist()


def test_a_study_and_its_units_reach_the_lake_as_the_register_has_them(world):
    found = tables(world)
    (study,) = surveys.studies(found["studies"])
    assert (study.study, study.state, study.method, study.sample) == ("ST000001", "processed", "stratified", 1)
    assert (study.frame_units, study.strata) == (12, {"320000": 3, "440000": 9})
    assert study.margins["area"] == {"3": 3, "4": 9} and study.margins["customer_type"] == {"enterprise": 12}
    kept = {row["state"] for row in rows(found["studies"])}
    assert {"problem_stated", "method_chosen", "sampled", "fielded", "processed"} <= kept
    units = {one.customer_key: one for one in surveys.units(found["survey_units"], found["survey_fieldwork"], study)}
    register = world.rows("SELECT * FROM fieldwork_unit")
    assert len(register) == len(units) == 6
    for row in register:
        unit = units[pseudonyms.key_of(world, row["customer_id"])]
        assert (unit.stratum, unit.disposition, unit.channel) == (row["stratum"], row["disposition"], row["channel"])
        assert unit.base_weight == pytest.approx(row["base_weight"])
        record = row["record_id"]
        assert unit.respondent == (None if record is None else surveys_published.respondent(world, record))
    said = [unit.disposition for unit in units.values()]
    assert sorted(said) == ["complete"] * 3 + ["refused"] + ["unknown_other"] * 2


def test_answers_are_codes_under_pseudonyms_and_no_words_leave(world):
    found = tables(world)
    back = surveys.returned(found, FORM)
    assert len(back.respondents) == 4 and back.customers.count("") == 1, "one is anonymous"
    overall = back.answers["overall"]
    assert overall.question.labels["en"] == "Satisfaction on the whole"
    said = [overall.question.categories[place].code for place in overall.places]
    assert [said[n] for n, customer in enumerate(back.customers) if not customer] == ["5"]
    assert sorted(said) == ["4", "4", "4", "5"]
    assert "suggestions" not in back.answers
    assert "complaint_handling" not in {row["variable"] for row in rows(found["survey_answers"])}, "it was not put"
    records = [row["record_id"] for row in world.rows("SELECT record_id FROM record")]
    for path in world.site.lake.rglob("*.parquet"):
        content = path.read_bytes()
        for words in (WORDS[ABOUT], "谁也不必知道", *records):
            assert words.encode() not in content, path


def test_weights_follow_from_the_register(world):
    """Of each stratum those who answered stand for all of it: 9 and 3 units, or 12 where one of the two said nothing."""
    weighting = Surveys(lake.open(world.site)).weighting("study:ST000001", "sample")
    assert len(weighting.respondents) == 3
    assert sum(weighting.sampled.weights) == pytest.approx(12)


def test_a_second_publishing_adds_nothing_and_who_withdrew_is_not_counted(world):
    assert publishing.publish(world, SERVICE) is None
    key = next(one for one in surveys.returned(tables(world), FORM).customers if one)
    withheld.write(world.site.lake, [withheld.Withheld(key, "analysis", "2026-11-01T00:00:00.000000Z")])
    try:
        found = tables(world)
        assert key not in surveys.returned(found, FORM).customers
        assert key not in {row["customer_key"] for row in rows(found["survey_units"])}
    finally:
        withheld.write(world.site.lake, [])


def test_what_is_rejected_of_level_1_or_erased_does_not_count(tmp_path):
    with site_with_forms(tmp_path / "site") as store:
        lin, head = account(store), account(store, Role.DEPARTMENT_HEAD)
        known = card(store, lin)
        counted = [answered(store, lin, "survey-1", known, overall="5"), answered(store, lin, "survey-2")]
        secret = answered(store, lin, "survey-3", overall="3")
        record_levels.set(store, head, secret, Level.SECRET, "受访者要求")
        publishing.publish(store, SERVICE)
        wanted = {surveys_published.respondent(store, one) for one in counted}
        assert set(surveys.returned(tables(store), FORM).respondents) == wanted
        reviews.decide(store, head, counted[1], 1, "reject", note="答卷不实")
        publishing.publish(store, SERVICE)
        assert set(surveys.returned(tables(store), FORM).respondents) == {
            surveys_published.respondent(store, counted[0])
        }
        key = pseudonyms.key_of(store, known.customer_id)
        erasing.erase(store.site, {key: False}, smallest_group=5, now=utc_now())
        assert surveys.returned(tables(store), FORM).respondents == ()
