"""What an epoch trains on."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from earn_train.batches import Batch, crop, epoch_batches, users_per_epoch
from earn_train.data import History, read
from earn_train.recipe import Recipe

RECIPES = [Recipe(batch=8), Recipe(batch=8, crops=0.5), Recipe(batch=8, crops=1, fraction=0.5)]


def predictions(batch: Batch) -> list[tuple[list[int], int]]:
    """Each branch's items and the item that it is to predict."""
    items, t, targets, valid, _ = batch
    return [
        (items[user, : int(t[user, branch])].tolist(), int(targets[user, branch]))
        for user, branch in valid.nonzero().tolist()
    ]


def epoch(histories: Sequence[History], recipe: Recipe, window: int) -> list[tuple[list[int], int]]:
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
    histories = [np.arange(user * 100, user * 100 + 5 * user) for user in range(20)]
    for items, target in epoch(histories, recipe, window=16):
        assert items == list(range(target - len(items), target))


def test_without_crops_and_in_a_window_each_item_is_predicted_once() -> None:
    histories = [np.arange(user * 100, user * 100 + user) for user in range(20)]
    targets = [target for _, target in epoch(histories, Recipe(batch=8), window=32)]
    assert sorted(targets) == np.concatenate(histories).tolist()


def test_crops_begin_anywhere_and_elsewhere_each_time() -> None:
    history, rng = np.arange(40), np.random.default_rng(0)
    crops = [crop(history, 0.5, rng) for _ in range(400)]
    assert 0.4 < np.mean([len(each) == 40 for each in crops]) < 0.6
    assert {int(each[0]) for each in crops} == set(range(40))
    assert all(each[-1] == 39 for each in crops)
    assert all(crop(history, 0.0, rng) is history for _ in range(10))


def test_an_epoch_of_some_users_has_other_users_than_the_next() -> None:
    histories = [np.full(3, user) for user in range(100)]
    recipe, rng = Recipe(batch=8, user_fraction=0.3), np.random.default_rng(1)
    first, second = (
        {target for batch in epoch_batches(histories, 16, recipe, rng) for _, target in predictions(batch)}
        for _ in range(2)
    )
    assert len(first) == len(second) == users_per_epoch(100, recipe) == 30
    assert first != second
