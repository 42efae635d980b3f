"""Every address of the server, tried in the same hostile ways; a new page is tried as soon as it is on the list."""

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from custinfo.domain.clock import stamp, utc_now
from custinfo.server import assets, headers, pages
from custinfo.server.launcher import PageServer
from custinfo.server.pages import PageHandler
from custinfo.store import Site, Store
from tests.server.kernel_protocol import ask, connect, custom_contents, listen, message, widget_ids
from tests.server.site_server import PASSWORD, RunningSite, post

PROJECT = Path(__file__).resolve().parents[2]
NO_KERNEL = "00000000-0000-0000-0000-000000000000"
SAMPLES = {"kernel_id": NO_KERNEL, "0": "0123456789ab", "1": "static/custinfo.css"}
FIRST = {"/account/([a-z-]+)": "password"}
ESCAPES = (
    "..%2f..%2f..%2f..%2fetc%2fpasswd",
    "%2e%2e",
    "..",
    "%00",
    "..%5c..%5cetc",
    "{period}",
    "a%0d%0aX-Injected:%20yes",
    "%ed%a0%80",
    "%E2%80%AEx",
    "x" * 3000,
    "store.db",
    "site.toml",
    "%252e%252e%252fetc%252fpasswd",
)
STATUSES = {200, 302, 400, 403, 404, 405, 414}


def routes() -> list[tuple[str, type]]:
    """Every pattern that the server answers, with its handler."""
    stand_in = SimpleNamespace(app=SimpleNamespace(settings={"custinfo_assets": None}))
    return [(entry[0], entry[1]) for entry in PageServer.init_handlers(stand_in)]


def address(pattern: str, value: str | None = None) -> str:
    """An address that the pattern takes, with `value` for what it leaves open."""
    groups = iter(re.finditer(r"\((?:\?P<(\w+)>)?(?:\(\?![^)]*\))?[^()]*\)", pattern))
    filled, last = "", 0
    for number, group in enumerate(groups):
        name = group[1] or str(number)
        filled += pattern[last : group.start()] + (
            value if value is not None else FIRST.get(pattern) or SAMPLES.get(name, "x")
        )
        last = group.end()
    return filled + pattern[last:]


OPEN = [(pattern, handler) for pattern, handler in routes() if "(" in pattern]


@pytest.fixture(scope="module")
def quick(serve: Callable[..., RunningSite], tmp_path_factory: pytest.TempPathFactory) -> RunningSite:
    """A server whose pages are all there and hold nothing: what is tried is the way to them."""
    import nbformat

    folder = tmp_path_factory.mktemp("quick")
    for entry in PageServer.init_handlers(SimpleNamespace(app=SimpleNamespace(settings={"custinfo_assets": None}))):
        if entry[1] is PageHandler:
            cell = nbformat.v4.new_code_cell("None", id="quick")
            nbformat.write(nbformat.v4.new_notebook(cells=[cell]), folder / f"{entry[2]['notebook']}.ipynb")
    return serve(folder)


def test_every_pattern_is_tried() -> None:
    for pattern, _ in routes():
        assert re.fullmatch(pattern, address(pattern)), pattern


# --- forged requests of other sites --------------------------------------------------------------------------------


@pytest.mark.guarantee("page-csrf")
def test_no_handler_changes_anything_without_the_token_of_a_page(quick: RunningSite) -> None:
    browser = quick.log_in("lin")
    before = state(quick)
    for pattern, _ in routes():
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            for told in ({}, {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}):
                answer = browser.request(
                    method, quick.base_url + address(pattern), data={"language": "en", "level": "3"}, headers=told,
                    allow_redirects=False,
                )  # fmt: skip
                assert answer.status_code in {403, 404, 405}, (method, pattern, told)
    assert state(quick) == before
    assert browser.get(f"{quick.base_url}/healthz?session").text != "none", "still logged in"


@pytest.mark.guarantee("page-csrf")
def test_a_token_of_another_browser_is_none(quick: RunningSite) -> None:
    lin, evil = quick.log_in("lin"), requests.Session()
    token = re.search(r'name="_xsrf" value="([^"]+)"', evil.get(f"{quick.base_url}/login").text)[1]
    answer = lin.post(f"{quick.base_url}/logout", data={"_xsrf": token}, allow_redirects=False)
    assert answer.status_code == 403
    assert lin.get(f"{quick.base_url}/healthz?session").text != "none"


def state(site: RunningSite) -> list[dict[str, object]]:
    with Store.open(Site.load(site.home)) as store:
        sessions = "SELECT session_id, ended_at, lowered_to FROM login_session ORDER BY session_id"
        return store.rows(sessions) + store.rows("SELECT person_id, password_hash, language FROM person")


