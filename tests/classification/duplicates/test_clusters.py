import random

from custinfo.classification.duplicates.clusters import Edge, held_together, join

NONE: dict[int, dict[str, str]] = {}


def groups(of: dict[int, int]) -> set[frozenset[int]]:
    return {frozenset(one for one in of if of[one] == name) for name in of.values()}


def test_a_chain_of_likely_pairs_is_one_cluster_named_after_its_smallest():
    of = join([Edge(1, 2, 9.0, False), Edge(2, 3, 9.0, False), Edge(1, 3, 5.0, False)], NONE, 0.3)
    assert of == {1: 1, 2: 1, 3: 1}


def test_no_cluster_holds_two_codes_or_two_branches():
    edges = [Edge(1, 2, 9.0, True), Edge(2, 3, 8.0, True)]
    for mark in ("code", "identity", "branch"):
        assert groups(join(edges, {1: {mark: "a"}, 3: {mark: "b"}}, 0.0)) == {frozenset({1, 2}), frozenset({3})}
        assert len(groups(join(edges, {1: {mark: "a"}, 3: {mark: "a"}}, 0.0))) == 1


def test_a_weak_bridge_between_two_groups_is_cut():
    groups_of_three = [Edge(a, b, 9.0, True) for a, b in [(1, 2), (2, 3), (1, 3), (4, 5), (5, 6), (4, 6)]]
    bridge = [Edge(3, 4, 5.0, False)]
    assert groups(join(groups_of_three + bridge, NONE, 0.34)) == {frozenset({1, 2, 3}), frozenset({4, 5, 6})}
    wide = [Edge(a, b, 5.0, False) for a, b in [(3, 4), (2, 5), (1, 6), (1, 4)]]
    assert len(groups(join(groups_of_three + wide, NONE, 0.34))) == 1


def test_the_order_of_pairs_does_not_matter():
    chance = random.Random(5)
    for _ in range(30):
        pairs = {tuple(sorted(chance.sample(range(12), 2))) for _ in range(16)}
        edges = [Edge(a, b, float(chance.randint(1, 4)), chance.random() < 0.5) for a, b in sorted(pairs)]
        marks = {one: {"code": chance.choice("ab")} for one in chance.sample(range(12), 4)}
        first = join(edges, marks, 0.34)
        assert join(chance.sample(edges, len(edges)), marks, 0.34) == first
        for members in groups(first):
            assert len({marks[one]["code"] for one in members if one in marks}) <= 1


def test_what_sure_pairs_alone_hold_together():
    edges = [Edge(1, 2, 9.0, True), Edge(2, 3, 4.0, False), Edge(4, 5, 9.0, True)]
    of = join(edges, NONE, 0.3)
    assert held_together(of, [edge for edge in edges if edge.sure]) == {4}
    assert held_together(of, edges) == {1, 4}
