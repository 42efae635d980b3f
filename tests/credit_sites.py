"""Sites with customers who are rated, owe money and have papers, for the tests of credit."""

import secrets
from datetime import timedelta

from custinfo.actions import approvals, batches, credit, credit_decisions, credit_records, forms, records
from custinfo.actions import lake as lake_actions
from custinfo.actions.delegations import today
from custinfo.actions.records import Remarks
from custinfo.classification.credit import scorecards
from custinfo.domain.people import SERVICE, Role
from tests.factories import CARD, PASSWORD, account, card, code_for


def staff(store):
    """Two researchers, a supervisor, the head of the department, a manager: by short names."""
    return {
        "one": account(store, login_name="rater-1"),
        "two": account(store, login_name="rater-2"),
        "boss": account(store, Role.SUPERVISOR, login_name="boss"),
        "head": account(store, Role.DEPARTMENT_HEAD, login_name="head"),
        "manager": account(store, Role.MANAGER, login_name="manager"),
    }


def customer(store, who, number=90001, **changed):
    """A customer's card; gives its receipt."""
    answers = {**CARD, "/data/basic/credit_code": code_for(number), **changed}
    answers["/data/people/phone"] = f"0755-0{number:07d}"
    # Names that no look for duplicates takes for one another
    one, two = divmod(number, 97)
    answers["/data/basic/name"] = f"{chr(0x4E8E + one * 3)}{chr(0x5E38 + two * 7)}{chr(0x6C5F + two * 5)}有限公司"
    return card(store, who, answers, key=f"card-{number}")


def file(store, who, form_id, values):
    """A record with these answers (by group), through the form's own rules; gives its receipt."""
    form = forms.load(store, form_id)
    made = forms.session(store, form, values).finish()
    with store.act(who.person_id, "record.submit", "form", form_id) as tx:
        return records.admit(store, tx, who, form, made, key=secrets.token_hex(8), remarks=Remarks())


def rate(store, who, number, rating=4, *, scheme="5c", months_old=0, findings="", **values):
    """One person's ratings: `rating` for every indicator of the scheme but those in `values`; None: no information."""
    day = today(store)
    answers = {"rating": {"customer_number": number, "scheme": scheme, "rated_on": str(day)}}
    seen = str(day - timedelta(days=31 * months_old))
    for code in scorecards.scorecard(scheme, day).card.shares():
        value = values.get(code, rating)
        said = {f"{code}_rating": "none" if value is None else str(value)}
        if value is not None:
            said |= {f"{code}_basis": "查阅", f"{code}_source": "档案", f"{code}_on": seen}
        answers[code] = said
    if findings:
        answers["found"] = {"findings": findings, "findings_source": "公示系统", "findings_on": seen}
    return file(store, who, credit_records.RATING, answers)


def approve(store, *people, kind, object_id):
    """Everybody in turn agrees to what waits; gives the state of the case."""
    case = approvals.of(store, kind, object_id)
    for who in people:
        state = approvals.decide(store, who, case.case_id, "approve", case.sha256, password=PASSWORD)
    return state


def rated(store, people, new, rating=3):
    """Both raters give a customer this rating and the supervisor decides, which waits for approval; gives the decision."""
    for who in ("one", "two"):
        rate(store, people[who], new.customer_number, rating)
    return credit.decide(store, people["boss"], new.customer_id)


def decided(store, people, new, rating=3):
    """As `rated`, and the manager agrees; gives the decision."""
    made = rated(store, people, new, rating)
    approve(store, people["manager"], kind=credit_decisions.KIND, object_id=made)
    return made


def sell(store, tmp_path, lines):
    """Import (customer number, kind, day, yuan) as a batch of sales, and publish."""
    head = "customer,line_no,kind,date,product,quantity,amount\n"
    rows = [
        f"{number},{number}-{kind}-{day},{kind},{day},{'' if kind == 'payment' else 'P1'},{'' if kind == 'payment' else 1},{yuan}"
        for number, kind, day, yuan in lines
    ]
    path = tmp_path / f"sales-{secrets.token_hex(4)}.csv"
    path.write_text(head + "\n".join(rows) + "\n", "utf-8")
    batches.import_sales(store, SERVICE, path, source="ERP", lawful_basis="contract", errors=tmp_path)
    lake_actions.publish(store, SERVICE)


def place_orders(store, tmp_path, lines):
    """Import (customer number, order number, day, ordered, delivered, invoiced; yuan) as a batch, and publish."""
    head = "客户编号,订单号,日期,订货金额(元),已交货金额(元),已入账金额(元)\n"
    path = tmp_path / f"orders-{secrets.token_hex(4)}.csv"
    path.write_text(head + "".join(",".join(map(str, line)) + "\n" for line in lines), "utf-8")
    origin = batches.Origin("ERP", "contract")
    made = batches.import_file(store, SERVICE, "orders", path, origin, errors=tmp_path)
    lake_actions.publish(store, SERVICE)
    return made
