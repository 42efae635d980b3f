"""The demo site's customers and sales: the same for the same seed, unmistakably invented, and skewed as real ones are."""

import csv
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from custinfo import lake
from custinfo.actions import demo, demo_figures, demo_orders, demo_sales, formats
from custinfo.actions.demo import DemoCustomer
from custinfo.actions.demo_sales import DemoSale
from custinfo.domain import codelists, identifiers
from custinfo.domain.periods import Month

FORMS = Path(__file__).parents[1] / "forms"
SEED = 2026
UNTIL = Month(2026, 10)
SIGNS = {"sale": 1, "return": -1, "payment": 0}
CODED = {
    "kind": "kind_of_customer", "ownership": "ownership", "enterprise_type": "enterprise_type",
    "industry_section": "industry", "industry_division": "industry", "industry": "industry",
    "province": "region", "prefecture": "region", "county": "region", "bank": "bank",
    "payment_method": "payment_method", "payment_terms": "payment_terms",
    "credit_standing": "credit_standing", "market_position": "market_position",
}  # fmt: skip


def make(seed: int, companies: int, individuals: int) -> list[DemoCustomer]:
    return [*demo.companies(seed, companies, UNTIL), *demo.individuals(seed, individuals, UNTIL)]


@pytest.fixture(scope="module")
def customers() -> list[DemoCustomer]:
    return make(SEED, demo.COMPANIES, demo.INDIVIDUALS)


@pytest.fixture(scope="module")
def lines(customers: list[DemoCustomer]) -> list[DemoSale]:
    return list(demo_sales.sales(SEED, customers, until=UNTIL))


@pytest.fixture(scope="module")
def firms(customers: list[DemoCustomer]) -> list[DemoCustomer]:
    return [customer for customer in customers if customer.form_id == "enterprise_card"]


def net_by_month(lines: Sequence[DemoSale]) -> list[int]:
    net: Counter[Month] = Counter()
    for line in lines:
        net[Month.of(line.occurred_on)] += SIGNS[line.kind] * line.amount_fen
    return [net[month] for month in sorted(net)]


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    contents = []
    for name in ("first", "second"):
        few = make(7, 150, 30)
        path = tmp_path / name
        demo_sales.write_sales_csv(
            path, demo_sales.sales(7, few, until=UNTIL), [f"C{i}" for i in range(180)], ["华东"] * 180
        )
        contents.append((few, path.read_bytes()))
    assert contents[0] == contents[1]
    assert make(8, 150, 30) != contents[0][0]


def test_the_larger_customers_have_orders_on_their_way(customers: list[DemoCustomer], tmp_path: Path) -> None:
    numbers = [f"C{i}" for i in range(len(customers))]
    path = tmp_path / "orders.csv"
    demo_orders.write_orders_csv(path, customers, numbers, UNTIL)
    zone = ZoneInfo("Asia/Shanghai")
    after = datetime.combine(UNTIL.last, time(23), zone)
    known = lake.Known({number: number for number in numbers}, after, zone)
    orders = lake.read_batch(lake.BATCH_KINDS["orders"], path, known, tmp_path).lines.to_pylist()
    largest = sorted(range(len(customers)), key=lambda place: -customers[place].size)
    still = [numbers[place] for place in largest if customers[place].buys_until >= UNTIL.last][:30]
    assert set(still) <= {order["customer_key"] for order in orders}
    assert 40 <= len(orders) <= 200
    for order in orders:
        assert 0 <= order["delivered_fen"] <= order["amount_fen"] > order["invoiced_fen"] == 0


def test_a_longer_list_begins_with_the_shorter_one() -> None:
    assert list(demo.companies(SEED, 40, UNTIL))[:10] == list(demo.companies(SEED, 10, UNTIL))


def test_names_and_codes_are_unique(firms: list[DemoCustomer]) -> None:
    for question in ("name", "credit_code", "email"):
        assert len({firm.answers[question] for firm in firms}) == len(firms) == demo.COMPANIES


def test_every_answer_is_well_formed(customers: list[DemoCustomer]) -> None:
    checks = {
        "credit_code": "credit_code", "registered_capital": "amount", "postcode": "postcode", "email": "email",
        "phone": "phone", "fax": "phone", "contact_phone": "phone", "purchasing_manager_phone": "phone",
    }  # fmt: skip
    for customer in customers:
        for question, name in checks.items():
            answer = customer.answers.get(question, "")
            assert not answer or formats.FORMATS[name](answer) is None, (question, answer)


