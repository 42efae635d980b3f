"""Reports about customers – composition, profit, grades, credit, demands, data quality – on figures worked by hand."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from custinfo import lake
from custinfo.domain.periods import Month, Quarter
from custinfo.lake import files, schema
from custinfo.lake.published_tables import TABLES
from custinfo.reports import text
from custinfo.reports.kinds import composition, credit, customer_information, data_quality, demands, grades, profit
from tests.reports import sites

RECORDED = datetime(2026, 8, 3, 1, tzinfo=UTC)
MOMENT = datetime(2026, 10, 9, 1, tzinfo=UTC)
QUARTER = Quarter(2026, 3)
CUSTOMERS = (
    {"customer_type": "enterprise", "ownership": "state", "region": "440106", "industry": "3911"},
    {"customer_type": "enterprise", "ownership": "state", "region": "110101", "industry": "6110"},
    {"customer_type": "individual", "region": "440305"},
)
LINES = [
    # customer, kind, day, product, fen, cost, line, area
    ("c1", "sale", "2026-07-05", "P1", 1_000_00, 600_00, "灯具", "华南"),
    ("c1", "return", "2026-07-09", "P1", 100_00, 60_00, "灯具", "华南"),
    ("c2", "sale", "2026-08-10", "P2", 500_00, 700_00, "五金", "华北"),
    ("c3", "sale", "2026-09-30", "P3", 300_00, None, None, "华南"),
    ("c1", "payment", "2026-09-30", None, 400_00, None, None, None),
    ("c2", "sale", "2026-10-01", "P2", 999_00, 1_00, "五金", "华北"),
]
"""Third quarter: c1 900.00, c2 500.00, c3 300.00, in all 1,700.00; profit c1 900 - 540 = 360.00, c2 -200.00."""

GRADES = [
    # customer, quarter, class, net sales
    ("c1", "2026-Q2", "B", 100_00), ("c2", "2026-Q2", "A", 900_00), ("c1", "2026-Q3", "A", 900_00),
    ("c2", "2026-Q3", "B", 500_00), ("c3", "2026-Q3", "C", 300_00),
]  # fmt: skip
DECISIONS = [
    # customer, kind, number, grade, recorded on
    ("c1", "decision", "d1", "A", datetime(2026, 6, 1, tzinfo=UTC)),
    ("c1", "override", "d1", "B", datetime(2026, 7, 1, tzinfo=UTC)),
    ("c2", "decision", "d2", "C", datetime(2026, 9, 1, tzinfo=UTC)),
    ("c3", "decision", "d3", "A", datetime(2026, 10, 2, tzinfo=UTC)),
]
DEMANDS = [
    # number, version, kind, stage, ratings, recorded on
    ("D1", 1, "need", "collected", (5, 5, 5), datetime(2026, 9, 2, tzinfo=UTC)),
    ("D2", 1, "need", "collected", (None, None, None), datetime(2026, 8, 2, tzinfo=UTC)),
    ("D2", 2, "need", "answered", (1, 2, 3), datetime(2026, 9, 4, tzinfo=UTC)),
    ("D3", 1, "intention", "open", (None, None, None), datetime(2026, 9, 8, tzinfo=UTC)),
    ("D4", 1, "need", "collected", (1, 1, 1), datetime(2026, 10, 3, tzinfo=UTC)),
]


def tables(key):
    """Rows of the lake's own tables, numbered."""

    def numbered(rows):
        return [lake.TableRow(n, row) for n, row in enumerate(rows, start=1)]

    decided = [
        {
            "customer_key": key(who), "kind": kind, "decision": number, "version": 1, "scheme": "5c", "grade": grade,
            "points": None, "coverage": None, "limit_fen": 0, "valid_until": "2026-12-31", "rule_version": 1,
            "card_version": 1, "limits_version": 1, "recorded_at": at,
        }
        for who, kind, number, grade, at in DECISIONS
    ]  # fmt: skip
    wanted = [
        {
            "customer_key": None, "demand_number": number, "version": version, "kind": kind, "stage": stage,
            "importance": rated[0], "urgency": rated[1], "feasibility": rated[2], "recorded_at": at, "step": None,
            "class": None, "conclusion": None, "reply": None,
        }
        for number, version, kind, stage, rated, at in DEMANDS
    ]  # fmt: skip
    recorded = [
        {"customer_key": key(who), "version": 1, "recorder": by, "department": department, "recorded_at": RECORDED}
        for who, by, department in (("c1", "R-1", "营业部"), ("c2", "R-2", "营业部"))
    ]
    again = [
        {"form": "enterprise_card", "recorder": by, "department": "营业部", "compared": 20, "equal": equal, "recorded_at": at}
        for by, equal, at in (
            ("R-1", 19, datetime(2026, 9, 2, tzinfo=UTC)), ("R-2", 20, datetime(2026, 9, 3, tzinfo=UTC)),
            ("R-2", 0, datetime(2026, 10, 3, tzinfo=UTC)),
        )
    ]  # fmt: skip
    pair = {
        "customer_key": key("c1"), "other_key": key("c2"), "event_number": 1, "event": "found", "band": "review",
        "probability": 950_000, "evidence": "", "source": "search", "rule_version": 1,
        "recorded_at": datetime(2026, 9, 4, tzinfo=UTC),
    }  # fmt: skip
    doubted = [pair, pair | {"other_key": key("c3"), "event_number": 2, "probability": 600_000}]
    return {
        "credit_decisions": numbered(decided), "demands": numbered(wanted), "card_recordings": numbered(recorded),
        "second_entries": numbered(again), "matches": numbered(doubted),
    }  # fmt: skip


