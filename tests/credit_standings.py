"""A standing with everything in it, and one with nothing, for pages and papers that show one."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from custinfo.actions.account_cards import CardView, MeasureView
from custinfo.actions.credit_views import AccountView, DecisionView, OverrideView, PaperView, RaterView, Standing
from custinfo.classification.credit import dunning, first_dealing, limits, raters, scorecards
from custinfo.classification.credit.grades import rule as grades_on
from custinfo.classification.credit.scoring import AppliedCap, Evidence, Finding, Rating, score

DAY = date(2026, 11, 20)
AGO = timedelta(days=30)


def empty(customer_id, day=DAY):
    """Of a customer of whom nothing is known."""
    order = grades_on(day).order
    return Standing(
        customer_id=customer_id, number="C000001", label="深圳市宏远电子科技有限公司", day=day, scheme="5c", grade=None,
        decision=None, pending=None, history=(), override=None, overrides=(), raters=(), agreement=None, apart=(),
        limit=limits.limit(None, None, None, limits.rule(day, order)), applied_fen=None, applied_terms=None,
        account=None, over_fen=0, gate_open=False, lacks=first_dealing.lacks([], day, first_dealing.rule(day)),
        papers=(), papers_lacking=(("contract", "contract"),), cards=(), measures=(), statements=(), years=(), ratios={}, warnings=(), review_on=None,
        notes=(),
    )  # fmt: skip


def full(customer_id, day=DAY):
    """Two raters apart in one point, a cap, an override in force, money overdue, over the limit, the gate open."""
    card = scorecards.scorecard("5c", day)
    first = dict.fromkeys(card.indicators, 4)
    second = first | {"paid_in_time": 2, "repute": 5}
    heavy = dict.fromkeys(card.indicators, 4)
    evidence = (Evidence("供应商来函", day - AGO),)
    both = tuple(
        _rater(n, name, values, evidence, day) for n, (name, values) in enumerate((("甲", first), ("乙", second)))
    )
    scored = score(card, [Rating(code, value, "甲", evidence) for code, value in heavy.items()], day)
    limit = limits.limit("C", 500_000_000, 120_000_000, limits.rule(day, card.grades.order))
    decision = DecisionView(
        decision_id="CD-1", version=2, scheme="5c", decided_on=day - AGO, points=int(scored.points), coverage=10000,
        stale=1200, grade_of_points="B", ceiling="C",
        grade="C", caps=(AppliedCap("enforcement", "enforcement", None, "C", lowered=True),), limit=limit,
        capital_fen=500_000_000, sales_fen=120_000_000, agreement_bp=4200, raters=("p1", "p2"), ratings=(("R-0", 1), ("R-1", 1)),
        rater_names=("甲", "乙"), review_on=day - timedelta(days=1),
        rule_versions={"card": 1, "grades": 1, "indicators": 1, "limits": 1, "terms": 1}, state="approved",
        case_id="AC-1", recorded_at=datetime(2026, 10, 21, 2, tzinfo=UTC), recorded_by_name="丙",
    )  # fmt: skip
    earlier = replace(decision, decision_id="CD-0", version=1, grade="B", decided_on=day - 3 * AGO)
    override = OverrideView(
        record_id="R-o", grade="B", reason="新增抵押", proposed_by="丙", proposed_on=day - AGO,
        last_day=day + timedelta(days=5), approved_by="丁", approved_on=day - AGO, state="in_force", faults=(),
    )  # fmt: skip
    step = dunning.Step("2026-08-15", 40, 8_000_000, 2, 2, "call", None, None)
    account = AccountView(
        day=day, lake_version=3, terms="net_30", sales_fen=120_000_000, balance_fen=30_000_000, not_invoiced_fen=1_000_000,
        not_delivered_fen=2_000_000, committed_by="orders", committed_on=day, secured_fen=500_000, exposure_fen=32_500_000, overdue_fen=8_000_000,
        overdue_days=40, due_fen=100_000_000, in_time_fen=85_000_000, late_fen=7_000_000, open_fen=8_000_000,
        days_beyond_terms=6.25, steps=(step,),
        letter=dunning.Letter(2, "call", 8_000_000, 40, (step,), 1), signs=(), first_sale_on=date(2024, 3, 1),
        purchases=24, months_bought=9,
    )  # fmt: skip
    card_ = CardView("R-c", "62****01", "欧****", ("单****",), 5_000_000, day - AGO, None, "lost", day)
    measure = MeasureView("R-m", frozenset({"no_card"}), ("cash", "watch"), "改为现款", "总务甲", day - AGO, day + AGO)
    paper = PaperView("R-p", "licence", "91440300", day - AGO, date(2020, 1, 1), day + AGO, "甲", "深圳市市场监管局")
    values = [one.values for one in both]
    return replace(
        empty(customer_id, day), grade="B", decision=decision, history=(decision, earlier), override=override,
        overrides=(override,), raters=both, agreement=raters.agreement(*values),
        apart=raters.to_talk_over(*values), limit=limit, account=account, over_fen=2_500_000, gate_open=True, lacks=(),
        papers=(paper,), cards=(card_,), measures=(measure,), review_on=decision.review_on,
    )  # fmt: skip


def _rater(number, name, values, evidence, day):
    ratings = tuple(Rating(code, value, name, evidence) for code, value in values.items())
    findings = (Finding("enforcement", Evidence("执行信息公开网", day - AGO)),) if number else ()
    stale = ("repute",) if number else ()
    return RaterView(f"R-{number}", 1, f"p{number}", name, day - AGO, ratings, findings, values, stale)
