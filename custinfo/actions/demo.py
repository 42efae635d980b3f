"""Demo customers: invented firms and people on the cards of `forms/`, the same for the same seed on every machine.

Nothing here can be taken for someone real:

- Credit codes have area 999999, which GB/T 2260 does not have, and organisation codes `DEM…`, a pool that was never
  issued. Both check characters are right.
- Landline numbers begin, after the area code, with 0 (in Shanghai with 19): 0 is the trunk prefix and 1 the prefix of
  special services, so no subscriber has such a number, yet it is well-formed. There are no mobile numbers.
- E-mail addresses are under example.com (RFC 2606).
"""

import csv
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from random import Random

from custinfo.actions.demo_names import FOLDER, given_name, home, office, person, shop_name, surname, word, words
from custinfo.domain import codelists, identifiers
from custinfo.domain.codelists import Code
from custinfo.domain.money import yuan
from custinfo.domain.periods import Month

COMPANIES = 1700
INDIVIDUALS = 300
HISTORY_MONTHS = 30
RESERVED_AREA = "999999"
RESERVED_ORGANISATIONS = "DEM"

SPREAD = 1.35
"""Standard deviation of the logarithm of a company's buying power: the top fifth then makes some three quarters."""
INDIVIDUAL_SIZE, INDIVIDUAL_SPREAD = 0.12, 0.8
NEW_SHARE = 0.27
GONE_SHARE = 0.165
SMALL_TRADES = "FHOR"
"""Sections in which sole traders (个体工商户) are common."""

SOLE_TRADER, COOPERATIVE = "500", "400"
FOREIGN = ("210", "310")
FACTORIES = ("131", "132", "140")
"""Types of enterprise that are called a 厂 when they make things."""
ENTERPRISE_TYPES = {"111": 2, "112": 56, "119": 9, "121": 2, "129": 2, "131": 2, "132": 2, "133": 1, "134": 1, "140": 5, "150": 2, "210": 3, "310": 5, "500": 4}  # fmt: skip # noqa: E501
LEGAL_FORMS: Mapping[str, tuple[str, ...]] = {
    "111": ("集团有限公司", "有限公司"),
    "112": ("有限公司",) * 9 + ("有限责任公司",),
    "119": ("有限公司",),
    "121": ("股份有限公司",),
    "129": ("股份有限公司",),
    "131": ("总公司",),
    "132": ("公司",),
    "133": ("股份合作公司",),
    "134": ("联营公司",),
    "140": ("中心", "工作室"),
    "150": ("合伙企业（有限合伙）", "合伙企业（普通合伙）"),
    "210": ("有限公司",),
    "310": ("有限公司",),
    "400": ("农民专业合作社",),
}
SHOP_FORMS = {"F": ("商行", "经营部"), "H": ("店", "馆"), "O": ("店", "服务部"), "C": ("加工厂",)}
SHOP_WORDS = ("超市", "店", "酒楼", "药房", "商场", "商店", "厂", "部", "诊所")
CAPITALS = (10, 20, 30, 50, 100, 200, 300, 500, 600, 800, 1000, 1200, 2000, 3000, 5000, 8000, 10000, 20000, 50000)
"""Registered capital as people register it, in units of 10,000 yuan."""

BANKS = {"icbc": 20, "ccb": 18, "abc": 15, "boc": 14, "bocom": 7, "cmb": 8, "psbc": 5, "cib": 3, "spdb": 3, "citic": 3, "pab": 2, "cmbc": 2}  # fmt: skip # noqa: E501
PAYMENT_METHODS = {"bank_transfer": 74, "acceptance_bill": 9, "cheque": 6, "third_party_payment": 8, "cash": 3}
PAYMENT_TERMS = {"prepaid": 22, "cash_on_delivery": 18, "net_30": 38, "net_60": 13, "net_90": 5, "instalments": 4}
PAID_AT_ONCE = ("prepaid", "cash_on_delivery")
CREDIT_STANDINGS = {"excellent": 18, "good": 46, "fair": 22, "poor": 5, "unknown": 9}
KINDS = {"company": 92, "partner": 5, "special_business": 3}


