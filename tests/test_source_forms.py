"""The forms of the sources: every field and mark that they name, and each of their rules, by the form's tables alone."""

import re
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from random import Random

import pytest

from custinfo.actions import drafts, due, forms, rule_lists
from custinfo.actions.formats import FORMATS
from custinfo.domain import codelists, datasets
from custinfo.xforms import RefusedAnswer, Session, Unfinished, form_check
from tests.factories import account, card, code_for, draft_of, site_with_forms
from tests.factories import submit as submit_draft
from tests.source_forms import FORMS, day, fill, filled

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=timezone(timedelta(hours=8)))
TODAY = NOW.date()
ASKED = {
    "guest_collection": "就餐习惯=dining_habits 就餐信息其他=dining_other 习惯接待人=receptionist ※就餐档次=dining_class ※消费频次=frequency "
    "※角色=roles ※是否签单=signs_for_bills ※消费原因=reasons 曾建议内容=suggestions 价值信息其他=value_other 附属客户关系=relation "
    "附属客户姓名=companion_name 附属客户工作=companion_work 附属客户生活=companion_life 附属客户就餐=companion_dining "
    "附属客户价值=companion_value 附属客户的附属客户=second_name 附属于=attached_to 纪念日=occasion 历法=calendar 其他纪念日=occasion_other "
    "提醒=reminder 曾经投诉内容=complained_about 管理信息其他=management_other 备注=remarks 餐位图=seat 单位=employer 称呼=salutation "
    "收集方法=methods 验证=verification",
    "intention_card": "姓名=name 性别=gender 年龄=age 单位=employer 地址=address 从事行业=trade 联系电话=phone 现用车辆=present_vehicle "
    "其他联系方式=other_contact 欲购车型=model 颜色=colour 配置=configuration 对比车型=compared_models 购车预算=budget 购买方式=purchase "
    "购车用途=use 信息来源=information_source 有利条件=advantages 不利条件=disadvantages 资源协助=help_needed 建卡日期=card_made_on "
    "首次接待日期=first_reception_on A卡编号=card_no 回访日期=contacted_on 首次接待概况=first_reception 意向级别=level 主管审核=supervisor "
    "下次回访计划=next_contact_on 访问记录=contact_summary 回访方式=contacted_by 主要异议诉求=objections 最终结果=outcome",
    "visit_daily_report": "分公司=branch 业务员=salesperson 日期=report_on 客户=customer_name 何人陪同=accompanied_by 转送部门=forward_to",
    "information_card": "提供者=provider_name 公司外部=organisation 类别=category 信息源=source 搜集方法=method 传递方式=transfer 内容=content "
    "重要信息=important 信息报告=reported_to 评价内容=content_grade 可信度=credibility 使用价值=usefulness 分发=sent_to 签收=received_by "
    "奖励=reward_amount 推荐=recommended_by 核准=approved_by 发放=paid_on",
    "price_approval": "品名=product 规定售价=list_price 售价=proposed_price 事先或事后=timing 无法事先呈报=why_not_before 向分公司经理陈述=stated_to "
    "副经理核签=decided_by",
    "cross_region_sale": "使用地址=use_address 工程名称=project 品名=product 数量=quantity 单价=unit_price 交期=delivered_on 使用者=user "
    "建议向所属分公司采购=advised",
    "complaint": "受理=received_at 渠道=channel 内容=content 处理=measures 责任部门=department 反馈=fed_back_on 满意=satisfaction",
    "credit_report": "公司概况=company_name 名称=company_name 地址=registered_address 法律形式=legal_form 注册资本=registered_capital 所有权=owner_name "
    "经营范围=scope 所属行业=trade 注册日期=established_on 经营年限=years 内部组织机构=unit_name 主要管理者=manager_name "
    "股东=owner_name 管理层=manager_name 财务状况=debt_ratio 银行信用=credit_line 付款记录=on_time "
    "经营情况=products 实地调查结果=site_findings 关联企业=related_name 关联方交易=related_deal 公共记录=public_kind 媒体披露=media_content "
    "评语=media_comment 总体评价=assessment 授信建议=credit 类别=customer_class 趋势=trend 购买模式与偏好=buying 品格=character 能力=capacity "
    "资本=capital 担保品=collateral 环境状况=conditions",
    "survey_proposal": "依据=grounds 职能分工=within_function 调查目的=purpose 资料用户=user_name 被调查者负担=respondent_hours "
    "基层负担=interviewer_days_total 经费保障=funds_secured 方法论证=why_method 样本量=sample 备选方法=alternative_method 查重=searched "
    "重复=overlap_source 题量=questions 矛盾=consistent 重大项目=major 论证=review_verdict 试点=pilot 统一标准=standards",
}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with site_with_forms(tmp_path_factory.mktemp("sources") / "site") as opened:
        yield opened


