"""The list of a handover as people write it: a line each, `kind; what; how many; where`, in either language."""

import re

from custinfo.actions.handovers import ITEM_KINDS, NEEDED, Item
from custinfo.domain.errors import BadInput
from custinfo.domain.messages import LANGUAGES, text

PARTS = 4


def blank(language: str) -> str:
    """A line for each kind that has to be named, with nothing of it."""
    between = "；" if language == "zh-CN" else "; "
    return "\n".join(between.join((text(f"registers.item.{kind}", language), "", "0", "")) for kind in NEEDED)


def read(written: str) -> list[Item]:
    """The lines as they were written; what a kind is called in any language names it. Raises BadInput, quoting a line
    that is not in order.
    """
    names = {text(f"registers.item.{kind}", language): kind for kind in ITEM_KINDS for language in LANGUAGES}
    found = []
    for line in filter(None, map(str.strip, written.splitlines())):
        parts = [one.strip() for one in re.split(r"[;；\t|]", line)]
        kind = names.get(parts[0].casefold(), names.get(parts[0]))
        if len(parts) != PARTS or kind is None or not re.fullmatch(r"\d{1,7}", parts[2] or "0", re.ASCII):
            raise BadInput("registers.item_wrong", what=line[:40])
        found.append(Item(kind, parts[1], int(parts[2] or "0"), parts[3]))
    return found
