"""The command line: each command opens the site, calls one action and prints what came of it.

Exit status: 0 done, 1 a person must act (the message says what), 2 wrong usage.
"""

import os
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from pathlib import Path

import click

from custinfo.actions import people, refusals, sealing_older
from custinfo.domain.errors import CustinfoError, NotFound
from custinfo.domain.messages import DEFAULT_LANGUAGE, LANGUAGES, text
from custinfo.domain.people import SERVICE, Person
from custinfo.store import Site, Store

_ACTING: ContextVar[Person] = ContextVar("acting", default=SERVICE)
"""Who acts in the command that runs: whose refusal it is."""


class Commands(click.Group):
    """A group whose commands end a `CustinfoError` with its sentence on standard error and exit status 1."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; what a person can mend is said in words, without a traceback."""
        try:
            return super().invoke(ctx)
        except CustinfoError as error:
            click.echo(error.text(language()), err=True)
            sys.exit(1)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception:
            click.echo(text("cli.defect", language(), file=_kept_traceback()), err=True)
            sys.exit(1)


def _kept_traceback() -> Path:
    """What a developer needs, in a file of this account; what people read stays free of it."""
    descriptor, name = tempfile.mkstemp(prefix="custinfo-", suffix=".log")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        traceback.print_exc(file=file)
    return Path(name)


def language() -> str:
    """The language of the command line: CUSTINFO_LANGUAGE, else the locale's, else Chinese."""
    wanted = os.environ.get("CUSTINFO_LANGUAGE") or os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    if wanted in LANGUAGES:
        return wanted
    return "en" if wanted.startswith("en") else DEFAULT_LANGUAGE


def acting(store: Store, login_name: str | None) -> Person:
    """Who acts: the person with that login name, else the service itself. Raises NotFound."""
    if login_name is None:
        return SERVICE
    person = people.by_login_name(store, login_name)
    if person is None:
        raise NotFound("cli.no_person", name=login_name[:64])
    _ACTING.set(person)
    return person


def say(key: str, **facts: object) -> None:
    """Print a message of the catalogue."""
    click.echo(text(key, language(), **facts))


@contextmanager
def opened(home: Path) -> Iterator[Store]:
    """The store of the site in `home`."""
    with Store.open(Site.load(home)) as store:
        _ACTING.set(SERVICE)
        sealing_older.finish(store)
        try:
            yield store
        except CustinfoError as error:
            command = click.get_current_context(silent=True)
            refusals.note(store, _ACTING.get(), error, command.command_path.replace(" ", "/") if command else "")
            raise


HOME = click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("data/site"),
    envvar="CUSTINFO_HOME",
    show_default=True,
    help="The site's folder.",
)
ACTOR = click.option(
    "--as",
    "login_name",
    default=None,
    envvar="CUSTINFO_AS",
    help="The login name of the person who does it; the service itself when left out.",
)
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for other programs.")


MODULES = {
    "audit": ("audit",),
    "backup": ("backups",),
    "restore": ("backups",),
    "classify": ("classify",),
    "credit": ("credit",),
    "daily": ("daily",),
    "dedupe": ("dedupe",),
    "import": ("data",),
    "publish": ("data",),
    "lake": ("data",),
    "doctor": ("doctor",),
    "form": ("forms", "form_data", "form_life", "form_print"),
    "indicators": ("indicators",),
    "keys": ("keys",),
    "lab-token": ("labs",),
    "plan": ("plans",),
    "report": ("reports", "report_issues", "report_archive", "report_schedule", "report_uses"),
    "retention": ("retention",),
    "erase": ("retention",),
    "init": ("sites",),
    "study": ("studies",),
    "scheduler": ("reports", "report_schedule"),
    "serve": ("sites",),
    "user": ("users",),
    "watch": ("watch",),
}
"""The commands and the modules that register them on `main`. One is imported when it is asked for: all take seconds."""


class AllCommands(Commands):
    """The commands of `MODULES`."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click gives it by name
        """Their names, for the help."""
        return sorted(MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None."""
        for module in MODULES.get(cmd_name, ()):
            import_module(f"custinfo.cli.{module}")
        return super().get_command(ctx, cmd_name)


@click.group(cls=AllCommands)
def main() -> None:
    """Know your customers: cards and surveys, gradings, traceable reports."""