def test_nothing_can_be_taken_for_someone_real(customers: list[DemoCustomer]) -> None:
    areas = {row.code for row in codelists.load("region").rows}
    assert not any(area.startswith(demo.RESERVED_AREA[:2]) for area in areas)
    for customer in customers:
        answers = customer.answers
        if "credit_code" in answers:
            assert answers["credit_code"][2:11] == demo.RESERVED_AREA + demo.RESERVED_ORGANISATIONS
        assert not answers["email"] or answers["email"].endswith("@example.com")
        for question in ("phone", "fax", "contact_phone", "purchasing_manager_phone"):
            area, _, subscriber = answers.get(question, "").partition("-")
            assert not subscriber or subscriber.startswith("19" if area == "021" else "0")


def test_every_code_is_in_its_list_and_they_fit_together(customers: list[DemoCustomer]) -> None:
    region, industry = codelists.load("region"), codelists.load("industry")
    for customer in customers:
        answers = customer.answers
        for question, name in CODED.items():
            assert not answers.get(question) or answers[question] in codelists.load(name), (question, answers)
        assert region.get(answers["prefecture"]).parent == answers["province"]
        assert not answers["county"] or region.get(answers["county"]).parent == answers["prefecture"]
        if "industry" in answers:
            division = industry.ancestor(answers["industry"], "division")
            assert industry.get(answers["industry"]).level == "class"
            assert division is not None
            assert (division.code, division.parent) == (answers["industry_division"], answers["industry_section"])


def test_the_answers_are_to_questions_of_the_forms(customers: list[DemoCustomer]) -> None:
    for form_id in ("enterprise_card", "individual_card"):
        survey = (FORMS / f"{form_id}.md").read_text("utf-8").partition("| choices |")[0].partition("| settings |")[0]
        rows = [
            [cell.strip() for cell in line[3:].split("|")] for line in survey.splitlines() if line.startswith("| | ")
        ]
        column = {name: i for i, name in enumerate(rows[0])}
        questions = {row[1] for row in rows}
        required = {row[1] for row in rows[1:] if row[column["required"]] == "yes" and not row[column["relevant"]]}
        assert required
        figures = [
            demo_figures.of_firm(n, 10, 2025) if form_id == "enterprise_card" else demo_figures.of_person(n, 2025)
            for n in range(20)
        ]
        assert 5 < sum(len(answers) > 1 for answers in figures) < 20
        assert all(answers.keys() <= questions for answers in figures)
        for customer in customers:
            if customer.form_id == form_id:
                assert customer.answers.keys() <= questions
                assert all(customer.answers.get(question) for question in required)


def test_a_card_agrees_with_itself(firms: list[DemoCustomer]) -> None:
    types = codelists.load("enterprise_type")
    for firm in firms:
        answers = firm.answers
        assert types.get(answers["enterprise_type"]).extra["ownership"] == answers["ownership"]
        assert answers["established_on"] < answers["first_dealing_on"] <= UNTIL.last.isoformat()
        assert int(answers["staff"]) >= 1
        assert answers["payment_day"] == "" or 1 <= int(answers["payment_day"]) <= 31


