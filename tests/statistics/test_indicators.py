"""Indicators: every one worked by hand on a few customers, what cannot be counted says why, and a file out of order."""

from collections import defaultdict
from datetime import date, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

import ibis
import pytest

from custinfo.domain.errors import BadInput, NotFound
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.periods import Month, Quarter
from custinfo.lake import schema
from custinfo.statistics import indicators
from custinfo.statistics.formulas import FORMULAS
from custinfo.statistics.no_figure import NoFigure
from custinfo.statistics.sources import SOURCES, By, Given
from tests.statistics import indicators_doc

ZONE = ZoneInfo("Asia/Shanghai")
OCTOBER = Month(2026, 10)


def table(columns, rows):
    return ibis.memtable([dict(zip(columns, row, strict=True)) for row in rows], schema=columns)


def day(text):
    return date.fromisoformat(text)


def at(text):
    return datetime.fromisoformat(text)


SALES = table(
    {"customer_key": "string", "kind": "string", "occurred_on": "date", "product": "string", "quantity": "int64",
     "amount_fen": "int64", "cost_fen": "int64"},
    [
        ("a", "sale", day("2025-11-01"), "茶", 1, 400, None), ("a", "sale", day("2026-09-10"), "茶", 1, 600, 300),
        ("a", "sale", day("2026-10-01"), "茶", 2, 1000, 700), ("a", "sale", day("2026-10-01"), "酒", 1, 500, None),
        ("a", "sale", day("2026-10-31"), "茶", 1, 100, 60), ("a", "return", day("2026-10-31"), "茶", 1, 100, 70),
        ("a", "payment", day("2026-10-05"), None, None, 900, None),
        ("b", "sale", day("2026-10-09"), "酒", 1, 300, 200), ("b", "payment", day("2026-09-30"), None, None, 50, None),
        # The last sale of c turned twelve months old within October, that of d before, and that of e will in November
        ("c", "sale", day("2025-10-31"), "茶", 1, 70, None), ("c", "payment", day("2026-10-05"), None, None, 20, None),
        ("d", "sale", day("2025-09-30"), "茶", 1, 10, None), ("e", "sale", day("2025-11-01"), "茶", 1, 10, None),
        ("f", "sale", day("2026-09-01"), "茶", 1, 20, None), ("a", "sale", day("2026-11-01"), "茶", 9, 9999, 1),
    ],
)  # fmt: skip
CUSTOMERS = table(
    {"customer_key": "string", "recorded_at": "timestamp"},
    [
        # Midnight of Shanghai is 16:00 in UTC
        ("a", at("2026-09-30 15:59")), ("a", at("2026-10-09")), ("b", at("2026-09-30 16:00")),
        ("c", at("2026-10-31 15:59")), ("d", at("2026-10-31 16:00")),
    ],
)  # fmt: skip
EVENTS = table(
    {"customer_key": "string", "kind": "string", "occurred_at": "timestamp", "rating": "int64"},
    [
        ("a", "complaint", at("2026-10-01"), 2), ("b", "complaint", at("2026-10-31 16:00"), 1),
        ("b", "repair", at("2026-10-09"), 5), ("b", "visit", at("2026-10-09"), None),
    ],
)  # fmt: skip
DEMANDS = table(
    {"customer_key": "string", "demand_number": "string", "kind": "string", "stage": "string", "recorded_at": "timestamp"},
    [
        ("a", "D1", "need", "collected", at("2026-09-01")), ("a", "D1", "need", "answered", at("2026-10-01")),
        ("a", "D1", "need", "answered", at("2026-10-20")), (None, "D2", "need", "collected", at("2026-10-01")),
        (None, "D2", "need", "declined", at("2026-10-02 12:00")), ("b", "D3", "need", None, at("2026-10-02")),
        ("b", "D4", "intention", "answered", at("2026-10-02")),
    ],
)  # fmt: skip
GRADINGS = table(
    {"customer_key": "string", "quarter": "string", "scheme": "string", "class": "string"},
    [("a", "2026-Q3", "value_grade", "A"), ("b", "2026-Q3", "value_grade", "C"), ("c", "2026-Q3", "value_grade", "C"),
     ("d", "2026-Q3", "rfm", "A"), ("a", "2026-Q2", "value_grade", "B")],
)  # fmt: skip
CARDS = table(
    {"customer_key": "string", "state_region": "string", "state_staff": "string", "overdue": "boolean"},
    [("a", "ok", "invalid", False), ("b", "missing", None, True), ("c", "ok", "misplaced", False)],
)
IDENTITIES = table({"customer_key": "string", "duplicate": "boolean"}, [("a", True), ("b", True), ("c", False)])
ENTRIES = table(
    {"compared": "int64", "equal": "int64", "recorded_at": "timestamp"},
    # The last one is of November in Shanghai
    [(10, 9, at("2026-10-01")), (30, 30, at("2026-10-20")), (9, 0, at("2026-10-31 16:00"))],
)
EXPOSURE = table({"customer_key": "string", "exposure_fen": "int64"}, [("a", 900), ("b", -100)])
PAID = table(
    {"customer_key": "string", "due_fen": "int64", "in_time_fen": "int64", "open_fen": "int64"},
    [("a", 800, 600, 50), ("b", 0, 0, 0)],
)
TABLES = {
    "sales": SALES, "customer_versions": CUSTOMERS, "service_events": EVENTS, "demands": DEMANDS, "gradings": GRADINGS,
    "cards": CARDS, "identities": IDENTITIES, "second_entries": ENTRIES, "exposure": EXPOSURE, "payment_behaviour": PAID,
}  # fmt: skip
GIVEN = Given({name: (lambda _, found=found: found) for name, found in TABLES.items()}, ZONE)
EMPTY = Given({name: (lambda _, found=found: found.limit(0)) for name, found in TABLES.items()}, ZONE)

