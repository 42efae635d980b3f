"""The errors that a person reads: place, fact and remedy, in the reader's language.

An error carries a message key and facts, never a finished sentence, so that the one who reads decides the language.
Anything else that is raised is a defect of custinfo, shown to no one and written to the server's log.
"""

from collections.abc import Mapping

from custinfo.domain.messages import DEFAULT_LANGUAGE, spoken, text


class CustinfoError(Exception):
    """Something a person can mend. `key` names the message, `facts` fill it; a fact may be such an error too, or texts
    by language, such as a title.
    """

    def __init__(self, key: str, **facts: object) -> None:
        self.key = key
        self.facts = facts
        super().__init__(key)

    def text(self, language: str = DEFAULT_LANGUAGE) -> str:
        """The sentence in `language`: where, what is wrong, what to do."""
        return text(self.key, language, **{name: _said(fact, language) for name, fact in self.facts.items()})

    def __str__(self) -> str:
        return self.text("en")


def _said(fact: object, language: str) -> object:
    if isinstance(fact, CustinfoError):
        return fact.text(language)
    return spoken(fact, language) if isinstance(fact, Mapping) else fact


class NotAllowed(CustinfoError):
    """The person may not do this, or not see this (who)."""


class WrongState(CustinfoError):
    """The thing is not in a state in which this can be done (when)."""


class BadInput(CustinfoError):
    """What was given is wrong; the message says where and how to mend it."""


class Conflict(CustinfoError):
    """Someone else changed the same thing first; nothing was overwritten."""


class NotFound(CustinfoError):
    """There is nothing by that name that the person may see."""


class SiteFault(CustinfoError):
    """The site's files, keys or settings do not let this go on."""
