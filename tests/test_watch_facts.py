"""What feeds the list of key customers beside grades: money overdue, open complaints, special days (R104)."""

from datetime import date, datetime, timedelta

import pytest

from custinfo.actions import batches, credit_records, forms, pseudonyms, watch_facts, watch_list
from custinfo.actions import lake as published
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.people import SERVICE, Role
from custinfo.domain.periods import Month
from custinfo.domain.sensitivity import Level
from tests.credit_sites import approve, customer, file, sell, staff
from tests.factories import CARD, CREDIT_CODE, account, card, code_for, site_with_forms, submit
from tests.source_forms import filled
from tests.test_source_forms import draft_of_rounds

HEADER = "customer,line_no,kind,date,product,quantity,amount\n"
DAY = {"occasion": "birthday", "calendar": "solar", "month": "11", "day": "18", "reminder": "", "days_before": ""}
NOVEMBER = Month(2026, 11)


def guest(store, actor, key, number, day=DAY, **changed):
    """Somebody of a customer with one special day."""
    answers = filled("guest_collection", datetime.now(store.site.zone).date())
    answers = {ref: value for ref, value in answers.items() if "special_day" not in ref}
    answers |= {"/data/occupation/customer_number": number, "/data/anniversaries/has_special_days": "yes"}
    answers |= {"/data/collection/methods": "asked"} | changed
    answers |= {f"/data/anniversaries/special_day[1]/{name}": value for name, value in day.items() if value}
    return submit(store, actor, draft_of_rounds(store, actor, "guest_collection", answers), key)


