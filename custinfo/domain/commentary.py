"""Commentary: what people add to a report's own text. Kept apart from it; its numbers are bound to cells as well.

`{t5.net.this_month}` in a text stands for what the table shows there; it is filled in each time the report is built.
"""

import json
import string
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from custinfo.domain.errors import BadInput
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.text import clean

KINDS = ("analysis", "cause", "effect", "measure")
"""Their places in a report, in order: analysis against plan, causes, effects and consequences, measures."""
LONGEST = 2000


@dataclass(frozen=True)
class Comment:
    """One paragraph in its place, in each language; `by` is who wrote it, as it stands in the report."""

    kind: str
    texts: Mapping[str, str]
    by: str


def checked(kind: str, texts: Mapping[str, str], by: str) -> Comment:
    """A comment as it may stand in a report.

    Raises BadInput for another place, a language without words, braces that are no cell's address, and languages that
    name different cells.
    """
    if kind not in KINDS:
        raise BadInput("commentary.kind", given=kind[:40], known=", ".join(KINDS))
    said = {language: clean(texts.get(language, ""), max_length=LONGEST).strip() for language in LANGUAGES}
    for language, words in said.items():
        if not words:
            raise BadInput("commentary.empty", language=language)
    named = {language: sorted(address for _, address in parsed(words) if address) for language, words in said.items()}
    if len({tuple(one) for one in named.values()}) > 1:
        raise BadInput("commentary.languages_differ")
    return Comment(kind, said, by)


def parsed(words: str) -> Sequence[tuple[str, str]]:
    """Stretches of text, each followed by the address that stands after it; the last may have none. Raises BadInput."""
    try:
        found = list(string.Formatter().parse(words))
    except ValueError:
        raise BadInput("commentary.braces") from None
    for _, address, form, conversion in found:
        if form or conversion or (address is not None and address.count(".") != 2):
            raise BadInput("commentary.braces")
    return [(literal, address or "") for literal, address, *_ in found]


def to_json(comments: Sequence[Comment]) -> bytes:
    """Canonical: equal commentary gives equal bytes; none gives none."""
    if not comments:
        return b""
    ordered = sorted(comments, key=lambda one: KINDS.index(one.kind))
    return json.dumps([asdict(one) for one in ordered], ensure_ascii=False, sort_keys=True).encode()


def from_json(content: bytes) -> tuple[Comment, ...]:
    """What `to_json` wrote."""
    return tuple(Comment(**one) for one in json.loads(content)) if content else ()
