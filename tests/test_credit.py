"""Credit as people do it: two raters, a decision that is approved, overrides, limits, what is owed."""

from datetime import timedelta

import pytest

from custinfo.actions import credit, credit_decisions, credit_records, demo_credit
from custinfo.actions.delegations import today
from custinfo.classification.credit import limits
from custinfo.domain.errors import BadInput, Conflict, NotAllowed, NotFound, WrongState
from custinfo.domain.people import SERVICE, Role
from custinfo.domain.sensitivity import Level
from tests.credit_sites import approve, customer, file, rate, sell, staff
from tests.factories import PASSWORD, account, site_with_forms


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A site with its staff, and no lake; each test has a customer of its own."""
    folder = tmp_path_factory.mktemp("credit")
    with site_with_forms(folder / "site") as store:
        yield store, staff(store), folder


@pytest.fixture(scope="module")
def dealing(tmp_path_factory):
    """The same with a lake: reading it takes time that the other tests do without."""
    folder = tmp_path_factory.mktemp("dealing")
    with site_with_forms(folder / "site") as store:
        yield store, staff(store), folder


@pytest.fixture
def new(world, request):
    """A customer of this test alone."""
    store, people, _ = world
    return customer(store, people["one"], 90100 + abs(hash(request.node.name)) % 9000)


def decided(store, people, new, **ratings):
    rate(store, people["one"], new.customer_number, **ratings)
    rate(store, people["two"], new.customer_number, **ratings)
    made = credit.decide(store, people["boss"], new.customer_id)
    assert approve(store, people["manager"], kind=credit_decisions.KIND, object_id=made) == "approved"
    return made


def override(store, who, new, grade, days=30):
    """A proposal to set the grade; gives its record."""
    last = str(today(store) + timedelta(days=days))
    said = {"customer_number": new.customer_number, "grade": grade, "reason": "新签长期合同", "last_day": last}
    return file(store, who, credit_records.OVERRIDE, {"override": said})


def keys(found):
    return [note.key for note in found.notes]


def test_nobody_is_graded_before_two_people_rated(world, new):
    store, people, _ = world
    rate(store, people["one"], new.customer_number)
    rate(store, people["one"], new.customer_number)  # the same person again is still one
    with pytest.raises(WrongState) as refused:
        credit.decide(store, people["boss"], new.customer_id)
    assert refused.value.key == "credit.two_raters"
    assert "1" in refused.value.text("zh-CN")
    found = credit.standing(store, people["boss"], new.customer_id)
    assert (found.grade, found.limit.limit_fen, found.gate_open) == (None, 0, False)
    assert {"credit.two_raters", "credit.note.no_decision", "credit.note.gate"} <= set(keys(found))


def test_what_two_raters_see_far_apart_they_talk_over_first(world, new):
    store, people, _ = world
    rate(store, people["one"], new.customer_number, profit=5)
    rate(store, people["two"], new.customer_number, profit=3)
    with pytest.raises(BadInput) as refused:
        credit.decide(store, people["boss"], new.customer_id)
    assert refused.value.key == "credit.talk_over"
    assert "盈利" in refused.value.text("zh-CN")
    assert "profit" in refused.value.text("en").lower()
    assert "profit" not in refused.value.text("zh-CN")
    rate(store, people["two"], new.customer_number, profit=4)
    assert credit.decide(store, people["boss"], new.customer_id)


def test_a_decision_counts_once_somebody_else_approved_it(world, new):
    store, people, _ = world
    rate(store, people["one"], new.customer_number, 4)
    rate(store, people["two"], new.customer_number, 4, profit=5)
    made = credit.decide(store, people["boss"], new.customer_id)
    waiting = credit.standing(store, people["boss"], new.customer_id)
    assert (waiting.grade, waiting.pending.decision_id, waiting.decision) == (None, made, None)
    with pytest.raises(Conflict):
        credit.decide(store, people["head"], new.customer_id)
    for who in ("boss", "one", "two"):
        with pytest.raises((NotAllowed, NotFound)):
            approve(store, people[who], kind=credit_decisions.KIND, object_id=made)
    approve(store, people["manager"], kind=credit_decisions.KIND, object_id=made)
    found = credit.standing(store, people["boss"], new.customer_id)
    assert (found.grade, found.decision.version, found.pending) == ("B", 1, None)
    assert found.decision.points == 8000  # the lower of 4 and 5 counts
    assert set(found.decision.raters) == {people["one"].person_id, people["two"].person_id}
    assert set(found.decision.rule_versions) == {"card", "indicators", "grades", "limits", "terms"}
    with pytest.raises(WrongState) as refused:
        credit.decide(store, people["boss"], new.customer_id)
    assert refused.value.key == "credit.nothing_new"


def test_a_decision_is_never_changed_and_a_later_one_is_a_version_of_its_own(world, new):
    store, people, _ = world
    first = decided(store, people, new, rating=4)
    with pytest.raises(Exception, match="append-only"), store.act("x", "credit.decide", "customer", "x") as tx:
        tx.execute("UPDATE credit_decision SET grade = 'A' WHERE decision_id = ?", [first])
    before = credit.standing(store, people["boss"], new.customer_id)
    second = decided(store, people, new, rating=3)
    after = credit.standing(store, people["boss"], new.customer_id)
    assert (before.grade, after.grade) == ("B", "C")
    assert [one.decision_id for one in after.history] == [second, first]
    assert after.history[1] == before.decision
    then = credit.standing(
        store, people["boss"], new.customer_id, as_of=after.history[0].recorded_at - timedelta(0, 0, 1)
    )
    assert (then.grade, len(then.history)) == ("B", 1)


def test_a_row_that_was_changed_behind_our_back_does_not_count(world, new):
    store, people, _ = world
    made = decided(store, people, new, rating=4)
    with store.act("x", "credit.decide", "customer", "x") as tx, tx.lifted("test"):
        tx.execute("UPDATE credit_decision SET grade = 'A' WHERE decision_id = ?", [made])
    found = credit.standing(store, people["boss"], new.customer_id)
    assert (found.grade, found.history[0].state) == (None, "changed")
    assert "credit.note.changed" in keys(found)


def test_grade_a_takes_recent_knowledge_of_payment(world, new):
    store, people, _ = world
    decided(store, people, new, rating=5, paid_in_time=None)
    found = credit.standing(store, people["boss"], new.customer_id)
    assert (found.decision.grade_of_points, found.grade) == ("A", "B")
    assert [cap.code for cap in found.decision.caps] == ["payment_unknown"]
    decided(store, people, new, rating=5)
    assert credit.standing(store, people["boss"], new.customer_id).grade == "A"
    decided(store, people, new, rating=5, months_old=14)
    old = credit.standing(store, people["boss"], new.customer_id)
    assert old.grade == "B"
    assert {"payment_unknown", "old_evidence"} <= {cap.code for cap in old.decision.caps}
    assert {"credit.note.stale", "credit.note.review"} <= set(keys(old)) | {"credit.note.review"}
    stale = next(note for note in old.notes if note.key == "credit.note.stale")
    assert "货款及时率" in stale.text("zh-CN")


def test_a_finding_of_either_rater_caps_the_grade(world, new):
    store, people, _ = world
    rate(store, people["one"], new.customer_number, 5)
    rate(store, people["two"], new.customer_number, 5, findings="licence_revoked")
    made = credit.decide(store, people["boss"], new.customer_id)
    approve(store, people["manager"], kind=credit_decisions.KIND, object_id=made)
    found = credit.standing(store, people["boss"], new.customer_id)
    assert (found.grade, found.limit.security) == ("E", "prepayment")


def test_an_override_needs_a_second_person_and_ends(world, new):
    store, people, _ = world
    decided(store, people, new, rating=3)
    record = override(store, people["boss"], new, "B").record_id
    day = today(store)
    assert credit.standing(store, people["boss"], new.customer_id).overrides[0].state == "proposed"
    approve(store, people["manager"], kind="record", object_id=record)
    found = credit.standing(store, people["boss"], new.customer_id)
    assert (found.decision.grade, found.grade, found.override.approved_by) == ("C", "B", "manager 某")
    assert found.limit.limit_fen == limits.limit("B", None, None, limits.rule(day, "ABCDE")).limit_fen
    later = credit.standing(store, people["boss"], new.customer_id, day + timedelta(days=31))
    assert (later.grade, later.overrides[0].state, later.override) == ("C", "expired", None)
    assert "credit.note.override_expired" in keys(later)
    decided(store, people, new, rating=3, profit=4)
    anew = credit.standing(store, people["boss"], new.customer_id)
    assert (anew.grade, anew.overrides[0].state) == ("C", "replaced")


def test_an_override_by_too_much_does_not_count_though_it_was_approved(world, new):
    store, people, _ = world
    decided(store, people, new, rating=3)
    record = override(store, people["boss"], new, "A").record_id
    approve(store, people["manager"], kind="record", object_id=record)
    found = credit.standing(store, people["boss"], new.customer_id)
    assert (found.grade, found.overrides[0].state) == ("C", "not_in_order")
    wrong = next(note for note in found.notes if note.key == "credit.note.override_wrong")
    assert "上调 2 级" in wrong.text("zh-CN")
    assert "2 notches" in wrong.text("en")


def test_what_is_owed_against_the_limit(dealing):
    store, people, folder = dealing
    new = customer(store, people["one"], 93001)
    day, number = today(store), new.customer_number
    sell(
        store,
        folder,
        [
            (number, "sale", day - timedelta(days=100), "100000.00"),
            (number, "payment", day - timedelta(days=60), "40000.00"),
            (number, "return", day - timedelta(days=50), "10000.00"),
            (number, "sale", day - timedelta(days=5), "5000.00"),
        ],
    )
    decided(store, people, new, rating=4)
    commitments = {"not_delivered": "2000", "not_invoiced": "1000"}
    security = {
        "security_kind": "guarantee", "security_giver": "担保人", "security_amount": "3000",
        "security_from": str(day - timedelta(days=1)), "security_until": str(day + timedelta(days=9)),
    }  # fmt: skip
    applied = {
        "customer_number": number, "applied_on": str(day), "requested_limit": "15000", "requested_terms": "net_30",
        "purpose": "周转",
    }  # fmt: skip
    said = {
        "application": applied,
        "commitments": commitments,
        "securities": {"has_security": "yes", "security": [security]},
    }
    record = file(store, people["one"], credit_records.APPLICATION, said).record_id
    found = credit.standing(store, people["boss"], new.customer_id)
    owed = found.account
    assert (owed.balance_fen, owed.sales_fen) == (5_500_000, 9_500_000)
    # Nobody approved the application: what it says counts as little as what it asks for
    assert (owed.not_invoiced_fen, owed.not_delivered_fen, owed.secured_fen) == (0, 0, 0)
    assert (owed.committed_by, owed.committed_on) == ("unknown", None)
    assert (found.limit.limit_fen, found.limit.basis) == (1_900_000, "sales")  # a fifth, not yet what was applied for
    assert owed.exposure_fen == 5_500_000
    assert found.over_fen == 5_500_000 - 1_900_000
    assert (owed.overdue_fen, owed.letter.action, [step.document for step in owed.steps]) == (
        5_000_000, "remind", [str(day - timedelta(days=100))],
    )  # fmt: skip
    approve(store, people["head"], people["manager"], kind="record", object_id=record)
    agreed = credit.standing(store, people["boss"], new.customer_id)
    assert (agreed.account.not_invoiced_fen, agreed.account.not_delivered_fen) == (100_000, 200_000)
    assert (agreed.account.committed_by, agreed.account.committed_on) == ("application", day)
    assert (agreed.account.secured_fen, agreed.account.exposure_fen) == (300_000, 5_500_000)
    assert (agreed.limit.limit_fen, agreed.applied_fen) == (1_500_000, 1_500_000)
    later = credit.standing(store, people["boss"], new.customer_id, day + timedelta(days=10))
    assert later.account.secured_fen == 0


def test_dunning_goes_on_from_what_was_done(dealing):
    store, people, folder = dealing
    new = customer(store, people["one"], 93002)
    day, number = today(store), new.customer_number
    sold_on = day - timedelta(days=100)
    sell(store, folder, [(number, "sale", sold_on, "100000.00")])
    done = {"customer_number": number, "done_on": str(day - timedelta(days=6)), "step": "remind", "outcome": "已提醒"}
    file(store, people["one"], credit_records.DUNNING, {"dunning": done})
    assert credit.standing(store, people["boss"], new.customer_id).account.letter.action == "call"
    promised = done | {"step": "none", "done_on": str(day), "promised_until": str(day + timedelta(days=3))}
    file(store, people["one"], credit_records.DUNNING, {"dunning": promised})
    paused = credit.standing(store, people["boss"], new.customer_id)
    assert (paused.account.letter, paused.account.steps[0].paused_by) == (None, "promise")
    disputed = done | {"step": "none", "done_on": str(day), "delivered_on": str(sold_on), "disputed": "100000"}
    file(store, people["one"], credit_records.DUNNING, {"dunning": disputed})
    assert credit.standing(store, people["boss"], new.customer_id).account.steps[0].paused_by == "dispute"


def test_the_gate_opens_by_papers_a_report_and_a_grade(world, new):
    store, people, _ = world
    day, number = today(store), new.customer_number

    def paper(kind, **more):
        seen = {"paper_kind": kind, "seen_on": str(day), "checked_by": "林某", "checked_where": "公示系统"}
        return seen | more

    kinds = ("licence", "legal_form", "registered_capital", "scope", "ability", "identity")
    papers = [paper(kind) for kind in kinds]
    papers[0] |= {"valid_until": str(day + timedelta(days=20)), "paper_number": "91440300MA5F0000X1"}
    said = {"dossier": {"customer_number": number, "occasions": "contract agent"}, "papers": {"paper": papers}}
    file(store, people["one"], credit_records.PAPERS_FORM, said)
    found = credit.standing(store, people["boss"], new.customer_id)
    assert [lack.kind for lack in found.lacks] == ["credit_grade"]
    lacking = {paper for paper, _ in found.papers_lacking}
    assert {"contract", "authorisation"} <= lacking
    assert lacking.isdisjoint(kinds)
    assert "MA5F" not in found.papers[0].number, "a number on a paper is of level 1"
    decided(store, people, new, rating=4)
    assert credit.standing(store, people["boss"], new.customer_id).gate_open
    expired = credit.standing(store, people["boss"], new.customer_id, day + timedelta(days=21))
    assert [(lack.kind, lack.why) for lack in expired.lacks] == [("licence", "expired")]
    renewed = [paper("licence", valid_from=str(day + timedelta(days=21)))]
    said = {"dossier": {"customer_number": number}, "papers": {"paper": renewed}}
    file(store, people["one"], credit_records.PAPERS_FORM, said)
    for later in (0, 20, 21, 300):  # renewed in good time: never shut
        assert credit.standing(store, people["boss"], new.customer_id, day + timedelta(days=later)).gate_open


def test_a_rating_that_two_people_wrote_is_nobodys(world, new):
    store, people, _ = world
    rate(store, people["one"], new.customer_number)
    made = rate(store, people["two"], new.customer_number)
    with store.act("x", "record.submit", "record", "x") as tx:
        row = store.row("SELECT * FROM record_version WHERE record_id = ?", [made.record_id])
        changed = {name: value for name, value in row.items() if name != "seq"}
        changed |= {"version": 2, "recorded_by": people["one"].person_id, "submission_key": made.record_id}
        tx.insert("record_version", changed)
    assert len(credit.standing(store, people["boss"], new.customer_id).raters) == 1


def test_who_may_see_and_decide(world, new):
    store, people, _ = world
    for who in (people["one"], account(store, Role.ANALYST)):
        with pytest.raises(NotAllowed):
            credit.standing(store, who, new.customer_id)
    elsewhere = account(store, Role.SUPERVISOR, login_name=f"else-{new.customer_number}", department="别处")
    with pytest.raises(NotFound):
        credit.standing(store, elsewhere, new.customer_id)
    public = account(store, Role.SUPERVISOR, login_name=f"low-{new.customer_number}", clearance=Level.PUBLIC)
    with pytest.raises(NotAllowed) as refused:
        credit.standing(store, public, new.customer_id)
    assert refused.value.key == "credit.not_cleared"
    with pytest.raises(NotAllowed):
        credit.decide(store, people["manager"], new.customer_id)
    credit.standing(store, SERVICE, new.customer_id)
    read = store.row("SELECT * FROM audit WHERE action = 'credit.read' ORDER BY seq DESC LIMIT 1")
    assert (read["actor"], read["object_id"]) == ("service", new.customer_id)


def test_the_invented_companies_are_rated_decided_and_approved(world):
    store, people, _ = world
    made = [customer(store, people["one"], 99900 + place) for place in range(len(demo_credit.RATINGS))]
    numbers = [one.customer_number for one in made]
    raters = people["one"], people["boss"]
    demo_credit.fill(store, numbers, raters, people["head"], people["manager"], PASSWORD)
    found = [credit.standing(store, people["boss"], one.customer_id) for one in made]
    assert [one.grade for one in found] == ["A", "B", "C"]
    assert all(one.gate_open and not one.apart for one in found)