def session(store, form_id, **changed):
    """The form as filled in on the 20th of November 2026; `changed` by the question's name, "" for no answer."""
    form = forms.load(store, form_id)
    opened = Session(form, formats=FORMATS, clock=lambda: NOW)
    answers = filled(form_id, TODAY)
    for name, value in changed.items():
        [ref] = [place for place, node in form.nodes.items() if node.name == name and place in form.control_of]
        known = next((place for place in answers if re.sub(r"\[\d+\]", "", place) == ref), None)
        answers[known or first_round(form, ref)] = value
    order = list(form.nodes)
    for ref in sorted(answers, key=lambda ref: order.index(re.sub(r"\[\d+\]", "", ref))):
        with suppress(RefusedAnswer):  # what the changed answers hide takes no answer
            fill(opened, {ref: answers[ref]})
    return opened


def first_round(form, ref):
    """The ref in the first round of each repeat."""
    steps = ref.split("/")
    for place in range(len(steps), 1, -1):
        node = form.nodes["/".join(steps[:place])] if place > 1 else None
        if node is not None and node.repeat:
            steps[place - 1] += "[1]"
    return "/".join(steps)


def verdicts(opened):
    """What stands in the way: question name → rule."""
    return {problem.ref.rpartition("/")[2]: problem.rule for problem in opened.problems()}


def value(opened, name):
    return next(state.value for state in opened.nodes() if state.ref.rpartition("/")[2] == name)


def test_the_nine_forms_are_there_and_say_which_entities_they_make(store):
    made = {form_id: sorted(e.dataset for e in forms.load(store, form_id).entities) for form_id in FORMS}
    assert made == {
        "complaint": ["complaints"],
        "credit_report": ["credit_reports"],
        "cross_region_sale": ["cross_region_sales"],
        "guest_collection": ["contacts", "guests"],
        "information_card": ["demands", "information_cards"],
        "intention_card": ["customers", "demands"],
        "price_approval": ["price_approvals"],
        "survey_proposal": ["survey_proposals"],
        "visit_daily_report": ["visits"],
    }


def test_each_dataset_has_a_prefix_of_its_own_and_a_name_in_both_languages():
    shipped = datasets.shipped()
    assert len({dataset.prefix for dataset in shipped.values()}) == len(shipped)
    assert all(set(dataset.titles) == {"zh-CN", "en"} for dataset in shipped.values())


@pytest.mark.parametrize("form_id", FORMS)
def test_checking_the_form_finds_neither_mistakes_nor_warnings(form_id):
    lists = {f"{name}.csv": codelists.load(name).choices_csv() for name in codelists.names()} | dict(
        rule_lists.of_day(TODAY)
    )
    checked = form_check.check((forms.FORMS / f"{form_id}.md").read_bytes(), f"{form_id}.md", lists)
    assert checked.form is not None
    assert [found.text("en") for found in (*checked.errors, *checked.warnings)] == []


@pytest.mark.parametrize("form_id", FORMS)
def test_the_form_asks_for_everything_that_its_source_names(store, form_id):
    form = forms.load(store, form_id)
    there = {node.name for ref, node in form.nodes.items() if ref in form.control_of}
    asked = dict(pair.split("=") for pair in ASKED[form_id].split())
    assert set(asked.values()) <= there, set(asked.values()) - there


def test_what_the_source_marks_must_be_answered(store):
    marked = {name.partition("=")[2] for name in ASKED["guest_collection"].split() if name.startswith("※")}
    assert len(marked) == 5
    assert verdicts(session(store, "guest_collection", **dict.fromkeys(marked, ""))) == dict.fromkeys(
        marked, "required"
    )


@pytest.mark.parametrize("form_id", FORMS)
def test_every_text_is_there_in_both_languages(store, form_id):
    form = forms.load(store, form_id)
    assert form.languages == ("zh-CN", "en")
    shown = {language: forms.session(store, form, {}, language=language) for language in form.languages}
    texts = {
        language: {one.ref: one for drawn in opened.layout() for one in drawn.walk()}
        for language, opened in shown.items()
    }
    assert texts["zh-CN"].keys() == texts["en"].keys()
    for names in form.translations.values():
        assert len(names) == len(next(iter(form.translations.values())))
    for ref, chinese in texts["zh-CN"].items():
        english = texts["en"][ref]
        assert bool(chinese.label) == bool(english.label) and bool(chinese.hint) == bool(english.hint), ref
        assert not re.search(r"[\u4e00-\u9fff]", english.label + english.hint), ref
    assert len(set(forms.titles(form).values())) == 2


@pytest.mark.parametrize("form_id", FORMS)
def test_how_to_reach_a_person_is_of_level_1_and_no_such_answer_leaves_for_an_entity(store, form_id):
    for node in forms.load(store, form_id).nodes.values():
        if node.bind.extra.get("format") == "phone" or node.name in ("birth_year", "other_contact", "month", "day"):
            assert node.bind.extra.get("level") == "1", node.ref
        assert node.bind.extra.get("level") != "1" or not node.bind.saveto, node.ref