EXPECTED = {
    "customers": 3, "new_customers": 2, "active_customers": 2, "new_buyers": 1, "lapsed_customers": 1,
    "sales": 1900, "returns": 100, "net_sales": 1800, "payments": 920, "return_rate": Fraction(1, 19),
    # a 1600, b 250, c 50, d 10, e 10, f 20; at the beginning a 1000, c 70, d 10, e 10, f 20; b had paid ahead
    "receivables": 1940, "collection_rate": Fraction(920, 1110 + 1800),
    # Three days of buying: two of a, one of b
    "average_sale": 633, "frequency": Fraction(3, 2), "net_sales_per_customer": 900, "top_share": Fraction(1),
    "repurchase_rate": Fraction(1, 2), "retention_rate": Fraction(1, 2),
    "gross_profit": 1300 - 890, "gross_margin": Fraction(410, 1300),
    "customers_a": 1, "customers_b": 0, "customers_c": 2,
    "complaints": 1, "satisfaction": Fraction(7, 2), "days_to_answer": Fraction(63, 4),
    "completeness": Fraction(3, 4), "validity": Fraction(2, 3), "timeliness": Fraction(2, 3),
    "duplicate_rate": Fraction(2, 3), "agreement": Fraction(39, 40),
    "exposure": 800, "overdue": 50, "paid_in_time": Fraction(3, 4),
}  # fmt: skip


def figure(indicator_id, period=OCTOBER, given=GIVEN):
    (value,) = indicators.compute(indicator_id, period, given)
    return value.figure


def test_every_indicator_is_worked_by_hand():
    assert EXPECTED.keys() == indicators.load().keys()
    assert {indicator_id: figure(indicator_id) for indicator_id in EXPECTED} == EXPECTED


@pytest.mark.parametrize("indicator_id", ["net_sales", "return_rate", "lapsed_customers", "days_to_answer", "validity"])
def test_of_nothing_sums_are_zero_and_ratios_a_sentence(indicator_id):
    found = figure(indicator_id, given=EMPTY)
    if indicators.get(indicator_id).unit in ("count", "fen"):
        assert found == 0
    else:
        assert found == NoFigure("nothing")


def test_a_base_of_zero_is_a_sentence():
    # In November a alone bought, nothing came back: a rate of nought; in December nobody did
    assert figure("return_rate", Month(2026, 11)) == 0
    only_returns = Given({"sales": lambda _: SALES.filter(SALES.kind == "return")}, ZONE)
    assert figure("return_rate", given=only_returns) == NoFigure("zero_base")
    assert figure("top_share", given=only_returns) == NoFigure("negative_base")


def test_what_is_missing_is_named():
    missing = figure("exposure", given=Given({}, ZONE))
    assert (missing.reason, missing.facts["source"]) == ("no_source", "exposure")
    assert (figure("customers_a", Month(2026, 3)).reason, figure("customers_a", Quarter(2026, 3))) == ("not_graded", 1)
    assert figure("sales", Month(2019, 12)).reason == "not_in_force"


def told(indicator_id, by):
    return {value.code: value.figure for value in indicators.compute(indicator_id, OCTOBER, GIVEN, by)}


PROVINCES = By("province", table({"customer_key": "string", "code": "string"}, [("a", "35"), ("b", "11")]))


def test_by_a_property_of_customers():
    assert told("net_sales", PROVINCES) == {"11": 300, "35": 1500}
    assert told("receivables", PROVINCES) == {"": 90, "11": 250, "35": 1600}
    assert told("customers", PROVINCES) == {"": 1, "11": 1, "35": 1}
    assert told("days_to_answer", PROVINCES) == {"": Fraction(3, 2), "35": 30}
    assert told("completeness", PROVINCES) == {"": 1, "11": 0, "35": 1}


