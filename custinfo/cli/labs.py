"""A command for analysts' own JupyterLabs: lab-token."""

from pathlib import Path

import click

from custinfo.actions import labs
from custinfo.cli import HOME, main, opened
from custinfo.domain.people import SERVICE


@main.command("lab-token")
@HOME
@click.argument("login_name")
def lab_token(home: Path, login_name: str) -> None:
    """Make the token of a person's JupyterLab, and print it alone: for a file that only their account reads."""
    with opened(home) as store:
        click.echo(labs.new_token(store, SERVICE, login_name))
