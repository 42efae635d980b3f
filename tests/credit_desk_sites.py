"""A site with a customer who is surveyed, rated, decided on and buys, and one of whom nothing but the card is known."""

import atexit
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from custinfo.actions import credit, credit_decisions, people
from custinfo.actions.delegations import today
from custinfo.store import Site, Store
from tests import credit_sites, source_forms
from tests.factories import site_with_forms

HOSTILE = "<script>alert(1)</script>"


@dataclass(frozen=True)
class Made:
    """The open site: its staff by short names, ids and numbers of the known customer and of the bare one."""

    store: Store
    people: dict[str, Any]
    known: str
    known_number: str
    bare: str
    bare_number: str


@contextmanager
def opened(folder):
    """A copy of the site, in a folder of its own; gives it as `Made`."""
    home, names, customers = _made_once()
    shutil.copytree(home, folder / "site")
    with Store.open(Site.load(folder / "site")) as store:
        staff = {short: people.by_login_name(store, name) for short, name in names.items()}
        yield Made(store, staff, *customers)


@cache
def _made_once():
    folder = Path(tempfile.mkdtemp(prefix="custinfo-tests-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with site_with_forms(folder / "site", demo=True) as store:
        staff = credit_sites.staff(store)
        known = credit_sites.customer(store, staff["one"])
        bare = credit_sites.customer(store, staff["one"], 90002)
        _fill(store, folder, staff, known)
    names = {short: person.login_name for short, person in staff.items()}
    found = (known.customer_id, known.customer_number, bare.customer_id, bare.customer_number)
    return folder / "site", names, found


def _fill(store, folder, staff, known):
    number, day = known.customer_number, today(store)
    survey(store, staff["one"], number, profile__scope=HOSTILE, operations__products="=1+1")
    credit_sites.rate(store, staff["one"], number)
    credit_sites.rate(store, staff["two"], number, repute=3)
    decision = credit.decide(store, staff["boss"], known.customer_id)
    credit_sites.approve(store, staff["manager"], kind=credit_decisions.KIND, object_id=decision)
    lines = [(number, "sale", day - timedelta(days=30 * n + 5), 10_000 + 1_000 * n) for n in range(6)]
    credit_sites.sell(store, folder, [*lines, (number, "payment", day - timedelta(days=3), 9_000)])


def survey(store, who, number, **changed):
    """A credit survey of the customer, of two years; `changed` has answers by `group__question`."""
    day = today(store)
    answers = source_forms.filled("credit_report", day)
    earlier = {"year": str(day.year - 2), "revenue": "50000000", "profit": "4000000", "assets": "30000000"}
    earlier["liabilities"] = "9000000"
    answers |= {f"/data/finance/statement[2]/{name}": value for name, value in earlier.items()}
    answers |= {"/data/report/customer_number": number}
    answers |= {f"/data/{ref.replace('__', '/')}": value for ref, value in changed.items()}
    return credit_sites.file(store, who, "credit_report", _nested(answers))


def _nested(answers):
    """Answers by ref as a record holds them; rounds of repeats as lists."""
    values: dict[str, Any] = {}
    for ref, value in answers.items():
        place = values
        *groups, name = ref.split("/")[2:]
        for group in groups:
            repeat, _, number = group.partition("[")
            if number:
                rounds = place.setdefault(repeat, [])
                while len(rounds) < int(number.rstrip("]")):
                    rounds.append({})
                place = rounds[int(number.rstrip("]")) - 1]
            else:
                place = place.setdefault(group, {})
        place[name] = value
    return values
