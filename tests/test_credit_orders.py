"""What binds customers beside their balance: from orders of the ERP, or for a while from an approved application."""

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner

from custinfo.actions import batches, credit, credit_orders, credit_records
from custinfo.actions import lake as lake_actions
from custinfo.actions.credit_commitments import SOURCES
from custinfo.actions.delegations import today
from custinfo.cli import main
from custinfo.domain.errors import BadInput, NotAllowed, WrongState
from custinfo.domain.messages import LANGUAGES, text
from custinfo.domain.people import SERVICE
from tests.credit_sites import approve, customer, decided, file, place_orders, sell, staff
from tests.factories import site_with_forms


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("orders")
    with site_with_forms(folder / "site") as store:
        yield store, staff(store), folder


def account(store, people, new, days=0):
    found = credit.standing(store, people["boss"], new.customer_id, today(store) + timedelta(days=days))
    owed = found.account
    return (owed.balance_fen, owed.not_invoiced_fen, owed.not_delivered_fen, owed.exposure_fen), owed


def apply(store, people, new, not_delivered, not_invoiced):
    asked = {
        "customer_number": new.customer_number, "applied_on": str(today(store)), "requested_limit": "20000",
        "requested_terms": "net_30", "purpose": "备货",
    }  # fmt: skip
    said = {"application": asked, "commitments": {"not_delivered": not_delivered, "not_invoiced": not_invoiced},
            "securities": {"has_security": "no"}}  # fmt: skip
    return file(store, people["one"], credit_records.APPLICATION, said).record_id


def test_from_an_application_to_orders(site):
    """One site all the way: no lake, an application approved and lapsed, then orders, corrected by a later batch."""
    store, people, folder = site
    new, day = customer(store, people["one"], 94001), today(store)
    number = new.customer_number
    with pytest.raises(WrongState) as refused:
        credit_orders.check(store, people["boss"], new.customer_id, 100)
    assert refused.value.key == "credit.order_no_lake"
    sell(store, folder, [(number, "sale", day - timedelta(days=10), "5000.00")])
    assert account(store, people, new)[0] == (500_000, 0, 0, 500_000)

    record = apply(store, people, new, "2000", "1000")
    assert account(store, people, new)[0] == (500_000, 0, 0, 500_000), "not approved"
    approve(store, people["head"], people["manager"], kind="record", object_id=record)
    counted = account(store, people, new, days=60)
    assert counted[0] == (500_000, 100_000, 200_000, 800_000)
    assert (counted[1].committed_by, counted[1].committed_on) == ("application", day)
    lapsed = account(store, people, new, days=61)
    assert lapsed[0] == (500_000, 0, 0, 500_000)
    assert (lapsed[1].committed_by, lapsed[1].committed_on) == ("lapsed", day)
    for language in LANGUAGES:
        assert str(day) in lapsed[1].committed_in_words(language)

    another = customer(store, people["one"], 94002)
    place_orders(
        store, folder,
        [(number, "O-1", day, "3000.00", "700.00", "0"), (another.customer_number, "O-2", day, "10", "0", "0")],
    )  # fmt: skip
    first = account(store, people, new)
    assert first[0] == (500_000, 70_000, 230_000, 800_000), "by the orders alone"
    assert (first[1].committed_by, first[1].committed_on) == ("orders", day)

    # Delivered and invoiced, and in the sales of the same night: counted once
    sell(store, folder, [(number, "sale", day, "3000.00")])
    later = place_orders(store, folder, [(number, "O-1", day, "3000.00", "3000.00", "3000.00")])
    assert later.superseded == 1
    assert account(store, people, new)[0] == (800_000, 0, 0, 800_000)
    assert account(store, people, another)[0] == (0, 0, 1000, 1000)

    taken_back = folder / "cancelled.csv"
    taken_back.write_text(
        f"customer,order_no,date,ordered,delivered,invoiced,state\n{another.customer_number},O-2,,,,,作废\n"
    )
    batches.import_file(store, SERVICE, "orders", taken_back, batches.Origin("ERP", "contract"), errors=folder)
    lake_actions.publish(store, SERVICE)
    assert account(store, people, another)[0] == (0, 0, 0, 0)


def test_where_the_figures_come_from_has_words():
    for language in LANGUAGES:
        said = {text(f"credit_use.committed.{source}", language, day="2026-11-01") for source in SOURCES}
        assert len(said) == len(SOURCES)


def test_an_order_is_held_against_what_is_granted(site):
    store, people, folder = site
    new, day = customer(store, people["one"], 94003), today(store)
    number = new.customer_number
    sell(store, folder, [(number, "sale", day - timedelta(days=40), "100000.00"),
                         (number, "payment", day - timedelta(days=20), "100000.00")])  # fmt: skip
    place_orders(store, folder, [(number, "O-9", day, "18000.00", "0", "0")])
    decided(store, people, new, rating=4)  # grade B: a fifth of the sales, 20,000 yuan
    check = credit_orders.check
    found = check(store, people["boss"], new.customer_id, 200_000, "net_30")
    assert (found.after_fen, found.limit_fen, found.reasons) == (2_000_000, 2_000_000, ("gate",))
    assert found.outcome == "blocked", "nobody saw the papers"
    over = check(store, people["boss"], new.customer_id, 200_001, "net_90")
    assert (over.over_fen, over.reasons) == (1, ("gate", "terms", "over_limit"))
    with pytest.raises(BadInput) as refused:
        check(store, people["boss"], new.customer_id, 100, "net_7")
    assert "net_30" in refused.value.text("zh-CN")
    with pytest.raises(BadInput):
        check(store, people["boss"], new.customer_id, 0, "net_30")
    with pytest.raises(NotAllowed):
        check(store, people["one"], new.customer_id, 100)
    asked = ["credit", "order", "--home", str(store.site.home), number, "2000.01", "--terms", "net_30"]
    told = CliRunner().invoke(main, asked, env={"CUSTINFO_LANGUAGE": "en"})
    assert told.exit_code == 1
    assert told.output.startswith("Blocked: order ¥2,000.01, exposure with it ¥20,000.01, limit ¥20,000.00")
    plain = CliRunner().invoke(main, [*asked, "--json"])
    assert json.loads(plain.output)["reasons"] == ["gate", "over_limit"]
    told = CliRunner().invoke(main, ["credit", "standing", "--home", str(store.site.home), number])
    assert f"{day}，依据订单批次" in told.output
