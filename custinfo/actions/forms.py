"""Forms: published from the tables in `forms/`, frozen by version."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from custinfo import xforms
from custinfo.access import permissions, visibility
from custinfo.actions import entity_lists, quotas, rule_lists, sealing
from custinfo.actions.formats import FORMATS
from custinfo.domain import codelists, datasets
from custinfo.domain.clock import parse, utc_now
from custinfo.domain.errors import BadInput, Conflict, NotAllowed, NotFound
from custinfo.domain.people import Audience, Person
from custinfo.store import Store
from custinfo.store.database import Row
from custinfo.xforms import form_check
from custinfo.xforms.last_saved import LAST_SAVED

FORMS = Path(__file__).parents[2] / "forms"
SUFFIXES = (".md", ".xlsx", ".xls", ".csv")
DATASET_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")


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


def publish(
    store: Store, actor: Person, file_name: str, table: bytes, attachments: Mapping[str, bytes] | None = None,
    proposal_id: str | None = None, check_now: Callable[[], None] = lambda: None,
) -> FormSummary | None:  # fmt: skip
    """Publish one XLSForm or XForm with its own files; None when this very table is published already.

    `check_now` is called within the transaction, and raises when the form may not be published as things stand.

    Raises FormError for a form with mistakes, and Conflict when the table changed but its version did not: answers are
    tied to their version for ever, so a published version never changes.
    """
    permissions.check(actor, "form.publish")
    own = dict(attachments or {})
    digest = source_digest(table, own)
    if is_published(store, table, own):
        return None
    form, xform = check(file_name, table, own, store).sound()
    _check_entities(file_name, form)
    _check_assessed(store, form)
    summary = FormSummary(form.form_id, form.version, titles(form), _dataset(form))
    with store.act(actor.person_id, "form.publish", "form", form.form_id, version=form.version) as tx:
        if store.row("SELECT 1 FROM form WHERE form_id = ? AND version = ?", [form.form_id, form.version]):
            raise Conflict("forms.version_frozen", file=file_name, version=form.version)
        check_now()
        if proposal_id is not None:
            ended = {"state": "published", "ended_at": tx.at, "ended_by": actor.person_id}
            tx.update("form_proposal", proposal_id, ended)
        tx.insert(
            "form",
            {
                "form_id": form.form_id,
                "version": form.version,
                "titles": json.dumps(summary.titles, ensure_ascii=False),
                "dataset": summary.dataset,
                "xform": xform,
                "source_sha256": digest,
                "audience": form.root.attributes.get("audience") or Audience.FIELD,
                "published_at": tx.at,
                "published_by": actor.person_id,
                "proposal_id": proposal_id,
            },
        )
        key = {"form_id": form.form_id, "version": form.version}
        tx.insert_all("form_file", [{**key, "name": name, "content": content} for name, content in own.items()])
    return summary


def is_published(store: Store, table: bytes, attachments: Mapping[str, bytes]) -> bool:
    """Whether this very form file, with these files beside it, is published already."""
    digest = source_digest(table, attachments)
    return store.row("SELECT 1 FROM form WHERE source_sha256 = ?", [digest]) is not None


def source_digest(table: bytes, attachments: Mapping[str, bytes]) -> str:
    """What tells one form file with its attachments from another."""
    digest = hashlib.sha256(table)
    for name, content in sorted(attachments.items()):
        digest.update(f"\n{name}\n".encode() + hashlib.sha256(content).digest())
    return digest.hexdigest()


def _check_entities(file_name: str, form: xforms.Form) -> None:
    """A dataset's name begins the numbers of its entities: it is a plain word. What is due is found by `due_on`."""
    for declared in form.entities:
        if not DATASET_NAME.fullmatch(declared.dataset):
            raise BadInput("forms.dataset", file=file_name, dataset=declared.dataset[:80])
        if declared.properties.get("due_on") in form.secret:
            raise BadInput("forms.due_sealed", file=file_name)


