"""The register of what was handed out and came back, rates by channel and stratum, lists for interviewers (R77)."""

import csv
from datetime import timedelta
from fractions import Fraction
from io import BytesIO, StringIO

import openpyxl
import pytest

from custinfo.actions import export_register, fieldwork, fieldwork_lists, sample_frames, study_steps
from custinfo.actions.delegations import today
from custinfo.actions.sample_frames import Chosen
from custinfo.actions.samples import Design
from custinfo.domain.errors import BadInput, NotAllowed, WrongState
from custinfo.domain.people import Role
from custinfo.domain.sensitivity import Level
from tests.factories import account, site_with_forms
from tests.study_sites import SIX, TO_SAMPLING, Office


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    with site_with_forms(tmp_path_factory.mktemp("fieldwork") / "site") as store:
        yield Office(store)


def told(office, sample_id):
    """The register by customer number."""
    _, lines = fieldwork.listed(office.store, office.zhou, sample_id)
    return {one.number: one for one in lines}


def test_from_the_first_questionnaire_to_the_rates(office):
    store, li, day = office.store, office.li, today(office.store)
    _, sample_id = office.sampled()
    a, b, c, d, e, f = asked = office.numbers(sample_id)
    assert {one.disposition for one in told(office, sample_id).values()} == {""}
    fieldwork.hand_out(store, li, sample_id, "web", [a, b, c, d])
    fieldwork.hand_out(store, li, sample_id, "paper", [e])
    record_id = office.answer(a)
    office.answer(f)  # it was not handed the questionnaire: not an answer to this study
    fieldwork.enter(store, li, sample_id, b, "refused", note="不便回答")
    assert fieldwork.remind(store, li, sample_id, "phone").units == 3, "c, d and e were not heard of"
    late = office.answer(c)
    fieldwork.enter(store, li, sample_id, d, "not_eligible")
    lines = told(office, sample_id)
    assert list(lines) == asked
    assert [lines[one].disposition for one in asked] == [
        "complete", "refused", "complete", "not_eligible", "unknown_other", "",
    ]  # fmt: skip
    assert (lines[a].record_id, lines[c].record_id, lines[f].record_id) == (record_id, late, None)
    assert (lines[c].channel, lines[c].waves, lines[c].returned_on) == ("phone", 2, day)
    assert (lines[e].channel, lines[e].handed_out_on, lines[f].handed_out_on) == ("phone", day, None)
    (whole,) = fieldwork.rates(store, office.manager, sample_id)
    assert (whole.drawn, whole.returns.sent, whole.returns.returned, whole.returns.valid) == (6, 5, 2, 2)
    assert str(whole.returns.return_rate) == "40.0"
    # RR1: 2 of those that may belong: 2 complete + 1 refused + 2 unknown (e, and f who was never asked)
    assert whole.rates.rr1 == Fraction(2, 5)
    # RR3: of the unknown only the eligible share, 3 of 4 known, belongs: 2 / (3 + 0.75 × 2)
    assert whole.rates.rr3 == Fraction(2) / Fraction(9, 2)
    by_channel = {
        one.code: (one.returns.sent, one.returns.valid) for one in fieldwork.rates(store, li, sample_id, "channel")
    }
    assert by_channel == {"phone": (3, 1), "web": (2, 1)}
    by_stratum = {one.code: one.drawn for one in fieldwork.rates(store, li, sample_id, "stratum")}
    assert by_stratum == {"320000": 2, "440000": 4}


