"""Reports that somebody builds for themselves: in a process of its own, into a folder that is theirs
alone, `reports/own/<person>/<number>/`, and with a mark that it was not issued.
"""

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from custinfo.actions import people, report_own
from custinfo.domain import clock
from custinfo.domain.errors import BadInput, Conflict, CustinfoError, NotFound
from custinfo.domain.messages import LANGUAGES, text
from custinfo.domain.people import Person
from custinfo.reports import apart
from custinfo.store import Store
from custinfo.store.site import Site

ORDER, STANDING, MARK = "order.json", "standing.json", "not_issued.json"
ENDINGS = (".pdf", ".html", ".xlsx", ".docx")
MOST = 10
"""Reports that somebody keeps; what is wanted for longer is issued."""
NUMBER = re.compile(r"[0-9a-f]{12}", re.ASCII)


@dataclass(frozen=True)
class Own:
    """A report that was asked for. `runs` while it is built; `said` by language what went wrong; `files` there are."""

    number: str
    name: str
    period: str
    as_of: datetime
    language: str
    asked_at: datetime
    runs: bool
    said: Mapping[str, str]
    files: tuple[str, ...]


def start(
    store: Store, actor: Person, name: str, period: str, as_of: str | None, language: str
) -> "subprocess.Popen[bytes]":  # fmt: skip
    """Begin to build a report for the actor alone; gives the process.

    Raises NotAllowed, NotFound, BadInput as `build.build` does, Conflict while another of theirs is being built or when
    they keep as many as there can be.
    """
    from custinfo.reports import build

    report_own.check(actor, name)
    kept = listed(store.site, actor)
    if any(one.runs for one in kept):
        raise Conflict("report_own.one_at_a_time")
    if len(kept) >= MOST:
        raise Conflict("report_own.too_many", most=MOST)
    order = build.ordered(store.site, name, {"period": period, "as_of": as_of, "language": language})
    report_own.record_asked(store, actor, name, str(order.period))
    number = secrets.token_hex(6)
    folder = report_own.folder(store.site, actor.person_id) / number
    folder.mkdir(parents=True)
    told = {"name": name, "period": str(order.period), "as_of": clock.stamp(order.as_of), "language": language}
    _write(folder / ORDER, told | {"asked_at": clock.stamp(clock.utc_now())})
    _write(folder / STANDING, {"pid": os.getpid()})  # until the process says its own
    return apart.run(__name__, str(store.site.home), actor.login_name, number)


def listed(site: Site, actor: Person) -> list[Own]:
    """What somebody had built for themselves, the newest first."""
    folder = report_own.folder(site, actor.person_id)
    found = [_read(one) for one in folder.iterdir() if (one / ORDER).is_file()] if folder.is_dir() else []
    return sorted(found, key=lambda one: (one.asked_at, one.number), reverse=True)


def take(store: Store, actor: Person, number: str, file: str) -> bytes:
    """A file of theirs, on the register of exports. Raises NotAllowed, NotFound."""
    found = _find(store.site, actor, number)
    if file not in found.files:
        raise NotFound("report_own.unknown")
    content = (report_own.folder(store.site, actor.person_id) / found.number / file).read_bytes()
    report_own.register_taken(store, actor, found.name, found.period, file.rpartition(".")[2], content)
    return content


def remove(site: Site, actor: Person, number: str) -> None:
    """Throw one of theirs away. Raises NotFound, Conflict while it is being built."""
    found = _find(site, actor, number)
    if found.runs:
        raise Conflict("report_own.one_at_a_time")
    shutil.rmtree(report_own.folder(site, actor.person_id) / found.number)


def mark(folder: Path | None, language: str) -> str:
    """What stands on a report that is built into `folder`: that it was not issued; blank for any other."""
    return text("report_own.not_issued", language) if folder is not None and (folder / MARK).exists() else ""


def main(home: str, login_name: str, number: str) -> int:
    """Build what was asked for, as that person; what may be built is decided anew. Status 1, and what was wrong in its
    folder, when it could not be.
    """
    site = Site.load(Path(home))
    with Store.open(site) as store:
        actor = people.by_login_name(store, login_name)
        if actor is None:
            raise NotFound("cli.no_person", name=login_name[:64])
        found = _find(site, actor, number)
        folder = report_own.folder(site, actor.person_id) / found.number
        _write(folder / STANDING, {"pid": os.getpid()})
        try:
            report_own.check(actor, found.name)
            _build(site, found, folder)
        except CustinfoError as fault:
            _write(folder / STANDING, {"said": {language: fault.text(language) for language in LANGUAGES}})
            return 1
    (folder / STANDING).unlink()
    return 0


def _build(site: Site, found: Own, folder: Path) -> None:
    """All of its files or none of them."""
    from custinfo.reports import build

    given: dict[str, str | None] = {
        "period": found.period, "as_of": clock.stamp(found.as_of), "language": found.language,
    }  # fmt: skip
    order = replace(build.ordered(site, found.name, given), beside={MARK: b"{}"})
    beside = folder / "building"
    beside.mkdir()
    try:
        build.run(site, order, beside)
        for file in beside.iterdir():
            if file.suffix in ENDINGS:
                file.rename(folder / file.name)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _read(folder: Path) -> Own:
    order = json.loads((folder / ORDER).read_text("utf-8"))
    standing = apart.told(folder / STANDING)
    files = sorted(one.name for one in folder.iterdir() if one.suffix in ENDINGS)
    return Own(
        folder.name, order["name"], order["period"], clock.parse(order["as_of"]), order["language"],
        clock.parse(order["asked_at"]), standing is not None and standing.runs, standing.said if standing else {},
        () if standing else tuple(files),
    )  # fmt: skip


def _find(site: Site, actor: Person, number: str) -> Own:
    folder = report_own.folder(site, actor.person_id) / number
    if not NUMBER.fullmatch(number) or not (folder / ORDER).is_file():
        raise NotFound("report_own.unknown")
    return _read(folder)


def moment(site: Site, given: str) -> str | None:
    """A moment of the site's zone, as a page's field has it, for a build; None for a blank one. Raises BadInput."""
    if not given:
        return None
    try:
        found = datetime.fromisoformat(given)
    except ValueError:
        raise BadInput("reports.as_of_wrong", given=given[:40]) from None
    return (found if found.tzinfo else found.replace(tzinfo=site.zone)).isoformat()


def _write(file: Path, told: Mapping[str, object]) -> None:
    file.write_text(json.dumps(told, ensure_ascii=False), "utf-8")


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main(*sys.argv[1:]))
