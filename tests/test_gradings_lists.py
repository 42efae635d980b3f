"""Gradings and code lists: a later edition changes no class of an earlier moment; ownership by the registered type."""

from dataclasses import replace

import ibis
import pyarrow as pa
import pytest

from custinfo import lake
from custinfo.actions import gradings
from custinfo.classification import ownership
from custinfo.domain import clock, codelists
from custinfo.domain.people import SERVICE
from custinfo.domain.periods import Quarter
from custinfo.lake import gradings as kept
from custinfo.store import Store
from tests.reports import sites

THIRD = Quarter(2026, 3)
FIRM = {"customer_type": "enterprise", "ownership": "state", "region": "440106", "industry": "3911", "staff": "1000",
        "kind": "company", "location_type": "transport_hub"}  # fmt: skip
TYPED = FIRM | {"ownership": "", "enterprise_type": "132"}
"""Registered as a collectively owned enterprise, and nothing is stated of its owners."""
CUSTOMERS = (FIRM | {"revenue": "300000000.00"}, TYPED, FIRM | {"enterprise_type": "112"})
SALES = (("c1", "sale", "2026-08-10", 7000),)
WITH_LISTS = ("ownership", "region", "industry", "kind", "location", "size")
LATER = {"region": {"440106": "110000"}, "industry": {"39": "A", "391": "A", "3911": "A"}}
"""By the list: what another parent each code has in the edition of 9999."""


def later(name: str) -> codelists.CodeList:
    """Another edition of a list: codes stand elsewhere or, of a list without levels, are called otherwise."""
    old = UNCHANGED(name)
    moved = LATER.get(name, {})
    rows = tuple(replace(row, parent=moved.get(row.code, row.parent)) for row in old.rows)
    if name not in LATER:
        rows = tuple(
            replace(row, code=row.code if row.extra.get("reason") else f"{row.code}9",
                    extra={**row.extra, "ownership": "individual" if row.extra.get("ownership") else ""})
            for row in old.rows
        )  # fmt: skip
    return replace(old, edition="9999", sha256="f" * 64, rows=rows)


UNCHANGED = codelists.load


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    place = sites.site(tmp_path_factory.mktemp("lists") / "site")
    with Store.create(place) as opened:
        sites.publish(place, CUSTOMERS, SALES)
        yield opened


@pytest.fixture(scope="module")
def graded(store):
    """The moment before anything was graded, as of which the third quarter was; and that grading."""
    before = clock.utc_now()
    return before, gradings.grade(store, SERVICE, THIRD, as_of=before)


def classes(store: Store, **moment: object) -> dict[tuple[str, str], tuple[str, str, str]]:
    """By customer's key and scheme: class, reason, edition."""
    rows = lake.open(store.site, **moment).gradings.to_pyarrow().to_pylist()
    return {
        (row["customer_key"], row["scheme"]): (row["class"], row["reason"], row["code_edition"])
        for row in rows
        if row["scheme"] in WITH_LISTS
    }


def of(found: dict[tuple[str, str], tuple[str, str, str]], store: Store, customer: str) -> dict[str, str]:
    key = lake.pseudonym(store.site.secret("pseudonym"), customer)
    return {scheme: said[0] for (whose, scheme), said in found.items() if whose == key}


def test_a_new_edition_of_a_list_changes_nothing_as_of_an_earlier_moment(store, graded, monkeypatch):
    before, first = graded
    known = classes(store)
    assert of(known, store, "c1") == {
        "ownership": "state", "region": "440000", "industry": "C", "size": "medium", "kind": "company",
        "location": "transport_hub",
    }  # fmt: skip
    with monkeypatch.context() as today:
        today.setattr(codelists, "load", later)
        again = gradings.grade(store, SERVICE, THIRD, as_of=before)
        assert (first.number, again.number, again.new) == (1, 1, False), "the same classes, so no other edition"
        assert classes(store) == known
        # What is published from now on has the new lists
        sites.publish(store.site, CUSTOMERS, (("c2", "sale", "2026-08-11", 10),), now=clock.utc_now(), batch="b2")
        assert gradings.grade(store, SERVICE, THIRD).number == 2
        anew = classes(store)
        assert of(anew, store, "c1") == {
            "ownership": "unclassified", "region": "110000", "industry": "A", "size": "large",
            "kind": "unclassified", "location": "unclassified",
        }  # fmt: skip
        assert {said[2] for said in anew.values()} == {"9999"}
    assert classes(store, as_of=before) == {}, "nobody had graded then"


def test_what_is_not_stated_of_the_owners_follows_from_the_registered_type():
    columns = {"customer_key": "string", "ownership": "string", "enterprise_type": "string"}
    cards = {
        "stated": ("state", "111", "state", None), "typed": ("", "132", "collective", "by_type"),
        "neither": (None, "", "unclassified", "missing"), "alone": ("individual", None, "individual", None),
        "against": ("state", "112", "state", "contradicts_type"), "heading": (None, "110", "unclassified", "heading"),
        "residual": ("state", "900", "state", None), "no_type": (None, "no such", "unclassified", "unknown_code"),
        "no_class": ("no such", "111", "unclassified", "unknown_code"),
    }  # fmt: skip
    table = ibis.memtable([(key, *card[:2]) for key, card in cards.items()], schema=columns)
    lists = codelists.load("ownership"), codelists.load("enterprise_type")
    rows = ownership.of_card(table, *lists).to_pyarrow().to_pylist()
    assert {row["customer_key"]: (row["ownership"], row["reason"]) for row in rows} == {
        key: card[2:] for key, card in cards.items()
    }
    editions = {row["customer_key"]: row["edition"] for row in rows}
    assert (editions["stated"], editions["typed"]) == (lists[0].edition, lists[1].edition)
    assert None not in editions.values()


@pytest.mark.usefixtures("graded")
def test_a_grading_names_classes_by_type_and_contradictions(store):
    keys = [lake.pseudonym(store.site.secret("pseudonym"), f"c{number}") for number in (1, 2, 3)]
    first = lake.open(store.site).table("gradings")
    rows = first.filter(first.edition == 1, first.scheme == "ownership").to_pyarrow().to_pylist()
    said = {row["customer_key"]: (row["class"], row["reason"]) for row in rows}
    assert [said[key] for key in keys] == [("state", None), ("collective", "by_type"), ("state", "contradicts_type")]


def test_a_class_that_names_neither_rule_nor_list_is_never_kept(store):
    opened = lake.open(store.site)
    row = dict.fromkeys(kept.CONTENT) | {"customer_key": "k", "scheme": "kind", "class": "company"}
    nobody = ibis.memtable(pa.Table.from_pylist([row], schema=kept._CONTENT))
    with pytest.raises(ValueError, match="neither"):
        kept.record(store.site, opened, Quarter(2026, 1), nobody, clock.utc_now(), clock.utc_now)
    assert Quarter(2026, 1) not in kept.editions(lake.open(store.site).manifest)
