"""Data for outsiders, exports and registers: approved, marked, counted, and refused where nobody agreed."""

import hashlib
import io
import zipfile

import pytest
from openpyxl import load_workbook

from custinfo.actions import (
    approvals,
    batches,
    disclosures,
    export_register,
    form_exports,
    form_imports,
    forms,
    impact_assessments,
    mailing_lists,
)
from custinfo.actions.consents import Stopped
from custinfo.actions.disclosures import Asked
from custinfo.actions.privacy_files import Given
from custinfo.domain import consent
from custinfo.domain.consent import Tier
from custinfo.domain.errors import BadInput, NotAllowed, NotFound, WrongState
from custinfo.domain.people import SERVICE, Role
from tests.factories import PASSWORD, account, site_with_forms
from tests.privacy.conftest import Office

guarantee = pytest.mark.guarantee


@pytest.fixture
def office(tmp_path_factory):
    with site_with_forms(tmp_path_factory.mktemp("site") / "site") as opened:
        yield Office(opened)


def wanted(office, *customers, **more):
    given = {
        "unit": "市统计局", "letter_number": "统函〔2026〕8 号", "rule": "统计法第七条", "recipient": "方知行",
        "recipient_post": "科员", "what": "企业名录", "legal_basis": "legal_duty",
        "numbers": tuple(one.customer_number for one in customers), "due_on": office.today(), "letter": office.scan(),
    } | more  # fmt: skip
    return Asked(**given)


def approve(office, kind, object_id):
    case = approvals.of(office.store, kind, object_id)
    for person in (office.head, office.manager if kind == "disclosure" else office.admin):
        now = approvals.of(office.store, kind, object_id)
        approvals.decide(office.store, person, case.case_id, "approve", now.sha256, password=PASSWORD)
    return approvals.of(office.store, kind, object_id)


class TestDisclosures:
    @guarantee("disclosure-approved")
    def test_nothing_is_delivered_without_letter_and_approval_and_it_bears_the_recipient(self, office):
        store = office.store
        customer, other = office.company(), office.company()
        with pytest.raises(BadInput):
            disclosures.ask(store, office.clerk, wanted(office, customer, letter=None))
        made = disclosures.ask(store, office.clerk, wanted(office, customer))
        with pytest.raises(WrongState):
            disclosures.deliver(store, office.admin, made, "zh-CN")
        assert approve(office, "disclosure", made).state == "approved"
        with pytest.raises(NotAllowed):
            disclosures.deliver(store, office.clerk, made, "zh-CN")
        given = disclosures.deliver(store, office.admin, made, "zh-CN")
        book = load_workbook(io.BytesIO(given.data))
        rows = list(book.active.values)
        assert all("方知行" in row[-1] and "市统计局" in row[-1] for row in rows[1:])
        shown = {str(cell) for row in rows for cell in row}
        assert customer.customer_number in shown
        assert other.customer_number not in shown
        assert "0755-08880002" not in shown, "level 1 stays unless it was asked for"
        with zipfile.ZipFile(io.BytesIO(given.data)) as archive:
            assert "方知行" in archive.read("xl/worksheets/sheet1.xml").decode()
        row = store.row("SELECT * FROM export_event WHERE object_id = ?", [made])
        assert row["sha256"] == hashlib.sha256(given.data).hexdigest()
        assert row["recipient"] == "市统计局"
        assert row["approval"]
        with pytest.raises(WrongState):
            disclosures.deliver(store, office.admin, made, "zh-CN")
        disclosures.receipt(store, office.admin, made, "本人签收")
        one = disclosures.find(store, office.head, made)
        assert (one.state, [event.action for event in one.events]) == ("receipted", ["register", "deliver", "receipt"])

    @guarantee("no-disclosure-without-consent")
    def test_without_a_duty_by_law_each_customer_has_to_agree(self, office):
        customer = office.company()
        with pytest.raises(Stopped):
            disclosures.ask(office.store, office.clerk, wanted(office, customer, legal_basis="contract"))
        assert disclosures.ask(office.store, office.clerk, wanted(office, customer, legal_basis="emergency"))

    def test_a_customer_that_one_may_not_know_of_cannot_be_disclosed(self, office):
        far = account(office.store, Role.SUPERVISOR, department="别部")
        with pytest.raises(NotFound):
            disclosures.ask(office.store, far, wanted(office, office.company()))

    @pytest.mark.parametrize("name", ["unit", "letter_number", "rule", "recipient", "recipient_post", "what"])
    def test_a_line_of_the_register_is_whole(self, office, name):
        with pytest.raises(BadInput):
            disclosures.ask(office.store, office.clerk, wanted(office, office.company(), **{name: " "}))

    def test_a_letter_is_a_picture_or_a_pdf_whatever_it_is_called(self, office):
        letter = Given("letter.pdf", b"#!/bin/sh\nrm -rf /")
        with pytest.raises(BadInput) as refused:
            disclosures.ask(office.store, office.clerk, wanted(office, office.company(), letter=letter))
        assert refused.value.key == "privacy.file_kind"


