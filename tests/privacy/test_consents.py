"""Consents: who gave them, to what, and that a withdrawal stops every use at once."""

import io
import json
import subprocess
import sys
from datetime import date, timedelta

import pytest
from openpyxl import load_workbook

from custinfo import lake
from custinfo.actions import (
    consent_overview,
    consents,
    due,
    form_exports,
    form_imports,
    mailing_lists,
    notices,
    records,
)
from custinfo.actions import lake as lake_actions
from custinfo.actions.consents import Consent, Stopped
from custinfo.domain import consent
from custinfo.domain.errors import BadInput, NotAllowed, NotFound, SiteFault
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.people import SERVICE, Role
from custinfo.store import withheld
from custinfo.xforms import Unfinished
from tests.factories import account, draft_of, submit
from tests.privacy.conftest import PERSON, recorded

guarantee = pytest.mark.guarantee


def agree(office, customer_id, purpose="marketing", **more):
    given = {"channel": "paper", "happened_on": office.today(), "evidence": "签字表 17"} | more
    consents.give(office.store, office.clerk, customer_id, Consent(purpose, **given))


def stop(office, customer_id, purpose="marketing"):
    consents.withdraw(
        office.store, office.clerk, customer_id, purpose, channel="phone", happened_on=office.today(), reason="来电"
    )


def in_list(office, customer, purpose="marketing"):
    made = mailing_lists.make(office.store, office.clerk, purpose, "en")
    cells = {str(cell) for row in load_workbook(io.BytesIO(made.data)).active.values for cell in row}
    return customer.customer_number in cells


class TestGiving:
    def test_nothing_is_allowed_for_marketing_until_somebody_agrees(self, office):
        customer = office.company().customer_id
        assert not consents.allowed(office.store, customer, "marketing")
        with pytest.raises(Stopped) as refused:
            consents.check_allowed(office.store, customer, "marketing")
        assert "did not agree" in refused.value.text("en")
        assert "没有同意" in refused.value.text("zh-CN")
        agree(office, customer)
        assert consents.allowed(office.store, customer, "marketing")
        assert not consents.allowed(office.store, customer, "survey")
        assert consents.allowed(office.store, customer, "service")

    @pytest.mark.parametrize(
        ("change", "key"),
        [
            ({"evidence": " "}, "privacy.evidence_needed"),
            ({"channel": "form"}, "privacy.no_channel"),
            ({"channel": "rumour"}, "privacy.no_channel"),
            ({"happened_on": date(2099, 1, 1)}, "privacy.day_to_come"),
            ({"expires_on": date(2020, 1, 1)}, "privacy.ends_before"),
        ],
    )
    def test_a_consent_without_what_proves_it_is_refused(self, office, change, key):
        customer = office.company().customer_id
        with pytest.raises(BadInput) as refused:
            agree(office, customer, **change)
        assert refused.value.key == key
        assert office.store.rows("SELECT * FROM consent_event") == []

    @guarantee("separate-consent")
    def test_what_law_wants_asked_separately_is_not_agreed_to_in_passing(self, office):
        customer = office.company().customer_id
        for name, purpose in consent.purposes().items():
            if purpose.separate:
                with pytest.raises(BadInput) as refused:
                    agree(office, customer, name)
                assert refused.value.key == "privacy.separate_needed"
        agree(office, customer, "sensitive", separate=True)
        assert consents.allowed(office.store, customer, "sensitive")

    def test_a_purpose_of_which_no_notice_speaks_cannot_be_agreed_to(self, office):
        customer = office.company().customer_id
        with pytest.raises(BadInput) as refused:
            agree(office, customer, "making_public", separate=True)
        assert refused.value.key == "privacy.no_notice_speaks"

    def test_it_keeps_who_when_how_and_to_which_notice(self, office):
        customer = office.company().customer_id
        agree(office, customer, expires_on=office.today() + timedelta(days=30))
        (event,) = consents.history(office.store, office.clerk, customer)
        assert (event["kind"], event["purpose"], event["channel"], event["notice_version"]) == (
            "given", "marketing", "paper", 1,
        )  # fmt: skip
        assert event["recorded_by"] == office.clerk.person_id
        assert event["evidence"] == "签字表 17"
        stored = office.store.rows("SELECT evidence FROM consent_event")[0]["evidence"]
        assert "签字表" not in stored, "what was said about a person is sealed"

    def test_who_may_not_record_consents_records_none(self, office):
        customer = office.company().customer_id
        for role in (Role.ANALYST, Role.AUDITOR, Role.MANAGER):
            with pytest.raises(NotAllowed):
                consents.give(
                    office.store, account(office.store, role), customer,
                    Consent("marketing", "paper", office.today(), "x"),
                )  # fmt: skip

    def test_somebody_elses_customer_is_not_told_apart_from_none(self, office):
        customer = office.company().customer_id
        stranger = account(office.store, Role.SUPERVISOR, login_name="far", department="别部")
        given = Consent("marketing", "paper", office.today(), "x")
        for asked in (customer, "0" * 24):
            with pytest.raises(NotFound) as refused:
                consents.give(office.store, stranger, asked, given)
            assert refused.value.key == "customers.unknown"


