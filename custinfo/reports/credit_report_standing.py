"""What a credit report says of the standing: ratings and the grade, what is granted, what lacks."""

from collections.abc import Iterator
from decimal import Decimal

from custinfo.actions.credit_archive import Archive
from custinfo.actions.credit_views import DecisionView, OverrideView, Standing
from custinfo.domain.messages import text
from custinfo.reports import credit_archive_words
from custinfo.reports.credit_report_document import Cell, Look, Part, Sentence, Table, facts, fen, percent, said
from custinfo.reports.credit_report_words import CreditWords, rounded


def assessment(standing: Standing, words: CreditWords) -> list[Part]:
    """The grade, how it came about, and what the two raters said."""
    language = words.language
    found: list[Part] = []
    if standing.decision is None:
        found.append(Sentence(text("credit_paper.lacking.decision", language), "lacking"))
    else:
        found += _decided(standing, standing.decision, words)
    if standing.pending is not None:
        facts_ = {"grade": words.grade(standing.pending.grade), "day": standing.pending.decided_on}
        found.append(Sentence(text("credit_paper.word.pending", language, **facts_), "warn"))
    found += [Sentence(_override(one, words), _look(one)) for one in standing.overrides]
    return [*found, *_raters(standing, words), *_history(standing, words)]


def _decided(standing: Standing, decision: DecisionView, words: CreditWords) -> Iterator[Part]:
    language = words.language
    grade = words.grade(standing.grade)
    rows: list[tuple[str, Cell]] = [
        ("grade", said(grade)),
        ("scheme", said(words.scheme_title())),
        ("points", percent(_hundredths(decision.points))),
        ("coverage", percent(_hundredths(decision.coverage))),
        ("stale", percent(_hundredths(decision.stale), "warn" if decision.stale else "plain")),
        ("decided_on", said(decision.decided_on)),
        ("raters", said(words.listed(decision.rater_names))),
        ("review_on", said(decision.review_on, "warn" if decision.review_on <= standing.day else "plain")),
    ]
    yield from facts([(text(f"credit_paper.fact.{name}", language), cell) for name, cell in rows])
    for cap in decision.caps:
        yield Sentence(words.cap(cap), "warn" if cap.lowered else "plain")
    yield Sentence(words.rules(decision.rule_versions))


def _hundredths(points: int | None) -> Decimal | None:
    """Hundredths of a percent as a percentage with two decimals."""
    return None if points is None else Decimal(points).scaleb(-2)


def _override(one: OverrideView, words: CreditWords) -> str:
    facts_ = {
        "grade": words.grade(one.grade), "reason": one.reason, "proposed_by": one.proposed_by,
        "approved_by": one.approved_by or text("credit_paper.word.nobody_yet", words.language), "day": one.last_day,
        "state": text(f"credit_paper.override_state.{one.state}", words.language),
    }  # fmt: skip
    return text("credit_paper.word.override", words.language, **facts_)


def _look(one: OverrideView) -> Look:
    return "warn" if one.state in ("in_force", "proposed") else "plain"


def _raters(standing: Standing, words: CreditWords) -> list[Part]:
    language = words.language
    if not standing.raters:
        return [Sentence(text("credit_paper.lacking.raters", language), "lacking")]
    rows = []
    for criterion in words.card.card.criterion:
        for weighed in criterion.indicators:
            values = [rater.values.get(weighed.indicator) for rater in standing.raters]
            cells = (_rated(value, language) for value in values)
            rows.append((said(criterion.title.text(language)), said(words.indicator(weighed.indicator)), *cells))
    names = tuple(f"{rater.name} {rater.rated_on}" for rater in standing.raters)
    head = (*(text(f"credit_paper.column.{name}", language) for name in ("criterion", "indicator")), *names)
    found: list[Part] = [Table(text("credit_paper.table.raters", language), head, tuple(rows))]
    if len(standing.raters) == 1:
        found.append(Sentence(text("credit_paper.lacking.second_rater", language), "lacking"))
    if standing.agreement is not None:
        found.append(Sentence(words.kappa(standing.agreement)))
    if standing.apart:
        apart = words.listed(words.indicator(one.of) for one in standing.apart)
        found.append(Sentence(text("credit_paper.word.apart", language, indicators=apart), "warn"))
    return [*found, *_stale(standing, words), *_findings(standing, words)]


