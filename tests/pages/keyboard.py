"""Somebody who fills in a whole form with the keys alone: Tab to go on, digits for choices, Enter for buttons."""

import re

from playwright.sync_api import expect

from tests.pages.user import PATIENCE

HERE = """() => {
  const node = document.activeElement;
  const question = node.closest('.ci-q');
  const words = (one) => one.querySelector('.ci-label > span')?.textContent ?? '';
  const label = question ? words(question) : '';
  const same = question ? [...document.querySelectorAll('.ci-q')].filter((one) => words(one) === label) : [];
  return {
    label, round: same.indexOf(question), tag: node.tagName, type: node.type ?? '', role: node.getAttribute('role') ?? '',
    text: node.textContent, value: node.value ?? '', section: node.closest('section')?.querySelector('.ci-section')?.textContent ?? '',
    open: node.closest('.ci-choices') !== null, readonly: Boolean(node.readOnly),
  };
}"""
ROUNDS = """(section) => [...document.querySelectorAll('section')]
  .find((one) => one.querySelector('.ci-section')?.textContent === section)?.querySelectorAll('.ci-repeat').length ?? 0"""
NEXT_PAGE, ADD = "下一页", "增加一项"
SAVED = re.compile("^已自动保存|^Saved")
MOST_STEPS = 900


class Keyboard:
    """`answers` are ref → answer; `session` is a session of the form in which they all stand: it knows the words."""

    def __init__(self, page, session, answers):
        self.page, self.keys = page, page.keyboard
        drawn = [one for top in session.layout() for one in top.walk()]
        self.wanted, self.rounds, self.choices = {}, {}, {}
        for one in drawn:
            if one.kind == "repeat":
                self.rounds[one.label] = max(self.rounds.get(one.label, 0), len(one.children))
            elif one.is_question:
                self._want(session, one, answers)
        self.year_first = None
        self.answered = False

    def _want(self, session, one, answers):
        state = session.state(one.ref)
        taken = self.wanted.setdefault(state.label, [])
        taken.append(None if state.readonly else answers.get(one.ref))
        self.choices[state.label] = list(state.choices)

    def left(self):
        """What is still to be answered."""
        return {label: values for label, values in self.wanted.items() if any(values)}

    def fill(self):
        """Go through the form by Tab until everything is answered."""
        for _ in range(MOST_STEPS):
            if not self.left():
                return
            if not self._did(self.page.evaluate(HERE)):  # what was done may have moved the focus by itself
                self.keys.press("Tab")
        raise AssertionError(f"not reached: {self.left()}, but {self.page.evaluate(HERE)}")

    def _did(self, here):
        """Whether something was to be done where the focus is."""
        values = self.wanted.get(here["label"], [])
        answer = values[here["round"]] if 0 <= here["round"] < len(values) else None
        if answer and not here["readonly"] and here["tag"] != "BUTTON":
            values[here["round"]], self.answered = None, True
            self._answer(here, answer)
        elif here["tag"] == "BUTTON" and here["text"] == ADD and self._lacks(here["section"]):
            self._add_round(here["section"])
        elif here["tag"] == "BUTTON" and NEXT_PAGE in here["text"] and self._page_is_done():
            self.keys.press("Enter")
            self.page.wait_for_timeout(400)
        else:
            return False
        return True

    def _page_is_done(self):
        """Whether nothing is left here, and nothing can come any more: a question may follow from the last answer."""
        if self._left_on_page():
            return False
        if self.answered:
            expect(self.page.get_by_text(SAVED)).to_be_visible(timeout=PATIENCE)
        return not self._left_on_page()

    def _left_on_page(self):
        shown = self.page.locator(".ci-q .ci-label > span").all_text_contents()
        headings = self.page.locator("section .ci-section").all_text_contents()
        return any(self._lacks(one) for one in headings if one in self.rounds) or any(
            values[place]
            for label, values in self.wanted.items()
            for place in range(min(len(values), shown.count(label)))
        )

    def _lacks(self, section):
        return self.page.evaluate(ROUNDS, section) < self.rounds.get(section, 0)

    def _add_round(self, section):
        before = self.page.evaluate(ROUNDS, section)
        self.keys.press("Enter")
        self.page.wait_for_function(f"before => ({ROUNDS})({section!r}) > before", arg=before)
        self.page.wait_for_timeout(200)

    def _answer(self, here, answer):
        offered = [value for value, _ in self.choices[here["label"]]]
        if here["role"] == "combobox":
            self._search(dict(self.choices[here["label"]])[answer])
        elif here["tag"] == "SELECT":
            for _ in range(offered.index(answer) + 1):
                self.keys.press("ArrowDown")
        elif offered:
            for value in answer.split():
                self.keys.type(str(offered.index(value) + 1))
        elif here["type"] in ("date", "time", "datetime-local"):
            self._moment(answer)
        else:
            if here["value"]:
                self.keys.press("Control+A")
            self.keys.type(answer)
        self.page.wait_for_timeout(60)

    def _search(self, label):
        """Enter takes the choice that the arrow points at, and goes on to the next question."""
        self.keys.type(label)
        found = self.page.locator("[role=option]:visible")
        expect(found.first).to_have_text(label, timeout=PATIENCE)
        if found.first.get_attribute("aria-selected") != "true":
            self.keys.press("ArrowDown")
        expect(found.first).to_have_attribute("aria-selected", "true", timeout=PATIENCE)
        self.keys.press("Enter")
        self.page.wait_for_timeout(400)

    def _moment(self, answer):
        """Type a date and a time part by part, in the order in which this browser has the parts."""
        date, clock = re.match(r"(\d{4}-\d\d-\d\d)?T?(\d\d:\d\d)?", answer).groups()
        orders = (False, True) if self.year_first is None else (self.year_first,)
        for year_first in orders:
            if date:
                self._date(date, year_first)
            if clock:
                self._clock(clock, date)
            if self.page.evaluate("document.activeElement.value").startswith(date or clock):
                self.year_first = year_first if date else self.year_first
                return
            for _ in range(6):
                self.keys.press("ArrowLeft")
        raise AssertionError(f"{answer} could not be typed: {self.page.evaluate('document.activeElement.value')}")

    def _date(self, date, year_first):
        year, month, day = date.split("-")
        for part in (year, month, day) if year_first else (month, day, year):
            self.keys.type(part)
            if part == year and year_first:
                self.keys.press("ArrowRight")

    def _clock(self, clock, date):
        hour, minute = map(int, clock.split(":"))
        if date and not self.year_first:
            self.keys.press("ArrowRight")
        self.keys.type(f"{(hour - 1) % 12 + 1:02}{minute:02}{'PM' if hour > 11 else 'AM'}")
