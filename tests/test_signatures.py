"""Signatures and copies: what they cover, who makes them, and what is noticed."""

import pytest
from sqlcipher3.dbapi2 import IntegrityError

from custinfo.actions import approval_cases, approvals, copies, signatures
from custinfo.domain.errors import BadInput, Conflict, NotAllowed, NotFound, WrongState
from custinfo.domain.messages import LANGUAGES
from tests.approval_sites import CONTENT, SHA, SIGNED, asked, crowd_of, edited, site_with_crowd, waits_for
from tests.factories import PASSWORD


@pytest.fixture
def store(tmp_path):
    with site_with_crowd(tmp_path / "site") as opened:
        yield opened


@pytest.fixture
def people(store):
    return crowd_of(store)


def sign(store, actor, case_id, decision="approve", **given):
    return approvals.decide(store, actor, case_id, decision, SHA, **({"password": PASSWORD} | given))


def approved(store, people, object_id="X-1"):
    case_id = asked(store, people.asker, SIGNED, object_id=object_id)
    sign(store, people.head, case_id)
    assert sign(store, people.manager, case_id) == "approved"
    return case_id


def behind_our_back(store, sql, *given):
    """A change of the file that no part of the program makes."""
    db = store._db
    triggers = [row["name"] for row in store.rows("SELECT name FROM sqlite_master WHERE type = 'trigger'")]
    with store.act("service", "person.read", "person", "x"):
        for name in triggers:
            db.execute(f"DROP TRIGGER {name}")
        db.execute("PRAGMA defer_foreign_keys = ON")
        db.execute(sql, list(given))


@pytest.mark.guarantee("signature-password")
@pytest.mark.parametrize("password", ["", "wrong password", "a long passwore", "\x00", "x" * 100_000])
@pytest.mark.parametrize("decision", approvals.DECISIONS)
def test_no_signing_step_is_decided_without_the_password(store, people, password, decision):
    case_id = asked(store, people.asker, SIGNED)
    with pytest.raises(NotAllowed) as refused:
        sign(store, people.head, case_id, decision, password=password, note="x")
    assert refused.value.key == "accounts.wrong_password"
    assert approval_cases.find(store, case_id).decisions() == () and signatures.of(store, case_id) == []


@pytest.mark.guarantee("signature-password")
def test_guesses_at_the_password_lock_it(store, people):
    case_id = asked(store, people.asker, SIGNED)
    for _ in range(5):
        with pytest.raises(NotAllowed):
            sign(store, people.head, case_id, password="wrong password")
    with pytest.raises(NotAllowed) as locked:
        sign(store, people.head, case_id)
    assert locked.value.key == "accounts.locked"


@pytest.mark.guarantee("signature-password")
def test_the_password_of_another_is_no_signature(store, people):
    from custinfo.actions import accounts

    case_id = asked(store, people.asker, SIGNED)
    given = accounts.check_given(store, people.manager.person_id, "another long phrase 7")
    with store.act("service", "person.read", "person", "x") as tx:
        accounts.give(tx, people.manager.person_id, given)
    with pytest.raises(NotAllowed):
        sign(store, people.head, case_id, password="another long phrase 7")


def test_a_signature_says_who_when_what_and_over_which_content(store, people):
    case_id = approved(store, people)
    first, second = signatures.of(store, case_id)
    assert [(one.name, one.meaning, one.sha256) for one in (first, second)] == [
        (people.head.display_name, "pass", SHA), (people.manager.display_name, "approve", SHA),
    ]  # fmt: skip
    assert signatures.verify(store) == []
    approvals.check_approved(store, "thing", "X-1", CONTENT)


def test_a_rejection_is_signed_too_and_a_repeated_click_signs_once(store, people):
    case_id = asked(store, people.asker, SIGNED)
    for _ in range(2):
        assert sign(store, people.head, case_id, "reject", note="不同意") == "rejected"
    assert [one.meaning for one in signatures.of(store, case_id)] == ["reject"]
    assert signatures.verify(store) == []


ATTACKS = {
    "content": "UPDATE signature SET sha256 = '{0}' WHERE seq = 3",
    "who": "UPDATE signature SET signed_by = 'P-0' WHERE seq = 3",
    "for whom": "UPDATE signature SET instead_of = 'P-0' WHERE seq = 3",
    "when": "UPDATE signature SET signed_at = '2020-01-01T00:00:00.000000Z' WHERE seq = 3",
    "meaning": "UPDATE signature SET meaning = 'approve' WHERE seq = 3",
    "case": "UPDATE signature SET case_id = 'A-0' WHERE seq = 3",
    "key": "UPDATE signature SET key_id = 'none' WHERE seq = 3",
    "signature": "UPDATE signature SET signature = '00' WHERE seq = 3",
    "not hexadecimal": "UPDATE signature SET signature = 'x' WHERE seq = 3",
    "of another": "UPDATE signature SET signature = (SELECT signature FROM signature WHERE seq = 2) WHERE seq = 3",
    "moved": "UPDATE signature SET seq = CASE seq WHEN 2 THEN 30 ELSE seq END",
    "taken out": "DELETE FROM signature WHERE seq = 3",
    "first": "DELETE FROM signature WHERE seq = 1",
    "put in": "INSERT INTO signature SELECT 5, case_id, round, step, object_kind, object_id, meaning, sha256, signed_at, "
    "'P-0', instead_of, previous, key_id, signature FROM signature WHERE seq = 4",
    "cut tail": "DELETE FROM signature WHERE seq = 4",
    "all": "DELETE FROM signature",
    "decision gone": "DELETE FROM approval_event WHERE signed = 1 AND seq = (SELECT max(seq) FROM approval_event)",
}


