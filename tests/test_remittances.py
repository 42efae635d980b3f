"""Money that was collected: what a bill is worth, what waits for head office, handing over, receiving, what is overdue."""

import json
import shutil
from datetime import date, timedelta

import pytest

from custinfo.actions import credit_collecting, credit_due, credit_watch, due, record_levels, remittances, sessions
from custinfo.actions import people as people_of
from custinfo.actions.delegations import today
from custinfo.classification.credit import terms
from custinfo.domain import money
from custinfo.domain.errors import BadInput, NotAllowed, NotFound, WrongState
from custinfo.domain.messages import LANGUAGES, text
from custinfo.domain.people import SERVICE, Role
from custinfo.domain.periods import Month
from custinfo.domain.sensitivity import Level
from custinfo.screens import credit, showing
from custinfo.screens.context import Page
from custinfo.store import Site, Store
from tests.credit_sites import customer, file, sell, staff
from tests.factories import PASSWORD, account, site_with_forms
from tests.screens.conftest import Browser


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A site with its staff and one customer, to be copied."""
    home = tmp_path_factory.mktemp("made") / "site"
    with site_with_forms(home) as store:
        staff_of = staff(store)
        return home, {short: one.login_name for short, one in staff_of.items()}, customer(store, staff_of["one"])


@pytest.fixture
def world(made, tmp_path):
    home, names, new = made
    shutil.copytree(home, tmp_path / "site")
    with Store.open(Site.load(tmp_path / "site")) as store:
        yield store, {short: people_of.by_login_name(store, name) for short, name in names.items()}, new


def collect(store, people, new, yuan="1000.00", *, on=None, **bill):
    """A collection of the customer; with `bill` (for, due, face) a bill, else cash."""
    on = on or today(store)
    said = {"customer_number": new.customer_number, "collected_on": str(on), "amount": yuan}
    values = {"collection": said | {"manner": "bill" if bill else "cash"}}
    if bill:
        values["bill"] = {
            "bill_kind": "bank_acceptance", "bill_number": "1234", "drawer": "某公司", "bill_for": str(bill["for_"]),
            "bill_due_on": str(bill["due"]), "face": bill["face"],
        }  # fmt: skip
        if "dishonoured" in bill:
            values["bill"]["dishonoured_on"] = str(bill["dishonoured"])
    return file(store, people["one"], remittances.FORM, values).record_id


def test_a_bill_is_worth_what_the_rule_says_to_the_fen(world):
    store, people, new = world
    day = today(store)
    rule = terms.rule(day)
    delivered = Month.of(day).plus(-1).first
    start = Month.of(day).first.replace(day=rule.bill_from_day)
    short, longest = start + timedelta(days=rule.discount_within_days), Month.of(day).plus(rule.bill_months).first
    collect(store, people, new, "333.33", for_=delivered, due=short, face="330.00")
    collect(store, people, new, "500.00", for_=delivered, due=short + timedelta(days=1), face="500.00")
    collect(store, people, new, "700.00", for_=delivered, due=longest + timedelta(days=1), face="700.00")
    found = {one.amount_fen: one for one in remittances.waiting(store, people["boss"])}
    discounted, plain, long = (found[fen] for fen in (33_333, 50_000, 70_000))
    assert (discounted.bill.discount_fen, discounted.bill.to_pay_fen) == (333, 33_000), "rounded down to whole fen"
    assert (discounted.received_fen, discounted.difference_fen) == (33_000, 0)
    assert (plain.bill.discount_fen, plain.bill.too_long) == (0, False)
    assert long.bill.too_long
    assert long.bill.latest_due_on == longest


def test_all_of_a_branch_goes_to_head_office_and_another_person_receives_it(world):
    store, people, new = world
    day = today(store)
    late = Month.of(day).plus(-2).first
    collect(store, people, new, "1000.00", on=late)
    collect(store, people, new, "2000.00")
    collect(store, people, new, "9000.00", for_=late, due=day, face="9000.00", dishonoured=day)
    waiting = remittances.waiting(store, people["boss"])
    assert [one.received_fen for one in waiting] == [100_000, 200_000, 900_000]
    assert waiting[0].remit_by == date(late.year, late.month, terms.rule(late).remit_by_day)
    mine = [row for row in due.mine(store, people["boss"], day).rows if row.what_key == "remittances.due.remit"]
    assert "¥1,000.00" in mine[0].text("zh-CN"), "the bill that was dishonoured is no money"
    assert (mine[0].due_on, mine[0].link) == (waiting[0].remit_by, "/credit/collections")
    made = remittances.hand_over(store, people["boss"], late)
    assert [one.received_fen for one in remittances.waiting(store, people["boss"])] == [200_000, 900_000]
    (found,) = remittances.handed(store, people["head"])
    assert (found.total_fen, found.collections, found.outcome) == (100_000, 1, "")
    assert found.handed_by_name == people["boss"].display_name
    assert "remittances.due.answer" in {row.what_key for row in due.mine(store, people["head"], day).rows}
    remittances.receive(store, people["head"], made)
    (found,) = remittances.handed(store, people["boss"])
    assert (found.outcome, found.answered_by_name) == ("received", people["head"].display_name)
    assert not remittances.unanswered(store, people["manager"])
    with pytest.raises(WrongState, match=people["head"].display_name):
        remittances.receive(store, people["manager"], made)
    with pytest.raises(WrongState):
        remittances.hand_over(store, people["boss"], late)


def test_what_head_office_refuses_waits_again_and_nobody_receives_their_own(world):
    store, people, new = world
    day = today(store)
    record = collect(store, people, new)
    own = remittances.hand_over(store, people["head"], day)
    with pytest.raises(NotAllowed, match="yourself"):
        remittances.receive(store, people["head"], own)
    with pytest.raises(BadInput):
        remittances.refuse(store, people["manager"], own, "because")
    remittances.refuse(store, people["manager"], own, "amount")
    assert [one.record_id for one in remittances.waiting(store, people["boss"])] == [record]
    remittances.hand_over(store, people["boss"], day)
    assert not remittances.waiting(store, people["boss"])
    with store.act(SERVICE.person_id, "site.test", "site", "") as tx, pytest.raises(Exception, match="append-only"):
        tx.execute("UPDATE remittance SET total_fen = 1")


def test_who_may(world):
    store, people, new = world
    day = today(store)
    collect(store, people, new)
    elsewhere = account(store, Role.SUPERVISOR, login_name="elsewhere", department="别处")
    chief = account(store, Role.DEPARTMENT_HEAD, login_name="chief", department="别处")
    uncleared = account(store, Role.SUPERVISOR, login_name="uncleared", clearance=Level.PUBLIC)
    assert not remittances.waiting(store, elsewhere)
    for who in (people["one"], people["manager"], uncleared):
        with pytest.raises(NotAllowed):
            remittances.hand_over(store, who, day)
    with pytest.raises(WrongState):
        remittances.hand_over(store, elsewhere, day)
    with pytest.raises(BadInput):
        remittances.hand_over(store, people["boss"], day + timedelta(days=1))
    made = remittances.hand_over(store, people["boss"], day)
    assert not remittances.handed(store, chief)
    with pytest.raises(NotFound):
        remittances.receive(store, chief, made)
    with pytest.raises(NotAllowed):
        remittances.receive(store, people["boss"], made)


def test_a_collection_of_level_1_is_not_told(world):
    store, people, new = world
    record = collect(store, people, new)
    record_levels.set(store, people["boss"], record, Level.SECRET, "商业秘密")
    internal = account(store, Role.SUPERVISOR, login_name="internal", clearance=Level.INTERNAL)
    assert [one.record_id for one in remittances.waiting(store, people["boss"])] == [record]
    assert not remittances.waiting(store, internal)


def test_whom_to_collect_from_first_follows_the_rule(world, tmp_path):
    store, people, new = world
    day = today(store)
    other = customer(store, people["one"], 90002)
    lines = [(new.customer_number, "sale", day - timedelta(days=100), "100.00")]
    lines += [(other.customer_number, "sale", day - timedelta(days=200), "90000.00")]
    sell(store, tmp_path, lines)
    credit_watch.watch(store, SERVICE)
    found = credit_collecting.worklist(store, people["boss"], day)
    assert [(one.place, one.number) for one in found] == [(1, other.customer_number), (2, new.customer_number)]
    assert [one.dunned_fen for one in found] == [9_000_000, 10_000]
    elsewhere = account(store, Role.SUPERVISOR, login_name="elsewhere", department="别处")
    assert not credit_collecting.worklist(store, elsewhere, day)
    sell(store, tmp_path, [(other.customer_number, "payment", day, "90000.00")])
    credit_watch.watch(store, SERVICE)
    assert [one.number for one in credit_collecting.worklist(store, people["boss"], day)] == [new.customer_number]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_hands_over_and_receives(world, language):
    store, people, new = world
    day = today(store)

    def opened(who):
        login = sessions.log_in(store, who.login_name, PASSWORD)
        return Browser(
            showing.screen(Page(store, store.site, login, language, "/credit/collections", {}), credit.build)
        )

    empty = json.dumps(opened(people["boss"]).send(kind="hello"), ensure_ascii=False)
    for key in ("nothing_overdue", "nothing_waits", "nothing_handed"):
        assert text(f"remittances.{key}", language) in empty
    collect(store, people, new, "333.33", for_=day - timedelta(days=40), due=day, face="333.33")
    page = opened(people["boss"])
    shown = json.dumps(page.send(kind="hello"), ensure_ascii=False)
    assert money.show(33_333) in shown
    assert "remittances." not in shown
    assert page.send(kind="event", name="hand_over", value={"until": "soon"})["text"] == text(
        "remittances.no_day", language
    )
    told = page.send(kind="event", name="hand_over", value={"until": str(day)})
    assert text("remittances.waits_for", language) in json.dumps(told, ensure_ascii=False)
    head = opened(people["head"])
    made = store.row("SELECT remittance_id FROM remittance")["remittance_id"]
    assert f'"value": "{made}"' in json.dumps(head.send(kind="hello"))
    told = head.send(kind="event", name="receive", value=made)
    assert people["head"].display_name in json.dumps(told, ensure_ascii=False)
    assert opened(people["one"]).send(kind="hello")["kind"] == "failed"
    for name in ("hand_over", "receive", "refuse", "nothing"):
        for value in (None, 3, "", ["x"], {}, {"until": 3}, {"about": made, "why": "x"}):
            assert page.send(kind="event", name=name, value=value)["kind"] in ("failed", "blocks"), (name, value)


def test_the_due_list_of_who_has_nothing_to_hand_over_asks_for_nothing(world):
    store, people, new = world
    collect(store, people, new)
    for who in ("one", "manager"):
        assert not [row for row in credit_due.due_rows(store, people[who], today(store)) if "remit" in row.what_key]
