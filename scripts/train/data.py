"""The common data format (`interactions.csv`, `items.jsonl`) as histories of item indices, split leave-one-out."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass
class Dataset:
    """Items in the order of `items.jsonl`; one history a user, oldest first, users in the order of the file."""

    items: list[dict]
    histories: list[np.ndarray]

    @property
    def train(self) -> list[np.ndarray]:
        """Histories without the last two items (test, and before it validation); short ones are kept whole."""
        return [h[:-2] if len(h) >= 3 else h for h in self.histories]

    def held_out(self, back: int) -> list[tuple[np.ndarray, int]]:
        """(what came before, the item itself) of each user of three items or more; back 1: test, 2: validation."""
        return [(h[:-back], int(h[-back])) for h in self.histories if len(h) >= 3]

    def texts(self) -> list[str]:
        """What the words of an item are: title, brand, categories."""
        return [
            " ".join([item.get("title") or "", item.get("brand") or "", *item.get("categories", [])])
            for item in self.items
        ]


def read(folder: Path) -> Dataset:
    """Raises ValueError that names the line for an interaction whose item is not listed."""
    with open(folder / "items.jsonl", encoding="utf-8") as file:
        items = [json.loads(line) for line in file]
    index = {item["id"]: number for number, item in enumerate(items)}
    histories: dict[str, list[int]] = {}
    with open(folder / "interactions.csv", encoding="utf-8", newline="") as file:
        for line, row in enumerate(csv.DictReader(file), 2):
            if row["item_id"] not in index:
                raise ValueError(f"{file.name}:{line}: item_id {row['item_id']!r} is not in items.jsonl")
            histories.setdefault(row["user_id"], []).append(index[row["item_id"]])
    return Dataset(items, [np.array(history, dtype=np.int64) for history in histories.values()])


def window_start(length: int, window: int) -> int:
    """Where the window of a history begins: 0 until it is full, then in steps of half a window.

    The anchor that serving uses (`worker/engine/window.ts`): between half a window and a whole one is seen.
    """
    step = window // 2
    return max(0, -(-(length - window) // step) * step)
