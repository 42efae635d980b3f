"""Every screen's way to the browser: whoever may not see it, or a defect in it, gets a sentence and a way on."""

from collections.abc import Callable
from urllib.parse import urlencode

from IPython.display import display
from ipywidgets import DOMWidget

from custinfo.actions import refusals
from custinfo.domain.errors import CustinfoError
from custinfo.screens import incidents
from custinfo.screens.context import LoggedOut, Page, page
from custinfo.screens.sheet_view import NoticeView


def show(build: Callable[[Page], DOMWidget]) -> None:
    """Display the screen that `build` makes for the page that was asked for."""
    opened = page()
    display(screen(opened, build))  # type: ignore[no-untyped-call]


def screen(opened: Page, build: Callable[[Page], DOMWidget]) -> DOMWidget:
    """The screen's widget, or a notice in its place."""
    actor = None
    try:
        actor = opened.alive().person
        return build(opened)
    except LoggedOut as error:
        back = f"/login?{urlencode({'next': opened.address()})}"
        return NoticeView(opened, error.text(opened.language), back, opened.text("pages.relogin_link"))
    except CustinfoError as error:
        refusals.note(opened.store, actor, error, opened.path)
        words = error.text(opened.language)
    except Exception as fault:
        words = opened.text("pages.incident_page", number=incidents.record(opened.site, fault))
    return NoticeView(opened, words, "/", opened.text("pages.back_home"))
