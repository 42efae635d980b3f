"""The demand matrix in figures, worked by hand."""

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
