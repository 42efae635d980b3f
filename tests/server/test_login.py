import re

import pytest
import requests

from tests.server.site_server import PASSWORD, RunningSite, post


def test_stranger_is_sent_to_the_login_page_and_on_from_there(trial_site: RunningSite) -> None:
    answer = requests.get(f"{trial_site.base_url}/customer/C1?tab=history", allow_redirects=False)
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/login?next=%2Fcustomer%2FC1%3Ftab%3Dhistory"
    page = requests.get(trial_site.base_url + answer.headers["Location"])
    assert 'name="next" value="/customer/C1?tab=history"' in page.text
    assert 'autocomplete="username"' in page.text
    assert 'autocomplete="current-password"' in page.text
    assert "演示" in page.text
    assert "lin" not in re.sub(r"<link[^>]*>|line", "", page.text).split("<main")[1]


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "///evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "/login",
        "/logout",
        "http:/evil.example",
        "/" + "x" * 3000,
    ],
)
def test_login_leads_nowhere_else(trial_site: RunningSite, target: str) -> None:
    page = requests.get(f"{trial_site.base_url}/login", params={"next": target})
    assert 'name="next" value="/"' in page.text
    browser = requests.Session()
    answer = post(browser, f"{trial_site.base_url}/login", name="lin", password=PASSWORD, next=target)
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/"


def test_login_goes_on_to_the_page_that_was_asked_for(trial_site: RunningSite) -> None:
    answer = post(
        requests.Session(), f"{trial_site.base_url}/login", name="lin", password=PASSWORD, next="/customer/C1?x=1"
    )
    assert answer.headers["Location"] == "/customer/C1?x=1"


@pytest.mark.parametrize("name", ["lin", "nobody", "", "\u202elin", "'; DROP TABLE person --", "x" * 400])
def test_wrong_name_and_wrong_password_get_the_same_answer(trial_site: RunningSite, name: str) -> None:
    browser = requests.Session()
    answer = post(browser, f"{trial_site.base_url}/login", name=name, password="not this one")
    trial_site.log_in("lin")  # a success in between, so that the count of failures does not lock the account
    assert answer.status_code == 403
    assert 'role="alert"' in answer.text
    assert "custinfo_session" not in browser.cookies
    # Names that differ from test to test: whoever guesses often is locked out, be there such a name or not
    other = post(requests.Session(), f"{trial_site.base_url}/login", name=f"no one {len(name)}", password="at all")
    said = [re.search(r'id="login-error"[^>]*>([^<]+)<', page.text)[1] for page in (answer, other)]
    assert said[0] == said[1]


def test_typed_name_comes_back_as_text(trial_site: RunningSite) -> None:
    name = '"><img src=x onerror=alert(1)>'
    answer = post(requests.Session(), f"{trial_site.base_url}/login", name=name, password="x")
    assert "<img" not in answer.text
    assert "&lt;img" in answer.text


def test_locked_account_says_so(trial_site: RunningSite) -> None:
    for _ in range(5):
        post(requests.Session(), f"{trial_site.base_url}/login", name="qian", password="wrong")
    answer = post(requests.Session(), f"{trial_site.base_url}/login", name="qian", password=PASSWORD)
    assert answer.status_code == 429
    assert re.search(r'id="login-error"[^>]*>[^<]*分钟', answer.text)


@pytest.mark.guarantee("page-csrf")
def test_login_without_the_token_of_a_page_is_refused(trial_site: RunningSite) -> None:
    answer = requests.post(f"{trial_site.base_url}/login", data={"name": "lin", "password": PASSWORD})
    assert answer.status_code == 403
    assert "custinfo_session" not in answer.cookies


def test_session_cookie_is_out_of_reach_of_scripts_and_other_sites(trial_site: RunningSite) -> None:
    answer = post(requests.Session(), f"{trial_site.base_url}/login", name="lin", password=PASSWORD)
    cookie = next(part for part in answer.headers["Set-Cookie"].split("custinfo_session")[1:])
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert "Secure" not in cookie
    browser = requests.Session()
    page = browser.get(f"{trial_site.base_url}/login", headers={"X-Forwarded-Proto": "https"})
    assert "Secure" in page.headers["Set-Cookie"]
    assert page.headers["Strict-Transport-Security"]
    token = re.search(r'name="_xsrf" value="([^"]+)"', page.text)[1]
    behind_https = requests.post(  # by hand: a client keeps such a cookie back from plain http, as it should
        f"{trial_site.base_url}/login",
        data={"_xsrf": token, "name": "lin", "password": PASSWORD},
        headers={"X-Forwarded-Proto": "https", "Cookie": page.headers["Set-Cookie"].partition(";")[0]},
        allow_redirects=False,
    )
    for cookie in behind_https.raw.headers.getlist("Set-Cookie"):
        assert "Secure" in cookie or ("expires=" in cookie and '=""' in cookie), cookie
    assert any("custinfo_session" in cookie for cookie in behind_https.raw.headers.getlist("Set-Cookie"))


@pytest.mark.guarantee("session-ends")
def test_logout_ends_the_session_and_its_kernels(trial_site: RunningSite) -> None:
    browser = trial_site.log_in()
    _, kernel_id = trial_site.open_page(browser)
    cookie = browser.cookies["custinfo_session"]
    assert post(browser, f"{trial_site.base_url}/logout").headers["Location"] == "/login"
    again = {"custinfo_session": cookie}
    assert requests.get(f"{trial_site.base_url}/", cookies=again, allow_redirects=False).status_code == 302
    assert requests.get(f"{trial_site.base_url}/healthz?session", cookies=again).text == "none"
    other_browser = trial_site.log_in()
    assert other_browser.get(f"{trial_site.base_url}/api/kernels/{kernel_id}").status_code == 404


def test_language_is_chosen_before_login_and_remembered_after_it(trial_site: RunningSite) -> None:
    browser = requests.Session()
    assert '<html lang="zh-CN">' in browser.get(f"{trial_site.base_url}/login").text
    assert post(browser, f"{trial_site.base_url}/language", language="en", next="/login").status_code == 303
    assert '<html lang="en">' in browser.get(f"{trial_site.base_url}/login").text
    zhao = trial_site.log_in("zhao")
    assert '<html lang="zh-CN">' in zhao.get(f"{trial_site.base_url}/nothing").text
    post(zhao, f"{trial_site.base_url}/language", language="en", next="//evil.example")
    assert "There is no such page" in trial_site.log_in("zhao").get(f"{trial_site.base_url}/nothing").text
    post(zhao, f"{trial_site.base_url}/language", language="zh-CN", next="/")


def test_language_leads_nowhere_else(trial_site: RunningSite) -> None:
    for target in ("//evil.example", "https://evil.example", "/login\r\nX: y"):
        answer = post(requests.Session(), f"{trial_site.base_url}/language", language="en", next=target)
        assert answer.headers["Location"] == "/"
