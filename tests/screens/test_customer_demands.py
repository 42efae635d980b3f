"""A customer's page: the demands with their stages and steps, and the four kinds of information one by one."""

from datetime import datetime

import pytest

from custinfo.screens import customer
from tests.factories import card
from tests.test_demand_steps import take
from tests.test_demands_published import ABOUT, need


@pytest.fixture
def known(store, researcher):
    return card(store, researcher)


def blocks_of(page):
    """The cards of the page, by their id."""
    page.send(kind="hello")
    found = {}

    def walk(one):
        if isinstance(one, dict):
            if one.get("type") == "card":
                found[one["id"] or one["title"]] = one
            for value in one.values():
                walk(value)
        elif isinstance(one, list):
            for value in one:
                walk(value)

    walk(page.heard)
    return found


def test_without_a_demand_the_card_says_how_one_comes_about(visit, known):
    page = visit(customer.build, f"/customer/{known.customer_id}", language="en")
    [empty] = blocks_of(page)["demands"]["blocks"]
    assert "information record card" in empty["text"]


def test_a_demand_shows_its_stage_its_day_its_steps_and_the_way_on(store, visit, researcher, known):
    made = need(store, researcher, "need-1", {ABOUT: known.customer_number})
    demand_id = next(one.entity_id for one in made.entities if one.dataset == "demands")
    take(store, researcher, demand_id, "analyse", next_in=2)
    shown = blocks_of(visit(customer.build, f"/customer/{known.customer_id}", language="en"))["demands"]["blocks"]
    [line] = shown[0]["items"]
    assert line["text"].startswith("D000001 ")
    assert line["badges"][0]["text"] == "Analysed"
    assert line["badges"][1]["text"].startswith("By 20")
    assert line["meta"] == "Importance 5 · urgency 4 · feasibility 3"
    assert line["actions"][0]["href"].startswith("/form/demand_step?") and demand_id in line["actions"][0]["href"]
    assert [moment["title"] for moment in shown[1]["items"]] == ["Analysed", "Collected"]
    assert str(datetime.now(store.site.zone).date()) in shown[1]["items"][0]["when"]


def test_one_kind_of_information_is_shown_by_itself(visit, known):
    address = f"/customer/{known.customer_id}"
    everything = blocks_of(visit(customer.build, address, language="en"))
    links = {link["text"].rstrip("0123456789 "): link["href"] for link in everything["information"]["actions"]}
    assert links == {
        "All": address,
        **{
            label: f"{address}?information={kind}"
            for label, kind in {
                "Identity": "identity", "Contact": "contact", "Transactions": "transaction", "Preferences": "preference",
            }.items()
        },
    }  # fmt: skip
    assert {"Basics", "Finance and dealings"} <= set(everything)
    contact = blocks_of(visit(customer.build, address, {"information": "contact"}, language="en"))
    assert {"Address", "People and contacts"} <= set(contact) and not {"Basics", "Finance and dealings"} & set(contact)
    nothing = blocks_of(visit(customer.build, address, {"information": "preference"}, language="en"))
    assert "Nothing of this kind" in nothing["information"]["blocks"][0]["text"]
    assert not {"Basics", "Address"} & set(nothing)
