"""What of a record is about somebody else than the person who asks, and how it is masked in what they are given.

Three things tell: `bind::custinfo:third_person` at a question or group; the scope of another person's entity, such as
one round of a repeat; and names: of the staff, of the other people of the same records, and of whoever the first two
keep out. Names are masked wherever they appear, free text included.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from custinfo.store import Store, sealing
from custinfo.xforms import Form
from custinfo.xforms.refs import flat, without_positions

MARK = "third_person"
PERSONS = ("customers", "contacts", "guests")
"""The datasets whose entities are people, or may be."""
MASK = "＊＊＊"
CODES = frozenset(
    {"ref", "form", "record", "record_id", "action", "state", "kind", "purpose", "channel", "bases", "disposition"}
)
"""The keys of the answer whose values come from the program: nobody's name."""
NAMING = ("name", "phone", "email", "address", "salutation", "contact")
"""A question called like one of these says who somebody is, or how to reach them."""
SHORTEST = 2
"""A name of one character would mask half a text."""


def split(
    store: Store, form: Form, content: Mapping[str, Any], entity: Mapping[str, Any], about: bool
) -> tuple[dict[str, str], dict[str, str]]:  # fmt: skip
    """The answers that are the person's, and those about others, both by ref.

    `entity` is the person's row; `about` says that the record as a whole is about them, as its `about` question says.
    """
    answers = flat(content, form.root.ref)
    scopes = _scopes(store, form, answers)
    mine = [ref for ref, entity_id in scopes.items() if entity_id == entity["entity_id"]]
    if not mine and form.root.ref in scopes and scopes[form.root.ref] != entity["entity_id"]:
        return {}, answers  # another person's own record, in which this one is only named
    if not mine and not about:
        return {}, answers
    home = min(mine or [form.root.ref], key=len)
    own: dict[str, str] = {}
    others: dict[str, str] = {}
    for ref, value in answers.items():
        inside = ref == home or ref.startswith(f"{home}/")
        scope = max((one for one in scopes if ref.startswith(f"{one}/")), key=len, default=home)
        theirs = scopes.get(scope, entity["entity_id"]) != entity["entity_id"] and len(scope) > len(home)
        (own if inside and not theirs and not marked(form, ref) else others)[ref] = value
    return own, others


def marked(form: Form, ref: str) -> bool:
    """Whether the question, or a group around it, is about somebody else."""
    place = without_positions(ref)
    while place and place in form.nodes:
        said = form.nodes[place].bind.extra.get(MARK, "").lower()
        if said:
            return said not in ("no", "false", "0")
        place = place.rpartition("/")[0]
    return False


def _scopes(store: Store, form: Form, answers: Mapping[str, str]) -> dict[str, str]:
    """The places of the record that are one person's each, by the ref of the scope, with the person's entity id."""
    found: dict[str, str] = {}
    declared = {one.ref: one.dataset for one in form.entities if one.dataset in PERSONS}
    for ref, value in answers.items():
        place, _, attribute = ref.rpartition("/@")
        dataset = declared.get(without_positions(place))
        if attribute != "id" or dataset is None or not value:
            continue
        row = store.row(
            "SELECT entity_id FROM entity WHERE dataset = ? AND (uuid = ? OR entity_id = ?)", [dataset, value, value]
        )
        scope = place.removesuffix("/meta/entity") if place.endswith("/meta/entity") else place.rpartition("/meta/")[0]
        if row is not None:
            found[scope] = row["entity_id"]
    return found


class Mask:
    """Replaces names of others in texts. `own` are the person's names: they, and an answer that is one, stay."""

    def __init__(self, names: Iterable[str], own: Iterable[str]) -> None:
        kept = "\n".join(own)
        wanted = {one.strip() for one in names}
        usable = sorted((one for one in wanted if len(one) >= SHORTEST and one not in kept), key=len, reverse=True)
        self._pattern = re.compile("|".join(map(_whole, usable)), re.IGNORECASE) if usable else None

    def text(self, words: str) -> str:
        """The words without anybody else's name."""
        return self._pattern.sub(MASK, words) if self._pattern else words

    def everywhere(self, value: Any) -> Any:
        """Nested JSON with every text masked; keys, codes and places of a form stay."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {key: one if key in CODES else self.everywhere(one) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [self.everywhere(one) for one in value]
        return value


def _whole(name: str) -> str:
    """A name as a pattern: one in Latin letters only as a word of its own, or `ma` would be found in `remarks`."""
    found = re.escape(name)
    start = r"(?<![A-Za-z0-9])" if name[0].isascii() and name[0].isalnum() else ""
    end = r"(?![A-Za-z0-9])" if name[-1].isascii() and name[-1].isalnum() else ""
    return f"{start}{found}{end}"


def staff_names(store: Store) -> list[str]:
    """The names of everybody who has or had an account."""
    rows = store.rows("SELECT display_name, login_name FROM person")
    return [name for row in rows for name in (row["display_name"], row["login_name"])]


def names_beside(store: Store, entity_id: str, record_ids: Iterable[str]) -> list[str]:
    """The labels that other people's entities of these records ever had."""
    names: list[str] = []
    marks = ", ".join("?" * len(PERSONS))
    for record_id in record_ids:
        rows = store.rows(
            "SELECT entity_id, version, label FROM entity_version JOIN entity USING (entity_id) "
            f"WHERE record_id = ? AND entity_id != ? AND dataset IN ({marks})",
            [record_id, entity_id, *PERSONS],
        )
        for row in rows:
            names.append(
                sealing.open_text(store, "entity_version", row["entity_id"], "label", row["version"], row["label"])
            )
    return names


def naming(form: Form, answers: Mapping[str, str]) -> list[str]:
    """Of answers about others, those that say who they are: they are masked in the person's own texts too."""
    found = []
    for ref, value in answers.items():
        node = form.nodes.get(without_positions(ref))
        control = form.control_of.get(without_positions(ref))
        if node is None or control is None or control.kind != "input" or node.bind.type != "string":
            continue
        said = any(word in node.name for word in NAMING) or {MARK, "format"} & set(node.bind.extra)
        if said:
            found += [value, *value.splitlines()]
    return found
