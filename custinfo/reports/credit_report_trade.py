"""What a credit report says of figures: the yearly statements with warnings, the dealings with us, and their charts."""

from decimal import Decimal
from typing import Any

from custinfo.actions.credit_views import Standing
from custinfo.classification.credit import early_warning
from custinfo.classification.credit.early_warning import RATIOS, Statement
from custinfo.domain.errors import BadInput
from custinfo.domain.messages import text
from custinfo.reports import charts, style
from custinfo.reports.charts import FEN_PER_WAN, Chart
from custinfo.reports.credit_report_dealings import Dealings, Moved
from custinfo.reports.credit_report_document import Cell, Part, Sentence, Table, count, facts, fen, percent, said
from custinfo.reports.credit_report_words import CreditWords
from custinfo.statistics import rounding

WIDTH, HEIGHT = 560, 170


def finances(years: tuple[Statement, ...], words: CreditWords) -> list[Part]:
    """Ratios year by year with the warnings, and a chart; or a sentence that says what is missing, or contradicts."""
    language = words.language
    if not years:
        return [Sentence(text("credit_paper.lacking.statements", language), "lacking")]
    try:
        found: list[Part] = [_ratios(years, words), *_warnings(years, words)]
    except BadInput as wrong:
        return [Sentence(wrong.text(language), "warn")]
    drawn = [year for year in years if year.revenue is not None]
    return [*found, _yearly(drawn, language)] if len(drawn) > 1 else found


def _ratios(years: tuple[Statement, ...], words: CreditWords) -> Table:
    language = words.language
    columns = [early_warning.ratios(this, before) for this, before in _with_before(years)]
    rows = [
        (said(words.ratio_name(name)), *(said(words.ratio(name, column[name])) for column in columns))
        for name in RATIOS
        if any(column[name].unknown != "missing" for column in columns)
    ]
    lacking = [name for name in RATIOS if all(column[name].unknown == "missing" for column in columns)]
    note = text("credit_paper.note.ratios", language)
    if lacking:
        note += text("credit_paper.note.ratios_lacking", language, ratios=words.listed(map(words.ratio_name, lacking)))
    head = (text("credit_paper.column.ratio", language), *(str(one.year) for one in years))
    return Table(text("credit_paper.table.ratios", language), head, tuple(rows), note)


def _with_before(years: tuple[Statement, ...]) -> list[tuple[Statement, Statement | None]]:
    """Each year with the one before it, where that is known."""
    by_year = {one.year: one for one in years}
    return [(one, by_year.get(one.year - 1)) for one in years]


def _warnings(years: tuple[Statement, ...], words: CreditWords) -> list[Part]:
    """Of the newest year, held against the years in a row before it."""
    row = [years[-1]]
    for one in reversed(years[:-1]):
        if one.year != row[0].year - 1:
            break
        row.insert(0, one)
    found = early_warning.signals(row, early_warning.rule(words.day))
    grave = [Sentence(words.warning(one), "warn") for one in found if one.kind != "missing"]
    none = Sentence(text("credit_paper.warning.none", words.language, year=years[-1].year), "ok")
    return [*(grave or [none])]


def _yearly(years: list[Statement], language: str) -> Chart:
    names = {kind: text(f"credit_use.figure.{kind}", language) for kind in ("revenue", "net_profit")}
    values = [
        {"year": str(one.year), "name": name, "amount": float(Decimal(amount) / FEN_PER_WAN)}
        for one in years
        for kind, name in names.items()
        if (amount := getattr(one, kind)) is not None
    ]
    title = text("credit_paper.chart.years", language)
    described = text("credit_paper.chart.years_told", language, first=years[0].year, last=years[-1].year)
    return charts.finished("c1", _bars(values, "year", [*names.values()]), title, described, wide=True)


def payments(dealings: Dealings | None, standing: Standing, words: CreditWords) -> list[Part]:
    """How the customer pays us: what fell due, what is dunned, month by month."""
    language = words.language
    found: list[Part] = _account(standing, words)
    if dealings is None:
        return [*found, Sentence(text("credit_paper.lacking.lake", language), "lacking")]
    if dealings.none:
        return [*found, Sentence(text("credit_paper.lacking.dealings", language), "lacking")]
    return [*found, _months(dealings, language), _monthly(dealings, language)]


def _account(standing: Standing, words: CreditWords) -> list[Part]:
    account, language = standing.account, words.language
    if account is None:
        return [Sentence(text("credit_paper.lacking.account", language), "lacking")]
    due = account.due_fen
    in_time = percent(rounding.share(account.in_time_fen, due)) if due else said("")
    beyond = "" if account.days_beyond_terms is None else f"{account.days_beyond_terms:.1f}"
    rows = [
        ("terms", said(words.terms(account.terms))),
        ("due", fen(due)),
        ("in_time", in_time),
        ("late", fen(account.late_fen)),
        ("open", fen(account.open_fen)),
        ("overdue", fen(account.overdue_fen, "warn" if account.overdue_fen else "plain")),
        ("overdue_days", count(account.overdue_days)),
        ("beyond_terms", said(beyond)),
    ]
    found = facts([(text(f"credit_paper.fact.{name}", language), cell) for name, cell in rows])
    found += [Sentence(text(f"credit_use.sign.{sign.kind}", language), "warn") for sign in account.signs]
    return [*found, *_dunning(standing, words)]


