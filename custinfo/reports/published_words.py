"""Published figures in words: what an indicator is called, and how its value looks."""

from collections.abc import Iterable
from contextlib import suppress
from typing import cast, get_args

from custinfo.actions import report_bundles
from custinfo.actions.report_published import Figure
from custinfo.domain.errors import NotFound, SiteFault
from custinfo.domain.messages import LANGUAGES
from custinfo.reports import showing
from custinfo.reports.figures import DECIMAL, Figures, Kind, cell_of, read
from custinfo.statistics import indicators
from custinfo.store import Store


def name(indicator: str, language: str) -> str:
    """The name of an indicator; `report:address` for a cell that is no indicator's, as it is."""
    try:
        return indicators.get(indicator).name(language)
    except NotFound:
        return indicator


def places(store: Store, figures: Iterable[Figure], language: str) -> dict[str, str]:
    """What each published figure is called: an indicator's name, or in words the place of a cell in its report.

    A cell of an issue that was destroyed, or whose bundle is damaged, stays an address.
    """
    found: dict[str, str] = {}
    issued: dict[str, Figures | None] = {}
    for one in figures:
        stands = None
        if ":" in one.indicator:
            if one.issue_id not in issued:
                issued[one.issue_id] = _issued(store, one.issue_id)
            stands = issued[one.issue_id]
        found[one.indicator] = name(one.indicator, language)
        if stands is not None:
            found[one.indicator] = showing.address(stands, one.address, language)
    return found


def _issued(store: Store, issue_id: str) -> Figures | None:
    row = store.row("SELECT manifest FROM report_issue WHERE issue_id = ?", [issue_id])
    if row is None or row["manifest"] is None:
        return None
    with suppress(SiteFault):
        name_of = f"{LANGUAGES[0]}/{report_bundles.FIGURES}"
        return read(report_bundles.read_file(store.site, issue_id, row["manifest"].encode(), name_of))
    return None


def matching(search: str) -> list[str]:
    """Ids of the indicators whose name in any language has `search` in it; none for a blank one."""
    words = search.strip().casefold()
    if not words:
        return []
    return [
        one.id for one in indicators.load().values() if any(words in one.name(each).casefold() for each in LANGUAGES)
    ]


def shown(value: str, kind: str) -> str:
    """A published value as a reader sees it. Raises ValueError for a kind that no column has."""
    if kind not in get_args(Kind):
        raise ValueError(kind)
    known = cast(Kind, kind)
    return showing.number(cell_of(value if known in DECIMAL else int(value), known), known)
