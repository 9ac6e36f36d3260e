"""The common data format (`interactions.csv`, `items.jsonl`) as histories of item indices, and what is held out of them."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

SPLITS = ("train", "valid", "test")


@dataclass
class Dataset:
    """Items in the order of `items.jsonl`; users in the order of the file, one history each, oldest first."""

    items: list[dict]
    users: list[str]
    histories: list[np.ndarray]
    trained: list[int]  # interactions of each user, from the oldest, that are trained on
    known: list[int]  # those before the first test item: what is in between is validation
    protocol: str  # `leave-one-out` or `split by time`

    @property
    def train(self) -> list[np.ndarray]:
        """The part of each history that is trained on."""
        return [history[:end] for history, end in zip(self.histories, self.trained)]

    def held_out(self, split: str) -> list[tuple[np.ndarray, int]]:
        """(all that came before, the item itself) of each held-out interaction; split: `valid` or `test`."""
        return [
            (history[:place], int(history[place]))
            for history, (start, end) in zip(self.histories, self.ranges(split))
            for place in range(start, end)
        ]

    def case_users(self, split: str) -> list[str]:
        """Whose each of the `held_out` interactions is."""
        return [user for user, (start, end) in zip(self.users, self.ranges(split)) for _ in range(start, end)]

    def ranges(self, split: str) -> list[tuple[int, int]]:
        """Where the split begins and ends in each history."""
        if split == "valid":
            return list(zip(self.trained, self.known))
        return list(zip(self.known, map(len, self.histories)))

    def texts(self) -> list[str]:
        """What the words of an item are: title, brand, categories."""
        return [
            " ".join([item.get("title") or "", item.get("brand") or "", *item.get("categories", [])])
            for item in self.items
        ]


def read(folder: Path) -> Dataset:
    """With a column `split` (train, valid, test), as a split by time has it, that is what is held out. Without one it is
    leave-one-out: of users of three items or more the last is the test item, the one before it validation.

    Raises ValueError that names the line for an interaction whose item is not listed or whose split is out of order.
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
                raise ValueError(f"{file.name}:{line}: item_id {item!r} is not in items.jsonl")
            histories.setdefault(user, []).append(index[item])
            if (split := row.get("split")) is None:
                continue
            if split not in SPLITS or any(counts.setdefault(user, [0, 0, 0])[SPLITS.index(split) + 1 :]):
                raise ValueError(f"{file.name}:{line}: split {split!r} is unknown or comes after a later one")
            counts[user][SPLITS.index(split)] += 1
    if counts:
        ends = [(counts[user][0], counts[user][0] + counts[user][1]) for user in histories]
    else:
        ends = [(n - 2, n - 1) if (n := len(history)) >= 3 else (n, n) for history in histories.values()]
    trained, known = map(list, zip(*ends))
    arrays = [np.array(history, dtype=np.int64) for history in histories.values()]
    protocol = "split by time" if counts else "leave-one-out"
    return Dataset(items, list(histories), arrays, trained, known, protocol)


def window_start(length: int, window: int) -> int:
    """Where the window of a history begins: 0 until it is full, then in steps of half a window.

    The anchor that serving uses (`worker/engine/window.ts`): between half a window and a whole one is seen.
    """
    step = window // 2
    return max(0, -(-(length - window) // step) * step)
