"""A party as it is compared: every text in one writing, every name in its parts."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from custinfo.classification.duplicates import contacts, names
from custinfo.classification.duplicates.addresses import address, addresses
from custinfo.classification.duplicates.party import Party
from custinfo.classification.duplicates.readings import alike, sound, syllables

EDITION = 2
"""Raised whenever parties are prepared in another way: what was kept of an earlier edition is then made anew."""


class Prepared(NamedTuple):
    """What comparisons look at; all strings or tuples of strings, an empty one is unknown.

    Sounds are small ASCII letters and digits, so that edits count the same on every engine. `code` and `identity` are
    checked numbers, `code_text` and `identity_text` whatever stands there. `known_as`: sounds of the names it goes by.
    `birth_date`: eight digits; empty where no more than the year is known, which `birth_year` always has.
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
    birth_date: str = ""
    birth_year: str = ""
    words: tuple[str, ...] = ()
    street: str = ""
    province: str = ""
    prefecture: str = ""
    county: str = ""


LISTS = frozenset(name for name, default in Prepared._field_defaults.items() if isinstance(default, tuple))
"""Its fields that hold several texts."""

Columns = Mapping[str, Sequence[Any]]
"""Columns of `Prepared` by their names, a value for each party; a column that is left out is unknown of them all."""


def prepare(party: Party) -> Prepared:
    """`party` in the writing in which parties are compared."""
    if party.kind != "enterprise":
        return _individual(party)
    columns = companies(
        [party.name], [party.other_names], [party.credit_code], [party.phones], [party.address], [party.region]
    )
    return Prepared(party.id, party.kind, **{name: column[0] for name, column in columns.items()})


once: Callable[[Party], Prepared] = lru_cache(maxsize=512)(prepare)
"""`prepare`, remembered: candidates of one entry are those of the next, while somebody types."""


def companies(
    written: Sequence[str], others: Sequence[Sequence[str]], codes: Sequence[str], phones: Sequence[Sequence[str]],
    addressed: Sequence[str], regions: Sequence[str],
) -> Columns:  # fmt: skip
    """Companies by the columns of `Party`: of many at once it takes about two thirds of the time."""
    taken = [names.company(name) for name in written]
    trades = [syllables(name.trade) for name in taken]
    businesses = [_heard(name.business) for name in taken]
    trade_sounds = ["".join(trade) for trade in trades]
    sounds = [trade + business for trade, (_, business) in zip(trade_sounds, businesses, strict=True)]
    where = addresses(addressed)
    code_texts = [contacts.code(code) for code in codes]
    placed = [_region(region) for region in regions]
    return {
        "code": [code if contacts.valid_credit_code(code) else "" for code in code_texts],
        "code_text": code_texts,
        "phones": [_phones(numbers) for numbers in phones],
        "places": [name.places for name in taken],
        "trade": [name.trade for name in taken],
        "trade_sound": trade_sounds,
        "trade_syllables": [tuple(sorted(set(trade))) for trade in trades],
        "business": [name.business for name in taken],
        "core": [name.core for name in taken],
        "core_syllables": [
            tuple(sorted({*trade, *business})) for trade, (business, _) in zip(trades, businesses, strict=True)
        ],
        "core_sound": sounds,
        "core_alike": [alike(heard) for heard in sounds],
        "form": [name.form for name in taken],
        "branch": [sound(name.branch) if name.branch else "" for name in taken],
        "known_as": [_known_as(heard, other) for heard, other in zip(sounds, others, strict=True)],
        "words": [address.words for address in where],
        "street": [address.street for address in where],
        "province": [place[0] for place in placed],
        "prefecture": [place[1] for place in placed],
        "county": [place[2] for place in placed],
    }


@lru_cache(maxsize=1 << 12)
def _heard(business: str) -> tuple[tuple[str, ...], str]:
    """The syllables of a business, which comes again and again, and its sound."""
    heard = syllables(business)
    return tuple(heard), "".join(heard)


def _known_as(heard: str, others: Sequence[str]) -> tuple[str, ...]:
    if not any(others):
        return (heard,) if heard else ()
    said = {sound(names.company(other).core) for other in others if other.strip()}
    return tuple(sorted({heard, *said} - {""}))


def _individual(party: Party) -> Prepared:
    name = names.person(party.name)
    where = address(party.address)
    province, prefecture, county = _region(party.region)
    identity = contacts.code(party.id_number)
    checked = identity if contacts.valid_identity_number(identity) else ""
    others = [names.person(other) for other in party.other_names if other.strip()]
    whole = name.surname + name.given
    born = contacts.birth_date(party.birth_date) or checked[6:14]
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
        birth_date=born if len(born) > len("2000") else checked[6:14],
        birth_year=born[:4],
        words=where.words,
        street=where.street,
        province=province,
        prefecture=prefecture,
        county=county,
    )


def _phones(written: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({number for text in written if (number := contacts.phone(text))}))


@lru_cache(maxsize=1 << 13)
def _region(code: str) -> tuple[str, str, str]:
    """Province, prefecture and county of a code of GB/T 2260; what is not six digits is a county of its own kind."""
    code = code.strip()
    if len(code) != 6 or not code.isdigit():
        return "", "", code.lower()
    return code[:2], code[:4] if code[2:4] != "00" else "", code if code[4:] != "00" else ""
