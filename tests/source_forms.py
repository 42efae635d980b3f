"""The nine forms that the sources describe, filled in as their people would: ref → answer, in the order of the form."""

from collections.abc import Mapping
from datetime import date, timedelta

from custinfo.xforms import Session
from tests.factories import code_for

FORMS = (
    "complaint",
    "credit_report",
    "cross_region_sale",
    "guest_collection",
    "information_card",
    "intention_card",
    "price_approval",
    "survey_proposal",
    "visit_daily_report",
)


def fill(session: Session, answers: Mapping[str, str]) -> Session:
    """Answers one question after the other; rounds of repeats that are not there yet are added."""
    for ref, value in answers.items():
        above = ref
        while "[" in above:
            above = above[: above.rindex("[")]
            number = int(ref[len(above) + 1 : ref.index("]", len(above))])
            if number > 1 and not has(session, f"{above}[{number}]"):
                session.add_repeat(above)
        session.answer(ref, value)
    return session


def has(session: Session, ref: str) -> bool:
    """Whether this round of a repeat is there."""
    return any(one.ref == ref for drawn in session.layout() for one in drawn.walk())


def filled(form_id: str, today: date) -> dict[str, str]:
    """What somebody answered on `today`; a fresh dictionary, for a test to change."""
    return _FILLED[form_id](today)


def day(today: date, days: int) -> str:
    """The date so many days after `today`."""
    return (today + timedelta(days=days)).isoformat()


def _guest(today: date) -> dict[str, str]:
    birthday = today + timedelta(days=30)
    return {
        "/data/basic/salutation": "王总",
        "/data/basic/name": "王建国",
        "/data/basic/gender": "male",
        "/data/basic/phone": "0755-08880031",
        "/data/occupation/employer": "深圳市宏远电子科技有限公司",
        "/data/occupation/position": "总经理",
        "/data/life/hobbies": "高尔夫、书法",
        "/data/life/personality": "爽快，不喜欢等候",
        "/data/dining/seat": "principal_host",
        "/data/dining/dining_habits": "口味清淡，少盐；饭前先上热茶。",
        "/data/dining/favourite_dishes": "清蒸石斑鱼",
        "/data/dining/receptionist": "单秀英",
        "/data/value/dining_class": "high",
        "/data/value/frequency": "weekly",
        "/data/value/roles": "host guest",
        "/data/value/signs_for_bills": "yes",
        "/data/value/reasons": "loyal card",
        "/data/value/suggestions": "包间应多备一个衣架。",
        "/data/attached/has_attached": "yes",
        "/data/attached/companion[1]/relation": "family",
        "/data/attached/companion[1]/companion_name": "李女士",
        "/data/attached/companion[1]/companion_dining": "不吃香菜",
        "/data/attached/companion[1]/companion_class": "high",
        "/data/attached/companion[1]/companion_has_own": "yes",
        "/data/attached/companion[1]/further/companion_of[1]/second_relation": "friend",
        "/data/attached/companion[1]/further/companion_of[1]/second_name": "赵小姐",
        "/data/attached/companion[2]/relation": "driver",
        "/data/attached/companion[2]/companion_name": "小陈师傅",
        "/data/attached/companion[2]/companion_dining": "先用餐，随叫随走",
        "/data/anniversaries/has_special_days": "yes",
        "/data/anniversaries/special_day[1]/occasion": "birthday",
        "/data/anniversaries/special_day[1]/calendar": "solar",
        "/data/anniversaries/special_day[1]/month": str(birthday.month),
        "/data/anniversaries/special_day[1]/day": str(birthday.day),
        "/data/anniversaries/special_day[1]/reminder": "card gift",
        "/data/anniversaries/special_day[1]/days_before": "7",
        "/data/management/complained_about": "上次结账等候过久。",
        "/data/collection/collected_on": day(today, -2),
        "/data/collection/collected_by": "曾晓梅",
        "/data/collection/methods": "asked cards",
        "/data/collection/verification": "verified",
        "/data/collection/verified_by": "仇国强",
        "/data/collection/verified_how": "与名片核对，并电话确认",
        "/data/collection/verified_on": day(today, -1),
    }


