"""Logging in over HTTP: the second step, known browsers, the account page, and an authenticating proxy."""

import re
from collections.abc import Callable
from pathlib import Path

import pyotp
import pytest
import requests

from custinfo.actions import accounts, people, rights
from custinfo.domain.people import SERVICE, Role
from custinfo.store import Site, Store
from tests.server.site_server import PASSWORD, RunningSite, post

SECRET = "a proxy's secret of more than 32 characters"
PROXY = '[login]\nproxy_header = "X-Remote-User"\nproxy_secret = "proxy-secret"\n'
NEW = "seven purple umbrellas"


@pytest.fixture(scope="module")
def site(serve: Callable[..., RunningSite], trial_pages: Path) -> RunningSite:
    return serve(trial_pages, prepare=more_people)


def more_people(home: Path) -> None:
    with Store.open(Site.load(home)) as store:
        for name in ("sun", "zhu", "hu", "he", "lu", "ma", "fu", "qi", "ding", "lou"):
            people.add(
                store,
                SERVICE,
                login_name=name,
                display_name="孙",
                roles=[Role.RESEARCHER],
                department="",
                password=PASSWORD,
            )


def account_post(site: RunningSite, browser: requests.Session, action: str, **fields: str) -> requests.Response:
    return post(browser, f"{site.base_url}/account/{action}", **fields)


def error_on(page: requests.Response) -> str:
    found = re.search(r'class="ci-banner danger"[^>]*>([^<]+)<', page.text)
    return found[1] if found else ""


def turned_on(site: RunningSite, name: str) -> tuple[str, list[str]]:
    """Turn the second factor on as a person does; gives secret and recovery codes."""
    browser = site.log_in(name)
    page = account_post(site, browser, "begin-second-factor", password=PASSWORD)
    secret = re.search(r'class="ci-secret">([A-Z2-7]+)<', page.text)[1]
    assert 'src="data:image/svg+xml' in page.text
    assert "验证码不正确" in error_on(account_post(site, browser, "confirm-second-factor", code="000000"))
    done = account_post(site, browser, "confirm-second-factor", code=pyotp.TOTP(secret).now())
    codes = re.findall(r"<code>([a-z2-9]{5}-[a-z2-9]{5})</code>", done.text)
    assert len(codes) == 10
    assert not re.findall(r"<code>", browser.get(f"{site.base_url}/account").text), "shown this once"
    return secret, codes


@pytest.mark.guarantee("login-second-factor")
def test_the_second_step_asks_for_the_code_and_nothing_else_lets_in(site: RunningSite) -> None:
    _, codes = turned_on(site, "sun")
    browser = requests.Session()
    step = post(browser, f"{site.base_url}/login", name="sun", password=PASSWORD, next="/customers")
    assert step.status_code == 200
    assert 'autocomplete="one-time-code"' in step.text and 'type="password"' not in step.text
    assert "custinfo_session" not in browser.cookies
    assert browser.get(f"{site.base_url}/", allow_redirects=False).status_code == 302
    assert post(browser, f"{site.base_url}/login", code="123456").status_code == 403
    entered = post(browser, f"{site.base_url}/login", code=codes[0], next="/customers")
    assert entered.status_code == 303 and entered.headers["Location"] == "/customers"
    assert browser.get(f"{site.base_url}/account").ok
    # Without the first step, or with a forged proof of it, a code is worth nothing
    for cookie in ("", "2|1:0|10:1|13:custinfo_half|8:WyJzdW4i|abc"):
        other = requests.Session()
        other.cookies.set("custinfo_half", cookie)
        assert post(other, f"{site.base_url}/login", code=codes[1]).status_code == 403
        assert "custinfo_session" not in other.cookies


@pytest.mark.guarantee("login-lock")
def test_a_known_browser_gets_in_while_the_name_is_locked(site: RunningSite) -> None:
    known = site.log_in("zhu")
    for _ in range(6):
        post(requests.Session(), f"{site.base_url}/login", name="zhu", password="wrong")
    assert post(requests.Session(), f"{site.base_url}/login", name="zhu", password=PASSWORD).status_code == 429
    post(known, f"{site.base_url}/logout")
    assert post(known, f"{site.base_url}/login", name="zhu", password=PASSWORD).status_code == 303
    forged = requests.Session()
    forged.cookies.set("custinfo_browser", known.cookies["custinfo_browser"][:-3] + "000")
    assert post(forged, f"{site.base_url}/login", name="zhu", password=PASSWORD).status_code == 429


