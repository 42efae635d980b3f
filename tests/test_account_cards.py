"""Sign-account cards in a customer's standing: masked, checked against what is on account, and what was agreed about it."""

import json
from datetime import timedelta

import pytest

from custinfo.actions import credit, credit_due, credit_records, credit_watch, sessions
from custinfo.actions.delegations import today
from custinfo.domain.errors import CustinfoError
from custinfo.domain.messages import LANGUAGES, text
from custinfo.domain.people import SERVICE
from custinfo.screens import credit as credit_page
from custinfo.screens import showing
from custinfo.screens.context import Page
from tests.credit_sites import customer, file, sell, staff
from tests.factories import PASSWORD, site_with_forms
from tests.screens.conftest import Browser


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A customer whose card was lost ten days ago, who bought on account since, and beyond the limit before."""
    folder = tmp_path_factory.mktemp("cards")
    with site_with_forms(folder / "site") as store:
        people = staff(store)
        new, day = customer(store, people["one"]), today(store)
        issue(store, people["one"], new, "6222000011112222", state="lost", on=day - timedelta(days=10))
        lines = [(new.customer_number, "sale", day - timedelta(days=20), "900.00")]
        lines += [(new.customer_number, "sale", day - timedelta(days=10), "70.00")]
        sell(store, folder, lines)
        yield store, people, new


def issue(store, who, new, number, *, limit="500.00", state="in_use", on=None):
    """A card of the customer, issued 100 days ago; gives its receipt."""
    values = {
        "card": {
            "customer_number": new.customer_number, "card_number": number, "card_limit": limit, "holder": "欧阳海",
            "issued_on": str(today(store) - timedelta(days=100)), "issued_by": "林晓", "kept_where": "财务部保险柜",
        },
        "signers": {"signer": [{"signer_name": "单秀英"}, {"signer_name": "能建军"}]},
        "status": {"card_status": state} | ({"status_on": str(on), "status_reason": "遗失"} if on else {}),
    }  # fmt: skip
    return file(store, who, credit_records.CARD, values)


def measure(store, who, new, signs, until):
    """What was agreed with general affairs today."""
    day = str(today(store))
    noticed = {
        "customer_number": new.customer_number,
        "signs": signs,
        "reported_by": "单秀英",
        "circumstances": "挂失后取货",
    }
    agreed = {
        "agreed_on": day,
        "agreed_with": "总务甲",
        "measures": "cash stop",
        "handling": "补办前一律现款",
        "until": until,
    }
    return file(store, who, credit_records.MEASURE, {"noticed": noticed | {"head_view": "同意"}, "agreed": agreed})


def signs(store, people, new):
    credit_watch.watch(store, SERVICE)
    rows = credit_due.listed(store, people["head"], new.customer_id)
    return {
        row.text("en").partition(": ")[2].partition(" (")[0]: row for row in rows if row.what_key == "credit.due.sign"
    }


def test_the_card_stands_in_the_standing_and_nothing_of_level_1_is_told(world):
    store, people, new = world
    found = credit.standing(store, people["boss"], new.customer_id)
    (card,) = found.cards
    assert (card.state, card.limit_fen, card.state_on) == ("lost", 50_000, today(store) - timedelta(days=10))
    told = repr(found.cards)
    for secret in ("6222000011112222", "欧阳海", "单秀英"):
        assert secret not in told
    assert (card.number, card.holder, len(card.signers)) == ("622****2222", "欧****", 2)
    before = credit.standing(store, people["boss"], new.customer_id, today(store) - timedelta(days=11))
    assert [one.state for one in before.cards] == ["in_use"]
    assert [(one.kind, one.amount_fen) for one in before.account.signs] == [("card_limit", 40_000)]


def test_what_is_bought_without_a_card_is_reported_until_a_measure_is_agreed(world):
    store, people, new = world
    found = credit.standing(store, people["boss"], new.customer_id)
    assert [(one.kind, one.amount_fen) for one in found.account.signs] == [("no_card", 7_000)]
    reported = signs(store, people, new)
    (words,) = reported
    assert words.startswith(text("credit_use.sign.no_card", "en"))
    assert reported[words].link == f"/form/account_measure?customer={new.customer_id}"
    day = today(store)
    measure(store, people["head"], new, "pays_late", str(day + timedelta(days=30)))
    assert signs(store, people, new), "another sign was talked over"
    measure(store, people["head"], new, "no_card pays_late", str(day + timedelta(days=30)))
    assert not signs(store, people, new)
    standing = credit.standing(store, people["boss"], new.customer_id)
    assert (len(standing.measures), standing.measures[0].agreed_with) == (2, "总务甲")
    assert not standing.measures[0].covers("no_card", day + timedelta(days=31)), "reported again once it is over"
    for language in LANGUAGES:
        login = sessions.log_in(store, people["boss"].login_name, PASSWORD)
        page = Page(store, store.site, login, language, f"/credit/{new.customer_id}", {})
        shown = json.dumps(Browser(showing.screen(page, credit_page.build)).send(kind="hello"), ensure_ascii=False)
        for key in ("title", "measures", "state.lost", "measure.cash"):
            assert text(f"account_cards.{key}", language) in shown
        assert "account_cards." not in shown
        assert "6222000011112222" not in shown


def test_a_number_stands_on_one_card_alone(world):
    store, people, _ = world
    other = customer(store, people["one"], 90002)
    with pytest.raises(CustinfoError):
        issue(store, people["one"], other, "6222000011112222")
    assert issue(store, people["one"], other, "6222000011113333").record_id
    assert not credit.standing(store, people["boss"], other.customer_id).account.signs