def graded(place, key):
    """Keep the grades of two quarters."""
    for edition, quarter in enumerate(("2026-Q2", "2026-Q3"), start=1):
        opened = lake.open(place)
        rows = [
            {
                "customer_key": key(who), "quarter": of, "edition": 1, "scheme": "value_grade", "class": grade,
                "reason": None, "figure": fen, "rule_version": 1, "code_edition": None,
                "lake_version": opened.version, "as_of": MOMENT.replace(tzinfo=None),
            }
            for who, of, grade, fen in GRADES if of == quarter
        ]  # fmt: skip
        columns = TABLES["gradings"].columns
        batches = [pa.RecordBatch.from_pylist(rows, schema=columns.remove(columns.get_field_index("recorded_at")))]
        at = MOMENT.replace(minute=edition)
        lake.append(
            place, "gradings", f"{quarter}-1", batches, of=opened.manifest, recorded_at=at, now=lambda at=at: at
        )


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """The lake, and the zone of its site."""
    place = sites.site(tmp_path_factory.mktemp("customers") / "site")
    secret = place.secret("pseudonym")

    def key(who):
        return lake.pseudonym(secret, who)

    rows = [lake.EntityVersionRow(n, f"c{n}", 1, RECORDED, values) for n, values in enumerate(CUSTOMERS, start=1)]
    sold = [
        {
            "customer_key": key(who), "line_no": str(n), "kind": kind, "occurred_on": date.fromisoformat(day),
            "product": product, "quantity": None, "amount_fen": fen, "cost_fen": cost, "product_line": line,
            "area": area, "batch_id": "b1", "recorded_at": RECORDED.replace(tzinfo=None),
        }
        for n, (who, kind, day, product, fen, cost, line, area) in enumerate(LINES, start=1)
    ]  # fmt: skip
    (place.lake / "sales").mkdir(parents=True)
    path = "sales/b1.parquet"
    count = schema.write(place.lake / path, schema.SALES, [pa.RecordBatch.from_pylist(sold, schema=schema.SALES)])
    file = lake.LakeFile("sales", path, files.sha256(place.lake / path), count)
    lake.publish(place, rows, [lake.BatchRow("b1", RECORDED, file)], lambda: MOMENT, tables=tables(key))
    graded(place, key)
    return lake.open(place), place.zone


