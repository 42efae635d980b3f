"""Sales control in the invented company: targets of the last month, daily reports of visits, sales across regions."""

import csv
import io
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

from custinfo.actions import approvals, forms, plans, records
from custinfo.actions.demo import DemoCustomer
from custinfo.actions.demo_sales import DemoSale
from custinfo.actions.records import Remarks
from custinfo.classification import territory_rule
from custinfo.domain.clock import utc_now
from custinfo.domain.money import yuan
from custinfo.domain.people import Person
from custinfo.domain.periods import Month
from custinfo.statistics import plan
from custinfo.store import Store

CROSSING = 0.004
"""Share of the customers who are sold to by another branch than the one in whose territory they are."""
TARGETS = {"": 104, "华东": 96, "华北": 103, "东北": 110, "华中": 99, "华南": 108, "西南": 101, "西北": 95}
"""Targets in percent of what was then sold."""
REPORT_DAYS = (2, 5, 9, 14, 19, 23)
"""Days of the month with a report of visits of each who visits."""
VISITS = 3
EASTERN = "华东业务部"
ELSEWHERE = {"use_province": "440000", "use_prefecture": "440100", "use_county": "440106"}
"""Where goods of the eastern branch are used outside its territory."""
RESULTS = ("continue", "ordered", "absent", "continue", "collected")


def areas(customers: Sequence[DemoCustomer]) -> list[str]:
    """The sales area of each customer, in their order: that of the branch whose territory they are in, but for few."""
    branches = territory_rule.rule(utc_now().date()).branch
    own = [next(one for one in branches if customer.answers["province"].startswith(one.prefixes))
           for customer in customers]  # fmt: skip
    found = []
    for index, branch in enumerate(own):
        rng = Random(f"area {index}")  # noqa: S311  an invented world, no secret
        found.append((rng.choice(branches) if rng.random() < CROSSING else branch).areas[0])
    return found


def tallied(
    lines: Iterable[DemoSale], areas_of: Sequence[str], month: Month, into: dict[str, int]
) -> Iterator[DemoSale]:
    """The lines as they come, while net sales of a month are added up by area; under the blank those of all."""
    signs = {"sale": 1, "return": -1, "payment": 0}
    for line in lines:
        if month.first <= line.occurred_on <= month.last:
            for area in ("", areas_of[line.customer]):
                into[area] = into.get(area, 0) + signs[line.kind] * line.amount_fen
        yield line


def fill(
    store: Store, staff: Mapping[str, Person], customers: Sequence[DemoCustomer], numbers: Sequence[str], month: Month,
    sold: Mapping[str, int], password: str,
) -> None:  # fmt: skip
    """Propose and approve targets, file reports of visits, declare sales across regions and agree to one."""
    _targets(store, staff, month, sold, password)
    _visits(store, staff, customers, numbers, month)
    _crossing(store, staff, customers, numbers, month, password)


