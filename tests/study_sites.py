"""A site with customers who agreed to surveys, and an approved proposal: what studies are begun on."""

import secrets
from datetime import timedelta

from custinfo.actions import approvals, entities, forms, records, studies, study_steps
from custinfo.actions.delegations import today
from custinfo.actions.records import Remarks
from custinfo.actions.sample_frames import Chosen
from custinfo.actions.samples import Design, draw
from custinfo.domain.people import SERVICE, Role
from tests import factories, source_forms
from tests.factories import CARD, PASSWORD, account, code_for

FORM = "satisfaction_survey"
TO_SAMPLING = ("problem", "collection", "questionnaire")
SIX = Design(Chosen(), method="stratified", strata_by="province", size=6)


class Office:
    """The people of a survey; `customers` are numbers, `refusing` the last two of them did not agree to surveys."""

    def __init__(self, store, customers=14):
        self.store = store
        self.li = account(store, login_name="li")
        self.zhou = account(store, Role.SUPERVISOR, login_name="zhou")
        self.head = account(store, Role.DEPARTMENT_HEAD, login_name="head")
        self.manager = account(store, Role.MANAGER, login_name="manager")
        self.customers = [self.customer(place) for place in range(customers)]
        self.refusing = self.customers[-2:]
        self.agree(self.customers[:-2])

    def customer(self, place, **changes):
        """One card: of four in a row three are of Guangdong, one of Jiangsu."""
        answers = CARD | {
            "/data/basic/name": f"客户{place:03d}有限公司",
            "/data/basic/credit_code": code_for(50000 + place),
        }
        if place % 4 == 3:
            answers |= {"/data/place/province": "320000", "/data/place/prefecture": "320100",
                        "/data/place/county": "320102"}  # fmt: skip
        return self.record("enterprise_card", answers | changes).customer_number

    def record(self, form_id, answers, who=None):
        """What an import of these answers makes of them; gives the receipt."""
        who = who or self.li
        form = forms.load(self.store, form_id)
        session = forms.session(self.store, form, {}, actor=who)
        made = source_forms.fill(session, answers).finish()
        with self.store.act(who.person_id, "test.record", "form", form_id) as tx:
            return records.admit(self.store, tx, who, form, made, key=secrets.token_hex(8), remarks=Remarks())

    def id_of(self, number):
        return entities.by_number(self.store, "customers", number)["entity_id"]

    def agree(self, numbers, kind="given"):
        with self.store.act(SERVICE.person_id, "test.agree", "test", "") as tx:
            for number in numbers:
                row = {"entity_id": self.id_of(number), "kind": kind, "purpose": "survey", "channel": "phone"}
                row |= {"happened_on": str(today(self.store)), "recorded_at": tx.at, "recorded_by": "service"}
                tx.insert("consent_event", row)

    def proposal(self, *, approved=True, **changes):
        """A survey proposal, by its number."""
        day = today(self.store)
        answers = source_forms.filled("survey_proposal", day) | {
            "/data/schedule/starts_on": str(day), "/data/schedule/ends_on": str(day + timedelta(days=10)), **changes
        }  # fmt: skip
        receipt = self.record("survey_proposal", answers)
        if approved:
            for person in (self.head, self.manager):
                case = approvals.of(self.store, "record", receipt.record_id)
                approvals.decide(self.store, person, case.case_id, "approve", case.sha256, password=PASSWORD)
        return receipt.entities[0].number

    def study(self, *steps, **proposal):
        """A study that took these steps."""
        study_id = studies.begin(self.store, self.zhou, self.proposal(**proposal), FORM)
        for step in steps:
            study_steps.take(self.store, self.zhou, study_id, step)
        return study_id

    def sampled(self, design=SIX, **more):
        """A study in the field; gives its id and that of its sample."""
        study_id = self.study(*TO_SAMPLING)
        sample_id = draw(self.store, self.zhou, study_id, design, seed="2026", **more)
        study_steps.take(self.store, self.zhou, study_id, "sampling")
        return study_id, sample_id

    def answer(self, number):
        """A whole answer of a customer, as the form records it; gives its record's id."""
        answers = {"/data/interview/customer_number": number, **factories.SURVEY}
        return self.record(FORM, answers).record_id

    def numbers(self, sample_id):
        """The numbers of the units of a sample, in its order."""
        rows = self.store.rows(
            "SELECT entity.number FROM sample_unit JOIN entity ON entity_id = customer_id WHERE sample_id = ? "
            "ORDER BY place",
            [sample_id],
        )
        return [row["number"] for row in rows]