def _intention(today: date) -> dict[str, str]:
    return {
        "/data/card/card_no": "A-2026-0117",
        "/data/card/card_made_on": day(today, -5),
        "/data/card/first_reception_on": day(today, -6),
        "/data/card/first_reception": "周末与家人到店，看了两款车，试坐后排。",
        "/data/card/consultant": "查志远",
        "/data/basic/name": "区永康",
        "/data/basic/gender": "male",
        "/data/basic/birth_year": "1988",
        "/data/basic/employer": "广州市顺达物流有限公司",
        "/data/basic/province": "440000",
        "/data/basic/prefecture": "440100",
        "/data/basic/address": "天河路 88 号",
        "/data/basic/trade": "G",
        "/data/basic/phone": "020-08880041",
        "/data/basic/present_vehicle": "2016 年款轿车一辆，准备置换",
        "/data/need/model": "宏途 X5 2.0T",
        "/data/need/colour": "珍珠白",
        "/data/need/compared_models": "同级两款进口车",
        "/data/need/budget": "260000",
        "/data/need/purchase": "trade_in",
        "/data/need/use": "home business",
        "/data/need/information_source": "introduced",
        "/data/analysis/advantages": "朋友已购本品牌，口碑好。",
        "/data/analysis/disadvantages": "旧车估价有分歧。",
        "/data/analysis/help_needed": "请二手车部重新评估。",
        "/data/analysis/objections": "希望赠送两次保养。",
        "/data/record/contacted": "yes",
        "/data/record/contact[1]/contacted_on": day(today, -3),
        "/data/record/contact[1]/contacted_by": "phone",
        "/data/record/contact[1]/contact_summary": "已告知置换补贴政策，客户表示考虑。",
        "/data/record/contact[1]/level_then": "B",
        "/data/follow_up/level": "A",
        "/data/follow_up/next_contact_on": day(today, 4),
        "/data/follow_up/next_contact_by": "test_drive",
    }


def _visits(today: date) -> dict[str, str]:
    return {
        "/data/head/branch": "华南分公司",
        "/data/head/salesperson": "解放军",
        "/data/head/report_on": day(today, -1),
        "/data/head/visited": "yes",
        "/data/visit[1]/customer_name": "佛山市金顺五金厂",
        "/data/visit[1]/person_met": "采购主管盖丽",
        "/data/visit[1]/started_at": "09:10",
        "/data/visit[1]/ended_at": "10:05",
        "/data/visit[1]/purposes": "sell collect",
        "/data/visit[1]/accompanied": "yes",
        "/data/visit[1]/superior": "branch_manager",
        "/data/visit[1]/accompanied_by": "朴志强",
        "/data/visit[1]/talk": "介绍新规格螺栓，客户要求两周内交货。",
        "/data/visit[1]/result": "ordered",
        "/data/visit[1]/ordered": "12345.60",
        "/data/visit[1]/collected": "8000",
        "/data/visit[1]/problem": "上批货有三箱外包装破损。",
        "/data/visit[1]/forward_to": "quality logistics",
        "/data/visit[1]/next_visit_on": day(today, 13),
        "/data/visit[2]/customer_name": "珠海市先行贸易有限公司",
        "/data/visit[2]/started_at": "14:00",
        "/data/visit[2]/ended_at": "14:30",
        "/data/visit[2]/purposes": "relation",
        "/data/visit[2]/accompanied": "no",
        "/data/visit[2]/talk": "了解年底采购计划。",
        "/data/visit[2]/result": "continue",
        "/data/outlook/plan": "拜访中山两家新客户。",
    }


