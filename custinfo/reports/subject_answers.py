"""The answer to somebody who wants to see, copy or move their data, as one zip; see `actions.subject_data`.

`data.json` is for programs (its `format` names the shape), `data.html` for people and loads nothing, files lie beside.
It is built anew each time and never kept: the request and the register of exports keep the SHA-256.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from custinfo.actions import notices, subject_data, subject_requests
from custinfo.domain import consent
from custinfo.domain.clock import stamp, utc_now
from custinfo.domain.messages import text
from custinfo.domain.people import Person
from custinfo.store import Store
from custinfo.store.database import Row

FORMAT = "custinfo-subject-access/1"
MEDIA_TYPE = "application/zip"
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Package:
    """What the person is given. `counts`: records, consents and files in it."""

    file_name: str
    data: bytes
    sha256: str
    counts: Mapping[str, int]


def release(store: Store, actor: Person, request_id: str, note: str, *, language: str) -> Package:
    """Build the answer to a verified request, close the request with it, and register that it left.

    Raises as `subject_requests.to_package`: NotAllowed for who is not cleared or verified the identity themselves.
    """
    row = subject_requests.to_package(store, actor, request_id)
    package = build(store, row, language, utc_now())
    subject_requests.give_package(store, actor, request_id, note, package.data, package.counts)
    return package


def build(store: Store, request: Row, language: str, made_at: datetime) -> Package:
    """The zip for a request. The same store and moment give the same bytes."""
    gathered = subject_data.gather(store, request["entity_id"], language)
    notice = notices.find(store, consent.NOTICE)
    head = {
        "format": FORMAT, "request": request["number"], "made_at": stamp(made_at), "from": store.site.name,
        "notice": {"version": notice.version, "text": notice.texts[language]},
    }  # fmt: skip
    data = {**head, **gathered.data}
    files = {f"files/{name}": content for name, content in sorted(gathered.files.items())}
    written = {
        "data.json": json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True).encode(),
        "data.html": page(data, language),
        **files,
    }
    zipped = _zip(written)
    counts = {"records": len(data["records"]), "consents": len(data["consents"]), "files": len(files)}
    return Package(f"{request['number']}.zip", zipped, hashlib.sha256(zipped).hexdigest(), counts)


def page(data: Mapping[str, Any], language: str) -> bytes:
    """The answer for a reader, as one HTML file that loads nothing."""
    from custinfo.reports.html import template  # jinja2: not in the process that pages are forked from

    said = lambda key, **facts: text(f"privacy.answer.{key}", language, **facts)  # noqa: E731 - a name for the template
    purposes = {row["purpose"]: row["title"] for row in data["purposes"]}
    shown = template("subject_answer.html.j2").render(
        d=data, language=language, say=said, purposes=purposes, of=lambda key: text(f"privacy.{key}", language),
        word=lambda key: text(f"studies.{key}", language),
    )  # fmt: skip
    return shown.encode()


def _zip(written: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in written.items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()
