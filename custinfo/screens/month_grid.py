"""A month as a block of a page (`SheetView`): its weeks from Monday to Sunday, and what is on each day."""

import calendar
from collections.abc import Mapping, Sequence
from datetime import date

from custinfo.domain.periods import Month
from custinfo.domain.working_days import WorkCalendar
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page


def entry(text: str, more: str, name: str, look: str, href: str = "") -> Block:
    """What is on a day, and a word `more` that stays on one line; `name` says all of it, `look` is that of a badge,
    `href` the path where it leads to.
    """
    return {"text": text, "more": more, "name": name, "look": look, "href": href}


def block(page: Page, month: Month, days: WorkCalendar, entries: Mapping[date, Sequence[Block]]) -> Block:
    """The month with the days of other months that fill its weeks; days off are marked, and so is today."""
    weeks = calendar.Calendar().monthdatescalendar(month.year, month.month)
    return {
        "type": "month",
        "caption": month.show(page.language),
        "weekdays": [page.text(f"report_schedule.weekday.d{number}") for number in range(1, 8)],
        "weeks": [[_day(page, month, day, days, entries.get(day, ())) for day in week] for week in weeks],
    }


def _day(page: Page, month: Month, day: date, days: WorkCalendar, entries: Sequence[Block]) -> Block:
    return {
        "date": str(day), "day": str(day.day), "rest": not days.works(day), "today": day == page.today(),
        "outside": Month.of(day) != month, "none": not entries, "entries": [*entries],
    }  # fmt: skip
