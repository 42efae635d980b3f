"""The form page in a real browser: by keyboard alone, page by page, on a phone, in the dark, and long."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from custinfo.actions import forms, sessions
from custinfo.domain.people import SERVICE
from custinfo.store import Site, Store
from tests import trial_forms
from tests.factories import PASSWORD, account
from tests.pages.user import PATIENCE, User, window


@pytest.fixture(scope="module", autouse=True)
def trial(server):
    with Store.open(Site.load(server.home)) as store:
        forms.publish(store, SERVICE, "long.md", trial_forms.long_form().encode())
        forms.publish(store, SERVICE, "short.md", trial_forms.short_form().encode())
        account(store, login_name="lee")
        sessions.set_language(store, sessions.log_in(store, "lee", PASSWORD), "en")


@pytest.fixture
def user(server, chromium):
    opened = User(server, chromium)
    yield opened
    assert opened.errors == []
    opened.context.close()


def serious(page):
    found = Axe().run(page).response["violations"]
    return [(one["id"], one["nodes"][0]["target"]) for one in found if one["impact"] in ("serious", "critical")]


def ready(user, path):
    user.open(path)
    user.page.locator(".ci-q").first.wait_for(timeout=PATIENCE)


def at(page, *labels):
    """Wait until the focus is in the question that one of these labels begins."""
    begins = "labels => labels.some((label) => (document.activeElement.closest('.ci-q')?.querySelector('.ci-label').textContent ?? '').startsWith(label))"
    page.wait_for_function(begins, arg=labels, timeout=PATIENCE)


def focused_label(user):
    return user.page.evaluate("document.activeElement.closest('.ci-q')?.querySelector('.ci-label').textContent ?? ''")


def test_by_keyboard_alone_from_login_to_receipt_in_both_languages(server, chromium):
    for name, language, done, label in (("lin", "zh-CN", "已提交", "姓名"), ("lee", "en", "Submitted", "Name")):
        user = User.__new__(User)
        context = window(chromium, locale=language)
        page = user.page = context.new_page()
        keys = page.keyboard
        page.goto(f"{server.url}/login?next=/form/short_form")
        page.locator("input[autocomplete=username]").wait_for()
        assert page.evaluate("document.activeElement.autocomplete") == "username"
        keys.type(name)
        keys.press("Tab")
        keys.type(PASSWORD)
        keys.press("Enter")
        page.locator(".ci-q").first.wait_for()
        at(page, label)
        keys.press("?")  # a text takes it as text
        keys.type("李")
        keys.press("Enter")
        at(page, "年龄", "Age")
        keys.type("97")
        keys.press("Enter")
        at(page, "吸烟", "Do you smoke")
        keys.press("Shift+?")
        expect(page.get_by_role("dialog")).to_be_visible(timeout=PATIENCE)
        keys.press("Escape")
        keys.press("2")
        keys.press("Alt+m")
        keys.type("戒了")
        keys.press("Alt+m")
        expect(page.get_by_role("radio").nth(1)).to_be_focused(timeout=PATIENCE)
        keys.press("Control+Enter")
        reason = page.locator(".ci-remark.reason textarea:visible")
        expect(reason).to_be_focused(timeout=PATIENCE)
        keys.type("yes" if language == "en" else "核对过")
        keys.press("Control+Enter")
        expect(page.get_by_role("heading", name=done)).to_be_visible(timeout=PATIENCE)
        assert "done=D-" in page.url
        page.reload()
        expect(page.get_by_role("heading", name=done)).to_be_visible(timeout=PATIENCE)
        context.close()


def test_page_by_page_with_keys_and_the_contents_say_what_is_left(user):
    ready(user, "/form/long_form")
    keys = user.page.keyboard
    expect(user.page.locator(".ci-form-toc [aria-current]")).to_contain_text("第 1 部分", timeout=PATIENCE)
    keys.press("Alt+PageDown")
    expect(user.page.locator(".ci-form-toc [aria-current]")).to_contain_text("第 2 部分", timeout=PATIENCE)
    at(user.page, "2.1 题")
    keys.press("1")
    expect(user.question("2.2 题")).to_be_visible(timeout=PATIENCE)
    keys.press("Control+Enter")
    user.sees("还有 25 处需要修改")
    at(user.page, "1.1 题")
    keys.press("2")
    user.sees("还有 24 处需要修改")
    keys.press("Alt+n")
    expect(user.page.locator(".ci-form-toc [aria-current]")).to_contain_text("第 2 部分", timeout=PATIENCE)
    at(user.page, "2.2 题")
    keys.press("Alt+PageUp")
    expect(user.page.locator(".ci-form-toc [aria-current]")).to_contain_text("第 1 部分", timeout=PATIENCE)
    user.page.get_by_role("link", name=re.compile("第 25 部分")).click()
    expect(user.question("25.3 题")).to_be_visible(timeout=PATIENCE)
    assert user.page.locator(".ci-q").count() < 25
    user.page.reload()
    user.page.locator(".ci-q").first.wait_for()
    expect(user.page.get_by_role("radio", name="否").first).to_be_checked(timeout=PATIENCE)


def test_nothing_that_is_focused_lies_under_the_bar(user):
    ready(user, "/form/long_form")
    for _ in range(16):  # as many questions as the page has
        user.page.keyboard.press("Tab")
        hidden = user.page.evaluate("""() => {
          const bar = document.querySelector('.ci-toolbar'), at = document.activeElement;
          return !bar.contains(at) && at.getBoundingClientRect().bottom > bar.getBoundingClientRect().top;
        }""")
        assert not hidden, focused_label(user)


def test_the_language_of_the_form_is_not_that_of_the_page(user):
    ready(user, "/form/short_form")
    user.page.keyboard.press("Alt+l")
    expect(user.question("Name")).to_be_visible(timeout=PATIENCE)
    expect(user.page.get_by_role("button", name="提交")).to_be_visible(timeout=PATIENCE)
    user.answer("Name", "Li")
    user.saved()
    user.page.reload()
    expect(user.question("Name")).to_have_value("Li", timeout=PATIENCE)


def test_the_time_of_the_interview_and_a_note_are_there_after_a_reload(user):
    ready(user, "/form/short_form")
    user.answer("姓名", "李")
    user.page.get_by_label("访问时间").fill("2026-11-01T09:30")
    user.question("姓名").focus()
    user.page.keyboard.press("Alt+m")
    user.page.keyboard.type("由邻居代答")
    user.question("年龄").focus()
    user.saved()
    user.page.reload()
    expect(user.page.get_by_label("访问时间")).to_have_value("2026-11-01T09:30", timeout=PATIENCE)
    expect(user.page.get_by_label("“姓名”的备注", exact=True).last).to_have_value("由邻居代答", timeout=PATIENCE)


def test_a_link_brings_answers_and_says_what_it_could_not(user):
    ready(user, "/form/short_form?d[name]=%E6%9D%8E&d[/data/age]=30&d[office]=x")
    assert [user.question(label).input_value() for label in ("姓名", "年龄")] == ["李", "30"]
    user.sees("链接带来的部分答案没有采用")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_and_a_phone_scrolls_down_alone(server, chromium, scheme):
    user = User(server, chromium, width=390, height=844)
    user.page.emulate_media(color_scheme=scheme)
    for path in ("/form/short_form?d[age]=97&d[office]=x", "/form/long_form"):
        ready(user, path)
        user.page.keyboard.press("Control+Enter")
        user.sees(re.compile(r"还有 \d+ 处需要修改"))
        assert user.page.evaluate("document.documentElement.scrollWidth") <= 390, path
        assert serious(user.page) == [], path
    user.context.close()


def test_an_answer_on_a_form_of_500_questions_redraws_only_what_it_shows_or_hides(user):
    """How long it takes is measured by the bench; here, that every other question stays the element that it was."""
    ready(user, "/form/long_form")
    turns = user.page.evaluate("""async () => {
      const all = () => [...document.querySelectorAll('.ci-q')], turns = [];
      const radios = all().flatMap((one) => [...one.querySelectorAll('input[type=radio]')]).slice(0, 2);
      for (let turn = 0; turn < 4; turn += 1) {
        const before = all();
        radios[turn % 2].click();
        while (all().length === before.length) await new Promise((next) => setTimeout(next, 1));
        const after = new Set(all());
        turns.push([before.length, after.size, before.filter((one) => after.has(one)).length]);
      }
      return turns;
    }""")
    assert all(before != after and kept == min(before, after) for before, after, kept in turns), turns
