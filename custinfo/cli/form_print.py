"""`custinfo form print`: a form on paper."""

from pathlib import Path

import click

from custinfo.cli import ACTOR, HOME, acting, opened, say
from custinfo.cli import language as spoken
from custinfo.cli.forms import form
from custinfo.domain.errors import BadInput, NotFound
from custinfo.domain.messages import LANGUAGES
from custinfo.lake import files
from custinfo.reports import paper_form
from custinfo.reports.papers import Filled, Papers


@form.command("print")
@HOME
@ACTOR
@click.option("--version", default=None, help="Of the form; with --record, of the record. The newest when left out.")
@click.option("--language", type=click.Choice(LANGUAGES), default=None, help="That of the command line when left out.")
@click.option("--record", "record_id", default=None, help="Print the answers of this record, not a blank form.")
@click.option("--out", type=click.Path(path_type=Path), default=Path(), help="The file or folder to write to.")
@click.argument("form_id")
def print_form(
    home: Path, login_name: str | None, version: str | None, language: str | None, record_id: str | None, out: Path,
    form_id: str,
) -> None:  # fmt: skip
    """Write a form as PDF: blank, for an interview on paper, or with the answers of a record."""
    with opened(home) as store:
        papers = Papers(store, acting(store, login_name), language or spoken())
        filled = papers.blank(form_id, version) if record_id is None else _of_record(papers, record_id, version)
        if filled.form.form_id != form_id:
            raise NotFound("access.no_record")
        data = paper_form.render(papers.paper(filled), filled.made_at)
    file = out / f"{form_id}.pdf" if out.is_dir() else out
    with files.written(file.absolute()) as beside:
        beside.write_bytes(data)
    say("form_print.written", form=form_id, file=file)


def _of_record(papers: Papers, record_id: str, version: str | None) -> Filled:
    if version is not None and not (version.isascii() and version.isdecimal() and len(version) < 8):
        raise BadInput("form_print.version", version=version[:40])
    return papers.record(record_id, int(version) if version is not None else None)