@pytest.mark.parametrize("form_id", FORMS)
def test_a_form_filled_in_by_its_people_has_nothing_wrong(store, form_id):
    opened = session(store, form_id)
    assert (verdicts(opened), opened.warnings()) == ({}, [])
    made = opened.finish().entities
    assert all(entity.id and entity.label for entity in made)
    assert len({entity.id for entity in made}) == len(made)


ON, BEFORE, LATER = day(TODAY, 0), day(TODAY, -30), day(TODAY, 1)
FINDING = {"found_on": ON, "found_by": "甲", "found_how": "核对发票"}
RULES = [
    # form, answers changed, question → rule that they break
    ("guest_collection", {"salutation": ""}, {"salutation": "required"}),
    ("guest_collection", {"has_attached": "no", "has_special_days": "no"}, {}),
    ("guest_collection", {"month": "2", "day": "29"}, {}),
    ("guest_collection", {"month": "2", "day": "30"}, {"day": "constraint"}),
    ("guest_collection", {"month": "4", "day": "31"}, {"day": "constraint"}),
    ("guest_collection", {"month": "13"}, {"month": "constraint"}),
    ("guest_collection", {"calendar": "lunar", "day": "30", "reminder": "card"}, {"next_lunar": "required"}),
    ("guest_collection", {"calendar": "lunar", "day": "31", "reminder": ""}, {"day": "constraint"}),
    ("guest_collection", {"calendar": "lunar", "day": "1", "next_lunar": day(TODAY, -1)}, {"next_lunar": "constraint"}),
    ("guest_collection", {"occasion": "other"}, {"occasion_other": "required"}),
    ("guest_collection", {"verified_on": BEFORE}, {"verified_on": "constraint"}),
    ("guest_collection", {"verified_by": ""}, {"verified_by": "required"}),
    ("guest_collection", {"verification": "unverified", "verified_by": "", "verified_how": "", "verified_on": ""}, {}),
    ("intention_card", {"first_reception_on": ON}, {"first_reception_on": "constraint", "contacted_on": "constraint"}),
    ("intention_card", {"information_source": ""}, {"information_source": "required"}),
    ("intention_card", {"information_source": "other"}, {"information_source_other": "required"}),
    ("intention_card", {"contacted_on": LATER}, {"contacted_on": "constraint", "next_contact_on": None}),
    ("intention_card", {"level": ""}, {"level": "required"}),
    ("intention_card", {"next_contact_on": day(TODAY, -4)}, {"next_contact_on": "constraint"}),
    ("intention_card", {"outcome": "sold"}, {"sold_on": "required"}),
    ("intention_card", {"outcome": "sold", "sold_on": ON, "level": "", "next_contact_on": ""}, {}),
    ("intention_card", {"outcome": "lost"}, {"lost_reason": "required"}),
    ("intention_card", {"supervisor": "主管甲"}, {"supervisor_on": "required"}),
    ("intention_card", {"birth_year": "2027"}, {"birth_year": "constraint"}),
    ("visit_daily_report", {"report_on": LATER}, {"report_on": "constraint"}),
    ("visit_daily_report", {"visited": "no"}, {"no_visit_reason": "required"}),
    ("visit_daily_report", {"visited": "no", "no_visit_reason": "参加培训"}, {}),
    ("visit_daily_report", {"accompanied_by": ""}, {"accompanied_by": "required"}),
    ("visit_daily_report", {"accompanied": "no", "accompanied_by": ""}, {}),
    ("visit_daily_report", {"ended_at": "09:00"}, {"ended_at": "constraint"}),
    ("visit_daily_report", {"forward_to": ""}, {"forward_to": "required"}),
    ("visit_daily_report", {"problem": "", "forward_to": ""}, {}),
    ("visit_daily_report", {"ordered": "0"}, {"ordered": "constraint"}),
    ("visit_daily_report", {"ordered": "1.005"}, {"ordered": "format"}),
    ("visit_daily_report", {"next_visit_on": day(TODAY, -1)}, {"next_visit_on": "constraint"}),
    ("cross_region_sale", {"advised": "no"}, {"advised": "constraint"}),
    ("cross_region_sale", {"project": "", "user": ""}, {"project": "required", "user": "required"}),
    ("cross_region_sale", {"use_county": ""}, {}),
    ("cross_region_sale", {"delivery_branch": "south"}, {"delivery_branch": "constraint"}),
    ("cross_region_sale", {"filled_on": LATER, "delivered_on": LATER}, {"filled_on": "constraint"}),
    ("cross_region_sale", {"delivered_on": BEFORE}, {"delivered_on": "constraint"}),
    ("cross_region_sale", {"quantity": "0"}, {"quantity": "constraint"}),
    ("cross_region_sale", {"unit_price": "9.005"}, {"unit_price": "format"}),
    ("cross_region_sale", {"registered": "found", "delivered_on": BEFORE}, dict.fromkeys(FINDING, "required")),
    ("cross_region_sale", {"registered": "found", "delivered_on": BEFORE} | FINDING | {"found_on": BEFORE}, {}),
    ("cross_region_sale", {"registered": "found"} | FINDING, {"delivered_on": "constraint", "found_on": "constraint"}),
    ("information_card", {"provider_kind": "outside"}, {"organisation": "required"}),
    ("information_card", {"provider_kind": "outside", "organisation": "某报社", "department": ""}, {}),
    ("information_card", {"category": "other"}, {"category_other": "required"}),
    ("information_card", {"obtained_on": ON}, {"obtained_on": "constraint"}),
    ("information_card", {"reported_to": "总经理"}, {"reported_on": "required"}),
    ("information_card", {"evaluated": "no"}, {}),
    ("information_card", {"usefulness": ""}, {"usefulness": "required"}),
    ("information_card", {"reward_amount": "99"}, {"reward_amount": "constraint"}),
    ("information_card", {"reward_amount": "100"}, {}),
    ("information_card", {"reward_amount": "1000"}, {}),
    ("information_card", {"reward_amount": "1000.01"}, {"reward_amount": "constraint"}),
    ("information_card", {"adopted": "no", "rewarded": "", "reward_amount": ""}, {}),
    ("information_card", {"approved_by": "尉迟敏"}, {"approved_by": "constraint"}),
    ("information_card", {"approved_by": "覃红梅"}, {"approved_by": "constraint"}),
    ("price_approval", {"proposed_price": "128.50"}, {"proposed_price": "constraint"}),
    ("price_approval", {"proposed_price": "128.49"}, {}),
    ("price_approval", {"trade_on": BEFORE}, {"trade_on": "constraint"}),
    ("price_approval", {"reason": ""}, {"reason": "required"}),
    (
        "price_approval",
        {"timing": "after"},
        dict.fromkeys(("why_not_before", "stated_to", "traded_on", "stated_on"), "required"),
    ),
    ("price_approval", {"decided_by": "员晓东"}, {"decided_by": "constraint"}),
    ("price_approval", {"decided_on": day(TODAY, -2)}, {"decided_on": "constraint"}),
    ("price_approval", {"decision": "refused"}, {"decision_reason": "required"}),
    ("price_approval", {"decision": "", "decided_by": "", "decided_on": ""}, {}),
    ("complaint", {"received_at": "2026-11-20T09:31:00.000+08:00"}, {"received_at": "constraint", "answered_at": "constraint", "settled_on": None}),
    ("complaint", {"category": "other"}, {"category_other": "required"}),
    ("complaint", {"stage": "received"}, {}),
    ("complaint", {"department": ""}, {"department": "required"}),
    ("complaint", {"measures": ""}, {"measures": "required"}),
    ("complaint", {"stage": "handling", "measures": ""}, {}),
    ("complaint", {"settled_on": BEFORE}, {"settled_on": "constraint"}),
    ("complaint", {"fed_back_on": day(TODAY, -5)}, {"fed_back_on": "constraint"}),
    ("complaint", {"satisfaction": "2"}, {"why_dissatisfied": "required"}),
    ("complaint", {"prevention": ""}, {"prevention": "required"}),
    ("complaint", {"justified": "no", "prevention": ""}, {}),
    ("credit_report", {"share": "61"}, {"total_share": "constraint"}),
    ("credit_report", {"credit_code": code_for(90101)[:-1] + "*"}, {"credit_code": "format"}),
    ("credit_report", {"site_visited": "no"}, {"why_not_visited": "required"}),
    ("credit_report", {"site_visited_on": ON}, {"site_visited_on": "constraint"}),
    ("credit_report", {"has_related": "yes"}, {"related_name": "required", "relation": "required"}),
    ("credit_report", {"has_public": "yes"}, dict.fromkeys(("public_kind", "public_on", "public_content"), "required")),
    ("credit_report", {"has_media": "yes"}, dict.fromkeys(("medium", "media_on", "tone", "media_content"), "required")),
    ("credit_report", {"on_time": "100.5"}, {"on_time": "constraint"}),
    ("credit_report", {"character": ""}, {"character": "required"}),
    ("credit_report", {"standing": "poor"}, {"credit": "constraint"}),
    ("credit_report", {"standing": "poor", "credit": "conditional"}, {"credit_conditions": "required"}),
    ("credit_report", {"credit": "refuse"}, {"refusal_reason": "required"}),
    ("credit_report", {"credit_limit": "0"}, {"credit_limit": "constraint"}),
    ("credit_report", {"valid_until": day(TODAY, 366)}, {"valid_until": "constraint"}),
    ("credit_report", {"valid_until": day(TODAY, 365)}, {}),
    ("survey_proposal", {"grounds": "上级要求"}, {"grounds": "constraint"}),
    ("survey_proposal", {"within_function": "no"}, {"within_function": "constraint"}),
    ("survey_proposal", {"bearable": "no"}, {"bearable": "constraint"}),
    ("survey_proposal", {"funds_secured": "13500.49"}, {"funds_secured": "constraint"}),
    ("survey_proposal", {"funds_secured": "13500.50"}, {}),
    ("survey_proposal", {"searched": "no"}, {"searched": "constraint"}),
    ("survey_proposal", {"consistent": "no"}, {"consistent": "constraint"}),
    ("survey_proposal", {"has_overlap": "yes"}, dict.fromkeys(("overlap_source", "overlap_content", "overlap_handling"), "required")),
    ("survey_proposal", {"has_overlap": "yes", "overlap_source": "甲", "overlap_content": "乙", "overlap_handling": "keep"}, {"overlap_why": "required"}),
    ("survey_proposal", {"standards": "own"}, {"own_standard_why": "required"}),
    ("survey_proposal", {"planned_sample": "1201"}, {"planned_sample": "constraint"}),
    ("survey_proposal", {"ends_on": day(TODAY, 10)}, {"ends_on": "constraint"}),
    ("survey_proposal", {"report_due_on": day(TODAY, 19)}, {"report_due_on": "constraint"}),
]  # fmt: skip