def complaint(store, actor, key, number):
    answers = filled("complaint", datetime.now(store.site.zone).date())
    answers = {ref: value for ref, value in answers.items() if "/handling/" not in ref and "/feedback/" not in ref}
    answers |= {"/data/intake/customer_number": number, "/data/handling/stage": "received"}
    return submit(store, actor, draft_of_rounds(store, actor, "complaint", answers), key)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Two customers: one owes, has a complaint open and a birthday ahead; of the other nothing is to be said."""
    folder = tmp_path_factory.mktemp("watch")
    with site_with_forms(folder / "site") as store:
        head = account(store, Role.DEPARTMENT_HEAD)
        card(store, head)
        card(store, head, CARD | {CREDIT_CODE: code_for(90002), "/data/basic/name": "厦门海风"}, key="card-2")
        today = datetime.now(store.site.zone).date()
        long_ago, near = today - timedelta(days=80), today - timedelta(days=2)
        file = folder / "sales.csv"
        rows = [
            f"C000001,1,sale,{long_ago},tea,1,5000.00", f"C000001,2,payment,{near},,,1500.00",
            f"C000001,3,sale,{near},tea,1,900.00", f"C000002,4,sale,{near},tea,1,800.00",
        ]  # fmt: skip
        file.write_text(HEADER + "\n".join(rows) + "\n", "utf-8")
        batches.import_sales(store, SERVICE, file, source="ERP", lawful_basis="contract", errors=folder)
        published.publish(store, SERVICE)
        complaint(store, head, "complaint-1", "C000001")
        guest(store, head, "guest-1", "C000001")
        yield store, head, today


def key(store, number):
    row = store.row("SELECT entity_id FROM entity WHERE number = ?", [number])
    return pseudonyms.key_of(store, row["entity_id"])


def test_overdue_is_what_is_past_its_terms_and_not_paid(site):
    store, head, today = site
    late = watch_facts.overdue(store, head, pseudonyms.keys(store), today)
    assert late == [(key(store, "C000001"), 350_000)], (
        "5,000 less 1,500; what was sold the day before yesterday is not due"
    )
    assert watch_facts.overdue(store, head, pseudonyms.keys(store), today - timedelta(days=60)) == []
    assert watch_facts.overdue(store, account(store), pseudonyms.keys(store), today) == [], (
        "credit is not theirs to read"
    )


def test_a_complaint_counts_from_its_intake_until_it_is_closed(site):
    store, head, today = site
    keys = pseudonyms.keys(store)
    assert watch_facts.complaints(store, head, keys, today) == [key(store, "C000001")]
    assert watch_facts.complaints(store, head, keys, today - timedelta(days=1)) == []
    far = account(store, Role.DEPARTMENT_HEAD, department="别的部门")
    assert watch_facts.complaints(store, far, keys, today) == []


def test_special_days_of_the_month_and_for_whom(site):
    store, head, _ = site
    keys = pseudonyms.keys(store)
    wanted = [(key(store, "C000001"), "birthday", date(2026, 11, 18))]

    def of_the_first(month):
        return [one for one in watch_facts.occasions(store, head, keys, month) if one[0] == wanted[0][0]]

    assert of_the_first(NOVEMBER) == wanted
    assert of_the_first(NOVEMBER.plus(12)) == [(*wanted[0][:2], date(2027, 11, 18))]
    assert of_the_first(NOVEMBER.plus(1)) == []
    uncleared = account(store, Role.DEPARTMENT_HEAD, clearance=Level.INTERNAL)
    assert watch_facts.occasions(store, uncleared, keys, NOVEMBER) == [], "a birthday is of level 1"


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ({"calendar": "solar", "month": "2", "day": "29"}, date(2026, 3, 1)),
        ({"calendar": "solar", "month": "12", "day": "31"}, date(2026, 12, 31)),
        ({"calendar": "lunar", "month": "8", "day": "15", "next_lunar": "2026-09-25"}, date(2026, 9, 25)),
        ({"calendar": "lunar", "month": "8", "day": "15"}, None),
        ({"calendar": "solar", "month": "", "day": "3"}, None),
    ],
)
def test_the_day_of_an_occasion(said, day):
    assert watch_facts._day(said, NOVEMBER) == day


def test_who_is_still_to_be_told_has_no_occasion_on_a_list(tmp_path):
    with site_with_forms(tmp_path / "site") as store:
        head = account(store, Role.DEPARTMENT_HEAD)
        card(store, head)
        guest(store, head, "guest-1", "C000001", **{"/data/collection/methods": "overheard"})
        assert watch_facts.occasions(store, head, pseudonyms.keys(store), NOVEMBER) == []


def test_the_list_says_what_is_overdue_open_and_coming(site):
    store, head, today = site
    month = Month.of(today).plus(1)
    later = datetime(month.first.year, month.first.month, 2, tzinfo=store.site.zone)
    day = DAY | {"month": str(month.first.month)}
    guest(store, head, "guest-2", "C000002", day)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(published, "utc_now", lambda: later)
        published.publish(store, SERVICE, even_unchanged=True)
    rows = watch_list.watched(store, head, month)
    assert [(row.number, row.reason) for row in rows] == [
        ("C000001", "overdue"), ("C000001", "complaint"), ("C000002", "occasion"),
    ]  # fmt: skip
    assert (rows[0].amount_fen, rows[1].count, rows[2].what) == (350_000, 1, "birthday")
    told = [[row.text(language) for row in rows] for language in LANGUAGES]
    assert "货款逾期 ¥3,500.00" in told[0][0] and "1 件未结投诉" in told[0][1] and "生日" in told[0][2]
    assert "¥3,500.00 overdue" in told[1][0] and "complaints open: 1" in told[1][1] and "birthday" in told[1][2]


def test_the_occasions_of_the_form_all_have_a_name(site):
    store, *_ = site
    session = forms.session(store, forms.load(store, "guest_collection"), {})
    session.answer("/data/anniversaries/has_special_days", "yes")
    [ref] = [one.ref for one in session.nodes() if one.ref.endswith("/occasion")]
    assert tuple(name for name, _ in session.state(ref).choices) == watch_list.OCCASIONS


def test_terms_that_were_agreed_go_before_those_of_the_card(tmp_path):
    with site_with_forms(tmp_path / "site") as store:
        people = staff(store)
        number = customer(store, people["one"]).customer_number
        day = datetime.now(store.site.zone).date()
        sell(store, tmp_path, [(number, "sale", day - timedelta(days=75), "5000.00")])
        keys = pseudonyms.keys(store)
        assert [fen for _, fen in watch_facts.overdue(store, people["boss"], keys, day)] == [500_000]
        applied = {"requested_limit": "50000", "requested_terms": "net_90", "purpose": "周转"}
        said = {"application": {"customer_number": number, "applied_on": str(day), **applied}}
        said |= {"commitments": {"not_delivered": "0", "not_invoiced": "0"}, "securities": {"has_security": "no"}}
        record = file(store, people["one"], credit_records.APPLICATION, said).record_id
        assert len(watch_facts.overdue(store, people["boss"], keys, day)) == 1, "not approved yet"
        approve(store, people["head"], people["manager"], kind="record", object_id=record)
        assert watch_facts.overdue(store, people["boss"], keys, day) == []
