"""Two entries of the same questionnaire side by side, for whoever reviews the record."""

from collections.abc import Sequence

from custinfo.actions.second_entries import Comparison
from custinfo.screens import blocks
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page


def card(page: Page, found: Sequence[Comparison]) -> Block | None:
    """Each second entry with what differs; None when there is none."""
    if not found:
        return None
    return blocks.card(page.text("second_entry.compare"), [part for one in found for part in _one(page, one)])


def _one(page: Page, one: Comparison) -> list[Block]:
    facts = {"version": one.version, "name": one.second_by_name, "time": page.time(one.entered_at)}
    told = page.text(
        "second_entry.compared_line", **facts, mode=page.text(f"second_entry.{one.mode}"), compared=one.compared,
        differing=len(one.differences),
    )  # fmt: skip
    banner = blocks.banner(told, "warn" if one.differences else "ok")
    if not one.differences:
        return [banner]
    blank = page.text("second_entry.blank")
    columns = [
        blocks.column(page.text("second_entry.question"), wide=True),
        blocks.column(page.text("second_entry.first", name=one.first_by_name), wide=True),
        blocks.column(page.text("second_entry.second", name=one.second_by_name), wide=True),
    ]
    rows = [[(each.label, ""), (each.first or blank, ""), (each.second or blank, "")] for each in one.differences]
    return [banner, blocks.table(told, columns, rows)]
