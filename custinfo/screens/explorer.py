"""The frame of analysts' screens: a heading that says what is looked at, filters, linked charts, lists page by page.

A screen is a declaration (`explorer_view.Screen`): its functions take a `View` and give small tables, charts and
sentences. Everything is counted in the lake's engine; a browser is sent sums and one page of rows, whatever the lake's
size. The same declaration is a page of the workbench and a cell of a notebook:

    from custinfo.screens import explorer
    from custinfo.screens.explorer_view import Column, Filter, Listing, Panel, Prepared, Screen, View

    def _prepare(view: View) -> Prepared:                      # once, when the screen opens
        rule = value_grade.rule(view.on)
        grades = value_grade.grade(view.opened.customers, view.opened.sales, view.on, rule).cache()
        return Prepared({"grades": grades}, {value_grade.FILE: rule.version})

    # What takes seconds of a million customers is a `lake.prepared.Recipe` instead: computed once for everybody

    def _chosen(view: View) -> ir.Table:                       # what filters and picks have chosen
        grades = view.tables["grades"]
        return grades.filter(grades.grade.isin(view.codes("grade"))) if view.codes("grade") else grades

    SCREEN = Screen(
        area="abc",                                            # keys below are in locale/*/abc.toml; `title` names it
        prepare=_prepare,
        summary=lambda view: view.word("summary", customers=view.told(_count(view))),
        filters=[Filter("grade", "by.grade", lambda view: [("A", "A"), ("B", "B"), ("C", "C")])],
        panels=[Panel(_chart, pick="grade_bar")],              # explorer_charts: points, brush, tooltip …
        listings=[Listing("list", _chosen, [Column("customer_key", "customer", key_start)], "net_fen", "customer_key")],
    )

    explore, show = explorer.doors(SCREEN)                     # a notebook's last line; the cell of the page

Counts of customers go through `View.told` or `View.counted`, lists through `Listing`: of fewer customers than the
lake's smallest group nothing exact is told.
"""

import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time
from functools import partial
from html import escape
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import ipywidgets as widgets

from custinfo import lake
from custinfo.actions import extracts, refusals
from custinfo.actions import lake as published
from custinfo.domain import clock
from custinfo.domain.errors import BadInput, CustinfoError
from custinfo.domain.messages import DEFAULT_LANGUAGE, LANGUAGES, text
from custinfo.lake import branches
from custinfo.reports import places
from custinfo.screens import explorer_charts, incidents, showing
from custinfo.screens.context import Page
from custinfo.screens.explorer_list import ListView
from custinfo.screens.explorer_view import Choice, Filter, Panel, Place, Screen, View
from custinfo.store.site import DEFAULT_ZONE, Site

LAKE = "CUSTINFO_LAKE"
"""The environment variable with the lake's folder, for an account that may read nothing else of the site."""
STYLE = Path(__file__).with_name("explorer.css")
LANGUAGE_NAMES = {"zh-CN": "中文", "en": "English"}


def explore(
    screen: Screen, home: Path | None = None, language: str = DEFAULT_LANGUAGE, as_of: datetime | None = None
) -> widgets.Widget:
    """The screen in a notebook: of the site in `home`, else of the lake that CUSTINFO_LAKE names, else of the site that
    CUSTINFO_HOME names; as of a moment, else of the newest version. Without a lake it says so in words.
    """
    try:
        return Explorer(screen, *_opened(home, as_of), language).widget
    except CustinfoError as fault:
        return widgets.HTML(f"<p role='alert'>{escape(fault.text(language))}</p>")


def show(screen: Screen) -> None:
    """The screen as a page of the workbench, for the people who may read the lake."""
    showing.show(partial(page, screen))


