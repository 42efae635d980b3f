import asyncio
import re
from urllib.parse import urljoin, urlsplit

import pytest
import requests
from tornado.httpclient import HTTPClientError

from tests.server.kernel_protocol import ask, connect, custom_contents, listen, message, widget_ids
from tests.server.site_server import RunningSite, post

PING = 30
"""Seconds after which jupyter_server first asks whether a line still lives."""
SECRETS = ("SECRET-IN-SOURCE", "SECRET-IN-ERROR", "SECRET-IN-PRINT", "SECRET-IN-CELL-OUTPUT", "Traceback")


def test_nothing_on_any_page_comes_from_elsewhere(trial_site: RunningSite) -> None:
    browser = trial_site.log_in()
    pages = {path: browser.get(trial_site.base_url + path).text for path in ("/", "/form/x", "/nothing")}
    pages["/login"] = requests.get(f"{trial_site.base_url}/login").text
    for path, page in pages.items():
        addresses = re.findall(r'(?:src|href|action)="([^"]*)"', page)
        assert addresses, path
        for address in addresses:
            assert urlsplit(urljoin(trial_site.base_url, address)).netloc == urlsplit(trial_site.base_url).netloc
        assert not re.findall(r"https?://(?!www\.w3\.org)", page), path


def test_every_address_on_a_page_answers(trial_site: RunningSite) -> None:
    browser = trial_site.log_in()
    page, _ = trial_site.open_page(browser)
    for address in re.findall(r'(?:src|href)="(/static/[^"]*)"', page):
        answer = requests.get(trial_site.base_url + address)
        assert answer.status_code == 200, address
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers.get("Content-Encoding") == "gzip" or len(answer.content) <= 1000
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_headers_of_every_kind_of_answer(trial_site: RunningSite) -> None:
    browser = trial_site.log_in()
    for answer in (
        requests.get(f"{trial_site.base_url}/login"),
        requests.get(f"{trial_site.base_url}/nothing"),
        browser.get(f"{trial_site.base_url}/"),
        browser.get(f"{trial_site.base_url}/api/kernels/00000000-0000-0000-0000-000000000000"),
    ):
        policy = dict(rule.split(" ", 1) for rule in answer.headers["Content-Security-Policy"].split("; "))
        assert policy["default-src"] == "'self'"
        assert policy["frame-ancestors"] == "'none'"
        assert "unsafe" not in policy["script-src"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Server" not in answer.headers
    assert browser.get(f"{trial_site.base_url}/").headers["Content-Encoding"] == "gzip"


@pytest.mark.guarantee("page-policy")
def test_pages_hold_no_script_of_their_own(trial_site: RunningSite) -> None:
    page, _ = trial_site.open_page(trial_site.log_in())
    for attributes, body in re.findall(r"<script([^>]*)>(.*?)</script>", page, re.DOTALL):
        assert "src=" in attributes or 'type="application/' in attributes, body
    assert not re.findall(r"\son\w+=", page)


def test_a_page_shows_neither_source_nor_print_nor_traceback(trial_site: RunningSite) -> None:
    browser = trial_site.log_in()
    for path in ("/", "/form/x"):
        page = browser.get(trial_site.base_url + path).text
        assert not [secret for secret in SECRETS if secret in page]


def test_a_failing_screen_says_so_with_a_number_that_is_in_the_log(trial_site: RunningSite) -> None:
    page, kernel_id = trial_site.open_page(trial_site.log_in(), "/form/x")
    number = re.search(r"编号 ([0-9A-F]{6})", page)[1]
    assert "什么都没有丢失" in page
    log = trial_site.log.read_text()
    assert f"number {number}: the screen form failed with RuntimeError" in log
    assert "SECRET" not in log
    assert trial_site.log_in().get(f"{trial_site.base_url}/api/kernels/{kernel_id}").status_code == 404


def test_a_kernel_that_dies_while_it_starts_is_said(trial_site: RunningSite) -> None:
    page, _ = trial_site.open_page(trial_site.log_in(), "/customers")
    assert "什么都没有丢失" in page
    assert "</html>" in page


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/voila/render/home.ipynb",
        "/voila/tree",
        "/voila/files/home.ipynb",
        "/voila/api/contents",
        "/voila/api/themes/x",
        "/voila/templates/lab/static/voila.js",
        "/voila/query/00000000-0000-0000-0000-000000000000",
        "/api/kernels",
        "/api/contents",
        "/api/kernelspecs",
        "/forms/home.ipynb",
        "/customer/a/b",
        "/static/0123/../launcher.py",
        "/static/0123/static/../launcher.py",
        "/static/0123/static/%2e%2e/launcher.py",
    ],
)
def test_what_is_not_on_the_list_is_not_there(trial_site: RunningSite, path: str) -> None:
    browser = trial_site.log_in()
    request = requests.Request("GET", trial_site.base_url + path, cookies=browser.cookies.get_dict()).prepare()
    request.url = trial_site.base_url + path  # as it is, without a client's tidying
    assert browser.send(request).status_code == 404