def _check_assessed(store: Store, form: xforms.Form) -> None:
    """A form about sensitive data is published only with an approved impact assessment."""
    from custinfo.actions import impact_assessments  # reads entities, whose cards are forms

    impact_assessments.check_publishable(store, form)


def check(
    file_name: str, table: bytes, attachments: Mapping[str, bytes] | None = None, store: Store | None = None
) -> form_check.Checked:
    """All errors and warnings of a form file, each with its place. Lists may also come from the site's datasets."""
    known = set(datasets.shipped())
    if store is not None:
        known |= {str(row["dataset"]) for row in store.rows("SELECT DISTINCT dataset FROM entity")}
    own = (*rule_lists.of_day(utc_now().date()), *sorted((attachments or {}).items()))
    return _checked(file_name, table, own, tuple(sorted(known)))


@lru_cache(maxsize=64)
def _checked(
    file_name: str, table: bytes, own: tuple[tuple[str, bytes], ...], live: tuple[str, ...]
) -> form_check.Checked:
    return form_check.check(table, file_name, {**_code_lists(), **dict(own)}, live=[f"{name}.csv" for name in live])


def read(
    file_name: str, table: bytes, attachments: Mapping[str, bytes] | None = None, store: Store | None = None
) -> xforms.Form:
    """An XLSForm or XForm, read and checked. Raises FormError with all that is wrong."""
    form, _ = check(file_name, table, attachments, store).sound()
    _check_entities(file_name, form)
    return form


def fillable(store: Store, actor: Person) -> list[FormSummary]:
    """The newest version of every form, for people who may fill in forms."""
    if not permissions.may(actor, "form.fill"):
        return []
    rows = store.rows(
        "SELECT * FROM form WHERE published_at = "
        "(SELECT max(published_at) FROM form AS newer WHERE newer.form_id = form.form_id) "
        "AND form_id NOT IN (SELECT form_id FROM form_closing) ORDER BY dataset IS NULL, form_id"
    )
    return [
        FormSummary(row["form_id"], row["version"], json.loads(row["titles"]), row["dataset"])
        for row in rows
        if Audience(row["audience"]) in visibility.audiences(actor)
    ]


def check_audience(actor: Person, form_row: Row) -> None:
    """Raises NotAllowed when the form is not for the person's work."""
    if Audience(form_row["audience"]) not in visibility.audiences(actor):
        raise NotAllowed("access.audience")


def titles_of(store: Store) -> dict[str, dict[str, str]]:
    """The titles of every form's newest version: form id → language → title."""
    rows = store.rows("SELECT form_id, titles FROM form ORDER BY published_at")
    return {row["form_id"]: json.loads(row["titles"]) for row in rows}


@dataclass(frozen=True)
class VersionLine:
    """A published version of a form."""

    version: str
    published_at: datetime


def versions(store: Store, form_id: str) -> list[VersionLine]:
    """The published versions of a form, newest first."""
    rows = store.rows("SELECT version, published_at FROM form WHERE form_id = ? ORDER BY published_at DESC", [form_id])
    return [VersionLine(row["version"], parse(row["published_at"])) for row in rows]


def closed(store: Store, form_id: str) -> bool:
    """Whether the form takes no new records any more."""
    return store.row("SELECT 1 FROM form_closing WHERE form_id = ?", [form_id]) is not None


def double_entry(form: xforms.Form) -> str | None:
    """`blind` or `open` where the form's settings ask for a second entry (`attribute::custinfo:double_entry`)."""
    return form.root.attributes.get("double_entry") or None


def procedure(form: xforms.Form) -> str | None:
    """By which procedure its records are approved (`attribute::custinfo:procedure`), if by any."""
    return form.root.attributes.get("procedure") or None


def is_survey(form: xforms.Form) -> bool:
    """Whether its answers are counted in tables of surveys (`attribute::custinfo:survey`)."""
    return form.root.attributes.get("survey") == "yes"


def decided_in(form: xforms.Form) -> str:
    """The question that says which department decides on its records (`attribute::custinfo:decided_in`): its name;
    blank where that is the department of who fills it in.
    """
    return form.root.attributes.get("decided_in") or ""


