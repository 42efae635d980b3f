"""Sales control on figures worked by hand: targets and checkpoints, visits, sales across regions, products."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from custinfo import lake
from custinfo.classification import sales_checkpoints
from custinfo.domain.errors import BadInput
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.periods import Month
from custinfo.lake import files, schema
from custinfo.lake.published_tables import TABLES
from custinfo.reports import text
from custinfo.reports.kinds import sales_control
from custinfo.reports.parts import members, targets
from tests.reports import sites

RECORDED = datetime(2026, 10, 2, 1, tzinfo=UTC)
MOMENT = datetime(2026, 11, 9, 1, tzinfo=UTC)
OCTOBER = Month(2026, 10)
CUSTOMERS = [{"customer_type": "enterprise", "region": code} for code in ("310115", "440106", "440305", "110101")]
LINES = [
    # customer, kind, day, product, fen, area
    ("c1", "sale", "2026-10-03", "P1", 200_00, "华东"),
    ("c1", "sale", "2026-10-11", "P1", 300_00, "华东"),
    ("c1", "return", "2026-10-12", "P1", 50_00, "华东"),
    ("c2", "sale", "2026-10-05", "P2", 100_00, "华南"),
    ("c3", "sale", "2026-10-20", "P2", 80_00, "华东"),  # in the south: agreed to
    ("c4", "sale", "2026-10-31", "P3", 70_00, "华东"),  # in the north: nobody was asked
    ("c4", "sale", "2026-09-30", "P4", 900_00, "华北"),
    ("c4", "return", "2026-10-30", "P4", 400_00, "华北"),
    ("c2", "sale", "2026-02-01", "P5", 10_00, None),
]
"""October: east 200 + 300 - 50 + 80 + 70 = 600, south 100, north -400, in all 300. By the 5th 300, by the 15th 550."""
PLANS = [("", 1_000_00), ("华东", 500_00), ("华南", 200_00), ("西北", 50_00)]
VISITS = [
    # number, version, customer, day, accompanied, staff, department
    ("V1", 1, "c1", "2026-10-08", "no", "s1", "甲部"),
    ("V2", 1, "c1", "2026-10-09", "no", "s1", "甲部"),
    ("V2", 2, "c1", "2026-10-09", "yes", "s1", "甲部"),  # an edit of the same visit
    ("V3", 1, None, "2026-10-09", "no", "s2", "甲部"),
    ("V4", 1, "c2", "2026-10-31", "yes", "s3", "乙部"),
    ("V5", 1, "c2", "2026-11-01", "no", "s3", "乙部"),
    ("V6", 1, "c3", "2026-10-09", None, "s3", "乙部"),  # of before the form asked
    ("V6", 2, "c3", "2026-11-02", "no", "s3", "乙部"),  # moved out of the month
]
CROSSING = [
    # number, event, registered, customer, branch of use, branch that delivers, day, fen
    ("X1", "open", "declared", "c3", "south", "east", "2026-10-19", 80_00),
    ("X1", "approve", "declared", "c3", "south", "east", "2026-10-19", 80_00),
    ("X2", "approve", "found", None, "north", "east", "2026-10-02", 40_00),
    ("X3", "open", "declared", None, "north", "south", "2026-10-09", 60_00),
    ("X4", "reject", "declared", None, "north", "south", "2026-10-09", 61_00),
    ("X5", "withdraw", "declared", None, "north", "south", "2026-10-09", 62_00),
    ("X6", "approve", "declared", None, "north", "south", "2026-11-01", 63_00),  # of November
    ("X7", "approve", "declared", "c2", "north", "east", "2026-02-01", 10_00),  # never paid since
]
GRADES = {"c1": "A", "c3": "A", "c4": "A", "c2": "B"}


def tables(key):
    """Rows of the lake's own tables, numbered."""

    def numbered(rows):
        return [lake.TableRow(n, row | {"recorded_at": RECORDED}) for n, row in enumerate(rows, start=1)]

    plans = [
        {"indicator": "net_sales", "period": "2026-10", "dimension": "area" if code else "", "code": code,
         "amount": fen, "version": 1, "approved_on": "2026-09-28"} for code, fen in PLANS
    ]  # fmt: skip
    visits = [
        {"customer_key": who and key(who), "visit_number": number, "version": version, "visited_on": day,
         "purposes": "sell", "accompanied": came, "superior": None, "result": "continue", "staff_key": staff,
         "department": department} for number, version, who, day, came, staff, department in VISITS
    ]  # fmt: skip
    crossing = [
        {"customer_key": who and key(who), "sale_number": number, "version": 1, "event": event, "registered": how,
         "use_branch": use, "use_region": "440106", "delivery_branch": branch, "delivered_on": day, "amount_fen": fen,
         "event_number": n} for n, (number, event, how, who, use, branch, day, fen) in enumerate(CROSSING, start=1)
    ]  # fmt: skip
    return {"plans": numbered(plans), "visits": numbered(visits), "cross_region_sales": numbered(crossing)}