@dataclass(frozen=True)
class DemoCustomer:
    """One invented customer: the `answers` to the form `form_id`, and how it buys.

    `size` is buying power relative to the median company. The first purchase is on
    `buys_from`, the last by `buys_until`.
    """

    form_id: str
    answers: Mapping[str, str]
    size: float
    buys_from: date
    buys_until: date


@dataclass(frozen=True)
class _Place:
    province: Code
    prefecture: Code
    county: Code | None
    dialling: Mapping[str, str]

    @property
    def city(self) -> str:
        """The city as firms' names have it: a municipality's own name, not that of its 市辖区."""
        own = self.province if self.prefecture.name == "市辖区" else self.prefecture
        return own.name.removesuffix("市")

    @property
    def full_name(self) -> str:
        parts = [self.province, self.prefecture, *([self.county] if self.county else [])]
        return "".join(part.name for part in parts if part.name != "市辖区")


def companies(seed: int, n: int, until: Month) -> Iterator[DemoCustomer]:
    """`n` firms for `enterprise_card`, as known at the end of the month `until`. Names and credit codes are unique."""
    rng = Random(f"companies {seed}")  # noqa: S311  an invented world, no secret
    taken: set[str] = set()
    for index in range(n):
        yield _company(rng, index, until, taken)


def individuals(seed: int, n: int, until: Month) -> Iterator[DemoCustomer]:
    """`n` people for `individual_card`, as known at the end of the month `until`."""
    rng = Random(f"individuals {seed}")  # noqa: S311
    for index in range(n):
        yield _individual(rng, index, until)


@cache
def table(name: str) -> tuple[Mapping[str, str], ...]:
    """The rows of `data/demo/<name>.csv`."""
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def weighted(rng: Random, weights: Mapping[str, int]) -> str:
    """One of the keys, as often as its weight says."""
    return rng.choices(list(weights), list(weights.values()))[0]


def _row(rng: Random, name: str) -> Mapping[str, str]:
    rows = table(name)
    return rng.choices(rows, [int(row["weight"]) for row in rows])[0]


def _place(rng: Random) -> _Place:
    dialling, regions = _row(rng, "prefectures"), codelists.load("region")
    prefecture = regions.get(dialling["code"])
    counties = regions.children(prefecture.code)
    return _Place(regions.get(prefecture.parent), prefecture, rng.choice(counties) if counties else None, dialling)


def _phone(rng: Random, place: _Place) -> str:
    head, length = place.dialling["subscriber_head"], int(place.dialling["subscriber_digits"])
    digits = "".join(str(rng.randint(0, 9)) for _ in range(length - len(head)))
    return f"{place.dialling['dialling_code']}-{head}{digits}"


@dataclass(frozen=True)
class _Firm:
    """What the parts of a firm's card have in common; `z` is its size as a standard normal variate."""

    index: int
    z: float
    place: _Place
    trade: Mapping[str, str]
    section: str
    kind: str


def _company(rng: Random, index: int, until: Month, taken: set[str]) -> DemoCustomer:
    trade = _row(rng, "trades")
    section = _ancestor(trade["industry"], "section")
    firm = _Firm(index, min(rng.gauss(0, 1), 2.6), _place(rng), trade, section, _enterprise_type(rng, section))
    name, short_name = _company_name(rng, firm, taken)
    buys_from, buys_until = _dealings(rng, firm.z, until)
    answers = {
        "name": name,
        "short_name": short_name,
        **_registration(rng, firm, buys_from),
        **_whereabouts(rng, firm.place, office(rng)),
        **_contacts(rng, firm),
        **_credit(rng, firm),
        "dealings_summary": _dealings_summary(rng, firm.z),
        "first_dealing_on": buys_from.isoformat(),
        "remarks": word(rng, "remarks"),
    }
    return DemoCustomer("enterprise_card", answers, math.exp(SPREAD * firm.z), buys_from, buys_until)


def _ancestor(industry: str, level: str) -> str:
    entry = codelists.load("industry").ancestor(industry, level)
    return entry.code if entry else ""