def load(store: Store, form_id: str, version: str | None = None) -> xforms.Form:
    """A published form, the newest version unless one is given, with the lists of today's rules. Raises NotFound."""
    row = find(store, form_id, version)
    today = utc_now().astimezone(store.site.zone).date()
    return _compiled(row["xform"], (*rule_lists.of_day(today), *files_of(store, form_id, row["version"])))


def files_of(store: Store, form_id: str, version: str) -> tuple[tuple[str, bytes], ...]:
    """The files that came with a published version: choice lists, pictures. As (name, content), by name."""
    rows = store.rows(
        "SELECT name, content FROM form_file WHERE form_id = ? AND version = ? ORDER BY name", [form_id, version]
    )
    return tuple((row["name"], row["content"]) for row in rows)


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
        _check_known(store, form_id, version)
        raise NotFound("forms.unknown", form=form_id[:80])
    return row


def _check_known(store: Store, form_id: str, version: str | None) -> None:
    known = ", ".join(one.version for one in versions(store, form_id)[:20])
    if known:
        raise NotFound("forms.unknown_version", form=form_id[:80], version=str(version)[:40], known=known)


def session(
    store: Store, form: xforms.Form, instance: Mapping[str, Any], *, language: str | None = None,
    actor: Person | None = None, record_id: str | None = None, reader: Person | None = None,
) -> xforms.Session:  # fmt: skip
    """A session of the engine over a draft or record, with this site's formats and zone; an empty one starts afresh.

    `actor` is who fills it in: what they recorded last, and the lists that they may see. `record_id` is the record that
    is being edited: it does not count against the form's quotas. `reader` is to whom it is only shown: the texts of a
    session say nothing that the actor or reader is not cleared for. In a `language` that the form does not speak it
    speaks its default one.
    """
    person = actor or reader
    spoken = language if language in form.languages else None
    return xforms.Session(
        form, instance or None, language=spoken, formats=FORMATS, zone=store.site.zone,
        lists=entity_lists.rows(store, form, actor) if form.live else None,
        counts=quotas.counts(store, form, without=record_id) if form.quotas else None,
        last_saved=_last_saved(store, form, actor),
        sees=None if person is None else partial(visibility.sees, person),
    )  # fmt: skip


def _last_saved(store: Store, form: xforms.Form, actor: Person | None) -> dict[str, Any] | None:
    """What the same person recorded last with this form, where the form asks for it (`${last-saved#name}`)."""
    if actor is None or LAST_SAVED not in form.instances:
        return None
    row = store.row(
        "SELECT record_id, version, content FROM record_version JOIN record USING (record_id) "
        "WHERE form_id = ? AND recorded_by = ? "
        "ORDER BY seq DESC LIMIT 1",
        [form.form_id, actor.person_id],
    )
    if row is None:
        return None
    return sealing.opened_values(store, "record_version", row["record_id"], row["version"], row["content"])


def titles(form: xforms.Form) -> dict[str, str]:
    """The form's title in each of its languages. XLSForm has room for one title: ours gives all, with ` | ` between."""
    parts = [part.strip() for part in form.title.split("|")]
    return {language: parts[min(index, len(parts) - 1)] for index, language in enumerate(form.languages or ("zh-CN",))}


@lru_cache(maxsize=64)
def _compiled(xform: str, own: tuple[tuple[str, bytes], ...] = ()) -> xforms.Form:
    return xforms.load(xform, attachments={**_code_lists(), **dict(own)})


def _code_lists() -> dict[str, bytes]:
    return {f"{name}.csv": codelists.load(name).choices_csv() for name in codelists.names()}


def _dataset(form: xforms.Form) -> str | None:
    """What a submission makes or changes first of all: the entity of the record itself before those in repeats."""
    by_depth = sorted(form.entities, key=lambda declared: declared.ref.count("/"))
    return by_depth[0].dataset if by_depth else None
