"""Put an issue forward in a process of its own: building takes longer than a page may be silent.

A page starts it and goes on; how far it is stands in `run/put-forward-<issue>.json` of the site, for whoever looks
next: the process while it runs, what was wrong when it ended without success. Once it is done the file is gone.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from custinfo.actions import people
from custinfo.domain.errors import CustinfoError, NotFound
from custinfo.domain.messages import LANGUAGES, text
from custinfo.domain.people import Person
from custinfo.store import Store
from custinfo.store.site import Site

NOT_FOR_ITS_CHILD = ("JPY_PARENT_PID",)
"""What a kernel's environment says of that kernel's own parent."""


@dataclass(frozen=True)
class Standing:
    """A putting forward that is not done: whether it `runs`, and if not, what was wrong, by language."""

    runs: bool
    said: Mapping[str, str]


def start(site: Site, actor: Person, issue_id: str) -> "subprocess.Popen[bytes]":
    """Begin to build and put forward, as that person; gives the process. What it may, is decided there anew."""
    process = run(__name__, str(site.home), actor.login_name, issue_id)
    _write(_file(site, issue_id), {"pid": process.pid})
    return process


def run(module: str, *given: str) -> "subprocess.Popen[bytes]":
    """Run a module of this program in a process that goes on when the page is closed; gives the process."""
    environment = {name: value for name, value in os.environ.items() if name not in NOT_FOR_ITS_CHILD}
    return subprocess.Popen(  # noqa: S603  # our own module, our own interpreter
        [sys.executable, "-P", "-m", module, *given], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, env=environment, start_new_session=True,
    )  # fmt: skip


def standing(site: Site, issue_id: str) -> Standing | None:
    """How far it is; None when nothing runs and nothing went wrong."""
    return told(_file(site, issue_id))


def told(file: Path) -> Standing | None:
    """What a file says of the process that wrote it: None without one; a process that died said nothing else."""
    try:
        said = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    if "said" in said:
        return Standing(False, said["said"])
    if _is_alive(said["pid"]):
        return Standing(True, {})
    return Standing(False, {language: text("reports.apart", language) for language in LANGUAGES})


def main(home: str, login_name: str, issue_id: str) -> int:
    """Put the issue forward. Status 1, and what was wrong in the file, when it could not be."""
    from custinfo.reports import issuing

    site = Site.load(Path(home))
    file = _file(site, issue_id)
    _write(file, {"pid": os.getpid()})
    try:
        with Store.open(site) as store:
            actor = people.by_login_name(store, login_name)
            if actor is None:
                raise NotFound("cli.no_person", name=login_name[:64])
            issuing.put_forward(store, actor, issue_id)
    except CustinfoError as fault:
        _write(file, {"said": {language: fault.text(language) for language in LANGUAGES}})
        return 1
    file.unlink(missing_ok=True)
    return 0


def _file(site: Site, issue_id: str) -> Path:
    return site.home / "run" / f"put-forward-{issue_id}.json"


def _write(file: Path, told: Mapping[str, object]) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(told, ensure_ascii=False), "utf-8")


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
