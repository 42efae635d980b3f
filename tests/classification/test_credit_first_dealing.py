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


@pytest.mark.parametrize(
    ("proofs", "expected"),
    [
        # Revoked: seen yesterday that it ended two days ago, whatever was seen before
        ([Proof("licence", day(-100)), Proof("licence", day(-1), None, day(-2))], [("expired", -2)]),
        ([Proof("licence", day(-100), None, day(-50)), Proof("licence", day(-1))], []),  # renewed
        ([Proof("licence", day(-900), None, day(-800)), Proof("licence", day(-500))], [("stale", -134)]),
        ([Proof("licence", day(-100)), Proof("licence", day(1), None, day(-2))], []),  # not known yet
        ([Proof("licence", day(-900), None, day(-800)), Proof("licence", day(1))], [("expired", -800)]),
        ([Proof("licence", day(9)), Proof("licence", day(3))], [("not_seen_yet", 3)]),
        # Seen on the same day: one that does not hold goes first
        ([Proof("licence", ON), Proof("licence", ON, None, day(-2))], [("expired", -2)]),
        ([Proof("licence", ON, day(2)), Proof("licence", ON, None, day(-2))], [("not_valid_yet", 2)]),
        # Renewed in good time: the old one holds until the new one begins
        ([Proof("licence", day(-100), None, day(9)), Proof("licence", day(-1), day(10))], []),
        ([Proof("licence", day(-100), None, day(-1)), Proof("licence", day(-5), day(2))], [("not_valid_yet", 2)]),
        # Both seen on one day, and the old one has run out since
        ([Proof("licence", day(-9), None, day(-2)), Proof("licence", day(-9), day(-1))], []),
        # Revoked after the renewal was seen
        ([Proof("licence", day(-9), day(2)), Proof("licence", day(-1), None, day(-2))], [("expired", -2)]),
    ],
)
def test_of_several_proofs_the_one_seen_last_by_that_day_decides(
    proofs: list[Proof], expected: list[tuple[str, int]]
) -> None:
    for several in (proofs, proofs[::-1]):
        found = first_dealing.lacks([*several, *ALL[1:]], ON, RULE)
        assert [(lack.why, lack.day) for lack in found] == [(why, day(later)) for why, later in expected]


near = st.integers(-400, 5).map(day)
proofs_of_any_kind = st.builds(Proof, st.sampled_from(first_dealing.PROOFS), near, st.none(), st.none() | near)


@given(given=st.lists(proofs_of_any_kind, max_size=20), data=st.data())
def test_only_what_was_seen_last_counts_in_any_order(given: list[Proof], data: st.DataObject) -> None:
    last = {
        kind: max((proof.seen_on for proof in given if proof.kind == kind and proof.seen_on <= ON), default=None)
        for kind in first_dealing.PROOFS
    }
    decisive = [proof for proof in given if proof.seen_on == last[proof.kind]]
    found = first_dealing.lacks(data.draw(st.permutations(given)), ON, RULE)
    seen = {proof.kind for proof in decisive}
    assert [lack for lack in found if lack.kind in seen] == [
        lack for lack in first_dealing.lacks(decisive, ON, RULE) if lack.kind in seen
    ]
    assert {lack.kind for lack in found} >= {kind for kind in first_dealing.PROOFS if kind not in seen}
    # What had ended when it was seen, and what has ended with all that was seen with it
    ended = {proof.kind for proof in decisive if proof.valid_until is not None and proof.valid_until < proof.seen_on}
    ended |= seen - {proof.kind for proof in decisive if proof.valid_until is None or proof.valid_until >= ON}
    assert ended <= {lack.kind for lack in found}


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
