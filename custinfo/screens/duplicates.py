"""`/duplicates`: pairs of customers that may be the same, the most certain first; one side by side, to be decided.

`?pair=<id>.<id>` shows that pair, else the first that waits. Merging is taken back on the customer's page.
"""

from typing import Any

from custinfo.actions import duplicate_views, duplicates, merges
from custinfo.actions.duplicate_views import Compared, SideBySide
from custinfo.actions.duplicates import Pair, Side
from custinfo.domain.errors import Conflict, NotFound
from custinfo.domain.people import Person
from custinfo.screens import blocks, showing
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.entered import said
from custinfo.screens.sheet_view import Goto, Reaction, Redraw, SheetView

ROWS = 20
FARTHEST = 1_000_000
"""No list of pairs is as long as this; an offset beyond it is no page that anybody turned to."""


def show() -> None:
    """Display the page."""
    showing.show(build)


def build(page: Page) -> SheetView:
    """The pairs that wait for the person who asks."""
    desk = Desk(page)
    return SheetView(page, desk.blocks, desk.react)


class Desk:
    """Which pair is shown, which of the two stays, and how far the list was paged."""

    def __init__(self, page: Page) -> None:
        self._page = page
        low, _, high = page.query.get("pair", "").partition(".")
        self._wanted = (low, high) if low and high else None
        self._shown: SideBySide | None = None
        self._swapped = False
        self._told = ""
        self._offset = 0

    def blocks(self, actor: Person) -> list[Block]:
        """The whole page."""
        page = self._page
        found = duplicates.waiting(page.store, actor, limit=ROWS, offset=self._offset)
        self._shown = self._side_by_side(actor, found.pairs)
        badges = [blocks.badge(page.text("dedupe.count", n=found.total), "accent")] if found.total else []
        parts = [blocks.head(page.text("dedupe.title"), page.text("dedupe.subtitle"), badges=badges)]
        if self._told:
            parts.append(blocks.banner(self._told, "ok"))
        if self._shown is not None:
            parts += self._pair(self._shown)
        return [*parts, blocks.columns([self._list(found)], [self._by_hand()])]

    def react(self, actor: Person, name: str, value: Any) -> Reaction:
        """Decide on the pair that is shown, show another, or turn the page."""
        self._told = ""
        text = value if isinstance(value, str) else ""
        if name == "compare":
            low, high = duplicates.put_by_hand(self._page.store, actor, said(value, "first"), said(value, "second"))
            return Goto(f"/duplicates?pair={low}.{high}")
        if name == "page":
            number = value if isinstance(value, int) else int(text) if text.isascii() and text.isdecimal() else 0
            self._offset = number if 0 <= number < FARTHEST else 0
        elif name == "swap":
            self._swapped = not self._swapped
        elif name in ("merge", "different", "later"):
            self._decide(actor, name, value)
        return Redraw()

    def _decide(self, actor: Person, name: str, value: Any) -> None:
        shown = self._shown
        if shown is None:
            raise NotFound("dedupe.no_pair")
        pair, page = shown.pair, self._page
        if said(value, "about") != _about(pair):
            raise Conflict("dedupe.changed", first=pair.low.number, second=pair.high.number)
        if name == "merge":
            self._merge(actor, shown, value)
        else:
            duplicates.decide(page.store, actor, pair, name, said(value, "reason"))
            self._told = page.text(f"dedupe.{name}_done", first=pair.low.number, second=pair.high.number)
        self._wanted, self._swapped = None, False

    def _merge(self, actor: Person, shown: SideBySide, value: Any) -> None:
        page, (stays, goes) = self._page, self._ordered(shown.pair)
        chosen = [row.ref for n, (row, _) in enumerate(self._offered(shown)) if said(value, f"take{n}") == "yes"]
        done = merges.merge(
            page.store, actor, stays.entity_id, goes.entity_id, reason=said(value, "reason"), chosen=chosen,
            seen=(stays.version, goes.version),
        )  # fmt: skip
        self._told = page.text("dedupe.merge_done", loser=done.loser_number, survivor=done.survivor_number)
        if done.stopped:
            self._told += " " + page.text("dedupe.stopped", n=len(done.stopped))

    # ---- parts

    def _side_by_side(self, actor: Person, pairs: list[Pair]) -> SideBySide | None:
        page = self._page
        wanted = self._wanted or ((pairs[0].low.entity_id, pairs[0].high.entity_id) if pairs else None)
        if wanted is None:
            return None
        try:
            return duplicate_views.side_by_side(page.store, actor, *wanted, page.language)
        except NotFound as gone:
            self._wanted, self._told = None, gone.text(page.language)
            return None

    def _high_stays(self, pair: Pair) -> bool:
        """The one that was known first stays, unless the person wants the other."""
        return (pair.high.number < pair.low.number) != self._swapped

    def _ordered(self, pair: Pair) -> tuple[Side, Side]:
        return (pair.high, pair.low) if self._high_stays(pair) else (pair.low, pair.high)

    def _answers(self, shown: SideBySide) -> list[tuple[Compared, str, str]]:
        """Each question with the answers of the one that stays and of the other, what differs first."""
        high = self._high_stays(shown.pair)
        rows = sorted(shown.rows, key=lambda row: not row.differs)
        return [(row, row.high, row.low) if high else (row, row.low, row.high) for row in rows]

    def _offered(self, shown: SideBySide) -> list[tuple[Compared, str]]:
        """What the one that stays could take over from the other."""
        return [(row, theirs) for row, _, theirs in self._answers(shown) if row.differs and theirs]

    def _pair(self, shown: SideBySide) -> list[Block]:
        page, pair = self._page, shown.pair
        both = self._ordered(pair)
        columns = [blocks.column(page.text("dedupe.question")), blocks.column(page.text("dedupe.differs"))]
        columns += [blocks.column(_named(one), wide=True) for one in both]
        blank = page.text("dedupe.blank")
        rows = [
            [(row.label, ""), ("≠" if row.differs else "", ""), (first or blank, ""), (second or blank, "")]
            for row, first, second in self._answers(shown)
        ]
        caption = page.text("dedupe.compared", n=sum(row.differs for row in shown.rows))
        opened = [
            blocks.link(one.number, f"/customer/{one.entity_id}", "quiet small", name=_named(one)) for one in both
        ]
        title = " ↔ ".join(_named(one) for one in both)
        sides = [blocks.table(caption, columns, rows)]
        table = blocks.card(title, sides, badges=self._marks(pair), actions=opened, flush=True)
        return [table, blocks.columns([self._merging(shown)], [self._evidence(pair), self._others(pair)])]

    def _marks(self, pair: Pair) -> list[Block]:
        page = self._page
        look = {"automatic": "ok", "review": "warn"}.get(pair.evidence.band, "")
        marks = [blocks.badge(page.text(f"dedupe.band.{pair.evidence.band}"), look)]
        if not pair.evidence.held_back:  # weights alone would say another thing than the rule does
            percent = f"{100 * pair.evidence.probability:.1f}"
            marks.append(blocks.badge(page.text("dedupe.probability", percent=percent)))
        marks.append(blocks.badge(page.text(f"dedupe.source.{pair.source}")))
        return [*marks, blocks.badge(page.text("dedupe.later_mark"))] if pair.later else marks

    def _evidence(self, pair: Pair) -> Block:
        page = self._page
        lines = [line for line in pair.evidence.lines if line.weight]
        rows = [[(line.text(page.language), ""), (f"{line.weight:+.1f}", "")] for line in lines]
        inner: list[Block] = [blocks.banner(page.text("dedupe.said", words=pair.said), "info")] if pair.said else []
        inner += [blocks.banner(page.text(key), "warn") for key in pair.evidence.held_back]
        columns = [blocks.column(page.text("dedupe.evidence"), wide=True)]
        columns.append(blocks.column(page.text("dedupe.weight"), number=True))
        table = blocks.table(page.text("dedupe.weight_hint"), columns, rows)
        inner.append(table if rows else blocks.empty(page.text("dedupe.no_evidence")))
        return blocks.card(page.text("dedupe.evidence"), inner)

    def _merging(self, shown: SideBySide) -> Block:
        page = self._page
        stays, goes = self._ordered(shown.pair)
        title = page.text("dedupe.merge", loser=goes.number, survivor=stays.number)
        if not shown.same_form:
            words = page.text("merges.two_kinds", first=stays.number, second=goes.number)
            return blocks.card(title, [blocks.empty(words)])
        fields = [
            blocks.field(f"take{n}", page.text("dedupe.take", label=row.label, value=value, loser=goes.number), "check")
            for n, (row, value) in enumerate(self._offered(shown))
        ]
        fields.append(blocks.field("reason", page.text("dedupe.reason"), required=True))
        words = page.text("dedupe.swap", number=goes.number)
        swap = blocks.button(words, "swap", "", name=words, look="small")
        entry = blocks.entry("merge", fields, page.text("dedupe.merge_button"), value=_about(shown.pair))
        return blocks.card(title, [blocks.banner(page.text("dedupe.merge_hint")), entry], actions=[swap])

    def _others(self, pair: Pair) -> Block:
        page = self._page
        why = [blocks.field("reason", page.text("dedupe.reason"), required=True)]
        different = blocks.entry("different", why, page.text("dedupe.different"), value=_about(pair), look="")
        later = blocks.entry("later", [], page.text("dedupe.later"), value=_about(pair), look="quiet")
        return blocks.card(page.text("dedupe.not_same"), [different, later])

    def _list(self, found: duplicates.Waiting) -> Block:
        page = self._page
        if not found.pairs:
            return blocks.card(page.text("dedupe.waiting"), [blocks.empty(page.text("dedupe.none"))])
        columns = [blocks.column(page.text(f"dedupe.{name}"), wide=name == "pair") for name in ("pair", "how", "since")]
        rows = [
            [
                (f"{_named(one.low)} ↔ {_named(one.high)}", f"/duplicates?pair={_about(one)}"),
                (page.text(f"dedupe.band.{one.evidence.band}"), ""),
                (page.time(one.found_at), ""),
            ]
            for one in found.pairs
        ]
        caption = page.text("dedupe.count", n=found.total)
        table = blocks.table(caption, columns, rows, (self._offset, ROWS, found.total))
        return blocks.card(page.text("dedupe.waiting"), [table], id="list", flush=True)

    def _by_hand(self) -> Block:
        page = self._page
        fields = [
            blocks.field(name, page.text(f"dedupe.{name}"), required=True, hint="C000001")
            for name in ("first", "second")
        ]
        entry = blocks.entry("compare", fields, page.text("dedupe.compare"), look="")
        return blocks.card(page.text("dedupe.by_hand"), [entry])


def _about(pair: Pair) -> str:
    return f"{pair.low.entity_id}.{pair.high.entity_id}"


def _named(side: Side) -> str:
    return side.number if side.label == side.number else f"{side.label} · {side.number}"