def test_what_was_entered_wrongly_is_set_right_by_a_later_entry(office):
    store, li = office.store, office.li
    study_id, sample_id = office.sampled()
    fieldwork.hand_out(store, li, sample_id, "face_to_face")
    number, other = office.numbers(sample_id)[:2]
    record_id = office.answer(number)
    office.answer(number)
    assert told(office, sample_id)[number].record_id == record_id, "the first answer counts"
    fieldwork.enter(store, li, sample_id, number, "partial", note="后半未答")
    line = told(office, sample_id)[number]
    assert (line.disposition, line.record_id) == ("partial", record_id)
    fieldwork.enter(store, li, sample_id, other, "refused")
    fieldwork.enter(store, li, sample_id, other, "not_reached", channel="phone", note="三次未接")
    assert told(office, sample_id)[other].note == "三次未接"
    assert (told(office, sample_id)[other].disposition, told(office, sample_id)[other].channel) == (
        "not_reached",
        "phone",
    )
    rows = store.rows("SELECT 1 FROM fieldwork WHERE sample_id = ?", [sample_id])
    assert len(rows) == 6 + 1 + 1 + 2, "every entry stays"
    with pytest.raises(WrongState, match="handed out"):
        study_steps.take_back(store, office.zhou, study_id, "重新抽样")


def test_an_answer_over_which_something_else_was_entered_is_linked_again(office):
    store, li = office.store, office.li
    _, sample_id = office.sampled()
    fieldwork.hand_out(store, li, sample_id, "phone")
    number, silent = office.numbers(sample_id)[:2]
    record_id = office.answer(number)
    fieldwork.enter(store, li, sample_id, number, "refused", note="误登")
    assert told(office, sample_id)[number].record_id is None
    fieldwork.enter(store, li, sample_id, number, "complete")
    line = told(office, sample_id)[number]
    assert (line.disposition, line.record_id, line.note) == ("complete", record_id, "")
    with pytest.raises(BadInput, match=f"No answers of {silent} are linked"):
        fieldwork.enter(store, li, sample_id, silent, "complete")


def test_a_whole_answer_after_a_partial_one_makes_it_complete(office):
    store, li = office.store, office.li
    _, sample_id = office.sampled()
    fieldwork.hand_out(store, li, sample_id, "phone")
    known, broken_off = office.numbers(sample_id)[:2]
    first = office.answer(known)
    for number in (known, broken_off):
        fieldwork.enter(store, li, sample_id, number, "partial")
    assert told(office, sample_id)[known].record_id == first
    assert fieldwork.remind(store, li, sample_id, "web", [known, broken_off]).units == 2
    whole = {number: office.answer(number) for number in (known, broken_off)}
    lines = told(office, sample_id)
    assert {number: (lines[number].disposition, lines[number].record_id) for number in whole} == {
        number: ("complete", record_id) for number, record_id in whole.items()
    }


def test_days_of_entries_lie_between_the_draw_and_today(office, monkeypatch):
    store, li, day = office.store, office.li, today(office.store)
    _, sample_id = office.sampled()
    a, b = office.numbers(sample_id)[:2]
    with pytest.raises(BadInput, match="before the sample was drawn"):
        fieldwork.hand_out(store, li, sample_id, "web", [a], day - timedelta(days=1))
    fieldwork.hand_out(store, li, sample_id, "web", [a])
    monkeypatch.setattr(fieldwork, "today", lambda _store: day + timedelta(days=3))
    fieldwork.hand_out(store, li, sample_id, "web", [b])
    for numbers, on in (([a], day - timedelta(days=1)), ([b], day), (None, day + timedelta(days=2))):
        with pytest.raises(BadInput, match="is not possible"):
            fieldwork.remind(store, li, sample_id, "web", numbers, on)
    assert fieldwork.remind(store, li, sample_id, "web", [a], day + timedelta(days=2)).units == 1
    assert told(office, sample_id)[a].asked_on == day + timedelta(days=2)


def test_who_withdrew_since_the_draw_is_neither_asked_nor_listed(office):
    store, day = office.store, today(office.store)
    study_id, sample_id = office.sampled()
    first, second = office.numbers(sample_id)[:2]
    office.agree([first], kind="withdrawn")
    try:
        done = fieldwork.hand_out(store, office.li, sample_id, "web")
        assert (done.units, done.stopped) == (5, 1)
        assert told(office, sample_id)[first].handed_out_on is None
        office.agree([second], kind="withdrawn")
        assert fieldwork.remind(store, office.li, sample_id, "phone", [second]).stopped == 1
        due, done = fieldwork.to_remind(store, study_id, day), fieldwork.remind(store, office.li, sample_id, "phone")
        assert due == done.units == 4, "whom nobody may remind is not due"
        made = fieldwork_lists.make(store, office.zhou, sample_id, "zh-CN")
        assert made.rows == 4
    finally:
        office.agree([first, second])


