"""The processes of one training run: one, or as many as `torchrun` starts, on one machine or several."""

import os
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

RANK, WORLD = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
LOCAL = int(os.environ.get("LOCAL_RANK", 0))
DEVICE = torch.device(f"cuda:{LOCAL}" if torch.cuda.is_available() else "cpu")

Result = TypeVar("Result")


def start() -> None:
    """Joins the other processes, where there are any."""
    if WORLD == 1:
        return
    if DEVICE.type == "cuda":
        torch.cuda.set_device(DEVICE)
    dist.init_process_group("nccl" if DEVICE.type == "cuda" else "gloo")


def stop() -> None:
    if dist.is_initialized():
        dist.destroy_process_group()


def of_first(make: Callable[[], Result]) -> Result:
    """What the first process makes, in all of them."""
    if WORLD == 1:
        return make()
    made = [make() if RANK == 0 else None]
    dist.broadcast_object_list(made)
    return made[0]  # type: ignore[return-value]


def of_all(value: Result) -> list[Result]:
    """What each process has, in the order of the processes, in all of them."""
    if WORLD == 1:
        return [value]
    values: list[Any] = [None] * WORLD
    dist.all_gather_object(values, value)
    return values


def mine(values: Sequence[Result]) -> Sequence[Result]:
    """This process's part of what all of them share; the parts of all in their order are the whole."""
    first, end = (-(-len(values) * rank // WORLD) for rank in (RANK, RANK + 1))
    return values[first:end]


class Loss(nn.Module):
    """A model's loss as a module, which is what `DistributedDataParallel` wraps."""

    model: Any

    def __init__(self, model: nn.Module, smoothing: float):
        super().__init__()
        self.model, self.smoothing = model, smoothing

    def forward(self, *batch: Tensor, taught: Tensor | None = None, every: bool = False) -> Tensor:
        loss: Tensor = self.model.loss(*batch, smoothing=self.smoothing, taught=taught, every=every)
        return loss


def shared_loss(model: nn.Module, smoothing: float) -> nn.Module:
    """The loss of a batch. Processes average their gradients, and begin with the first one's weights."""
    loss = Loss(model, smoothing)
    return loss if WORLD == 1 else DistributedDataParallel(loss)


def mean(value: Tensor) -> float:
    """Of a number that each process has."""
    if WORLD > 1:
        dist.all_reduce(value)
    return value.item() / WORLD