@pytest.mark.guarantee("signature-holds")
@pytest.mark.parametrize("attack", ATTACKS)
def test_every_change_of_the_signatures_is_noticed(store, people, attack):
    approved(store, people)
    approved(store, people, "X-2")
    assert signatures.verify(store) == []
    behind_our_back(store, ATTACKS[attack].format("0" * 64))
    faults = signatures.verify(store)
    assert faults and all(fault.text(language) for fault in faults for language in LANGUAGES)


@pytest.mark.guarantee("signature-holds")
def test_what_lost_its_signature_is_approved_no_more(store, people):
    case_id = approved(store, people)
    behind_our_back(store, "DELETE FROM signature WHERE signed_by = ?", people.manager.person_id)
    with pytest.raises(WrongState):
        approvals.check_approved(store, "thing", "X-1", CONTENT)
    assert not signatures.holds(store, approval_cases.find(store, case_id))


@pytest.mark.guarantee("signature-holds")
def test_history_of_decisions_and_signatures_refuses_to_be_changed(store, people):
    approved(store, people)
    for table in ("signature", "approval_event"):
        for sql in (f"UPDATE {table} SET sha256 = ''", f"DELETE FROM {table}"):
            with (
                pytest.raises(IntegrityError, match="append-only"),
                store.act("service", "person.read", "person", "x") as tx,
            ):
                tx.execute(sql)
    assert signatures.verify(store) == []


# Copies


@pytest.mark.guarantee("copies-equal")
def test_the_procedures_copies_are_sent_and_each_is_of_the_approved_content(store, people):
    case_id = approved(store, people)
    case = approval_cases.find(store, case_id)
    [copy] = copies.of(store, case)
    assert (copy.recipient, copy.sha256, copy.number, copy.of) == (people.asker.person_id, SHA, 1, 1)
    assert ("receipt", case_id) in waits_for(store, people.asker)


@pytest.mark.guarantee("copies-equal")
def test_a_copy_that_differs_cannot_be_sent(store, people):
    case_id = approved(store, people)
    for content in (b"", CONTENT + b" ", b"another"):
        with pytest.raises(Conflict), store.act("service", "person.read", "person", "x") as tx:
            copies.send(store, tx, case_id, [people.other.person_id], content)
    with store.act("service", "person.read", "person", "x") as tx:
        copies.send(store, tx, case_id, [people.other.person_id, people.other.person_id], CONTENT)
    sent = copies.of(store, approval_cases.find(store, case_id))
    assert [(one.number, one.of, one.sha256) for one in sent] == [(1, 2, SHA), (2, 2, SHA)]


def test_nothing_is_copied_before_it_is_approved_or_after_it_changed(store, people):
    case_id = asked(store, people.asker, SIGNED)
    with pytest.raises(WrongState):
        copies.send_to(store, people.asker, case_id, [people.other.person_id])
    sign(store, people.head, case_id)
    sign(store, people.manager, case_id)
    edited(store, people.asker, b"another")
    assert copies.outstanding(store, people.asker) == []
    with pytest.raises(WrongState):
        copies.send_to(store, people.asker, case_id, [people.other.person_id])


@pytest.mark.guarantee("copies-equal")
def test_a_receipt_is_given_by_the_recipient_alone_and_once(store, people):
    case_id = approved(store, people)
    [copy] = copies.of(store, approval_cases.find(store, case_id))
    for who in (people.head, people.other):
        with pytest.raises(NotFound):
            copies.receive(store, who, copy.copy_id)
    copies.receive(store, people.asker, copy.copy_id)
    [received] = copies.of(store, approval_cases.find(store, case_id))
    copies.receive(store, people.asker, copy.copy_id)
    assert copies.of(store, approval_cases.find(store, case_id)) == [received] and received.received_at


def test_whoever_opened_or_decided_sends_more_and_the_recipient_sees_the_case(store, people):
    case_id = approved(store, people)
    with pytest.raises(NotFound):
        approval_cases.read(store, people.other, case_id)
    for who in (people.other, people.auditor):
        with pytest.raises(NotFound):
            copies.send_to(store, who, case_id, [who.person_id])
    with pytest.raises(BadInput):
        copies.send_to(store, people.asker, case_id, ["P-0"])
    copies.send_to(store, people.head, case_id, [people.other.person_id])
    assert approval_cases.read(store, people.other, case_id).case_id == case_id