def test_by_a_column_of_the_lines():
    product = By("product")
    assert told("net_sales", product) == {"茶": 1000, "酒": 800}
    assert told("active_customers", product) == {"茶": 1, "酒": 2}
    assert told("new_buyers", product) == {"茶": 0, "酒": 2}
    for indicator_id in ("payments", "complaints", "customers"):
        (value,) = indicators.compute(indicator_id, OCTOBER, GIVEN, product)
        assert value.figure.reason == "no_dimension"


def test_what_is_said_to_add_up_adds_up():
    for indicator_id in ("net_sales", "new_buyers", "gross_profit"):
        quarter = sum(figure(indicator_id, Month(2026, 10).plus(n)) for n in range(3))
        assert quarter == figure(indicator_id, Quarter(2026, 4))
        assert indicators.get(indicator_id).over_periods
    for indicator_id in ("net_sales", "receivables", "customers", "active_customers"):
        assert sum(told(indicator_id, PROVINCES).values()) == EXPECTED[indicator_id]
        assert indicators.get(indicator_id).over_segments


def test_every_formula_is_used_and_reads_what_the_lake_has():
    used = {definition.formula for one in indicators.load().values() for definition in one.definition}
    assert used == FORMULAS.keys()
    read = {source for formula in FORMULAS.values() for source in formula.sources}
    assert read == SOURCES.keys()
    for name in read & schema.TABLES.keys():
        assert set(SOURCES[name]) <= set(schema.TABLES[name].names)


def test_unknown_and_not_evaluated():
    with pytest.raises(NotFound) as raised:
        indicators.get("__import__('os')")
    assert all("docs/indicators.md" in raised.value.text(language) for language in LANGUAGES)


SHIPPED = indicators.FILE.read_text("utf-8")
FIRST = "[[indicator]]" + SHIPPED.split("\n[[indicator]]")[1]
SECOND = FIRST[FIRST.index("[[indicator.definition]]") :].replace("version = 1", "version = 2")


@pytest.mark.parametrize(
    ("content", "key"),
    [
        ("x", "unreadable"), (FIRST * 2, "twice"), (FIRST.replace('unit = "count"', 'unit = "dozen"'), "wrong"),
        (FIRST + "more = 1\n", "wrong"), (FIRST.replace('owner = "', 'owner = " " # "'), "wrong"),
        (FIRST.replace("version = 1", "version = 2"), "versions"), (FIRST + SECOND, "versions"),
        (FIRST.replace('formula = "customers"', 'formula = "eval"'), "formula"),
        (FIRST.replace("customer_versions", "sales"), "sources"),
        (FIRST.replace('formula = "customers"', 'formula = "customers"\nparameters = { days = 1 }'), "wrong"),
    ],
)  # fmt: skip
def test_a_file_out_of_order_is_refused_with_its_place(tmp_path, content, key):
    file = tmp_path / "indicators.toml"
    file.write_text(content, "utf-8")
    with pytest.raises(BadInput) as raised:
        indicators.load(file)
    assert raised.value.key == f"statistics.indicators.{key}"
    assert all("indicators.toml" in raised.value.text(language) for language in LANGUAGES)


def test_a_later_definition_leaves_earlier_periods_as_they_were(tmp_path):
    file = tmp_path / "indicators.toml"
    later = SECOND.replace("2020-01-01", "2026-10-31").replace('formula = "customers"', 'formula = "new_customers"')
    file.write_text(FIRST + later, "utf-8")
    found = defaultdict(list)
    for month in (Month(2026, 9), OCTOBER):
        (value,) = indicators.compute("customers", month, GIVEN, file=file)
        found[value.version].append(value.figure)
    assert found == {1: [1], 2: [2]}


def test_the_largest_come_first(tmp_path):
    file = tmp_path / "indicators.toml"
    top = next(part for part in SHIPPED.split("\n[[indicator]]") if 'id = "top_share"' in part)
    file.write_text("[[indicator]]" + top.replace("customers = 10", "customers = 1"), "utf-8")
    (value,) = indicators.compute("top_share", OCTOBER, GIVEN, file=file)
    assert (value.numerator, value.denominator) == (1500, 1800)
    groups = By("group", table({"customer_key": "string", "code": "string"}, [(key, "all") for key in "abf"]))
    # Within September a sold 600 and f 20
    (value,) = indicators.compute("top_share", Month(2026, 9), GIVEN, groups, file)
    assert (value.code, value.figure) == ("all", Fraction(600, 620))


def test_the_document_is_that_of_the_file():
    assert indicators_doc.DOCUMENT.read_text("utf-8") == indicators_doc.document(), (
        "python -m tests.statistics.indicators_doc"
    )