@pytest.mark.parametrize(("form_id", "changed", "broken"), RULES)
def test_each_rule_of_the_sources(store, form_id, changed, broken):
    expected = {name: rule for name, rule in broken.items() if rule}
    found = verdicts(session(store, form_id, **changed))
    assert {name: rule for name, rule in found.items() if broken.get(name, "") is not None} == expected


MAJOR = {"major": "yes", "reviewed_on": BEFORE, "reviewers": "三位专家", "review_opinion": "可行", "pilot_units": "20"}
PILOT = {"pilot_ended_on": ON, "pilot_findings": "问卷可用"}


@pytest.mark.parametrize(
    ("major", "verdict", "pilot", "scope", "allowed"),
    [
        ("no", "", "", "full", True),
        ("no", "", "", "pilot", True),
        ("yes", "passed", "passed", "full", True),
        ("yes", "passed", "planned", "full", False),
        ("yes", "passed", "planned", "pilot", True),
        ("yes", "passed", "failed", "full", False),
        ("yes", "failed", "passed", "full", False),
        ("yes", "failed", "planned", "full", False),
    ],
)
def test_a_major_survey_that_passed_no_review_and_pilot_is_not_carried_out_in_full(
    store, major, verdict, pilot, scope, allowed
):
    answers = (MAJOR | PILOT if major == "yes" else {}) | {"major": major, "review_verdict": verdict, "pilot": pilot}
    found = verdicts(session(store, "survey_proposal", **answers, scope=scope))
    assert found == ({} if allowed else {"scope": "constraint"})


