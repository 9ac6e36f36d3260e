"""The steps of a run: a model, what moves its weights, and the average of these, which is the result."""

import math
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor
from torch.optim.lr_scheduler import LambdaLR

from . import processes
from .batches import Batch, epoch_batches, users_per_epoch
from .checkpoint import Model
from .data import Dataset
from .graphs import Graphs
from .optimization import averaged, optimizer_of, prefers_bf16, rate
from .processes import DEVICE, RANK, WORLD
from .progress import progress
from .recipe import Recipe
from .rows import Rows
from .teachers import Teachers

LARGEST_GRADIENT = 1.0


class Steps:
    def __init__(self, model: Model, data: Dataset, recipe: Recipe, teachers: Teachers | None = None):
        """`model` is moved by the histories of the data's training part."""
        users = users_per_epoch(int((data.train.lengths > 0).sum()), recipe)
        self.an_epoch = math.ceil(users / recipe.batch)
        self.model, self.teachers, self.recipe = model, teachers, recipe
        self.histories = data.train
        self.average = averaged(model, recipe.ema)
        self.optimizer = optimizer_of(model, recipe)
        self.schedule = LambdaLR(self.optimizer, rate(recipe, self.an_epoch))
        self.loss_of = processes.shared_loss(model, recipe.smoothing)
        self.bf16 = prefers_bf16(model.config.width)
        # Neither several processes nor a sampled softmax were tried with graphs.
        plain = WORLD == 1 and recipe.negatives_of(model.config.items) == 0
        graphs = DEVICE.type == "cuda" and plain
        self.graphs = Graphs(self.loss, list(model.parameters())) if graphs else None

    @property
    def result(self) -> Model:
        return cast(Model, self.average.module)

    def compile(self) -> None:
        """Fuses the arithmetic of the layers that are trained; graphs already save most of that."""
        if self.graphs:
            return
        for layer in self.model.layers:
            layer.compile(dynamic=True)

    def epoch(self, number: int, rng: np.random.Generator) -> float:
        """A step per batch of the histories, which `rng` draws; the mean loss."""
        if WORLD > 1:  # what each process draws for its own users
            torch.manual_seed(hash((self.recipe.seed, number, RANK)))
        self.model.train()
        losses: list[Tensor] = []
        window = self.model.config.window
        with progress(f"epoch {number}", self.an_epoch) as bar:
            even = self.graphs is not None
            for batch in epoch_batches(self.histories, window, self.recipe, rng, number, even):
                losses.append(self.graphs(batch) if self.graphs else self.passes(batch))
                torch.nn.utils.clip_grad_norm_(self.model.parameters(), LARGEST_GRADIENT)
                self.optimizer.step()
                self.schedule.step()
                self.average.update_parameters(self.model)
                bar.update()
        return round(processes.mean(torch.stack(losses).mean()), 4)

    def passes(self, batch: Batch) -> Tensor:
        """The loss of a batch, and its gradients in the parameters."""
        loss = self.loss(*(tensor.to(DEVICE) for tensor in batch))
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        return loss.detach()

    def loss(self, items: Tensor, t: Tensor, targets: Tensor, valid: Tensor, at: Tensor) -> Tensor:
        rows = Rows(valid, every=self.graphs is not None)
        # Casts are not kept: a graph would remember those of other passes.
        with torch.autocast(DEVICE.type, torch.bfloat16, self.bf16, cache_enabled=not rows.every):
            taught = self.teachers.targets(items, t, targets, rows) if self.teachers else None
            loss: Tensor = self.loss_of(items, t, targets, valid, at, taught=taught, every=rows.every)
        return loss

    def state(self) -> dict[str, Any]:
        """All that the next step depends on, but for what is drawn."""
        return {
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
        }

    def load(self, state: dict[str, Any]) -> None:
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