def page(screen: Screen, opened: Page) -> widgets.Widget:
    """The screen's widget at a page. Raises NotAllowed for who may not read the lake; each reading is on the audit log.

    The right is asked anew at every choice. `?as_of=2026-06-30` looks at the lake as it was at the end of a day.
    """
    published.check_may_read(opened.alive().person)
    found = lake.open(opened.site, as_of=_end_of(opened.query.get("as_of", ""), opened.site.zone))
    published.looked_at(opened.store, opened.alive().person, found.version)
    return Explorer(screen, _place(opened.site), found, opened.language, opened).widget


def doors(screen: Screen) -> tuple[partial[widgets.Widget], partial[None]]:
    """What a module of a screen gives: `explore(home, language, as_of)` for a notebook, `show()` for its page."""
    return partial(explore, screen), partial(show, screen)


def _end_of(day: str, zone: ZoneInfo) -> datetime | None:
    """The last moment of a day that an address names, of today the present one; None when it names none."""
    if not day:
        return None
    try:
        named = date.fromisoformat(day)
    except ValueError:
        raise BadInput("explorer.as_of_wrong", day=day[:20]) from None
    now = clock.utc_now().astimezone(zone)
    return now if named == now.date() else datetime.combine(named, time.max, zone)


def _opened(home: Path | None, as_of: datetime | None) -> tuple[Place, lake.Tables]:
    folder = os.environ.get(LAKE)
    if home is None and folder:
        zone = ZoneInfo(DEFAULT_ZONE)
        if (Path(folder) / branches.FILE).is_file():
            return Place("", zone, demo=False), branches.open_branches(Path(folder), as_of=as_of)
        return Place("", zone, demo=False), lake.open_folder(Path(folder), as_of=as_of)
    site = Site.load(home or places.home())
    return _place(site), lake.open(site, as_of=as_of)


def _place(site: Site) -> Place:
    return Place(site.name, site.zone, site.demo)


