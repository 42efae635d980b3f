"""State machines: which action leads from which state to which. Actions, pages and the docs' diagrams read these dicts.

A machine is `{state: {action: next state}}`; the state `""` is before the beginning, and a state without actions is
an end. Names of states and actions in both languages: `machines.state.*` and `machines.action.*`.
"""

from collections.abc import Mapping
from typing import TypeAlias

from custinfo.domain.errors import WrongState
from custinfo.domain.messages import text

Machine: TypeAlias = Mapping[str, Mapping[str, str]]
NOWHERE = ""

FORM: Machine = {
    NOWHERE: {"propose": "draft"},
    "draft": {"accept": "reviewed", "return": "draft", "withdraw": "withdrawn"},
    "reviewed": {"publish": "published", "return": "draft", "withdraw": "withdrawn"},
    "published": {"close": "closed"},
    "closed": {"reopen": "published"},
    "withdrawn": {},
}
"""A version of a form: proposed, looked at by somebody else, published (frozen from then on), closed."""

RECORD: Machine = {
    NOWHERE: {"submit": "received"},
    "received": {"has_issues": "has_issues", "approve": "approved", "reject": "rejected", "edit": "edited"},
    "has_issues": {"approve": "approved", "reject": "rejected", "edit": "edited"},
    "edited": {"has_issues": "has_issues", "approve": "approved", "reject": "rejected", "edit": "edited"},
    "approved": {"has_issues": "has_issues", "reject": "rejected", "edit": "edited"},
    "rejected": {"has_issues": "has_issues", "approve": "approved", "edit": "edited"},
}
"""A record: the review states of ODK Central. A decision is about one version, so an edit voids it."""

QUERY: Machine = {
    NOWHERE: {"ask": "open"},
    "open": {"say": "open", "resolve": "resolved"},
    "resolved": {},
}
"""A question to whoever recorded an answer."""


INCIDENT: Machine = {
    NOWHERE: {"report": "reported"},
    "reported": {"assess": "assessed", "dismiss": "dismissed"},
    "assessed": {"assess": "assessed", "contain": "contained"},
    "contained": {"assess": "assessed", "conclude": "concluded"},
    "concluded": {"reopen_incident": "assessed", "close_incident": "over"},
    "dismissed": {"reopen_incident": "reported"},
    "over": {},
}
"""A security incident: reported by anybody, assessed, contained, handled to its end, reviewed and closed by another."""

CORRECTION: Machine = {
    NOWHERE: {"order": "ordered"},
    "ordered": {"carry_out": "carried_out"},
    "carried_out": {"accept_work": "accepted", "return_work": "ordered"},
    "accepted": {},
}
"""A corrective measure (整改): ordered, carried out by who is responsible, accepted by somebody else, or returned."""

CASE: Machine = {
    NOWHERE: {"open": "open"},
    "open": {
        "pass": "open", "approve": "approved", "send_back": "returned", "reject": "rejected", "withdraw": "withdrawn",
        "change": "open",
    },
    "returned": {"change": "open", "resubmit": "open", "withdraw": "withdrawn"},
    "approved": {"change": "open"},
    "rejected": {},
    "withdrawn": {},
}  # fmt: skip
"""A case of approval. `pass` goes on to the next step; a change of the content voids what was agreed to before."""

REQUEST: Machine = {
    NOWHERE: {"receive": "received"},
    "received": {"verify": "verified", "refuse": "refused", "take_back": "taken_back"},
    "verified": {"extend": "extended", "answer": "answered", "refuse": "refused", "take_back": "taken_back"},
    "extended": {"answer": "answered", "refuse": "refused", "take_back": "taken_back"},
    "answered": {},
    "refused": {},
    "taken_back": {},
}
"""A request of somebody about their own data: nothing is answered before it is known that it is they."""

DISCLOSURE: Machine = {
    NOWHERE: {"register": "registered"},
    "registered": {"deliver": "delivered", "cancel": "cancelled"},
    "delivered": {"receipt": "receipted"},
    "receipted": {},
    "cancelled": {},
}
"""Data for an outsider: registered with their letter, delivered when its case is approved, receipted by who got it."""


RETENTION: Machine = {
    NOWHERE: {"plan": "planned"},
    "planned": {"mark": "pending", "stop": "stopped"},
    "pending": {"erase": "erasing", "stop": "stopped"},
    "erasing": {"certify": "certified"},
    "certified": {},
    "stopped": {},
}
"""What is to be destroyed: a plan that others agree to, marked for some days in which it can be stopped, certified."""