def _enterprise_type(rng: Random, section: str) -> str:
    weights = dict(ENTERPRISE_TYPES)
    if section in SMALL_TRADES:
        weights[SOLE_TRADER] = 38
    elif section == "A":
        weights[COOPERATIVE] = 90
    elif section in "DJKQ":
        weights = {"111": 8, "112": 45, "119": 35, "129": 12}
    return weighted(rng, weights)


def _company_name(rng: Random, firm: _Firm, taken: set[str]) -> tuple[str, str]:
    """Full and short name: 行政区划 + 字号 + 行业特征 + 组织形式, not among `taken`, to which it is added."""
    while True:
        own, trade = shop_name(rng), rng.choice(firm.trade["words"].split("|"))
        form = _legal_form(rng, firm, trade)
        if firm.kind in FOREIGN:
            name = f"{own}（{firm.place.city}）{trade}{form}"
        else:
            name = f"{_name_prefix(rng, firm.place)}{own}{trade}{form}"
        if name not in taken:
            taken.add(name)
            return name, own + trade


def _legal_form(rng: Random, firm: _Firm, trade: str) -> str:
    if firm.kind == SOLE_TRADER:
        return _shop_form(rng, firm.section, trade)
    if firm.section == "C" and firm.kind in FACTORIES:
        return "厂"
    return rng.choice(LEGAL_FORMS[firm.kind])


def _shop_form(rng: Random, section: str, trade: str) -> str:
    if trade.endswith(SHOP_WORDS):
        return "（个体工商户）"
    return rng.choice(SHOP_FORMS.get(section, ("服务部", "工作室")))


def _name_prefix(rng: Random, place: _Place) -> str:
    county = place.county.name if place.county else ""
    if county.endswith("市"):
        return rng.choice((county, county.removesuffix("市")))
    if 2 < len(county) <= 4 and rng.random() < 0.2:
        return place.city + county.removesuffix("区").removesuffix("县")
    return place.city + rng.choice(("", "市"))


def _registration(rng: Random, firm: _Firm, buys_from: date) -> dict[str, str]:
    age_days = 60 + int(min(rng.expovariate(1 / 2400), 11000))
    tail = "。（依法须经批准的项目，经相关部门批准后方可开展经营活动）"
    return {
        "credit_code": _credit_code(firm.index, firm.kind),
        "tax_registration_no": "",  # Since 2015 it is the credit code.
        "kind": weighted(rng, KINDS),
        "ownership": codelists.load("enterprise_type").get(firm.kind).extra["ownership"],
        "enterprise_type": firm.kind,
        "established_on": (buys_from - timedelta(days=age_days)).isoformat(),
        "registered_capital": yuan(_capital(rng, firm) * 1_000_000),
        "registration_qualification": firm.trade["qualification"],
        "industry_section": firm.section,
        "industry_division": _ancestor(firm.trade["industry"], "division"),
        "industry": firm.trade["industry"],
        "business_field": firm.trade["field"],
        "business_scope": "一般项目：" + firm.trade["scope"] + tail,
        "staff": str(_staff(rng, firm)),
        "registered_address": firm.place.full_name + office(rng) if rng.random() < 0.4 else "",
    }


def _credit_code(index: int, kind: str) -> str:
    category = {COOPERATIVE: "93", SOLE_TRADER: "92"}.get(kind, "91")
    organisation = f"{RESERVED_ORGANISATIONS}{index + 1:05d}"
    first17 = category + RESERVED_AREA + organisation + identifiers.organisation_check_character(organisation)
    return first17 + identifiers.credit_code_check_character(first17)


def _capital(rng: Random, firm: _Firm) -> int:
    """Registered capital in units of 10,000 yuan."""
    median = 10 if firm.kind == SOLE_TRADER else 300
    wanted = math.log(median) + 0.6 * firm.z + rng.gauss(0, 1.1)
    return min(CAPITALS, key=lambda amount: abs(math.log(amount) - wanted))


def _staff(rng: Random, firm: _Firm) -> int:
    if firm.kind == SOLE_TRADER:
        return rng.randint(1, 9)
    return max(2, round(math.exp(3.0 + 0.6 * firm.z + rng.gauss(0, 0.9))))


