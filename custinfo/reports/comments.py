"""Commentary in a report: a comment's text with its cells filled in, under the headings of its places."""

from collections.abc import Sequence

from custinfo.domain import commentary
from custinfo.domain.commentary import Comment
from custinfo.domain.errors import BadInput
from custinfo.reports import places, showing
from custinfo.reports import text as wording
from custinfo.reports.figures import Figures
from custinfo.reports.text import Binding, Sentence, Source

FILE = "commentary.json"
"""Beside the files of a report that has some: what a build was given, as `domain.commentary` writes it."""


def given() -> tuple[Comment, ...]:
    """What the running build was given; nothing outside of a build."""
    folder = places.output()
    if folder is None or not (folder / FILE).exists():
        return ()
    return commentary.from_json((folder / FILE).read_bytes())


def offered(figures: Figures, language: str) -> list[tuple[str, str, str]]:
    """The numbers of the report for whoever writes about them: address, place in words, what is shown."""
    return [
        (address, showing.address(figures, address, language), wording.shown(figures, Source(address), language))
        for address, _ in figures.cells()
    ]


def check(comments: Sequence[Comment], figures: Figures) -> None:
    """Raises BadInput, naming the address, when a comment names a cell that the figures have not."""
    for one in comments:
        for language in one.texts:
            filled(one, figures, language)


def filled(comment: Comment, figures: Figures, language: str) -> Sentence:
    """A comment in one language, its numbers taken from their cells. Raises BadInput."""
    said, bindings = "", []
    for literal, address in commentary.parsed(comment.texts[language]):
        said += literal
        if address:
            try:
                words = wording.shown(figures, Source(address), language)
            except (KeyError, ValueError):
                raise BadInput("commentary.no_cell", address=address[:40]) from None
            bindings.append(Binding(address, "plain", len(said), len(said) + len(words)))
            said += words
    return Sentence(said, tuple(bindings))