def _information(today: date) -> dict[str, str]:
    return {
        "/data/provider/provided_on": day(today, -3),
        "/data/provider/provider_kind": "staff",
        "/data/provider/provider_name": "覃红梅",
        "/data/provider/department": "客户服务部",
        "/data/information/title": "三家客户询问小包装规格",
        "/data/information/category": "customer",
        "/data/information/source": "customer",
        "/data/information/source_name": "东莞市永兴机电有限公司",
        "/data/information/method": "visit",
        "/data/information/transfer": "oral",
        "/data/information/obtained_on": day(today, -4),
        "/data/information/content": "三家客户都希望有 50 只装的小包装，愿意多付百分之三。",
        "/data/information/important": "yes",
        "/data/evaluation/evaluated": "yes",
        "/data/evaluation/evaluated_by": "尉迟敏",
        "/data/evaluation/evaluated_on": day(today, -2),
        "/data/evaluation/content_grade": "high",
        "/data/evaluation/credibility": "high",
        "/data/evaluation/usefulness": "middle",
        "/data/evaluation/judgement": "与上季度退货原因相符，建议试产。",
        "/data/evaluation/distribution[1]/sent_to": "production",
        "/data/evaluation/distribution[1]/sent_on": day(today, -1),
        "/data/evaluation/distribution[1]/received_by": "繁国华",
        "/data/reward/adopted": "useful",
        "/data/reward/rewarded": "yes",
        "/data/reward/reward_amount": "300",
        "/data/reward/recommended_by": "尉迟敏",
        "/data/reward/approved_by": "能建军",
    }


def _price(today: date) -> dict[str, str]:
    return {
        "/data/application/branch": "华东分公司",
        "/data/application/salesperson": "员晓东",
        "/data/application/filled_on": day(today, -1),
        "/data/application/customer_name": "苏州市恒力机械有限公司",
        "/data/application/timing": "before",
        "/data/application/trade_on": day(today, 5),
        "/data/goods/item[1]/product": "高强度螺栓",
        "/data/goods/item[1]/specification": "M12×60",
        "/data/goods/item[1]/unit": "箱",
        "/data/goods/item[1]/quantity": "40",
        "/data/goods/item[1]/list_price": "128.50",
        "/data/goods/item[1]/proposed_price": "119.90",
        "/data/goods/item[2]/product": "平垫圈",
        "/data/goods/item[2]/quantity": "100",
        "/data/goods/item[2]/list_price": "9.90",
        "/data/goods/item[2]/proposed_price": "9",
        "/data/grounds/reason": "客户首次批量订货，竞争厂牌报价低百分之六。",
        "/data/grounds/payment_terms": "net_30",
        "/data/approval/decision": "agreed",
        "/data/approval/decided_by": "重阳",
        "/data/approval/decided_on": day(today, 0),
    }


def _cross_region(today: date) -> dict[str, str]:
    return {
        "/data/place/registered": "declared",
        "/data/place/customer_name": "苏州市恒力机械有限公司",
        "/data/place/project": "广州市体育中心改造工程",
        "/data/place/user": "广州市宏图建筑公司",
        "/data/place/use_province": "440000",
        "/data/place/use_prefecture": "440100",
        "/data/place/use_county": "440106",
        "/data/place/use_address": "天河路 88 号工地",
        "/data/place/advised": "yes",
        "/data/place/why_here": "客户与本分公司签有全年供货合同。",
        "/data/sale/delivery_branch": "east",
        "/data/sale/salesperson": "员晓东",
        "/data/sale/filled_on": day(today, -1),
        "/data/sale/delivered_on": day(today, 9),
        "/data/sale/item[1]/product": "高强度螺栓",
        "/data/sale/item[1]/unit": "箱",
        "/data/sale/item[1]/quantity": "40",
        "/data/sale/item[1]/unit_price": "119.90",
        "/data/sale/item[2]/product": "平垫圈",
        "/data/sale/item[2]/quantity": "100",
        "/data/sale/item[2]/unit_price": "9",
    }


