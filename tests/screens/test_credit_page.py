"""The credit desk: the list, one customer at a glance, what can be done there, and who sees it at all."""

import json
from dataclasses import replace

import pytest

from custinfo.actions import credit as actions
from custinfo.actions import credit_decisions, credit_list, sessions
from custinfo.domain.messages import LANGUAGES, text
from custinfo.domain.people import Role
from custinfo.reports.credit_report_words import CreditWords
from custinfo.screens import credit, credit_cards, credit_desk
from custinfo.screens.context import Page
from tests import credit_desk_sites, credit_sites, credit_standings
from tests.factories import CARD, PASSWORD, account
from tests.screens.conftest import Browser

WRONG = [
    None,
    True,
    3,
    -1,
    "",
    "exe",
    "\ud800",
    ["x"],
    {},
    {"scheme": "7x"},
    {"scheme": 3},
    {"show": ["x"], "grade": 1},
]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with credit_desk_sites.opened(tmp_path_factory.mktemp("credit")) as made:
        yield made


@pytest.fixture
def own(tmp_path):
    """A site of this test alone, for what changes it."""
    with credit_desk_sites.opened(tmp_path) as made:
        yield made


@pytest.fixture
def open_as(site):
    return opener(site)


def opener(site):
    def opened(who, customer_id="", language="zh-CN", **query):
        login = sessions.log_in(site.store, who.login_name, PASSWORD)
        path = f"/credit/{customer_id}" if customer_id else "/credit"
        page = Page(site.store, site.store.site, login, language, path, query)
        from custinfo.screens import showing

        return Browser(showing.screen(page, credit.build))

    return opened


def drawn(page):
    told = page.send(kind="hello")
    assert told["kind"] == "sheet", told
    return json.dumps(told, ensure_ascii=False)


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_customer_at_a_glance(open_as, site, language):
    shown = drawn(open_as(site.people["boss"], site.known, language))
    archive = ("title", "size", "frequency", "timeliness", "qualification")
    assert all(text(f"credit_archive.{one}", language) in shown for one in archive)
    for said in ("legal_representative", "address"):
        assert next(answer for ref, answer in CARD.items() if ref.endswith(f"/{said}")) in shown
    assert text("credit_archive.figure.debt_ratio", language, value="45.00") in shown
    for card in ("grade", "limit", "gate", "raters", "warnings", "dunning", "history", "forms"):
        assert text(f"credit_desk.card.{card}", language) in shown
    assert "rater-1 某" in shown
    assert "¥66,000.00" in shown  # 75 thousand bought, 9 thousand paid
    assert "45.0%" in shown  # the debt ratio that grew
    assert f"/form/credit_override?customer={site.known}" in shown
    for area in ("credit_desk.", "credit_paper.", "credit_use."):
        assert area not in shown


@pytest.mark.parametrize("language", LANGUAGES)
def test_of_a_customer_of_whom_nothing_is_known_every_card_says_what_is_missing(open_as, site, language):
    shown = drawn(open_as(site.people["boss"], site.bare, language))
    for key in ("decision", "raters", "statements"):
        assert text(f"credit_paper.lacking.{key}", language) in shown
    assert text("credit_desk.no_history", language) in shown


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_standing_can_be_drawn(open_as, site, language, monkeypatch):
    monkeypatch.setattr(credit_desk.credit, "standing", lambda *_, **__: credit_standings.full(site.known))
    shown = drawn(open_as(site.people["boss"], site.known, language))
    assert '"type": "meter"' in shown
    assert "新增抵押" in shown
    for key in ("apart", "stale"):
        assert text(f"credit_desk.{key}", language) in shown
    assert text("credit_use.action.call", language) in shown


def test_the_list_has_those_of_whom_something_is_known_and_narrows_down(own):
    site, open_as = own, opener(own)
    boss = site.people["boss"]
    assert site.known_number not in drawn(open_as(boss))  # before the daily look at all of them
    assert site.bare_number in drawn(open_as(boss, show="all"))
    watched(site)
    shown = drawn(open_as(boss))
    assert site.known_number in shown
    page = open_as(boss)
    page.send(kind="hello")
    assert site.known_number in json.dumps(page.send(kind="event", name="search", value=site.known_number))
    assert site.known_number not in json.dumps(page.send(kind="event", name="search", value="C9"))
    told = page.send(kind="event", name="filter", value={"show": "shut", "grade": "B"})
    assert told == {"kind": "go", "href": "/credit?show=shut&grade=B&q=C9"}


