"""The list of a handover of statistical work on paper (移交清单), with its three signatures."""

from custinfo.actions import handovers
from custinfo.actions.handovers import Handover
from custinfo.domain.clock import show
from custinfo.domain.messages import text
from custinfo.reports.register_paper import Sheet, SheetTable, render
from custinfo.store import Store


def render_list(store: Store, one: Handover, language: str) -> bytes:
    """The PDF; a place to sign for who has not signed yet."""

    def words(key: str) -> str:
        return text(f"registers_page.{key}", language)

    zone = store.site.zone
    facts = [(words("trained_how"), one.trained), (words("briefing"), one.briefing)]
    facts += [(words("begun"), show(one.opened_at, zone)), ("SHA-256", one.sha256)]
    columns = tuple(words(f"item.{name}") for name in ("kind", "what", "count", "place"))
    rows = tuple(
        (text(f"registers.item.{item.kind}", language), item.what, str(item.count), item.place) for item in one.items
    )
    table = SheetTable(words("items"), columns, rows, (False, False, True, False), (False, True, False, False))
    signatures = []
    for part in handovers.PARTS:
        signed = one.signed.get(part)
        line = f"{one.names[part]} {show(signed.signed_at, zone)}" if signed else ""
        signatures.append((f"{text(f'registers.part.{part}', language)} · {one.names[part]}", line))
    sheet = Sheet(
        words("handover_title"), language, store.site.name, one.number, facts, [table], words("handover_legend"),
        signatures,
    )  # fmt: skip
    return render(sheet, one.opened_at)
