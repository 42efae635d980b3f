"""Keys by which a party is found among many, at once and without comparing it with all of them."""

from itertools import pairwise

from custinfo.classification.duplicates.party import Keys, Party
from custinfo.classification.duplicates.prepared import Prepared, once


def keys(party: Party) -> Keys:
    """The keys of a party, in the same order every time. A party that says nothing has none."""
    ready = once(party)
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
    return [
        f"born:{ready.core_sound}|{ready.birth}" if ready.birth else "born:",
        f"crossed:{ready.given}{ready.surname}|{ready.birth}" if ready.birth else "crossed:",
        f"home:{ready.surname}|{ready.street}" if ready.street else "home:",
    ]


def _grams(ready: Prepared) -> tuple[str, ...]:
    """Two neighbouring characters of the name each, as letters and digits that every tokenizer leaves whole."""
    name = ready.core or ready.full_name
    pairs = pairwise(name) if len(name) > 1 else [(name, "")] if name else []
    return tuple(dict.fromkeys("x" + "x".join(f"{ord(one):x}" for one in pair if one) for pair in pairs))
