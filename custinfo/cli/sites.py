"""Commands for the site itself: init, serve."""

from pathlib import Path

import click

from custinfo.actions import demo_accounts, forms, sites
from custinfo.cli import HOME, language, main, opened, say
from custinfo.domain.messages import text
from custinfo.domain.people import SERVICE
from custinfo.store.master_key import KeyFault


@main.command()
@HOME
@click.option("--name", default="", help="The company's name, shown on every page.")
@click.option("--demo", is_flag=True, help="Fill the site with invented customers, sales and accounts.")
def init(home: Path, name: str, demo: bool) -> None:
    """Make a new site."""
    name = name or text("cli.demo_name" if demo else "cli.site_name", language())
    made = sites.create(home, name=name, demo=demo)
    if made:
        say("cli.demo_made", customers=made.customers, lines=made.lines, version=made.lake_version)
    say("cli.init_done", home=home)


@main.command()
@HOME
@click.option("--port", default=8866, show_default=True, type=click.IntRange(1, 65535))
@click.option("--address", default="127.0.0.1", show_default=True)
def serve(home: Path, port: int, address: str) -> None:
    """Start the workbench."""
    from custinfo.server import launcher, locked

    def say_locked(fault: KeyFault) -> None:
        click.echo(fault.text(language()), err=True)
        say("keys.locked_console", address=f"http://{address}:{port}")

    if not locked.serve_until_unlocked(home, lambda: launcher.bind(port, address), say_locked):
        return
    with opened(home) as store:
        for summary in forms.publish_folder(store, SERVICE):
            say("cli.form_published", form=summary.form_id, version=summary.version)
        demo = store.site.demo

    def announce() -> None:
        say("cli.serving", address=f"http://{address}:{port}")
        if demo:
            say(
                "cli.demo_accounts", accounts=demo_accounts.accounts_listed(language()), password=demo_accounts.PASSWORD
            )

    launcher.serve(home, port=port, address=address, ready=announce)