# --- names in addresses --------------------------------------------------------------------------------------------


@pytest.mark.guarantee("page-traversal")
@pytest.mark.parametrize("escape", ESCAPES)
def test_no_name_in_an_address_leads_out(quick: RunningSite, escape: str) -> None:
    browser = quick.log_in("lin")
    logged_out = requests.Session()
    patterns = OPEN if escape == ESCAPES[0] else [one for one in OPEN if not issubclass(one[1], PageHandler)] + OPEN[:1]
    for pattern, _ in patterns:
        for who in (browser, logged_out):
            request = requests.Request("GET", quick.base_url, cookies=who.cookies.get_dict()).prepare()
            request.url = quick.base_url + address(pattern, escape)  # as it is, without a client's tidying
            answer = who.send(request, allow_redirects=False, timeout=60)
            where = (pattern, escape, who is browser)
            assert answer.status_code in STATUSES, where
            assert "X-Injected" not in answer.headers, where
            for leak in ("root:x:", "Traceback", "SQLite format", "zone =", 'File "/', str(quick.home)):
                assert leak not in answer.text, where


@pytest.mark.guarantee("page-traversal")
def test_only_files_on_the_list_are_served() -> None:
    served = assets.Assets()
    for name in ("static/../launcher.py", "widgets/../server/launcher.py", "widgets/home.py", "widgets/dom.js",
                 "widgets/modules.json", "static/", "", "/etc/passwd", "frontend/../../../../etc/passwd"):  # fmt: skip
        assert not served.find(name), name
    assert [path.name for path in served.find("widgets/sheet.js")][-1] == "sheet_view.js"


# --- headers -------------------------------------------------------------------------------------------------------


@pytest.mark.guarantee("page-policy")
def test_every_answer_carries_the_headers_logged_in_or_not(quick: RunningSite) -> None:
    for who in (quick.log_in("lin"), requests.Session()):
        for pattern, _ in routes():
            answer = who.get(quick.base_url + address(pattern), allow_redirects=False)
            if pattern.endswith("/channels"):
                continue  # no page: a socket, or a refusal without a body that a browser would show
            kept = {name: value for name, value in headers.HEADERS.items() if name != "Cache-Control"}
            for name, value in kept.items():
                assert answer.headers.get(name) == value, (pattern, name)
            policy = answer.headers["Content-Security-Policy"]
            scripts = re.search(r"script-src ([^;]*)", policy)
            assert (scripts[1] if scripts else "'none'") in {"'self'", "'none'"}, pattern
            assert "frame-ancestors 'none'" in policy
            if "/static/" not in pattern:
                assert answer.headers["Cache-Control"] == "no-store", pattern
            for cookie in answer.raw.headers.getlist("Set-Cookie"):
                assert "HttpOnly" in cookie and "SameSite=Lax" in cookie, (pattern, cookie)


@pytest.mark.guarantee("page-policy")
def test_scripts_come_from_this_server_alone() -> None:
    for policy in (headers.POLICY, headers.PAGE_POLICY):
        assert policy["script-src"] == "'self'"
        assert policy["default-src"] == "'self'" and policy["object-src"] == "'none'"


def sources(*folders: str) -> Iterator[tuple[Path, str]]:
    for folder in folders:
        for path in sorted((PROJECT / folder).rglob("*")):
            if path.suffix in {".js", ".j2", ".html", ".py"}:
                yield path, path.read_text("utf-8")


@pytest.mark.guarantee("page-policy")
def test_no_page_of_ours_makes_markup_of_data_or_runs_text() -> None:
    forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser|srcdoc"
    for path, text in sources("custinfo/screens", "custinfo/server/static", "custinfo/server/template"):
        assert not re.search(forbidden, text), path
    for path, text in sources("custinfo/server/template"):
        assert not re.search(r"<[^>]*\s(on[a-z]+|style)=", text), path
        for made_safe in re.findall(r"\{\{([^}]*)\| *safe *\}\}", text):
            assert made_safe.strip() in {"xsrf()", "break_here", "style"}, path


