"""Tables by name, each made when it is asked for: a version of the lake has thirty, and most readers want three."""

from collections.abc import Callable, Iterable, Iterator, Mapping

import ibis.expr.types as ir


class Asked(Mapping[str, ir.Table]):
    """The tables of these names, as `make` gives them; each is made once."""

    def __init__(self, names: Iterable[str], make: Callable[[str], ir.Table]) -> None:
        self._names, self._make = tuple(names), make
        self._made: dict[str, ir.Table] = {}

    def __getitem__(self, name: str) -> ir.Table:
        if name not in self._made:
            if name not in self._names:
                raise KeyError(name)
            self._made[name] = self._make(name)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
