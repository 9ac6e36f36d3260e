"""Distillation (Hinton et al., arXiv 1503.02531): a decoder learns from the lists of others as well.

Several models of the same data, best of different kinds, rank better together than each alone. The geometric
mean of their probabilities is a part of the target that each position is trained on, so one decoder takes
over much of what they know together, and serves for the price of one.
"""

from pathlib import Path

import torch
from torch import Tensor

from .checkpoint import Model, its_types, load, read_config
from .data import Dataset
from .errors import InputError
from .events import TYPE_STRIDE
from .processes import DEVICE
from .rows import Rows


class Teachers:
    def __init__(self, folders: list[Path], data: Dataset, window: int, share: float):
        """Checkpoint folders of models of the same items; `share` of the target is theirs.

        Raises InputError for one that knows other items, other types of events, or shorter histories.
        """
        self.share = share
        self.models: list[Model] = [self.ready(folder, data, window) for folder in folders]

    @staticmethod
    def ready(folder: Path, data: Dataset, window: int) -> Model:
        config, _ = read_config(folder)
        if config.items != len(data.items) or its_types(folder) != data.events.types:
            raise InputError(f"--teachers {folder}: it knows other items or types of events")
        if config.window < window:
            raise InputError(f"--teachers {folder}: its window is {config.window}, not {window}")
        return load(folder, DEVICE)

    @torch.no_grad()
    def targets(self, items: Tensor, t: Tensor, targets: Tensor, rows: Rows) -> Tensor:
        """items [U, n], t [U, M], targets [U, M] tokens -> of the n `rows` the probabilities
        [n, items] that are trained on: the next item's own, and the teachers'.
        """
        kind, item, seen = rows(targets) // TYPE_STRIDE, rows(targets) % TYPE_STRIDE, rows(t)
        total, heard = torch.zeros((), device=t.device), torch.zeros_like(seen)
        for model in self.models:
            speaks = seen >= model.shortest
            total = total + speaks[:, None] * model.next_log_probs(items, t, rows, kind)
            heard += speaks
        share = self.share * (heard > 0)
        taught = share[:, None] * (total / heard.clamp(min=1)[:, None]).softmax(-1)
        taught[torch.arange(len(item), device=item.device), item] += 1 - share
        return taught