@pytest.mark.guarantee("page-no-data")
def test_folders_of_notebooks_hold_no_data_and_no_outputs() -> None:
    for folder, kinds in (("forms", {".ipynb", ".md"}), ("notebooks", {".ipynb"}), ("reports", {".ipynb", ".toml"})):
        for path in (PROJECT / folder).rglob("*"):
            if ".ipynb_checkpoints" in path.parts or path.is_dir():
                continue
            assert path.suffix in kinds, path
            if path.suffix == ".ipynb":
                cells = json.loads(path.read_text("utf-8"))["cells"]
                assert not [cell for cell in cells if cell.get("outputs") or cell.get("execution_count")], path
    for path in pages.NOTEBOOKS.glob("*.ipynb"):
        assert len(json.loads(path.read_text("utf-8"))["cells"]) == 1, path


# --- cookies -------------------------------------------------------------------------------------------------------


@pytest.mark.guarantee("session-cookie")
def test_a_cookie_that_was_there_before_the_login_is_not_taken_over(quick: RunningSite) -> None:
    planted = "planted-by-somebody-else-0123456789abcdef"
    victim = requests.Session()
    victim.cookies.set("custinfo_session", planted)
    assert post(victim, f"{quick.base_url}/login", name="lin", password=PASSWORD).status_code == 303
    given = [cookie.value for cookie in victim.cookies if cookie.name == "custinfo_session" and cookie.value != planted]
    assert len(given) == 1
    stolen = {"custinfo_session": planted}
    assert requests.get(f"{quick.base_url}/account", cookies=stolen, allow_redirects=False).status_code == 302


@pytest.mark.guarantee("session-cookie")
def test_cookies_of_another_site_or_an_expired_session_are_none(quick: RunningSite, trial_site: RunningSite) -> None:
    elsewhere = trial_site.log_in("zhao")
    browser = requests.Session()
    for cookie in elsewhere.cookies:
        browser.cookies.set(cookie.name, cookie.value)
    assert browser.get(f"{quick.base_url}/account", allow_redirects=False).status_code == 302
    lin = quick.log_in("lin")
    assert lin.get(f"{quick.base_url}/account", allow_redirects=False).status_code == 200
    with Store.open(Site.load(quick.home)) as store:
        (newest,) = store.rows("SELECT session_id FROM login_session ORDER BY created_at DESC LIMIT 1")
        with store.act("service", "session.touch", "session", newest["session_id"]) as tx:
            tx.update("login_session", newest["session_id"], {"used_at": stamp(utc_now() - timedelta(minutes=31))})
    assert lin.get(f"{quick.base_url}/account", allow_redirects=False).status_code == 302


@pytest.mark.guarantee("session-ends")
def test_a_page_that_asks_does_not_prolong_the_login_and_one_that_is_used_does(quick: RunningSite) -> None:
    zhao = quick.log_in("zhao")
    with Store.open(Site.load(quick.home)) as store:
        (newest,) = store.rows("SELECT session_id FROM login_session ORDER BY created_at DESC LIMIT 1")

        def used_at() -> str:
            return str(
                store.row("SELECT used_at FROM login_session WHERE session_id = ?", [newest["session_id"]])["used_at"]
            )

        long_ago = stamp(utc_now() - timedelta(minutes=20))
        with store.act("service", "session.touch", "session", newest["session_id"]) as tx:
            tx.update("login_session", newest["session_id"], {"used_at": long_ago})
        assert zhao.get(f"{quick.base_url}/healthz?session").ok
        assert zhao.post(f"{quick.base_url}/healthz").status_code == 403, "another site's request"
        assert used_at() == long_ago
        assert zhao.post(f"{quick.base_url}/healthz", headers={"Sec-Fetch-Site": "same-origin"}).ok
        assert used_at() > long_ago


@pytest.mark.guarantee("session-ends")
def test_pages_of_a_session_that_ended_by_itself_are_closed_within_seconds(trial_site: RunningSite) -> None:
    zhao = trial_site.log_in("zhao")
    _, kernel_id = trial_site.open_page(zhao)

    async def closed_with() -> int | None:
        socket = await connect(trial_site.base_url, zhao, kernel_id)
        await widget_ids(socket)
        await asyncio.to_thread(end_newest_session, trial_site)
        await listen(socket, lambda _: False, seconds=30)
        return socket.close_code

    assert asyncio.run(closed_with()) == 4401


def end_newest_session(site: RunningSite) -> None:
    with Store.open(Site.load(site.home)) as store:
        (newest,) = store.rows("SELECT session_id FROM login_session ORDER BY created_at DESC LIMIT 1")
        with store.act("service", "session.end", "session", newest["session_id"]) as tx:
            tx.update("login_session", newest["session_id"], {"ended_at": tx.at})


# --- sockets and kernels -------------------------------------------------------------------------------------------


