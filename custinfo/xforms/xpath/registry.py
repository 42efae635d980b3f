"""The functions that an expression may call: name → how to run it and how many arguments it takes."""

from collections.abc import Callable
from dataclasses import dataclass

from custinfo.xforms.xpath.errors import XPathError
from custinfo.xforms.xpath.values import Focus, Value, text_number, to_number, to_string

MAX_TEXT = 1_000_000
JAVAROSA = "http://openrosa.org/javarosa"


@dataclass(frozen=True, slots=True)
class Function:
    """`run(focus, *arguments)`; arguments are values, or unevaluated closures when `lazy`."""

    run: Callable[..., Value]
    least: int
    most: int | None
    lazy: bool

    def accepts(self, count: int) -> bool:
        """Whether it takes that many arguments."""
        return count >= self.least and (self.most is None or count <= self.most)


FUNCTIONS: dict[str, Function] = {}


def function(
    name: str, least: int = 0, most: int | None = -1, *, lazy: bool = False
) -> Callable[[Callable[..., Value]], Callable[..., Value]]:
    """Registers a function that takes `least` to `most` arguments; `most` left out means exactly `least`, None any."""

    def register(run: Callable[..., Value]) -> Callable[..., Value]:
        FUNCTIONS[name] = Function(run, least, least if most == -1 else most, lazy)
        return run

    return register


def numbers_of(focus: Focus, values: tuple[Value, ...]) -> list[float]:
    """All values as numbers; a node-set gives one for each node."""
    zone = focus.context.zone
    found: list[float] = []
    for value in values:
        if isinstance(value, list):
            found.extend(text_number(n.string(), zone) for n in value)
        else:
            found.append(to_number(value, zone))
    return found


def joined(separator: str, texts: list[str]) -> str:
    """Texts as one. Raises XPathError for one so long that a few more steps would fill the memory."""
    if sum(map(len, texts)) + len(separator) * len(texts) > MAX_TEXT:
        raise XPathError("text_too_long", limit=MAX_TEXT)
    return separator.join(texts)


def strings_of(values: tuple[Value, ...]) -> list[str]:
    """All values as strings; a node-set gives one for each node."""
    found: list[str] = []
    for value in values:
        if isinstance(value, list):
            found.extend(n.string() for n in value)
        else:
            found.append(to_string(value))
    return found
