"""One form with every question type, filled in by keyboard alone in both languages, and looked at by axe."""

import json

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from custinfo.actions import forms
from custinfo.domain.messages import section
from custinfo.domain.people import SERVICE
from custinfo.store import Site, Store
from custinfo.xforms.refs import flat
from tests.factories import PASSWORD, account
from tests.pages.user import PATIENCE, window
from tests.xforms import every_type

WAV = b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x40\x1f\x00\x00\x01\x00\x08\x00data\x00\x00\x00\x00"
MP4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"
FILES = {
    "photo": ("photo.png", "image/png", every_type.PNG), "sketch": ("sketch.png", "image/png", every_type.PNG),
    "sound": ("sound.wav", "audio/wav", WAV), "film": ("film.mp4", "video/mp4", MP4),
    "paper": ("paper.pdf", "application/pdf", b"%PDF-1.4\n%%EOF\n"),
}  # fmt: skip
SERIOUS = {"serious", "critical"}
INSIDE = """label => {
  const question = document.activeElement?.closest('.ci-q');
  return question?.querySelector('.ci-label > span')?.textContent === label;
}"""

KEYS = [
    ("name", ["欧阳·海"], "欧阳·海"),
    ("story", ["一行", "<Enter>", "二行"], "一行\n二行"),
    ("phone", ["0755123"], "0755123"),
    ("long_number", ["0012345"], "0012345"),
    ("secret", ["open sesame"], "open sesame"),
    ("homepage", ["https://example.org"], "https://example.org"),
    ("people", ["12"], "12"),
    ("income", ["1234567"], "1234567"),
    ("visits", ["<ArrowUp>", "<ArrowUp>", "<ArrowUp>"], "3"),
    ("weight", ["2.50"], "2.50"),
    ("heading", ["270"], "270"),
    ("mood", ["<ArrowRight>", "<ArrowRight>", "<ArrowRight>"], "3"),
    ("warmth", ["<ArrowUp>"], "-4.5"),
    ("stars", ["4"], "4"),
    ("floor", ["7"], "7"),
    ("member", ["2"], "no"),
    ("again", ["1"], "yes"),  # goes on by itself
    ("colour", ["4"], "other"),
    ("colour_other", ["紫"], "紫"),
    ("shade", ["<ArrowDown>", "<ArrowDown>"], "green"),
    ("tint", ["蓝", "<option>", "<Enter>"], "blue"),
    ("frame", ["3"], "blue"),
    ("fair", ["5"], "5"),
    ("likes", ["1", "3"], "red blue"),
    ("hates", ["2"], "green"),
    ("wears", ["1", "2", "<Delete>", "3"], "blue"),
    ("paints", ["红", "<option>", "<Enter>", "绿", "<option>", "<Enter>"], "red green"),
    ("province", ["广东", "<option>", "<Enter>"], "440000"),
    ("order", ["<Alt+ArrowDown>", "<ArrowUp>", "4"], "red blue other green"),
    ("place", ["<Space>"], "red"),
    ("quality", ["4"], "4"),
    ("delivery", ["<Space>", "<ArrowRight>"], "2"),
    ("service", ["5"], "5"),
    ("day", ["<date>"], "2026-11-05"),
    ("month", ["<month>"], "2026-11-01"),
    ("year", ["2025"], "2025-01-01"),
    ("typed_day", ["<date>"], "2026-11-05"),
    ("hour", ["<time>"], "10:30"),
    ("moment", ["<moment>"], "2026-11-05T10:30"),
    ("shop", ["22.5", "<Tab>", "114.1"], "22.5 114.1 0 0"),
    ("way", ["22.5", "<Tab>", "114", "<Tab>", "<Tab>", "5", "<Tab>", "<Tab>", "22.6", "<Tab>", "114.1"],
     "22.5 114 0 5; 22.6 114.1 0 0"),
    ("field", ["<shape>"], "1 1 0 0; 1 2 0 0; 2 2 0 0; 1 1 0 0"),
    ("code", ["6901234567892"], "6901234567892"),
    ("photo", ["<file>"], None),
    ("sketch", ["<file>"], None),
    ("signed", ["单秀英", "<Tab>", "<stored>"], None),
    ("sound", ["<file>"], None),
    ("film", ["<file>"], None),
    ("paper", ["<file>"], None),
    ("read", ["<Space>"], "OK"),
    ("sure", ["<Space>"], "OK"),
]  # fmt: skip
BY_TAB = {"story", "hates"}  # where Enter belongs to the control
BY_ITSELF = {
    "again",
    "tint",
    "province",
    "signed",
}  # a quick choice, Enter that picked from a list, Tab that left a name


