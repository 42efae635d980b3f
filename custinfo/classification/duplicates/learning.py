"""The model's numbers, learned from the data: u from random pairs, m by expectation maximisation (Splink).

What is rare in the data is held by what the rule ships: its numbers count as so many pairs seen before. Nothing is
random: the pairs are chosen by a hash of their place, and what is learned is rounded, so that the same data teach the
same.
"""

from collections import Counter
from collections.abc import Mapping

from custinfo.classification.duplicates.comparisons import COMPARISONS, UNKNOWN, Comparison
from custinfo.classification.duplicates.databases import Database
from custinfo.classification.duplicates.model import DuplicatesRule, Model
from custinfo.classification.duplicates.party import Kind

SAMPLE = 700
"""Records of which every pair is looked at for u: a quarter of a million pairs."""

SHIPPED_PAIRS = 150_000
SHIPPED_MATCHES = 2_000
"""As so many pairs of different, and of the same, parties the rule's own numbers count; what is learned of the same
parties, as `LEARNED_MATCHES`.
"""

LEARNED_MATCHES = 15_000
TRAINING_PAIRS = 300_000
TRAINED_BY: Mapping[Kind, tuple[str, ...]] = {
    "enterprise": (
        "l.code_text = r.code_text",
        "l.core_sound = r.core_sound AND l.prefecture = r.prefecture",
    ),
    "individual": (
        "l.identity_text = r.identity_text",
        "l.core_sound = r.core_sound AND coalesce(l.birth_date, l.birth_year) = coalesce(r.birth_date, r.birth_year)",
    ),
}
"""Pairs among which m is learned, for the comparisons that are not of these columns."""


def learnt(database: Database, kind: Kind, rule: DuplicatesRule) -> Model:
    """The model for the tables `parties` and `candidates`: the rule's, where the set is small, else learned too."""
    shipped = rule.model_of(kind)
    count = _count(database, "SELECT count(*) FROM parties")
    model = shipped.model_copy(update={"prior": _prior(database, kind, count)})
    if count < rule.learn_from:
        return model
    model = _with_u(database, kind, model)
    return _with_m(database, kind, model)


def _count(database: Database, query: str) -> int:
    return int(database.ask(query).column(0)[0].as_py())


def _prior(database: Database, kind: Kind, count: int) -> float:
    """Of all pairs, how many are the same: those that agree in what hardly ever agrees by chance, and as many again."""
    number = "code" if kind == "enterprise" else "identity"
    sure = _count(
        database,
        f"""SELECT count(*) FROM candidates
        JOIN parties AS l ON l.unique_id = join_key_l JOIN parties AS r ON r.unique_id = join_key_r
        WHERE l.core_sound = r.core_sound AND coalesce(l.branch, '') = coalesce(r.branch, '')
            AND coalesce(l.{number} = r.{number}, array_length(array_intersect(l.phones, r.phones)) > 0)""",
    )
    return min(0.5, (2 * sure + 1) / max(1, count * (count - 1) // 2))


def _with_u(database: Database, kind: Kind, model: Model) -> Model:
    database.make("sampled", f"SELECT * FROM parties ORDER BY md5(unique_id::VARCHAR), unique_id LIMIT {SAMPLE}")
    columns = [f"{comparison.sql()} AS {comparison.name}" for comparison in COMPARISONS[kind]]
    names = sorted({name for name in _columns(database) if name != "unique_id"})
    both = ", ".join(f"l.{name} AS {name}_l, r.{name} AS {name}_r" for name in names)
    told = ", ".join(comparison.name for comparison in COMPARISONS[kind])
    met = database.ask(
        f"""SELECT {told}, count(*) AS number FROM (SELECT {", ".join(columns)} FROM (
            SELECT {both} FROM sampled AS l JOIN sampled AS r ON l.unique_id < r.unique_id)) GROUP BY {told}"""
    ).to_pylist()
    database.drop("sampled")
    levels = {}
    for comparison in COMPARISONS[kind]:
        seen: Counter[str] = Counter()
        for way in met:
            seen[way[comparison.name]] += way["number"]
        del seen[UNKNOWN]
        levels[comparison.name] = _blended(comparison, model, seen, SHIPPED_PAIRS, 1)
    return model.model_copy(update={"levels": levels})


def _columns(database: Database) -> list[str]:
    return [str(name) for name in database.ask("SELECT * FROM parties LIMIT 0").column_names]


def _blended(
    comparison: Comparison, model: Model, seen: Mapping[str, float], shipped: int, which: int
) -> dict[str, list[float]]:
    """The numbers of a comparison with `which` of them (0: m, 1: u) as seen and as shipped together."""
    total = sum(seen.values()) + shipped
    numbers = {}
    for name, both in model.levels[comparison.name].items():
        share = (seen.get(name, 0) + both[which] * shipped) / total
        numbers[name] = [*both[:which], float(f"{share:.4g}"), *both[which + 1 :]]
    return numbers


def _with_m(database: Database, kind: Kind, model: Model) -> Model:
    from custinfo.classification.duplicates.splinking import linker  # Splink is slow to import, and few sets are large

    training = linker(database, kind, model)
    for pairs in TRAINED_BY[kind]:
        # Where codes are unique, as on the shipped card, none of the first kind: Splink would refuse
        if not _met(database, pairs):
            continue
        training.training.estimate_parameters_using_expectation_maximisation(
            pairs, fix_u_probabilities=True, max_pairs=TRAINING_PAIRS, record_sample_proportion=0.1
        )
    learned = _learned(training)
    levels = {}
    for comparison in COMPARISONS[kind]:
        own, given = learned.get(comparison.name, {}), model.levels[comparison.name]
        # What no pair met, Splink hands back as it was given: that is no learning
        seen = {name: share * LEARNED_MATCHES for name, share in own.items() if share != given[name][0]}
        levels[comparison.name] = _blended(comparison, model, seen, SHIPPED_MATCHES, 0)
    return model.model_copy(update={"levels": levels})


def _met(database: Database, pairs: str) -> bool:
    query = f"SELECT l.unique_id FROM parties AS l JOIN parties AS r ON {pairs} WHERE l.unique_id < r.unique_id LIMIT 1"
    return bool(database.ask(query).num_rows)


def _learned(training: object) -> Mapping[str, Mapping[str, float]]:
    """Comparison → level → m, as far as Splink has learned them."""
    settings = training.misc.save_model_to_json()  # type: ignore[attr-defined]
    return {
        comparison["output_column_name"]: {
            level["label_for_charts"]: level["m_probability"]
            for level in comparison["comparison_levels"]
            if not level.get("is_null_level") and isinstance(level.get("m_probability"), float)
        }
        for comparison in settings["comparisons"]
    }
