"""The gate before the first dealing, and the papers that are kept."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custinfo.classification import rules
from custinfo.classification.credit import first_dealing
from custinfo.classification.credit.first_dealing import FirstDealingRule, Proof
from custinfo.domain.errors import BadInput
from custinfo.domain.messages import text

ON = date(2026, 10, 31)
RULE = first_dealing.rule(ON)
SHIPPED = (rules.FOLDER / first_dealing.FILE).read_text("utf-8")
ALL = [Proof(kind, ON) for kind in first_dealing.PROOFS]


def day(later: int) -> date:
    return ON + timedelta(days=later)


def test_with_everything_there_the_gate_is_open() -> None:
    assert first_dealing.lacks(ALL, ON, RULE) == ()


def test_with_nothing_there_everything_lacks() -> None:
    found = first_dealing.lacks([], ON, RULE)
    assert [(lack.kind, lack.why, lack.day) for lack in found] == [
        (kind, "missing", None) for kind in first_dealing.PROOFS
    ]
    assert {lack.rule_version for lack in found} == {RULE.version}


@pytest.mark.parametrize(
    ("proof", "why", "since"),
    [
        (Proof("licence", day(-366)), None, None),
        (Proof("licence", day(-367)), "stale", -1),
        (Proof("licence", day(1)), "not_seen_yet", 1),
        (Proof("licence", ON, day(1)), "not_valid_yet", 1),
        (Proof("licence", ON, ON, ON), None, None),  # both ends count
        (Proof("licence", ON, None, day(-1)), "expired", -1),
        (Proof("licence", day(-900), None, day(-1)), "expired", -1),  # the graver reason
        (Proof("legal_form", day(-9000)), None, None),  # counts for good
        (Proof("credit_grade", day(-9000), None, day(-1)), "expired", -1),
        (Proof("credit_grade", day(-9000), None, ON), None, None),
    ],
)
def test_when_a_proof_holds(proof: Proof, why: str | None, since: int | None) -> None:
    others = [one for one in ALL if one.kind != proof.kind]
    found = first_dealing.lacks([*others, proof], ON, RULE)
    if why is None:
        assert found == ()
    else:
        assert [(lack.kind, lack.why, lack.day) for lack in found] == [(proof.kind, why, day(since or 0))]


def test_one_proof_that_holds_is_enough_and_else_the_last_gives_the_reason() -> None:
    old, later = Proof("licence", day(-900), None, day(-800)), Proof("licence", day(-500))
    others = ALL[1:]
    assert [lack.why for lack in first_dealing.lacks([later, old, *others], ON, RULE)] == ["stale"]
    assert first_dealing.lacks([old, later, *ALL], ON, RULE) == ()


@given(st.permutations(ALL), st.integers(0, len(ALL)))
def test_more_proofs_never_shut_the_gate(proofs: list[Proof], number: int) -> None:
    fewer = {lack.kind for lack in first_dealing.lacks(proofs[:number], ON, RULE)}
    assert {lack.kind for lack in first_dealing.lacks(proofs, ON, RULE)} <= fewer
    assert fewer == {proof.kind for proof in proofs[number:]}


def test_papers_by_occasion() -> None:
    assert first_dealing.papers_lacking([], [], RULE) == ()
    assert first_dealing.papers_lacking(["authorisation"], ["agent", "guarantee"], RULE) == (
        ("introduction", "agent"),
        ("surety_standing", "guarantee"),
        ("surety_ability", "guarantee"),
    )
    asked = {paper for paper, _ in first_dealing.papers_lacking([], first_dealing.OCCASIONS, RULE)}
    assert asked == set(first_dealing.PAPERS)
    assert first_dealing.papers_lacking(first_dealing.PAPERS, first_dealing.OCCASIONS, RULE) == ()


@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        (lambda: first_dealing.lacks([Proof("passport", ON)], ON, RULE), "unknown_name"),
        (lambda: first_dealing.lacks([replace(ALL[0], valid_from=ON, valid_until=day(-1))], ON, RULE), "validity"),
        (lambda: first_dealing.papers_lacking(["passport"], [], RULE), "unknown_name"),
        (lambda: first_dealing.papers_lacking([], ["party"], RULE), "unknown_name"),
    ],
)
def test_what_there_is_not_is_refused(wrong, key: str) -> None:
    with pytest.raises(BadInput) as raised:
        wrong()
    assert raised.value.key == f"credit_use.{key}"
    assert all(raised.value.text(language) for language in ("zh-CN", "en"))


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('proof = "legal_form"', 'proof = "scope"', "credit_use.asked_twice"),
        ('paper = "negotiation"', 'paper = "contract"', "credit_use.asked_twice"),
        ('proof = "legal_form"', 'proof = "passport"', "classification.wrong_entry"),
        ("counts_days = 366", "counts_days = 0", "classification.limit"),
        ('occasion = "agent"', 'occasion = "party"', "classification.wrong_entry"),
    ],
)
def test_a_rule_file_out_of_order_is_refused(tmp_path: Path, old: str, new: str, key: str) -> None:
    assert old in SHIPPED
    file = tmp_path / first_dealing.FILE
    file.write_text(SHIPPED.replace(old, new, 1), "utf-8")
    with pytest.raises(BadInput) as raised:
        rules.load(file, FirstDealingRule)
    assert raised.value.key == key
    assert all(first_dealing.FILE in raised.value.text(language) for language in ("zh-CN", "en"))


def test_proofs_papers_and_reasons_have_names() -> None:
    for language in ("zh-CN", "en"):
        for group, names in {
            "proof": first_dealing.PROOFS,
            "lack": first_dealing.LACKS,
            "occasion": first_dealing.OCCASIONS,
            "paper": first_dealing.PAPERS,
        }.items():
            assert len({text(f"credit_use.{group}.{name}", language, day=ON) for name in names}) == len(names)
