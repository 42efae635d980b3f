"""Commands for the site itself: init, serve, user, audit, doctor."""

from pathlib import Path

import click

from custinfo.actions import demo_site, forms, people, sites
from custinfo.actions import doctor as checks
from custinfo.cli import HOME, Commands, language, main, opened, say
from custinfo.domain.errors import BadInput, SiteFault
from custinfo.domain.messages import text
from custinfo.domain.people import SERVICE, Role


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
    from custinfo.server import launcher

    with opened(home) as store:
        for summary in forms.publish_folder(store, SERVICE):
            say("cli.form_published", form=summary.form_id, version=summary.version)
        demo = store.site.demo
    say("cli.serving", address=f"http://{address}:{port}")
    if demo:
        say("cli.demo_accounts", accounts=demo_site.accounts_listed(language()), password=demo_site.PASSWORD)
    launcher.serve(home, port=port, address=address)


@main.group(cls=Commands)
def user() -> None:
    """People with accounts."""


@user.command("add")
@HOME
@click.argument("login_name")
@click.option("--name", "display_name", required=True, help="The name that others see.")
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice([role.value for role in Role]))
@click.option("--department", default="")
@click.password_option()
def add_user(
    home: Path, login_name: str, display_name: str, roles: tuple[str, ...], department: str, password: str
) -> None:
    """Add an account. The password is asked for, so that it stands in no history of commands."""
    with opened(home) as store:
        person = people.add(
            store,
            SERVICE,
            login_name=login_name,
            display_name=display_name,
            roles=[Role(role) for role in roles],
            department=department,
            password=password,
        )
    say("cli.user_added", name=person.display_name, login=person.login_name)


@main.group(cls=Commands)
def audit() -> None:
    """The audit log."""


@audit.command("verify")
@HOME
def verify_audit(home: Path) -> None:
    """Check the whole hash chain; names the first bad entry."""
    with opened(home) as store:
        broken = store.first_broken_audit_entry()
        if broken is not None:
            raise SiteFault("cli.audit_broken", seq=broken)
        count = store.rows("SELECT count(*) AS n FROM audit")[0]["n"]
    say("cli.audit_whole", count=count)


@main.command()
@HOME
def doctor(home: Path) -> None:
    """Say what is wrong with the site and how to mend it."""
    faults = checks.faults(home)
    for fault in faults:
        click.echo(fault.text(language()))
    if faults:
        raise BadInput("cli.doctor_faults", count=len(faults))
    say("cli.doctor_well")