def key_after(name):
    """The key that goes on from a question; None before the first, "" where the page goes on by itself."""
    return None if name is None else "Tab" if name in BY_TAB else "" if name in BY_ITSELF else "Enter"


@pytest.fixture(scope="module")
def site(server):
    """The server of all pages, with the form, and a person of the tests' own: the language of a login is remembered."""
    with Store.open(Site.load(server.home)) as store:
        forms.publish(store, SERVICE, every_type.TABLE.name, every_type.TABLE.read_bytes(), every_type.FILES)
        account(store, login_name="typist")
    return server


class Typist:
    """Somebody without a pointer: keys alone, from the login on."""

    def __init__(self, site, chromium, language, *, width=1280):
        self.context = window(chromium, width=width)
        self.page = self.context.new_page()
        self.errors = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.choosers = []  # one listener for good: between two of them the browser would open a real dialog
        self.page.on("filechooser", self._chose)
        self.press, self.url, self.session = self.page.keyboard.press, site.url, every_type.session(language)
        self.ref = {ref.rpartition("/")[2]: ref for ref in every_type.form().control_of}
        self._log_in(language)

    def _chose(self, chooser):
        self.choosers.append(chooser)

    def _log_in(self, language):
        self.page.goto(f"{self.url}/login")
        self._tab_until("node => node.matches('input[autocomplete=username]')")
        self.page.keyboard.type("typist")
        self.press("Tab")
        self.page.keyboard.type(PASSWORD)
        self.press("Enter")
        self.page.wait_for_url(f"{self.url}/")
        if self.page.locator("html").get_attribute("lang") != language:  # it is remembered from one login to the next
            self._tab_until(f"node => node.textContent === '{'English' if language == 'en' else '中文'}'")
            self.press("Enter")
            self.page.locator(f"html[lang={language}]").wait_for()
        self.page.goto(f"{self.url}/form/every_type")
        self.page.locator(".ci-q").first.wait_for()

    def _tab_until(self, test, most=80):
        for _ in range(most):
            if self.page.evaluate(f"({test})(document.activeElement ?? document.body)"):
                return
            self.press("Tab")
        raise AssertionError(f"not reached by Tab: {test}")

    def label(self, name):
        return self.session.state(self.ref[name]).label

    def reach(self, name, key):
        """Go on from the question before by `key`, or wait where it goes on by itself; a page's end is turned by its button."""
        label = self.label(name)
        if key is not None:
            if key:
                self.press(key)
            if self._comes(label, unless=self._on_turning):
                return
        for _ in range(40):
            if self.page.evaluate(INSIDE, label):
                return
            if self._on_turning():
                self.press("Enter")
                self._comes(label)
            else:
                self.press("Tab")
        raise AssertionError(f"{name} was not reached: {self.page.evaluate('document.activeElement.outerHTML')[:300]}")

    def _on_turning(self):
        words = ("下一页", "Next page")
        return self.page.evaluate(
            "words => words.some(word => document.activeElement.textContent.includes(word))", words
        )

    def _comes(self, label, unless=lambda: False):
        for _ in range(100):
            if self.page.evaluate(INSIDE, label):
                return True
            if unless():
                return False
            self.page.wait_for_timeout(50)
        return False

    def answer(self, name, keys):
        for key in keys:
            special = getattr(self, f"_{key[1:-1]}", None) if key.startswith("<") else None
            if special:
                special(name)
            elif key.startswith("<"):
                self.press(key[1:-1])
            else:
                self.page.keyboard.type(self._in_words(key))

    def _in_words(self, text):
        """What is typed to find a choice, in the language of the page."""
        english = {"蓝": "Blue", "红": "Red", "绿": "Green", "广东": "Guangdong"}
        return english.get(text, text) if self.session.language == "en" else text

    def _option(self, _name):
        expect(self.page.locator(".ci-menu:not([hidden]) [aria-selected=true]")).to_be_visible(timeout=PATIENCE)

    def _date(self, _name):
        self.page.keyboard.type("11052026")  # a browser's fields follow its own language, which is English here

    def _month(self, _name):
        self.page.keyboard.type("11")
        self.press("ArrowRight")
        self.page.keyboard.type("2026")

    def _time(self, _name):
        self.page.keyboard.type("1030A")

    def _moment(self, name):
        self._date(name)
        self.press("ArrowRight")
        self._time(name)

    def _shape(self, _name):
        """Three points, the third one on a line that a button adds."""
        points = [("1", "1"), ("1", "2"), ("2", "2")]
        for n, (latitude, longitude) in enumerate(points):
            if n == len(points) - 1:
                self.press("Enter")  # the button under the lines
            self.page.keyboard.type(latitude)
            self.press("Tab")
            self.page.keyboard.type(longitude)
            for _ in range(4 if n < len(points) - 1 else 0):
                self.press("Tab")

    def _file(self, name):
        file_name, media_type, data = FILES[name]
        self.press("Space")
        for _ in range(100):
            if self.choosers:
                break
            self.page.wait_for_timeout(50)
        self.choosers.pop().set_files({"name": file_name, "mimeType": media_type, "buffer": data})
        self._stored(name)

    def _stored(self, name):
        question = self.page.locator(".ci-q", has=self.page.get_by_text(self.label(name), exact=True))
        expect(question.locator(".ci-row .ci-hint").first).to_contain_text(".", timeout=PATIENCE)
        expect(
            question.get_by_role("button", name=section("fields.js", self.session.language)["remove_file"])
        ).to_be_visible(timeout=PATIENCE)

    def serious(self):
        """What axe finds on the page as it stands, of the two graver kinds."""
        found = Axe().run(self.page).response["violations"]
        return [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found if one["impact"] in SERIOUS]


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_question_type_by_keyboard_alone(site, chromium, language):
    typist = Typist(site, chromium, language)
    before = None
    for name, keys, _ in KEYS:
        typist.reach(name, key_after(before))
        typist.answer(name, keys)
        before = name
    assert typist.serious() == []
    typist.press("Control+Enter")
    expect(typist.page.get_by_role("heading", name="已提交" if language == "zh-CN" else "Submitted")).to_be_visible()
    stored = last_record(site)
    assert {name: stored.get(name) for name, _, value in KEYS if value} == {
        name: value for name, _, value in KEYS if value
    }
    for name in [*FILES, "signed"]:
        assert stored[name].rpartition(".")[2] in ("png", "wav", "mp4", "pdf")
    assert stored_files(site) >= {stored[name] for name in FILES} | {stored["signed"]}
    assert typist.errors == []
    typist.context.close()


def last_record(site):
    with Store.open(Site.load(site.home)) as store:
        [row] = store.rows("SELECT content FROM record_version ORDER BY recorded_at DESC LIMIT 1")
    return {ref.rpartition("/")[2]: value for ref, value in flat(json.loads(row["content"]), "/data").items()}


def stored_files(site):
    with Store.open(Site.load(site.home)) as store:
        return {row["name"] for row in store.rows("SELECT name FROM file")}


def test_nothing_scrolls_sideways_on_a_phone(site, chromium):
    phone = Typist(site, chromium, "zh-CN", width=390)
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert phone.serious() == []
    phone.context.close()
