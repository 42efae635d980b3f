"""The parameters of reports: declared here, read and typed once. Only declared names ever reach a notebook."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from custinfo.domain import clock
from custinfo.domain.errors import BadInput, NotFound
from custinfo.domain.messages import DEFAULT_LANGUAGE, LANGUAGES
from custinfo.domain.periods import Month

REPORTS = ("monthly",)
NAMES = ("period", "as_of", "language")


@dataclass(frozen=True)
class Parameters:
    """What a report is built for. Without `as_of`, the moment at which the newest version of the lake was published."""

    period: Month
    as_of: datetime | None
    language: str


def read(name: str, given: Mapping[str, str | None]) -> Parameters:
    """The typed parameters of the report `name`; a blank `as_of` or `language` counts as not given.

    Raises NotFound for an unknown report, BadInput for an unknown parameter, a period or a moment that is not
    understood, a moment still to come, an unknown language.
    """
    if name not in REPORTS:
        raise NotFound("reports.unknown", name=name[:40], known=", ".join(REPORTS))
    for parameter in given:
        if parameter not in NAMES:
            raise BadInput("reports.parameter_unknown", name=name, parameter=parameter[:40], known=", ".join(NAMES))
    language = given.get("language") or DEFAULT_LANGUAGE
    if language not in LANGUAGES:
        raise BadInput("reports.language_wrong", given=language[:40], known=", ".join(LANGUAGES))
    return Parameters(Month.parse(given.get("period") or ""), _moment(given.get("as_of")), language)


def check_begun(period: Month, as_of: datetime, zone: tzinfo) -> date:
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