@pytest.mark.guarantee("kernel-owner")
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", None])
def test_a_socket_from_another_sites_page_is_refused(trial_site: RunningSite, origin: str | None) -> None:
    lin = trial_site.log_in("lin")
    _, kernel_id = trial_site.open_page(lin)
    cookies = "; ".join(f"{name}={value}" for name, value in lin.cookies.items())
    told = {"Cookie": cookies} | ({"Origin": origin} if origin else {})
    where = f"{trial_site.base_url.replace('http', 'ws')}/api/kernels/{kernel_id}/channels"

    async def knock() -> None:
        await websocket_connect(HTTPRequest(where, headers=told))

    if origin is None:  # no browser leaves it out: a program of the person's own, with their cookie
        asyncio.run(knock())
        return
    with pytest.raises(HTTPClientError, match="403"):
        asyncio.run(knock())


@pytest.mark.guarantee("kernel-owner")
def test_kernels_from_one_nursery_have_each_their_own_identity(trial_site: RunningSite) -> None:
    browsers = [trial_site.log_in(name) for name in ("lin", "zhao")]
    kernels = [trial_site.open_page(browser)[1] for browser in browsers]

    async def session_of(number: int) -> str:
        socket = await connect(trial_site.base_url, browsers[number], kernels[number])
        told = custom_contents(await ask(socket, await widget_ids(socket), {"press": 1}))[0]
        return str(told["environment"]["CUSTINFO_SESSION"])

    async def both() -> list[str]:
        return [await session_of(number) for number in (0, 1)]

    found = asyncio.run(both())
    with Store.open(Site.load(trial_site.home)) as store:
        people = [
            store.row("SELECT login_name FROM login_session JOIN person USING (person_id) WHERE session_id = ?", [one])
            for one in found
        ]
    assert [one["login_name"] for one in people] == ["lin", "zhao"]


@pytest.mark.guarantee("kernel-messages")
def test_the_states_of_a_pages_widgets_hold_nothing_that_it_shows(running_site: RunningSite) -> None:
    lin = running_site.log_in("lin")
    _, kernel_id = running_site.open_page(lin)

    async def states() -> str:
        socket = await connect(running_site.base_url, lin, kernel_id)
        ids = await widget_ids(socket)
        shown = custom_contents(await ask(socket, ids, {"kind": "hello"}))
        assert any(one.get("kind") == "sheet" for one in shown), shown
        body = {"comm_id": "forged", "target_name": "jupyter.widget.control", "data": {}, "metadata": {}}
        await socket.write_message(message("comm_open", body))
        for comm_id in ("forged", *ids):
            asked = {"comm_id": comm_id, "data": {"method": "request_states"}}
            await socket.write_message(message("comm_msg", asked))
            forged = {"comm_id": comm_id, "data": {"method": "update", "state": {"_esm": "alert(1)", "page": "x"}}}
            await socket.write_message(message("comm_msg", forged))
        await socket.write_message(message("comm_msg", {"comm_id": ids[0], "data": {"method": "request_state"}}))
        heard, _ = await listen(socket, lambda _: False, seconds=3)
        return json.dumps(heard, ensure_ascii=False)

    told = asyncio.run(states())
    assert "widgets/" in told, "the modules' addresses, which everybody may know"
    for secret in ("林晓雨", "alert(1)", "Traceback", "草稿"):
        assert secret not in told, secret


# --- the end of a killed server ------------------------------------------------------------------------------------


def test_what_a_killed_server_leaves_is_swept_at_the_next_start(tmp_path: Path) -> None:
    from custinfo.server import leftovers

    left = tmp_path / f"{leftovers.PREFIX}dead"
    code = (
        "import os, sys, tempfile; tempfile.tempdir = sys.argv[1]; from custinfo.server import leftovers as l; "
        "from pathlib import Path; l._parent = lambda: Path(sys.argv[1]); f = l.SocketFolder(); print(f.path); "
        "sys.stdout.flush(); os.kill(os.getpid(), 9) if len(sys.argv) > 2 else sys.stdin.read()"
    )
    environment = {"PYTHONPATH": str(PROJECT), "PATH": "/usr/bin"}
    start = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(start, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as alive:
        living = Path(alive.stdout.readline().strip())
        killed = subprocess.run([*start, "kill"], capture_output=True, text=True, env=environment, check=False)
        dead = Path(killed.stdout.strip())
        assert dead.is_dir() and living.is_dir()
        left.symlink_to(PROJECT)
        (tmp_path / f"{leftovers.PREFIX}strange").mkdir()
        assert leftovers.sweep(tmp_path) == 1
        assert living.is_dir() and not dead.exists() and left.is_symlink() and PROJECT.is_dir()
        alive.stdin.close()
