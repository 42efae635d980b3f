"""The schemas of batches: what is written is what its kind declares, whoever made the rows."""

from datetime import date, datetime

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custinfo import lake
from custinfo.domain.messages import LANGUAGES
from custinfo.lake import batch_schemas, cells, schema
from tests.lake.test_batch_kinds import NOW, RECORDED, SALE, SHANGHAI, file_of, read

KNOWN = lake.Known({"C1": "k1"}, NOW, SHANGHAI)
LINE = {"customer_key": "k1", "line_no": "L1", "kind": "sale", "occurred_on": date(2026, 10, 5), "product": "茶",
        "quantity": 2, "amount_fen": 1250}  # fmt: skip
ORDER = {"customer_key": "k1", "order_no": "O1", "kind": "order", "occurred_on": date(2026, 10, 5), "amount_fen": 1250,
         "delivered_fen": 0, "invoiced_fen": 0}  # fmt: skip


def check(kind, *rows):
    wanted = lake.BATCH_KINDS[kind]
    lines = pa.Table.from_pylist([dict.fromkeys(schema.LINES[wanted.table].names) | row for row in rows])
    batch_schemas.check("sales.csv", wanted, lines.cast(schema.LINES[wanted.table]), KNOWN)


@pytest.mark.parametrize(
    ("kind", "changed", "column", "rule"),
    [
        ("sales", {"quantity": 0}, "quantity", "positive"), ("sales", {"quantity": None}, "quantity", "filled"),
        ("sales", {"amount_fen": -1}, "amount", "fen"), ("sales", {"amount_fen": 10**15}, "amount", "fen"),
        ("sales", {"cost_fen": -1}, "cost", "fen"), ("sales", {"kind": "gift"}, "kind", "kind"),
        ("sales", {"product": None}, "product", "filled"), ("sales", {"product": "茶" * 201}, "product", "short"),
        ("sales", {"occurred_on": date(2026, 11, 22)}, "date", "past"), ("sales", {"line_no": "L1"}, "line_no", "unique"),
        ("returns", {"kind": "sale"}, "kind", "kind"), ("payments", {"kind": "return"}, "kind", "kind"),
        ("orders", {"delivered_fen": -1}, "delivered", "fen"), ("orders", {"invoiced_fen": -1}, "invoiced", "fen"),
        ("web_events", {"rating": 6}, "rating", "rating"), ("service_events", {"event_id": "E" * 65}, "event_id", "short"),
        ("web_events", {"occurred_at": datetime(2026, 11, 21, 4, 1)}, "time", "past"),  # noqa: DTZ001
    ],
)  # fmt: skip
def test_what_a_kind_does_not_allow_is_refused_naming_column_rule_and_row(kind, changed, column, rule):
    lines = {
        "returns": LINE | {"kind": "return"},
        "payments": LINE | {"kind": "payment"},
        "sales": LINE,
        "orders": ORDER,
    }
    good = lines.get(kind)
    row_id = lake.BATCH_KINDS[kind].row_id
    if good is None:
        good = RECORDED | {"kind": next(iter(lake.BATCH_KINDS[kind].kinds.values()))}
    check(kind, good)
    wrong = good | {row_id: "L2"} | changed
    with pytest.raises(batch_schemas.BadRows) as raised:
        check(kind, good, wrong)
    assert {name: raised.value.facts[name] for name in ("column", "rule", "rows")} == {
        "column": column, "rule": rule, "rows": wrong[row_id]
    }  # fmt: skip
    for language in LANGUAGES:
        assert wrong[row_id] in raised.value.text(language)
        assert "lake." not in raised.value.text(language) and "{" not in raised.value.text(language)


def test_a_reader_that_lets_something_through_is_found_out(tmp_path, monkeypatch):
    monkeypatch.setattr(cells, "quantity", int)
    with pytest.raises(batch_schemas.BadRows) as raised:
        read(tmp_path, "sales", SALE | {"quantity": "-2"})
    assert (raised.value.facts["rule"], raised.value.facts["rows"]) == ("positive", "L1")


@settings(max_examples=8, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["sale", "return", "payment"]), st.dates(date(2020, 1, 1), date(2026, 11, 21)),
            st.sampled_from(["茶", "Tea", "x" * 200]), st.integers(1, 10**12 - 1), st.integers(0, 10**15 - 1),
        ),
        min_size=1, max_size=6,
    )
)  # fmt: skip
def test_what_the_readers_take_keeps_the_schema(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("batch")
    written = [
        SALE | {"line_no": f"L{n}", "kind": kind, "date": str(day), "product": product, "quantity": str(quantity),
                "amount": f"{fen // 100}.{fen % 100:02d}"}
        for n, (kind, day, product, quantity, fen) in enumerate(rows)
    ]  # fmt: skip
    assert file_of(folder, *written).is_file()
    assert read(folder, "sales", *written).lines.num_rows == len(rows)
