"""A page without a browser: its widget, the messages that it sends, and messages as a browser would send them."""

import json

import pytest

from custinfo.actions import sessions
from custinfo.screens import showing
from custinfo.screens.context import Page
from tests.factories import PASSWORD, account, site_with_forms


@pytest.fixture
def store(tmp_path_factory):
    with site_with_forms(tmp_path_factory.mktemp("site") / "site") as opened:
        yield opened


@pytest.fixture
def researcher(store):
    return account(store, login_name="li")


@pytest.fixture
def login(store, researcher):
    return sessions.log_in(store, researcher.login_name, PASSWORD)


class Browser:
    """One opened page. `heard` is all that a browser would have received, as JSON brought it there."""

    def __init__(self, widget):
        self.widget = widget
        self.heard = []
        self.number = 0
        widget.send = lambda content, buffers=None: self.heard.append(json.loads(json.dumps(content)))

    def frame(self, data):
        """A raw frame of the comm, as a hostile browser may make it."""
        self.widget._handle_msg({"content": {"data": data}, "buffers": []})

    def send(self, **content):
        """A message; gives the last one that came back for it, or None."""
        before = len(self.heard)
        self.frame({"method": "custom", "content": content})
        return self.heard[-1] if len(self.heard) > before else None

    def answer(self, ref, value):
        self.number += 1
        return self.send(kind="answer", id=self.number, ref=ref, value=value)


@pytest.fixture
def visit(store, login):
    """Open a page as the person logged in, or as `session`."""

    def opened(build, path, query=None, *, session=login, language="zh-CN"):
        page = Page(store, store.site, session, language, path, query or {})
        return Browser(showing.screen(page, build))

    return opened
