"""The pages of studies by their buttons: a study begun, a sample designed and drawn, questionnaires out and back."""

import json

import pytest

from custinfo.actions import samples, sessions, studies
from custinfo.actions.delegations import today
from custinfo.domain.people import Role
from custinfo.domain.sensitivity import Level
from custinfo.screens import showing
from custinfo.screens import studies as screen
from custinfo.screens.context import Page
from tests.factories import PASSWORD, account, site_with_forms
from tests.screens.conftest import Browser
from tests.study_sites import FORM, TO_SAMPLING, Office

DESIGN = {
    "customer_type": "", "province": "", "section": "", "department": "", "method": "stratified", "strata_by": "province",
    "clusters_by": "", "allocation": "proportional", "confidence": "95", "margin": "5", "proportion": "50",
    "design_effect": "1", "response": "100", "size": "6", "clusters": "", "within": "", "least": "", "facts": "",
}  # fmt: skip


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    with site_with_forms(tmp_path_factory.mktemp("studies") / "site") as store:
        yield Office(store)


@pytest.fixture
def visit(office):
    def opened(person, path, language="en"):
        session = sessions.log_in(office.store, person.login_name, PASSWORD)
        page = Page(office.store, office.store.site, session, language, path, {})
        browser = Browser(showing.screen(page, screen.build))
        return browser, json.dumps(browser.send(kind="hello"), ensure_ascii=False)

    return opened


def press(browser, name, value=None):
    """What came back: the answer, and what it says."""
    answer = browser.send(kind="event", name=name, value=value)
    return answer, json.dumps(answer, ensure_ascii=False)


def refused(answer):
    return answer["kind"] not in ("sheet", "go", "download")


def step(browser, name, **more):
    return press(browser, "step", {"about": name, "note": "", **more})


def test_from_the_list_to_the_report(office, visit):
    store, zhou = office.store, office.zhou
    _, told = visit(account(store, Role.SUPERVISOR, department="新设部门"), "/studies")
    assert "There is no survey proposal without a study" in told
    number = office.proposal()
    page, told = visit(zhou, "/studies")
    assert f"{number} 华南区客户满意度抽样调查" in told and "Customer satisfaction survey" in told
    answer, _ = press(page, "begin", {"proposal": number, "form": FORM})
    path = answer["href"]
    desk, told = visit(zhou, path)
    assert "proposal approved" in told and "1. Problem" in told
    step(desk, "problem")
    _, told = step(desk, "collection")
    assert "telephone; simple random; 500 units planned" in told
    assert "questions, about" in told, "the search for overlaps is shown where the questionnaire is made"
    _, told = step(desk, "questionnaire", note="题目已核对")
    assert "题目已核对" in told and "Design of the sample" in told
    answer, told = press(desk, "plan", DESIGN)
    assert "6 answers are needed: 6 of 12 units are asked. 2 customers did not agree" in told
    assert samples.of_study(store, zhou, path.rpartition("/")[2]) == [], "nothing is drawn before one says so"
    _, told = press(desk, "draw", {"reason": "", "seed": "2026"})
    assert "Sample 1" in told and '"2026"' in told
    (sample,) = samples.of_study(store, zhou, path.rpartition("/")[2])
    _, told = press(desk, "verify", sample.sample_id)
    assert "the same units" in told
    step(desk, "sampling")
    interviewer, told = visit(office.li, path)
    assert "Enter what was handed out" in told
    _, told = press(interviewer, "hand_out", {"channel": "web", "on": "", "numbers": ""})
    assert '"Web"' in told
    first, second = office.numbers(sample.sample_id)[:2]
    office.answer(first)
    outcome = {"number": second, "disposition": "refused", "channel": "phone", "on": "", "note": "请勿再访"}
    _, told = press(interviewer, "enter", outcome)
    assert "16.7%" in told, "one of six came back"
    assert "请勿再访" in told
    assert refused(press(interviewer, "enter", outcome | {"disposition": "complete"})[0])
    assert refused(press(interviewer, "remind", {"channel": "web", "on": "yesterday", "numbers": ""})[0])
    _, told = press(
        interviewer, "remind", {"channel": "phone", "on": "", "numbers": f"{office.numbers(sample.sample_id)[2]}，"}
    )
    _, told = press(interviewer, "show", {"only": "refused"})
    assert second in told and first not in told
    desk, told = visit(zhou, path)
    answer, _ = press(desk, "list", {"format": "csv"})
    assert answer["kind"] == "download"
    _, told = step(desk, "fieldwork")
    assert "List for interviewers" not in told, "nobody is asked any more"
    step(desk, "processing")
    assert refused(step(desk, "report", report="")[0])
    _, told = step(desk, "report", report="YB2026-01")
    assert "YB2026-01" in told and "reported" in told
    _, told = visit(office.manager, "/studies", "zh-CN")
    assert "已提交报告" in told


