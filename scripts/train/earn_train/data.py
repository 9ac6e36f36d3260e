"""The common data format (a log and its items) as histories of item indices, and what is held
out of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import overload

import numpy as np
from numpy.typing import NDArray

from .errors import InputError
from .events import TYPE_STRIDE, Events, items_of
from .items import Item, read_items, words_of
from .log import Log

SPLITS = ("train", "valid", "test")
History = NDArray[np.int64]  # tokens (`events.py`), oldest first: without types, item indices
Case = tuple[History, int]  # what came before a held-out item, and the item


class Histories(Sequence[History]):
    """The histories of all users in one array: millions of small ones would fill the memory."""

    def __init__(self, items: History, start: NDArray[np.int64], end: NDArray[np.int64]):
        """User u has `items[start[u]:end[u]]`."""
        self.items, self.start, self.end = items, start, end

    @property
    def lengths(self) -> NDArray[np.int64]:
        return self.end - self.start

    def first(self, counts: NDArray[np.int64]) -> "Histories":
        """The oldest so many items of each history."""
        return Histories(self.items, self.start, self.start + counts)

    def __len__(self) -> int:
        return len(self.start)

    @overload
    def __getitem__(self, user: int) -> History: ...
    @overload
    def __getitem__(self, user: slice) -> "Histories": ...
    def __getitem__(self, user: int | slice) -> "History | Histories":
        if isinstance(user, slice):
            return Histories(self.items, self.start[user], self.end[user])
        return self.items[self.start[user] : self.end[user]]

    def __iter__(self) -> Iterator[History]:
        bounds = zip(self.start.tolist(), self.end.tolist(), strict=True)
        return (self.items[start:end] for start, end in bounds)


class Cases(Sequence[Case]):
    """Held-out events; each is put together when it is asked for."""

    def __init__(self, histories: Histories, user: NDArray[np.int64], place: NDArray[np.int64]):
        """Event i is number `place[i]` in the history of `user[i]`."""
        self.histories, self.user, self.place = histories, user, place

    def __len__(self) -> int:
        return len(self.user)

    @overload
    def __getitem__(self, case: int) -> Case: ...
    @overload
    def __getitem__(self, case: slice) -> "Cases": ...
    def __getitem__(self, case: int | slice) -> "Case | Cases":
        if isinstance(case, slice):
            return Cases(self.histories, self.user[case], self.place[case])
        history, place = self.histories[self.user[case]], self.place[case]
        return history[:place], int(history[place] % TYPE_STRIDE)

    def sample(self, most: int, seed: int) -> "Cases":
        """The cases, or so many of them at random."""
        if len(self) <= most:
            return self
        chosen = np.random.default_rng(seed).permutation(len(self))[:most]
        return Cases(self.histories, self.user[chosen], self.place[chosen])


@dataclass
class Dataset:
    """Items in the order of their file; users in the order of the file, one history each, oldest first."""

    name: str  # of its folder
    items: list[Item]
    users: list[str]
    histories: Histories
    trained: NDArray[np.int64]  # per user, how many of the oldest events are trained on
    known: NDArray[np.int64]  # and how many come before the first test item; in between are validation's
    protocol: str  # `leave-one-out` or `split by time`
    events: Events

    @cached_property
    def train(self) -> Histories:
        """The part of each history that is trained on, without what was taken back in it."""
        return standing(self.events, self.histories.first(self.trained))

    @cached_property
    def train_items(self) -> Histories:
        """The same without types."""
        train = self.train
        return Histories(items_of(train.items), train.start, train.end)

    def held_out(self, split: str) -> Cases:
        """A case for each held-out event that a list should lead to; split: `valid` or `test`."""
        start, end = self.trained, self.known
        if split == "test":
            start, end = self.known, self.histories.lengths
        user, place = spread(start, end)
        wanted = targets(self.events, self.histories)[self.histories.start[user] + place]
        return Cases(self.histories, user[wanted], place[wanted])

    def until_test(self) -> "Dataset":
        """The same data, trained on up to the test items: nothing is held out for validation."""
        return replace(self, trained=self.known)

    def case_users(self, split: str) -> list[str]:
        """The user of each of the `held_out` cases."""
        return [self.users[user] for user in self.held_out(split).user]

    def counts(self) -> NDArray[np.int64]:
        """How often each item occurs in the training part, [items]."""
        return np.bincount(np.concatenate(self.train_items), minlength=len(self.items))

    def texts(self) -> list[str]:
        """The words of each item: title, brand, categories."""
        return [words_of(item) for item in self.items]


def read(folder: Path) -> Dataset:
    """Reads a folder of the common format.

    A column `split` (train, valid, test) says what is held out, as in a split by time. Without one it is
    leave-one-out: of users with three items or more, the last is the test item and the one before it
    validation. With types of events (`events.json`), the last two targets are that were not taken back.

    Raises InputError that names the line of an event whose item is not listed or whose split is out of order.
    """
    items, events, log = read_items(folder), Events.read(folder), Log(folder)
    users, owner, taken, splits = columns(log, items, events)
    order = np.argsort(owner, kind="stable")
    count = np.bincount(owner, minlength=len(users))
    end = np.cumsum(count)
    histories = Histories(taken[order], end - count, end)
    if splits is None:
        trained, known = last_two(events, histories)
        return Dataset(
            folder.resolve().name, items, users, histories, trained, known, "leave-one-out", events
        )
    refuse_disorder(log, owner[order], splits[order], order)
    trained = np.bincount(owner[splits == 0], minlength=len(users))
    known = trained + np.bincount(owner[splits == 1], minlength=len(users))
    return Dataset(folder.resolve().name, items, users, histories, trained, known, "split by time", events)


def spread(start: NDArray[np.int64], end: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and numbers: row r with each number from start[r] to before end[r]."""
    count = end - start
    within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    return np.repeat(np.arange(len(count)), count), np.repeat(start, count) + within


