"""Cards and lists of the archive of reports on paper (R153): what an issue is, its main figures, where it stands."""

from collections.abc import Sequence

from custinfo.actions import approvals, report_archive, report_bundles, report_issues
from custinfo.actions.report_archive import File
from custinfo.actions.report_issues import Issue
from custinfo.domain import clock, periods, published
from custinfo.domain.messages import LANGUAGES, text
from custinfo.domain.published import Placed
from custinfo.reports import published_words
from custinfo.reports.register_paper import Sheet, SheetTable, render
from custinfo.store import Store

MOST_FIGURES = 12


def card(store: Store, issue: Issue, filed: File, language: str) -> bytes:
    """The card of an issue: its numbers, who signed it, its main figures. Raises SiteFault for a damaged bundle."""

    def words(key: str, **facts: object) -> str:
        return text(f"report_archive.{key}", language, **facts)

    zone = store.site.zone
    case = approvals.of(store, report_issues.KIND, issue.issue_id)
    signed = [f"{one.name} {clock.show(one.at, zone)}" for one in (case.decisions() if case else ()) if one.signed]
    facts = [
        (words("kind_label"), words(f"kind.{filed.kind}")),
        (words("period"), periods.find(issue.period).show(language)),
        (words("issue"), issue.issue_id),
        (words("released"), clock.show(filed.released_at, zone)),
        (words("signed"), words("comma").join(signed)),
        (words("pages"), str(filed.pages)),
        (words("place"), filed.place or words("place_here")),
        (words("keep_until"), str(filed.keep_until) if filed.keep_until else words("for_good")),
        ("SHA-256", filed.sha256),
    ]
    title = filed.titles[language]
    sheet = Sheet(
        title, language, store.site.name, filed.file_number, facts, _figures(store, issue, language),
        words("card_legend"), card=True,
    )  # fmt: skip
    return render(sheet, filed.filed_at)


def catalogue(store: Store, year: int, listed: Sequence[File], language: str) -> bytes:
    """The list of a year's archive, by kind of period."""

    def words(key: str, **facts: object) -> str:
        return text(f"report_archive.{key}", language, **facts)

    names = ("number", "report", "issue", "released", "pages", "place", "keep_until")
    tables = []
    for kind in report_archive.LETTERS:
        rows = tuple(_line(store, one, language) for one in listed if one.kind == kind)
        if rows:
            numbers, wide = (tuple(name == given for name in names) for given in ("pages", "report"))
            columns = tuple(words(name) for name in names)
            tables.append(SheetTable(words(f"kind.{kind}"), columns, rows, numbers, wide))
    title = words("list_title", year=year)
    made_at = max((one.filed_at for one in listed), default=clock.utc_now())
    return render(
        Sheet(title, language, store.site.name, str(year), (), tables, words("list_legend"), wide=True), made_at
    )


def _line(store: Store, one: File, language: str) -> tuple[str, ...]:
    if one.destroyed_at is not None:
        kept = text("report_archive.destroyed", language, plan=one.plan_id)
    else:
        kept = str(one.keep_until) if one.keep_until else text("report_archive.for_good", language)
    place = one.place or text("report_archive.place_here", language)
    released = one.released_at.astimezone(store.site.zone).date()
    return one.file_number, one.titles[language], one.issue_id, str(released), str(one.pages), place, kept


def _figures(store: Store, issue: Issue, language: str) -> list[SheetTable]:
    """The issue's figures of indicators for its own period; none for a report that has none."""
    assert issue.manifest is not None
    tables = report_bundles.tables(store.site, issue.issue_id, issue.manifest, LANGUAGES[0])
    found: dict[str, Placed] = {}
    for one in published.placed(issue.definition.name, issue.period, tables):
        if one.period == issue.period and ":" not in one.indicator:
            found.setdefault(one.indicator, one)
    rows = tuple(
        (published_words.name(one.indicator, language), published_words.shown(one.value, one.kind))
        for one in list(found.values())[:MOST_FIGURES]
    )
    if not rows:
        return []
    words = tuple(text(f"report_archive.{name}", language) for name in ("indicator", "value"))
    return [SheetTable(text("report_archive.figures", language), words, rows, (False, True), (True, False))]