DEMAND: Machine = {
    NOWHERE: {"collect": "collected"},
    "collected": {"analyse": "analysed"},
    "analysed": {
        "analyse": "analysed", "follow_up": "in_progress", "evaluate": "evaluated", "decline": "declined",
    },
    "in_progress": {"follow_up": "in_progress", "evaluate": "evaluated", "decline": "declined"},
    "evaluated": {
        "follow_up": "in_progress", "evaluate": "evaluated", "answer": "answered", "decline": "declined",
    },
    "answered": {"take_up": "analysed"},
    "declined": {"take_up": "analysed"},
}  # fmt: skip
"""A customer's demand (R62): collected, analysed, followed up, evaluated; then the customer is answered either way."""


REPORT: Machine = {
    NOWHERE: {"draft": "draft"},
    "draft": {"put_forward": "put_forward", "withdraw": "withdrawn"},
    "put_forward": {"put_forward": "put_forward", "release_inside": "released_inside", "withdraw": "withdrawn"},
    "released_inside": {"release_outside": "released_outside", "destroy": "destroyed"},
    "released_outside": {"destroy": "destroyed"},
    "destroyed": {},
    "withdrawn": {},
}
"""An issue of a report: drafted, put forward for review and signature, released inside, then outside; destroyed by the
retention job once its keeping period in the archive is over.
"""


HANDOVER: Machine = {
    NOWHERE: {"begin_handover": "handing_over"},
    "handing_over": {"sign": "handing_over", "hand_over": "handed_over", "cancel": "cancelled"},
    "handed_over": {},
    "cancelled": {},
}
"""Statistical work that is handed over: signed by whoever gives it, takes it and watches; with the third it passes."""

STUDY: Machine = {
    NOWHERE: {"begin_study": "begun"},
    "begun": {"state_problem": "problem_stated", "stop_study": "broken_off"},
    "problem_stated": {"choose_method": "method_chosen", "take_back_step": "begun", "stop_study": "broken_off"},
    "method_chosen": {
        "make_questionnaire": "questionnaire_made", "take_back_step": "problem_stated", "stop_study": "broken_off",
    },
    "questionnaire_made": {
        "settle_sample": "sampled", "take_back_step": "method_chosen", "stop_study": "broken_off",
    },
    "sampled": {"end_fieldwork": "fielded", "take_back_step": "questionnaire_made", "stop_study": "broken_off"},
    "fielded": {"process_answers": "processed", "take_back_step": "sampled", "stop_study": "broken_off"},
    "processed": {"report_study": "study_reported", "take_back_step": "fielded", "stop_study": "broken_off"},
    "study_reported": {},
    "broken_off": {},
}  # fmt: skip
"""A study in the seven steps of the source (R75): problem, collection, questionnaire, sampling, fieldwork, processing,
report, in this order. The last step that was done can be taken back with a reason.
"""


class Impossible(WrongState):
    """An action that the state does not allow; says what it does allow, in the reader's language."""

    def __init__(self, machine: Machine, state: str, action: str) -> None:
        self.state, self.action, self.possible = state, action, tuple(machine.get(state, ()))
        super().__init__("machines.impossible")

    def text(self, language: str = "zh-CN") -> str:
        """What was asked for, how things stand, and what can be done."""
        comma = "、" if language == "zh-CN" else ", "
        possible = comma.join(text(f"machines.action.{name}", language) for name in self.possible)
        return text(
            self.key if possible else "machines.over",
            language,
            action=text(f"machines.action.{self.action}", language),
            state=text(f"machines.state.{self.state}", language),
            possible=possible,
        )


def after(machine: Machine, state: str, action: str) -> str:
    """The state that `action` leads to. Raises WrongState, naming what is possible, when it is not."""
    following = machine.get(state, {}).get(action)
    if following is None:
        raise Impossible(machine, state, action)
    return following


def diagram(machine: Machine) -> str:
    """The machine as a Mermaid state diagram."""
    lines = ["stateDiagram-v2"]
    for state, actions in machine.items():
        lines += [f"    {state or '[*]'} --> {following}: {action}" for action, following in actions.items()]
        if not actions:
            lines.append(f"    {state} --> [*]")
    return "\n".join(lines)
