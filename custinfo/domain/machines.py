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
