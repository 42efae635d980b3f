"""Text that would like to be markup, in every place where people type: a browser shows it, and does nothing of it."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from custinfo.actions import forms, people, reviews, sessions
from custinfo.domain.clock import utc_now
from custinfo.domain.people import SERVICE, Role
from custinfo.server.launcher import PageServer
from custinfo.server.pages import PageHandler
from custinfo.store import Site, Store
from tests.factories import CARD, NAME, PASSWORD, draft_of, submit
from tests.pages.user import PATIENCE, User
from tests.server.site_server import served

PROJECT = Path(__file__).resolve().parents[2]
EVIL = "<img src=//evil.example/x onerror=pwned=1>"
MORE = "\"'><svg onload=pwned=2><script>pwned=3</script><a href=javascript:pwned=4>x</a>{{7*7}}"
NAMES = {Role.RESEARCHER: "lin", Role.SUPERVISOR: "zhou", Role.INFORMATION_ADMINISTRATOR: "xin", Role.AUDITOR: "jian",
         Role.MANAGER: "chen", Role.SECURITY_ADMINISTRATOR: "an", Role.DEPARTMENT_HEAD: "bu"}  # fmt: skip
FORM = f"""
| survey |
| | type | name | label::中文 (zh-CN) | label::English (en) | hint::中文 (zh-CN) | hint::English (en) | bind::custinfo:soft_check | required_message::中文 (zh-CN) |
| | text | said | {EVIL}问 | {EVIL} | {MORE} | {MORE} | . != 'x' | {EVIL} |
| | select_one size | size | {EVIL}选 | {EVIL} | | | | |
| | file | paper | {EVIL}附件 | {EVIL} | | | | |
| | note | note | {MORE} | {MORE} | | | | |
| choices |
| | list_name | name | label::中文 (zh-CN) | label::English (en) |
| | size | small | {EVIL}小 | {EVIL} |
| settings |
| | form_title | form_id | version | default_language | namespaces |
| | {EVIL}题 | hostile | 1 | 中文 (zh-CN) | custinfo="https://custinfo.org/xforms" |
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    home = tmp_path_factory.mktemp("hostile") / "site"
    made = Site.create(home, name=f"{EVIL}公司", demo=True)
    with Store.create(made) as store:
        ids = fill(store)
    with served(home) as running:
        yield SimpleNamespace(url=running.base_url, home=home, ids=ids)


def fill(store):
    """Hostile people, a customer, a form, a record with a file, a query and a note."""
    far = utc_now().replace(year=utc_now().year + 1)
    for role, login_name in NAMES.items():
        people.add(
            store, SERVICE, login_name=login_name, display_name=f"{EVIL}{login_name}", roles=[role], department=EVIL,
            password=PASSWORD, clearance=account_level(), trained_until=far, vetted_until=far,
        )  # fmt: skip
    lin, zhou = (people.by_login_name(store, name) for name in ("lin", "zhou"))
    card = (PROJECT / "forms" / "enterprise_card.md").read_bytes()
    forms.publish(store, SERVICE, "enterprise_card.md", card)
    forms.publish(store, SERVICE, "hostile.md", FORM.encode())
    customer = submit(
        store,
        lin,
        draft_of(store, lin, "enterprise_card", CARD | {NAME: f"{EVIL}客户", "/data/place/address": MORE}),
        "c",
    )
    record = submit(store, lin, draft_of(store, lin, "hostile", {"/data/said": EVIL, "/data/size": "small"}), "h")
    draft = draft_of(store, lin, "hostile", {"/data/said": MORE})
    reviews.ask(store, zhou, record.record_id, 1, "/data/said", f"{EVIL}{MORE}")
    reviews.decide(store, zhou, record.record_id, 1, "has_issues", f"{EVIL}{MORE}")
    row = store.row("SELECT entity_id FROM entity WHERE dataset = 'customers'")
    number = store.row("SELECT number FROM entity WHERE dataset = 'customers'")["number"]
    assert customer and row and sessions
    return {"record": record.record_id, "customer": number, "draft": draft}


def account_level():
    from custinfo.domain.sensitivity import Level

    return Level.SECRET


WHOSE = {
    "home": "lin zhou xin jian", "form": "lin", "print": "lin", "customers": "lin zhou", "customer": "lin zhou",
    "records": "lin zhou", "record": "lin zhou", "waiting": "lin zhou", "case": "zhou", "credit": "zhou",
    "duplicates": "zhou", "abc": "xin", "value": "xin", "clusters": "xin", "demands": "xin", "quality": "xin",
    "survey_tables": "xin", "credit_analysis": "xin",
    "matches": "xin",
    "forms": "xin", "proposal": "xin", "privacy": "xin", "segments": "xin", "reports": "xin", "plans": "xin",
    "indicators": "xin",
    "report_archive": "xin", "statistics": "xin", "studies": "xin zhou",
    "report_calendar": "xin",
    "people": "xin jian", "person": "xin jian",
    "retention": "xin jian", "incidents": "xin jian", "audit": "jian lin",
}  # fmt: skip
"""Who looks at each page: those whose work it shows, and one who is refused. A new page is named here."""


def addresses(ids, name):
    """Pages of the server that are for that person, those about something at what was made, and at a hostile name."""
    known = {"form_id": "hostile", "record_id": ids["record"], "customer_id": ids["customer"]}
    stand_in = SimpleNamespace(app=SimpleNamespace(settings={"custinfo_assets": None}))
    for entry in PageServer.init_handlers(stand_in):
        if entry[1] is not PageHandler or name not in WHOSE[entry[2]["notebook"]].split():
            continue
        group = re.search(r"\(\?P<(\w+)>(?:\(\?![^)]*\))?[^()]*\)", entry[0])
        if group is None:
            yield entry[0]
        else:
            yield entry[0].replace(group[0], known.get(group[1], "%3Cimg%20src=x%20onerror=pwned=9%3E"))
    yield "/account"
    if name == "lin":
        yield f"/form/hostile?draft={ids['draft']}"
        yield "/form/%3Csvg%20onload=pwned=8%3E"
        yield "/customers?q=%3Cscript%3Epwned=7%3C/script%3E"


@pytest.mark.guarantee("page-hostile-text")
@pytest.mark.parametrize("name", ["lin", "zhou", "xin", "jian"])
def test_no_text_on_any_page_becomes_markup(site, chromium, name):
    user = User(SimpleNamespace(url=site.url), chromium, name=name)
    violations = []
    user.page.on("console", lambda said: violations.append(said.text) if "Content Security" in said.text else None)
    shown = 0
    for path in addresses(site.ids, name):
        user.page.goto(f"{site.url}{path}")
        user.page.wait_for_selector("main h1, main h2, .ci-notice, .ci-empty, .ci-banner", timeout=PATIENCE)
        user.page.wait_for_timeout(300)
        assert user.page.evaluate("typeof window.pwned") == "undefined", path
        assert user.page.locator("main img[src*=evil], main svg[onload], main script:not([type])").count() == 0, path
        assert user.page.evaluate("[...document.querySelectorAll('a')].every(a => !/^javascript:/i.test(a.href))"), path
        shown += "evil.example" in user.page.locator("body").inner_text()
    assert shown >= 4, "the texts are there, as texts"
    assert user.dialogs == []
    assert [one for one in user.requests if not one.startswith((site.url, "data:", "blob:"))] == []
    assert violations == []
    assert user.errors == []
    user.context.close()
