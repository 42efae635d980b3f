"""Our comparisons as Splink's settings."""

import logging
from collections.abc import Iterable
from typing import Any

from splink import DuckDBAPI, Linker, SettingsCreator

from custinfo.classification.duplicates.comparisons import COMPARISONS, DIFFERENT, Comparison
from custinfo.classification.duplicates.model import Model
from custinfo.classification.duplicates.party import Kind

GAMMA = "gamma_"
"""Before a comparison's name: which level was met (−1 unknown, 0 different, up to the most telling)."""


def settings(kind: Kind, model: Model, kept: Iterable[str] = ()) -> SettingsCreator:
    """The settings of Splink for parties of `kind`, with the numbers of `model`."""
    return SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="unique_id",
        comparisons=[_comparison(comparison, model) for comparison in COMPARISONS[kind]],
        blocking_rules_to_generate_predictions=[],
        probability_two_random_records_match=model.prior,
        retain_matching_columns=True,  # without, Splink does not say which levels were met
        additional_columns_to_retain=list(kept),
        em_convergence=0.001,
        max_iterations=15,
    )


def _comparison(comparison: Comparison, model: Model) -> dict[str, Any]:
    numbers = model.levels[comparison.name]
    levels: list[dict[str, Any]] = [
        {"sql_condition": comparison.unknown.sql(), "label_for_charts": "unknown", "is_null_level": True}
    ]
    for name, condition in comparison.levels.items():
        levels.append({"sql_condition": condition.sql(), "label_for_charts": name} | _numbers(numbers[name]))
    levels.append({"sql_condition": "ELSE", "label_for_charts": DIFFERENT} | _numbers(numbers[DIFFERENT]))
    return {"output_column_name": comparison.name, "comparison_levels": levels}


def _numbers(numbers: list[float]) -> dict[str, float]:
    m, u = numbers
    return {"m_probability": m, "u_probability": u}


def linker(connection: Any, kind: Kind, model: Model, kept: Iterable[str] = ()) -> Linker:
    """A linker over the table `parties` of a DuckDB connection."""
    api = DuckDBAPI(connection)
    return Linker(api.register("parties"), settings(kind, model, kept), log_level=logging.CRITICAL)
