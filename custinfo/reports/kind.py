"""What a kind of report is: its figures, what it says of them, what it draws. Each is a module of `reports.kinds`.

A kind is written once; text, page, PDF, spreadsheet, approval, issue, correction and archive follow from it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, tzinfo

from custinfo import lake
from custinfo.domain.periods import Period
from custinfo.reports.charts import Drawing
from custinfo.reports.figures import Figures
from custinfo.reports.makeup import Makeup
from custinfo.reports.text import Fact


@dataclass(frozen=True)
class Kind:
    """The report `name`, as `data/reports.toml` defines it.

    `figures` counts everything for a period from what the lake knew, by days of a zone; it raises BadInput for a period
    that had not begun. `facts` is what the text says, in order and in no language. `drawings` are its charts.
    `rules` read the rule files for the period's last day: that none is in force yet is said before anything is built.
    `makeup` tells of the same figures what their cells are made of; a report without one is released inside alone.
    """

    name: str
    figures: Callable[[lake.Lake, Period, tzinfo], Figures]
    facts: Callable[[Figures], Iterator[Fact]]
    drawings: tuple[Drawing, ...]
    rules: tuple[Callable[[date], object], ...] = ()
    makeup: Callable[[lake.Lake, Figures, tzinfo], Makeup] | None = None