def test_wrong_entries_are_refused_and_nothing_is_kept(office):
    store, li, day = office.store, office.li, today(office.store)
    _, sample_id = office.sampled()
    a, b = office.numbers(sample_id)[:2]
    fieldwork.hand_out(store, li, sample_id, "web", [a])
    before = store.rows("SELECT count(*) AS n FROM fieldwork")
    outside = next(one for one in office.customers if one not in office.numbers(sample_id))
    later = day + timedelta(days=1)
    for ask in (
        lambda: fieldwork.hand_out(store, li, sample_id, "pigeon"),
        lambda: fieldwork.hand_out(store, li, sample_id, "web", [a]),
        lambda: fieldwork.hand_out(store, li, sample_id, "web", [b, outside]),
        lambda: fieldwork.hand_out(store, li, sample_id, "web", [b], later),
        lambda: fieldwork.remind(store, li, sample_id, "web", [b]),
        lambda: fieldwork.enter(store, li, sample_id, a, "complete"),
        lambda: fieldwork.enter(store, li, sample_id, a, "asleep"),
        lambda: fieldwork.enter(store, li, sample_id, b, "refused"),
        lambda: fieldwork.enter(store, li, sample_id, a, "refused", on=day - timedelta(days=1)),
        lambda: fieldwork.enter(store, li, sample_id, a, "refused", channel="drum"),
        lambda: fieldwork.enter(store, li, sample_id, a, "refused", note="\u202e"),
    ):
        with pytest.raises(BadInput):
            ask()
    assert store.rows("SELECT count(*) AS n FROM fieldwork") == before


def test_an_interviewer_sees_and_asks_only_their_own_department(office):
    store = office.store
    _, sample_id = office.sampled()
    stranger = account(store, Role.RESEARCHER, department="别的部门")
    assert fieldwork.listed(store, stranger, sample_id) == (0, [])
    assert fieldwork.hand_out(store, stranger, sample_id, "web").units == 0
    with pytest.raises(BadInput, match="not in this sample"):
        fieldwork.hand_out(store, stranger, sample_id, "web", office.numbers(sample_id)[:1])


def test_who_is_not_cleared_for_it_is_told_neither_name_nor_stratum(office):
    store = office.store
    _, sample_id = office.sampled()
    fieldwork.hand_out(store, office.li, sample_id, "web")
    fieldwork.enter(store, office.li, sample_id, office.numbers(sample_id)[0], "refused", note="老总出差")
    cleared_less = account(store, Role.SUPERVISOR, clearance=Level.PUBLIC)
    _, lines = fieldwork.listed(store, cleared_less, sample_id)
    assert {(one.label, one.stratum, one.note) for one in lines} == {("", "", "")}
    frame = sample_frames.build(store, cleared_less, Chosen(), "province")
    assert set(frame.strata()) == {"unknown"}


def test_quotas_fill_up_and_a_refusal_makes_room(office):
    store, li = office.store, office.li
    quota = Design(method="quota", strata_by="province", size=4)
    _, sample_id = office.sampled(quota)
    jiangsu = [one for place, one in enumerate(office.customers) if place % 4 == 3]
    fieldwork.hand_out(store, li, sample_id, "face_to_face", [jiangsu[0]])
    with pytest.raises(BadInput, match="its quota is 1"):
        fieldwork.hand_out(store, li, sample_id, "face_to_face", [jiangsu[1]])
    fieldwork.enter(store, li, sample_id, jiangsu[0], "refused")
    fieldwork.hand_out(store, li, sample_id, "face_to_face", [jiangsu[1]])
    with pytest.raises(BadInput, match="not in this sample"):
        fieldwork.hand_out(store, li, sample_id, "face_to_face", office.refusing[:1])
    units = store.rows("SELECT place, chance, base_weight FROM sample_unit WHERE sample_id = ?", [sample_id])
    assert sorted(one["place"] for one in units) == [1, 2]
    assert {(one["chance"], one["base_weight"]) for one in units} == {(None, None)}, "a quota sample has no chances"