def _dunning(standing: Standing, words: CreditWords) -> list[Part]:
    account, language = standing.account, words.language
    if account is None or not account.steps:
        return [Sentence(text("credit_paper.word.nothing_overdue", language), "ok")]
    rows = tuple(
        (
            said(one.document), count(one.overdue_days), fen(one.dunned_fen), count(one.owed_level),
            said(_next_step(one.action, one.paused_by, language)), said(one.next_on),
        )
        for one in account.steps
    )  # fmt: skip
    names = ("document", "overdue_days", "amount", "level", "next_step", "next_on")
    head = tuple(text(f"credit_paper.column.{name}", language) for name in names)
    return [Table(text("credit_paper.table.dunning", language), head, rows)]


def _next_step(action: str | None, paused_by: str | None, language: str) -> str:
    if action:
        return text(f"credit_use.action.{action}", language)
    return text(f"credit_use.pause.{paused_by}", language) if paused_by else ""


def _months(dealings: Dealings, language: str) -> Table:
    names = ("month", "sales", "returns", "net", "payments")
    rows = [_month(one, language) for one in dealings.months]
    head = tuple(text(f"credit_paper.column.{name}", language) for name in names)
    note = text("credit_paper.note.months", language, version=dealings.lake_version)
    return Table(text("credit_paper.table.months", language), head, tuple(rows), note)


def _month(one: Moved, language: str) -> tuple[Cell, ...]:
    name = said(one.month.show(language))
    return name, fen(one.sales_fen), fen(one.returns_fen), fen(one.net_fen), fen(one.payments_fen)


def _monthly(dealings: Dealings, language: str) -> Chart:
    names = {kind: text(f"credit_paper.column.{kind}", language) for kind in ("net", "payments")}
    values = [
        {"month": str(one.month), "name": name, "amount": float(Decimal(getattr(one, f"{kind}_fen")) / FEN_PER_WAN)}
        for one in dealings.months
        for kind, name in names.items()
    ]
    first, last = (dealings.months[n].month.show(language) for n in (0, -1))
    title = text("credit_paper.chart.months", language, first=first, last=last)
    described = text("credit_paper.chart.months_told", language, first=first, last=last)
    return charts.finished("c2", _bars(values, "month", [*names.values()]), title, described, wide=True)


def _bars(values: list[dict[str, object]], by: str, names: list[str]) -> Any:
    """Pairs of bars, side by side."""
    import altair as alt  # see `charts`

    colours = alt.Scale(domain=names, range=[style.ACCENT, style.SOFT])
    return (
        alt.Chart({"values": values})
        .properties(width=WIDTH, height=HEIGHT)
        .mark_bar(cornerRadiusTopLeft=1, cornerRadiusTopRight=1)
        .encode(
            x=alt.X(f"{by}:N", sort=None, title=None, axis=alt.Axis(labelAngle=0, labelFontSize=10)),
            xOffset=alt.XOffset("name:N", sort=names),
            y=alt.Y("amount:Q", title=None, axis=alt.Axis(format=",~f", tickCount=5)),
            color=alt.Color("name:N", sort=names, scale=colours, legend=alt.Legend(title=None, orient="top")),
        )
    )


def buying(dealings: Dealings | None, standing: Standing, words: CreditWords) -> list[Part]:
    """The customer's class, the trend, how it buys and what it prefers, from the dealings."""
    language = words.language
    if dealings is None or dealings.none:
        why = "lake" if dealings is None else "buying"
        return [Sentence(text(f"credit_paper.lacking.{why}", language), "lacking")]
    grade = dealings.class_code
    klass = text(f"reports.row.grade_{grade}", language) if grade else ""
    rows = [
        ("class", said(klass)),
        ("first_sale", said(standing.account.first_sale_on if standing.account else "")),
        ("last_year", fen(dealings.last_year_fen)),
        ("year_before", fen(dealings.year_before_fen)),
        ("trend", said(_trend(dealings, language))),
        ("pattern", said(_pattern(dealings, language))),
    ]
    found = facts([(text(f"credit_paper.fact.{name}", language), cell) for name, cell in rows])
    return [*found, *_products(dealings, language)]


def _trend(dealings: Dealings, language: str) -> str:
    change = rounding.change(dealings.last_year_fen, dealings.year_before_fen)
    if change is None:
        return text("credit_paper.word.trend_new", language)
    key = "up" if change > 0 else "down" if change < 0 else "level"
    return text(f"credit_paper.word.trend_{key}", language, percent=abs(change))


def _pattern(dealings: Dealings, language: str) -> str:
    if not dealings.purchases:
        return text("credit_paper.word.no_purchases", language)
    mean = fen(dealings.last_year_fen // dealings.purchases).text
    said_ = text("credit_paper.word.purchases", language, n=dealings.purchases, mean=mean, last=dealings.last_sale)
    if dealings.every_days is None:
        return said_
    every = text("credit_paper.word.every_days", language, days=dealings.every_days)
    return said_ + ("" if language == "zh-CN" else " ") + every


def _products(dealings: Dealings, language: str) -> list[Part]:
    if not dealings.products:
        return []
    unnamed = text("credit_paper.word.unnamed_product", language)
    rows = tuple(
        (
            said(one.product or unnamed),
            fen(one.net_fen),
            percent(rounding.share(one.net_fen, max(dealings.last_year_fen, one.net_fen))),
        )
        for one in dealings.products
    )
    head = tuple(text(f"credit_paper.column.{name}", language) for name in ("product", "net", "share"))
    return [Table(text("credit_paper.table.products", language), head, rows)]