@pytest.mark.parametrize(
    ("margin", "confidence", "effect", "rate", "valid", "asked"),
    [
        ("5", "95", "1", "60", "292", "487"),
        ("3", "95", "1", "100", "566", "566"),
        ("5", "99", "1", "100", "428", "428"),
        ("5", "95", "1.5", "100", "437", "437"),
        ("1", "99", "2", "50", "1200", "1200"),
    ],
)
def test_the_sample_follows_from_precision_and_population(store, margin, confidence, effect, rate, valid, asked):
    """Worked by hand: n0 = z²·0.25/e², n = n0/(1 + (n0 − 1)/N) · design effect, divided by the response rate; N = 1200."""
    opened = session(
        store, "survey_proposal", margin=margin, confidence=confidence, design_effect=effect, response_rate=rate
    )
    assert (value(opened, "net_sample"), value(opened, "sample")) == (valid, asked)


def test_a_census_asks_everybody(store):
    opened = session(store, "survey_proposal", sampling="census", response_rate="100", planned_sample="1200")
    assert (value(opened, "sample"), verdicts(opened)) == ("1200", {})


@pytest.mark.parametrize(("level", "days"), [("O", 0), ("H", 7), ("A", 15), ("B", 30), ("C", 90)])
def test_the_level_of_intention_says_when_to_call_again(store, level, days):
    last = TODAY - timedelta(days=3)
    in_time = session(store, "intention_card", level=level, next_contact_on=(last + timedelta(days=days)).isoformat())
    late = session(store, "intention_card", level=level, next_contact_on=(last + timedelta(days=days + 1)).isoformat())
    assert value(in_time, "contact_by") == (last + timedelta(days=days)).isoformat()
    assert (verdicts(in_time), in_time.warnings()) == ({}, [])
    assert [problem.ref for problem in late.warnings()] == ["/data/follow_up/next_contact_on"]
    assert verdicts(late) == {}


