"""What events mean: `events.json` of a dataset, and tokens, which are items with the type of their event.

Without types a token is the item's index, and nothing else changes.

A negative event takes its item out of the history: neither it nor any earlier event of its item is read, nor
predicted. The service reads histories alike (`worker/events/event-types.ts`).
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Tokens = NDArray[np.int64]

# A token is item + type * TYPE_STRIDE; types count from 1, 0 is no type (`worker/engine/token.ts`).
TYPE_STRIDE = 2**22


@dataclass
class Events:
    """The types of a log's events, and what each means."""

    types: list[str] = field(default_factory=list)
    target: str | None = None  # what a list should lead to; None: any event but negative ones
    hide: list[str] | None = None  # what must not be recommended again; None: any event but negative ones
    remove: list[str] = field(default_factory=list)  # takes its item out of the history
    forbid: list[str] = field(default_factory=list)  # does so too, and hides its item for good
    weights: dict[str, float] = field(default_factory=dict)  # of other events than the target in training

    @classmethod
    def read(cls, folder: Path) -> "Events":
        path = folder / "events.json"
        if not path.exists():
            return cls()
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return cls(**found)

    @property
    def target_index(self) -> int:
        """Of the type in tokens; 0: no type is the target."""
        return 0 if self.target is None else 1 + self.types.index(self.target)

    def which(self, names: list[str]) -> NDArray[np.bool_]:
        """[types + 1], whether a type is one of these."""
        return np.array([False, *(name in names for name in self.types)])

    @property
    def positive(self) -> NDArray[np.bool_]:
        return ~self.which([*self.remove, *self.forbid])

    def targets(self, tokens: Tokens) -> NDArray[np.bool_]:
        """Which of the tokens are what a list should lead to."""
        wanted = self.positive if self.target is None else self.which([self.target])
        chosen: NDArray[np.bool_] = wanted[types_of(tokens)]
        return chosen

    def standing(self, tokens: Tokens, owner: NDArray[np.int64] | None = None) -> NDArray[np.bool_]:
        """Which tokens, oldest first, a history consists of; `owner` where they are of several users."""
        negative = ~self.positive[types_of(tokens)]
        if not negative.any():
            return ~negative
        key = items_of(tokens) + (0 if owner is None else owner * TYPE_STRIDE)
        place = np.arange(len(tokens))
        _, group = np.unique(key, return_inverse=True)
        last = np.full(group.max() + 1, -1)
        np.maximum.at(last, group[negative], place[negative])
        stands: NDArray[np.bool_] = place > last[group]
        return stands

    def hidden(self, tokens: Tokens) -> Tokens:
        """The items that a list after this history must not hold."""
        items, types = items_of(tokens), types_of(tokens)
        hides = self.positive if self.hide is None else self.which(self.hide)
        forbids, removes = self.which(self.forbid)[types], self.which(self.remove)[types]
        had = hides[types]
        for place in np.flatnonzero(removes):
            had[:place] &= items[:place] != items[place]
        return items[had | forbids]


def items_of(tokens: Tokens) -> Tokens:
    return tokens % TYPE_STRIDE


def types_of(tokens: Tokens) -> Tokens:
    return tokens // TYPE_STRIDE