class TestMinors:
    @guarantee("guardian-consents")
    @pytest.mark.parametrize(
        ("born", "on", "young"),
        [
            ("2012-11-23", "2026-11-22", True),
            ("2012-11-22", "2026-11-22", False),
            ("2012-02-29", "2026-02-28", True),
            ("2012-02-29", "2026-03-01", False),
        ],
    )
    def test_the_birthday_decides_leap_days_included(self, office, born, on, young):
        customer = office.company().customer_id
        given = Consent("survey", "paper", date.fromisoformat(on), "表 3", born=date.fromisoformat(born))
        if young:
            with pytest.raises(BadInput) as refused:
                consents.give(office.store, office.clerk, customer, given)
            assert refused.value.key == "privacy.guardian_needed"
        else:
            consents.give(office.store, office.clerk, customer, given)

    @guarantee("guardian-consents")
    def test_the_card_says_the_year_and_nobody_gets_older_by_saying_so(self, office):
        year = office.today().year - 10
        customer = office.person(basic__birth_year=str(year)).customer_id
        with pytest.raises(BadInput):
            agree(office, customer)
        with pytest.raises(BadInput):
            agree(office, customer, born=date(1980, 1, 1))
        agree(office, customer, guardian="欧阳母")
        assert consents.allowed(office.store, customer, "marketing")

    @guarantee("guardian-consents")
    def test_a_form_wants_the_guardian_too(self, office):
        young = {"/data/basic/birth_year": str(office.today().year - 9), "/data/agreed/agrees_to_marketing": "yes"}
        draft_id = draft_of(office.store, office.clerk, "individual_card", PERSON | young)
        with pytest.raises(Unfinished) as refused:
            submit(office.store, office.clerk, draft_id, "young")
        assert "14" in refused.value.text("en")
        assert office.store.rows("SELECT * FROM record") == []


class TestForms:
    def test_a_question_of_a_form_gives_and_withdraws(self, office):
        made = office.person(agreed__agrees_to_marketing="yes", agreed__agrees_to_survey="no")
        store, customer = office.store, made.customer_id
        assert consents.allowed(store, customer, "marketing")
        assert not consents.allowed(store, customer, "survey")
        (event,) = store.rows("SELECT * FROM consent_event WHERE kind = 'given'")
        assert (event["record_id"], event["record_version"], event["channel"]) == (made.record_id, 1, "form")
        assert event["notice_version"] == 1

    @guarantee("withdrawal-not-undone")
    def test_editing_an_old_card_does_not_consent_anew(self, office):
        made = office.person(agreed__agrees_to_marketing="yes")
        store, customer = office.store, made.customer_id
        stop(office, customer)
        edit = {"/data/basic/occupation": "画师"}
        draft_id = draft_of(store, office.clerk, "individual_card", edit, customer_id=customer)
        row = store.row("SELECT saves FROM draft WHERE draft_id = ?", [draft_id])
        records.submit(store, office.clerk, draft_id, "edit", saves=row["saves"], reason="更正")
        assert not consents.allowed(store, customer, "marketing")

    @guarantee("import-gives-no-consent")
    def test_a_file_cannot_consent_for_anybody(self, office):
        names = [ref.rpartition("/")[2] for ref in PERSON]
        heads = [ref.removeprefix("/data/").replace("/", "-") for ref in PERSON]
        assert len(names) == len(heads)
        table = ",".join([*heads, "agreed-agrees_to_marketing"]) + "\n" + ",".join([*PERSON.values(), "yes"]) + "\n"
        made = form_imports.run(office.store, office.head, "individual_card", "p.csv", table.encode(), language="en")
        assert made.accepted == 1, made.reasons
        assert any("is no consent" in note for note in made.notes)
        assert office.store.rows("SELECT * FROM consent_event") == []
        row = office.store.row("SELECT entity_id FROM entity WHERE dataset = 'customers'")
        assert not consents.allowed(office.store, row["entity_id"], "marketing")