def test_without_a_contact_the_first_reception_counts(store):
    opened = session(store, "intention_card", contacted="no")
    assert value(opened, "last_contact_on") == day(TODAY, -6)
    assert value(opened, "age") == "38"


@pytest.mark.parametrize(("made_on", "filed_on", "late"), [(-4, -1, False), (-5, -1, True)])
def test_a_price_approved_afterwards_is_told_before_the_deal_and_filed_in_three_days(store, made_on, filed_on, late):
    given = {
        "timing": "after",
        "why_not_before": "客户当场签约",
        "stated_to": "经理甲",
        "filled_on": day(TODAY, filed_on),
    }
    in_order = session(
        store, "price_approval", **given, traded_on=day(TODAY, made_on), stated_on=day(TODAY, made_on - 1)
    )
    assert verdicts(in_order) == ({"late_reason": "required"} if late else {})
    told_late = session(store, "price_approval", **given, traded_on=day(TODAY, made_on), stated_on=day(TODAY, -1))
    assert verdicts(told_late)["stated_on"] == "constraint"


def test_totals_of_a_price_approval(store):
    opened = session(store, "price_approval")
    found = {name: value(opened, name) for name in ("discount", "total_list", "total_proposed", "total_below")}
    assert found == {"discount": "6.69", "total_list": "6130", "total_proposed": "5696", "total_below": "434"}


@pytest.mark.parametrize(("report_on", "return_by"), [("2026-11-16", "2026-11-22"), ("2026-11-15", "2026-11-15")])
def test_the_reports_of_a_week_go_to_head_office_by_its_sunday(store, report_on, return_by):
    assert value(session(store, "visit_daily_report", report_on=report_on), "return_by") == return_by


def test_totals_of_a_day_of_visits(store):
    opened = session(store, "visit_daily_report")
    names = ("visits", "visits_accompanied", "total_ordered", "total_collected")
    assert [value(opened, name) for name in names] == ["2", "1", "12345.6", "8000"]


@pytest.mark.parametrize(
    ("severity", "answer_by", "settle_by"),
    [
        ("ordinary", "2026-11-15 09:30", "2026-11-21"),
        ("serious", "2026-11-14 13:30", "2026-11-17"),
        ("urgent", "2026-11-14 10:30", "2026-11-15"),
    ],
)
def test_a_complaint_has_deadlines_and_a_late_step_needs_a_reason(store, severity, answer_by, settle_by):
    opened = session(store, "complaint", severity=severity)
    assert (value(opened, "answer_by"), value(opened, "settle_by")) == (answer_by, settle_by)
    late = {"ordinary": [], "serious": [], "urgent": ["answered_at", "settled_on"]}[severity]
    assert [problem.ref.rpartition("/")[2] for problem in opened.warnings()] == late


@pytest.mark.parametrize(("stage", "due_on"), [("received", "2026-11-21"), ("settled", "2026-11-21"), ("closed", "")])
def test_a_complaint_is_due_until_the_customer_was_told(store, stage, due_on):
    [made] = session(store, "complaint", stage=stage).finish().entities
    assert made.properties["due_on"] == due_on


@pytest.mark.parametrize(
    ("important", "reported_to", "due_on"), [("yes", "", "2026-11-20"), ("yes", "总经理", ""), ("no", "", "")]
)
def test_important_information_is_due_at_the_superior_in_three_days(store, important, reported_to, due_on):
    opened = session(store, "information_card", important=important, reported_to=reported_to, reported_on=ON)
    card_ = next(entity for entity in opened.finish().entities if entity.dataset == "information_cards")
    assert card_.properties["due_on"] == due_on


@pytest.mark.parametrize(
    ("category", "made"), [("customer", ["demands", "information_cards"]), ("market", ["information_cards"])]
)
def test_information_about_a_customers_need_becomes_a_demand(store, category, made):
    opened = session(store, "information_card", category=category)
    assert sorted(entity.dataset for entity in opened.finish().entities) == made


@pytest.mark.parametrize(
    ("scores", "standing"), [("55551", "excellent"), ("55541", "good"), ("44221", "fair"), ("22222", "poor")]
)
def test_the_standing_follows_from_the_five_cs_or_has_a_reason(store, scores, standing):
    names = ("character", "capacity", "capital", "collateral", "conditions")
    given = dict(zip(names, scores, strict=True))
    opened = session(store, "credit_report", **given, standing=standing, credit="refuse", refusal_reason="资信不足")
    assert (value(opened, "standing_by_score"), verdicts(opened), opened.warnings()) == (standing, {}, [])
    other = "fair" if standing != "fair" else "good"
    unlike = session(store, "credit_report", **given, standing=other)
    assert [problem.ref for problem in unlike.warnings()] == ["/data/assessment/standing"]
    assert standing in codelists.load("credit_standing")