def made(place, given=tables, now=MOMENT, lines=LINES):
    """A lake with these customers, lines and tables."""
    secret = place.secret("pseudonym")

    def key(who):
        return lake.pseudonym(secret, who)

    rows = [lake.EntityVersionRow(n, f"c{n}", 1, RECORDED, values) for n, values in enumerate(CUSTOMERS, start=1)]
    sold = [
        {"customer_key": key(who), "line_no": str(n), "kind": kind, "occurred_on": date.fromisoformat(day),
         "product": product, "quantity": None, "amount_fen": fen, "area": area, "batch_id": "b1",
         "recorded_at": RECORDED.replace(tzinfo=None)}
        for n, (who, kind, day, product, fen, area) in enumerate(lines, start=1)
    ]  # fmt: skip
    (place.lake / "sales").mkdir(parents=True)
    path = "sales/b1.parquet"
    count = schema.write(place.lake / path, schema.SALES, [pa.RecordBatch.from_pylist(sold, schema=schema.SALES)])
    file = lake.LakeFile("sales", path, files.sha256(place.lake / path), count)
    lake.publish(place, rows, [lake.BatchRow("b1", RECORDED, file)], lambda: now, tables=given(key))
    return key


@pytest.fixture(scope="module")
def counted(tmp_path_factory):
    """The report of October."""
    place = sites.site(tmp_path_factory.mktemp("control") / "site")
    key = made(place)
    opened = lake.open(place)
    columns = TABLES["gradings"].columns
    rows = [
        {"customer_key": key(who), "quarter": "2026-Q3", "edition": 1, "scheme": "value_grade", "class": grade,
         "reason": None, "figure": 1, "rule_version": 1, "code_edition": None, "lake_version": opened.version,
         "as_of": MOMENT.replace(tzinfo=None)} for who, grade in GRADES.items()
    ]  # fmt: skip
    batch = pa.RecordBatch.from_pylist(rows, schema=columns.remove(columns.get_field_index("recorded_at")))
    at = MOMENT.replace(minute=1)
    lake.append(place, "gradings", "2026-Q3-1", [batch], of=opened.manifest, recorded_at=at, now=lambda: at)
    return sales_control.KIND.figures(lake.open(place), OCTOBER, place.zone)


def cells(found, table):
    return {row.id: row.cells for row in found.table(table).rows}


def said(found, language="zh-CN"):
    return [one.text for one in text.sentences(sales_control.KIND.facts(found), found, language)]


def test_targets_of_the_company_and_of_each_area(counted):
    rows = [(row.label.value, row.cells) for row in counted.table("t1").rows]
    assert rows == [
        ("report_words.row.total", (1_000_00, 300_00, -700_00, Decimal("30.0"))),
        ("east", (500_00, 600_00, 100_00, Decimal("120.0"))),
        ("north", (None, -400_00, None, None)),
        ("south", (200_00, 100_00, -100_00, Decimal("50.0"))),
        ("north_west", (50_00, 0, -50_00, Decimal("0.0"))),
    ]
    assert "2026年10月销售目标¥1,000.00，实际¥300.00，尚差¥700.00。" in said(counted)


def test_the_six_checkpoints_of_the_month(counted):
    assert {row.label.value[-2:]: row.cells for row in counted.table("t2").rows} == {
        "05": (Decimal(15), 150_00, 300_00, 150_00, Decimal("30.0")),
        "10": (Decimal(30), 300_00, 300_00, 0, Decimal("30.0")),
        "15": (Decimal(50), 500_00, 550_00, 50_00, Decimal("55.0")),
        "20": (Decimal(65), 650_00, 630_00, -20_00, Decimal("63.0")),
        "25": (Decimal(80), 800_00, 630_00, -170_00, Decimal("63.0")),
        "31": (Decimal(100), 1_000_00, 300_00, -700_00, Decimal("30.0")),
    }
    reached = counted.table("t3")
    assert [(row.label.value, row.cells[:3]) for row in reached.rows] == [
        ("report_words.row.total", (6, 3, 3)), ("east", (6, 6, 0)), ("south", (6, 3, 3)), ("north_west", (6, 0, 6)),
    ]  # fmt: skip
    assert "已过的时点6个，达成3个，未达成3个。" in said(counted)
    assert "西北分公司落后最多，有6个时点未达成。" in said(counted)


def test_visits_count_once_and_on_their_day(counted):
    """October 2026 has 17 working days: 1 to 8 are holidays but for the 10th, a Saturday that is worked."""
    departments = cells(counted, "t4")
    assert departments["total"][:5] == (4, 2, 2, Decimal("50.0"), 3)
    assert departments["甲部"][:5] == (3, 1, 1, Decimal("33.3"), 2)
    assert departments["乙部"][:5] == (1, 1, 1, Decimal("100.0"), 1)
    assert departments["total"][5] == Decimal("0.2")
    assert [(row.label.value, row.cells[0]) for row in counted.table("t5").rows] == [
        ("乙部 · s3", 1), ("甲部 · s1", 2), ("甲部 · s2", 1),
    ]  # fmt: skip


