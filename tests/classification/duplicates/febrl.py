"""The persons of Febrl 1–4 (tests/data/febrl) as parties, and who they truly are."""

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path

from custinfo.classification.duplicates.party import Party

FOLDER = Path(__file__).parents[2] / "data" / "febrl"


def persons(*datasets: str) -> Iterator[tuple[Party, str]]:
    """Every record, with the number of its person."""
    for dataset in datasets:
        with gzip.open(FOLDER / f"dataset{dataset}.csv.gz", "rt", encoding="utf-8") as file:
            for row in csv.DictReader(file, skipinitialspace=True):
                yield _party(row), row["rec_id"].split("-")[1]


def _party(row: dict[str, str]) -> Party:
    return Party(
        id=row["rec_id"],
        kind="individual",
        name=f"{row['surname']}, {row['given_name']}",
        address=" ".join(row[name] for name in ("street_number", "address_1", "address_2", "suburb") if row[name]),
        region=row["postcode"],
        birth_date=row["date_of_birth"],
        id_number=row["soc_sec_id"],
    )