class Explorer:
    """A screen that is shown. What is chosen is in here; `page` is the page it stands on, None in a notebook.

    In a notebook the file system decides who reads, and the screen has its own switch of languages.
    """

    def __init__(
        self, screen: Screen, place: Place, opened: lake.Tables, language: str, page: Page | None = None
    ) -> None:
        self.page = page
        self._screen = screen
        empty = View(place, opened, language, screen.area)
        made = screen.prepare(empty)
        self._view = replace(empty, tables=made.tables, rules=made.rules)
        self._drawing = False
        self._heading, self._alert, self._summary = (widgets.HTML() for _ in range(3))
        self._switch = widgets.ToggleButtons(
            options=[(LANGUAGE_NAMES[one], one) for one in LANGUAGES], value=language, style={"button_width": "6em"}
        )
        self._switch.observe(lambda _: self.answer(self._translate), "value")
        self.widget = widgets.VBox()
        self.widget.add_class("ci-explorer")
        self._build()

    def view(self) -> View:
        """What is chosen now."""
        return self._view

    def choose(self, choices: Mapping[str, Choice]) -> None:
        """Choose exactly this, and draw it."""
        self._view = replace(self._view, choices=dict(choices))
        self._build()

    def draw(self) -> None:
        """Draw what is chosen anew: something that it rests on has come."""
        self.answer(self._tell)

    def answer(self, work: Callable[[], None], beside: widgets.HTML | None = None) -> None:
        """Do what somebody asked for at a widget: the right to read is asked anew, what goes wrong is said in words, at
        the head of the screen or `beside` the widget.
        """
        if self._drawing or not self._allowed():
            return
        place = beside or self._alert
        try:
            self._alert.value = place.value = ""
            work()
        except CustinfoError as fault:
            self._say(fault.text(self._view.language), place)
        except Exception as fault:
            if self.page is None:
                raise
            # What a callback raises would go to the browser, with its traceback
            self._say(self.page.text("pages.incident_page", number=incidents.record(self.page.site, fault)), place)

    def _say(self, words: str, place: widgets.HTML | None = None) -> None:
        (place or self._alert).value = f"<p role='alert'>{escape(words)}</p>"

    def _allowed(self) -> bool:
        """Whether the person may still read the lake; if not, the reason stands in the screen's place."""
        if self.page is None:
            return True
        actor = None
        try:
            actor = self.page.alive().person
            published.check_may_read(actor)
        except CustinfoError as refused:
            refusals.note(self.page.store, actor, refused, self.page.path)
            self._say(refused.text(self._view.language))
            self.widget.children = (self._alert,)
            return False
        return True

    def _translate(self) -> None:
        self._view = replace(self._view, language=self._switch.value)
        self._build()

    def _build(self) -> None:
        """Everything anew, in the present language, with what is chosen."""
        # Widgets that are made tell of their first value: nobody chose it
        self._drawing = True
        try:
            self._make()
        finally:
            self._drawing = False
        self._tell()

    def _make(self) -> None:
        screen = self._screen
        self._heading.value = self._head()
        self._filters = {one.name: self._filter(one) for one in screen.filters}
        self._panels = [_PanelView(one, self) for one in screen.panels]
        self._lists = [ListView(one, self, self._hand_out) for one in screen.listings]
        self._parts = [make(self) for make in screen.parts]
        clear = widgets.Button(description=self._word("clear"))
        clear.on_click(lambda _: self.answer(lambda: self.choose({})))
        filters, charts = widgets.HBox([*self._filters.values()]), widgets.HBox([one.widget for one in self._panels])
        for box, name in ((filters, "ci-explorer-filters"), (charts, "ci-explorer-charts")):
            box.add_class(name)
        # Twice the number of widgets would be twice the time to open: what a screen has none of, it does not draw
        parts: list[widgets.Widget] = [self._heading, *([] if self.page else [self._switch]), self._alert]
        parts += [filters] if screen.filters else []
        parts += [clear] if screen.filters or any(one.pick for one in screen.panels) else []
        parts += [self._summary, *([charts] if screen.panels else []), *(one.widget for one in self._lists)]
        parts += [one.widget for one in self._parts]
        parts += screen.beside(self) if screen.beside else []
        self.widget.children = tuple(parts)

    def _word(self, key: str, **facts: object) -> str:
        return text(f"explorer.{key}", self._view.language, **facts)

    def _rules(self) -> Iterator[str]:
        for file, number in self._view.rules.items():
            yield self._word("numbered", rule=self._word(f"rule.{file.removesuffix('.toml')}"), number=number)

    def _head(self) -> str:
        view = self._view
        demo = f" <strong class='ci-explorer-demo'>{escape(self._word('demo'))}</strong>" if view.place.demo else ""
        read = ", ".join(f"{name} {number}".strip() for name, number in _versions(view.opened))
        facts = [view.place.name, self._word("version", version=read), self._word("as_of", as_of=self._time())]
        if view.rules:
            facts.append(self._word("rules", rules=self._word("between").join(self._rules())))
        late = ", ".join(one.branch for one in view.opened.late)
        told = f"<p class='ci-explorer-late'>{escape(self._word('late', branches=late))}</p>" if late else ""
        line = " · ".join(escape(one) for one in facts if one)
        style = f"<style>{STYLE.read_text('utf-8')}</style>"
        return f"{style}<h1>{escape(view.word('title'))}{demo}</h1><p class='ci-explorer-facts'>{line}</p>{told}"

    def _time(self) -> str:
        return clock.show(self._view.opened.as_of, self._view.place.zone)

    def _filter(self, declared: Filter) -> widgets.Widget:
        view = self._view
        options = list(declared.options(view))
        kept = tuple(code for _, code in options if code in view.codes(declared.name))
        label = view.word(declared.label)
        if declared.many:
            chooser = widgets.SelectMultiple(options=options, value=kept, description=label, rows=5)
        else:
            codes = [code for _, code in options]
            first = kept[0] if kept else declared.begins if declared.begins in codes else next(iter(codes), None)
            chooser = widgets.Dropdown(options=options, value=first, description=label)
            kept = () if first is None else (first,)
        self._view = replace(view, choices={**view.choices, declared.name: kept})
        chooser.observe(lambda _: self.answer(self._filtered), "value")
        return chooser

    def _filtered(self) -> None:
        """What the filters say is chosen; picks in the charts end, whose marks may be gone; the rest stays."""
        ending = {one.pick for one in self._screen.panels}
        found = {name: kept for name, kept in self._view.choices.items() if name not in ending}
        found |= {
            name: tuple(one.value) if isinstance(one, widgets.SelectMultiple) else (one.value,)
            for name, one in self._filters.items()
        }
        self._view = replace(self._view, choices=found)
        self._tell()

    def picked(self, panel: "_PanelView", name: str, chosen: Choice) -> None:
        """Something was picked in a chart: everything but that chart follows."""
        if self._view.choices.get(name, ()) != chosen:
            self._view = replace(self._view, choices={**self._view.choices, name: chosen})
            self._tell(but=panel)

    def _tell(self, but: "_PanelView | None" = None) -> None:
        self._summary.value = f"<p aria-live='polite'>{escape(self._screen.summary(self._view))}</p>"
        for panel in self._panels:
            if panel is not but:
                panel.draw()
        for one in (*self._lists, *self._parts):
            one.tell()

    def _hand_out(self, view: View, rows: Any, write: Any) -> bytes:
        if self.page is None:
            return bytes(write(lake.extract(view.opened, rows)))
        store, actor = self.page.store, self.page.alive().person
        return extracts.hand_out(store, actor, view.opened, rows, write, name=view.area)


