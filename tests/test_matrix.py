"""Every page and export × role × level × scope, compared with `tests/matrix.toml`, a table that was written by hand.

`python -m pytest tests/test_matrix.py` is the whole of it.
"""

import importlib
import json
import re
import tomllib
from pathlib import Path

import pytest

from custinfo import exchange, lake
from custinfo.access import permissions
from custinfo.actions import access_requests, approvals, form_exports, form_life, sessions
from custinfo.actions import lake as lake_actions
from custinfo.domain.errors import CustinfoError
from custinfo.domain.people import SERVICE, Role
from custinfo.domain.sensitivity import Level
from custinfo.screens import explorer, showing
from custinfo.screens.context import Page
from custinfo.server import handlers, launcher
from tests import small_forms
from tests.factories import account, site_with_forms
from tests.readable import text_of
from tests.screens.conftest import Browser
from tests.test_access import LETTERS

pytestmark = pytest.mark.guarantee("matrix")
TABLE = tomllib.loads((Path(__file__).parent / "matrix.toml").read_text("utf-8"))
ROUTES = re.findall(
    r'\(r"(/[^"]*)", PageHandler, \{"notebook": "(\w+)"\}\)', Path(launcher.__file__).read_text("utf-8")
)
SCREENS = {
    re.sub(r"\(.*\)", "…", route): re.search(
        r"import (\w+)", (Path(launcher.__file__).parents[2] / "forms" / f"{notebook}.ipynb").read_text("utf-8")
    )[1]
    for route, notebook in ROUTES
}
ANALYSTS = {
    "/segments",
    "/abc",
    "/value",
    "/clusters",
    "/demands",
    "/quality",
    "/matches",
    "/survey-tables",
    "/credit-analysis",
}
"""Pages of the lake, which have no sheet."""
SAID = {1: "secret-1-answer", 2: "ordinary-2-answer", 3: "public-3-answer"}
SHOWN = {1: "sec****swer", 2: SAID[2], 3: SAID[3]}
"""What a page shows of each: the most secret one masked."""
LEVELS = f"""
| survey |
| | type | name | label | save_to | bind::custinfo:level |
| | text | shop | Name of the shop | title | 3 |
| | text | one | One | | 1 |
| | text | two | Two | | 2 |
| | text | three | Three | | 3 |
| entities |
| | list_name | label |
| | customers | ${{shop}} |
| settings |
| | form_title | form_id | version | namespaces |
| | Levels | levels | 1 | {small_forms.NAMESPACE} |
"""


