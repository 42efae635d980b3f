"""Forms: published from the tables in `forms/`, frozen by version."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from custinfo import xforms
from custinfo.access import permissions
from custinfo.actions import entities
from custinfo.actions.formats import FORMATS
from custinfo.domain import codelists
from custinfo.domain.errors import BadInput, Conflict, NotFound
from custinfo.domain.people import Person
from custinfo.store import Store
from custinfo.store.database import Row
from custinfo.xforms.xlsform import to_xform

FORMS = Path(__file__).parents[2] / "forms"
SUFFIXES = (".md", ".xlsx", ".xls", ".csv")


@dataclass(frozen=True)
class FormSummary:
    """A form that can be filled in. `dataset` is what a submission creates or updates, such as `customers`."""

    form_id: str
    version: str
    titles: dict[str, str]
    dataset: str | None


def publish_folder(store: Store, actor: Person, folder: Path = FORMS) -> list[FormSummary]:
    """Publish every form table in `folder` whose version is not published yet; gives those that were new."""
    tables = sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES)
    published = [publish(store, actor, path.name, path.read_bytes()) for path in tables]
    return [summary for summary in published if summary is not None]


def publish(store: Store, actor: Person, file_name: str, table: bytes) -> FormSummary | None:
    """Publish one XLSForm; None when this very table is published already.

    Raises FormError for a form with mistakes, and Conflict when the table changed but its version did not: answers are
    tied to their version for ever, so a published version never changes.
    """
    permissions.check(actor, "form.publish")
    digest = hashlib.sha256(table).hexdigest()
    if store.row("SELECT 1 FROM form WHERE source_sha256 = ?", [digest]):
        return None
    xform = to_xform(table, file_name)
    form = _compiled(xform)
    _check_entities(file_name, form)
    if store.row("SELECT 1 FROM form WHERE form_id = ? AND version = ?", [form.form_id, form.version]):
        raise Conflict("forms.version_frozen", file=file_name, version=form.version)
    summary = FormSummary(form.form_id, form.version, titles(form), _dataset(form))
    with store.act(actor.person_id, "form.publish", "form", form.form_id, version=form.version) as tx:
        tx.insert(
            "form",
            {
                "form_id": form.form_id,
                "version": form.version,
                "titles": json.dumps(summary.titles, ensure_ascii=False),
                "dataset": summary.dataset,
                "xform": xform,
                "source_sha256": digest,
                "published_at": tx.at,
                "published_by": actor.person_id,
            },
        )
    return summary


def _check_entities(file_name: str, form: xforms.Form) -> None:
    """A form may create one entity of a dataset that this site has; what else ODK Entities allow is not built yet."""
    datasets = [declared.dataset for declared in form.entities]
    known = sorted(entities.NUMBER_PREFIX)
    if any(dataset not in known for dataset in datasets):
        raise BadInput("forms.dataset", file=file_name, dataset=datasets[0], known=", ".join(known))
    if len(datasets) > 1 or any(declared.update or _repeated(form, declared.ref) for declared in form.entities):
        raise BadInput("forms.entities", file=file_name)


def _repeated(form: xforms.Form, ref: str) -> bool:
    return any(node.repeat and ref.startswith(f"{node.ref}/") for node in form.nodes.values())


def read(file_name: str, table: bytes) -> xforms.Form:
    """An XLSForm, read and checked. Raises FormError with all that is wrong."""
    return _compiled(to_xform(table, file_name))


def fillable(store: Store, actor: Person) -> list[FormSummary]:
    """The newest version of every form, for people who may fill in forms."""
    if not permissions.may(actor, "form.fill"):
        return []
    rows = store.rows(
        "SELECT * FROM form WHERE published_at = "
        "(SELECT max(published_at) FROM form AS newer WHERE newer.form_id = form.form_id) "
        "ORDER BY dataset IS NULL, form_id"
    )
    return [FormSummary(row["form_id"], row["version"], json.loads(row["titles"]), row["dataset"]) for row in rows]


def titles_of(store: Store) -> dict[str, dict[str, str]]:
    """The titles of every form's newest version: form id → language → title."""
    rows = store.rows("SELECT form_id, titles FROM form ORDER BY published_at")
    return {row["form_id"]: json.loads(row["titles"]) for row in rows}


def load(store: Store, form_id: str, version: str | None = None) -> xforms.Form:
    """A published form, the newest version unless one is given. Raises NotFound."""
    row = find(store, form_id, version)
    return _compiled(row["xform"])


def warm(store: Store) -> None:
    """Compile the newest version of every form, and work out its first choices, for this process and its forks."""
    for form_id in titles_of(store):
        session(store, load(store, form_id), {})


def find(store: Store, form_id: str, version: str | None = None) -> Row:
    """The row of a published form. Raises NotFound."""
    row = store.row(
        "SELECT * FROM form WHERE form_id = ? AND (?2 IS NULL OR version = ?2) ORDER BY published_at DESC LIMIT 1",
        [form_id, version],
    )
    if row is None:
        raise NotFound("forms.unknown", form=form_id[:80])
    return row


def session(
    store: Store, form: xforms.Form, instance: Mapping[str, Any], *, language: str | None = None
) -> xforms.Session:
    """A session of the engine over a draft or record, with this site's formats and zone; an empty one starts afresh."""
    return xforms.Session(form, instance or None, language=language, formats=FORMATS, zone=store.site.zone)


def titles(form: xforms.Form) -> dict[str, str]:
    """The form's title in each of its languages. XLSForm has room for one title: ours gives all, with ` | ` between."""
    parts = [part.strip() for part in form.title.split("|")]
    return {language: parts[min(index, len(parts) - 1)] for index, language in enumerate(form.languages or ("zh-CN",))}


@lru_cache(maxsize=32)
def _compiled(xform: str) -> xforms.Form:
    return xforms.load(xform, attachments=_code_lists())


def _code_lists() -> dict[str, bytes]:
    return {f"{name}.csv": codelists.load(name).choices_csv() for name in codelists.names()}


def _dataset(form: xforms.Form) -> str | None:
    return form.entities[0].dataset if form.entities else None
