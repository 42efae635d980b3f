"""Our comparisons as Splink's settings, to learn their numbers."""

import logging
from typing import Any

from splink import Linker, SettingsCreator

from custinfo.classification.duplicates.comparisons import COMPARISONS, DIFFERENT, Comparison
from custinfo.classification.duplicates.databases import Database
from custinfo.classification.duplicates.model import Model
from custinfo.classification.duplicates.party import Kind


def settings(database: Database, kind: Kind, model: Model) -> SettingsCreator:
    """The settings of Splink for parties of `kind` in `database`, with the numbers of `model`."""
    return SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="unique_id",
        comparisons=[_comparison(database, comparison, model) for comparison in COMPARISONS[kind]],
        blocking_rules_to_generate_predictions=[],
        probability_two_random_records_match=model.prior,
        em_convergence=0.001,
        max_iterations=15,
    )


def _comparison(database: Database, comparison: Comparison, model: Model) -> dict[str, Any]:
    numbers = model.levels[comparison.name]
    levels: list[dict[str, Any]] = [
        {
            "sql_condition": database.written(comparison.unknown.sql()),
            "label_for_charts": "unknown",
            "is_null_level": True,
        }
    ]
    for name, condition in comparison.levels.items():
        written = database.written(condition.sql())
        levels.append({"sql_condition": written, "label_for_charts": name} | _numbers(numbers[name]))
    levels.append({"sql_condition": "ELSE", "label_for_charts": DIFFERENT} | _numbers(numbers[DIFFERENT]))
    return {"output_column_name": comparison.name, "comparison_levels": levels}


def _numbers(numbers: list[float]) -> dict[str, float]:
    m, u = numbers
    return {"m_probability": m, "u_probability": u}


def linker(database: Database, kind: Kind, model: Model) -> Linker:
    """A linker over the table `parties` of a database."""
    parties = database.splink().register("parties")
    return Linker(parties, settings(database, kind, model), log_level=logging.CRITICAL)