def counted(kind, opened, period=QUARTER):
    return kind.KIND.figures(opened[0], period, opened[1])


def cells(table):
    return {row.id: row.cells for row in table.rows}


def said(kind, found, language="zh-CN"):
    return [one.text for one in text.sentences(kind.KIND.facts(found), found, language)]


def test_customers_by_type_and_region_with_what_they_bought(opened):
    found = counted(composition, opened)
    assert cells(found.table("t2")) == {
        "enterprise": (2, Decimal("66.7"), 0, 2, 1_400_00, Decimal("82.4")),
        "individual": (1, Decimal("33.3"), 0, 1, 300_00, Decimal("17.6")),
        "total": (3, Decimal("100.0"), 0, 3, 1_700_00, Decimal("100.0")),
    }
    assert [(row.id, row.cells[0]) for row in found.table("t5").rows] == [("110000", 1), ("440000", 2), ("total", 3)]
    assert cells(found.table("t3"))["not_stated"][0] == 1, "an individual has no ownership"
    assert "按地区看，广东省最多，有2户，占66.7%。" in said(composition, found)


def test_profit_is_that_of_the_lines_whose_cost_is_known(opened):
    found = counted(profit, opened)
    lines = found.table("t2")
    assert [(row.label.value, row.cells) for row in lines.rows] == [
        ("灯具", (900_00, 540_00, 360_00, Decimal("40.0"), Decimal("225.0"), 0)),
        ("report_words.row.not_stated", (0, 0, 0, None, Decimal("0.0"), 300_00)),
        ("五金", (500_00, 700_00, -200_00, Decimal("-40.0"), Decimal("-125.0"), 0)),
        ("report_words.row.total", (1_400_00, 1_240_00, 160_00, Decimal("11.4"), Decimal("100.0"), 300_00)),
    ]
    assert [row.cells[2] for row in found.table("t6").rows] == [360_00, -200_00, 160_00], "by the customer's region"
    words = said(profit, found)
    assert "2026年第三季度成本已知的销售额为¥1,400.00，毛利¥160.00，毛利率11.4%。" in words
    assert "另有¥300.00的销售额成本不明，未计入毛利。" in words
    assert "按产品线看，五金亏损最多，为¥200.00。" in words


def test_grades_are_those_that_were_kept_and_who_rose_fell_and_came(opened):
    found = counted(grades, opened)
    assert cells(found.table("t1"))["A"] == (1, Decimal("33.4"), 1, 0, 900_00, Decimal("52.9"))
    moves = cells(found.table("t2"))
    assert (moves["A"], moves["B"], moves["new"]) == ((0, 1, 0, 0, 0, 1), (1, 0, 0, 0, 0, 1), (0, 0, 1, 0, 0, 1))
    assert {name: row[0] for name, row in cells(found.table("t3")).items()} == {
        "up": 1, "down": 1, "same": 0, "new": 1, "gone": 0, "total": 3, "held": 0,
    }  # fmt: skip
    assert "升级1户，降级1户，新客户1户，退出0户。" in said(grades, found)
    assert "没有留存的等级" in said(grades, counted(grades, opened, Quarter(2026, 1)))[0]


def test_credit_by_the_grade_in_force_at_the_end_of_the_period(opened):
    found = counted(credit, opened, Month(2026, 9))
    by_grade = cells(found.table("t2"))
    # c1 is overridden to B and owes 900 - 400; c2 is decided C and owes 500; c3 was decided later and owes 300
    assert by_grade["A"][0] == 0
    assert by_grade["B"] == (1, Decimal("33.4"), 0, 500_00, Decimal("38.5"), 400_00)
    assert (by_grade["C"][0], by_grade["C"][3]) == (1, 500_00)
    assert (by_grade["not_stated"][0], by_grade["not_stated"][3]) == (1, 300_00)
    assert by_grade["total"][3] == 1_300_00
    assert cells(found.table("t3")) == {"decision": (1, 1), "override": (0, 0)}
    assert "未评级客户1户，应收¥300.00。" in said(credit, found)


