"""The ranges of a trained decoder's activations, from which the build takes its static int8 scales."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .data import Case
from .events import Events
from .model import Earn
from .progress import progress
from .ranking import context_window

USERS = 512
ROWS = 32  # histories that run together


@torch.no_grad()
def activation_ranges(
    model: Earn, cases: Sequence[Case], device: torch.device, events: Events
) -> dict[str, Any]:
    """What each matrix product reads when cases are ranked, and the largest keys and values.

    `{"layers.0.qkv": [low, high], …}` names the linear layer that reads the activation. Largest magnitudes a
    channel, which the build rescales: `layers.0.key` of each rotated pair of a key's channels [D / 2],
    `layers.0.value` of a value's [D], `layers.0.attended` of what attention makes of the values [H * D].
    """
    model.eval()
    size = model.config.head_dim
    low: dict[str, float] = {}
    high: dict[str, float] = {}
    largest: dict[str, Tensor] = {}

    def note(name: str, rows: Tensor) -> None:
        peak = rows.abs().amax(0)
        largest[name] = torch.maximum(largest.get(name, torch.zeros_like(peak)), peak)

    def watch(name: str) -> Any:
        def hook(module: nn.Module, inputs: tuple[Tensor], output: Tensor) -> None:
            if output.numel() == 0:  # without a local window no item is in the deep layers
                return
            low[name] = min(low.get(name, 0.0), inputs[0].min().item())
            high[name] = max(high.get(name, 0.0), inputs[0].max().item())
            if name.endswith("qkv"):
                k, v = output.flatten(0, -2)[:, model.config.heads * size :].split(size, -1)
                note(name.replace("qkv", "key"), k.unflatten(-1, (2, -1)).norm(dim=1))
                note(name.replace("qkv", "value"), v)
            elif name.endswith("out"):
                note(name.replace("out", "attended"), inputs[0].flatten(0, -2))

        return hook

    hooks = [
        module.register_forward_hook(watch(name))
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear)
    ]
    chosen = np.random.default_rng(0).permutation(len(cases))[:USERS]
    parts = [context_window(cases[i][0], model.config.window, events) for i in chosen]
    # Histories of one length run together: nothing is padded, and padding would be measured too.
    with progress("ranges of activations", len(parts)) as bar:
        for _, group in groupby(sorted(parts, key=len), len):
            rows = torch.from_numpy(np.stack(list(group))).to(device)
            for items in rows.split(ROWS):
                length = torch.full((len(items),), items.shape[1], device=device)
                seen = torch.zeros(len(items), model.config.items, dtype=torch.bool, device=device)
                model.rank(items, length, seen, k=20, decoder="beam")
                bar.update(len(items))
    for hook in hooks:
        hook.remove()
    return {name: [low[name], high[name]] for name in low} | {name: x.tolist() for name, x in largest.items()}
