"""`custinfo indicators`: the indicator system, its versions, what departments say of them."""

import json
from datetime import date, datetime
from pathlib import Path

import click

from custinfo.actions import indicator_systems
from custinfo.actions.indicator_systems import System
from custinfo.cli import ACTOR, AS_JSON, HOME, Commands, acting, language, main, opened, say
from custinfo.domain.messages import text

VERSION = click.argument("version", type=int)


@main.group(cls=Commands)
def indicators() -> None:
    """The indicator system: proposed, discussed by the departments, approved."""


@indicators.command("propose")
@HOME
@ACTOR
@AS_JSON
@click.option("--reason", required=True, help="Why, as departments and the manager will read it.")
@click.option("--answer-by", required=True, type=click.DateTime(["%Y-%m-%d"]), help="Until when departments answer.")
def propose(home: Path, login_name: str | None, as_json: bool, reason: str, answer_by: datetime) -> None:
    """Put the indicators as they stand in data/rules/indicators.toml before the departments."""
    with opened(home) as store:
        actor = acting(store, login_name)
        version = indicator_systems.propose(store, actor, reason, answer_by.date())
        one, changes = indicator_systems.read(store, actor, version)
    if as_json:
        click.echo(json.dumps({"version": version, "changes": len(changes)}))
        return
    departments = ", ".join(one.departments)
    say("indicator_systems.cli.proposed", version=version, n=len(changes), departments=departments, day=one.answer_by)


@indicators.command("answer")
@HOME
@ACTOR
@VERSION
@click.argument("stance", type=click.Choice(indicator_systems.STANCES))
@click.option("--reason", default="", help="Why the department objects, or what it notes.")
def answer(home: Path, login_name: str | None, version: int, stance: str, reason: str) -> None:
    """Say for one's department that it agrees, or objects."""
    with opened(home) as store:
        indicator_systems.answer(store, acting(store, login_name), version, stance, reason)
    say("indicator_systems.cli.answered", version=version)


@indicators.command("put-forward")
@HOME
@ACTOR
@VERSION
@click.option("--answer", "said", default="", help="How objections were dealt with.")
def put_forward(home: Path, login_name: str | None, version: int, said: str) -> None:
    """Put a version before the manager, once all departments answered or the day is over."""
    with opened(home) as store:
        indicator_systems.put_forward(store, acting(store, login_name), version, said)
    say("indicator_systems.cli.put_forward", version=version)


@indicators.command("withdraw")
@HOME
@ACTOR
@VERSION
@click.option("--reason", required=True)
def withdraw(home: Path, login_name: str | None, version: int, reason: str) -> None:
    """Take back a version that is discussed."""
    with opened(home) as store:
        indicator_systems.withdraw(store, acting(store, login_name), version, reason)
    say("indicator_systems.cli.withdrawn", version=version)


@indicators.command("show")
@HOME
@ACTOR
@AS_JSON
@VERSION
def show(home: Path, login_name: str | None, as_json: bool, version: int) -> None:
    """A version: what it changes, and what the departments said."""
    with opened(home) as store:
        one, changes = indicator_systems.read(store, acting(store, login_name), version)
    if as_json:
        told = [{"indicator": each.indicator, "kind": each.kind, "fields": each.fields} for each in changes]
        said = [{"department": each.department, "stance": each.stance, "note": each.note} for each in one.opinions]
        click.echo(json.dumps({**_told(one), "changes": told, "opinions": said}, ensure_ascii=False, default=_plain))
        return
    _line(one)
    for each in changes:
        click.echo(f"  {text(f'indicator_systems.change.{each.kind}', language())}  {each.titles[language()]}")
        for name, before, after in each.fields:
            click.echo(f"    {name}: {before} → {after}")
    for opinion in one.opinions:
        stance = text(f"indicator_systems.stance_of.{opinion.stance}", language())
        click.echo(f"  {opinion.department}: {stance}  {opinion.note}")


@indicators.command("list")
@HOME
@ACTOR
@AS_JSON
def list_(home: Path, login_name: str | None, as_json: bool) -> None:
    """The versions, the newest first."""
    with opened(home) as store:
        found = indicator_systems.listed(store, acting(store, login_name))
    if as_json:
        click.echo(json.dumps([_told(one) for one in found], ensure_ascii=False, default=_plain))
        return
    if not found:
        say("indicator_systems.cli.none")
    for one in found:
        _line(one)


def _told(one: System) -> dict[str, object]:
    names = ("version", "sha256", "reason", "answer_by", "by", "departments", "unanswered", "state")
    return {name: getattr(one, name) for name in names}


def _line(one: System) -> None:
    state = text(f"indicator_systems.state.{one.state}", language())
    say("indicator_systems.cli.line", version=one.version, state=state, by=one.by, reason=one.reason)


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else str(value)
