"""The parameters of reports: declared here, read and typed once. Only declared names ever reach a notebook."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from custinfo.domain import clock, codelists, periods, report_definitions
from custinfo.domain.errors import BadInput, NotFound
from custinfo.domain.messages import DEFAULT_LANGUAGE, LANGUAGES
from custinfo.domain.periods import Period

NAMES = ("period", "as_of", "language")
REGION = "region"
REGIONAL = ("monthly",)
"""The reports that may be of one province."""
OF_A_CUSTOMER = ("customer", "as_of", "language")
ABOUT_A_CUSTOMER = "credit_report"
NUMBER = re.compile(r"[A-Z]{1,4}\d{1,12}", re.ASCII)


def names(report: str) -> tuple[str, ...]:
    """The parameters that a report has. Raises NotFound, naming those that there are."""
    if report == ABOUT_A_CUSTOMER:
        return OF_A_CUSTOMER
    if report not in (known := report_definitions.load()):
        raise NotFound("reports.unknown", name=report[:40], known=", ".join([*known, ABOUT_A_CUSTOMER]))
    return (*NAMES, REGION) if report in REGIONAL else NAMES


@dataclass(frozen=True)
class Parameters:
    """What a report is built for. Without `as_of`, the moment at which the newest version of the lake was published.
    `region` is the code of a province, blank for all.
    """

    period: Period
    as_of: datetime | None
    language: str
    region: str = ""


@dataclass(frozen=True)
class CustomerParameters:
    """What a report about one customer, named by the number, is built for. Without `as_of`, of this moment."""

    customer: str
    as_of: datetime | None
    language: str


def read(name: str, given: Mapping[str, str | None]) -> Parameters:
    """The typed parameters of the report `name`; a blank `as_of` or `language` counts as not given.

    Raises NotFound for an unknown report, BadInput for an unknown parameter, a period or a moment that is not
    understood, a moment still to come, an unknown language.
    """
    as_of, language = _checked(name, given)
    return Parameters(_period(name, given.get("period") or ""), as_of, language, _region(str(given.get(REGION) or "")))


def read_of_customer(name: str, given: Mapping[str, str | None]) -> CustomerParameters:
    """As `read`, for a report about one customer. Raises BadInput for what cannot be the number of one."""
    as_of, language = _checked(name, given)
    number = (given.get("customer") or "").strip().upper()
    if not NUMBER.fullmatch(number):
        raise BadInput("credit_paper.customer_wrong", given=number[:40])
    return CustomerParameters(number, as_of, language)


def _checked(name: str, given: Mapping[str, str | None]) -> tuple[datetime | None, str]:
    """The moment and the language, after every name was checked."""
    declared = names(name)
    for parameter in given:
        if parameter not in declared:
            known = ", ".join(declared)
            raise BadInput("reports.parameter_unknown", name=name, parameter=parameter[:40], known=known)
    language = given.get("language") or DEFAULT_LANGUAGE
    if language not in LANGUAGES:
        raise BadInput("reports.language_wrong", given=language[:40], known=", ".join(LANGUAGES))
    return _moment(given.get("as_of")), language


def _period(name: str, given: str) -> Period:
    """Of the kind that the report is made for; of any where its definition has no calendar."""
    calendar = report_definitions.named(name).calendar
    return calendar.kind.parse(given) if calendar else periods.find(given)


def provinces() -> tuple[str, ...]:
    """The codes of which `region` may be one, in the order of their list."""
    return tuple(row.code for row in codelists.load(REGION).rows if row.level == "province")


def _region(given: str) -> str:
    if given and given not in provinces():
        raise BadInput("report_runs.region_wrong", given=given[:40])
    return given


def check_begun(period: Period, as_of: datetime, zone: tzinfo) -> date:
    """The day of `as_of` in `zone`. Raises BadInput when `period` had not begun by then."""
    day = as_of.astimezone(zone).date()
    if day < period.first:
        raise BadInput("reports.not_begun", period=period, as_of=day)
    return day


def _moment(given: str | None) -> datetime | None:
    if not given:
        return None
    try:
        moment = clock.parse(given)
    except (ValueError, OverflowError):
        raise BadInput("reports.as_of_wrong", given=given[:40]) from None
    if moment > clock.utc_now():
        raise BadInput("reports.as_of_future", given=given[:40])
    return moment