class TestWithdrawal:
    @guarantee("withdrawal-stops")
    def test_every_path_stops_at_once(self, office):
        store = office.store
        customer = office.person(agreed__agrees_to_survey="yes")
        agree(office, customer.customer_id)
        assert in_list(office, customer)
        before = form_exports.export(store, office.head, "individual_card", "csv", language="en", purpose="marketing")
        assert before.rows == 1
        stop(office, customer.customer_id)
        assert not consents.allowed(store, customer.customer_id, "marketing")
        assert not in_list(office, customer)
        after = form_exports.export(store, office.head, "individual_card", "csv", language="en", purpose="marketing")
        assert (after.rows, after.withheld) == (0, 1)
        assert "欧阳若雪" not in after.data.decode("utf-8-sig")
        with pytest.raises(Stopped) as refused:
            consents.check_allowed(store, customer.customer_id, "marketing")
        assert str(office.today()) in refused.value.text("en")

    @guarantee("withdrawal-stops")
    def test_the_lake_leaves_them_out_in_another_process_too(self, office):
        store = office.store
        kept, gone = office.company(), office.company()
        lake_actions.publish(store, SERVICE)
        assert lake.open(store.site).customers.count().execute() == 2
        stop(office, gone.customer_id, "analysis")
        code = (
            "import sys; from pathlib import Path; from custinfo import lake; from custinfo.store import Site\n"
            "print(lake.open(Site.load(Path(sys.argv[1]))).customers.count().execute())"
        )
        out = subprocess.run(
            [sys.executable, "-c", code, str(store.site.home)], capture_output=True, text=True, check=True
        )
        assert out.stdout.strip() == "1"
        assert kept.customer_id != gone.customer_id

    @guarantee("withdrawal-before-commit")
    def test_what_cannot_reach_the_lake_is_not_acknowledged(self, office, monkeypatch):
        customer = office.company().customer_id

        def full(*_):
            raise SiteFault("privacy.list_not_written", file="withheld.json", fault="No space left on device")

        monkeypatch.setattr(withheld, "write", full)
        with pytest.raises(SiteFault):
            stop(office, customer, "analysis")
        assert office.store.rows("SELECT * FROM consent_event") == []
        assert consents.allowed(office.store, customer, "analysis")

    def test_a_damaged_list_stops_the_lakes_readers(self, office):
        customer = office.company().customer_id
        lake_actions.publish(office.store, SERVICE)
        stop(office, customer, "analysis")
        (office.store.site.lake / withheld.FILE).write_text("[{", "utf-8")
        with pytest.raises(SiteFault):
            lake.open(office.store.site)

    def test_a_new_consent_lets_the_lake_use_them_again(self, office):
        store, customer = office.store, office.company().customer_id
        stop(office, customer, "analysis")
        assert len(withheld.read(store.site.lake)) == 1
        consents.give(store, office.clerk, customer, Consent("analysis", "paper", office.today(), "表 1"))
        assert withheld.read(store.site.lake) == ()

    def test_a_consent_ends_on_its_day_without_anybody_doing_anything(self, office):
        customer = office.company().customer_id
        agree(office, customer, expires_on=office.today() + timedelta(days=1))
        found = consents.standing(office.store, customer, "marketing")
        assert found.allowed
        tomorrow = office.today() + timedelta(days=1)
        where, given = consents.allowed_where("marketing", "entity", tomorrow)
        assert office.store.rows(f"SELECT 1 FROM entity WHERE {where}", given) == []

    @guarantee("withdrawal-survives-restore")
    def test_a_restore_applies_it_again_and_twice_is_once(self, office):
        store, customer = office.store, office.company().customer_id
        agree(office, customer)
        facts = {"purpose": "marketing", "happened_on": "2026-11-22"}
        for _ in range(2):
            with store.act("service", "ledger.replay", "ledger", "") as tx:
                consents.withdraw_again(store, tx, customer, facts)
                consents.withdraw_again(store, tx, "0" * 24, facts)
        assert not consents.allowed(store, customer, "marketing")
        assert len(store.rows("SELECT * FROM consent_event WHERE kind = 'withdrawn'")) == 1

    @guarantee("withdrawal-survives-restore")
    def test_it_is_in_the_ledger_before_it_is_committed(self, office):
        customer = office.company().customer_id
        stop(office, customer, "analysis")
        lines = [json.loads(row["line"]) for row in office.store.rows("SELECT line FROM ledger_line ORDER BY number")]
        assert any(customer in json.dumps(line) and "consent.withdrawn" in json.dumps(line) for line in lines)

    def test_sql_and_python_agree_in_every_state(self, office):
        store = office.store
        states = []
        for purpose in consent.purposes():
            customer = office.company().customer_id
            states.append((customer, purpose, None))
            for step in ("given", "withdrawn"):
                other = office.company().customer_id
                if step == "given" and not consent.purpose(purpose).separate and purpose in consent.NOTICE_COVERS:
                    agree(office, other, purpose)
                elif step == "withdrawn":
                    stop(office, other, purpose)
                states.append((other, purpose, step))
        for customer, purpose, step in states:
            where, given = consents.allowed_where(purpose, "entity", consents.today(store))
            found = store.rows(f"SELECT 1 FROM entity WHERE entity_id = ? AND {where}", [customer, *given])
            assert bool(found) == consents.allowed(store, customer, purpose), (purpose, step)