class TestExports:
    @guarantee("exports-registered")
    def test_every_export_leaves_a_line_with_its_hash(self, office):
        office.company()
        for name in ("xlsx", "csv", "jsonl", "xml"):
            made = form_exports.export(office.store, office.head, "enterprise_card", name, language="zh-CN")
            newest = export_register.listed(office.store, office.admin, limit=1).rows[0]
            assert newest.sha256 == hashlib.sha256(made.data).hexdigest()
            assert (newest.what, newest.format, newest.rows, newest.tier) == ("records", name, made.rows, "identified")
            assert newest.purpose == "record_keeping"
            assert newest.columns

    @guarantee("export-tiers")
    def test_each_role_takes_out_what_its_tier_allows(self, office):
        from custinfo.access import permissions

        tiers = {role: permissions.export_tier(account(office.store, role)) for role in Role}
        assert tiers[Role.RESEARCHER] is tiers[Role.AUDITOR] is tiers[Role.SYSTEM_ADMINISTRATOR] is Tier.NONE
        assert tiers[Role.MANAGER] is Tier.AGGREGATE
        assert tiers[Role.ANALYST] is Tier.PSEUDONYMOUS
        researcher = account(office.store)
        with pytest.raises(NotAllowed):
            export_register.check_tier(researcher, Tier.AGGREGATE)
        with pytest.raises(NotAllowed):
            form_exports.export(office.store, researcher, "enterprise_card", "csv", language="en")

    @guarantee("export-without-identities")
    def test_without_identities_nothing_points_to_a_person(self, office):
        person = office.person(basic__name="慕容无名", basic__occupation="制琴", preference__remarks="慕容来电")
        made = form_exports.export(
            office.store, office.head, "individual_card", "jsonl", language="zh-CN", tier=Tier.PSEUDONYMOUS
        )
        told = made.data.decode()
        for value in ("慕容", "制琴", "13911112222", "梧桐巷", person.record_id, "1988", "li 某"):
            assert value not in told
        assert "440000" in told, "choices stay"
        assert export_register.listed(office.store, office.admin, limit=1).rows[0].tier is Tier.PSEUDONYMOUS

    @guarantee("large-exports-approved")
    def test_many_rows_with_identities_need_an_approval_that_is_used_once(self, office, monkeypatch):
        monkeypatch.setattr(consent, "identified_rows_on", lambda _: 1)
        office.company(), office.company()
        store, clerk = office.store, office.clerk

        def export(**more):
            return form_exports.export(store, clerk, "enterprise_card", "csv", language="en", **more)

        with pytest.raises(WrongState) as refused:
            export()
        assert refused.value.key == "privacy.approval_needed"
        assert export(tier=Tier.PSEUDONYMOUS).rows >= 2
        order = form_exports.order("enterprise_card", "csv", "record_keeping")
        export_register.ask_approval(store, clerk, order)
        with pytest.raises(WrongState):
            export()
        approve(office, "export", order.order_id(clerk))
        made = export()
        assert export_register.listed(store, office.admin, limit=1).rows[0].approval
        with pytest.raises(WrongState) as refused:
            export()
        assert refused.value.key == "privacy.approval_used"
        with pytest.raises(WrongState):
            export(purpose="service")
        assert made.rows >= 2

    def test_a_list_for_mailing_is_for_what_people_agree_to(self, office):
        with pytest.raises(BadInput):
            mailing_lists.make(office.store, office.clerk, "service", "en")
        with pytest.raises(NotAllowed):
            mailing_lists.make(office.store, account(office.store, Role.ANALYST), "marketing", "en")

    def test_the_register_is_never_changed(self, office):
        form_exports.export(office.store, office.head, "enterprise_card", "csv", language="en")
        with (
            pytest.raises(Exception, match="append-only"),
            office.store.act("service", "export.ask", "export", "x") as tx,
        ):
            tx.execute("DELETE FROM export_event")


class TestOrigins:
    @guarantee("unlawful-lists-refused")
    @pytest.mark.parametrize("kind", ["bought", "swapped", "leaked"])
    def test_lists_got_unlawfully_are_refused_and_the_attempt_is_recorded(self, office, tmp_path, kind):
        file = tmp_path / "sales.csv"
        file.write_text("x\n", "utf-8")
        before = len(office.store.rows("SELECT 1 FROM audit WHERE action = 'batch.refuse'"))
        with pytest.raises(BadInput):
            batches.import_sales(
                office.store, SERVICE, file, source="ERP", source_kind=kind, lawful_basis="contract", errors=tmp_path
            )
        with pytest.raises(BadInput):
            form_imports.run(office.store, office.head, "individual_card", "a.csv", b"x", source_kind=kind)
        with pytest.raises(BadInput):
            form_imports.run(office.store, office.head, "individual_card", "购买的名单.csv", b"x")
        assert len(office.store.rows("SELECT 1 FROM audit WHERE action = 'batch.refuse'")) == before + 3

    @pytest.mark.parametrize("given", [{"source_kind": "heaven"}, {"lawful_basis": "because"}])
    def test_codes_that_there_are_not(self, office, given):
        with pytest.raises(BadInput):
            form_imports.run(office.store, office.head, "individual_card", "a.csv", b"x", **given)


