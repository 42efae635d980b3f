"""Entries of the audit log in words: what was done, to what. What has no words is shown as it is stored."""

from collections.abc import Mapping
from typing import Any

from custinfo.domain.messages import catalogue, section

ACTIONS, KINDS, DETAILS = "audit_actions", "audit_kinds", "audit_details"


def action(stored: str, language: str) -> str:
    """`record.read` → "read a record"."""
    return catalogue(language).get(f"{ACTIONS}.{stored}", stored)


def kind(stored: str, language: str) -> str:
    """`form_proposal` → "form proposal"."""
    return catalogue(language).get(f"{KINDS}.{stored}", stored)


def detail(stored: Mapping[str, Any], language: str) -> str:
    """The facts of an entry, each with the name of its field; what is blank is left out."""
    words = catalogue(language)
    comma, colon = ("；", "：") if language == "zh-CN" else ("; ", ": ")
    told = ((name, value) for name, value in stored.items() if value not in (None, ""))
    return comma.join(f"{words.get(f'{DETAILS}.{name}', name)}{colon}{value}" for name, value in told)


def actions(language: str) -> dict[str, str]:
    """Every action that has words, by its name, in the order of the words."""
    return dict(sorted(section(ACTIONS, language).items(), key=lambda one: one[1]))
