"""Commands for forms: check. What `custinfo form …` does besides stands in modules of its own."""

import json
from pathlib import Path

import click

from custinfo.actions import forms
from custinfo.cli import AS_JSON, Commands, language, main, say
from custinfo.domain.errors import BadInput
from custinfo.xforms.form_check import Checked, files_named

MAX_BESIDE = 64 * 1024 * 1024
"""The most bytes of a file beside a form that are read."""


@main.group(cls=Commands)
def form() -> None:
    """Forms, as XLSForm tables."""


@form.command("check")
@AS_JSON
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check_form(file: Path, as_json: bool) -> None:
    """Say all that is wrong with a form, with sheet, row and column; nothing is published.

    Choice lists and pictures that the form names are looked for in the form's folder.
    """
    checked = forms.check(file.name, file.read_bytes(), beside(file))
    if as_json:
        click.echo(json.dumps(_plain(checked), ensure_ascii=False))
        if checked.errors:
            raise click.exceptions.Exit(1)
        return
    for warning in checked.warnings:
        say("form_check.warning", said=warning.text(language()))
    for error in checked.errors:
        say("form_check.error", said=error.text(language()))
    if checked.form is None:
        raise BadInput("form_check.errors", file=file.name, count=len(checked.errors))
    questions = len(checked.form.control_of)
    say("cli.form_sound", form=checked.form.form_id, version=checked.form.version, questions=questions)


def _plain(checked: Checked) -> dict[str, object]:
    return {
        "form_id": checked.form.form_id if checked.form else None,
        "version": checked.form.version if checked.form else None,
        "errors": [finding.plain() for finding in checked.errors],
        "warnings": [finding.plain() for finding in checked.warnings],
    }


def beside(file: Path) -> dict[str, bytes]:
    """The files in the form's folder whose names the form file mentions, by name."""
    siblings = [path for path in file.absolute().parent.iterdir() if path.is_file() and path.name != file.name]
    named = files_named(file.read_bytes(), file.name)
    wanted = [path for path in siblings if path.name in named and path.stat().st_size <= MAX_BESIDE]
    return {path.name: path.read_bytes() for path in wanted}