def test_filters_hold(site):
    watched(site)
    boss, day = site.people["boss"], site.store.row("SELECT max(day) AS day FROM credit_account")["day"]
    listed = {
        show: {line.number for line in credit_list.listed(site.store, boss, credit_standings.DAY.fromisoformat(day), show=show).rows}
        for show in credit_list.FILTERS
    }  # fmt: skip
    assert listed["all"] == {site.known_number, site.bare_number}
    assert listed["known"] <= listed["all"]
    assert all(listed[show] <= listed["known"] for show in credit_list.FILTERS if show != "all")
    graded = credit_list.listed(site.store, boss, credit_standings.DAY, grade="B").rows
    assert [line.grade for line in graded] == ["B"] * len(graded)


def test_who_sees_it(open_as, site):
    analyst = account(site.store, Role.ANALYST, login_name="analyst")
    stranger = account(site.store, Role.SUPERVISOR, login_name="stranger", department="远方部")
    for who in (site.people["one"], analyst):
        assert open_as(who).send(kind="hello")["kind"] == "failed"
        assert open_as(who, site.known).send(kind="hello")["kind"] == "failed"
    assert site.known_number not in drawn(open_as(stranger, show="all"))
    assert open_as(stranger, site.known).send(kind="hello") == open_as(stranger, "nobody").send(kind="hello") | {
        "text": text("customers.unknown", "zh-CN", number=site.known)
    }


def test_what_no_page_of_ours_would_send_is_answered_with_a_sentence(open_as, site):
    events = {"": ("filter", "search", "page", "nothing"), site.known: ("report", "case_approve", "nothing")}
    for customer_id, names in events.items():
        page = open_as(site.people["boss"], customer_id)
        for name in names:
            for value in WRONG:
                told = page.send(kind="event", name=name, value=value)
                assert told["kind"] in ("failed", "blocks", "go"), (name, value)
    told = page.send(kind="event", name="decide", value={"scheme": "7x"})
    assert told["kind"] == "failed"
    assert not (site.store.site.home / "log" / "incidents.log").exists()


def test_a_decision_is_made_and_agreed_to_on_the_page(own):
    site, open_as = own, opener(own)
    number = site.bare_number
    credit_sites.rate(site.store, site.people["one"], number, 5)
    credit_sites.rate(site.store, site.people["two"], number, 4)
    page = open_as(site.people["boss"], site.bare)
    told = page.send(kind="event", name="decide", value={"scheme": "5c"})
    assert told["kind"] == "sheet", told
    shown = json.dumps(told, ensure_ascii=False)
    assert text("credit_paper.approval.open", "zh-CN") in shown
    assert '"event": "decide"' not in shown
    manager = drawn(open_as(site.people["manager"], site.bare))
    assert '"event": "case_approve"' in manager


def test_the_decision_is_offered_only_where_it_can_be_made_and_5p_stands_beside_5c(own):
    site, open_as = own, opener(own)
    store, boss = site.store, site.people["boss"]
    one, two = site.people["one"], site.people["two"]
    new = credit_sites.customer(store, one, 90050)
    credit_sites.rate(store, one, new.customer_number, 4)
    credit_sites.rate(store, two, new.customer_number, 4, profit=2)
    shown = drawn(open_as(boss, new.customer_id))
    assert '"event": "decide"' not in shown, "they must talk it over first"
    assert f"/credit/{new.customer_id}?scheme=5p" in shown
    assert text("credit_desk.card.beside", "zh-CN") not in shown
    credit_sites.rate(store, one, new.customer_number, 5, scheme="5p")
    credit_sites.rate(store, two, new.customer_number, 5, scheme="5p")
    by_other = drawn(open_as(boss, new.customer_id, scheme="5p"))
    assert '"options": [{"value": "5p", "label": "5P"}]' in by_other
    for language in LANGUAGES:
        both = drawn(open_as(boss, new.customer_id, language))
        assert text("credit_desk.card.beside", language) in both
        assert text("credit_scorecards.aspect.willingness", language) in both
        assert '"+1.0"' in both


