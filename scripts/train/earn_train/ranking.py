"""Where held-out items land among all items, and the metrics of that."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from .data import Case, History, window_start
from .events import Events
from .model import Earn
from .progress import progress
from .sasrec import SasRec

LISTED = 20
NO_TYPES = Events()
CUTS = (1, 3, 5, 10)  # newest items that short histories are cut to in validation


def ranks_of(
    model: Earn | SasRec,
    cases: Sequence[Case],
    decoder: str,
    beam: int,
    device: torch.device,
    newest: int | None = None,
    events: Events = NO_TYPES,
) -> NDArray[np.int64]:
    """Rank (0 is best, LISTED: not in the list) of each case's item among those that the user has not had.

    With `newest` the model sees only so many of a history's newest items; the older stay hidden in the list.
    """
    model.eval()
    torch.compiler.set_stance("force_eager")  # compiling again for these shapes would cost more than it saves
    ranks = np.zeros(len(cases), dtype=np.int64)
    parts = [context_window(history, model.config.window, events, newest) for history, _ in cases]
    order = np.argsort([len(part) for part in parts])
    with progress("validation", len(cases)) as bar:
        for rows in np.array_split(order, math.ceil(len(order) / (200 if decoder == "latent" else 50))):
            length = torch.tensor([len(parts[row]) for row in rows])
            items = torch.zeros(len(rows), max(1, int(length.max())), dtype=torch.long)
            seen = torch.zeros(len(rows), model.config.items, dtype=torch.bool)
            for place, row in enumerate(rows):
                history, target = cases[row]
                items[place, : length[place]] = torch.from_numpy(parts[row])
                seen[place, torch.from_numpy(events.hidden(history))] = True
                seen[place, target] = False  # the user may have had it before; it is still the answer
            top = model.rank(
                items.to(device), length.to(device), seen.to(device), LISTED, decoder, beam
            ).cpu()
            hit = top == torch.tensor([cases[row][1] for row in rows])[:, None]
            ranks[rows] = torch.where(hit.any(1), hit.int().argmax(1), LISTED).numpy()
            bar.update(len(rows))
    torch.compiler.set_stance("default")
    return ranks


def context_window(history: History, window: int, events: Events, newest: int | None = None) -> History:
    """The items that a model sees of a history, or of its newest events."""
    part = history if newest is None else history[-newest:]
    part = part[window_start(len(part), window) :]
    return part[events.standing(part)]


def metrics(ranks: NDArray[np.int64]) -> dict[str, float]:
    gain = np.where(ranks < 10, 1 / np.log2(ranks + 2), 0)
    return {"hr@10": round(float((ranks < 10).mean()), 5), "ndcg@10": round(float(gain.mean()), 5)}


def newest_metrics(
    model: Earn | SasRec, cases: Sequence[Case], device: torch.device, events: Events = NO_TYPES
) -> dict[str, dict[str, float]]:
    """The latent decoder's metrics when it sees only the newest items of each history."""
    return {str(cut): metrics(ranks_of(model, cases, "latent", 0, device, cut, events)) for cut in CUTS}