class TestIndirect:
    def guest(self, office, method):
        recorded(office, "guest_collection", method, methods=method)
        return office.store.row("SELECT entity_id FROM entity WHERE dataset = 'guests'")["entity_id"]

    @guarantee("indirect-waits")
    def test_what_was_overheard_waits_until_the_person_was_told(self, office):
        store, guest = office.store, self.guest(office, "overheard")
        for purpose in ("marketing", "analysis", "survey"):
            assert consents.standing(store, guest, purpose).state == "untold"
        assert consents.allowed(store, guest, "service")
        consents.told(store, office.clerk, guest, channel="in_person", happened_on=office.today(), how="当面说明")
        assert consents.allowed(store, guest, "analysis")
        assert not consents.allowed(store, guest, "marketing"), "to be told is not to agree"

    def test_what_they_said_themselves_does_not_wait(self, office):
        assert consents.allowed(office.store, self.guest(office, "asked"), "analysis")


class TestNotices:
    def test_who_consented_to_an_older_version_is_listed(self, office):
        customer = office.company()
        agree(office, customer.customer_id)
        assert consent_overview.outdated(office.store, office.admin) == []
        texts = {language: text + "\n\n+" for language, text in consent.shipped_notice().items()}
        made = notices.publish(office.store, office.admin, "customers", texts, ("marketing",), "新增用途")
        assert made.version == 2
        (old,) = consent_overview.outdated(office.store, office.admin)
        assert (old.number, old.version, old.newest) == (customer.customer_number, 1, 2)
        assert notices.find(office.store, "customers", 1).texts == consent.shipped_notice()

    def test_a_version_is_never_changed(self, office):
        for statement in ("UPDATE notice_version SET texts = ''", "DELETE FROM notice_version"):
            with (
                pytest.raises(Exception, match="append-only"),
                office.store.act("service", "notice.publish", "notice", "x") as tx,
            ):
                tx.execute(statement)

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_every_language_is_wanted(self, office, language):
        texts = {one: "text" for one in LANGUAGES if one != language}
        with pytest.raises(BadInput):
            notices.publish(office.store, office.admin, "customers", texts, (), "why")

    def test_only_the_information_administrator_publishes(self, office):
        with pytest.raises(NotAllowed):
            notices.publish(office.store, office.clerk, "customers", consent.shipped_notice(), (), "why")


def test_a_follow_up_is_not_due_any_more_when_marketing_was_refused(office):
    store, customer = office.store, office.company()
    recorded(office, "intention_card", "intention", **{"/data/card/customer_number": customer.customer_number})
    (demand,) = store.rows(
        "SELECT json_extract(properties, '$.due_on') AS due FROM entity_current WHERE dataset = 'demands'"
    )
    on = date.fromisoformat(demand["due"])

    def promised():
        return [row for row in due.mine(store, office.clerk, on).rows if row.what_key == "due.promise"]

    assert len(promised()) == 1
    stop(office, customer.customer_id)
    assert promised() == []


def test_purposes_are_in_order_in_both_languages():
    for purpose in consent.purposes().values():
        assert set(purpose.titles) == set(purpose.descriptions) == set(LANGUAGES)
        assert purpose.bases