def test_the_template_cannot_be_chosen_by_a_visitor(trial_site: RunningSite) -> None:
    browser = trial_site.log_in()
    page, _ = trial_site.open_page(browser, "/?template=reveal&theme=dark")
    assert 'class="ci-header"' in page
    assert "reveal" not in page.replace("template=reveal", "")


@pytest.mark.guarantee("kernel-owner")
def test_a_kernel_knows_its_session_and_no_header(trial_site: RunningSite) -> None:
    browser = trial_site.log_in()
    browser.headers.update({"X-Custinfo-Session": "S-forged", "Custinfo-Session": "S-forged", "X-Forged": "S-forged"})
    page = browser.get(f"{trial_site.base_url}/?draft=D1")
    kernel_id = re.search(r'"kernelId": "([0-9a-f-]+)"', page.text)[1]

    async def environment() -> dict[str, object]:
        socket = await connect(trial_site.base_url, browser, kernel_id)
        return custom_contents(await ask(socket, await widget_ids(socket), {"press": 1}))[0]

    told = asyncio.run(environment())
    environ = told["environment"]
    assert environ["CUSTINFO_SESSION"].startswith("S-")
    assert environ["CUSTINFO_PAGE_PATH"] == "/"
    assert environ["QUERY_STRING"] == "draft=D1"
    assert environ["CUSTINFO_HOME"] == str(trial_site.home)
    assert "S-forged" not in str(environ)
    assert browser.cookies["custinfo_session"] not in str(environ)
    assert told["folder"] == str(trial_site.home / "run" / "empty")
    assert told["folder"] not in told["path"]
    assert "" not in told["path"]


@pytest.mark.guarantee("kernel-messages")
def test_code_does_not_pass(trial_site: RunningSite) -> None:
    browser = trial_site.log_in()
    _, kernel_id = trial_site.open_page(browser)

    async def try_all() -> list[dict[str, object]]:
        socket = await connect(trial_site.base_url, browser, kernel_id)
        ids = await widget_ids(socket)
        code = {"code": "echo.send({'ran': True})", "silent": False, "user_expressions": {}}
        for channel in ("shell", "control"):
            for kind in ("execute_request", "inspect_request", "complete_request", "debug_request", "history_request"):
                await socket.write_message(message(kind, code | {"cursor_pos": 1, "detail_level": 0}, channel))
            for kind in ("shutdown_request", "interrupt_request"):
                await socket.write_message(message(kind, {"restart": False}, channel))
        await socket.write_message("not a message at all")
        await socket.write_message(b"\x00" * 40, binary=True)
        heard = await ask(socket, ids, {"fail": 1, "print": 1}, seconds=2)
        heard += await ask(socket, ids, {"press": 1, "print": 1})
        more, _ = await listen(socket, lambda m: False, seconds=0.5)
        return heard + more

    heard = asyncio.run(try_all())
    assert {m["header"]["msg_type"] for m in heard} <= {"status", "comm_msg"}
    assert not any(secret in str(heard) for secret in SECRETS)
    contents = custom_contents(heard)
    assert contents, "the kernel still answers"
    assert not [c for c in contents if c.get("ran")]


