"""Commands for people: accounts, roles, clearances, leaving. The operating system's account acts as the service."""

import json
from datetime import datetime, time
from pathlib import Path

import click

from custinfo.actions import clearances, leaving, people, rights, second_factor
from custinfo.cli import AS_JSON, HOME, Commands, language, main, opened, say
from custinfo.domain.errors import NotFound
from custinfo.domain.messages import text
from custinfo.domain.people import SERVICE, Person, Role
from custinfo.domain.sensitivity import Level
from custinfo.store import Store

DAY = click.DateTime(formats=["%Y-%m-%d"])
ROLE = click.Choice([role.value for role in Role])
LEVEL = click.Choice(["1", "2"])
TRAINED = click.option("--trained-until", type=DAY, help="The day until which the training holds.")
VETTED = click.option("--vetted-until", type=DAY, help="The day until which the vetting holds.")


@main.group(cls=Commands)
def user() -> None:
    """People with accounts."""


@user.command("add")
@HOME
@click.argument("login_name")
@click.option("--name", "display_name", required=True, help="The name that others see.")
@click.option("--role", "roles", multiple=True, required=True, type=ROLE)
@click.option("--department", default="")
@click.option("--region", "regions", multiple=True, help="GB/T 2260 code of a region whose customers are theirs too.")
@click.option("--level", type=LEVEL, default="2", show_default=True, help="What they are cleared for.")
@TRAINED
@VETTED
@click.password_option()
def add(
    home: Path, login_name: str, display_name: str, roles: tuple[str, ...], department: str, regions: tuple[str, ...],
    level: str, trained_until: datetime | None, vetted_until: datetime | None, password: str,
) -> None:  # fmt: skip
    """Add an account. The password is asked for, so that it stands in no history of commands."""
    with opened(home) as store:
        person = people.add(
            store, SERVICE, login_name=login_name, display_name=display_name, roles=[Role(role) for role in roles],
            department=department, password=password, clearance=Level(int(level)), regions=regions,
            trained_until=_end(store, trained_until), vetted_until=_end(store, vetted_until),
        )  # fmt: skip
    say("cli.user_added", name=person.display_name, login=person.login_name)
    if person.clearance > Level(int(level)):
        say("users.not_cleared_yet", login=person.login_name, level=level)


@user.command("list")
@HOME
@AS_JSON
def list_(home: Path, as_json: bool) -> None:
    """Everybody with an account: roles, what they are cleared for now, department."""
    with opened(home) as store:
        found = rights.listed(store, SERVICE)
    if as_json:
        click.echo(json.dumps({"people": [_facts(one) for one in found]}, ensure_ascii=False))
        return
    for one in found:
        click.echo(_line(one))


@user.command()
@HOME
@click.argument("login_name")
@AS_JSON
def show(home: Path, login_name: str, as_json: bool) -> None:
    """One person with every role and clearance, and until when each holds."""
    with opened(home) as store:
        one = rights.member(store, SERVICE, _named(store, login_name).person_id)
    if as_json:
        click.echo(json.dumps(_facts(one), ensure_ascii=False))
        return
    click.echo(_line(one))
    for held in one.clearances:
        say("users.clearance", id=held.clearance_id, level=int(held.level), trained=_day(held.trained_until),
            vetted=_day(held.vetted_until), until=_day(held.until),
            counts=text(f"people_page.{'counts' if held.counts else 'counts_not'}", language()))  # fmt: skip


@user.command()
@HOME
@click.argument("login_name")
@click.argument("role", type=ROLE)
@click.option("--until", type=DAY)
def grant(home: Path, login_name: str, role: str, until: datetime | None) -> None:
    """Give a role without a request: to set a site up, or when nobody is there who could."""
    with opened(home) as store:
        rights.grant_role(store, SERVICE, _named(store, login_name).person_id, Role(role), _end(store, until))
    say("users.granted", login=login_name, role=text(f"people.role.{role}", language()))


@user.command()
@HOME
@click.argument("login_name")
@click.option("--role", type=ROLE)
@click.option("--clearance", "clearance_id", help="The id of a clearance, as `custinfo user show` prints it.")
def revoke(home: Path, login_name: str, role: str | None, clearance_id: str | None) -> None:
    """Take a role or a clearance back, at once."""
    if (role is None) == (clearance_id is None):
        raise click.UsageError("--role | --clearance")
    with opened(home) as store:
        person = _named(store, login_name)
        if role is not None:
            rights.revoke_role(store, SERVICE, person.person_id, Role(role))
        elif clearance_id not in {one.clearance_id for one in clearances.of(store, person.person_id)}:
            raise NotFound("people.no_clearance")
        else:
            rights.revoke_clearance(store, SERVICE, str(clearance_id))
    say("users.revoked", login=login_name)


