"""What studies tell to whom: levels of the proposal, strata, consents that ended today, and the person's own answer."""

from datetime import UTC, datetime, time, timedelta

import pytest

from custinfo.actions import (
    approvals,
    consents,
    drafts,
    fieldwork,
    forms,
    record_levels,
    sample_frames,
    samples,
    studies,
    study_due,
    study_steps,
    subject_data,
)
from custinfo.actions.delegations import today
from custinfo.actions.sample_frames import Chosen
from custinfo.actions.samples import Design, draw
from custinfo.domain.errors import WrongState
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.people import Role
from custinfo.domain.sensitivity import Level
from custinfo.reports import subject_answers
from tests import source_forms
from tests.factories import PASSWORD, account, site_with_forms, submit
from tests.study_sites import TO_SAMPLING, Office

TITLE = "华南区客户满意度抽样调查"
PROVINCES = {"320000": 3, "440000": 9}


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    with site_with_forms(tmp_path_factory.mktemp("privacy") / "site") as store:
        yield Office(store)


@pytest.fixture(scope="module")
def outsider(office):
    """A researcher of another department who is cleared for nothing."""
    return account(office.store, login_name="far", department="别的部门", clearance=Level.PUBLIC)


def approve(office, record_id):
    for person in (office.head, office.manager):
        case = approvals.of(office.store, "record", record_id)
        approvals.decide(office.store, person, case.case_id, "approve", case.sha256, password=PASSWORD)


def amend(office, record_id, **answers):
    """A new version of the proposal with these answers, by the end of their place."""
    store, who = office.store, office.li
    draft = drafts.start(store, who, "survey_proposal", record_id=record_id)
    form = forms.load(store, "survey_proposal", draft.form_version)
    session = forms.session(store, form, draft.instance, actor=who, record_id=record_id)
    refs = {ref.rpartition("/")[2]: ref for ref in form.control_of}
    source_forms.fill(session, {refs[name]: value for name, value in answers.items()})
    first = refs[next(iter(answers))]
    drafts.save(store, who, draft.draft_id, session.instance, first, saves=draft.saves)
    submit(store, who, draft.draft_id, f"amend {draft.draft_id}")


class TestAmendments:
    def test_a_study_follows_the_proposal_once_that_is_approved(self, office):
        store, zhou, day = office.store, office.zhou, today(office.store)
        study_id = office.study(*TO_SAMPLING, approved=False)
        record_id = studies.row(store, study_id)["proposal_id"]
        longer = day + timedelta(days=15)
        amend(office, record_id, title="更名后的调查", ends_on=str(longer), report_due_on=str(longer))
        assert studies.read(store, zhou, study_id).title == TITLE, "what nobody approved changes no study"
        approve(office, record_id)
        made = studies.read(store, zhou, study_id)
        assert (made.title, made.ends_on, made.due_on("report")) == ("更名后的调查", longer, longer)
        draw(store, zhou, study_id, Design(Chosen(), size=2))
        study_steps.take(store, zhou, study_id, "sampling")
        told = studies.read(store, zhou, study_id).last("sampling").evidence
        assert told["proposal_version"] == 2
        assert told["taken_over"] == ["ends_on", "report_due_on", "title"]
        kept = studies.row(store, study_id)
        assert (kept["title"], kept["ends_on"], kept["starts_on"]) == ("更名后的调查", str(longer), str(day))

    def test_fieldwork_that_was_approved_to_go_on_is_not_called_late(self, office):
        store, zhou, day = office.store, office.zhou, today(office.store)
        study_id, _ = office.sampled()

        def due(on):
            return [one.due_on for one in study_due.due_rows(store, zhou, on) if study_id in one.link]

        ends, longer = day + timedelta(days=10), day + timedelta(days=15)
        assert due(ends) == [ends]
        record_id = studies.row(store, study_id)["proposal_id"]
        amend(office, record_id, ends_on=str(longer), report_due_on=str(longer))
        assert due(ends) == [ends]
        with pytest.raises(WrongState, match="not approved"):
            study_steps.take(store, zhou, study_id, "fieldwork")
        approve(office, record_id)
        assert due(ends) == []
        assert due(longer) == [longer]


