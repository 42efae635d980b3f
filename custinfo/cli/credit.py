"""Commands for credit: credit standing | gate | order | decide | due | watch | form."""

import json
from dataclasses import asdict, fields, is_dataclass
from datetime import date
from pathlib import Path
from typing import Any

import click

from custinfo.actions import (
    assignments,
    credit,
    credit_due,
    credit_orders,
    credit_rating_form,
    credit_watch,
    entities,
)
from custinfo.actions.credit_views import Standing
from custinfo.classification.credit import scorecards
from custinfo.classification.credit.early_warning import RATIOS
from custinfo.cli import ACTOR, AS_JSON, HOME, Commands, acting, language, main, opened, say
from custinfo.domain import codelists, money
from custinfo.domain.errors import NotFound
from custinfo.domain.messages import text
from custinfo.domain.people import Person
from custinfo.store import Store

CUSTOMER = click.argument("customer")
SCHEME = click.option("--scheme", type=click.Choice(scorecards.SCHEMES), default=None, help="The scorecard.")


@main.group("credit", cls=Commands)
def group() -> None:
    """How customers stand on credit, and what is due about it."""


@group.command("standing")
@HOME
@ACTOR
@AS_JSON
@SCHEME
@CUSTOMER
def standing(home: Path, login_name: str | None, as_json: bool, scheme: str | None, customer: str) -> None:
    """Say how a customer, by number, stands: grade, limit, what is owed, gate, warnings."""
    with opened(home) as store:
        actor = acting(store, login_name)
        found = credit.standing(store, actor, _customer(store, actor, customer), scheme=scheme or "")
    if as_json:
        click.echo(json.dumps(_json(found), ensure_ascii=False))
        return
    say("credit.cli.standing", number=found.number, label=found.label, day=found.day)
    grade = found.grade or text("credit.no_grade", language())
    say("credit.cli.grade", grade=grade, scheme=found.scheme.upper())
    if found.override:
        say("credit.cli.override", day=found.override.last_day)
    _tell_limit(found)
    _tell_gate(found)
    for one in found.warnings:
        section = "ratio" if one.about in RATIOS else "figure"
        ratio = text(f"credit_use.{section}.{one.about}", language())
        say("credit.cli.warning", ratio=ratio, signal=text(f"credit_use.signal.{one.kind}", language()))
    for note in found.notes:
        say("credit.cli.note", text=note.text(language()))


def _tell_limit(found: Standing) -> None:
    listed = codelists.load("payment_terms")
    names = [listed.get(code) for code in found.limit.terms]
    terms = "、".join(one.name for one in names) if language() == "zh-CN" else ", ".join(one.name_en for one in names)
    security = text(f"credit_use.security.{found.limit.security}", language())
    say("credit.cli.limit", limit=money.show(found.limit.limit_fen), terms=terms, security=security)
    owed = found.account
    if owed is not None:
        parts = ("exposure", "balance", "not_invoiced", "not_delivered", "secured", "overdue")
        amounts = {name: money.show(getattr(owed, f"{name}_fen")) for name in parts}
        say("credit.cli.exposure", days=owed.overdue_days, **amounts)
        say("credit.cli.committed", how=owed.committed_in_words(language()))
    if found.review_on is not None:
        say("credit.cli.review", day=found.review_on)


def _tell_gate(found: Standing) -> None:
    say("credit.cli.gate_open" if found.gate_open else "credit.cli.gate_shut")
    for lack in found.lacks:
        why = text(f"credit_use.lack.{lack.why}", language(), day=lack.day)
        say("credit.cli.lack", proof=text(f"credit_use.proof.{lack.kind}", language()), why=why)
    for paper, occasion in found.papers_lacking:
        facts = {"paper": f"credit_use.paper.{paper}", "occasion": f"credit_use.occasion.{occasion}"}
        say("credit.cli.paper_lacking", **{name: text(key, language()) for name, key in facts.items()})


