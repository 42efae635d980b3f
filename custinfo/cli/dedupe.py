"""`custinfo dedupe`: look for customers that are the same among all of them. Run it from a timer; twice is as once."""

import json
from pathlib import Path

import click

from custinfo.actions import dedupe
from custinfo.cli import ACTOR, AS_JSON, HOME, acting, main, opened, say


@main.command("dedupe")
@HOME
@ACTOR
@click.option("--automatic", is_flag=True, help="Merge what the rule is certain of, instead of listing it for review.")
@click.option(
    "--engine", default="duckdb", show_default=True, help="What compares: duckdb, or Spark (local[*], spark://…)."
)
@click.option("--reindex", is_flag=True, help="Make the index anew by which entries are compared, and do no more.")
@AS_JSON
def run(home: Path, login_name: str | None, automatic: bool, engine: str, reindex: bool, as_json: bool) -> None:
    """Look for customers that may be the same, for the page “Possible duplicates”."""
    with opened(home) as store:
        actor = acting(store, login_name)
        if reindex:
            count = dedupe.reindex(store, actor)
            click.echo(json.dumps({"indexed": count})) if as_json else say("dedupe.indexed", n=count)
            return
        done = dedupe.run(store, actor, automatic=automatic, engine=engine)
    if as_json:
        click.echo(json.dumps(vars(done)))
        return
    say("dedupe.done", customers=done.customers, pairs=done.pairs, new=done.new, merged=done.merged)
    say("dedupe.waiting_now", n=done.waiting)
