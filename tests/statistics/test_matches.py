"""What became of pairs of customers that may be one, worked by hand."""

from datetime import date, datetime

import ibis

from custinfo.statistics import matches

SCHEMA = dict.fromkeys(("customer_key", "other_key"), "string") | {
    "event_number": "int64", "event": "string", "band": "string", "probability": "int64", "evidence": "string",
    "source": "string", "recorded_at": "timestamp",
}  # fmt: skip


def rows(table):
    return table.to_pyarrow().to_pylist()


def found(pair, day, band, probability, evidence="", event="found", source="page"):
    return (*pair, event, band, probability, evidence, source, day)


def said(pair, event, day):
    return (*pair, event, None, None, None, None, day)


EVENTS = [
    found("ab", "2026-09-30", "automatic", 999_000, "name phone"),
    found("cd", "2026-10-01", "review", 900_000, "name"),
    found("ef", "2026-10-02", "review", 899_999, "phone"),
    said("ef", "said", "2026-10-02"),
    found("gh", "2026-10-31", "review", 500_000, "name", source="batch"),
    said("cd", "different", "2026-11-01"),
    said("ab", "merged_by_rule", "2026-11-01"),
    said("ab", "undone", "2026-11-02"),
    said("gh", "merged", "2026-11-02"),
    found("gi", "2026-11-03", "review", 950_000, "name"),
    found("jk", "2026-11-03", "no", 100, "", source="by_hand"),
    said("jk", "later", "2026-11-03"),
    found("lm", "2026-08-01", "review", 700_000, "address"),
    said("lm", "different", "2026-08-02"),
    found("lm", "2026-11-04", "automatic", 995_000, "address code", "found_again", "batch"),
]
CUSTOMERS = "abcdefgjklm"
"""h was merged into g, and i into somebody else."""


def pairs(events=EVENTS, customers=CUSTOMERS):
    table = [
        (one, other, place, *rest[:-1], datetime.fromisoformat(rest[-1]))
        for place, (one, other, *rest) in enumerate(events, start=1)
    ]
    there = ibis.memtable([(key,) for key in customers], schema={"customer_key": "string"})
    return matches.pairs(ibis.memtable(table, schema=SCHEMA), there)


def test_a_pair_is_what_was_said_of_it_last_and_as_sure_as_it_was_found_last():
    known = {row["customer_key"] + row["other_key"]: (row["class"], row["state"]) for row in rows(pairs())}
    assert known == {
        "ab": ("automatic", "undone"), "cd": ("likely", "different"), "ef": ("possible", "waiting"),
        "gh": ("possible", "merged"), "gi": ("likely", "elsewhere"), "jk": ("named", "later"),
        "lm": ("automatic", "waiting"),
    }  # fmt: skip
    (again,) = [row for row in rows(pairs()) if row["customer_key"] == "l"]
    assert (again["source"], again["evidence"], str(again["found_at"].date())) == ("page", "address code", "2026-08-01")


def test_everything_is_counted_once_and_taken_back_stays_known():
    assert rows(matches.totals(pairs())) == [
        {"pairs": 7, "by_rule": 1, "undone": 1, "rule_undone": 1, "of_merged_by_rule": 0, "of_merged": 1,
         "of_different": 1, "of_waiting": 2, "of_later": 1, "of_undone": 1, "of_elsewhere": 1},
    ]  # fmt: skip
    assert sum(row["pairs"] for row in rows(matches.by_class(pairs()))) == 7
    once_more = pairs([*EVENTS, said("ab", "merged_by_rule", "2026-11-05")])
    (row,) = rows(matches.totals(once_more))
    assert (row["of_merged_by_rule"], row["undone"], row["rule_undone"]) == (1, 1, 1)


def test_a_pair_counts_for_each_comparison_that_speaks_for_it():
    told = {(row["comparison"], row["outcome"]): row["pairs"] for row in rows(matches.by_evidence(pairs()))}
    assert told == {
        ("", "open"): 1, ("address", "open"): 1, ("code", "open"): 1, ("name", "different"): 1, ("name", "open"): 2,
        ("name", "same"): 1, ("phone", "open"): 2,
    }  # fmt: skip


def test_months_are_those_in_which_pairs_were_found_first():
    told = [(str(row["month"]), row["class"], row["pairs"]) for row in rows(matches.by_month(pairs()))]
    assert told == [
        ("2026-08-01", "automatic", 1), ("2026-09-01", "automatic", 1), ("2026-10-01", "likely", 1),
        ("2026-10-01", "possible", 2), ("2026-11-01", "likely", 1), ("2026-11-01", "named", 1),
    ]  # fmt: skip


def test_only_pairs_that_nobody_decided_wait():
    told = {row["age_class"]: row["pairs"] for row in rows(matches.waiting(pairs(), date(2026, 11, 9)))}
    assert told == {0: 1, 2: 2, 3: 1}
    on_the_day = {row["age_class"]: row["pairs"] for row in rows(matches.waiting(pairs(), date(2026, 11, 10)))}
    assert on_the_day == {1: 1, 2: 2, 3: 1}, "seven days are no longer under seven"


def test_a_pair_that_was_merged_without_being_found_is_named():
    (row,) = rows(pairs([said("xy", "merged", "2026-11-01")], "x"))
    assert (row["class"], row["state"], row["evidence"], row["source"]) == ("named", "merged", "", None)


def test_of_no_pairs_there_are_no_figures():
    none = pairs([])
    assert rows(none) == rows(matches.by_class(none)) == rows(matches.by_evidence(none)) == []
    assert rows(matches.by_month(none)) == rows(matches.waiting(none, date(2026, 11, 9))) == []
    assert set(rows(matches.totals(none))[0].values()) == {0}