@pytest.mark.guarantee("kernel-owner")
def test_another_persons_kernel_is_not_there(trial_site: RunningSite) -> None:
    lin, zhao, lin_elsewhere = trial_site.log_in("lin"), trial_site.log_in("zhao"), trial_site.log_in("lin")
    _, kernel_id = trial_site.open_page(lin)
    missing = "00000000-0000-0000-0000-000000000000"
    assert lin.get(f"{trial_site.base_url}/api/kernels/{kernel_id}").status_code == 200
    for other in (zhao, lin_elsewhere):
        for number in (kernel_id, missing):
            assert other.get(f"{trial_site.base_url}/api/kernels/{number}").status_code == 404
            assert beacon(other, trial_site, number).status_code == 404
            with pytest.raises(HTTPClientError, match="404"):
                asyncio.run(connect(trial_site.base_url, other, number))
    with pytest.raises(HTTPClientError, match=r"40[34]"):
        asyncio.run(connect(trial_site.base_url, requests.Session(), kernel_id))
    assert beacon(requests.Session(), trial_site, kernel_id).status_code == 404
    assert lin.delete(f"{trial_site.base_url}/api/kernels/{kernel_id}").status_code in {403, 405}
    assert lin.get(f"{trial_site.base_url}/api/kernels/{kernel_id}").status_code == 200


def test_a_closed_page_ends_its_kernel(trial_site: RunningSite) -> None:
    lin = trial_site.log_in()
    _, kernel_id = trial_site.open_page(lin)
    for origin in ("cross-site", "same-site", "none", ""):
        assert beacon(lin, trial_site, kernel_id, origin).status_code == 403
    assert beacon(lin, trial_site, kernel_id).status_code == 204
    assert lin.get(f"{trial_site.base_url}/api/kernels/{kernel_id}").status_code == 404


@pytest.mark.guarantee("load-line-lives")
@pytest.mark.parametrize("looked_at", [True, False])
def test_a_closed_page_leaves_no_open_file(trial_site: RunningSite, looked_at: bool) -> None:
    lin = trial_site.log_in()

    async def visit() -> None:
        _, kernel_id = await asyncio.to_thread(trial_site.open_page, lin)
        if looked_at:
            socket = await connect(trial_site.base_url, lin, kernel_id)
            await widget_ids(socket)
        assert (await asyncio.to_thread(beacon, lin, trial_site, kernel_id)).status_code == 204

    asyncio.run(visit())
    before = trial_site.open_files()
    for _ in range(5):
        asyncio.run(visit())
    wait_for(lambda: trial_site.open_files() <= before)


def test_a_page_that_nobody_waits_for_leaves_no_kernel(trial_site: RunningSite) -> None:
    lin = trial_site.log_in()
    trial_site.open_page(lin)
    before = set(trial_site.kernel_processes())
    with lin.get(f"{trial_site.base_url}/", stream=True) as answer:
        assert b"<!doctype" in next(answer.iter_content(256))
    wait_for(lambda: set(trial_site.kernel_processes()) - before)
    wait_for(lambda: not set(trial_site.kernel_processes()) - before)


@pytest.mark.guarantee("session-ends")
@pytest.mark.guarantee("load-line-lives")
def test_the_line_of_a_page_outlives_the_servers_question_whether_it_lives(trial_site: RunningSite) -> None:
    lin = trial_site.log_in("lin")
    _, kernel_id = trial_site.open_page(lin)

    async def look() -> None:
        socket = await connect(trial_site.base_url, lin, kernel_id)
        await listen(socket, lambda _: False, PING + 5)
        assert await widget_ids(socket)
        socket.close()

    asyncio.run(look())


def test_an_ended_login_closes_the_socket(trial_site: RunningSite) -> None:
    lin = trial_site.log_in()
    _, kernel_id = trial_site.open_page(lin)

    async def closed_with() -> int | None:
        socket = await connect(trial_site.base_url, lin, kernel_id)
        await widget_ids(socket)
        await asyncio.to_thread(post, lin, f"{trial_site.base_url}/logout")
        await listen(socket, lambda _: False)
        return socket.close_code

    assert asyncio.run(closed_with()) == 4401


def beacon(
    browser: requests.Session, site: RunningSite, kernel_id: str, origin: str = "same-origin"
) -> requests.Response:
    return browser.post(f"{site.base_url}/voila/api/shutdown/{kernel_id}", headers={"Sec-Fetch-Site": origin})


def wait_for(condition: object, seconds: float = 20) -> None:
    import time

    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)
