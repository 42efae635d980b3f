"""The files that answers of an import name: taken from the upload itself, never from what the site has stored."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from custinfo.actions import files
from custinfo.actions.files import StoredFile
from custinfo.domain.errors import BadInput
from custinfo.domain.people import Person
from custinfo.exchange.media import Media
from custinfo.exchange.parsed import ParsedRecord
from custinfo.store import Store, Tx
from custinfo.xforms import Form, Problem, compare
from custinfo.xforms.refs import without_positions

_STEP = re.compile(r"(?P<name>.+?)(\[(?P<position>\d+)\])?\Z")


@dataclass(frozen=True)
class ImportedFile:
    """A file on its way in: its place in the upload, and what it is called from now on."""

    path: str
    stored: StoredFile


class ImportFiles:
    """Takes in the files of the rows of one upload."""

    def __init__(self, form: Form, media: Media) -> None:
        self._form, self._media = form, media

    def taken(self, record: ParsedRecord, instance: dict[str, Any]) -> tuple[dict[str, ImportedFile], list[Problem]]:
        """By ref the files that the row's answers name, and what is wrong with others.

        Each answer in `instance` is given the new name of its file: names of stored files say nothing in an import.
        """
        found: dict[str, ImportedFile] = {}
        problems: list[Problem] = []
        for ref, name in files.uploads(self._form, record.answers).items():
            try:
                found[ref] = self._file(record, ref, name)
                _put(instance, ref, found[ref].stored.name)
            except BadInput as wrong:
                label = compare.labels(self._form, without_positions(ref))
                problems.append(Problem(ref, "type", wrong.key, wrong.facts, label))
        return found, problems

    def _file(self, record: ParsedRecord, ref: str, name: str) -> ImportedFile:
        path = self._media.find(record.place, name)
        if path is None:
            raise BadInput("form_data.no_file", file=name[:200])
        data = self._media.read(path)
        return ImportedFile(path, files.named(self._form, ref, name, files.check(self._form, ref, data), len(data)))

    def keep(
        self, store: Store, tx: Tx, actor: Person, record_id: str, found: Mapping[str, ImportedFile]
    ) -> None:  # fmt: skip
        """Store the files of a record that was just recorded."""
        for ref, one in found.items():
            data = self._media.read(one.path)
            files.keep_imported(store, tx, actor, self._form, record_id, ref, one.stored, data)


def _put(instance: dict[str, Any], ref: str, value: str) -> None:
    """Set an answer that the row has, so that every step to it is there."""
    *steps, last = [step for name in ref.split("/")[2:] for step in _steps(name)]
    place: Any = instance
    for step in steps:
        place = place[step]
    if isinstance(place[last], dict):  # a place with attributes: the text stands under the blank name
        place, last = place[last], ""
    place[last] = value


def _steps(name: str) -> list[str | int]:
    """`contact[2]` → `contact`, 1."""
    found = _STEP.match(name)
    assert found is not None
    return [found["name"], int(found["position"]) - 1] if found["position"] else [found["name"]]