@group.command("gate")
@HOME
@ACTOR
@AS_JSON
@CUSTOMER
def gate(home: Path, login_name: str | None, as_json: bool, customer: str) -> None:
    """Say whether the gate before the first dealing with a customer is open, and what lacks. Shut: exit status 1."""
    with opened(home) as store:
        actor = acting(store, login_name)
        found = credit.standing(store, actor, _customer(store, actor, customer))
    if as_json:
        names = ("number", "day", "gate_open", "lacks", "papers_lacking")
        click.echo(json.dumps({name: _plain(getattr(found, name)) for name in names}, ensure_ascii=False))
    else:
        _tell_gate(found)
    if not found.gate_open:
        raise SystemExit(1)


@group.command("order")
@HOME
@ACTOR
@AS_JSON
@click.option("--terms", default="", help="A code of payment_terms; else the terms agreed with the customer.")
@click.argument("customer")
@click.argument("amount")
def order(home: Path, login_name: str | None, as_json: bool, terms: str, customer: str, amount: str) -> None:
    """Say whether an order of AMOUNT yuan may go ahead. Exit status 1: it needs approval or is blocked."""
    with opened(home) as store:
        actor = acting(store, login_name)
        found = credit_orders.check(store, actor, _customer(store, actor, customer), money.fen(amount), terms)
    if as_json:
        click.echo(json.dumps(asdict(found), ensure_ascii=False))
    else:
        outcome = text(f"credit_use.outcome.{found.outcome}", language())
        figures = {name: money.show(getattr(found, f"{name}_fen")) for name in ("order", "after", "limit")}
        say("credit.cli.order", outcome=outcome, **figures)
        for reason in found.reasons:
            say("credit.cli.note", text=text(f"credit_use.reason.{reason}", language()))
    if found.outcome != "allowed":
        raise SystemExit(1)


@group.command("decide")
@HOME
@ACTOR
@SCHEME
@CUSTOMER
def decide(home: Path, login_name: str | None, scheme: str | None, customer: str) -> None:
    """Make the next decision on a customer from two people's ratings; it counts once it is approved."""
    with opened(home) as store:
        actor = acting(store, login_name)
        made = credit.decide(store, actor, _customer(store, actor, customer), scheme=scheme or credit.SCHEME)
    say("credit.cli.decided", decision=made)


@group.command("due")
@HOME
@ACTOR
@AS_JSON
@click.argument("customer", required=False)
def due(home: Path, login_name: str | None, as_json: bool, customer: str | None) -> None:
    """Say what is due, of one customer or of all; the register is brought up to date by the daily job."""
    with opened(home) as store:
        actor = acting(store, login_name)
        rows = credit_due.listed(store, actor, _customer(store, actor, customer) if customer else "")
    if as_json:
        found = [{"due_on": str(row.due_on), "kind": row.what_key.rpartition(".")[2], "text": row.text(language()),
                  "link": row.link} for row in rows]  # fmt: skip
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    for row in rows:
        say("credit.cli.due", day=row.due_on, text=row.text(language()))
    if not rows:
        say("credit.cli.none_due")


@group.command("watch")
@HOME
@ACTOR
def watch(home: Path, login_name: str | None) -> None:
    """Look through all credit for what is due, as the daily job does."""
    with opened(home) as store:
        looked = credit_watch.watch(store, acting(store, login_name))
    counts = {"customers": looked.customers, "new": looked.new, "ended": looked.ended, "open": looked.open}
    say("credit.cli.watched", **counts)


@group.command("form")
def form() -> None:
    """Print the rating form as the rule files make it (forms/credit_rating.md)."""
    click.echo(credit_rating_form.table(), nl=False)


def _customer(store: Store, actor: Person, number: str) -> str:
    found = entities.by_number(store, "customers", number)
    if found is None or not assignments.in_scope(store, actor, found["entity_id"]):
        raise NotFound("credit.unknown", number=number[:40])
    return str(found["entity_id"])


def _json(found: Standing) -> dict[str, Any]:
    """The whole standing, with the notes as sentences."""
    values = {one.name: _plain(getattr(found, one.name)) for one in fields(found)}
    return values | {"notes": [note.text(language()) for note in found.notes]}


def _plain(value: object) -> Any:
    """What JSON can hold: days and fractions as text."""
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple | frozenset):
        return [_plain(one) for one in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, date):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    return str(value)
