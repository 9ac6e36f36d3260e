"""What an epoch trains on."""

from collections.abc import Sequence
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from earn_train.batches import Batch, crop, epoch_batches, users_per_epoch
from earn_train.data import Histories, read
from earn_train.recipe import Recipe

RECIPES = [Recipe(batch=8), Recipe(batch=8, crops=0.5), Recipe(batch=8, crops=1, fraction=0.5)]


def predictions(batch: Batch) -> list[tuple[list[int], int]]:
    """Each branch's items and the item that it is to predict."""
    items, t, targets, valid, _ = batch
    return [
        (items[user, : int(t[user, branch])].tolist(), int(targets[user, branch]))
        for user, branch in valid.nonzero().tolist()
    ]


def all_of(histories: Sequence[NDArray[np.int64]], times: Sequence[int] | None = None) -> Histories:
    end = np.cumsum([len(history) for history in histories])
    start = np.append(0, end[:-1])
    at = None if times is None else np.array(times, dtype=np.float64)
    return Histories(np.concatenate(histories), start, end, at)


def epoch(histories: Histories, recipe: Recipe, window: int) -> list[tuple[list[int], int]]:
    rng = np.random.default_rng(0)
    return [pair for batch in epoch_batches(histories, window, recipe, rng) for pair in predictions(batch)]


@pytest.mark.parametrize("recipe", RECIPES)
def test_no_held_out_event_is_ever_trained_on(tmp_path: Path, recipe: Recipe) -> None:
    """Every event is an item of its own here, so that an item says whether it was held out."""
    events = [(user, event) for user in range(30) for event in range(user % 7 * 10)]
    name = [f"{user}-{event}" for user, event in events]
    (tmp_path / "items.jsonl").write_text("".join(f'{{"id": "{item}"}}\n' for item in name))
    rows = [f"{user},{item}" for (user, _), item in zip(events, name, strict=True)]
    (tmp_path / "interactions.csv").write_text("\n".join(["user_id,item_id", *rows]) + "\n")
    data = read(tmp_path)
    held_out = {target for split in ("valid", "test") for _, target in data.held_out(split)}
    assert len(held_out) == 2 * len(data.users)
    for items, target in epoch(data.train, recipe, window=16):
        assert not held_out & {*items, target}


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_branch_predicts_the_item_after_those_it_sees(recipe: Recipe) -> None:
    histories = all_of([np.arange(user * 100, user * 100 + 5 * user) for user in range(20)])
    for items, target in epoch(histories, recipe, window=16):
        assert items == list(range(target - len(items), target))


def test_without_crops_and_in_a_window_each_item_is_predicted_once() -> None:
    histories = all_of([np.arange(user * 100, user * 100 + user) for user in range(20)])
    targets = [target for _, target in epoch(histories, Recipe(batch=8), window=32)]
    assert sorted(targets) == histories.items.tolist()


def test_crops_begin_anywhere_and_elsewhere_each_time() -> None:
    history, rng = np.arange(40), np.random.default_rng(0)
    crops = [crop(history, 0.5, rng) for _ in range(400)]
    assert 0.4 < np.mean([len(each) == 40 for each in crops]) < 0.6
    assert {int(each[0]) for each in crops} == set(range(40))
    assert all(each[-1] == 39 for each in crops)
    assert all(crop(history, 0.0, rng) is history for _ in range(10))


def test_an_epoch_of_some_users_has_other_users_than_the_next() -> None:
    histories = all_of([np.full(3, user) for user in range(100)])
    recipe, rng = Recipe(batch=8, user_fraction=0.3), np.random.default_rng(1)
    first, second = (
        {target for batch in epoch_batches(histories, 16, recipe, rng) for _, target in predictions(batch)}
        for _ in range(2)
    )
    assert len(first) == len(second) == users_per_epoch(100, recipe) == 30
    assert first != second


def test_events_of_the_same_time_come_in_every_order_and_stay_at_their_time() -> None:
    """User 0 took three items at time 7 and one at 8; user 1 two at 7, which are no ties of user 0's."""
    histories = all_of([np.array([0, 1, 2, 3]), np.array([4, 5])], [7, 7, 7, 8, 7, 7])
    rng = np.random.default_rng(0)
    found = [[each.tolist() for each in histories.with_ties_shuffled(rng)] for _ in range(200)]
    assert {tuple(first[:3]) for first, _ in found} == set(permutations([0, 1, 2]))
    assert all(first[3] == 3 for first, _ in found)
    assert {tuple(second) for _, second in found} == {(4, 5), (5, 4)}


def test_only_the_training_part_is_shuffled(tmp_path: Path) -> None:
    """Two of one user's four events are held out, all of the same day: they stay held out."""
    (tmp_path / "items.jsonl").write_text("".join(f'{{"id": "{item}"}}\n' for item in "abcd"))
    rows = [f"u,{item},86400" for item in "abcd"]
    (tmp_path / "interactions.csv").write_text("\n".join(["user_id,item_id,timestamp", *rows]) + "\n")
    train, rng = read(tmp_path).train, np.random.default_rng(0)
    found = {tuple(train.with_ties_shuffled(rng)[0].tolist()) for _ in range(50)}
    assert found == {(0, 1), (1, 0)}