def test_the_best_customers_whom_nobody_visited(counted):
    assert cells(counted, "t6") == {
        "east": (1, 1, 0, Decimal("0.0")), "north": (1, 0, 1, Decimal("100.0")),
        "south": (1, 0, 1, Decimal("100.0")), "total": (3, 1, 2, Decimal("66.7")),
    }  # fmt: skip
    assert "2026年第三季度末A级客户3户，本期有2户未拜访。" in said(counted)


def test_sales_across_regions_by_decision_and_by_branch(counted):
    """5 % commission in halves; X7 of February is agreed, unpaid for 272 days and of another month."""
    assert cells(counted, "t7") == {
        "agreed": (1, 80_00, 4_00, 2_00, 2_00), "found": (1, 40_00, 2_00, 2_00, 0), "waiting": (1, 60_00, 0, 0, 0),
        "refused": (1, 61_00, 0, 0, 0), "total": (4, 241_00, 6_00, 4_00, 2_00),
        "undeclared": (1, 70_00, None, None, None), "dead": (1, 10_00, 50, 25, 0),
    }  # fmt: skip
    assert cells(counted, "t8") == {
        "east": (120_00, 0, -40_00, 0, 2_00, 70_00), "north": (0, 40_00, 40_00, 2_00, 0, 0),
        "south": (0, 80_00, 0, 2_00, 0, 0),
    }  # fmt: skip
    words = said(counted)
    assert "查获擅自越区1笔，金额¥40.00，业绩与佣金归使用地分公司。" in words
    assert "销售记录中疑似未申报的越区发卖1笔，金额¥70.00，须逐笔核实。" in words
    assert "截至期末，货款呆滞的1笔，金额¥10.00。" in words


def test_products_in_five_classes_and_what_is_to_be_done(counted):
    """Net of three months: P4 500 (44 % came back), P1 450, P2 180, P3 70, in all 1,200; nothing of P5 since February."""
    assert {name: row[0] for name, row in cells(counted, "t9").items()} == {
        "best": 1, "good": 1, "slow": 1, "stop": 1, "return": 1, "total": 5,
    }  # fmt: skip
    assert [(row.id, row.cells) for row in counted.table("t10").rows] == [
        ("stop-P5", (0, 0, 0)), ("return-P4", (900_00, 400_00, 500_00)),
    ]  # fmt: skip


def test_no_place_is_without_a_branch(counted):
    assert cells(counted, "t11") == {"total": (0,)}


def test_nothing_planned_visited_or_sold_is_said_in_words(tmp_path):
    place = sites.site(tmp_path / "site")
    sites.publish(place, customers=(), sales=())
    found = sales_control.KIND.figures(lake.open(place), OCTOBER, place.zone)
    words = said(found)
    assert "2026年10月没有经批准的销售目标，实际净销售额¥0.00，无从计算达成率。" in words
    for beginning in ("2026年10月没有拜访记录", "2026年第三季度没有留存的A级客户", "2026年10月没有申报的越区发卖",
                      "销售记录没有注明销售区域", "截至2026年10月末的近期没有商品销售"):  # fmt: skip
        assert any(one.startswith(beginning) for one in words), beginning
    with pytest.raises(BadInput) as wrong:
        sales_control.KIND.figures(lake.open(place), Month(2026, 12), place.zone)
    assert all("2026" in wrong.value.text(language) for language in LANGUAGES)


def test_in_the_middle_of_the_month_only_the_days_that_are_over_count(tmp_path):
    place = sites.site(tmp_path / "site")
    made(place, now=datetime(2026, 10, 13, 1, tzinfo=UTC), lines=LINES[:4])
    found = sales_control.KIND.figures(lake.open(place), OCTOBER, place.zone)
    assert [row.cells[2] for row in found.table("t2").rows] == [300_00, 300_00, None, None, None, None]
    assert cells(found, "t3")["total"][:3] == (2, 2, 0)
    assert "已过的时点2个，达成2个，未达成0个。" in said(found)
    assert said(found)[-1] == "数据截止时期间尚未结束，以上为部分数字。"


@pytest.mark.parametrize("target", [0, -100_00])
def test_a_target_of_zero_or_below_has_no_degree(counted, target):
    whole = targets.Part("total", members.message("total"), target, {date(2026, 10, 3): 300_00})
    rule = sales_checkpoints.rule(OCTOBER.last)
    points = targets.held(whole, OCTOBER, rule, OCTOBER.last)
    again = (targets.targets_table("t1", [whole]), targets.checkpoints_table("t2", points),
             targets.reached_table("t3", [(whole, points)]))  # fmt: skip
    found = replace(counted, tables=(*again, *counted.tables[3:]))
    assert cells(found, "t1")["total"] == (target, 300_00, 300_00 - target, None)
    assert [row.cells[4] for row in found.table("t2").rows] == [None] * 6
    assert "目标为零或负，不计达成率。" in said(found)