def test_demands_as_they_stood_at_the_end_of_the_month(opened):
    found = counted(demands, opened, Month(2026, 9))
    flow = cells(found.table("t2"))
    assert flow == {"need": (2, 1, 1, 1), "intention": (1, 1, 0, 1), "total": (3, 2, 1, 2)}
    assert cells(found.table("t3"))["P1"][0] == 1
    assert cells(found.table("t3"))["not_assessed"][0] == 1
    assert {name: row[0] for name, row in cells(found.table("t4")).items() if row[0]} == {
        "collected": 1, "open": 1, "answered": 1, "total": 3,
    }  # fmt: skip
    assert "2026年9月新增需求2条，办结1条，期末待办2条。" in said(demands, found)


def test_cards_are_checked_as_they_were_at_the_end_of_the_month(opened):
    found = counted(data_quality, opened, Month(2026, 9))
    fields = cells(found.table("t2"))
    assert fields["ownership"][:5] == (2, 0, 0, 0, 2), "of an individual none is expected"
    assert fields["region"][:5] == (3, 0, 0, 0, 3)
    assert cells(found.table("t3"))["total"][0] == 3
    assert "没有卡片" in said(data_quality, counted(data_quality, opened, Month(2026, 7)))[0]


def test_the_four_rates_stand_in_the_report_of_the_month(opened):
    found = counted(data_quality, opened, Month(2026, 9))
    rates = {row.id: row.cells[0] for row in found.table("t1").rows}
    # c1 and c2 are likely one, c3 only possibly; 39 of 40 answers of September were entered alike
    assert (rates["duplicate_rate"], rates["agreement"]) == (Decimal("66.7"), Decimal("97.5"))
    assert {"completeness", "timeliness"} <= rates.keys()
    words = said(data_quality, found)
    assert "重复率为66.7%。" in words and "录入准确率（二次录入一致率）为97.5%。" in words
    before = {row.id: row.cells[1] for row in found.table("t1").rows}
    assert (before["duplicate_rate"], before["agreement"]) == (Decimal("0.0"), None), "nobody entered anything again"


def test_cards_by_who_recorded_them(opened):
    august, september = (counted(data_quality, opened, Month(2026, month)) for month in (8, 9))
    rows = cells(september.table("t5"))
    # The three cards of enterprises lack kind, staff and capital; nothing was recorded in September
    assert rows["R-1"] == (0, 0, 1, Decimal("0.0"), Decimal(rows["R-1"][4]), 0, Decimal("95.0"))
    assert rows["R-2"][6] == Decimal("100.0"), "that of October is not yet there"
    assert rows["not_stated"][:4] == (0, 0, 1, Decimal("0.0")), "who recorded the third is not known"
    assert rows["total"][:3] == (0, 0, 3) and rows["total"][6] == Decimal("97.5")
    assert [row[:3] for name, row in cells(august.table("t4")).items() if name != "not_stated"] == [
        (2, 2, 2),
        (2, 2, 3),
    ]
    assert august.table("t4").rows[0].label.value == "营业部"


def test_more_recorders_than_a_page_has_room_for_are_one_row(opened, monkeypatch):
    monkeypatch.setattr(data_quality, "MOST", 1)
    rows = cells(counted(data_quality, opened, Month(2026, 8)).table("t5"))
    assert list(rows) == ["R-1", "other", "not_stated", "total"]
    assert rows["other"][:3] == (1, 1, 1)


def test_each_department_has_its_indicators_and_none_has_anothers(opened):
    found = counted(customer_information, opened)
    names = (*customer_information.DEPARTMENTS, customer_information.OTHERS)
    departments = [table for table in found.tables if table.id in names]
    ids = [row.id for table in departments for row in table.rows]
    assert len(ids) == len(set(ids)) == 34
    assert cells(found.table("service"))["customers"][0] == 3
    assert cells(found.table("sales"))["net_sales"][0] == 1_700_00
    assert "2026年第三季度末在册客户3户，其中新建档3户；净销售额¥1,700.00。" in said(customer_information, found)