def _complaint(today: date) -> dict[str, str]:
    return {
        "/data/intake/received_at": f"{day(today, -6)}T09:30:00.000+08:00",
        "/data/intake/channel": "hotline",
        "/data/intake/taken_by": "曾晓梅",
        "/data/intake/customer_name": "中山市华明灯饰有限公司",
        "/data/intake/complainant": "单志强",
        "/data/intake/complainant_phone": "0760-08880051",
        "/data/intake/category": "delivery",
        "/data/intake/content": "说好周一到货，周三才到，还少了两箱。",
        "/data/intake/demand": "补足两箱，并说明原因。",
        "/data/intake/severity": "ordinary",
        "/data/handling/stage": "closed",
        "/data/handling/department": "logistics",
        "/data/handling/handled_by": "朴志强",
        "/data/handling/answered_at": f"{day(today, -6)}T11:00:00.000+08:00",
        "/data/handling/findings": "装车时漏装，司机未按单清点。",
        "/data/handling/justified": "yes",
        "/data/handling/measures": "次日专车补送两箱。",
        "/data/handling/compensation": "200",
        "/data/handling/settled_on": day(today, -4),
        "/data/feedback/fed_back_on": day(today, -3),
        "/data/feedback/fed_back_by": "hotline",
        "/data/feedback/satisfaction": "4",
        "/data/feedback/prevention": "出库时双人清点签字。",
    }


def _credit(today: date) -> dict[str, str]:
    scores = {"character": "4", "capacity": "4", "capital": "3", "collateral": "3", "conditions": "4"}
    return {
        "/data/report/reported_on": day(today, -1),
        "/data/report/investigator": "尉迟敏",
        "/data/report/basis": "register bank suppliers site",
        "/data/profile/company_name": "东莞市永兴机电有限公司",
        "/data/profile/credit_code": code_for(90101),
        "/data/profile/legal_form": "112",
        "/data/profile/registered_capital": "5000000",
        "/data/profile/established_on": "2009-05-18",
        "/data/profile/registered_address": "东莞市东城街道振兴路 12 号",
        "/data/profile/trade": "C",
        "/data/profile/scope": "机电设备、紧固件的生产与销售。",
        "/data/profile/staff": "180",
        "/data/owners/owner[1]/owner_name": "盖永兴",
        "/data/owners/owner[1]/share": "60",
        "/data/owners/owner[2]/owner_name": "盖丽",
        "/data/owners/owner[2]/share": "40",
        "/data/owners/manager[1]/manager_name": "盖永兴",
        "/data/owners/manager[1]/manager_position": "执行董事",
        "/data/owners/unit[1]/unit_name": "生产部",
        "/data/owners/unit[1]/unit_head": "佘宗尧",
        "/data/owners/unit[1]/unit_staff": "140",
        "/data/owners/unit[2]/unit_name": "财务部",
        "/data/owners/unit[2]/unit_task": "收付款与对账",
        "/data/finance/statement[1]/year": str(today.year - 1),
        "/data/finance/statement[1]/revenue": "62000000",
        "/data/finance/statement[1]/profit": "3100000",
        "/data/finance/statement[1]/assets": "40000000",
        "/data/finance/statement[1]/liabilities": "18000000",
        "/data/banks/has_bank_credit": "yes",
        "/data/banks/bank_credit[1]/bank": "icbc",
        "/data/banks/bank_credit[1]/credit_line": "8000000",
        "/data/banks/bank_credit[1]/outstanding": "5000000",
        "/data/banks/bank_credit[1]/bank_overdue": "no",
        "/data/payments/has_payments": "yes",
        "/data/payments/payment[1]/creditor": "佛山市金顺五金厂",
        "/data/payments/payment[1]/credit_given": "300000",
        "/data/payments/payment[1]/on_time": "90",
        "/data/payments/payment[2]/creditor": "珠海市先行贸易有限公司",
        "/data/payments/payment[2]/credit_given": "100000",
        "/data/payments/payment[2]/on_time": "70",
        "/data/operations/products": "电机支架、紧固件。",
        "/data/site/site_visited": "yes",
        "/data/site/site_visited_on": day(today, -3),
        "/data/site/site_place": "东莞厂区及仓库",
        "/data/site/site_findings": "两条产线开工，库存整齐，在岗约一百五十人。",
        "/data/related/has_related": "no",
        "/data/public/searched_on": day(today, -2),
        "/data/public/has_public": "no",
        "/data/media/has_media": "no",
        **{
            f"/data/assessment/{name}{suffix}": text
            for name, score in scores.items()
            for suffix, text in (("", score), ("_basis", "见报告相应各节"))
        },
        "/data/assessment/standing": "good",
        "/data/assessment/assessment": "经营稳定，付款基本及时，可给予一般额度。",
        "/data/advice/credit": "grant",
        "/data/advice/credit_limit": "500000",
        "/data/advice/advised_terms": "net_30",
        "/data/advice/valid_until": day(today, 300),
    }


