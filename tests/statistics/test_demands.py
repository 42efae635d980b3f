"""The demand matrix in figures, worked by hand."""

from datetime import date, datetime, time

import ibis

from custinfo.statistics import demands


def rows(table):
    return table.to_pyarrow().to_pylist()


def prioritised(found):
    columns = dict.fromkeys(("importance", "urgency", "feasibility", "score"), "int64")
    return ibis.memtable(found, schema={"demand_number": "string", **columns, "priority": "string"})


FOUND = prioritised(
    [
        ("D1", 5, 4, 5, 100, "P1"),
        ("D2", 5, 4, 3, 60, "P2"),
        ("D3", 1, 2, 4, 8, "P3"),
        ("D4", 5, None, 5, None, "not_assessed"),
    ]
)


def test_the_matrix_counts_what_is_assessed_and_what_of_it_is_easy():
    assert rows(demands.matrix(FOUND)) == [
        {"importance": 1, "urgency": 2, "demands": 1, "easy": 1, "highest_score": 8},
        {"importance": 5, "urgency": 4, "demands": 2, "easy": 1, "highest_score": 100},
    ]
    assert rows(demands.assessed(FOUND)) == [{"demands": 4, "assessed": 3}]


def test_no_demand_is_lost_on_the_way_to_its_stage():
    stages = ibis.memtable(
        [("D1", "collected"), ("D2", "collected"), ("D3", None), ("D4", "collected")],
        schema={"demand_number": "string", "stage": "string"},
    )
    found = rows(demands.by_stage(FOUND, stages))
    assert [(row["priority"], row["stage"], row["demands"]) for row in found] == [
        ("P1", "collected", 1),
        ("P2", "collected", 1),
        ("P3", "", 1),
        ("not_assessed", "collected", 1),
    ]


def test_of_no_demands_there_are_no_figures():
    assert rows(demands.matrix(prioritised([]))) == []
    assert rows(demands.assessed(prioritised([]))) == [{"demands": 0, "assessed": 0}]


def test_days_in_the_stage_and_in_all_worked_by_hand():
    def at(day):
        return datetime.combine(date(2026, 11, day), time(12))

    versions = [
        ("D1", 1, "collected", at(1)), ("D1", 2, "analysed", at(3)), ("D1", 3, "analysed", at(6)),
        ("D2", 1, "collected", at(1)), ("D2", 2, "evaluated", at(4)), ("D2", 3, "answered", at(8)),
        ("D2", 4, "answered", at(9)),
        ("D3", 1, "collected", at(10)),
        ("D4", 1, "answered", at(1)), ("D4", 2, "analysed", at(2)), ("D4", 3, "answered", at(5)),
        ("D5", 1, None, at(2)),
    ]  # fmt: skip
    columns = {"demand_number": "string", "version": "int32", "stage": "string", "recorded_at": "timestamp"}
    found = demands.times(ibis.memtable(versions, schema=columns), date(2026, 11, 10))
    assert {row["demand_number"]: (row["days_in_stage"], row["days_in_all"]) for row in rows(found)} == {
        "D1": (7, 9), "D2": (2, 7), "D3": (0, 0), "D4": (5, 4), "D5": (8, 8),
    }  # fmt: skip
