"""The entities of a dataset as a form's choice list, `select_one_from_file customers.csv`, as ODK Entities have it."""

import csv
import io
from collections.abc import Mapping

from custinfo.access import permissions
from custinfo.actions import assignments, entity_levels, sealing
from custinfo.domain.people import Person
from custinfo.store import Store
from custinfo.xforms import Form, read_attachment
from custinfo.xforms.xpath import Node

READ = {"customers": "customer.read"}
"""What it takes to see the entities of a dataset as a list; any other dataset takes `record.read`."""
_kept: dict[tuple[str, str, Person], tuple[str, Node]] = {}
NEWEST = (
    "SELECT dataset, max(entity_version.seq) || ':' || (SELECT coalesce(max(seq), 0) FROM assignment) || ':' || "
    "(SELECT coalesce(max(seq), 0) FROM record_level) || ':' || "
    "(SELECT count(*) FROM entity AS gone WHERE erased_at IS NOT NULL) || ':' || "
    "(SELECT coalesce(max(seq), 0) FROM merge_event) AS newest "
    "FROM entity JOIN entity_version USING (entity_id) GROUP BY dataset"
)
"""What changes when a list does: its entities, whose they are, how secret a record is, who was erased or merged."""


def rows(store: Store, form: Form, actor: Person | None) -> Mapping[str, Node]:
    """The live lists of the form by id, with what the actor may see: nothing without an actor."""
    if actor is None:
        return {}
    known = {row["dataset"]: row["newest"] for row in store.rows(NEWEST)}
    return {
        name: _list(store, name, known[name], actor)
        for name in form.live & known.keys()
        if permissions.may(actor, READ.get(name, "record.read"))
    }


def _list(store: Store, dataset: str, newest: str, actor: Person) -> Node:
    """Made anew when an entity changed; the last one is kept for each dataset and person, as they are cleared now."""
    key = (str(store.site.database), dataset, actor)
    if key not in _kept or _kept[key][0] != newest:
        _kept[key] = (newest, read_attachment(f"{dataset}.csv", _csv(store, dataset, actor)))
    return _kept[key][1]


def _csv(store: Store, dataset: str, actor: Person) -> bytes:
    mine, scope = assignments.visible_where(actor, "entity_current")
    found = store.rows(f"SELECT * FROM entity_current WHERE dataset = ? AND {mine} ORDER BY number", [dataset, *scope])
    found = [sealing.opened_entity(store, row) for row in found]
    reader = entity_levels.Reader(store, actor)
    properties = [reader.properties(row["entity_id"], row["properties"]) for row in found]
    names = sorted({name for one in properties for name in one})
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["name", "label", "number", "__version", *names])
    for row, seen in zip(found, properties, strict=True):
        label = f"{reader.label(row['entity_id'], row['label'], '')} ({row['number']})".strip()
        writer.writerow([row["entity_id"], label, row["number"], row["version"], *(seen.get(n, "") for n in names)])
    return out.getvalue().encode()