def _proposal(today: date) -> dict[str, str]:
    return {
        "/data/project/title": "华南区客户满意度抽样调查",
        "/data/project/applicant_department": "客户服务部",
        "/data/project/applicant": "能建军",
        "/data/project/proposed_on": day(today, -1),
        "/data/project/grounds": "年度经营计划第六条要求每年调查一次客户满意程度。",
        "/data/project/purpose": "了解客户对质量、价格、交货和服务的满意程度。",
        "/data/project/function_clause": "客户服务部职责第三条：客户信息的调查与统计",
        "/data/project/within_function": "yes",
        "/data/project/user[1]/user_name": "总经理",
        "/data/project/user[1]/user_use": "制定下一年度服务目标",
        "/data/method/collection": "phone",
        "/data/method/sampling": "simple",
        "/data/method/population": "1200",
        "/data/method/confidence": "95",
        "/data/method/margin": "5",
        "/data/method/design_effect": "1",
        "/data/method/response_rate": "60",
        "/data/method/planned_sample": "500",
        "/data/method/why_method": "电话成本低于走访，客户名单完整，可随机抽取。",
        "/data/method/alternative[1]/alternative_method": "visit",
        "/data/method/alternative[1]/alternative_cost": "60000",
        "/data/method/alternative[1]/alternative_why_not": "费用是电话的四倍，精度相同。",
        "/data/burden/questions": "18",
        "/data/burden/minutes": "6",
        "/data/burden/interviewers": "4",
        "/data/burden/interviewer_days": "5",
        "/data/burden/bearable": "yes",
        "/data/burden/bearable_why": "每户六分钟，避开月末结账日。",
        "/data/funds/cost[1]/cost_kind": "staff",
        "/data/funds/cost[1]/cost_amount": "12000",
        "/data/funds/cost[2]/cost_kind": "postage",
        "/data/funds/cost[2]/cost_amount": "1500.50",
        "/data/funds/funds_from": "客户服务部年度预算",
        "/data/funds/funds_secured": "15000",
        "/data/duplication/searched": "yes",
        "/data/duplication/has_overlap": "no",
        "/data/duplication/consistent": "yes",
        "/data/norms/standards": "GBT4754 GBT2260",
        "/data/trial/major": "no",
        "/data/schedule/scope": "full",
        "/data/schedule/starts_on": day(today, 10),
        "/data/schedule/ends_on": day(today, 20),
        "/data/schedule/report_due_on": day(today, 40),
    }


_FILLED = {
    "complaint": _complaint,
    "credit_report": _credit,
    "cross_region_sale": _cross_region,
    "guest_collection": _guest,
    "information_card": _information,
    "intention_card": _intention,
    "price_approval": _price,
    "survey_proposal": _proposal,
    "visit_daily_report": _visits,
}
