"""How weights follow gradients: the optimizer, its rate, the average that is the result, and the numbers."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch.optim.swa_utils import AveragedModel

from .checkpoint import Model
from .processes import DEVICE
from .recipe import Recipe

EMA_WARMUP = 10  # steps; the average forgets its first weights while it is young
LOWEST_RATE = 0.02  # of the highest, at the end of the cosine
WIDE = 128  # states from which a CPU computes faster in bf16 (docs/log.md)


def averaged(model: Model, decay: float) -> AveragedModel:
    """A copy that follows by an exponential moving average, which ranks better than the last step's."""

    @torch.no_grad()
    def follow(average: Any, current: Any, updates: Any) -> None:
        torch._foreach_lerp_(average, current, 1 - min(decay, float((updates + 1) / (updates + EMA_WARMUP))))

    return AveragedModel(model, multi_avg_fn=follow)


def optimizer_of(model: Model, recipe: Recipe) -> torch.optim.Optimizer:
    """AdamW; only matrices decay."""
    matrices = [p for p in model.parameters() if p.dim() >= 2]
    vectors = [p for p in model.parameters() if p.dim() < 2]
    groups = [
        {"params": matrices, "weight_decay": recipe.weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=recipe.lr, betas=(0.9, 0.98), fused=True)


def rate(recipe: Recipe, steps_per_epoch: int) -> Callable[[int], float]:
    """Step -> share of the learning rate: up during the first epoch, then constant or down along a cosine."""

    def share(step: int) -> float:
        progress = min(1, step / (recipe.epochs * steps_per_epoch))
        cosine = LOWEST_RATE + (1 - LOWEST_RATE) * (1 + math.cos(math.pi * progress)) / 2
        return min((step + 1) / steps_per_epoch, cosine if recipe.schedule == "cosine" else 1)

    return share


def prefers_bf16(width: int) -> bool:
    """Whether bf16 is faster than float32: always on CUDA; on a CPU with instructions for it, where matrices
    are large enough to pay for the conversions.
    """
    if DEVICE.type == "cuda":
        return True
    if width < WIDE:
        return False
    flags = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    return "avx512_bf16" in flags or "amx_bf16" in flags
