"""Where the last token of a history looks, layer by layer: what EARN's two findings rest on (arXiv
2507.00715, section 3).

    npm run attention -- --checkpoint runs/ml-1m-full --data data/ml-1m

For a model without EARN (k = N). Takes the newest --items of validation users that have as many, and looks at
the attention of S, averaged over heads and users. The last line is JSON with one row per layer: `sparsity`,
the share of the history's tokens that hold 90 % of the history's attention; `prefix`, `head`, `tail`,
`suffix`, the share of all attention that goes to P, the first and last tenth of the items and S itself (a
tenth gets .1 where nothing is special); `profile`, that of each twentieth of the items.
"""

import argparse
import json
from typing import Any

import torch
from torch import Tensor

from . import flags
from .checkpoint import load
from .data import read
from .errors import InputError, run
from .layers import Layer, rotation
from .model import Earn

PARTS = 20
HELD = 0.9  # of the history's attention


@torch.no_grad()
def suffix_attention(model: Earn, items: Tensor) -> Tensor:
    """items [U, n] -> S's attention [layers, U, H, n + 2] over P, the items and S."""
    U, n = items.shape
    prefix, suffix = (register.expand(U, 1, -1) for register in model.registers)
    x = torch.cat([prefix, model.item_vectors()[items], suffix], 1)
    cos, sin = rotation(torch.arange(n + 2), model.config.head_dim)
    weights = []
    for layer in model.layers:
        assert isinstance(layer, Layer)
        q, k, v = layer.project(x, cos, sin)
        score = q @ k[:, None].mT * layer.head_dim**-0.5
        weight = score.masked_fill(torch.ones(n + 2, n + 2).triu(1).bool(), -torch.inf).softmax(-1)
        weights.append(weight[:, :, -1])
        x = layer.finish(x, weight @ v[:, None])
    return torch.stack(weights)


def describe(attention: Tensor) -> dict[str, Any]:
    """One layer's [U, H, n + 2] -> the shares of the module's docstring, means over users and heads."""
    history = attention[..., 1:-1]
    n = history.shape[-1]
    sorted_ = history.sort(-1, descending=True).values
    needed = (sorted_.cumsum(-1) < HELD * history.sum(-1, keepdim=True)).sum(-1) + 1
    tenth, mean = n // 10, attention.mean((0, 1))
    items = mean[1:-1]
    shares = {
        "sparsity": (needed / n).mean(),
        "prefix": mean[0],
        "head": items[:tenth].sum(),
        "tail": items[-tenth:].sum(),
        "suffix": mean[-1],
    }
    profile = [round(part.sum().item(), 5) for part in items.chunk(PARTS)]
    return {name: round(share.item(), 5) for name, share in shares.items()} | {"profile": profile}


def attention_of_suffix(args: argparse.Namespace) -> None:
    model, data = load(args.checkpoint, torch.device("cpu")), read(args.data)
    if not isinstance(model, Earn) or model.config.register_depth < model.config.depth:
        raise InputError(
            f"{args.checkpoint}: not a decoder whose layers all see the history (--register-depth N)"
        )
    long = [history[-args.items :] for history, _ in data.held_out("valid") if len(history) >= args.items]
    batches = torch.stack([torch.from_numpy(h) for h in long[: args.users]]).split(50)
    attention = torch.cat([suffix_attention(model, items) for items in batches], 1)
    layers = [{"layer": number, **describe(layer)} for number, layer in enumerate(attention, 1)]
    of = {
        "model": args.checkpoint.name,
        "dataset": data.name,
        "items": args.items,
        "users": attention.shape[1],
    }
    print(json.dumps({**of, "layers": layers}))


def main() -> None:
    run(lambda: attention_of_suffix(flags.attention()))


if __name__ == "__main__":
    main()