@pytest.mark.guarantee("login-lock")
def test_codes_are_counted_for_whose_they_are_whichever_name_and_browser_is_shown(site: RunningSite) -> None:
    """Who knows qi's password guesses codes, each from a browser in which ding, an account of theirs, is known."""
    turned_on(site, "qi")
    answers = []
    for number in range(7):
        known = site.log_in("ding")  # a fresh nonce every time
        mine = requests.Session()
        mine.cookies.set("custinfo_browser", known.cookies["custinfo_browser"])
        step = post(mine, f"{site.base_url}/login", name="qi", password=PASSWORD)
        if step.status_code == 200:
            answers.append(post(mine, f"{site.base_url}/login", name="ding", code=f"00000{number}").status_code)
        else:
            answers.append(step.status_code)
    assert answers[:5] == [403] * 5 and answers[5:] == [429] * 2


@pytest.mark.guarantee("login-password-change")
def test_who_set_the_password_and_when_is_told_before_it_is_changed(site: RunningSite) -> None:
    with Store.open(Site.load(site.home)) as store:
        keeper = people.add(
            store, SERVICE, login_name="guan", display_name="管理甲", roles=[Role.SYSTEM_ADMINISTRATOR], department="",
            password=PASSWORD,
        )  # fmt: skip
        rights.set_password(store, keeper, people.by_login_name(store, "lou").person_id, "set by somebody else")
    page = site.log_in("lou", "set by somebody else").get(f"{site.base_url}/account").text
    assert "由 管理甲 于 20" in page


@pytest.mark.guarantee("login-lock")
def test_one_address_is_stopped_whatever_it_claims_to_be(site: RunningSite) -> None:
    def attack(number: int, claimed: str) -> int:
        browser = requests.Session()
        # What the proxy adds stands last; all before it, and X-Real-Ip, is the visitor's own claim
        browser.headers.update({"X-Forwarded-For": f"{claimed}, 203.0.113.9", "X-Real-Ip": claimed})
        return post(browser, f"{site.base_url}/login", name=f"name {number}", password="x").status_code

    answers = [attack(number, f"198.51.100.{number}") for number in range(62)]
    assert answers[:59] == [403] * 59
    assert answers[-1] == 429
    assert site.log_in("lin"), "from elsewhere people still log in"


@pytest.mark.guarantee("login-password-change")
def test_changing_the_password_ends_the_other_sessions_and_their_pages(site: RunningSite) -> None:
    own, other = site.log_in("hu"), site.log_in("hu")
    _, kernel = site.open_page(other)
    wrong = account_post(site, own, "password", password="not it", new=NEW, again=NEW)
    assert wrong.status_code == 403 and "密码不正确" in error_on(wrong)
    assert "不一致" in error_on(account_post(site, own, "password", password=PASSWORD, new=NEW, again=NEW + "x"))
    assert account_post(site, own, "password", password=PASSWORD, new=NEW, again=NEW).ok
    cookie = {"custinfo_session": other.cookies["custinfo_session"]}
    assert requests.get(f"{site.base_url}/", cookies=cookie, allow_redirects=False).status_code == 302
    assert other.get(f"{site.base_url}/api/kernels/{kernel}", allow_redirects=False).status_code in {302, 403, 404}
    assert own.get(f"{site.base_url}/account").ok
    assert site.log_in("hu", NEW)


@pytest.mark.guarantee("login-password-change")
def test_before_the_password_is_changed_there_is_nothing_else(site: RunningSite) -> None:
    with Store.open(Site.load(site.home)) as store:
        person = people.by_login_name(store, "he")
        given = accounts.check_given(store, person.person_id, "set by somebody else")
        with store.act("service", "person.give_password", "person", person.person_id) as tx:
            accounts.give(tx, person.person_id, given)
    browser = site.log_in("he", "set by somebody else")
    for path in ("/", "/customers", "/form/x"):
        answer = browser.get(site.base_url + path, allow_redirects=False)
        assert answer.status_code == 302 and answer.headers["Location"].startswith("/account?next=")
    for action in ("act-as", "end-others", "begin-second-factor", "nothing"):
        assert account_post(site, browser, action, level="3", password="set by somebody else").status_code == 404
    page = browser.get(f"{site.base_url}/account").text
    assert "您的密码是由他人设定的" in page and "act-as" not in page
    done = account_post(
        site, browser, "password", password="set by somebody else", new=NEW, again=NEW, next="/customers"
    )
    assert done.status_code == 303 and done.headers["Location"] == "/customers"
    assert browser.get(f"{site.base_url}/", allow_redirects=False).ok


