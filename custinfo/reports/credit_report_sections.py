"""A credit report's twelve sections, composed in one language from what is known."""

from dataclasses import dataclass
from datetime import datetime

from custinfo.actions.credit_archive import Archive
from custinfo.actions.credit_views import Standing
from custinfo.classification.credit import financial_statements
from custinfo.domain import clock
from custinfo.domain.messages import text
from custinfo.reports import credit_report_standing, credit_report_survey, credit_report_trade
from custinfo.reports.credit_report_dealings import Dealings
from custinfo.reports.credit_report_document import Document, Part, Section, Sentence
from custinfo.reports.credit_report_survey import GROUPS, Survey
from custinfo.reports.credit_report_words import CreditWords
from custinfo.store.site import Site

WORDS = ("contents", "signed", "signed_on", "secrecy_long")


@dataclass(frozen=True)
class Known:
    """Everything that a report is made of. `label` is the customer's name for this reader."""

    number: str
    label: str
    as_of: datetime
    survey: Survey | None
    standing: Standing
    archive: Archive
    dealings: Dealings | None


def compose(known: Known, site: Site, language: str) -> Document:
    """The report of `site` in `language`."""
    return Document(
        language=language,
        title=text("credit_paper.title", language),
        subject=known.label if known.label == known.number else f"{known.label} · {known.number}",
        site_name=site.name,
        demo=text("credit_paper.demo", language) if site.demo else "",
        secrecy=text("credit_paper.secrecy", language),
        facts=tuple(_facts(known, site, language)),
        sections=tuple(_section(n, group, known, language) for n, group in enumerate(GROUPS, start=1)),
        words={word: text(f"credit_paper.{word}", language) for word in WORDS},
    )


def _facts(known: Known, site: Site, language: str) -> list[tuple[str, str]]:
    def said(name: str, value: object) -> tuple[str, str]:
        return text(f"credit_paper.fact.{name}", language), str(value)

    found = [said("as_of", f"{clock.show(known.as_of, site.zone)} ({site.zone.key})")]
    if known.survey is not None:
        record = known.survey.record
        state = text(f"machines.state.{known.survey.state}", language)
        found += [
            said("survey", f"{record.record_id} · {text('pages.customer.version', language, version=record.version)}"),
            said("surveyed", f"{record.recorded_by_name} · {clock.show(record.recorded_at, site.zone)} · {state}"),
            *(said(name, known.survey.value("report", name)) for name in ("reported_on", "investigator")),
        ]
    if known.dealings is not None:
        found.append(said("lake", known.dealings.lake_version))
    return found


def _section(number: int, group: str, known: Known, language: str) -> Section:
    found: list[Part] = []
    if known.survey is None:
        found.append(Sentence(text("credit_paper.lacking.survey", language, needs=_needs(group, language)), "lacking"))
    else:
        told = credit_report_survey.parts(known.survey, group)
        nothing = Sentence(text("credit_paper.lacking.group", language, needs=_needs(group, language)), "lacking")
        found += told or [nothing]
    found += _more(group, known, language)
    return Section(f"s{number}", text(f"credit_paper.section.{group}", language), tuple(found))


def _needs(group: str, language: str) -> str:
    return text(f"credit_paper.needs.{group}", language)


def _more(group: str, known: Known, language: str) -> list[Part]:
    """What the survey does not say, or says as it was then."""
    words = CreditWords(language, known.standing.scheme, known.standing.day)
    if group == "profile":
        return [*credit_report_standing.card(known.archive, words), *credit_report_standing.gate(known.standing, words)]
    if group == "finance":
        told = {one.year: one for one in (credit_report_survey.statements(known.survey) if known.survey else ())}
        years = financial_statements.years(known.standing.statements, told)
        return credit_report_trade.finances(tuple(years.values()), words)
    if group == "payments":
        return credit_report_trade.payments(known.dealings, known.standing, words)
    if group == "assessment":
        buying = credit_report_trade.buying(known.dealings, known.standing, words)
        rated = credit_report_standing.rated(known.archive, words)
        return [*credit_report_standing.assessment(known.standing, words), *rated, *buying]
    return credit_report_standing.advice(known.standing, words) if group == "advice" else []