def _targets(store: Store, staff: Mapping[str, Person], month: Month, sold: Mapping[str, int], password: str) -> None:
    out = io.StringIO(newline="")
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(plan.COLUMNS)
    for area, percent in TARGETS.items():
        # To whole thousands of yuan, as people plan
        target = max(sold.get(area, 0) * percent // 100 // 100_000, 1) * 100_000
        rows.writerow(("net_sales", str(month), "area" if area else "", area, yuan(target)))
    version = plans.propose(store, staff["wu"], "targets.csv", out.getvalue().encode(), "月度销售目标")
    for who in ("xin", "chen"):
        _agree(store, staff[who], plans.KIND, str(version), password)


def _agree(store: Store, who: Person, kind: str, object_id: str, password: str) -> None:
    case = approvals.of(store, kind, object_id)
    assert case is not None
    approvals.decide(store, who, case.case_id, "approve", case.sha256, password=password)


def _file(store: Store, who: Person, form_id: str, values: dict[str, Any]) -> str:
    form = forms.load(store, form_id)
    made = forms.session(store, form, values).finish()
    with store.act(who.person_id, "demo.fill", "form", form_id) as tx:
        receipt = records.admit(store, tx, who, form, made, key=secrets.token_hex(16), remarks=Remarks())
    return receipt.record_id


def _visits(
    store: Store, staff: Mapping[str, Person], customers: Sequence[DemoCustomer], numbers: Sequence[str], month: Month
) -> None:
    """The salespeople of both departments, and their largest customers one after the other."""
    for login, eastern in (("lin", False), ("han", True)):
        who = staff[login]
        theirs = [place for place, one in enumerate(customers)
                  if one.form_id == "enterprise_card" and _is_eastern(one) is eastern]  # fmt: skip
        theirs.sort(key=lambda place: (-customers[place].size, place))
        for round_, day in enumerate(REPORT_DAYS):
            chosen = theirs[round_ * VISITS : (round_ + 1) * VISITS]
            visits = [_visit(customers[place], numbers[place], place, hour) for hour, place in enumerate(chosen)]
            head = {"branch": who.department, "salesperson": who.display_name, "visited": "yes",
                    "report_on": month.first.replace(day=day).isoformat()}  # fmt: skip
            _file(store, who, "visit_daily_report", {"head": head, "visit": visits})


def _visit(customer: DemoCustomer, number: str, place: int, hour: int) -> dict[str, str]:
    result = RESULTS[place % len(RESULTS)]
    said = {"customer_name": customer.answers["name"], "customer_number": number, "purposes": "sell relation",
            "started_at": f"{9 + 2 * hour:02d}:00", "ended_at": f"{10 + 2 * hour:02d}:00", "accompanied": "no",
            "talk": "了解近期采购安排。", "result": result}  # fmt: skip
    if place % 4 == 0:
        said |= {"accompanied": "yes", "superior": "branch_manager", "accompanied_by": "何川"}
    return said | ({"ordered": "8600"} if result == "ordered" else {})


def _is_eastern(customer: DemoCustomer) -> bool:
    return customer.answers["province"] in ("310000", "320000", "330000")


def _crossing(
    store: Store, staff: Mapping[str, Person], customers: Sequence[DemoCustomer], numbers: Sequence[str], month: Month,
    password: str,
) -> None:  # fmt: skip
    """One sale of the eastern branch that was found out and confirmed, one that is agreed to, one that waits."""
    for login, day, agreed in (("lin", 18, True), ("han", 20, True), ("han", 26, False)):
        place = next(place for place, one in enumerate(customers)
                     if one.form_id == "enterprise_card" and _is_eastern(one) is (login == "han"))  # fmt: skip
        used = ELSEWHERE if login == "han" else _place(customers[place])
        values = _declaration(customers[place], numbers[place], used, staff[login], month.first.replace(day=day))
        record_id = _file(store, staff[login], "cross_region_sale", values)
        if agreed:
            _agree(store, staff["he"], "record", record_id, password)


def _place(customer: DemoCustomer) -> dict[str, str]:
    asked = {f"use_{name}": customer.answers[name] for name in ("province", "prefecture", "county")}
    return {name: code for name, code in asked.items() if code}


def _declaration(
    customer: DemoCustomer, number: str, used: Mapping[str, str], by: Person, delivered_on: date
) -> dict[str, Any]:
    """What the eastern branch declares some days before, what anybody else found out some days after."""
    declared = by.department == EASTERN
    filled_on = delivered_on + timedelta(days=-3 if declared else 3)
    place = {**used, "registered": "declared" if declared else "found", "customer_name": customer.answers["name"],
             "customer_number": number, "project": "办公楼改造", "user": customer.answers["name"],
             "use_address": "工程现场"}  # fmt: skip
    item = {"product": "办公桌", "unit": "张", "quantity": "20", "unit_price": "860"}
    sale = {"delivery_branch": "east", "salesperson": by.display_name, "filled_on": filled_on.isoformat(),
            "delivered_on": delivered_on.isoformat(), "item": [item]}  # fmt: skip
    if declared:
        return {"place": place | {"advised": "yes", "why_here": "客户与本公司签有全年供货合同。"}, "sale": sale}
    found = {"found_on": filled_on.isoformat(), "found_by": by.display_name, "found_how": "核对发货单时发现"}
    return {"place": place, "sale": sale, "finding": found}
