"""What personal data may be used for, on which lawful basis, and where they come from.

Everything here is data of `data/privacy`.
"""

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from custinfo.domain.errors import BadInput
from custinfo.domain.messages import LANGUAGES

FOLDER = Path(__file__).parents[2] / "data" / "privacy"
IDENTIFIER = re.compile(r"[a-z][a-z_]{0,39}")
ADULT_CONSENT_AGE = 14
"""Below it a parent or guardian consents (PIPL art. 31)."""
EVERYTHING = "*"
"""The purpose of a restriction that holds for all of them."""
CHANNELS = ("in_person", "paper", "phone", "online", "mail", "form")
"""How a consent reached us; `form` is a question of a form, and nobody states it by hand."""

NOTICE = "customers"
"""The notice for customers, which custinfo brings along."""
NOTICE_COVERS = ("record_keeping", "service", "analysis", "survey", "marketing", "sensitive")


class Basis(StrEnum):
    """The lawful bases of PIPL art. 13. Titles: `privacy.basis.*`."""

    CONSENT = "consent"
    CONTRACT = "contract"
    LEGAL_DUTY = "legal_duty"
    EMERGENCY = "emergency"
    NEWS = "news"
    PUBLIC = "public"
    OTHER_LAW = "other_law"


class Tier(StrEnum):
    """How much of a person leaves with an export, least first. Titles: `privacy.tier.*`."""

    NONE = "none"
    AGGREGATE = "aggregate"
    PSEUDONYMOUS = "pseudonymous"
    IDENTIFIED = "identified"


TIERS = tuple(Tier)


@dataclass(frozen=True)
class Purpose:
    """What personal data are used for. Texts are by language; `article` of PIPL asks for `separate`."""

    purpose_id: str
    titles: Mapping[str, str]
    descriptions: Mapping[str, str]
    bases: tuple[Basis, ...]
    needs_consent: bool
    separate: bool
    waits_for_notice: bool
    article: str
    keep_months: int


@dataclass(frozen=True)
class SourceKind:
    """Where imported data come from. `refused` ones are not lawful; of `indirect` ones people have to be told."""

    kind: str
    titles: Mapping[str, str]
    refused: bool
    indirect: bool


@dataclass(frozen=True)
class Clock:
    """How long answering a request may take, in calendar days, for what was received from `effective_from` on."""

    version: int
    effective_from: date
    answer_days: int
    extension_days: int
    remind_days: int


@cache
def purposes() -> Mapping[str, Purpose]:
    """All purposes by id, in the order of the file. Raises BadInput when the file is not in order."""
    return {name: _purpose(name, table) for name, table in _tables("purposes.toml").items()}


def purpose(purpose_id: str) -> Purpose:
    """The purpose with that id. Raises BadInput, naming those that there are."""
    found = purposes().get(purpose_id)
    if found is None:
        raise BadInput("privacy.no_purpose", purpose=purpose_id[:40], known=", ".join(purposes()))
    return found


@cache
def sources() -> Mapping[str, SourceKind]:
    """The kinds of source by code."""
    return {
        name: SourceKind(name, _titles(table), table.get("refused") is True, table.get("indirect") is True)
        for name, table in _tables("sources.toml").items()
    }


def source(kind: str) -> SourceKind:
    """The kind of source with that code, be it lawful or not. Raises BadInput, naming those that are lawful."""
    found = sources().get(kind)
    if found is None:
        known = ", ".join(name for name, one in sources().items() if not one.refused)
        raise BadInput("privacy.no_source", source=kind[:40], known=known)
    return found


def basis(code: str) -> Basis:
    """The lawful basis with that code. Raises BadInput, naming all."""
    try:
        return Basis(code)
    except ValueError:
        raise BadInput("privacy.no_basis", basis=code[:40], known=", ".join(Basis)) from None


def clock_on(day: date) -> Clock:
    """The clock for a request that is received on `day`."""
    fields = _version_on("clocks.toml", day)
    return Clock(
        fields["version"], fields["effective_from"], fields["answer_days"], fields["extension_days"],
        fields["remind_days"],
    )  # fmt: skip


def identified_rows_on(day: date) -> int:
    """From how many rows a person and day on exports with identities need an approved case on `day`."""
    return int(_version_on("exports.toml", day)["identified_rows"])


def approval_days_on(day: date) -> int:
    """For how many days an approval of an export that is asked for on `day` holds."""
    return int(_version_on("exports.toml", day)["approval_days"])


@cache
def sensitive_words() -> Mapping[str, tuple[str, ...]]:
    """Kinds of sensitive data, each with the words by which a question about it is known."""
    return {name: tuple(table["words"]) for name, table in _tables("sensitive.toml").items()}


def shipped_notice() -> dict[str, str]:
    """The texts of the notice that custinfo brings along, by language."""
    folder = FOLDER / "notices"
    return {language: (folder / f"{NOTICE}.{language}.md").read_text("utf-8").strip() for language in LANGUAGES}


def notice_digest(texts: Mapping[str, str]) -> str:
    """What tells one notice from another, whatever its language: a SHA-256 in hexadecimal."""
    return hashlib.sha256(json.dumps(dict(texts), ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def age_on(born: date, day: date) -> int:
    """Whole years; who is born on 29 February has their birthday on 1 March of a common year."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _purpose(name: str, table: Mapping[str, Any]) -> Purpose:
    described = {key.removeprefix("describe_"): text for key, text in table.items() if key.startswith("describe_")}
    bases = tuple(Basis(one) for one in table["bases"])
    made = Purpose(
        name, _titles(table), described, bases, table.get("needs_consent") is True,
        table.get("separate") is True, table.get("waits_for_notice") is True, table.get("article", ""),
        table["keep_months"],
    )  # fmt: skip
    if not IDENTIFIER.fullmatch(name) or not made.bases or (made.separate and not made.needs_consent):
        raise BadInput("privacy.file", file="purposes.toml", entry=name)
    return made


def _titles(table: Mapping[str, Any]) -> dict[str, str]:
    return {language: table[language] for language in ("zh-CN", "en")}


@cache
def _tables(name: str) -> Mapping[str, Any]:
    try:
        found: dict[str, Any] = tomllib.loads((FOLDER / name).read_text("utf-8"))
    except (OSError, ValueError):
        raise BadInput("privacy.file", file=name, entry="") from None
    return found


def _version_on(name: str, day: date) -> Mapping[str, Any]:
    """The version of a rule that is in force on a day: the first one stands for all days before it, too."""
    versions = _tables(name)["version"]
    for number, (before, after) in enumerate(pairwise(versions), start=1):
        if before["version"] != number or after["effective_from"] <= before["effective_from"]:
            raise BadInput("privacy.file", file=name, entry=f"version {number}")
    in_force = [one for one in versions if one["effective_from"] <= day] or versions[:1]
    found: Mapping[str, Any] = in_force[-1]
    return found
