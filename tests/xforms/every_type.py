"""One form with every question type and the appearances that change how it is drawn."""

import base64
from functools import cache
from pathlib import Path

from custinfo.domain import codelists
from custinfo.xforms import Form, Session, from_xlsform

TABLE = Path(__file__).with_suffix(".md")
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
"""A picture of one dot."""
FILES = {"places.png": PNG}


@cache
def form() -> Form:
    return from_xlsform(TABLE.read_bytes(), TABLE.name, {**FILES, "region.csv": codelists.load("region").choices_csv()})


def session(language: str = "zh-CN") -> Session:
    return Session(form(), language=language)
