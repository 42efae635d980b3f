"""What of an entity a person may see: its label and properties are as secret as the answers that they are made of.

An update keeps what it does not mention, so every form that wrote a version of the entity has its say.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from custinfo.access import visibility
from custinfo.domain.people import SERVICE, Person
from custinfo.domain.sensitivity import Level
from custinfo.store import Store
from custinfo.xforms import Form

Facts = Mapping[str, Level]
LABEL = ""
"""Under what the level of the label stands among those of the properties, none of which is without a name."""
KEY = "unique:"
"""What stands before the kind of an identifier there."""


@dataclass
class Reader:
    """Somebody to whom entities are shown; what the forms say is looked up once for each reader."""

    store: Store
    actor: Person
    _facts: dict[tuple[str, str, str], Facts] = field(default_factory=dict)

    @property
    def sees_all(self) -> bool:
        """Whether nothing is kept from them at all."""
        return visibility.sees(self.actor, Level.SECRET)

    def label(self, entity_id: str, label: str, instead: str) -> str:
        """The label of an entity; `instead`, such as its number, for whoever may not see that."""
        return label if self.sees_all or self._sees(LABEL, self.written_by(entity_id)) else instead

    def properties(self, entity_id: str, stored: str) -> dict[str, str]:
        """Of the properties as they are stored, those that the person may see."""
        given: dict[str, str] = json.loads(stored)
        if self.sees_all:
            return given
        written = self.written_by(entity_id)
        return {name: value for name, value in given.items() if self._sees(name, written)}

    def sees(self, entity_id: str, name: str) -> bool:
        """Whether the person may see this property of the entity, or its label under the name `LABEL`."""
        return self.sees_all or self._sees(name, self.written_by(entity_id))

    def sees_of_all(self, dataset: str, name: str) -> bool:
        """Whether the person may see this property of the entities of a dataset, whichever form wrote it: as a count of
        them tells it.
        """
        if self.sees_all:
            return True
        published = self.store.rows("SELECT form_id, version FROM form WHERE dataset IS NOT NULL")
        return self._sees(name, [self._levels(row["form_id"], row["version"], dataset) for row in published])

    def finds_by(self, entity_id: str, kind: str) -> bool:
        """Whether the person may find the entity by an identifier of this kind: whoever may not see one may not try."""
        return self.sees_all or self._sees(f"{KEY}{kind}", self.written_by(entity_id))

    def hidden_labels(self, dataset: str) -> list[tuple[str, str]]:
        """The (form, version) pairs whose labels of entities of the dataset the person may not see."""
        if self.sees_all:
            return []
        published = self.store.rows("SELECT form_id, version FROM form WHERE dataset IS NOT NULL")
        keys = [(row["form_id"], row["version"]) for row in published]
        return [key for key in keys if not self._sees(LABEL, [self._levels(*key, dataset)])]

    def _sees(self, name: str, written: Collection[Facts]) -> bool:
        return all(visibility.sees(self.actor, facts[name]) for facts in written if name in facts)

    def written_by(self, entity_id: str) -> list[Facts]:
        """What each form that wrote a version of the entity says of its levels."""
        rows = self.store.rows(
            "SELECT DISTINCT form_id, form_version, dataset FROM entity_version JOIN entity USING (entity_id) "
            "WHERE entity_id = ?",
            [entity_id],
        )
        return [self._levels(row["form_id"], row["form_version"], row["dataset"]) for row in rows]

    def _levels(self, form_id: str, version: str, dataset: str) -> Facts:
        key = form_id, version, dataset
        if key not in self._facts:
            from custinfo.actions import sealing  # what it imports gives its sessions the lists that are cut down here

            self._facts[key] = _facts(sealing.answers_form(self.store, form_id, version), dataset)
        return self._facts[key]


def secret(store: Store, form: Form, dataset: str, entity_id: str | None) -> frozenset[str]:
    """What of an entity is of level 1, by `form` and by every form that wrote a version of it: properties, `LABEL`."""
    written = [_facts(form, dataset)]
    if entity_id is not None:
        written += Reader(store, SERVICE).written_by(entity_id)
    return frozenset(name for facts in written for name, level in facts.items() if level == Level.SECRET)


def _facts(form: Form, dataset: str) -> Facts:
    found: dict[str, Level] = {}
    for declared in form.entities:
        if declared.dataset == dataset:
            for name, ref in ((LABEL, f"{declared.ref}/label"), *declared.properties.items()):
                if ref in form.levels:
                    found[name] = min(found.get(name, Level.PUBLIC), form.levels[ref])
    for ref, node in form.nodes.items():
        if "unique" in node.bind.extra:
            name = f"{KEY}{node.bind.extra['unique']}"
            found[name] = min(found.get(name, Level.PUBLIC), form.levels[ref])
    return found
