"""Fill a new site with an invented company: accounts, 2,000 customers, 30 months of dealings, a first lake version.

Every card passes the form engine, as one typed by a person does. The cards say when they were recorded in the invented
world; the audit log says when they were really made.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

from custinfo.access import visibility
from custinfo.actions import (
    batches,
    demo,
    demo_credit,
    demo_evaluations,
    demo_figures,
    demo_indicators,
    demo_orders,
    demo_sales,
    demo_sales_control,
    demo_study,
    entities,
    forms,
    people,
    records,
)
from custinfo.actions import lake as lake_actions
from custinfo.actions.demo_accounts import ACCOUNTS, PASSWORD
from custinfo.domain.clock import stamp, utc_now
from custinfo.domain.people import SERVICE, Person, Role
from custinfo.domain.periods import Month
from custinfo.domain.sensitivity import Level
from custinfo.store import Store
from custinfo.xforms import Form, Record

SEED = 20261122
SOURCE = "custinfo init --demo"
"""The system that the batches come from."""
REVIEWED_WITHIN = 380
"""Every card was last gone through within so many days: some are overdue for their yearly review."""
EAST = ("310000", "320000", "330000")
"""The provinces whose customers the second department looks after; all others are the first one's."""
CLEARED = timedelta(days=365)
"""How long training and vetting of the invented staff hold."""


@dataclass(frozen=True)
class Made:
    """How much was made."""

    customers: int
    lines: int
    lake_version: int


def fill(store: Store) -> Made:
    """Fill the store and its lake; the dealings end with the month before this one."""
    until = Month.of(utc_now().astimezone(store.site.zone).date()).plus(-1)
    staff = {account[0]: _account(store, *account) for account in ACCOUNTS}
    customers = [*demo.companies(SEED, demo.COMPANIES, until), *demo.individuals(SEED, demo.INDIVIDUALS, until)]
    numbers = _record_cards(store, staff["lin"], staff["han"], customers, until)
    areas, sold = demo_sales_control.areas(customers), dict[str, int]()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "demo-sales.csv"
        lines = demo_sales_control.tallied(demo_sales.sales(SEED, customers, until=until), areas, until, sold)
        demo_sales.write_sales_csv(file, lines, numbers, areas)
        batch = batches.import_sales(store, SERVICE, file, source=SOURCE, lawful_basis="contract", errors=Path(folder))
        orders = Path(folder) / "demo-orders.csv"
        demo_orders.write_orders_csv(orders, customers, numbers, until)
        batches.import_file(store, SERVICE, "orders", orders, batches.Origin(SOURCE, "contract"), errors=Path(folder))
    demo_sales_control.fill(store, staff, customers, numbers, until, sold, PASSWORD)
    first = [number for one, number in zip(customers, numbers, strict=True) if one.answers["province"] not in EAST]
    demo_study.fill(store, staff, first, PASSWORD)
    manifest = lake_actions.publish(store, SERVICE)
    assert manifest is not None
    _add_credit(store, staff, customers, numbers)
    demo_indicators.approve(store, staff["wu"], [staff["he"]], staff["chen"], PASSWORD)
    return Made(len(customers), batch.rows, manifest.version)


def _add_credit(
    store: Store, staff: Mapping[str, Person], customers: list[demo.DemoCustomer], numbers: list[str]
) -> None:
    """Credit of the three largest companies of the first department."""
    theirs = [place for place, one in enumerate(customers)
              if one.form_id == "enterprise_card" and one.answers["province"] not in EAST]  # fmt: skip
    largest = sorted(theirs, key=lambda place: (-customers[place].size, place))[: len(demo_credit.RATINGS)]
    raters = staff["lin"], staff["zhou"]
    chosen = [numbers[place] for place in largest]
    demo_credit.fill(store, chosen, raters, staff["he"], staff["chen"], PASSWORD)
    demo_evaluations.fill(store, chosen, raters)


def _account(store: Store, login_name: str, display_name: str, role: Role, department: str) -> Person:
    return people.add(
        store,
        SERVICE,
        login_name=login_name,
        display_name=display_name,
        roles=[role],
        department=department,
        password=PASSWORD,
        clearance=visibility.MOST_SENSITIVE.get(role, Level.PUBLIC),
        trained_until=utc_now() + CLEARED,
        vetted_until=utc_now() + CLEARED,
        regions=EAST if department == "华东业务部" else (),
    )


def _record_cards(
    store: Store, author: Person, eastern: Person, customers: list[demo.DemoCustomer], until: Month
) -> list[str]:
    """Record a card for each customer, in one transaction; gives their numbers in the same order."""
    published = {form_id: forms.load(store, form_id) for form_id in ("enterprise_card", "individual_card")}
    finished = [
        _finished(store, published[customer.form_id], {**customer.answers, **_figures(index, customer, until.year - 1)})
        for index, customer in enumerate(customers)
    ]
    numbers: list[str] = []
    with store.act(SERVICE.person_id, "demo.fill", "site", "demo", customers=len(customers)) as tx:
        for index, (customer, record) in enumerate(zip(customers, finished, strict=True)):
            reviewed = until.last - timedelta(days=index * 37 % REVIEWED_WITHIN)
            recorded_at = stamp(datetime.combine(max(customer.buys_from, reviewed), time(10), store.site.zone))
            form = published[customer.form_id]
            by = eastern if customer.answers["province"] in EAST else author
            numbers.append(records.record_as_of(store, tx, by, form, record, recorded_at=recorded_at))
    return numbers


def _figures(index: int, customer: demo.DemoCustomer, year: int) -> dict[str, str]:
    if customer.form_id == "individual_card":
        return demo_figures.of_person(index, year)
    return demo_figures.of_firm(index, int(customer.answers["staff"]), year)


def _finished(store: Store, form: Form, answers: Mapping[str, str]) -> Record:
    """What the engine makes of the answers, given by question name."""
    instance: dict[str, Any] = {}
    for ref, node in form.nodes.items():
        if node.name in answers and not node.is_group:
            _merge(instance, entities.nested(ref, answers[node.name]))
    return forms.session(store, form, instance).finish()


def _merge(into: dict[str, Any], other: Mapping[str, Any]) -> None:
    for name, value in other.items():
        if isinstance(value, Mapping):
            _merge(into.setdefault(name, {}), value)
        else:
            into[name] = value
