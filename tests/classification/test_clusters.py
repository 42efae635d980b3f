"""Clusters: those that were planted are found, chance is called chance, everybody is assigned as the sample was."""

from datetime import date

import ibis
import numpy as np
import pyarrow as pa
import pytest
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_info

from custinfo.classification import clusters
from custinfo.classification.clusters import choosing, fitting, models, profiles, sampling, stability
from custinfo.domain.errors import BadInput

NUMBERS = ("recency_days", "frequency", "monetary_fen")
CATEGORIES = ("section", "ownership", "province", "lifecycle")
SIZES = (90, 60, 30)


@pytest.fixture(scope="module")
def rule():
    shipped = clusters.rule(date(2026, 11, 1))
    return shipped.model_copy(
        update={"categories": CATEGORIES, "most_clusters": 5, "restarts": 3, "bootstraps": 6, "slow_sample": 180}
    )


def rows_of(customers):
    names = ("customer_key", *NUMBERS, *CATEGORIES)
    types = [pa.string(), *(pa.int64(),) * 3, *(pa.string(),) * 4]
    columns = [pa.array([row[n] for row in customers], kind) for n, kind in enumerate(types)]
    return ibis.memtable(pa.table(columns, names=names))


def planted():
    """Three groups that nobody could take for each other: small ones, middle ones and large ones."""
    drawn, rows = np.random.default_rng(7), []
    for group, size in enumerate(SIZES):
        for _ in range(size):
            numbers = (900 / 4**group, 20 * 4**group, 10 ** (5 + 2 * group))
            said = ["ABC"[int(drawn.choice(3)) if drawn.random() < 0.05 else group] for _ in CATEGORIES[1:]]
            key = f"{drawn.integers(0, 2**60):015x}"
            rows.append((key, *(int(one * drawn.uniform(0.7, 1.3)) for one in numbers), "ABC"[group], *said))
    return rows


def two_kinds():
    return [(f"{n:03d}", n, n, n, *("AAAA" if n % 2 else "BBBB")) for n in range(40)]


def noise():
    drawn = np.random.default_rng(11)
    return [
        (
            f"{n:05d}",
            *(int(100 * np.exp(one)) for one in drawn.normal(0, 1, 3)),
            *("ABC"[one] for one in drawn.choice(3, 4)),
        )
        for n in range(180)
    ]


@pytest.fixture(scope="module")
def table():
    return rows_of(planted())


@pytest.fixture(scope="module")
def sample(table, rule):
    return sampling.draw(table, rule)


@pytest.mark.parametrize("method", clusters.METHODS)
def test_planted_clusters_are_found_by_every_method_the_largest_first(table, sample, rule, method):
    model = fitting.fit(sample, method, 3, rule)
    assert model.sizes == SIZES
    assigned = models.assign(table, model)
    found = {row["customer_key"]: row["cluster"] for row in assigned.to_pyarrow().to_pylist()}
    assert found == {row[0]: "ABC".index(row[4]) + 1 for row in planted()}
    assert [found[key] - 1 for key in sample.keys] == models.labels(sample, model).tolist()
    assert set(assigned.rule_version.to_pyarrow().to_pylist()) == {rule.version}


@pytest.mark.parametrize("method", clusters.METHODS)
def test_the_order_of_rows_makes_no_difference(sample, rule, method):
    again = sampling.draw(rows_of(planted()[::-1]), rule)
    assert again.keys == sample.keys
    assert fitting.fit(again, method, 3, rule) == fitting.fit(sample, method, 3, rule)


@pytest.mark.parametrize("method", clusters.METHODS)
def test_the_figures_speak_for_as_many_clusters_as_were_planted(sample, rule, method):
    chosen = choosing.figures(sample, method, rule)
    assert chosen.best == 3
    figures = {one.count: one for one in chosen.figures}
    assert min(figures) == 2
    assert all((one.bic is None) == (method != "latent") for one in figures.values())


def test_figures_end_at_as_many_clusters_as_there_are_different_customers(sample, rule):
    two = sample.only(np.array([0, 1] * 20))
    assert [one.count for one in choosing.figures(two, "kmeans", rule).figures] == [2]
    with pytest.raises(BadInput) as refused:
        choosing.figures(two.only(np.zeros(40, dtype=int)), "kmeans", rule)
    assert refused.value.key == "clusters.alike"


def test_k_means_is_fitted_by_one_thread(sample, rule, monkeypatch):
    """Several wait for each other by turning in place, and add up in an order of their own."""
    seen, fit_predict = [], KMeans.fit_predict
    monkeypatch.setattr(
        KMeans, "fit_predict", lambda model, numbers: seen.append(threadpool_info()) or fit_predict(model, numbers)
    )
    fitting.fit(sample, "kmeans", 3, rule)
    threads = [pool["num_threads"] for pools in seen for pool in pools if pool["user_api"] == "openmp"]
    assert threads
    assert set(threads) == {1}


def test_planted_clusters_are_stable_and_chance_is_not(sample, rule):
    found = stability.measured(sample, fitting.fit(sample, "kmeans", 3, rule), rule)
    assert found.verdict == "stable"
    assert found.verdicts == ("stable",) * 3
    assert found.rand > 0.99
    drawn = sampling.draw(rows_of(noise()), rule)
    chance = stability.measured(drawn, fitting.fit(drawn, "kmeans", 5, rule), rule)
    assert chance.verdict == "not_stable"
    assert min(chance.jaccard) < 0.6
    assert chance == stability.measured(drawn, fitting.fit(drawn, "kmeans", 5, rule), rule)