def _rated(value: int | None, language: str) -> Cell:
    return said(text("credit_paper.word.no_information", language)) if value is None else Cell(
        str(value), Decimal(value), "number"
    )  # fmt: skip


def _stale(standing: Standing, words: CreditWords) -> Iterator[Part]:
    for rater in standing.raters:
        if rater.stale:
            named = words.listed(words.indicator(code) for code in rater.stale)
            yield Sentence(text("credit_paper.word.stale", words.language, name=rater.name, indicators=named), "warn")


def _findings(standing: Standing, words: CreditWords) -> Iterator[Part]:
    for rater in standing.raters:
        for one in rater.findings:
            facts_ = {"finding": words.finding(one.code), "source": one.evidence.source, "day": one.evidence.on}
            yield Sentence(text("credit_paper.word.finding", words.language, **facts_), "warn")


def _history(standing: Standing, words: CreditWords) -> list[Part]:
    if len(standing.history) < 2:
        return []
    language = words.language
    names = ("version", "decided_on", "scheme", "points", "grade", "limit", "state")
    head = tuple(text(f"credit_paper.column.{name}", language) for name in names)
    rows = tuple(
        (
            said(one.version), said(one.decided_on), said(one.scheme.upper()), percent(_hundredths(one.points)),
            said(one.grade or ""), fen(one.limit.limit_fen), said(text(f"credit_paper.approval.{one.state}", language)),
        )
        for one in standing.history
    )  # fmt: skip
    return [Table(text("credit_paper.table.history", language), head, rows)]


def advice(standing: Standing, words: CreditWords) -> list[Part]:
    """What is granted, how much of it is used, and what must be there before goods go out."""
    language, limit, account = words.language, standing.limit, standing.account
    used = None if standing.share_used is None else rounded(standing.share_used * 100, 1)
    rows: list[tuple[str, Cell]] = [
        ("limit", fen(limit.limit_fen)),
        ("basis", said(text(f"credit_use.basis.{limit.basis}", language))),
        ("applied", fen(standing.applied_fen)),
        ("terms_granted", said(words.all_terms(limit.terms))),
        ("security", said(text(f"credit_use.security.{limit.security}", language))),
        ("planned", fen(limit.planned_sales_fen)),
        ("balance", fen(account.balance_fen if account else None)),
        ("not_invoiced", fen(account.not_invoiced_fen if account else None)),
        ("not_delivered", fen(account.not_delivered_fen if account else None)),
        ("committed", said(account.committed_in_words(language) if account else None)),
        ("secured", fen(account.secured_fen if account else None)),
        ("exposure", fen(account.exposure_fen if account else None)),
        ("used", percent(used, "warn" if standing.over_fen else "plain")),
        ("over", fen(standing.over_fen, "warn" if standing.over_fen else "plain")),
    ]
    found = facts([(text(f"credit_paper.fact.{name}", language), cell) for name, cell in rows])
    if account is None:
        found.append(Sentence(text("credit_paper.lacking.account", language), "lacking"))
    return [*found, *(Sentence(note.text(language), "warn") for note in standing.notes)]


def gate(standing: Standing, words: CreditWords) -> list[Part]:
    """Whether goods may go out at all, what lacks, and the papers that were seen."""
    language = words.language
    key = "gate_open" if standing.gate_open else "gate_shut"
    found: list[Part] = [Sentence(text(f"credit_paper.word.{key}", language), "ok" if standing.gate_open else "warn")]
    found += [Sentence(words.lack(one), "warn") for one in standing.lacks]
    found += [
        Sentence(text("credit_paper.word.paper_lacks", language, paper=words.paper(*one)), "lacking")
        for one in standing.papers_lacking
    ]
    return found


def card(archive: Archive, words: CreditWords) -> list[Part]:
    """Who the customer is by their card, as it stood then; what is of level 1 is masked."""
    if not archive.card:
        return []
    title = Sentence(text("credit_archive.card", words.language))
    return [title, *facts([(one.label, said(one.text)) for one in archive.card])]


def rated(archive: Archive, words: CreditWords) -> list[Part]:
    """What the data say of indicators, with the rating that the anchors give it."""
    rows = tuple(
        tuple(said(cell) for cell in row)
        for row in credit_archive_words.rated(archive.rated, words.day, words.language)
    )
    head = tuple(
        text(f"credit_archive.column.{name}", words.language) for name in ("indicator", "figure", "by_anchors")
    )
    return [Table(text("credit_archive.rated", words.language), head, rows)] if rows else []