SENSITIVE = """\
| survey |
| | type | name | label::中文 (zh-CN) | label::English (en) | bind::custinfo:consent |
| | select_one yes_no | agreed | 同意处理敏感信息吗？ | Do you agree? | sensitive |
| | text | {name} | {label} | {english} | |
| choices |
| | list_name | name | label::中文 (zh-CN) | label::English (en) |
| | yes_no | yes | 是 | Yes |
| | yes_no | no | 否 | No |
| settings |
| | form_title | form_id | version | default_language | namespaces |{heads}
| | 问 \\| Asked | asked_{name} | {version} | 中文 (zh-CN) | custinfo="https://custinfo.org/xforms" |{values}
"""


def sensitive(name, label, english, assessment="", version="1"):
    heads = " attribute::custinfo:impact_assessment |" if assessment else ""
    values = f" {assessment} |" if assessment else ""
    table = SENSITIVE.format(name=name, label=label, english=english, version=version, heads=heads, values=values)
    return table.encode()


class TestSensitiveForms:
    @guarantee("sensitive-forms-assessed")
    @pytest.mark.parametrize(
        ("name", "label", "english"),
        [("a", "宗教信仰", "Belief"), ("b", "政治面貌", "Stand"), ("c", "健康状况", "State"), ("d", "身高", "Size"),
         ("e", "其他", "Religion")],
    )  # fmt: skip
    def test_a_form_about_sensitive_data_is_not_published_without_an_assessment(self, office, name, label, english):
        for assessment, key in (("", "assessment_missing"), ("IA999999", "assessment_unknown")):
            with pytest.raises(WrongState) as refused:
                forms.publish(office.store, office.admin, "s.md", sensitive(name, label, english, assessment))
            assert refused.value.key == f"privacy.{key}"

    def test_an_ordinary_form_is(self, office):
        assert forms.publish(office.store, office.admin, "s.md", sensitive("hobby", "爱好", "Hobby"))

    def test_the_shipped_forms_ask_for_none(self, office):
        for form_id in forms.titles_of(office.store):
            form = forms.load(office.store, form_id)
            found = impact_assessments.sensitive_questions(form)
            assert not found or form.root.attributes.get("impact_assessment"), (form_id, found)

    @guarantee("sensitive-forms-assessed")
    def test_an_approved_assessment_opens_the_way_until_it_ends(self, office, monkeypatch):
        number = assessment(office)
        table = sensitive("faith", "宗教信仰", "Faith", number)
        with pytest.raises(WrongState) as refused:
            forms.publish(office.store, office.admin, "s.md", table)
        assert refused.value.key == "privacy.assessment_unapproved"
        monkeypatch.setattr(impact_assessments, "approved", lambda *_: True)
        without = table.replace(b"| sensitive |", b"|  |")
        with pytest.raises(WrongState) as refused:
            forms.publish(office.store, office.admin, "s.md", without)
        assert refused.value.key == "privacy.no_consent_asked"
        assert forms.publish(office.store, office.admin, "s.md", table)


def assessment(office):
    from datetime import timedelta

    from custinfo.actions import drafts
    from tests.factories import submit

    store, actor, today = office.store, office.head, office.today()
    draft = drafts.start(store, actor, "impact_assessment")
    session = forms.session(store, forms.load(store, "impact_assessment"), draft.instance, actor=actor)
    for ref, value in {
        "subject/title": "宗教饮食", "subject/assessed_by": "何", "subject/assessed_on": str(today),
        "subject/reasons": "sensitive", "subject/sensitive_kinds": "religion", "subject/description": "餐饮禁忌",
        "lawful/bases": "consent", "lawful/necessity": "安排餐饮", "lawful/less": "无", "effect/effects": "小",
        "effect/risks": "泄露", "effect/likelihood": "2", "effect/severity": "4", "protection/measures": "encryption",
        "protection/fitting": "加密", "protection/likelihood_left": "1", "protection/severity_left": "4",
        "conclusion/verdict": "proceed", "conclusion/review_on": str(today + timedelta(days=300)),
    }.items():  # fmt: skip
        session.answer(f"/data/{ref}", value)
    drafts.save(store, actor, draft.draft_id, session.instance, "/data/subject/title", saves=draft.saves)
    made = submit(store, actor, draft.draft_id, "assessment")
    return next(one.number for one in made.entities if one.dataset == "impact_assessments")