@user.command()
@HOME
@click.argument("login_name")
@click.option("--level", type=LEVEL, required=True)
@TRAINED
@VETTED
@click.option("--until", type=DAY)
@click.option("--reason", default="")
def clear(
    home: Path, login_name: str, level: str, trained_until: datetime | None, vetted_until: datetime | None,
    until: datetime | None, reason: str,
) -> None:  # fmt: skip
    """Clear a person for a level, with the training and vetting that it takes."""
    with opened(home) as store:
        days = [_end(store, day) for day in (trained_until, vetted_until, until)]
        clearances.check_complete(Level(int(level)), days[0], days[1])
        clearances.grant(
            store, SERVICE, _named(store, login_name).person_id, Level(int(level)), trained_until=days[0],
            vetted_until=days[1], until=days[2], reason=reason,
        )  # fmt: skip
    say("users.cleared", login=login_name, level=level)


@user.command()
@HOME
@click.argument("login_name")
@click.option("--department", help="Another department; as it is unless given.")
@click.option("--region", "regions", multiple=True, help="GB/T 2260 code; all of them, or none to take every one back.")
def place(home: Path, login_name: str, department: str | None, regions: tuple[str, ...]) -> None:
    """Say to which department and regions a person belongs, without a request: to set a site up."""
    with opened(home) as store:
        person = _named(store, login_name)
        department = person.department if department is None else department
        rights.place(store, SERVICE, person.person_id, department, frozenset(regions))
    say("users.placed", login=login_name, department=department or "—", regions=" ".join(sorted(regions)) or "—")


@user.command()
@HOME
@click.argument("login_name")
@click.option("--to", help="The login name of the colleague who takes over.")
@click.option("--reason", required=True)
def leave(home: Path, login_name: str, to: str | None, reason: str) -> None:
    """End an account at once, and hand over what the person has in hand."""
    with opened(home) as store:
        taker = _named(store, to).person_id if to else None
        handed = leaving.leave(store, SERVICE, _named(store, login_name).person_id, taker, reason)
    say("users.left", login=login_name, customers=handed.customers, drafts=handed.drafts, records=handed.records)


@user.command()
@HOME
@click.argument("login_name")
@click.password_option()
def password(home: Path, login_name: str, password: str) -> None:
    """Set a new password, to be changed at the next login; every session of the person ends."""
    with opened(home) as store:
        rights.set_password(store, SERVICE, _named(store, login_name).person_id, password)
    say("users.password_set", login=login_name)


@user.command("second-factor-reset")
@HOME
@click.argument("login_name")
def reset_second_factor(home: Path, login_name: str) -> None:
    """Turn a person's second factor off, after a lost telephone."""
    with opened(home) as store:
        second_factor.reset(store, SERVICE, _named(store, login_name).person_id)
    say("users.second_factor_reset", login=login_name)


def _named(store: Store, login_name: str) -> Person:
    person = people.by_login_name(store, login_name)
    if person is None:
        raise NotFound("cli.no_person", name=login_name[:64])
    return person


def _end(store: Store, day: datetime | None) -> datetime | None:
    """The end of a day, in the site's zone."""
    return datetime.combine(day.date(), time.max, store.site.zone) if day else None


def _day(moment: datetime | None) -> str:
    return moment.date().isoformat() if moment else "—"


def _facts(one: rights.Member) -> dict[str, object]:
    person = one.person
    return {
        "login_name": person.login_name, "name": person.display_name, "department": person.department,
        "regions": sorted(person.regions), "roles": sorted(str(held.role) for held in one.roles),
        "clearance": int(person.clearance), "customers": one.customers, "left": one.left_at is not None,
        "clearances": [
            {"id": held.clearance_id, "level": int(held.level), "counts": held.counts,
             "trained_until": _day(held.trained_until), "vetted_until": _day(held.vetted_until)}
            for held in one.clearances
        ],
    }  # fmt: skip


def _line(one: rights.Member) -> str:
    person = one.person
    roles = ", ".join(text(f"people.role.{held.role}", language()) for held in one.roles)
    left = f"  [{text('people_page.left', language())}]" if one.left_at else ""
    level = text(f"people.clearance.{int(person.clearance)}", language())
    return f"{person.login_name}  {person.display_name}  {person.department}  {roles}  {level}{left}"
