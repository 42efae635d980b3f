"""25 people entering at once on this machine for ten minutes: row = audit event = what was acknowledged."""

import asyncio
import hashlib
import sys
from collections.abc import Callable
from pathlib import Path

from custinfo.actions import drafts, people
from custinfo.store import Site, Store
from custinfo.xforms.refs import flat
from tests.factories import account, site_with_forms
from tests.server.site_server import served
from tests.soak import crowd
from tests.soak.crowd import Seen

PEOPLE = 25
SECONDS = 600.0


def entered(folder: Path, *, people: int = PEOPLE, seconds: float = SECONDS, rounds: int | None = None) -> list[Seen]:
    """Serve a site in `folder` to so many people; gives what each saw. The server has ended when this returns."""
    with site_with_forms(folder / "site") as store:
        names = [account(store, login_name=f"clerk{number:02d}").login_name for number in range(people)]
    with served(folder / "site") as running:
        return asyncio.run(_crowd(running.base_url, names, seconds, rounds))


async def _crowd(base_url: str, names: list[str], seconds: float, rounds: int | None) -> list[Seen]:
    until = asyncio.get_running_loop().time() + seconds
    seen = [Seen() for _ in names]
    await asyncio.gather(
        *(
            crowd.person(base_url, name, rounds, until, one, number)
            for number, (name, one) in enumerate(zip(names, seen, strict=True))
        )
    )
    return seen


def faults(home: Path, seen: list[Seen]) -> list[str]:
    """What was lost, counted twice, or said in anger by the server."""
    submitted = [draft for one in seen for draft in one.submitted]
    with Store.open(Site.load(home)) as store:
        keys = {row["submission_key"] for row in store.rows("SELECT submission_key FROM record_version")}
        once = "action = 'record.submit' AND detail NOT LIKE '%\"repeated\"%'"
        events = store.rows(f"SELECT count(*) AS n FROM audit WHERE {once}")
        found = [trouble for one in seen for trouble in one.troubles]
        found += [f"lost: {draft}" for draft in submitted if _key(draft) not in keys]
        submitted += [draft for one in seen for draft in one.unsure if _key(draft) in keys]
        if len(keys) != len(submitted):
            found.append(f"{len(keys)} rows for {len(submitted)} submissions")
        if events[0]["n"] != len(submitted):
            found.append(f"{events[0]['n']} audit events for {len(submitted)} submissions")
        for number, one in enumerate(seen):
            found += _lost_answers(store, f"clerk{number:02d}", one)
    log = (home / "server.log").read_text("utf-8")
    return found + [line for line in log.splitlines() if "locked" in line or "Traceback" in line]


def _key(draft: str) -> str:
    return hashlib.sha256(f"submission of {draft}".encode()).hexdigest()


def _lost_answers(store: Store, login_name: str, seen: Seen) -> list[str]:
    person = people.by_login_name(store, login_name)
    assert person is not None
    lost = []
    for draft_id, given in seen.left.items():
        kept = flat(drafts.open_(store, person, draft_id).instance, "/data")
        lost += [f"lost: {draft_id} {ref}" for ref, value in given.items() if kept.get(ref) != value]
    return lost


def ten_minutes(folder: Path) -> tuple[int, int]:
    """The whole load."""
    seen = entered(folder)
    wrong = faults(folder / "site", seen)
    waited = [slow for one in seen for slow in one.waited]
    print("\n".join(wrong[:20] + waited[:5]), f"{len(waited)} times somebody gave up waiting", file=sys.stderr)
    return sum(len(one.submitted) + len(one.left) for one in seen), len(wrong)


SWEEPS: dict[str, Callable[[Path], tuple[int, int]]] = {"25_people_ten_minutes": ten_minutes}