def standing(events: Events, histories: Histories) -> Histories:
    """The histories without what was taken back in them."""
    if events.positive.all():
        return histories
    user, place = spread(histories.start, histories.end)
    stands = events.standing(histories.items[place], user)
    end = np.cumsum(np.bincount(user[stands], minlength=len(histories)))
    return Histories(histories.items[place[stands]], np.append(0, end[:-1]), end)


def targets(events: Events, histories: Histories) -> NDArray[np.bool_]:
    """Which of all events, [events], a list should lead to: none that was taken back later."""
    found = events.targets(histories.items)
    if not events.positive.all():
        found &= events.standing(histories.items, np.repeat(np.arange(len(histories)), histories.lengths))
    return found


def last_two(events: Events, histories: Histories) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where each user's last two targets are, if something comes before them; else the end, twice."""
    place = np.flatnonzero(targets(events, histories))
    before = np.searchsorted(place, histories.end)
    few = before - np.searchsorted(place, histories.start) < 2
    first, second = (
        place[np.maximum(before - back, 0)] - histories.start if len(place) else before for back in (2, 1)
    )
    few |= first < 1
    return np.where(few, histories.lengths, first), np.where(few, histories.lengths, second)


def columns(
    log: Log, items: list[Item], events: Events
) -> tuple[list[str], NDArray[np.int64], History, NDArray[np.int64] | None]:
    """The users in order of appearance; each row's user, token and split, where there are any, as numbers."""
    owner, users = log.names("user_id")
    index = {item["id"]: number for number, item in enumerate(items)}
    taken = log.numbers("item_id", index.get, "is not among the items")
    if events.types and log.has("type"):
        types = dict(zip(["", *events.types], range(1 + len(events.types)), strict=True))
        taken += TYPE_STRIDE * log.numbers("type", types.get, "is not in events.json")
    if not log.has("split"):
        return users, owner, taken, None
    splits = {name: number for number, name in enumerate(SPLITS)}
    return users, owner, taken, log.numbers("split", splits.get, "is unknown")


def refuse_disorder(
    log: Log, owner: NDArray[np.int64], split: NDArray[np.int64], row: NDArray[np.int64]
) -> None:
    """Raises InputError at the first row whose split comes after a later one of its user."""
    late = row[1:][(owner[1:] == owner[:-1]) & (split[1:] < split[:-1])]
    if len(late) > 0:
        first = late.min()
        name = SPLITS[split[row == first][0]]
        raise InputError(f"{log.place(first)}: split {name!r} comes after a later one")


def window_start(length: int, window: int) -> int:
    """Index of the first item in the context window: 0 until it is full, then in steps of half a window.

    Serving uses the same anchor (`worker/engine/window.ts`), so between half a window and a whole one is
    seen.
    """
    step = window // 2
    return max(0, -(-(length - window) // step) * step)
