"""Datasets: the kinds of entity that forms create and update, with what their numbers begin with and their names."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).parents[2] / "data" / "datasets.toml"


@dataclass(frozen=True)
class Dataset:
    """`name` as the entities sheet has it; `prefix` begins the number of each entity; `titles` by language."""

    name: str
    prefix: str
    titles: dict[str, str]


def named(name: str) -> Dataset:
    """The dataset of that name. One that the site's forms brought along numbers its entities under its own name."""
    return shipped().get(name) or Dataset(name, f"{name.upper()}-", {})


@cache
def shipped() -> dict[str, Dataset]:
    """The datasets of `data/datasets.toml`."""
    tables = tomllib.loads(FILE.read_text("utf-8"))
    return {
        name: Dataset(name, table["prefix"], {k: v for k, v in table.items() if k != "prefix"})
        for name, table in tables.items()
    }