class World:
    """A small site: two departments with a customer each, and everybody by role and clearance."""

    def __init__(self, store):
        self.store = store
        small_forms.publish(store, LEVELS)
        self.own = self._made(account(store), "南店")
        self.other = self._made(account(store, department="华东部"), "东店")
        self.people = {
            (letter, level): account(store, role, clearance=level)
            for letter, role in LETTERS.items()
            for level in Level
        }
        with store.act("test", "test.hand_over", "record", self.own.record_id) as tx:
            for level in Level:  # a researcher reads what they recorded or took over, and nothing else
                row = {"record_id": self.own.record_id, "person_id": self.people["R", level].person_id}
                tx.insert("record_handover", {**row, "at": tx.at, "by": "test"})
        self.proposal = form_life.propose(
            store, self.people["R", Level.SECRET], "call.md", small_forms.CALL.encode()
        ).proposal_id
        somebody = account(store, Role.SUPERVISOR)
        request = access_requests.ask(store, somebody, somebody.person_id, role=Role.ANALYST, reason="x")
        self.case = approvals.of(store, access_requests.KIND, request).case_id
        self.person = somebody.person_id
        lake_actions.publish(store, SERVICE)

    def _made(self, researcher, name):
        answers = {"/data/shop": name, "/data/one": SAID[1], "/data/two": SAID[2], "/data/three": SAID[3]}
        store = self.store
        return small_forms.send(store, researcher, small_forms.fill(store, researcher, "levels", answers))

    def address(self, path, of):
        """The address of a page about what `of` made."""
        places = {
            "/form/…": "/form/levels", "/customer/…": f"/customer/{of.entities[0].entity_id}",
            "/credit/…": f"/credit/{of.entities[0].entity_id}",
            "/record/…": f"/record/{of.record_id}", "/forms/…": "/forms/levels", "/print/…": "/print/levels",
            "/proposal/…": f"/proposal/{self.proposal}", "/case/…": f"/case/{self.case}",
            "/person/…": f"/person/{self.person}",
        }  # fmt: skip
        return places.get(path, path.replace("…", "0123456789abcdef"))

    def told(self, path, letter, level=Level.SECRET, of=None):
        """What the page tells the person, as a browser hears it; None where it does not open."""
        of = of or self.own
        session = sessions.vouched(self.store, self.people[letter, level].login_name)
        query = {"record": of.record_id} if path == "/print/…" else {}
        page = Page(self.store, self.store.site, session, "en", self.address(path, of), query)
        screen = importlib.import_module(f"custinfo.screens.{SCREENS[path]}")
        if path in ANALYSTS:
            return self._segments(screen, page)
        answer = Browser(showing.screen(page, screen.build)).send(kind="hello")
        blocks = answer.get("blocks") or [{}]
        notice = answer["kind"] == "sheet" and len(blocks) == 1 and blocks[0].get("type") == "empty"
        return None if notice or answer["kind"] not in ("sheet", "page") else json.dumps(answer, ensure_ascii=False)

    def _segments(self, screen, page):
        try:
            return repr(explorer.page(screen.SCREEN, page))
        except permissions.Missing:
            return None

    def exported(self, letter, level):
        """All that the exports of records give the person; None where there are none for them."""
        return self.exported_of(self.people[letter, level], "levels")

    def exported_of(self, actor, form_id):
        """All that the exports of a form give somebody; None where there are none for them."""
        parts = []
        for name in (*exchange.EXPORTS, form_exports.AUDIT):
            try:
                made = form_exports.export(self.store, actor, form_id, name, language="en")
            except CustinfoError:
                continue
            parts.append(made.file_name + text_of(made.data))
        return "\n".join(parts) or None


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with site_with_forms(tmp_path_factory.mktemp("matrix") / "site") as opened:
        yield World(opened)


def test_every_route_and_menu_entry_stands_in_the_table():
    assert set(TABLE["pages"]) == set(SCREENS)
    for address, _, permission in handlers.MENU:
        may = TABLE["permissions"][permission] if permission else "RSHIAMUYX"
        opens = TABLE["pages"][address]
        assert all(letter in opens for letter in may if letter != "-"), f"{address} is offered to who may not open it"


@pytest.mark.parametrize("letter", LETTERS)
@pytest.mark.parametrize("path", TABLE["pages"])
def test_a_page_opens_for_whom_the_table_says(world, path, letter):
    assert (world.told(path, letter) is not None) == (letter in TABLE["pages"][path])


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("letter", LETTERS)
@pytest.mark.parametrize("path", ["/customer/…", "/record/…", "/print/…"])
def test_answers_are_shown_down_to_the_level_that_the_table_says(world, path, letter, level):
    told = world.told(path, letter, level)
    if letter not in TABLE["pages"][path]:
        assert told is None
        return
    least = int(TABLE["answers"][letter][level - 1])
    assert {of for of, words in SHOWN.items() if words in told} == {of for of in SHOWN if of >= least}
    assert SAID[1] not in told


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("letter", LETTERS)
def test_an_export_holds_the_levels_and_customers_that_the_table_says(world, letter, level):
    told = world.exported(letter, level)
    if letter not in TABLE["permissions"]["record.export"]:
        assert told is None
        return
    least = int(TABLE["answers"][letter][level - 1])
    assert {of for of, words in SAID.items() if words in told} == {of for of in SAID if of >= least}
    assert "南店" in told
    assert ("东店" in told) == (letter in TABLE["other_department"]["export"])


@pytest.mark.parametrize("letter", LETTERS)
@pytest.mark.parametrize("path", [path for path in TABLE["other_department"] if path.startswith("/")])
def test_another_departments_customer_is_there_for_whom_the_table_says(world, path, letter):
    told = world.told(path, letter, of=world.other) or ""
    assert ("东店" in told) == (letter in TABLE["other_department"][path])
    if letter in "SHIM" and path in ("/customers", "/records"):
        assert "南店" in told


def test_the_lake_holds_no_answer_at_all(world):
    told = repr(lake.open(world.store.site).customers.to_pyarrow().to_pylist())
    assert not any(words in told for words in (*SAID.values(), "南店", "东店"))
