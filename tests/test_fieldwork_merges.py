"""The register of fieldwork and who was merged since the draw; what it counts is what the report counts (R77)."""

import csv
from io import StringIO

import pytest

from custinfo import lake
from custinfo.actions import entities, fieldwork, fieldwork_lists, merges, reviews, study_steps
from custinfo.actions import lake as publishing
from custinfo.actions.delegations import today
from custinfo.actions.samples import Design
from custinfo.actions.survey_work import Surveys
from custinfo.domain.errors import BadInput
from custinfo.domain.people import SERVICE
from custinfo.reports.parts import survey_results, survey_rows
from tests.factories import site_with_forms
from tests.study_sites import Office


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    with site_with_forms(tmp_path_factory.mktemp("fieldwork_merges") / "site") as store:
        yield Office(store)


def merge(office, stays, goes):
    """One customer of two, by their numbers; gives the ids."""
    both = [entities.by_number(office.store, "customers", number) for number in (stays, goes)]
    ids, seen = [one["entity_id"] for one in both], tuple(one["version"] for one in both)
    merges.merge(office.store, office.zhou, *ids, reason="同一家企业", seen=seen)
    return ids


def told(office, sample_id):
    """The register by customer number."""
    _, lines = fieldwork.listed(office.store, office.zhou, sample_id)
    return {one.number: one for one in lines}


def live(office):
    """The numbers of those who lead to nobody else."""
    rows = office.store.rows("SELECT number FROM entity_current WHERE dataset = 'customers'")
    return [one for one in office.customers if one in {row["number"] for row in rows}]


def test_a_drawn_customer_is_asked_and_answers_as_whom_it_was_merged_into(office):
    store, li = office.store, office.li
    study_id, sample_id = office.sampled()
    drawn = office.numbers(sample_id)
    goes, other = drawn[:2]
    stays = next(one for one in live(office) if one not in [*drawn, *office.refusing])
    fieldwork.hand_out(store, li, sample_id, "phone", [goes])
    stays_id, _ = merge(office, stays, goes)
    lines = told(office, sample_id)
    assert list(lines) == [stays, *drawn[1:]]
    assert (lines[stays].customer_id, lines[stays].waves) == (stays_id, 1)
    assert fieldwork.hand_out(store, li, sample_id, "phone").units == 5
    listed = fieldwork_lists.make(store, office.zhou, sample_id, "en", "csv").data.decode("utf-8-sig")
    assert [row[0] for row in csv.reader(StringIO(listed))][1:] == [stays, *drawn[1:]]
    due, done = fieldwork.to_remind(store, study_id, today(store)), fieldwork.remind(store, li, sample_id, "web")
    assert due == done.units == 6
    fieldwork.enter(store, li, sample_id, goes, "not_reached")
    assert told(office, sample_id)[stays].disposition == "not_reached", "its number leads there"
    assert fieldwork.remind(store, li, sample_id, "phone", [goes, stays]).units == 1, "one is asked once"
    record_id = office.answer(goes)
    line = told(office, sample_id)[stays]
    assert (line.disposition, line.record_id) == ("complete", record_id)
    assert fieldwork.to_remind(store, study_id, today(store)) == 5
    fieldwork.enter(store, li, sample_id, other, "refused")


def test_of_two_drawn_customers_that_are_one_the_answer_counts_once(office):
    """Of six drawn four are left: one answered and was merged with one that refused, one with one that said nothing."""
    store, li = office.store, office.li
    study_id, sample_id = office.sampled()
    a, b, c, d, *_ = office.numbers(sample_id)
    fieldwork.hand_out(store, li, sample_id, "phone")
    answers = [office.answer(number) for number in (a, c)]
    fieldwork.enter(store, li, sample_id, b, "refused")
    merge(office, b, a)
    merge(office, c, d)
    office.answer(c)
    lines = told(office, sample_id)
    assert len(lines) == 4
    assert [(lines[one].disposition, lines[one].record_id) for one in (b, c)] == [
        ("complete", answers[0]), ("complete", answers[1]),
    ]  # fmt: skip
    (whole,) = fieldwork.rates(store, office.manager, sample_id)
    assert (whole.drawn, whole.returns.sent, whole.returns.returned, whole.returns.valid) == (4, 4, 2, 2)
    assert fieldwork.to_remind(store, study_id, today(store)) == 2


def test_a_merged_customer_is_found_in_the_frame_of_a_quota_sample(office):
    store, li = office.store, office.li
    _, sample_id = office.sampled(Design(method="quota", strata_by="province", size=4))
    goes, stays = live(office)[0], office.refusing[0]
    office.agree([stays])
    merge(office, stays, goes)
    assert fieldwork.hand_out(store, li, sample_id, "phone", [goes, stays]).units == 1
    assert list(told(office, sample_id)) == [stays]
    with pytest.raises(BadInput, match="not in this sample"):
        fieldwork.hand_out(store, li, sample_id, "phone", [office.refusing[1]])


def test_valid_is_complete_and_not_rejected_on_the_page_and_in_the_report(office):
    """Three of five came back: a whole answer that was rejected, a whole one of two who are one, one broken off."""
    store, li = office.store, office.li
    study_id, sample_id = office.sampled()
    fieldwork.hand_out(store, li, sample_id, "phone")
    rejected, whole, broken_off, same, *_ = office.numbers(sample_id)
    reviews.decide(store, office.zhou, office.answer(rejected), 1, "reject", "答卷不实")
    office.answer(whole)
    office.answer(broken_off)
    fieldwork.enter(store, li, sample_id, broken_off, "partial")
    merge(office, same, whole)
    (found,) = fieldwork.rates(store, li, sample_id)
    assert (found.drawn, found.returns.returned, found.returns.valid) == (5, 3, 1)
    assert str(found.returns.valid_rate) == "33.3"
    study_steps.take(store, office.zhou, study_id, "fieldwork")
    publishing.publish(store, SERVICE)
    surveys = Surveys(lake.open(store.site))
    assert surveys.studies
    for study in surveys.studies:
        made = survey_results.result(surveys, study, today(store), 5)
        row = store.row(
            "SELECT sample_id FROM sample JOIN study USING (study_id) WHERE study.number = ?", [study.study]
        )
        (page,) = fieldwork.rates(store, li, row["sample_id"])
        there = page.returns
        told = (page.drawn, there.sent, there.returned, there.valid, there.return_rate, there.valid_rate)
        assert survey_rows.response(made).cells[2:8] == told
        by_channel = fieldwork.rates(store, li, row["sample_id"], "channel")
        assert [one.cells[:2] for one in survey_rows.by_channel(made)] == [
            (one.returns.sent, one.returns.valid) for one in sorted(by_channel, key=_order)
        ]


def _order(group):
    return survey_rows.CHANNELS.index(group.code)
