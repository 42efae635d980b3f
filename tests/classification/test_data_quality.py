"""States of fields and overdue cards, each worked by hand; and the figures that are counted from them."""

from datetime import UTC, date, datetime

import ibis
import pytest

from custinfo.classification import data_quality
from custinfo.classification.data_quality import overdue_until
from custinfo.domain import codelists
from custinfo.domain.errors import BadInput
from custinfo.statistics import quality

ON = date(2026, 11, 1)
RULE = data_quality.rule(ON)
LISTS = {
    name: ibis.memtable([(code,) for code in codes], schema={"code": "string"})
    for name, codes in {
        "region": ["110101"],
        "kind_of_customer": ["company", "consumer"],
        "ownership": ["state"],
        "industry": ["0111"],
    }.items()
}


def moment(*parts):
    """As the lake has it: in UTC, without its zone."""
    return datetime(*parts, tzinfo=UTC).replace(tzinfo=None)


SCHEMA = {
    **{"customer_key": "string", "version": "int32", "recorded_at": "timestamp", "customer_type": "string"},
    **dict.fromkeys(("ownership", "region", "industry", "kind"), "string"),
    **dict.fromkeys(("staff", "registered_capital_fen"), "int64"),
}
CARDS = [
    ("full", 1, moment(2026, 1, 1, 3), "enterprise", "state", "110101", "0111", "company", 5, 100),
    ("poor", 1, moment(2025, 11, 1, 3), "enterprise", None, "999999", "", "company", 0, None),
    ("person", 1, moment(2025, 11, 2), "individual", "state", None, None, "consumer", None, None),
    ("untyped", 1, moment(2026, 11, 1), None, None, "110101", None, "x", None, None),
]


def rows(table):
    return table.to_pyarrow().to_pylist()


def checked(cards=CARDS):
    return data_quality.checked(ibis.memtable(cards, schema=SCHEMA), ON, RULE, LISTS)


def states(row):
    return {name.removeprefix("state_"): value for name, value in row.items() if name.startswith("state_")}


def test_every_field_of_every_card_has_the_state_that_is_worked_out_by_hand():
    found = {row["customer_key"]: row for row in rows(checked())}
    assert len(found) == len(CARDS), "each card once"
    assert set(states(found["full"]).values()) == {"ok"}
    assert states(found["poor"]) == {
        **{"customer_type": "ok", "region": "invalid", "kind": "ok", "ownership": "missing", "industry": "missing"},
        **{"staff": "invalid", "registered_capital_fen": "missing"},
    }
    assert states(found["person"]) == {
        **{"customer_type": "ok", "region": "missing", "kind": "ok", "ownership": "misplaced", "industry": None},
        **{"staff": None, "registered_capital_fen": None},
    }
    assert states(found["untyped"])["customer_type"] == "missing"
    assert states(found["untyped"])["ownership"] is None, "of an unknown type only what all have is expected"
    assert {key: row["faults"] for key, row in found.items()} == {"full": 0, "poor": 5, "person": 2, "untyped": 2}
    assert [key for key, row in found.items() if row["overdue"]] == ["poor"]
    assert {row["rule_version"] for row in found.values()} == {1}


def test_an_abolished_code_is_on_the_list_and_no_fault():
    codes = ibis.memtable([(row.code,) for row in codelists.load("region").rows], schema={"code": "string"})
    blank = [None] * 2
    cards = [(code, 1, moment(2026, 1, 1), *blank, code, None, "company", *blank) for code in ("110103", "110199")]
    found = data_quality.checked(ibis.memtable(cards, schema=SCHEMA), ON, RULE, {**LISTS, "region": codes})
    assert {row["customer_key"]: row["state_region"] for row in rows(found)} == {"110103": "ok", "110199": "invalid"}


@pytest.mark.parametrize(
    ("on", "last"),
    [
        ("2026-11-01", "2025-11-01"),
        ("2026-02-28", "2025-02-28"),
        ("2024-02-29", "2023-02-28"),
        ("2026-10-31", "2025-10-31"),
    ],
)
def test_a_card_is_overdue_on_the_same_day_of_the_month(on, last):
    assert overdue_until(date.fromisoformat(on), 12) == date.fromisoformat(last)


def test_a_card_of_the_31st_is_overdue_at_the_end_of_a_shorter_month():
    assert overdue_until(date(2026, 9, 30), 6) == date(2026, 3, 31)
    assert overdue_until(date(2026, 9, 29), 6) == date(2026, 3, 29)


