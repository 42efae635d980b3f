"""An analyst's own JupyterLab: it admits its owner, and learns nothing that would be of use elsewhere."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from custinfo.actions import labs, people, sessions
from custinfo.domain.errors import NotAllowed, NotFound
from custinfo.domain.people import SERVICE, Role
from custinfo.store import Site, Store
from tests import factories
from tests.processes import free_port
from tests.server.site_server import PASSWORD, RunningSite, post

LAB = '[login]\nlabs = "http://127.0.0.1:{port}/lab/{{login}}/"\n'


@pytest.fixture(scope="module")
def lab_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def site(serve: Callable[..., RunningSite], trial_pages: Path, lab_port: int) -> RunningSite:
    return serve(trial_pages, settings=LAB.format(port=lab_port), prepare=add_analysts)


def add_analysts(home: Path) -> None:
    with Store.open(Site.load(home)) as store:
        for name in ("wu", "zhou"):
            people.add(
                store,
                SERVICE,
                login_name=name,
                display_name="吴",
                roles=[Role.ANALYST],
                department="",
                password=PASSWORD,
            )


@pytest.fixture(scope="module")
def tokens(site: RunningSite) -> dict[str, str]:
    with Store.open(Site.load(site.home)) as store:
        return {name: labs.new_token(store, SERVICE, name) for name in ("wu", "zhou")}


def code_for(site: RunningSite, browser: requests.Session) -> str:
    answer = browser.get(f"{site.base_url}/lab-login", params={"state": "s1"}, allow_redirects=False)
    assert answer.status_code == 302, answer.text
    said = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert said["state"] == ["s1"]
    return said["code"][0]


def ask(site: RunningSite, token: str, headers: dict[str, str] | None = None, **said: str) -> requests.Response:
    told = {"Authorization": f"Bearer {token}"} | (headers or {})
    return requests.post(f"{site.base_url}/whoami", data=said, headers=told)


@pytest.mark.guarantee("lab-identity")
def test_a_lab_learns_who_is_there_and_only_its_own_person(site: RunningSite, tokens: dict[str, str]) -> None:
    wu = site.log_in("wu")
    answer = ask(site, tokens["wu"], code=code_for(site, wu))
    assert answer.json()["login"] == "wu"
    ticket = answer.json()["ticket"]
    assert ask(site, tokens["wu"], ticket=ticket).json()["name"] == "吴"
    for token, said in (
        (tokens["zhou"], {"ticket": ticket}),  # another's lab, which saw the ticket
        (tokens["zhou"], {"code": code_for(site, wu)}),
        ("", {"ticket": ticket}),
        ("x", {"code": code_for(site, wu)}),
        (tokens["wu"], {"ticket": wu.cookies["custinfo_session"]}),
        (tokens["wu"], {"code": ticket}),
        (tokens["wu"], {}),
    ):
        assert ask(site, token, **said).status_code == 404
    stolen = {"custinfo_session": ticket}
    assert requests.get(f"{site.base_url}/", cookies=stolen, allow_redirects=False).status_code == 302
    post(wu, f"{site.base_url}/logout")
    assert ask(site, tokens["wu"], ticket=ticket).status_code == 404


@pytest.mark.guarantee("lab-identity")
def test_a_code_is_good_once(site: RunningSite, tokens: dict[str, str]) -> None:
    code = code_for(site, site.log_in("wu"))
    assert ask(site, tokens["wu"], code=code).ok
    assert ask(site, tokens["wu"], code=code).status_code == 404


@pytest.mark.guarantee("lab-identity")
@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-Ip", "Forwarded", "Via"])
def test_nobody_asks_by_way_of_a_proxy(site: RunningSite, tokens: dict[str, str], header: str) -> None:
    code = code_for(site, site.log_in("wu"))
    assert ask(site, tokens["wu"], headers={header: "127.0.0.1"}, code=code).status_code == 404
    assert ask(site, tokens["wu"], code=code).ok


def test_who_may_not_read_the_lake_has_no_lab(site: RunningSite) -> None:
    assert site.log_in("lin").get(f"{site.base_url}/lab-login", allow_redirects=False).status_code == 404
    stranger = requests.get(f"{site.base_url}/lab-login?state=x", allow_redirects=False)
    assert stranger.headers["Location"].startswith("/login?next=")


def test_codes_grow_old_and_tokens_are_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import timedelta

    from custinfo.domain import clock

    with factories.empty_site(tmp_path / "site") as store:
        wu = factories.account(store, Role.ANALYST, login_name="wu")
        settings = store.site.home / "site.toml"
        settings.write_text(settings.read_text() + '[login]\nlabs = "https://lab.example.cn/{login}/"\n')
        store.site.__dict__.pop("settings", None)
        session = sessions.log_in(store, "wu", factories.PASSWORD)
        token = labs.new_token(store, SERVICE, "wu")
        _, code = labs.address(store, session)
        now = clock.utc_now()
        with monkeypatch.context() as later:
            later.setattr(clock, "utc_now", lambda: now + timedelta(seconds=61))
            with pytest.raises(NotAllowed):
                labs.redeem(store, token, code)
        ticket = labs.redeem(store, token, labs.address(store, session)[1])
        assert labs.who(store, token, ticket).login_name == "wu"
        labs.new_token(store, SERVICE, "wu")
        assert labs.who(store, token, ticket) is None, "the old token is good no more"
        for wrong in ("nobody", factories.account(store, Role.RESEARCHER).login_name):
            with pytest.raises((NotFound, NotAllowed)):
                labs.new_token(store, SERVICE, wrong)
        with pytest.raises(NotAllowed):
            labs.new_token(store, wu, "wu")


@pytest.fixture(scope="module")
def lab(site: RunningSite, tokens: dict[str, str], lab_port: int, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Wu's JupyterLab server, as the how-to sets it up; gives its address."""
    home = tmp_path_factory.mktemp("wu")
    (home / "token").write_text(tokens["wu"])
    (home / "jupyter_server_config.py").write_text(
        'c.ServerApp.identity_provider_class = "custinfo.server.lab_identity.LabIdentityProvider"\n'
        f'c.LabIdentityProvider.site = "{site.base_url}"\nc.LabIdentityProvider.server = "{site.base_url}"\n'
        f'c.LabIdentityProvider.token_file = "{home / "token"}"\n'
        f'c.ServerApp.base_url = "/lab/wu/"\nc.ServerApp.port = {lab_port}\nc.ServerApp.port_retries = 0\n'
        "c.ServerApp.allow_root = True\nc.ServerApp.open_browser = False\n"
    )
    environment = os.environ | {"HOME": str(home), "JUPYTER_CONFIG_DIR": str(home), "JUPYTER_NO_CONFIG": ""}
    environment["PYTHONPATH"] = str(Path(__file__).resolve().parents[2])
    command = [
        sys.executable,
        "-m",
        "jupyter_server",
        "--ServerApp.config_file",
        str(home / "jupyter_server_config.py"),
    ]
    with (home / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=home, env=environment, stdout=log, stderr=log)
    base = f"http://127.0.0.1:{lab_port}/lab/wu/"
    deadline = time.monotonic() + 180
    while True:
        try:
            requests.get(f"{base}api", timeout=5)
            break
        except requests.ConnectionError:
            assert process.poll() is None and time.monotonic() < deadline, (home / "log").read_text()
            time.sleep(0.2)
    yield base
    process.terminate()
    process.wait(timeout=30)