def test_the_profile_tells_what_a_cluster_is_like_and_nothing_of_a_few(table, sample, rule):
    model = fitting.fit(sample, "kmeans", 3, rule)
    assigned = models.assign(table, model)
    told = profiles.numbers(table, assigned, model, 40).to_pyarrow().to_pylist()
    assert [(row["cluster"], row["customers"]) for row in told] == [(1, 90), (2, 60), (3, None)]
    small = [row for row in planted() if row[4] == "A"]
    assert told[0]["monetary_fen"] == pytest.approx(sum(row[3] for row in small) / 90)
    assert told[2]["monetary_fen"] is None
    common = profiles.commonest(table, assigned, "section", 40).to_pyarrow().to_pylist()
    assert [(row["cluster"], row["code"], row["customers"], row["of"]) for row in common] == [
        (1, "A", 90, 90),
        (2, "B", 60, 60),
    ]


def test_a_cluster_of_one_person_is_named(rule):
    alone = ("f" * 15, 1, 40000, 10**15, *"ZZZZ")
    sample = sampling.draw(rows_of([row for row in planted() if row[4] == "A"] + [alone]), rule)
    model = fitting.fit(sample, "kmeans", 2, rule)
    assert model.sizes == (90, 1)
    assert model.small(5) == (2,)


def test_nothing_stated_counts_as_the_mean_and_as_a_category_of_its_own(rule):
    rows = [*planted(), ("0" * 15, *[None] * 7)]
    table = rows_of(rows)
    sample = sampling.draw(table, rule)
    place = sample.keys.index("0" * 15)
    assert sample.numbers[place].tolist() == [0, 0, 0]
    assert sample.categories["section"] == ("", "A", "B", "C")
    model = fitting.fit(sample, "kmeans", 3, rule)
    found = models.assign(table, model).to_pyarrow().to_pydict()
    assert dict(zip(found["customer_key"], found["cluster"], strict=True))["0" * 15] == (
        models.labels(sample, model)[place] + 1
    )


def test_a_value_that_nobody_of_the_sample_had_is_assigned_all_the_same(sample, rule):
    model = fitting.fit(sample, "latent", 3, rule)
    found = models.assign(rows_of([("x", 10, 1, 100, *"?AAA")]), model).to_pyarrow().to_pylist()
    assert found[0]["cluster"] == 1


def test_of_clusters_equally_near_the_first_counts(sample, rule):
    model = fitting.fit(sample, "kmeans", 2, rule)
    twice = models.Model(**{**vars(model), "clusters": (model.clusters[0], model.clusters[0])})
    assert set(models.assign(rows_of(planted()), twice).cluster.to_pyarrow().to_pylist()) == {1}


@pytest.mark.parametrize(
    ("make", "key"),
    [
        (lambda sample, rule: fitting.fit(sample, "magic", 3, rule), "clusters.method"),
        (lambda sample, rule: fitting.fit(sample, "kmeans", 1, rule), "clusters.count"),
        (lambda sample, rule: fitting.fit(sample, "kmeans", 6, rule), "clusters.count"),
        (lambda _, rule: fitting.fit(sampling.draw(rows_of(two_kinds()), rule), "latent", 3, rule), "clusters.alike"),
        (lambda _, rule: sampling.draw(rows_of(planted()[:29]), rule), "clusters.few"),
        (lambda _, rule: sampling.draw(rows_of([(*row[:3], 5, *row[4:]) for row in planted()]), rule), "clusters.same"),
        (lambda _, rule: sampling.draw(rows_of(planted()).drop("section"), rule), "clusters.no_feature"),
    ],
)
def test_what_cannot_be_done_is_said_in_words(sample, rule, make, key):
    with pytest.raises(BadInput) as refused:
        make(sample, rule)
    assert refused.value.key == key
    assert refused.value.text("en")
    assert refused.value.text("zh-CN")


def test_a_rule_that_contradicts_itself_is_refused(tmp_path):
    shipped = (clusters.rules.FOLDER / clusters.FILE).read_text("utf-8")
    for old, new, key in (
        ('"ownership", "province"', '"ownership", "ownership"', "clusters.feature_twice"),
        ("unstable_percent = 60", "unstable_percent = 80", "clusters.limits"),
    ):
        (tmp_path / clusters.FILE).write_text(shipped.replace(old, new), "utf-8")
        with pytest.raises(BadInput) as refused:
            clusters.rule(date(2026, 11, 1), tmp_path)
        assert refused.value.key == key
        assert refused.value.text("en")


def test_of_many_branches_customers_of_each_are_drawn(rule):
    """Read together, a key begins with its branch: the first branch alone would stand for all."""
    rows = [(f"{'xa'[place]}/{row[0]}", *row[1:]) for place in (0, 1) for row in planted()]
    drawn = sampling.draw(rows_of(rows), rule, 120)
    branches = [key[0] for key in drawn.keys]
    assert min(branches.count(one) for one in "xa") > 30


def test_latent_classes_are_assigned_whatever_decimals_their_shares_have(rule):
    """The share of the first is two thirds: DuckDB finds no decimal type for its logarithm and that of UNSEEN."""
    rows = [(f"{n:05d}", 1 + n % 7, n, n, *("AAAA" if n < 40 else "BBBB")) for n in range(60)]
    model = fitting.fit(sampling.draw(rows_of(rows), rule), "latent", 2, rule)
    assigned = models.assign(rows_of(rows), model).to_pyarrow().to_pylist()
    assert [row["cluster"] for row in sorted(assigned, key=lambda row: row["customer_key"])] == [1] * 40 + [2] * 20