@pytest.mark.guarantee("session-act-as")
def test_acting_with_less_clearance_starts_open_pages_anew_and_goes_back_by_password(site: RunningSite) -> None:
    with Store.open(Site.load(site.home)) as store:
        person = people.by_login_name(store, "lu")
        top = int(person.clearance)
    browser = site.log_in("lu")
    _, kernel = site.open_page(browser)
    lowest = account_post(site, browser, "act-as", level="3")
    assert "3 级：仅公开内容" in lowest.text
    assert browser.get(f"{site.base_url}/api/kernels/{kernel}").status_code == 404
    assert account_post(site, browser, "act-as", level="2", password="wrong").status_code == 403 or top == 3
    assert account_post(site, browser, "act-as", level="7").status_code == 403
    assert account_post(site, browser, "act-as", level="", password="wrong").status_code == 403
    assert account_post(site, browser, "act-as", level="", password=PASSWORD).ok


def test_own_sessions_are_listed_and_the_others_ended(site: RunningSite) -> None:
    browsers = [site.log_in("ma") for _ in range(3)]
    page = browsers[0].get(f"{site.base_url}/account").text
    assert page.count("<tr>") == 4
    account_post(site, browsers[0], "end-others")
    assert [one.get(f"{site.base_url}/account", allow_redirects=False).status_code for one in browsers] == [
        200,
        302,
        302,
    ]


def test_the_language_chosen_on_the_login_page_counts_for_the_session(site: RunningSite) -> None:
    browser = requests.Session()
    post(browser, f"{site.base_url}/language", language="en", next="/login")
    post(browser, f"{site.base_url}/login", name="fu", password=PASSWORD)
    assert '<html lang="en">' in browser.get(f"{site.base_url}/account").text
    assert '<html lang="zh-CN">' in site.log_in("fu").get(f"{site.base_url}/account").text


# --- behind an authenticating proxy --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def proxied(serve: Callable[..., RunningSite], trial_pages: Path) -> RunningSite:
    return serve(trial_pages, settings=PROXY, prepare=lambda home: (home / "proxy-secret").write_text(SECRET))


def through(proxied: RunningSite, *headers: tuple[str, str]) -> requests.Response:
    request = requests.Request("GET", f"{proxied.base_url}/login?next=/customers").prepare()
    session = requests.Session()
    if len({name for name, _ in headers}) == len(headers):
        request.headers.update(dict(headers))
        return session.send(request, allow_redirects=False)
    import http.client

    connection = http.client.HTTPConnection(proxied.base_url.removeprefix("http://"))
    connection.putrequest("GET", "/login?next=/customers")
    for name, value in headers:
        connection.putheader(name, value)
    connection.endheaders()
    answer = requests.Response()
    answer.status_code = connection.getresponse().status
    return answer


@pytest.mark.guarantee("login-proxy")
def test_the_proxy_is_believed_with_its_secret_alone(proxied: RunningSite) -> None:
    good = ("X-Custinfo-Proxy", SECRET)
    entered = through(proxied, good, ("X-Remote-User", "lin"))
    assert entered.status_code == 303 and entered.headers["Location"] == "/customers"
    for headers in (
        [("X-Remote-User", "lin")],
        [("X-Remote-User", "lin"), ("X-Custinfo-Proxy", "")],
        [("X-Remote-User", "lin"), ("X-Custinfo-Proxy", SECRET[:-1])],
        [("X-Remote-User", "lin"), ("X-Remote-User", "zhao"), good],
        [("X-Remote-User", "lin"), good, ("X-Custinfo-Proxy", "x")],
    ):
        assert through(proxied, *headers).status_code == 200, "the login page, as for anybody"
    assert through(proxied, good, ("X-Remote-User", "nobody")).status_code == 403


@pytest.mark.guarantee("login-proxy")
def test_a_session_is_not_carried_over_to_the_next_person_at_the_proxy(proxied: RunningSite) -> None:
    browser = requests.Session()
    browser.headers.update({"X-Custinfo-Proxy": SECRET, "X-Remote-User": "lin"})
    browser.get(f"{proxied.base_url}/login", allow_redirects=False)
    assert "林晓雨" in browser.get(f"{proxied.base_url}/account").text
    browser.headers["X-Remote-User"] = "zhao"
    assert browser.get(f"{proxied.base_url}/account", allow_redirects=False).status_code == 302


def test_a_short_or_missing_secret_is_said_at_the_start(tmp_path: Path) -> None:
    from custinfo.domain.errors import SiteFault
    from custinfo.server.identity import proxy_secret
    from tests.server.site_server import make_site

    make_site(tmp_path)
    with (tmp_path / "site.toml").open("a") as file:
        file.write(PROXY)
    with Store.open(Site.load(tmp_path)) as store:
        for content in (None, "short"):
            if content:
                (tmp_path / "proxy-secret").write_text(content)
            with pytest.raises(SiteFault):
                proxy_secret(store)