class TestLevels:
    def test_answers_of_the_proposal_stay_with_who_may_see_them(self, office, outsider):
        store = office.store
        study_id = office.study("problem", "collection")
        seen = studies.read(store, office.li, study_id)
        assert (seen.title, seen.department, seen.starts_on) == (TITLE, "客户服务部", today(store))
        assert seen.last("collection").evidence["planned_sample"] == "500"
        (listed,) = [one for one in studies.listed(store, outsider) if one.study_id == study_id]
        assert listed == studies.read(store, outsider, study_id)
        assert (listed.title, listed.purpose, listed.department) == ("", "", "")
        assert (listed.starts_on, listed.ends_on, listed.report_due_on) == (None, None, None)
        assert listed.due_on("report") is None
        assert listed.last("collection").evidence == {"proposal": listed.proposal}
        assert (listed.number, listed.state) == (seen.number, "method_chosen"), "that there is a study, everybody knows"

    def test_a_proposal_of_level_one_makes_a_study_of_level_one(self, office):
        store = office.store
        study_id = office.study("problem")
        cleared_less = account(store, Role.SUPERVISOR, clearance=Level.INTERNAL)
        assert studies.read(store, cleared_less, study_id).title == TITLE
        record_levels.set(store, office.head, studies.row(store, study_id)["proposal_id"], Level.SECRET, "并购对象")
        assert studies.read(store, cleared_less, study_id).title == ""
        assert studies.read(store, office.zhou, study_id).title == TITLE

    def test_what_waits_is_named_by_its_number_alone(self, office):
        store, day = office.store, today(office.store)
        study_id = office.study("problem")
        number = studies.row(store, study_id)["number"]
        less = account(store, Role.DEPARTMENT_HEAD, login_name="less", clearance=Level.PUBLIC)
        for who, title in ((office.head, TITLE), (less, "…")):
            (row,) = [one for one in study_due.department_rows(store, who, day) if study_id in one.link]
            assert row.text("en") == f"Study {number}: choose the method of collection ({title})"

    def test_how_many_are_in_each_stratum_is_not_told_to_who_may_not_see_it_of_one(self, office, outsider):
        store = office.store
        study_id, sample_id = office.sampled()
        (known,) = samples.of_study(store, office.li, study_id)
        assert known.strata == PROVINCES
        (hidden,) = samples.of_study(store, outsider, study_id)
        assert (hidden.strata, hidden.sizes, hidden.units) == ({}, {}, 6)
        assert [one.code for one in fieldwork.rates(store, office.li, sample_id, "stratum")] == list(PROVINCES)
        assert fieldwork.rates(store, outsider, sample_id, "stratum") == []
        assert fieldwork.rates(store, outsider, sample_id)[0].drawn == 6

    def test_strata_by_grade_are_told_to_readers_of_the_lake(self, office, monkeypatch):
        store, boss = office.store, account(office.store, Role.INFORMATION_ADMINISTRATOR)
        classes = {office.id_of(number): "AB"[place % 2] for place, number in enumerate(office.customers)}
        monkeypatch.setattr(sample_frames, "_grades", lambda *_: classes)
        study_id = office.study(*TO_SAMPLING)
        sample_id = draw(store, boss, study_id, Design(Chosen(), "stratified", "value_grade", size=4))
        for who, strata in ((boss, {"A": 6, "B": 6}), (office.zhou, {})):
            assert samples.of_study(store, who, study_id)[0].strata == strata
            assert [one.code for one in fieldwork.rates(store, who, sample_id, "stratum")] == list(strata)


def test_a_consent_ends_when_its_day_begins_here(office, monkeypatch):
    """Eight hours earlier than in Greenwich: at one in the morning nobody is drawn, asked or listed any more."""
    store, ends = office.store, today(office.store) + timedelta(days=1)
    _, sample_id = office.sampled()
    first = office.numbers(sample_id)[0]
    with store.act("service", "test.agree", "test", "") as tx:
        said = {"entity_id": office.id_of(first), "kind": "given", "purpose": "survey", "channel": "phone"}
        said |= {"happened_on": str(today(store)), "recorded_at": tx.at, "recorded_by": "service"}
        tx.insert("consent_event", said | {"expires_on": str(ends)})
    try:
        before = sample_frames.build(store, office.zhou, Chosen())
        one_o_clock = datetime.combine(ends, time(1), store.site.zone).astimezone(UTC)
        assert one_o_clock.date() < ends
        monkeypatch.setattr(consents, "utc_now", lambda: one_o_clock)
        assert not consents.allowed(store, office.id_of(first), "survey")
        now = sample_frames.build(store, office.zhou, Chosen())
        assert (len(now.units), now.left_out) == (len(before.units) - 1, before.left_out + 1)
        done = fieldwork.hand_out(store, office.li, sample_id, "web")
        assert (done.units, done.stopped) == (5, 1)
    finally:
        office.agree([first])


class TestOwnAnswer:
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_a_person_is_told_of_each_survey_they_could_have_been_asked_in(self, office, language):
        store, day = office.store, today(office.store)
        study_id, sample_id = office.sampled()
        study = studies.read(store, office.zhou, study_id)
        asked = office.numbers(sample_id)
        fieldwork.hand_out(store, office.li, sample_id, "phone", asked[:1])
        fieldwork.enter(store, office.li, sample_id, asked[0], "refused", note="说家人生病，li 某 改日再打")
        told = self.of(office, asked[0], language)
        (mine,) = [one for one in told["surveys"] if one["study"] == study.number]
        assert (mine["title"], mine["drawn"], mine["sample"]) == (TITLE, True, 1)
        assert mine["chance"] in ("2/3", "4/9"), "two of three, four of nine"
        assert mine["stratum"] in ("江苏省", "广东省", "Jiangsu", "Guangdong")
        entries = [(one["kind"], one["channel"], one["disposition"], one["happened_on"]) for one in mine["entries"]]
        assert entries == [("handed_out", "phone", "", str(day)), ("outcome", "phone", "refused", str(day))]
        assert mine["entries"][1]["note"] == "说家人生病，＊＊＊ 改日再打", "the staff's names are not theirs"
        (others,) = [one for one in self.of(office, asked[1], language)["surveys"] if one["study"] == study.number]
        assert (others["drawn"], others["entries"]) == (True, []), "and nothing of what another said"
        page = subject_answers.page({**told, **HEAD}, language).decode()
        for words in (study.number, TITLE, "说家人生病", {"en": "refused", "zh-CN": "拒"}[language]):
            assert words in page

    def test_who_could_have_been_drawn_is_told_that_too_and_who_could_not_nothing(self, office):
        study_id, sample_id = office.sampled()
        number = studies.row(office.store, study_id)["number"]
        drawn = office.numbers(sample_id)
        idle = next(one for one in office.customers if one not in [*drawn, *office.refusing])
        (mine,) = [one for one in self.of(office, idle)["surveys"] if one["study"] == number]
        assert (mine["drawn"], mine["chance"], mine["entries"]) == (False, None, [])
        assert self.of(office, office.refusing[0])["surveys"] == []

    def of(self, office, number, language="en"):
        return subject_data.gather(office.store, office.id_of(number), language).data


HEAD = {"format": "x", "request": "SR1", "made_at": "", "from": "x", "notice": {"version": 1, "text": ""}}
