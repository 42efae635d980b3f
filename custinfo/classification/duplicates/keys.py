"""Keys by which a party is found among many, at once and without comparing it with all of them."""

from itertools import pairwise

from custinfo.classification.duplicates.party import Keys
from custinfo.classification.duplicates.prepared import Prepared


def keys_of(ready: Prepared) -> Keys:
    """The keys of a party, in the same order every time. A party that says nothing has none."""
    exact = [f"code:{ready.code_text}", f"id:{ready.identity_text}"]
    exact += [f"phone:{phone}" for phone in ready.phones]
    exact += [f"name:{name}|{ready.province}" for name in ready.known_as]
    exact += _enterprise(ready) if ready.kind == "enterprise" else _individual(ready)
    said = [key for key in exact if not key.endswith(":") and ":|" not in key]
    return Keys(tuple(dict.fromkeys(said)), _grams(ready))


def _enterprise(ready: Prepared) -> list[str]:
    place = ready.prefecture or ready.province
    return [
        f"alike:{ready.core_alike}|{place}",
        f"trade:{ready.trade_sound}|{place}",
        f"organisation:{ready.code_text[8:17]}",
        f"street:{ready.street}|{ready.prefecture}" if ready.street else "street:",
    ]


def _individual(ready: Prepared) -> list[str]:
    # Surname and given name in both orders, so that who writes them the other way round shares a key; by the year too,
    # as others know no more than that
    orders = (ready.core_sound, ready.given + ready.surname)
    born = [day for day in (ready.birth_date, ready.birth_year) if day]
    return [
        *(f"born:{order}|{day}" for order in orders for day in born if order),
        f"home:{ready.surname}|{ready.street}" if ready.street else "home:",
    ]


def _grams(ready: Prepared) -> tuple[int, ...]:
    name = ready.core or ready.full_name
    pairs = pairwise(name) if len(name) > 1 else [(name, "\0")] if name else []
    place = ready.prefecture or ready.province
    places = (0, int(place)) if place.isascii() and place.isdigit() else (0,)
    # Two characters of 21 bits each, then four digits of the place
    return tuple(dict.fromkeys((ord(one) << 21 | ord(other)) << 14 | at for one, other in pairs for at in places))