class _PanelView:
    """A chart of a screen, or the sentence in its place."""

    def __init__(self, panel: Panel, explorer: Explorer) -> None:
        self._panel, self._explorer = panel, explorer
        self._chart: Any = None
        self._words = widgets.HTML()
        self.widget = widgets.VBox()

    def draw(self) -> None:
        """Draw what is chosen now."""
        view, pick = self._explorer.view(), self._panel.pick
        others = {name: chosen for name, chosen in view.choices.items() if name != pick}
        drawn = self._panel.draw(replace(view, choices=others, own=view.choices.get(pick, ())))
        if isinstance(drawn, str):
            self._words.value = f"<p class='ci-explorer-empty'>{escape(drawn)}</p>"
            self.widget.children = (self._words,)
            return
        if self._chart is None:
            self._chart = explorer_charts.widget(drawn)
        else:
            self._chart.chart = explorer_charts.framed(drawn)
        self.widget.children = (self._chart,)
        if pick:
            # A new chart has new selections
            self._chart.selections.observe(self._reported, pick)

    def _reported(self, change: Mapping[str, Any]) -> None:
        chosen = _chosen(change["new"].value)
        self._explorer.answer(lambda: self._explorer.picked(self, self._panel.pick, chosen))


def _chosen(reported: object) -> Choice:
    """What a browser says is picked, if it is of the shape that a selection has: codes, or two ends of a range."""
    if isinstance(reported, Mapping):
        ends = next(iter(reported.values()), None)
        if isinstance(ends, Sequence) and len(ends) == 2 and all(map(_is_number, ends)):
            return tuple(sorted(ends))
        return ()
    marks = reported if isinstance(reported, list) else []
    codes = (mark.get("code") for mark in marks if isinstance(mark, Mapping))
    return tuple(code for code in codes if isinstance(code, str))


def _is_number(value: object) -> bool:
    return type(value) in (int, float) and math.isfinite(value)  # type: ignore[arg-type]


def _versions(opened: lake.Tables) -> list[tuple[str, int]]:
    """The version that is looked at, or that of each branch."""
    if isinstance(opened, lake.Branches):
        return sorted(opened.versions.items())
    return [("", opened.version)] if isinstance(opened, lake.Lake) else []