def test_a_rule_with_a_field_twice_or_of_both_kinds_is_refused(tmp_path):
    start = '[[version]]\nversion = 1\neffective_from = 2020-01-01\nreason = "r"\napproved_by = "p"\nmonths = 12\n'
    field = '[[version.field]]\nname = "region"\n'
    for more, key in (
        (field + field, "quality.field_twice"),
        (field + 'codes = "r"\nlowest = 1\n', "quality.field_both"),
    ):
        (tmp_path / data_quality.FILE).write_text(start + more, "utf-8")
        with pytest.raises(BadInput) as refused:
            data_quality.rule(ON, tmp_path)
        assert refused.value.key == key


def test_an_ownership_that_follows_from_the_registered_type_is_there_and_one_against_it_is_not_valid():
    rule = data_quality.rule(date(2026, 11, 23))
    types = ibis.memtable(
        [("111", "state"), ("132", "collective"), ("110", "")], schema={"code": "string", "ownership": "string"}
    )
    lists = data_quality.lists_of(rule, {**LISTS, "enterprise_type": types}.__getitem__)
    said = {
        "agrees": ("enterprise", "state", "111", "ok"), "against": ("enterprise", "state", "132", "invalid"),
        "follows": ("enterprise", None, "132", "ok"), "blank": ("enterprise", "", "111", "ok"),
        "heading": ("enterprise", None, "110", "missing"), "stated": ("enterprise", "state", "110", "ok"),
        "neither": ("enterprise", None, None, "missing"), "unlisted": ("enterprise", "x", None, "invalid"),
        "person": ("individual", None, "111", None),
    }  # fmt: skip
    schema = {**SCHEMA, "enterprise_type": "string"}
    cards = [
        (key, 1, moment(2026, 11, 1), kind, stated, "110101", "0111", "company", 5, 100, registered)
        for key, (kind, stated, registered, _) in said.items()
    ]
    found = rows(data_quality.checked(ibis.memtable(cards, schema=schema), date(2026, 11, 23), rule, lists))
    assert {row["customer_key"]: row["state_ownership"] for row in found} == {key: one[3] for key, one in said.items()}
    assert set(found[0]) == {*schema, *(f"state_{name}" for name in rule.names), "faults", "overdue", "rule_version"}


def test_figures_by_field_count_every_card_once():
    found = {row["field"]: row for row in rows(quality.by_field(checked(), RULE.names))}
    assert list(found) == list(RULE.names)
    assert [found["region"][state] for state in quality.STATES] == [2, 1, 1, 0]
    assert [found["ownership"][state] for state in quality.STATES] == [1, 1, 0, 1]
    assert rows(quality.totals(checked())) == [{"cards": 4, "faulty": 3, "overdue": 1}]
    assert rows(quality.totals(checked([]))) == [{"cards": 0, "faulty": 0, "overdue": 0}]


def test_small_groups_are_told_together_and_last():
    found = rows(quality.by(checked(), "customer_type", 2))
    assert found == [
        {"code": "enterprise", "cards": 2, "faulty": 1, "faults": 5, "overdue": 1},
        {"code": None, "cards": 2, "faulty": 2, "faults": 4, "overdue": 0},
    ]
    assert [row["code"] for row in rows(quality.by(checked(), "customer_type", 1))] == ["", "individual", "enterprise"]


def test_cards_by_age_worked_by_hand():
    found = rows(quality.ages(checked(), ON))
    assert [(row["age_class"], row["cards"], row["overdue"]) for row in found] == [(0, 1, 0), (2, 1, 0), (3, 2, 1)]


def test_on_an_earlier_day_the_version_of_that_day_counts():
    mended = ("poor", 2, moment(2026, 2, 1, 9), "enterprise", "state", "110101", "0111", "company", 3, 1)
    days = [date(2025, 10, 1), date(2025, 11, 1), date(2026, 1, 31), date(2026, 2, 1)]
    found = rows(quality.over_time(checked([*CARDS, mended]), RULE.names, days))
    assert [(row["day"], row["cards"], row["ok"], row["expected"]) for row in found] == [
        (date(2025, 11, 1), 1, 2, 7),
        (date(2026, 1, 31), 3, 2 + 2 + 7, 7 + 4 + 7),
        (date(2026, 2, 1), 3, 7 + 2 + 7, 7 + 4 + 7),
    ]


def test_the_list_to_mend_stands_by_faults_and_is_narrowed():
    def keys(**wanted):
        return [row["customer_key"] for row in rows(quality.to_mend(checked(), **wanted))]

    assert keys() == ["poor", "person", "untyped"]
    assert keys(field="region") == ["poor", "person"]
    assert keys(field="region", state="missing") == ["person"]
    assert keys(state="invalid") == ["poor", "untyped"]
    assert keys(overdue=True) == ["poor"]