def test_who_withdrew_takes_no_room_of_a_quota(office):
    store, li = office.store, office.li
    _, sample_id = office.sampled(Design(method="quota", strata_by="province", size=4))
    gone, later, third = [one for place, one in enumerate(office.customers[:12]) if place % 4 == 3]
    office.agree([gone], kind="withdrawn")
    try:
        done = fieldwork.hand_out(store, li, sample_id, "phone", [gone])
        assert (done.units, done.stopped) == (0, 1)
        assert office.numbers(sample_id) == [], "who is not asked is not put on the sample"
        done = fieldwork.hand_out(store, li, sample_id, "phone", [later, gone])
        assert (done.units, done.stopped) == (1, 1)
        office.agree([later], kind="withdrawn")
        assert fieldwork.hand_out(store, li, sample_id, "phone", [third]).units == 1, "nothing is awaited of them"
    finally:
        office.agree([gone, later])
    with pytest.raises(BadInput, match="handed the questionnaire before"):
        fieldwork.hand_out(store, li, sample_id, "phone", [third])
    places = store.rows("SELECT place FROM sample_unit WHERE sample_id = ? ORDER BY place", [sample_id])
    assert [one["place"] for one in places] == [1, 2]


def test_lists_leave_by_the_register_of_exports(office):
    store, zhou = office.store, office.zhou
    _, sample_id = office.sampled(SIX)
    made = fieldwork_lists.make(store, zhou, sample_id, "en")
    rows = list(openpyxl.load_workbook(BytesIO(made.data)).active.values)
    assert rows[0] == ("Number", "Name", "Address", "Telephone", "E-mail", "Stratum", "Asked on", "Outcome", "Export")
    assert [row[0] for row in rows[1:]] == office.numbers(sample_id)
    assert {row[5] for row in rows[1:]} == {"Jiangsu", "Guangdong"}
    assert rows[1][3] == "0755-08880001"
    plain = fieldwork_lists.make(store, zhou, sample_id, "zh-CN", "csv")
    assert len(list(csv.reader(StringIO(plain.data.decode("utf-8-sig"))))) == 7
    kept = export_register.listed(store, account(store, Role.INFORMATION_ADMINISTRATOR)).rows[:2]
    assert [(one.what, one.object_id, one.rows, one.purpose, str(one.tier)) for one in kept] == [
        ("fieldwork_list", sample_id, 6, "survey", "identified")
    ] * 2
    assert kept[0].export_id in plain.data.decode("utf-8-sig")
    with pytest.raises(NotAllowed):
        fieldwork_lists.make(store, office.li, sample_id, "en")


def test_nothing_is_handed_out_before_the_sample_is_settled(office):
    from custinfo.actions import samples

    study_id = office.study(*TO_SAMPLING)
    sample_id = samples.draw(office.store, office.zhou, study_id, SIX)
    for ask in (
        lambda: fieldwork.hand_out(office.store, office.li, sample_id, "web"),
        lambda: fieldwork_lists.make(office.store, office.zhou, sample_id, "en"),
    ):
        with pytest.raises(WrongState, match="not settled"):
            ask()


def test_no_list_leaves_once_the_study_is_broken_off(office, monkeypatch):
    store, zhou = office.store, office.zhou
    study_id, sample_id = office.sampled()
    before = store.rows("SELECT count(*) AS n FROM export_event")

    def broken_off_meanwhile(headings, lines):
        study_steps.stop(store, zhou, study_id, "经费取消")
        return b""

    monkeypatch.setattr(fieldwork_lists, "_csv", broken_off_meanwhile)
    for ask in (
        lambda: fieldwork_lists.make(store, zhou, sample_id, "en", "csv"),
        lambda: fieldwork_lists.make(store, zhou, sample_id, "en"),
        lambda: export_register.ask_approval(store, zhou, fieldwork_lists.order(sample_id)),
    ):
        with pytest.raises(WrongState, match="was broken off"):
            ask()
    assert store.rows("SELECT count(*) AS n FROM export_event") == before
