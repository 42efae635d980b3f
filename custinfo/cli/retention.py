"""Commands for what is kept for how long and how it is destroyed: retention …, erase."""

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import click

from custinfo.actions import certificates, entities, erasure, holds, retention, retention_views
from custinfo.actions.certificates import Certificate
from custinfo.cli import ACTOR, AS_JSON, HOME, Commands, acting, language, main, opened, say
from custinfo.domain.errors import NotFound
from custinfo.domain.messages import text
from custinfo.lake import files
from custinfo.store import Store

PLAN = click.argument("plan_id")
REASON = click.option("--reason", required=True, help="Why; others go by it.")


@main.group("retention", cls=Commands)
def group() -> None:
    """What is kept for how long, and how it is destroyed."""


@group.command("due")
@HOME
@ACTOR
@AS_JSON
def due(home: Path, login_name: str | None, as_json: bool) -> None:
    """Say what is due today and what of it is held; nothing changes."""
    with opened(home) as store:
        found = retention.dry_run(store, acting(store, login_name))
    if as_json:
        held = [asdict(one.item) | {"why": list(one.why)} for one in found.held]
        click.echo(json.dumps({"items": [asdict(one) for one in found.items], "held": held}))
        return
    going = Counter((one.category, one.rule_id) for one in found.items)
    staying = Counter((one.item.category, one.item.rule_id) for one in found.held)
    for category, rule in sorted({*going, *staying}):
        name = text(f"retention.category.{category}", language())
        say(
            "retention.cli.due", category=name, rule=rule, count=going[category, rule], held=staying[category, rule]
        )  # fmt: skip
    if not going and not staying:
        say("retention.cli.none")


@group.command("plan")
@HOME
@ACTOR
def plan(home: Path, login_name: str | None) -> None:
    """Make a plan of what is due and put it before those who agree to it."""
    with opened(home) as store:
        plan_id = retention.plan(store, acting(store, login_name))
        say("retention.cli.planned", plan=plan_id, case=retention.case_of(store, plan_id))


@group.command("list")
@HOME
@ACTOR
def list_(home: Path, login_name: str | None) -> None:
    """List the plans, the newest first."""
    with opened(home) as store:
        for one in retention_views.listed(store, acting(store, login_name)):
            state = text(f"machines.state.{one.state}", language())
            say("retention.cli.plan_line", plan=one.plan_id, state=state, items=one.going, day=one.erase_on or "")


@group.command("mark")
@HOME
@ACTOR
@PLAN
def mark(home: Path, login_name: str | None, plan_id: str) -> None:
    """Mark an approved plan: from the day that is printed on it is carried out, until then it can be stopped."""
    with opened(home) as store:
        day = retention.mark(store, acting(store, login_name), plan_id)
    say("retention.cli.marked", plan=plan_id, day=day)


@group.command("run")
@HOME
@ACTOR
@click.argument("plan_id", required=False)
def run(home: Path, login_name: str | None, plan_id: str | None) -> None:
    """Carry out a marked plan, or all whose day has come; goes on where it was stopped."""
    with opened(home) as store:
        actor = acting(store, login_name)
        for one in [plan_id] if plan_id else retention.due_plans(store):
            _tell(retention.carry_out(store, actor, one))
        if plan_id is None:
            erasure.finish(store, actor)


@group.command("stop")
@HOME
@ACTOR
@REASON
@PLAN
def stop(home: Path, login_name: str | None, reason: str, plan_id: str) -> None:
    """Give a plan up before anything is destroyed."""
    with opened(home) as store:
        retention.stop(store, acting(store, login_name), plan_id, reason)
    say("retention.cli.stopped", plan=plan_id)


@group.command("hold")
@HOME
@ACTOR
@REASON
@click.option("--kind", type=click.Choice(holds.KINDS), default="customer", show_default=True)
@click.argument("object_id")
def hold(home: Path, login_name: str | None, reason: str, kind: str, object_id: str) -> None:
    """Keep something whatever the rules say: a customer by number, or an object by its id."""
    with opened(home) as store:
        say("retention.cli.held", hold=holds.set_(store, acting(store, login_name), kind, object_id, reason))


@group.command("release")
@HOME
@ACTOR
@REASON
@click.argument("hold_id")
def release(home: Path, login_name: str | None, reason: str, hold_id: str) -> None:
    """End a hold."""
    with opened(home) as store:
        holds.release(store, acting(store, login_name), hold_id, reason)
    say("retention.cli.released", hold=hold_id)


@group.command("certificate")
@HOME
@ACTOR
@click.option("--out", type=click.Path(path_type=Path), default=Path(), help="The file or folder to write to.")
@click.argument("certificate_id")
def certificate(home: Path, login_name: str | None, out: Path, certificate_id: str) -> None:
    """Write a certificate of destruction as PDF."""
    from custinfo.reports import certificate as paper

    with opened(home) as store:
        found = certificates.read(store, acting(store, login_name), certificate_id)
        data = paper.render(found, language(), store.site.name, store.site.zone)
    file = out / f"{certificate_id}.pdf" if out.is_dir() else out
    with files.written(file.absolute()) as beside:
        beside.write_bytes(data)
    click.echo(file)


@main.command("erase")
@HOME
@ACTOR
@click.option("--case", "case_id", default=None, help="The approval that agreed to it; left out, one is asked for.")
@click.argument("customer")
def erase(home: Path, login_name: str | None, case_id: str | None, customer: str) -> None:
    """Erase a customer, by number, everywhere. Two people agree first: run it without --case, then with it."""
    with opened(home) as store:
        actor = acting(store, login_name)
        customer_id = _customer(store, customer, case_id)
        if case_id is None:
            plan_id = retention.request(store, actor, customer_id)
            say("retention.cli.request", plan=plan_id, case=retention.case_of(store, plan_id))
        else:
            _tell(erasure.erase(store, actor, customer_id, case_id=case_id))


def _customer(store: Store, number: str, case_id: str | None) -> str:
    found = entities.by_number(store, "customers", number)
    if found is not None:
        return str(found["entity_id"])
    if case_id is not None:  # erased already by a run that was interrupted before its end
        return retention.customer_of(store, case_id)
    raise NotFound("customers.unknown", number=number[:40])


def _tell(done: Certificate) -> None:
    sums = {name: sum(getattr(line, name) for line in done.lines) for name in ("erased", "held", "changed")}
    say("retention.cli.done", certificate=done.certificate_id, **sums)
