"""A party as it is compared: every text in one writing, every name in its parts. A few dozen microseconds each."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import NamedTuple

from custinfo.classification.duplicates import contacts, names
from custinfo.classification.duplicates.addresses import address
from custinfo.classification.duplicates.party import Party
from custinfo.classification.duplicates.readings import alike, sound, syllables


class Prepared(NamedTuple):
    """What comparisons look at; all strings or tuples of strings, an empty one is unknown.

    Sounds are small ASCII letters and digits, so that edits count the same on every engine. `code` and `identity` are
    checked numbers, `code_text` and `identity_text` whatever stands there. `known_as`: sounds of the names it goes by.
    """

    id: str
    kind: str
    code: str = ""
    code_text: str = ""
    identity: str = ""
    identity_text: str = ""
    phones: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    trade: str = ""
    trade_sound: str = ""
    trade_syllables: tuple[str, ...] = ()
    business: str = ""
    core: str = ""
    core_syllables: tuple[str, ...] = ()
    core_sound: str = ""
    core_alike: str = ""
    form: str = ""
    branch: str = ""
    known_as: tuple[str, ...] = ()
    surname: str = ""
    given: str = ""
    full_name: str = ""
    birth: str = ""
    words: tuple[str, ...] = ()
    street: str = ""
    province: str = ""
    prefecture: str = ""
    county: str = ""


def prepare(party: Party) -> Prepared:
    """`party` in the writing in which parties are compared."""
    return _enterprise(party) if party.kind == "enterprise" else _individual(party)


once: Callable[[Party], Prepared] = lru_cache(maxsize=512)(prepare)
"""`prepare`, remembered: candidates of one entry are those of the next, while somebody types."""


def _enterprise(party: Party) -> Prepared:
    name = names.company(party.name)
    where = address(party.address)
    province, prefecture, county = _region(party.region)
    code = contacts.code(party.credit_code)
    trade, business = syllables(name.trade), syllables(name.business)
    trade_sound = "".join(trade)
    core_sound = trade_sound + "".join(business)
    others = [sound(names.company(other).core) for other in party.other_names if other.strip()]
    return Prepared(
        id=party.id,
        kind=party.kind,
        code=code if contacts.valid_credit_code(code) else "",
        code_text=code,
        phones=_phones(party.phones),
        places=name.places,
        trade=name.trade,
        trade_sound=trade_sound,
        trade_syllables=tuple(sorted(set(trade))),
        business=name.business,
        core=name.core,
        core_syllables=tuple(sorted({*trade, *business})),
        core_sound=core_sound,
        core_alike=alike(core_sound),
        form=name.form,
        branch=sound(name.branch),
        known_as=tuple(sorted({core_sound, *others} - {""})) if others else (core_sound,) if core_sound else (),
        words=where.words,
        street=where.street,
        province=province,
        prefecture=prefecture,
        county=county,
    )


def _individual(party: Party) -> Prepared:
    name = names.person(party.name)
    where = address(party.address)
    province, prefecture, county = _region(party.region)
    identity = contacts.code(party.id_number)
    checked = identity if contacts.valid_identity_number(identity) else ""
    others = [names.person(other) for other in party.other_names if other.strip()]
    whole = name.surname + name.given
    return Prepared(
        id=party.id,
        kind=party.kind,
        identity=checked,
        identity_text=identity,
        phones=_phones(party.phones),
        core_sound=whole,
        core_alike=alike(whole),
        known_as=tuple(sorted({whole, *(other.surname + other.given for other in others)} - {""})),
        surname=name.surname,
        given=name.given,
        full_name=name.text,
        birth=contacts.birth_date(party.birth_date) or checked[6:14],
        words=where.words,
        street=where.street,
        province=province,
        prefecture=prefecture,
        county=county,
    )


def _phones(written: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({number for text in written if (number := contacts.phone(text))}))


def _region(code: str) -> tuple[str, str, str]:
    """Province, prefecture and county of a code of GB/T 2260; what is not six digits is a county of its own kind."""
    code = code.strip()
    if len(code) != 6 or not code.isdigit():
        return "", "", code.lower()
    return code[:2], code[:4] if code[2:4] != "00" else "", code if code[4:] != "00" else ""