@pytest.mark.parametrize("language", LANGUAGES)
def test_beside_the_grade_stands_what_made_it(open_as, site, language):
    """All 4 but repute, a 3, of which 15 of 37.6 % count: 8000 - 112.8 points; B begins at 6400, A at 8400."""
    shown = drawn(open_as(site.people["boss"], site.known, language))
    facts = {"points": "78.9%", "grade": "B", "margin": "14.9%"}
    assert text("credit_desk.explained.stands", language, **facts) in shown
    assert text("credit_desk.explained.lacking", language, lacking="5.1%", better="A") in shown
    lost = {row[0]["text"]: [cell["text"] for cell in row[1:]] for row in explained(shown, language)}
    words = CreditWords(language, "5c", credit_standings.DAY)
    assert next(iter(lost)) == words.indicator("paid_in_time"), "what lost most comes first"
    assert lost[words.indicator("paid_in_time")] == ["4", "3.0%"], "no one rating would change the grade"
    assert lost[words.indicator("repute")] == ["3", "2.3%"]


def test_what_made_a_grade_is_of_its_own_ratings_and_says_what_would_change_it_and_what_is_unknown(own):
    """Known are .95164 of the weight, which come to 4.25682: 8513.6 points. The guarantor as a 1 makes 8198.6."""
    site, open_as = own, opener(own)
    store, boss, number = site.store, site.people["boss"], site.bare_number
    for who in ("one", "two"):
        credit_sites.rate(store, site.people[who], number, 4, paid_in_time=5, contracts_kept=5, guarantor=None)
    decision = actions.decide(store, boss, site.bare)
    title = text("credit_desk.card.explained", "zh-CN")
    assert title not in drawn(open_as(boss, site.bare)), "it is not approved yet"
    credit_sites.approve(store, site.people["manager"], kind=credit_decisions.KIND, object_id=decision)
    for who in ("one", "two"):
        credit_sites.rate(store, site.people[who], number, 1)
    shown = drawn(open_as(boss, site.bare))
    words = CreditWords("zh-CN", "5c", credit_standings.DAY)
    known = {"indicators": words.indicator("guarantor"), "lowest": "82.0%", "highest": "85.9%"}
    assert text("credit_desk.explained.stands", "zh-CN", points="85.1%", grade="A", margin="1.1%") in shown
    assert text("credit_desk.explained.unknown", "zh-CN", **known) in shown
    rows = {row[0]["text"]: [cell["text"] for cell in row[1:]] for row in explained(shown, "zh-CN")}
    assert rows[words.indicator("profit")] == ["4", "1.1%", "—"]
    assert rows[words.indicator("paid_in_time")] == ["5", "—", "B"], "what a rating one worse comes to"
    standing = actions.standing(store, boss, site.bare)
    for wrong in ({"ratings": (("R-0", 1), ("R-1", 1))}, {"points": standing.decision.points + 1}):
        other = replace(standing, decision=replace(standing.decision, **wrong))
        assert actions.explained(store, other) is None, "an explanation of something else is none"


def explained(shown, language):
    """The rows of the table of what made the grade."""
    tables = [
        one
        for one in found(json.loads(shown), "table")
        if one["caption"] == text("credit_desk.card.explained", language)
    ]
    return tables[0]["rows"]


def found(block, kind):
    """Every block of a kind within another."""
    inner = block.values() if isinstance(block, dict) else block if isinstance(block, list) else ()
    own_ = [block] if isinstance(block, dict) and block.get("type") == kind else []
    return own_ + [one for each in inner for one in found(each, kind)]


def test_the_report_is_handed_over_and_registered(open_as, site):
    page = open_as(site.people["boss"], site.known)
    told = page.send(kind="event", name="report", value="html")
    assert (told["kind"], told["type"]) == ("download", "text/html")
    entry = site.store.row("SELECT * FROM export_event ORDER BY seq DESC LIMIT 1")
    assert (entry["what"], entry["object_id"]) == ("report", site.known)


def test_every_grade_has_a_look():
    assert set(credit_cards.GRADE_LOOK) == {"A", "B", "C", "D", "E"}


def watched(site):
    """The daily look at everybody's credit."""
    from custinfo.actions import credit_watch
    from custinfo.domain.people import SERVICE

    credit_watch.watch(site.store, SERVICE)
