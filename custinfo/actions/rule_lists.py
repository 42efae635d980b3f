"""Choice lists that come from rule files: a form offers what the rule in force says, and counts by its figures.

A form names one as it names a code list, `select_one_from_file intention_level.csv`. A new version of a rule reaches
every form from its day on, without a new version of the form; what was recorded stays as it was.
"""

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from datetime import date

from custinfo.classification import intention_levels, territory_rule


def of_day(day: date) -> tuple[tuple[str, bytes], ...]:
    """Every such list as it is on that day: (file name, CSV). Raises BadInput for a rule file out of order."""
    return tuple((f"{name}.csv", _csv(*made(day))) for name, made in LISTS.items())


def _intention(day: date) -> tuple[Iterable[str], Iterable[Iterable[str]]]:
    """`within` is blank for the first and the last: for who has ordered, and for all who order later."""
    rows = [
        (one.name, one.zh, one.en, str(one.contact_days), str(one.orders_within or ""))
        for one in intention_levels.rule(day).level
    ]
    return ("name", "label", "label_en", "days", "within"), rows


def _branches(day: date) -> tuple[Iterable[str], Iterable[Iterable[str]]]:
    """`regions` is how the codes of a branch's places begin, as `,31,3201,`, for a form to look a place up."""
    rows = [
        (one.name, one.zh, one.en, one.department, f",{','.join(one.prefixes)},")
        for one in territory_rule.rule(day).branch
    ]
    return ("name", "label", "label_en", "department", "regions"), rows


def _csv(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows([columns, *rows])
    return out.getvalue().encode()


LISTS: Mapping[str, Callable[[date], tuple[Iterable[str], Iterable[Iterable[str]]]]] = {
    "branch": _branches, "intention_level": _intention,
}  # fmt: skip