def enter(lab: str, browser: requests.Session) -> requests.Response:
    """As a browser does: to the lab, to the site, back again."""
    return browser.get(f"{lab}login")


@pytest.mark.guarantee("lab-identity")
def test_a_lab_admits_its_owner_and_nobody_else(site: RunningSite, lab: str) -> None:
    stranger = requests.get(f"{lab}api/contents", allow_redirects=False)
    assert stranger.status_code in {302, 403}
    for token in ("x", ""):
        assert requests.get(f"{lab}api/contents", headers={"Authorization": f"token {token}"}).status_code == 403
        assert requests.get(f"{lab}api/contents?token={token}", allow_redirects=False).status_code in {302, 403}
    wu = site.log_in("wu")
    enter(lab, wu)
    assert wu.get(f"{lab}api/me").json()["identity"]["username"] == "wu"
    assert wu.get(f"{lab}api/contents").ok
    # Zhou is logged in at the site, comes to Wu's lab, and is sent to a lab that is Zhou's own
    zhou = site.log_in("zhou")
    off = zhou.get(f"{lab}login", allow_redirects=False)
    on = zhou.get(off.headers["Location"], allow_redirects=False)
    assert "/lab/zhou/login?code=" in on.headers["Location"]
    at_wus = on.headers["Location"].replace("/lab/zhou/", "/lab/wu/")
    assert zhou.get(at_wus).status_code == 403
    assert zhou.get(f"{lab}api/contents", allow_redirects=False).status_code in {302, 403}


@pytest.mark.guarantee("lab-identity")
def test_a_login_that_was_not_begun_here_is_not_finished_here(site: RunningSite, lab: str) -> None:
    wu = site.log_in("wu")
    code = code_for(site, wu)
    victim = requests.Session()
    answer = victim.get(f"{lab}login", params={"code": code, "state": "s1"}, allow_redirects=False)
    assert answer.status_code == 302 and "/lab-login?state=" in answer.headers["Location"]
    assert "custinfo_lab=" not in re.sub("custinfo_lab_state", "", answer.headers.get("Set-Cookie", ""))


@pytest.mark.guarantee("lab-identity")
def test_the_end_of_the_login_is_the_end_of_the_lab(site: RunningSite, lab: str, tokens: dict[str, str]) -> None:
    wu = site.log_in("wu")
    enter(lab, wu)
    assert wu.get(f"{lab}api/contents").ok
    post(wu, f"{site.base_url}/logout")
    deadline = time.monotonic() + 90  # it is believed for some seconds
    while wu.get(f"{lab}api/contents", allow_redirects=False).ok:
        if wu.get(f"{lab}api/contents", allow_redirects=False).status_code == 302:
            break
        assert time.monotonic() < deadline
        time.sleep(1)
