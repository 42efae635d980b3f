"""What customers' cards ask for the classes, on its way into the lake; older answers stay as they are."""

import re
from datetime import datetime

import pytest

from custinfo import lake
from custinfo.actions import forms, impact
from custinfo.actions import lake as lake_actions
from custinfo.domain.people import SERVICE
from custinfo.domain.sensitivity import Level
from tests.factories import CARD, account, card, draft_of, empty_site, site_with_forms, submit

FIRM = {
    "/data/business/market_position": "leader", "/data/business/revenue": "1234567.50", "/data/business/assets": "99.05",
    "/data/business/figures_year": "2025", "/data/place/location_type": "transport_hub",
}  # fmt: skip
PERSON = {
    "/data/basic/name": "王小明", "/data/basic/birth_year": "1989", "/data/basic/household_income": "250987.65",
    "/data/basic/income_year": "2025", "/data/place/province": "440000", "/data/place/prefecture": "440300",
    "/data/place/county": "440305", "/data/place/address": "科技南路 2 号", "/data/place/phone": "13800000000",
}  # fmt: skip
ADDED = ("revenue", "assets", "figures_year", "location_type")


@pytest.fixture(scope="module")
def customers(tmp_path_factory):
    """The newest row of each customer by type, a firm with the added answers and a person; the form; the store."""
    with site_with_forms(tmp_path_factory.mktemp("cards") / "site") as store:
        lin = account(store)
        card(store, lin, CARD | FIRM)
        submit(store, lin, draft_of(store, lin, "individual_card", PERSON), "person-1")
        lake_actions.publish(store, SERVICE)
        rows = lake.open(store.site).customers.to_pyarrow().to_pylist()
        yield {row["customer_type"]: row for row in rows}, forms.load(store, "individual_card"), store


def test_a_firms_figures_place_and_position_reach_the_lake(customers):
    firm = customers[0]["enterprise"]
    assert (firm["revenue_fen"], firm["assets_fen"], firm["figures_year"]) == (123_456_750, 9_905, 2025)
    assert (firm["location_type"], firm["market_position"]) == ("transport_hub", "leader")
    assert (firm["income_fen"], firm["birth_year"]) == (None, None)


def test_of_a_persons_birth_the_lake_has_the_middle_of_five_years_and_of_their_income_whole_thousands(customers):
    found, form, store = customers
    person = found["individual"]
    assert (person["birth_year"], person["income_fen"], person["income_year"]) == (1987, 25_000_000, 2025)
    levels = {ref.rsplit("/", 1)[1]: level for ref, level in form.levels.items()}
    assert (levels["birth_year"], levels["birth_year_about"]) == (Level.SECRET, Level.INTERNAL)
    assert levels["household_income"] == Level.INTERNAL
    assert lake.open(store.site).codes("location_type").count().to_pyarrow().as_py() == 4


def test_the_middle_is_never_after_this_year(customers):
    _, form, store = customers
    year = datetime.now(store.site.zone).year
    for born, about in (("1990", "1992"), ("1994", "1992"), (str(year), str(min(year // 5 * 5 + 2, year))), ("", "")):
        session = forms.session(store, form, {})
        session.answer("/data/basic/birth_year", born)
        assert session.state("/data/basic/birth_year_about").value == about


def test_records_of_before_the_added_questions_stay_valid(tmp_path):
    file = forms.FORMS / "enterprise_card.md"
    newer = file.read_bytes()
    rows = [row for row in newer.decode().splitlines() if not re.search(rf"\| ({'|'.join(ADDED)}) \|", row[:80])]
    older = "\n".join(rows).replace("| 2026112301 |", "| 2026112201 |").encode()
    assert len(newer.decode().splitlines()) - len(rows) == len(ADDED)
    with empty_site(tmp_path / "site") as store:
        forms.publish(store, SERVICE, file.name, older)
        card(store, account(store))
        found = impact.report(store, SERVICE, forms.read(file.name, newer))
        assert (found.base_version, found.revalidated, found.now_invalid, found.harms) == ("2026112201", 1, (), False)
