"""The common data format (`interactions.csv`, `items.jsonl`) as histories of item indices, and what is held
out of them.
"""

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import InputError

SPLITS = ("train", "valid", "test")
History = NDArray[np.int64]  # item indices, oldest first
Case = tuple[History, int]  # what came before a held-out item, and the item


@dataclass
class Dataset:
    """Items in the order of `items.jsonl`; users in the order of the file, one history each, oldest first."""

    name: str  # of its folder
    items: list[dict[str, Any]]
    users: list[str]
    histories: list[History]
    trained: list[int]  # per user, how many of the oldest events are trained on
    known: list[int]  # per user, how many come before the first test item; those in between are validation
    protocol: str  # `leave-one-out` or `split by time`

    @property
    def train(self) -> list[History]:
        """The part of each history that is trained on."""
        return [history[:end] for history, end in zip(self.histories, self.trained, strict=True)]

    def held_out(self, split: str) -> list[Case]:
        """A case for each held-out event; split: `valid` or `test`."""
        return [
            (history[:place], int(history[place]))
            for history, (start, end) in zip(self.histories, self.ranges(split), strict=True)
            for place in range(start, end)
        ]

    def case_users(self, split: str) -> list[str]:
        """The user of each of the `held_out` cases."""
        ranges = zip(self.users, self.ranges(split), strict=True)
        return [user for user, (start, end) in ranges for _ in range(start, end)]

    def ranges(self, split: str) -> list[tuple[int, int]]:
        """Where the split begins and ends in each history."""
        if split == "valid":
            return list(zip(self.trained, self.known, strict=True))
        return list(zip(self.known, map(len, self.histories), strict=True))

    def taken(self) -> NDArray[np.bool_]:
        """Whether an item occurs in the training part, [items]."""
        return np.bincount(np.concatenate(self.train), minlength=len(self.items)) > 0

    def texts(self) -> list[str]:
        """The words of each item: title, brand, categories."""
        return [
            " ".join([item.get("title") or "", brand_of(item), *item.get("categories", [])])
            for item in self.items
        ]


def brand_of(item: dict[str, Any]) -> str:
    """Also of an `items.jsonl` from before `properties`, which had the brand beside the title."""
    brand = item.get("properties", {}).get("brand") or item.get("brand")
    return str(brand or "")


def read(folder: Path) -> Dataset:
    """Reads a folder of the common format.

    A column `split` (train, valid, test) says what is held out, as in a split by time. Without one it is
    leave-one-out: of users with three items or more, the last is the test item and the one before it
    validation.

    Raises InputError that names the line of an event whose item is not listed or whose split is out of order.
    """
    with open(folder / "items.jsonl", encoding="utf-8") as file:
        items = [json.loads(line) for line in file]
    index = {item["id"]: number for number, item in enumerate(items)}
    histories: dict[str, list[int]] = {}
    counts: dict[str, list[int]] = {}
    with open(folder / "interactions.csv", encoding="utf-8", newline="") as file:
        for line, row in enumerate(csv.DictReader(file), 2):
            user, item = row["user_id"], row["item_id"]
            if item not in index:
                raise InputError(f"{file.name}:{line}: item_id {item!r} is not in items.jsonl")
            histories.setdefault(user, []).append(index[item])
            if (split := row.get("split")) is None:
                continue
            if split not in SPLITS or any(counts.setdefault(user, [0, 0, 0])[SPLITS.index(split) + 1 :]):
                raise InputError(f"{file.name}:{line}: split {split!r} is unknown or comes after a later one")
            counts[user][SPLITS.index(split)] += 1
    if counts:
        ends = [(counts[user][0], counts[user][0] + counts[user][1]) for user in histories]
    else:
        ends = [(n - 2, n - 1) if (n := len(history)) >= 3 else (n, n) for history in histories.values()]
    trained, known = map(list, zip(*ends, strict=True))
    arrays = [np.array(history, dtype=np.int64) for history in histories.values()]
    protocol = "split by time" if counts else "leave-one-out"
    return Dataset(folder.resolve().name, items, list(histories), arrays, trained, known, protocol)


def window_start(length: int, window: int) -> int:
    """Index of the first item in the context window: 0 until it is full, then in steps of half a window.

    Serving uses the same anchor (`worker/engine/window.ts`), so between half a window and a whole one is
    seen.
    """
    step = window // 2
    return max(0, -(-(length - window) // step) * step)
