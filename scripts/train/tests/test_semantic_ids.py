"""Semantic IDs are unique and balanced, and group what is consumed together."""

from typing import Any

import numpy as np
import pytest
from sklearn.cluster import KMeans

from earn_train import semantic_ids as semantic_ids_module
from earn_train.semantic_ids import (
    EXACT_ASSIGNMENT,
    balanced_assignment,
    centres,
    distances,
    semantic_ids,
    text_embeddings,
)


@pytest.mark.parametrize("exact_svd", [10**6, 0])
def test_semantic_ids_are_unique_balanced_and_group_what_is_consumed_together(
    exact_svd: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(semantic_ids_module, "EXACT_SVD", exact_svd)
    rng = np.random.default_rng(0)
    tastes = rng.permutation(120).reshape(4, 30)
    histories = [rng.choice(tastes[user % 4], 20) for user in range(200)]
    codes = semantic_ids(histories, [""] * 120, levels=2, codebook=12, seed=1)
    assert len(np.unique(codes, axis=0)) == 120
    assert np.bincount(codes[:, 0]).max() == 10
    taste = np.empty(120, dtype=int)
    taste[tastes] = np.arange(4)[:, None]
    agree = [np.bincount(taste[codes[:, 0] == c]).max() / (codes[:, 0] == c).sum() for c in range(12)]
    assert np.mean(agree) > 0.8  # 0.25 would be chance


def test_the_same_seed_gives_the_same_ids() -> None:
    rng = np.random.default_rng(0)
    histories = [rng.integers(200, size=20) for _ in range(100)]
    texts = [f"item {n % 7}" for n in range(200)]
    first, second = (semantic_ids(histories, texts, levels=2, codebook=16, seed=1) for _ in range(2))
    assert (first == second).all()


def test_items_that_nothing_tells_apart_have_ids_of_their_own() -> None:
    codes = semantic_ids([np.arange(3)], ["same"] * 50, levels=2, codebook=8, seed=1)
    assert len(np.unique(codes, axis=0)) == 50


def test_one_level_names_each_item() -> None:
    codes = semantic_ids([np.arange(10)], [""] * 10, levels=1, codebook=16, seed=1)
    assert sorted(codes[:, 0]) == list(range(10))


def test_semantic_ids_refuse_a_codebook_that_is_too_small() -> None:
    with pytest.raises(ValueError, match="9 items"):
        semantic_ids([np.arange(10)], [""] * 10, levels=2, codebook=3, seed=1)


def test_centres_are_near_their_points() -> None:
    rng = np.random.default_rng(0)
    corners = np.array([[0.0, 0.0], [0.0, 9.0], [9.0, 0.0]])
    points = np.repeat(corners, 30, axis=0) + rng.normal(0, 0.1, (90, 2))
    assert distances(corners, centres(points, 3, rng)).min(1).max() < 0.1


def test_a_part_of_very_many_points_gives_centres_as_near(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    corners = np.array([[0.0, 0.0], [0.0, 9.0], [9.0, 0.0]])
    points = np.repeat(corners, 2000, axis=0) + rng.normal(0, 1, (6000, 2))
    fitted: list[int] = []

    class Watched(KMeans):  # type: ignore[misc]
        def fit(self, of: Any) -> Any:
            fitted.append(len(of))
            return super().fit(of)

    monkeypatch.setattr(semantic_ids_module, "KMeans", Watched)
    assert distances(corners, centres(points, 3, rng)).min(1).max() < 0.1
    assert fitted == [3 * 256]


@pytest.mark.parametrize("rows", [40, EXACT_ASSIGNMENT + 5])
def test_balanced_assignment_keeps_to_the_room(rows: int) -> None:
    rng = np.random.default_rng(0)
    points, centre = rng.random((rows, 4)), rng.random((5, 4))
    chosen = balanced_assignment(points, centre, rows // 5)
    assert np.bincount(chosen).tolist() == [rows // 5] * 5
    cost = distances(points, centre)
    assert cost[np.arange(rows), chosen].mean() < cost.mean() - 0.6 * (cost.mean() - cost.min(1).mean())


def test_a_large_assignment_is_the_same_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    points, centre = rng.random((EXACT_ASSIGNMENT + 5, 4)), rng.random((20, 4))
    whole = balanced_assignment(points, centre, 270)
    monkeypatch.setattr(semantic_ids_module, "DISTANCES", 1000)
    assert (balanced_assignment(points, centre, 270) == whole).all()


def test_few_words_give_the_same_embeddings_every_time() -> None:
    """Equal singular values, between whose vectors nothing decides."""
    kinds = ("Tea", "Honey", "Bread", "Fruit", "Fish")
    texts = [f"{kind} No. {number}  {kind}" for kind in kinds for number in range(1, 25)]
    texts += [f"{kind} gift box  {kind} Gifts" for kind in kinds]
    once, again = (text_embeddings(texts, 64, np.random.default_rng(1)) for _ in range(2))
    assert np.array_equal(once, again)