@pytest.mark.parametrize(
    ("profit", "liabilities", "warned"), [("1", "28000000", False), ("1", "28400000", True), ("-1", "1", True)]
)
def test_a_loss_or_heavy_debt_is_pointed_out(store, profit, liabilities, warned):
    opened = session(store, "credit_report", profit=profit, liabilities=liabilities)
    assert opened.state("/data/finance/statement[1]/worsening").relevant is warned


def test_sums_of_a_credit_report(store):
    opened = session(store, "credit_report")
    names = ("years", "total_share", "debt_ratio", "on_time_mean", "score_total")
    assert [value(opened, name) for name in names] == ["17", "100", "45", "85", "18"]
    short = session(store, "credit_report", share="59")
    assert [problem.message("en") for problem in short.warnings()] == [
        "Shares in all (%): The shares add up to less than 100 %. Add the owners that are missing, or say why."
    ]


def test_a_special_day_is_brought_to_mind_before_it_comes(store):
    opened = session(store, "guest_collection", month="12", day="1", days_before="10")
    assert (value(opened, "next_on"), value(opened, "due_on")) == ("2026-12-01", "2026-11-21")
    passed = session(store, "guest_collection", month="11", day="19")
    assert value(passed, "next_on") == "2027-11-19"
    lunar = session(store, "guest_collection", calendar="lunar", month="1", day="1", next_lunar="2027-02-06")
    assert (value(lunar, "next_on"), value(lunar, "due_on")) == ("2027-02-06", "2027-01-30")


@pytest.mark.parametrize(
    ("methods", "informed"),
    [("asked cards", "direct"), ("observed overheard", "to_be_informed"), ("acquaintance", "to_be_informed")],
)
def test_what_was_learnt_indirectly_waits_until_the_guest_was_told(store, methods, informed):
    opened = session(store, "guest_collection", methods=methods)
    assert value(opened, "informed") == informed
    assert opened.state("/data/collection/informed_note").relevant is (informed == "to_be_informed")


def test_what_is_not_verified_needs_a_reason(store):
    opened = session(store, "guest_collection", verification="doubtful")
    [warning] = opened.warnings()
    assert warning.ref == "/data/collection/verification"
    assert "说明原因" in warning.message("zh-CN") and "Say why" in warning.message("en")


WORDS = (
    "",
    "0",
    "1",
    "7",
    "40",
    "99.5",
    "100",
    "2026",
    "2026-11-20",
    "2026-12-31",
    "09:30",
    "yes",
    "no",
    "某某",
    "0755-08880031",
)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("form_id", FORMS)
def test_whatever_is_answered_no_record_breaks_a_rule(store, form_id, seed):
    """Answers changed at random, by their lists or by anything at all: what `finish` takes, a fresh session finds right."""
    dice, opened, finished = Random(seed), session(store, form_id), 0
    for _ in range(80):
        drawn = [one for top in opened.layout() for one in top.walk()]
        one = dice.choice([one for one in drawn if one.is_question or (one.kind == "repeat" and not one.fixed)])
        with suppress(RefusedAnswer):
            if one.kind == "repeat":
                added = dice.random() < 0.7 and opened.add_repeat(one.ref)
                opened.remove_repeat(f"{one.ref}[{len(one.children) + bool(added)}]")
            else:
                before = opened.state(one.ref)
                opened.answer(one.ref, dice.choice([value for value, _ in before.choices] or WORDS))
                if opened.problems() and dice.random() < 0.97:
                    opened.answer(one.ref, before.value)
        if not opened.problems():
            finished += 1
            again = Session(opened.form, opened.finish().values, formats=FORMATS, clock=lambda: NOW)
            assert again.problems() == []
    assert finished


def test_a_repeat_that_is_not_asked_for_is_not_drawn(store):
    opened = session(store, "visit_daily_report", visited="no")
    assert "/data/visit" not in {one.ref for top in opened.layout() for one in top.walk()}


# Into the store


def submitted(store, actor, form_id, key, **changed):
    """What came of the form, filled in today and submitted."""
    today = datetime.now(store.site.zone).date()
    answers = filled(form_id, today) | changed
    draft_id = draft_of_rounds(store, actor, form_id, answers)
    return submit_draft(store, actor, draft_id, key)


def draft_of_rounds(store, actor, form_id, answers):
    """A draft of a form with repeats: `factories.draft_of` starts it, the engine fills it in, one save keeps it."""
    draft_id = draft_of(store, actor, form_id, {})
    form = forms.load(store, form_id)
    opened = forms.session(store, form, {})
    for ref, value in answers.items():
        with suppress(RefusedAnswer):  # what the changed answers hide takes no answer
            fill(opened, {ref: value})
    drafts.save(
        store, actor, draft_id, opened.instance, next(iter(answers)), saves=drafts.open_(store, actor, draft_id).saves
    )
    return draft_id


