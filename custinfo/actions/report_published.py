"""What was published outside (R150): for each indicator and period one value, and by which issue.

The report that published a figure first answers for it: it alone changes the value, by a revision. Another report that
would publish a different one is not released outside until one of the two is corrected.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from custinfo.access import permissions
from custinfo.actions import report_bundles
from custinfo.domain import published, report_definitions
from custinfo.domain.clock import parse
from custinfo.domain.errors import Conflict
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.people import Person
from custinfo.domain.published import Placed
from custinfo.store import Store, Tx
from custinfo.store.database import Row

SHOWN = 200


@dataclass(frozen=True)
class Figure:
    """A published figure as it stands now: `value` as `figures.json` has it, by `issue_id`; `titles` by language.

    `first_value` and `first_issue` are what was published at first, the same unless it was revised. `stale` are issues
    of other reports that stand outside with an earlier value and have to be corrected.
    """

    indicator: str
    period: str
    value: str
    kind: str
    issue_id: str
    titles: dict[str, str]
    address: str
    published_at: datetime
    first_value: str
    first_issue: str
    stale: tuple[str, ...]

    @property
    def revised(self) -> bool:
        """Whether a revision published it anew."""
        return self.issue_id != self.first_issue


def publish(store: Store, tx: Tx, issue: Row) -> int:
    """Within the release of an issue outside: enter its figures; gives how many.

    Raises Conflict, naming both reports and values, when it gives another value to an indicator and period than another
    report that is out or than another of its own cells; SiteFault when its bundle is damaged.
    """
    manifest = issue["manifest"].encode()
    # What is not told outside is not published
    tables = report_bundles.tables(store.site, issue["issue_id"], manifest, f"{report_bundles.OUTSIDE}/{LANGUAGES[0]}")
    found: dict[tuple[str, str], Placed] = {}
    for one in published.placed(issue["name"], issue["period"], tables):
        first = found.setdefault((one.indicator, one.period), one)
        if first.value != one.value:
            raise Conflict(
                "published.twice_in_one", indicator=one.indicator, period=one.period, first=first.address,
                value=first.value, second=one.address, other=one.value,
            )  # fmt: skip
    for one in found.values():
        _check(store, issue, one)
    tx.insert_all(
        "published_figure",
        [
            {
                "indicator": one.indicator, "period": one.period, "value": one.value, "kind": one.kind,
                "issue_id": issue["issue_id"], "address": one.address, "published_at": tx.at,
            }
            for one in found.values()
        ],
    )  # fmt: skip
    tx.note(published=len(found))
    return len(found)


def _check(store: Store, issue: Row, one: Placed) -> None:
    lines = _lines(store, one.indicator, one.period)
    if not lines:
        return
    owner, stands = lines[0], _standing(lines)
    if (owner["name"], owner["of"]) == (issue["name"], issue["period"]) or stands["value"] == one.value:
        return
    raise Conflict(
        "published.other_value", indicator=one.indicator, period=one.period, value=one.value,
        report=_named(issue["name"], issue["period"]), stands=stands["value"], issue=stands["issue_id"],
        other=_named(stands["name"], stands["of"]),
    )  # fmt: skip


_SELECT = (
    "SELECT published_figure.*, report_issue.name, report_issue.period AS of, report_issue.revision "
    "FROM published_figure JOIN report_issue USING (issue_id)"
)


def _lines(store: Store, indicator: str, period: str) -> list[Row]:
    return store.rows(
        f"{_SELECT} WHERE indicator = ? AND published_figure.period = ? ORDER BY seq", [indicator, period]
    )


def _standing(lines: Collection[Row]) -> Row:
    """The newest line of the report that published the figure first: what counts."""
    owner = next(iter(lines))
    return [one for one in lines if (one["name"], one["of"]) == (owner["name"], owner["of"])][-1]


def _named(name: str, period: str) -> str:
    titles = report_definitions.load().get(name)
    return f"{' / '.join(titles.titles[one] for one in LANGUAGES)} {period}" if titles else f"{name} {period}"


def listed(
    store: Store, actor: Person, *, search: str = "", period: str = "", offset: int = 0, limit: int = SHOWN,
    ids: Collection[str] = (),
) -> tuple[int, list[Figure]]:  # fmt: skip
    """How many published figures there are, and some, by period (the newest first) and indicator.

    `search` is part of an indicator's id or of an address, or any of `ids`; `period` as it is written, blank for all.
    Raises NotAllowed.
    """
    permissions.check(actor, "report.read")
    words = "%" + search.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    marks = ", ".join("?" for _ in ids)
    where = f"(indicator LIKE ? ESCAPE '\\' OR indicator IN ({marks})) AND (? = '' OR period = ?)"
    given = [words, *ids, period.strip(), period.strip()]
    pairs = f"SELECT DISTINCT indicator, period FROM published_figure WHERE {where}"
    total = store.rows(f"SELECT count(*) AS n FROM ({pairs})", given)[0]["n"]
    rows = store.rows(
        f"{pairs} ORDER BY period DESC, instr(indicator, ':') > 0, indicator LIMIT ? OFFSET ?",
        [*given, max(0, min(limit, 5000)), max(0, offset)],
    )
    return total, [_figure(_lines(store, row["indicator"], row["period"])) for row in rows]


def of_issue(store: Store, issue_id: str) -> int:
    """How many figures an issue published."""
    return int(store.rows("SELECT count(*) AS n FROM published_figure WHERE issue_id = ?", [issue_id])[0]["n"])


def _figure(lines: list[Row]) -> Figure:
    owner, now = lines[0], _standing(lines)
    newest: dict[tuple[str, str], Row] = {(one["name"], one["of"]): one for one in lines}
    stale = tuple(one["issue_id"] for one in newest.values() if one["value"] != now["value"])
    definition = report_definitions.load().get(now["name"])
    mark = f" r{now['revision']}" if now["revision"] else ""
    titles = {
        one: f"{definition.titles[one] if definition else now['name']} {now['of']}{mark}" for one in LANGUAGES
    }  # fmt: skip
    return Figure(
        now["indicator"], now["period"], now["value"], now["kind"], now["issue_id"], titles, now["address"],
        parse(now["published_at"]), owner["value"], owner["issue_id"], stale,
    )  # fmt: skip
