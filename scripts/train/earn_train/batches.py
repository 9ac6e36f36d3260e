"""Training histories as batches of branches: what is seen, where, and what is to be predicted."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .data import History, window_start
from .processes import RANK, WORLD
from .recipe import Recipe

# items [U, n], t [U, M], targets [U, M], valid [U, M], at [U, B]: the arguments of a model's `loss`.
Batch = tuple[Tensor, Tensor, Tensor, Tensor, Tensor]


def epoch_batches(
    histories: Sequence[History],
    window: int,
    recipe: Recipe,
    rng: np.random.Generator,
    epoch: int = 1,
    even: bool = False,
) -> Iterator[Batch]:
    """One epoch of all users, or of some at random, those with histories of similar length together.

    A share of `recipe.crops` begins at a random item, because a service does not know what its users did
    before they came. A history longer than the window is seen from a random anchor, as serving would see it
    at some time.

    Several processes share each batch: `rng` is the same in all of them and says which users are in it, and
    each draws the branches of its own users by a generator of its own.

    `even` batches have one of a few shapes each.
    """
    own = rng if WORLD == 1 else np.random.default_rng([recipe.seed, epoch, RANK])
    users = np.flatnonzero([len(history) > 0 for history in histories])
    if recipe.user_fraction < 1:
        users = rng.permutation(users)[: users_per_epoch(len(users), recipe)]
    histories = [crop(histories[user], recipe.crops, rng) for user in users.tolist()]
    length = np.array([len(h) for h in histories])
    order = np.argsort(np.minimum(length, window) * rng.uniform(0.8, 1.25, len(length)))
    batches = np.array_split(order, math.ceil(len(order) / recipe.batch))
    rng.shuffle(batches)
    for rows in batches:
        mine = rows[RANK::WORLD]
        chosen = [branches(histories[row], window, recipe.fraction, own) for row in mine]
        yield batch(chosen, recipe, own, window if even else None)


def users_per_epoch(users: int, recipe: Recipe) -> int:
    """How many of the users with a history an epoch trains on."""
    return max(1, round(recipe.user_fraction * users))


def crop(history: History, share: float, rng: np.random.Generator) -> History:
    """With probability `share` the history from a random item on."""
    if share == 0 or rng.random() >= share:
        return history
    return history[rng.integers(len(history)) :]


def branches(
    history: History, window: int, fraction: float, rng: np.random.Generator
) -> tuple[History, NDArray[np.int64], History]:
    """One user: the items that are seen, how many of them each branch sees, and the item after those."""
    step = window // 2
    start = rng.integers(window_start(len(history), window) // step + 1) * step
    part = history[start : start + window]
    # Serving never uses a later anchor with fewer than half a window of items behind it.
    positions = np.arange(0 if start == 0 else step, len(part))
    count = max(1, round(fraction * len(positions)))
    t = np.sort(rng.choice(positions, count, replace=False))
    return part[: t[-1]], t, part[t]


def batch(
    users: list[tuple[History, NDArray[np.int64], History]],
    recipe: Recipe,
    rng: np.random.Generator,
    window: int | None = None,
) -> Batch:
    """Users' branches, padded to the longest, or to an even size up to `window`."""
    U, M = len(users), max(len(t) for _, t, _ in users)
    n = max(1, max(len(seen) for seen, _, _ in users))  # with no column there would be nothing to index
    if window:
        U, M, n = recipe.batch, even_size(M - 1) + 1, min(even_size(n), window)
    items, t, target, valid = (np.zeros((U, w), dtype=np.int64) for w in (n, M, M, M))
    for row, (seen, places, next_items) in enumerate(users):
        items[row, : len(seen)] = seen
        t[row, : len(places)] = places
        target[row, : len(places)] = next_items
        valid[row, : len(places)] = 1
    B = max(1, round(recipe.code_fraction * M))
    at = np.sort(np.argsort(rng.random((U, M)) - valid, axis=1)[:, :B], axis=1)
    items_, t_, target_, valid_, at_ = map(torch.from_numpy, (items, t, target, valid.astype(bool), at))
    return items_, t_, target_, valid_, at_


def even_size(size: int) -> int:
    """The next of 1, 2, 3, 4, 6, 8, 12, 16, 24 ..., each at most half as large again as the one before."""
    power: int = 1 << max(0, size - 1).bit_length()
    return power * 3 // 4 if power >= 4 and size <= power * 3 // 4 else power
