"""Commands for keys: list, rotate, escrow, recover."""

import json
from pathlib import Path

import click

from custinfo.actions import keys as actions
from custinfo.cli import AS_JSON, HOME, Commands, language, main, opened, say
from custinfo.domain.clock import parse, show
from custinfo.domain.messages import text
from custinfo.domain.people import SERVICE
from custinfo.store import Site


@main.group(cls=Commands)
def keys() -> None:
    """The site's keys."""


@keys.command("list")
@HOME
@AS_JSON
def list_keys(home: Path, as_json: bool) -> None:
    """Which keys there are, since when, and whether they open; never what they are."""
    site = Site.load(home)
    found = actions.listed(site, SERVICE)
    if as_json:
        entries = [
            {"id": one.id, "purpose": one.purpose, "state": one.state, "created_at": one.created_at}
            for one in found.entries
        ]
        click.echo(json.dumps({"master": found.master_id, "locked": found.fault is not None, "keys": entries}))
    else:
        say("keys.list_master", id=found.master_id)
        for one in found.entries:
            facts = {"id": one.id, "at": show(parse(one.created_at), site.zone)}
            names = {"purpose": text(f"keys.purpose.{one.purpose}", language()),
                     "state": text(f"keys.state.{one.state}", language())}  # fmt: skip
            say("keys.list_line", **facts, **names)
    if found.fault is not None:
        raise found.fault


@keys.command()
@HOME
@click.argument("which", type=click.Choice(["level1", "store", "master"]))
def rotate(home: Path, which: str) -> None:
    """Replace a key. Killed at any point, the same command ends what was begun."""
    replaced = actions.rotate(Site.load(home), SERVICE, which)
    purpose = text(f"keys.purpose.{which}", language())
    say("keys.rotated", purpose=purpose, id=replaced.new, old=", ".join(replaced.destroyed), rows=replaced.rows)
    if which == "master":
        say("keys.escrow_again")


@keys.command()
@HOME
@click.option("--out", "folder", required=True, type=click.Path(path_type=Path, file_okay=False))
def escrow(home: Path, folder: Path) -> None:
    """Write the master key as three shares, of which two give it back: one file for each holder."""
    with opened(home) as store:
        written = actions.escrow(store, SERVICE, folder)
    for path in written:
        click.echo(str(path))
    say("keys.escrow_done", folder=folder)


@keys.command()
@HOME
def recover(home: Path) -> None:
    """Make the master key again from two shares; each is asked for, so that it stands in no history of commands."""
    site = Site.load(home)
    shares = [
        click.prompt(text("keys.ask_share", language(), number=number), hide_input=True)
        for number in range(1, actions.NEEDED + 1)
    ]
    say("keys.recovered", id=actions.recover(site, shares))
