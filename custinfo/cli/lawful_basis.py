"""The option by which an import says why its data may be used."""

from typing import Any

import click

from custinfo.cli import language
from custinfo.domain import consent
from custinfo.domain.messages import LANGUAGES, text


class LawfulBasis(click.ParamType[str]):
    """A basis by its code (`contract`), by its short name (履行合同, performing a contract) or by its full title."""

    name = "basis"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The code. Ends the command with the known ones when there is no such basis."""
        found = _names().get(str(value).strip().casefold())
        if found is None:
            known = ", ".join(
                f"{one.value} ({text(f'batches.basis.{one.value}', language())})" for one in consent.Basis
            )
            self.fail(text("privacy.no_basis", language(), basis=str(value)[:40], known=known), param, ctx)
        return found

    def get_metavar(self, *_: Any, **__: Any) -> str:
        """What `--help` shows for a value."""
        return f"[{'|'.join(consent.Basis)}]"


def _names() -> dict[str, str]:
    named = {code.value: code.value for code in consent.Basis}
    for code in consent.Basis:
        for spoken in LANGUAGES:
            for key in (f"batches.basis.{code.value}", f"privacy.basis.{code.value}"):
                named[text(key, spoken).casefold()] = code.value
    return named