def test_what_cannot_be_read_or_drawn_is_said_in_the_readers_language(office, visit):
    study_id = office.study(*TO_SAMPLING)
    desk, _ = visit(office.zhou, f"/studies/{study_id}", "zh-CN")
    for wrong in (
        {"margin": "five"}, {"size": "2.5"}, {"size": "inf"}, {"facts": "320000"}, {"facts": "320000;x;y"}, {"method": "magic"},
        {"province": "990000"}, {"strata_by": "value_grade"}, {"method": "cluster"}, {"size": "-1"}, {"confidence": "", "size": ""},
    ):  # fmt: skip
        answer, told = press(desk, "plan", DESIGN | wrong)
        assert refused(answer) and any("\u4e00" <= one <= "\u9fff" for one in told), wrong
    for wrong, words in (
        ({"margin": "-3"}, "允许误差为 -3%，应在 0.01% 与 100% 之间"), ({"margin": "1e-198"}, "允许误差为 1e-198%"),
        ({"confidence": "99.99999999999999"}, "置信度为 99.99999999999999%，应在 50% 与 99.99% 之间"),
        ({"design_effect": "1e308"}, "设计效应为 1e+308，应在 0.1 与 100 之间"), ({"response": "nan"}, "预计回收率为 nan%"),
        ({"allocation": "cost_optimal", "facts": "320000; 1e308; 1e-300"}, "层“320000”的单位费用为 1e-300"),
        ({"least": "0"}, "每层最低数为 0"), ({"size": "1"}, "样本量 1 无法分配到各层"),
        ({"method": "cluster", "clusters_by": "province", "clusters": "1", "within": "0"}, "每群单位数为 0"),
    ):  # fmt: skip
        answer, told = press(desk, "plan", DESIGN | {"size": ""} | wrong)
        assert refused(answer) and words in told, told
    assert not (office.store.site.home / "log" / "incidents.log").exists(), "none of these is a defect"
    assert press(desk, "draw", {"reason": "", "seed": ""})[0] is None or samples.newest(office.store, study_id) is None
    press(desk, "plan", DESIGN | {"allocation": "neyman", "facts": "320000；6；1\n\n"})
    press(desk, "draw", {"reason": "", "seed": ""})
    clusters = {"method": "cluster", "clusters_by": "province", "clusters": "1", "margin": "30", "size": ""}
    _, told = press(desk, "plan", DESIGN | clusters)
    assert "抽取 1 个群，应调查 3 至 9 个单位，平均 6 个（抽样框 12 个）" in told
    press(desk, "plan", DESIGN | clusters | {"within": "2"})
    assert refused(press(desk, "draw", {"reason": " ", "seed": ""})[0]), "another sample needs a reason"


def test_a_step_is_taken_back_and_a_study_broken_off_with_the_reason(office, visit):
    study_id = office.study("problem")
    desk, _ = visit(office.zhou, f"/studies/{study_id}")
    assert refused(press(desk, "take_back", {"reason": ""})[0])
    _, told = press(desk, "take_back", {"reason": "<b>wrong</b>"})
    assert "<b>wrong</b>" in told
    _, told = press(desk, "stop", {"reason": "no money"})
    assert "broken off" in told and "no money" in told
    assert "Take back" not in told


def test_each_sees_what_is_theirs_to_do(office, visit):
    study_id, sample_id = office.sampled()
    reader, told = visit(office.manager, f"/studies/{study_id}")
    for words in ("Enter what was handed out", "List for interviewers", "end the fieldwork"):
        assert words not in told
    assert refused(step(reader, "fieldwork")[0])
    assert refused(press(reader, "hand_out", {"channel": "web", "on": "", "numbers": ""})[0])
    interviewer, told = visit(office.li, f"/studies/{study_id}")
    assert "List for interviewers" not in told
    assert refused(press(interviewer, "list", {"format": "csv"})[0])
    outsider = account(office.store, Role.SYSTEM_ADMINISTRATOR, login_name="luo")
    for path in ("/studies", f"/studies/{study_id}", "/studies/ST-nothing"):
        _, told = visit(outsider, path)
        assert "华南区" not in told
    _, told = visit(office.zhou, "/studies/ST-nothing")
    assert "There is no such study" in told
    stranger = account(office.store, Role.RESEARCHER, login_name="far", department="别的部门")
    _, told = visit(stranger, f"/studies/{study_id}")
    assert not [one for one in office.numbers(sample_id) if one in told], "no customer out of scope is named"


def test_who_is_not_cleared_for_the_proposal_sees_that_there_is_a_study(office, visit):
    study_id = office.study("problem", "collection")
    number = studies.row(office.store, study_id)["number"]
    less = account(office.store, Role.RESEARCHER, login_name="less", clearance=Level.PUBLIC)
    hidden = ("华南区客户满意度抽样调查", "客户服务部", "500 units planned", f"due on {today(office.store)}")
    _, told = visit(office.li, f"/studies/{study_id}")
    assert number in told and all(words in told for words in hidden)
    for path in ("/studies", f"/studies/{study_id}"):
        _, told = visit(less, path)
        assert number in told and not [words for words in hidden if words in told], path


def test_a_step_says_what_it_took_over_of_an_amended_proposal(office, visit):
    study_id = office.study()
    with office.store.act("x", "test.write", "test", "") as tx:
        tx.update("study", study_id, {"title": "原来的名称", "ends_on": "2026-01-01"})
    desk, told = visit(office.zhou, f"/studies/{study_id}", "zh-CN")
    assert "华南区客户满意度抽样调查" in told and "原来的名称" not in told
    _, told = step(desk, "problem")
    assert "已采用立项书第 1 版：结束日期, 名称" in told
