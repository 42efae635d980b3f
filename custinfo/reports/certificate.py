"""A certificate of destruction on paper."""

from datetime import tzinfo

from custinfo.actions.certificates import Certificate, Line
from custinfo.domain.clock import show
from custinfo.domain.messages import spoken, text
from custinfo.reports import paper_form
from custinfo.reports.paper_form import Paper, PaperQuestion, PaperSection


def render(certificate: Certificate, language: str, site_name: str, zone: tzinfo) -> bytes:
    """The PDF. The same certificate gives the same bytes."""
    return paper_form.render(paper(certificate, language, site_name, zone), certificate.finished_at)


def paper(certificate: Certificate, language: str, site_name: str, zone: tzinfo) -> Paper:
    """How the certificate stands on paper, in one language."""

    def words(key: str, **facts: object) -> str:
        return text(f"retention.{key}", language, **facts)

    def row(label: str, answer: str) -> PaperQuestion:
        return PaperQuestion(label, "", False, answer)

    def line(one: Line) -> PaperQuestion:
        category, action = words(f"category.{one.category}"), words(f"action.{one.action}")
        label = words("certificate.line", category=category, rule=one.rule_id, action=action)
        return row(label, words("certificate.numbers", erased=one.erased, held=one.held, changed=one.changed))

    agreed = tuple(
        row(
            spoken(one.step, language),
            words("certificate.signed" if one.signed else "certificate.agreed", name=one.name, time=show(one.at, zone)),
        )
        for one in certificate.agreed
    )
    moments = (("made", certificate.made_at), ("marked", certificate.marked_at), ("finished", certificate.finished_at))
    rules = words("certificate.rules_value", version=certificate.rules_version, by=certificate.rules_approved_by)
    when = tuple(row(words(f"certificate.{name}"), show(at, zone)) for name, at in moments)
    proof = (
        row(words("certificate.rules"), rules),
        row(words("certificate.list_sha256"), certificate.list_sha256),
        row(words("certificate.sha256"), certificate.sha256),
    )
    kind = words(f"kind.{certificate.kind}")
    facts = words("certificate.facts", id=certificate.certificate_id, plan=certificate.plan_id, kind=kind)
    return Paper(
        words("certificate.title"), language, site_name, (facts,),
        (
            PaperSection(words("certificate.what"), tuple(line(one) for one in certificate.lines)),
            PaperSection(words("certificate.who"), agreed),
            PaperSection(words("certificate.when"), when),
            PaperSection(words("certificate.proof"), proof),
        ),
        words("certificate.legend"), text("reports.page", language, page="<page>", pages="<pages>"),
    )  # fmt: skip