MADE = {
    "complaint": ["K"],
    "credit_report": ["CR"],
    "cross_region_sale": ["XR"],
    "guest_collection": ["G", "T", "T"],
    "information_card": ["D", "I"],
    "intention_card": ["C", "D"],
    "price_approval": ["P"],
    "survey_proposal": ["SP"],
    "visit_daily_report": ["V", "V"],
}


@pytest.mark.parametrize("form_id", FORMS)
def test_a_submitted_form_leaves_its_entities_with_numbers(store, form_id):
    receipt = submitted(store, account(store), form_id, f"made-{form_id}")
    rows = store.rows("SELECT * FROM entity_current WHERE record_id = ?", [receipt.record_id])
    assert sorted(re.sub(r"\d{6}$", "", row["number"]) for row in rows) == MADE[form_id]
    assert all(row["form_id"] == form_id and row["label"] for row in rows)


@pytest.mark.parametrize("form_id", ["guest_collection", "intention_card", "visit_daily_report"])
def test_an_edited_record_changes_its_entities_and_makes_no_new_ones(store, form_id):
    lin = account(store)
    receipt = submitted(
        store,
        lin,
        form_id,
        f"first-{form_id}",
        **({"/data/card/card_no": "A-3"} if form_id == "intention_card" else {}),
    )
    draft = drafts.start(store, lin, form_id, record_id=receipt.record_id)
    submit_draft(store, lin, draft.draft_id, f"again-{form_id}")
    rows = store.rows("SELECT * FROM entity_current WHERE record_id = ?", [receipt.record_id])
    assert sorted(re.sub(r"\d{6}$", "", row["number"]) for row in rows) == MADE[form_id]
    assert {row["version"] for row in rows} == {2}


def test_an_a_card_of_a_known_customer_makes_no_second_one(store):
    lin = account(store)
    known = card(store, lin, key="known-customer")
    receipt = submitted(
        store,
        lin,
        "intention_card",
        "second",
        **{"/data/card/customer_number": known.customer_number, "/data/card/card_no": "A-2"},
    )
    rows = store.rows("SELECT dataset FROM entity_current WHERE record_id = ?", [receipt.record_id])
    assert [row["dataset"] for row in rows] == ["demands"]


def test_an_a_card_number_is_given_once(store):
    lin = account(store)
    submitted(store, lin, "intention_card", "unique-1", **{"/data/card/card_no": "A-77"})
    with pytest.raises(Unfinished) as refused:
        submitted(store, lin, "intention_card", "unique-2", **{"/data/card/card_no": "a-77"})
    assert [(problem.ref, problem.rule) for problem in refused.value.problems] == [("/data/card/card_no", "unique")]


def test_a_customer_number_that_nobody_has_is_a_mistake(store):
    with pytest.raises(Unfinished) as refused:
        submitted(store, account(store), "complaint", "nobody", **{"/data/intake/customer_number": "C999999"})
    assert [problem.ref for problem in refused.value.problems] == ["/data/intake/customer_number"]


def test_what_a_form_says_is_due_waits_for_whoever_recorded_it_until_it_is_done(store):
    lin = account(store)
    receipt = submitted(store, lin, "complaint", "due-1", **{"/data/handling/stage": "received"})
    today = datetime.now(store.site.zone).date()
    [row] = due.mine(store, lin, today + timedelta(days=1)).rows
    [entity] = store.rows("SELECT * FROM entity_current WHERE record_id = ?", [receipt.record_id])
    assert (row.what_key, row.facts["number"], row.due_on) == (
        "due.promise",
        entity["number"],
        today + timedelta(days=1),
    )
    assert row.link == f"/record/{receipt.record_id}"
    assert (due.mine(store, lin, today).total, due.mine(store, account(store), today + timedelta(days=9)).total) == (
        0,
        0,
    )
    draft = drafts.start(store, lin, "complaint", record_id=receipt.record_id)
    opened = forms.session(store, forms.load(store, "complaint"), draft.instance)
    opened.answer("/data/handling/stage", "closed")
    drafts.save(store, lin, draft.draft_id, opened.instance, "/data/handling/stage", saves=draft.saves)
    with pytest.raises(Unfinished):  # it is due until all is answered that closing asks for
        submit_draft(store, lin, draft.draft_id, "due-2")
    fill(
        opened,
        {ref: value for ref, value in filled("complaint", today).items() if "/handling/" in ref or "/feedback/" in ref},
    )
    drafts.save(store, lin, draft.draft_id, opened.instance, "/data/handling", saves=draft.saves + 1)
    submit_draft(store, lin, draft.draft_id, "due-3")
    assert due.mine(store, lin, today + timedelta(days=9)).total == 0
