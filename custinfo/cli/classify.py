"""`custinfo classify`: the classes of all customers at the end of a quarter."""

import json
from datetime import datetime
from pathlib import Path

import click

from custinfo.actions import branch_gradings, gradings
from custinfo.cli import ACTOR, AS_JSON, HOME, acting, language, main, opened, say
from custinfo.domain import clock
from custinfo.domain.errors import BadInput
from custinfo.domain.messages import text
from custinfo.domain.periods import Quarter


@main.command()
@HOME
@ACTOR
@AS_JSON
@click.option("--quarter", default=None, help="The quarter, such as 2026-Q3; the last that is over when left out.")
@click.option("--as-of", default=None, help="What was known at this moment, such as 2026-10-05T18:00+08:00.")
@click.option(
    "--branches",
    type=click.Path(path_type=Path),
    default=None,
    help="A folder with the lakes of branches: tell their classes together, and grade nothing.",
)
def classify(
    home: Path, login_name: str | None, as_json: bool, quarter: str | None, as_of: str | None, branches: Path | None
) -> None:  # fmt: skip
    """Grade the customers at the end of a quarter. Run again, it stores a result only where it is another."""
    asked = None if quarter is None else Quarter.parse(quarter)
    moment = None if as_of is None else _moment(as_of)
    if branches is not None:
        last_over = Quarter.of((moment or clock.utc_now()).date()).plus(-1)
        _tell_branches(branch_gradings.of_branches(branches, asked or last_over, as_of=moment), as_json=as_json)
        return
    with opened(home) as store:
        graded = gradings.grade(store, acting(store, login_name), asked, as_of=moment)
    if as_json:
        told = {"quarter": str(graded.quarter), "edition": graded.number, "new": graded.new, "of": graded.of}
        counts = {scheme: dict(classes) for scheme, classes in graded.counts.items()}
        click.echo(json.dumps(told | {"version": graded.version, "schemes": counts}, ensure_ascii=False))
    else:
        _tell(graded)


def _moment(given: str) -> datetime:
    try:
        return clock.parse(given)
    except ValueError:
        raise BadInput("gradings.as_of", given=given[:40]) from None


def _tell(graded: gradings.Graded) -> None:
    key = "gradings.made" if graded.new else "gradings.already"
    say(
        key, quarter=graded.quarter, number=graded.number, customers=graded.customers, of=graded.of,
        version=graded.version,
    )  # fmt: skip
    _tell_counts(graded)


def _tell_branches(found: branch_gradings.OfBranches, *, as_json: bool) -> None:
    late = [one.text(language()) for one in found.late]
    if as_json:
        told = {"quarter": str(found.quarter), "versions": dict(found.versions), "without": found.without, "late": late}
        click.echo(
            json.dumps(told | {"schemes": {name: dict(one) for name, one in found.counts.items()}}, ensure_ascii=False)
        )
        return
    read = ", ".join(f"{name} {version}" for name, version in found.versions.items())
    say("gradings.branches", quarter=found.quarter, versions=read)
    _tell_counts(found)
    if found.without:
        say("gradings.without", branches=", ".join(found.without), quarter=found.quarter)
    for sentence in late:
        click.echo(sentence)


def _tell_counts(found: gradings.Graded | branch_gradings.OfBranches) -> None:
    # Names of classes take Ibis with them, a second of import: after everything that may be refused
    from custinfo.classification.scheme_words import class_name, scheme_name

    spoken, day = language(), found.quarter.last
    between = "、" if spoken == "zh-CN" else ", "
    for scheme, classes in found.counts.items():
        counted = (
            text("gradings.one", spoken, name=class_name(scheme, code, spoken, day), count=count)
            for code, count in classes.items()
        )
        say("gradings.counted", scheme=scheme_name(scheme, spoken), classes=between.join(counted))
