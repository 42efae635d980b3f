"""The blocks that a page is made of, as the script of `SheetView` draws them: every text as text, never as markup.

Looks: `ok`, `warn`, `danger`, `info`, `accent` (badges, banners); `primary`, `danger`, `quiet`, `small` (buttons).
"""

from collections.abc import Sequence
from typing import Any

Block = dict[str, Any]


def badge(text: str, look: str = "") -> Block:
    """A small mark beside a title."""
    return {"text": text, "look": look}


def link(text: str, href: str, look: str = "", *, name: str | None = None) -> Block:
    """A button that leads to another page of this site; `href` is a path, `name` says what `text` leaves open."""
    return {"text": text, "href": href, "look": look, "name": name}


def button(text: str, event: str, value: str, *, name: str, look: str = "", confirm: str | None = None) -> Block:
    """A button that sends an event; `name` says what it does to whom, `confirm` asks back first."""
    return {"text": text, "event": event, "value": value, "name": name, "look": look, "confirm": confirm}


def head(title: str, subtitle: str = "", *, badges: Sequence[Block] = (), actions: Sequence[Block] = ()) -> Block:
    """The page's title."""
    return {"type": "head", "title": title, "subtitle": subtitle, "badges": [*badges], "actions": [*actions]}


def card(
    title: str,
    blocks: Sequence[Block],
    *,
    id: str = "",
    actions: Sequence[Block] = (),
    badges: Sequence[Block] = (),
    flush: bool = False,
) -> Block:
    """A titled frame around blocks; `flush` lets a list or table reach its edges."""
    return {
        "type": "card",
        "id": id,
        "title": title,
        "blocks": [*blocks],
        "actions": [*actions],
        "badges": [*badges],
        "flush": flush,
    }


def columns(*stacks: Sequence[Block]) -> Block:
    """Stacks side by side, one below the other on a phone."""
    return {"type": "columns", "columns": [[*stack] for stack in stacks]}


def empty(text: str, *actions: Block) -> Block:
    """What stands where there is nothing yet."""
    return {"type": "empty", "text": text, "actions": [*actions]}


def banner(text: str, look: str = "info") -> Block:
    """A message across the page."""
    return {"type": "banner", "text": text, "look": look}


def item(
    text: str, href: str = "", *, meta: str = "", badges: Sequence[Block] = (), actions: Sequence[Block] = (),
    secret: Block | None = None,
) -> Block:  # fmt: skip
    """A line of a list; `secret` when its text is masked."""
    return {"text": text, "href": href, "meta": meta, "badges": [*badges], "actions": [*actions], "secret": secret}


def secret(ref: str, show: str, hide: str, name: str) -> Block:
    """What goes with a masked text: a button that sends the event `reveal` with `ref`, answered by `Revealed`.

    The browser hides it again after a minute. `show` and `hide` are what the button says, `name` what is shown.
    """
    return {"ref": ref, "show": show, "hide": hide, "name": name}


def listing(items: Sequence[Block], *, compact: bool = False) -> Block:
    """A list of `item`s; a `compact` one has them side by side where there is room."""
    return {"type": "list", "items": [*items], "compact": compact}


def facts(items: Sequence[tuple[str, str] | tuple[str, str, Block | None]], title: str = "") -> Block:
    """Labels with their values, and a `secret` for each value that is masked."""
    told = [{"label": one[0], "value": one[1], "secret": one[2] if len(one) > 2 else None} for one in items]
    return {"type": "facts", "title": title, "items": told}


def column(label: str, *, number: bool = False, wide: bool = False) -> Block:
    """A column of a table; `number` aligns right, `wide` lets long texts wrap."""
    return {"label": label, "number": number, "wide": wide}


def table(
    caption: str,
    columns: Sequence[Block],
    rows: Sequence[Sequence[tuple[str, str] | Block]],
    page: tuple[int, int, int] | None = None,
) -> Block:
    """Rows of cells ((text, path or "") or a `cell`); `page` is (offset, limit, total) of a longer list."""
    cells = [[one if isinstance(one, dict) else {"text": one[0], "href": one[1]} for one in row] for row in rows]
    paging = None if page is None else {"offset": page[0], "limit": page[1], "total": page[2]}
    return {"type": "table", "caption": caption, "columns": [*columns], "rows": cells, "page": paging}


def cell(text: str, href: str = "", *, badges: Sequence[Block] = ()) -> Block:
    """A cell of a table with marks beside its text."""
    return {"text": text, "href": href, "badges": [*badges]}


def meter(label: str, value: int, most: int, text: str, look: str = "ok") -> Block:
    """A bar: `value` of `most`, drawn full from there on; `text` says it in words beside the bar."""
    return {"type": "meter", "label": label, "value": max(value, 0), "most": max(most, 0), "text": text, "look": look}


def picture(title: str, words: str, source: str) -> Block:
    """A drawing with its title; `source` is a `data:` address of an SVG, `words` are for those who cannot see it."""
    return {"type": "picture", "title": title, "words": words, "source": source}


def paragraph(text: str, look: str = "") -> Block:
    """A paragraph by itself."""
    return {"type": "text", "text": text, "look": look}


def search(label: str, placeholder: str, value: str = "") -> Block:
    """A search box: its event is `search`, its value what is typed."""
    return {"type": "search", "label": label, "placeholder": placeholder, "value": value}


def change(label: str, before: str, after: str) -> Block:
    """A field that a version changed."""
    return {"label": label, "before": before, "after": after}


def moment(
    when: str, title: str, *, lines: Sequence[str] = (), badges: Sequence[Block] = (), changes: Sequence[Block] = ()
) -> Block:
    """An entry of a timeline."""
    return {"when": when, "title": title, "lines": [*lines], "badges": [*badges], "changes": [*changes]}


def timeline(moments: Sequence[Block]) -> Block:
    """What happened, newest first."""
    return {"type": "timeline", "items": [*moments]}


def field(
    name: str, label: str, kind: str = "text", *, value: str = "", hint: str = "", required: bool = False,
    options: Sequence[tuple[str, str]] = (), accept: str = "", multiple: bool = False,
) -> Block:  # fmt: skip
    """An input of an `entry`: `text`, `multiline`, `select` (of (value, label)), `file`, `datetime`, `date`, `check`,
    `password` (never drawn with a value, blank again once it is sent) or `code` (of a second factor).
    """
    return {
        "name": name, "label": label, "kind": kind, "value": value, "hint": hint, "required": required,
        "options": [{"value": code, "label": words} for code, words in options], "accept": accept, "multiple": multiple,
    }  # fmt: skip


def entry(
    event: str, fields: Sequence[Block], submit: str, *, value: str = "", look: str = "primary", folded: str = "",
    inline: bool = False,
) -> Block:  # fmt: skip
    """A small form: its event's value has each field by name, files as lists of ids, and `value` under `about`.

    `folded` is the summary behind which it waits until it is wanted; `inline` puts the fields side by side.
    """
    return {
        "type": "entry", "event": event, "fields": [*fields], "submit": submit, "value": value, "look": look,
        "folded": folded, "inline": inline,
    }  # fmt: skip
