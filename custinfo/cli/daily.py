"""`custinfo daily`: what is done once a day. Run it from a timer, every hour if you like: it does nothing twice."""

import json
from pathlib import Path

import click

from custinfo.actions import daily
from custinfo.cli import AS_JSON, HOME, language, main, opened, say
from custinfo.domain.errors import WrongState


@main.command("daily")
@HOME
@AS_JSON
def run_daily(home: Path, as_json: bool) -> None:
    """Do what is to be done today: end delegations, escalate, queue reminders, send mail, and what else registered."""
    with opened(home) as store:
        found = daily.run(store)
    if as_json:
        told = {
            one.job: {"counts": dict(one.counts), "skipped": one.skipped, "failed": one.problem is not None}
            for one in found
        }
        click.echo(json.dumps(told))
    else:
        for one in found:
            _tell(one)
    failed = [one for one in found if one.problem]
    if failed:
        raise WrongState("daily.failed", count=len(failed))


def _tell(one: daily.Result) -> None:
    if one.problem:
        say("daily.job_failed", job=one.job, problem=one.problem.text(language()))
    elif one.skipped:
        say("daily.done_already", job=one.job)
    else:
        say("daily.job", job=one.job, result=", ".join(f"{name} {n}" for name, n in one.counts.items()))
