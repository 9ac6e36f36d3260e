"""Measures training on a large log (`npm run bench:train`): reading, semantic IDs, positions per second."""

import argparse
import json
import math
import resource
import time
from collections import deque
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from .batches import epoch_batches
from .config import Config
from .data import read
from .errors import run
from .parser import Parser
from .processes import DEVICE, shared_loss
from .recipe import Recipe
from .train import new_model, optimizer_of, rate

DESCRIPTION = """Reads a dataset, makes its semantic IDs, and trains some steps.

    python -m earn_train.bench --data data/large

The last line printed is a JSON object."""

RECENT = 20  # steps that the reported losses are means of


def bench(args: argparse.Namespace) -> None:
    started = time.time()
    data = read(args.data)
    read_seconds = time.time() - started
    codebook = 2 ** math.ceil(math.log2(len(data.items)) / args.levels)
    shapes = {"items": len(data.items), "levels": args.levels, "codebook": codebook, "window": 128}
    config = Config.from_depth(args.depth, 1, local_window=4, **shapes)
    recipe = Recipe(batch=args.batch, epochs=1)
    started = time.time()
    torch.manual_seed(recipe.seed)
    model = new_model(data, config, recipe, None)
    id_seconds = time.time() - started
    loss_of = shared_loss(model, recipe.smoothing)
    optimizer = optimizer_of(model, recipe)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rate(recipe, args.steps // 10))
    batches = epoch_batches(data.train, config.window, recipe, np.random.default_rng(recipe.seed))
    losses: list[float] = []
    recent: deque[float] = deque(maxlen=RECENT)
    positions, started = 0, time.time()
    for batch in tqdm(islice(batches, args.steps), "training", args.steps):
        loss = loss_of(*(tensor.to(DEVICE) for tensor in batch))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
        positions += int(batch[3].sum())
        recent.append(loss.item())
        losses.append(sum(recent) / len(recent))
    seconds = time.time() - started
    report = {
        "users": len(data.users),
        "items": len(data.items),
        "events": len(data.histories.items),
        "read_s": round(read_seconds, 1),
        "semantic_ids_s": round(id_seconds, 1),
        "parameters": sum(p.numel() for p in model.parameters()),
        "negatives": recipe.negatives_of(len(data.items)),
        "batch": args.batch,
        "steps": len(losses),
        "positions": positions,
        "positions_per_s": round(positions / seconds),
        "loss": [round(losses[i], 3) for i in np.linspace(RECENT - 1, len(losses) - 1, 6).astype(int)],
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "device": str(DEVICE),
        "threads": torch.get_num_threads(),
    }
    print(json.dumps(report))


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    parser = Parser("bench", DESCRIPTION)
    parser.add_argument("--data", type=Path, required=True, help="the dataset")
    parser.add_argument("--depth", type=int, default=3, help="N, layers")
    parser.add_argument("--levels", type=int, default=2, help="C, semantic-ID codes per item")
    parser.add_argument("--batch", type=int, default=256, help="users per step")
    parser.add_argument("--steps", type=int, default=300, help="steps to train")
    return parser.read(argv)


def main() -> None:
    run(lambda: bench(arguments()))


if __name__ == "__main__":
    main()
