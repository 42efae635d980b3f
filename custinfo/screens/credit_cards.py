"""The cards of `/credit/<id>`: the grade and its history, the limit, the gate, raters, warnings, what is overdue."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from urllib.parse import quote

from custinfo.actions.credit_views import DecisionView, OverrideView, RaterView, Standing
from custinfo.classification.credit.explanation import SideBySide
from custinfo.domain import money
from custinfo.reports.credit_report_words import CreditWords, rounded
from custinfo.screens import blocks
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page

GRADE_LOOK: Mapping[str | None, str] = {"A": "ok", "B": "ok", "C": "warn", "D": "danger", "E": "danger"}
STATE_LOOK = {"approved": "ok", "open": "info", "returned": "warn", "rejected": "danger", "changed": "danger"}
OVERRIDE_LOOK = {"in_force": "accent", "proposed": "info", "not_in_order": "danger"}
NEARLY = 80
"""Percent of the limit from which the bar warns."""


def grade_badge(page: Page, grade: str | None) -> Block:
    """A grade as a mark."""
    return blocks.badge(grade or page.text("credit_paper.word.no_grade"), GRADE_LOOK.get(grade, ""))


def glance(page: Page, standing: Standing, words: CreditWords) -> Block:
    """The grade with its scheme, the limit with its bar, terms."""
    decision = standing.decision
    parts: list[Block] = []
    if decision is None:
        parts.append(blocks.empty(page.text("credit_paper.lacking.decision")))
    else:
        parts.append(blocks.facts(_grade_facts(page, standing, decision, words)))
    parts += [
        blocks.banner(words.cap(cap), "warn" if cap.lowered else "info") for cap in (decision.caps if decision else ())
    ]
    return blocks.card(page.text("credit_desk.card.grade"), parts, badges=[grade_badge(page, standing.grade)])


def _grade_facts(
    page: Page, standing: Standing, decision: DecisionView, words: CreditWords
) -> list[tuple[str, str]]:  # fmt: skip
    points = "" if decision.points is None else f"{decision.points / 100:.1f}%"
    kappa = "" if decision.agreement_bp is None else f"{decision.agreement_bp / 10_000:.2f}"
    told = [
        ("grade", words.grade(standing.grade)),
        ("scheme", words.scheme_title()),
        ("points", points),
        ("coverage", f"{decision.coverage / 100:.0f}%"),
        ("raters", words.listed(decision.rater_names)),
        ("kappa", kappa),
        ("decided_on", decision.decided_on.isoformat()),
        ("review_on", decision.review_on.isoformat()),
    ]
    return [(page.text(f"credit_desk.fact.{name}"), value) for name, value in told if value]


def limit(page: Page, standing: Standing, words: CreditWords) -> Block:
    """How much of the limit is used, and what the customer may buy on."""
    account, granted = standing.account, standing.limit
    parts: list[Block] = []
    if account is None:
        parts.append(blocks.empty(page.text("credit_paper.lacking.account")))
    else:
        parts.append(_bar(page, standing))
        if standing.over_fen:
            parts.append(blocks.banner(page.text("credit_desk.over", amount=money.show(standing.over_fen)), "danger"))
    told = [("limit", money.show(granted.limit_fen)), ("basis", page.text(f"credit_use.basis.{granted.basis}"))]
    told += [("applied", money.show(standing.applied_fen))] if standing.applied_fen is not None else []
    told += [
        ("terms_granted", words.all_terms(granted.terms)),
        ("security", page.text(f"credit_use.security.{granted.security}")),
    ]
    if account is not None:
        told += [
            (name, money.show(getattr(account, f"{name}_fen")))
            for name in ("balance", "not_invoiced", "not_delivered", "secured")
        ]
        told.append(("committed", account.committed_in_words(page.language)))
    parts.append(blocks.facts([(page.text(f"credit_paper.fact.{name}"), value) for name, value in told]))
    return blocks.card(page.text("credit_desk.card.limit"), parts)


def _bar(page: Page, standing: Standing) -> Block:
    assert standing.account is not None
    exposure, most = standing.account.exposure_fen, standing.limit.limit_fen
    used = standing.share_used
    share = "" if used is None else f" · {rounded(used * 100, 0)}%"
    look = "danger" if exposure > most else "warn" if exposure * 100 >= most * NEARLY else "ok"
    told = page.text("credit_desk.used", exposure=money.show(exposure), limit=money.show(most)) + share
    return blocks.meter(page.text("credit_paper.fact.exposure"), exposure, most, told, look)


def gate(page: Page, standing: Standing, words: CreditWords) -> Block:
    """Each proof that is demanded before the first dealing, open or not; the papers that are not there."""
    from custinfo.classification.credit import first_dealing

    wrong = {one.kind: one for one in standing.lacks}
    items = []
    for demand in first_dealing.rule(standing.day).demands:
        lack = wrong.get(demand.proof)
        why = page.text(f"credit_use.lack.{lack.why}", day=lack.day) if lack else page.text("credit_desk.seen")
        seen = _seen(page, standing, demand.proof)
        mark = blocks.badge(why, "danger" if lack else "ok")
        items.append(blocks.item(words.proof(demand.proof), *seen[:1], meta=seen[1] if seen else "", badges=[mark]))
    items += [
        blocks.item(words.paper(*one), badges=[blocks.badge(page.text("credit_use.lack.missing"), "warn")])
        for one in standing.papers_lacking
    ]
    key, look = ("gate_open", "ok") if standing.gate_open else ("gate_shut", "danger")
    mark = blocks.badge(page.text(f"credit_desk.{key}"), look)
    return blocks.card(page.text("credit_desk.card.gate"), [blocks.listing(items)], badges=[mark], flush=True)


def _seen(page: Page, standing: Standing, kind: str) -> tuple[str, str] | tuple[()]:
    """Where the newest paper of a kind is recorded, and who checked it where."""
    found = [one for one in standing.papers if one.kind == kind]
    if not found:
        return ()
    newest = max(found, key=lambda one: one.seen_on)
    until = newest.valid_until.isoformat() if newest.valid_until else page.text("credit_desk.for_good")
    facts = {"number": newest.number, "by": newest.checked_by, "where": newest.checked_where, "until": until}
    told = page.text(f"credit_desk.{'paper' if newest.number else 'paper_unnumbered'}", day=newest.seen_on, **facts)
    return f"/record/{quote(newest.record_id)}", told


def raters(page: Page, standing: Standing, words: CreditWords) -> Block:
    """What each of the two said, side by side, and how far they agree."""
    title = page.text("credit_desk.card.raters")
    if not standing.raters:
        return blocks.card(title, [blocks.empty(page.text("credit_paper.lacking.raters"))])
    parts: list[Block] = []
    if len(standing.raters) == 1:
        parts.append(blocks.banner(page.text("credit_paper.lacking.second_rater"), "info"))
    rated = page.text("credit_desk.rated_on")
    parts.append(blocks.facts([(one.name, f"{rated} {one.rated_on}") for one in standing.raters]))
    if standing.agreement is not None:
        parts.append({"type": "text", "text": words.kappa(standing.agreement)})
    parts.append(_side_by_side(page, standing, words))
    for rater in standing.raters:
        for one in rater.findings:
            facts = {"finding": words.finding(one.code), "source": one.evidence.source, "day": one.evidence.on}
            parts.append(blocks.banner(page.text("credit_paper.word.finding", **facts), "warn"))
    return blocks.card(title, parts)


def _side_by_side(page: Page, standing: Standing, words: CreditWords) -> Block:
    """By criterion, the heaviest rows first as the card has them; what is far apart is marked."""
    apart = {one.of for one in standing.apart}
    rows: list[list[Block]] = []
    for criterion in words.card.card.criterion:
        for weighed in criterion.indicators:
            code = weighed.indicator
            marks = [blocks.badge(page.text("credit_desk.apart"), "warn")] if code in apart else []
            name = blocks.cell(words.indicator(code), badges=marks)
            rows.append([name, *(_rated(page, rater, code) for rater in standing.raters)])
    heads = [page.text("credit_paper.column.indicator"), *(one.name for one in standing.raters)]
    columns = [blocks.column(head, wide=n == 0) for n, head in enumerate(heads)]
    return blocks.table(page.text("credit_paper.table.raters"), columns, rows)


def _rated(page: Page, rater: RaterView, code: str) -> Block:
    value = rater.values.get(code)
    old = [blocks.badge(page.text("credit_desk.stale"), "warn")] if code in rater.stale else []
    href = f"/record/{quote(rater.record_id)}"
    return blocks.cell(page.text("credit_paper.word.no_information") if value is None else str(value), href, badges=old)


def beside(page: Page, pairs: Sequence[SideBySide], standing: Standing) -> list[Block]:
    """What 5C and 5P say of the same question, by their means; nothing where two people did not rate by both."""
    if not pairs:
        return []
    titles = [
        {
            one.code: one.title.text(page.language)
            for one in CreditWords(page.language, scheme, standing.day).card.card.criterion
        }
        for scheme in ("5c", "5p")
    ]

    def said(title: str, mean: Fraction | None) -> tuple[str, str]:
        known = page.text("credit_paper.word.no_information") if mean is None else str(rounded(mean, 1))
        return page.text("credit_paper.word.pair", first=title, second=known), ""

    rows = [
        [
            (page.text(f"credit_scorecards.aspect.{one.aspect}"), ""), said(titles[0][one.first], one.first_mean),
            said(titles[1][one.second], one.second_mean),
            ("—" if one.difference is None else f"{rounded(one.difference, 1):+}", ""),
        ]
        for one in pairs
    ]  # fmt: skip
    title = page.text("credit_desk.card.beside")
    heads = (page.text("credit_desk.column.question"), "5C", "5P", page.text("credit_desk.column.difference"))
    columns = [blocks.column(head, number=n == 3, wide=n < 3) for n, head in enumerate(heads)]
    return [blocks.card(title, [blocks.table(title, columns, rows)], flush=True)]


def overrides(page: Page, standing: Standing, words: CreditWords) -> list[Block]:
    """Grades that people set, with reason, second person and expiry; nothing where nobody did."""
    if not standing.overrides:
        return []
    moments = [_override(page, one, words, standing) for one in standing.overrides]
    return [blocks.card(page.text("credit_desk.card.override"), [blocks.timeline(moments)])]


def _override(page: Page, one: OverrideView, words: CreditWords, standing: Standing) -> Block:
    lines = [page.text("credit_desk.reason", reason=one.reason)]
    lines.append(page.text("credit_desk.proposed", name=one.proposed_by, day=one.proposed_on))
    if one.approved_on:
        lines.append(page.text("credit_desk.approved", name=one.approved_by, day=one.approved_on))
    lines += [fault.text(page.language) for fault in one.faults]
    marks = [blocks.badge(page.text(f"credit_paper.override_state.{one.state}"), OVERRIDE_LOOK.get(one.state, ""))]
    left = (one.last_day - standing.day).days
    if one.state == "in_force":
        marks.append(
            blocks.badge(page.text("credit_desk.ends", day=one.last_day, days=left), "warn" if left < 30 else "")
        )
    moment = blocks.moment(
        page.text("credit_desk.until", day=one.last_day), words.grade(one.grade), lines=lines, badges=marks
    )
    return {**moment, "href": f"/record/{quote(one.record_id)}"}


def warnings(page: Page, standing: Standing, words: CreditWords) -> Block:
    """Early warnings from the yearly figures and from the account."""
    account = standing.account
    told = [words.warning(one) for one in standing.warnings if one.kind != "missing"]
    told += [page.text(f"credit_use.sign.{one.kind}") for one in (account.signs if account else ())]
    title = page.text("credit_desk.card.warnings")
    if told:
        mark = blocks.badge(str(len(told)), "warn")
        return blocks.card(title, [blocks.listing([blocks.item(one) for one in told])], badges=[mark], flush=True)
    key = "credit_desk.no_warnings" if standing.years else "credit_paper.lacking.statements"
    return blocks.card(title, [blocks.empty(page.text(key))])


def dunning(page: Page, standing: Standing, words: CreditWords) -> Block:
    """How the customer pays, and each overdue item with its next step, the oldest first."""
    account, title = standing.account, page.text("credit_desk.card.dunning")
    if account is None:
        return blocks.card(title, [blocks.empty(page.text("credit_paper.lacking.account"))])
    told = [
        ("terms", words.terms(account.terms)),
        ("due", money.show(account.due_fen)),
        ("in_time", f"{account.in_time_fen * 100 / account.due_fen:.1f}%" if account.due_fen else ""),
        ("overdue", money.show(account.overdue_fen)),
        ("beyond_terms", "" if account.days_beyond_terms is None else f"{account.days_beyond_terms:.1f}"),
    ]
    parts = [blocks.facts([(page.text(f"credit_paper.fact.{name}"), value) for name, value in told if value])]
    steps = sorted(account.steps, key=lambda one: (-one.overdue_days, one.document))
    if not steps:
        parts.append(blocks.empty(page.text("credit_paper.word.nothing_overdue")))
        return blocks.card(title, parts)
    moments = []
    for one in steps:
        action = page.text(f"credit_use.action.{one.action}") if one.action else ""
        paused = page.text(f"credit_use.pause.{one.paused_by}") if one.paused_by else ""
        again = [page.text("credit_desk.again", day=one.next_on)] if one.next_on else []
        marks = [blocks.badge(action, "danger")] if action else [blocks.badge(paused)] if paused else []
        when = page.text("credit_desk.overdue_for", document=one.document, days=one.overdue_days)
        moments.append(blocks.moment(when, money.show(one.dunned_fen), lines=again, badges=marks))
    mark = [blocks.badge(page.text(f"credit_use.action.{account.letter.action}"), "danger")] if account.letter else []
    return blocks.card(title, [*parts, blocks.timeline(moments)], badges=mark)


def history(page: Page, standing: Standing, words: CreditWords) -> Block:
    """Every decision, newest first; none is ever changed."""
    title = page.text("credit_desk.card.history")
    if not standing.history:
        return blocks.card(title, [blocks.empty(page.text("credit_desk.no_history"))])
    moments = [_decision(page, one, words) for one in standing.history]
    return blocks.card(title, [blocks.timeline(moments)])


def _decision(page: Page, one: DecisionView, words: CreditWords) -> Block:
    facts = {"scheme": one.scheme.upper(), "limit": money.show(one.limit.limit_fen)}
    lines = [
        page.text("credit_desk.decision", **facts),
        page.text("credit_desk.rated_by", names=words.listed(one.rater_names)),
    ]
    lines.append(words.rules(one.rule_versions))
    state = blocks.badge(page.text(f"credit_paper.approval.{one.state}"), STATE_LOOK.get(one.state, ""))
    moment = blocks.moment(
        f"{one.recorded_by_name} · {page.time(one.recorded_at)}", words.grade(one.grade), lines=lines, badges=[state]
    )
    return {**moment, "href": f"/case/{quote(one.case_id)}"} if one.case_id else moment