def test_firms_are_spread_as_real_ones_are(firms: list[DemoCustomer]) -> None:
    def share(question: str, *values: str) -> float:
        return sum(firm.answers[question] in values for firm in firms) / len(firms)

    assert share("province", "440000", "320000", "370000", "330000") > 0.35
    assert share("industry_section", "C", "F") > 0.5
    assert len({firm.answers["industry_section"] for firm in firms}) >= 15
    assert 0.5 < share("ownership", "joint_stock") < 0.75
    assert 0.12 < share("ownership", "individual") < 0.3
    staff = sorted(int(firm.answers["staff"]) for firm in firms)
    assert sum(staff) / len(staff) > 1.5 * staff[len(staff) // 2], "a few are much larger than most"


def test_amounts_are_positive_fen_and_line_numbers_unique(lines: list[DemoSale]) -> None:
    assert 60_000 <= len(lines) <= 90_000
    assert len({line.line_no for line in lines}) == len(lines)
    for line in lines:
        assert type(line.amount_fen) is int
        assert line.amount_fen > 0
        assert (line.quantity > 0, line.product != "") == ((True, True) if line.kind != "payment" else (False, False))
        assert UNTIL.plus(1 - demo.HISTORY_MONTHS).first <= line.occurred_on <= UNTIL.last
    assert [line.occurred_on for line in lines] == sorted(line.occurred_on for line in lines)


def test_no_one_returns_what_he_did_not_buy_or_pays_more_than_he_owes(lines: list[DemoSale]) -> None:
    stock: defaultdict[tuple[int, str], list[int]] = defaultdict(lambda: [0, 0])
    owed: Counter[int] = Counter()
    for line in lines:
        held = stock[line.customer, line.product]
        held[0] += SIGNS[line.kind] * line.quantity
        held[1] += SIGNS[line.kind] * line.amount_fen
        assert min(held) >= 0, line
        owed[line.customer] += (SIGNS[line.kind] or -1) * line.amount_fen
    assert min(owed.values()) >= 0
    totals: Counter[str] = Counter()
    for line in lines:
        totals[line.kind] += line.amount_fen
    assert 0.015 < totals["return"] / totals["sale"] < 0.04
    assert 0.85 < totals["payment"] / totals["sale"] < 0.97


def test_sales_are_skewed(customers: list[DemoCustomer], lines: list[DemoSale]) -> None:
    net = [0] * len(customers)
    for line in lines:
        net[line.customer] += SIGNS[line.kind] * line.amount_fen
    net.sort(reverse=True)
    assert 0.72 < sum(net[: len(net) // 5]) / sum(net) < 0.82
    assert net[0] / sum(net) < 0.03, "no single customer carries the firm"


@pytest.mark.parametrize("seed", [1, SEED])
def test_sales_grow_by_a_tenth_a_year(seed: int) -> None:
    everyone = make(seed, demo.COMPANIES, demo.INDIVIDUALS)
    net = net_by_month(list(demo_sales.sales(seed, everyone, until=UNTIL)))
    assert len(net) == demo.HISTORY_MONTHS
    assert 1.06 < sum(net[-12:]) / sum(net[-24:-12]) < 1.14


def test_sales_have_a_season(lines: list[DemoSale]) -> None:
    net = dict(zip([UNTIL.plus(i - 29) for i in range(30)], net_by_month(lines), strict=True))
    usual = sum(net.values()) / 30
    # Chinese New Year was in late January in 2025 and in mid-February in 2026.
    assert net[Month(2025, 1)] < 0.85 * usual
    assert net[Month(2026, 2)] < 0.6 * net[Month(2026, 1)]
    assert net[Month(2025, 12)] > 1.1 * usual
    assert net[Month(2025, 9)] > 1.1 * usual
    days = Counter(line.occurred_on.weekday() for line in lines if line.kind == "sale")
    assert days[6] < days[5] < 0.5 * days[2]


def test_customers_come_and_go(customers: list[DemoCustomer], lines: list[DemoSale]) -> None:
    bought: defaultdict[int, list[date]] = defaultdict(list)
    for line in lines:
        if line.kind == "sale":
            bought[line.customer].append(line.occurred_on)
    year_ago = UNTIL.plus(-12).last
    inactive = sum(not days or max(days) <= year_ago for days in (bought[i] for i in range(len(customers))))
    assert 0.09 < inactive / len(customers) < 0.15
    start = UNTIL.plus(1 - demo.HISTORY_MONTHS).first
    new = Counter(Month.of(customer.buys_from) for customer in customers if customer.buys_from >= start)
    assert len(new) == demo.HISTORY_MONTHS
    for i, customer in enumerate(customers):
        if customer.buys_from >= start:
            assert min(bought[i]) == date.fromisoformat(customer.answers["first_dealing_on"])


def test_the_import_file_has_the_documented_columns(tmp_path: Path) -> None:
    few = make(3, 20, 5)
    lines = list(demo_sales.sales(3, few, until=UNTIL))
    path = tmp_path / "sales.csv"
    demo_sales.write_sales_csv(path, lines, [f"C-{i:06d}" for i in range(1, 26)], ["华东"] * 25)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == demo_sales.COLUMNS
    assert all(bool(row["cost"]) == bool(row["product_line"]) == (row["kind"] != "payment") for row in rows)
    assert all(float(row["cost"]) < float(row["amount"]) for row in rows if row["cost"])
    assert len(rows) == len(lines)
    assert rows[0]["customer"] == f"C-{lines[0].customer + 1:06d}"
    assert sum(round(float(row["amount"]) * 100) for row in rows) == sum(line.amount_fen for line in lines)
    assert all(row["amount"][-3] == "." for row in rows)


def test_an_organisation_code_has_its_own_check_character(firms: list[DemoCustomer]) -> None:
    code = firms[0].answers["credit_code"]
    assert code[16] == identifiers.organisation_check_character(code[8:16])