def _whereabouts(rng: Random, place: _Place, street: str) -> dict[str, str]:
    return {
        "province": place.province.code,
        "prefecture": place.prefecture.code,
        "county": place.county.code if place.county else "",
        "address": street,
        "postcode": f"{place.dialling['postcode_head']}{rng.randint(0, 99):02d}",
    }


def _contacts(rng: Random, firm: _Firm) -> dict[str, str]:
    owner, contact, buyer = (person(rng) for _ in range(3))
    return {
        "phone": _phone(rng, firm.place),
        "fax": _phone(rng, firm.place) if rng.random() < 0.6 else "",
        "email": f"contact{firm.index + 1:04d}@example.com",
        "legal_representative": owner,
        "principal": owner if rng.random() < 0.85 else person(rng),
        "contact_name": contact,
        "contact_phone": _phone(rng, firm.place),
        "purchasing_manager": buyer,
        "purchasing_manager_phone": _phone(rng, firm.place),
    }


def _credit(rng: Random, firm: _Firm) -> dict[str, str]:
    terms = PAYMENT_TERMS if firm.kind != SOLE_TRADER else {"prepaid": 45, "cash_on_delivery": 55}
    agreed = weighted(rng, terms)
    rank = firm.z + rng.gauss(0, 0.7)
    position = "leader" if rank > 2.3 else "challenger" if rank > 1.2 else "follower" if rank > -0.3 else "nicher"
    return {
        "bank": weighted(rng, BANKS),
        "payment_method": weighted(rng, PAYMENT_METHODS),
        "payment_terms": agreed,
        "payment_day": "" if agreed in PAID_AT_ONCE else str(rng.choice((5, 10, 15, 15, 20, 25, 25, 28))),
        "credit_standing": weighted(rng, CREDIT_STANDINGS),
        "market_position": position if rng.random() < 0.92 else "unknown",
    }


def _dealings_summary(rng: Random, z: float) -> str:
    rhythm = "每周多次下单" if z > 1.5 else "每月定期下单" if z > 0 else "不定期下单"
    return f"{rhythm}，以{rng.choice(('办公耗材', '办公家具', '办公设备', '茶水食品', '劳保与清洁用品'))}为主"


def _dealings(rng: Random, z: float, until: Month) -> tuple[date, date]:
    """First purchase, and the day by which it bought for the last time; large customers are older and stay."""
    start, end = until.plus(1 - HISTORY_MONTHS).first, until.last
    span = (end - start).days
    large = z > 1.3
    if not large and rng.random() < NEW_SHARE:
        first = start + timedelta(days=rng.randint(0, span))
    else:
        first = start - timedelta(days=1 + int(min(rng.expovariate(1 / 1100), 4000)))
    first -= timedelta(days=max(0, first.weekday() - 4))
    if large or rng.random() >= GONE_SHARE:
        return first, end
    return first, max(first, start + timedelta(days=rng.randint(-120, span)))


def _individual(rng: Random, index: int, until: Month) -> DemoCustomer:
    z, place, female = min(rng.gauss(0, 1), 2.6), _place(rng), rng.random() < 0.5
    buys_from, buys_until = _dealings(rng, min(z, 1.0), until)
    answers = {
        "name": surname(rng) + given_name(rng, female=female),
        "gender": "unstated" if rng.random() < 0.06 else "female" if female else "male",
        "birth_year": str(until.year - rng.randint(20, 70)) if rng.random() < 0.7 else "",
        "occupation": word(rng, "occupations"),
        **_whereabouts(rng, place, home(rng)),
        "phone": _phone(rng, place),
        "email": f"person{index + 1:04d}@example.com" if rng.random() < 0.6 else "",
        "hobbies": "、".join(rng.sample(words()["hobbies"], rng.randint(1, 3))),
        "preferences": word(rng, "preferences"),
        "needs": word(rng, "needs"),
        "payment_method": weighted(rng, {"third_party_payment": 78, "cash": 12, "bank_transfer": 10}),
        "first_dealing_on": buys_from.isoformat(),
        "remarks": "",
    }
    del answers["postcode"]
    return DemoCustomer(
        "individual_card", answers, INDIVIDUAL_SIZE * math.exp(INDIVIDUAL_SPREAD * z), buys_from, buys_until
    )
