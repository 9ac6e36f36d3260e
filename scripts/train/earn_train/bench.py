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
from .calibrate import activation_ranges
from .checkpoint import save
from .config import Config
from .data import read
from .errors import run
from .model import Earn
from .optimization import optimizer_of, rate
from .parser import Parser
from .processes import DEVICE, shared_loss
from .ranking import metrics, ranks_of
from .recipe import Recipe
from .train import new_model

DESCRIPTION = """Reads a dataset, makes its semantic IDs, and trains some steps.

    python -m earn_train.bench --data data/large

The last line printed is a JSON object."""

RECENT = 20  # steps that the reported losses are means of
CHECKED = 500  # validation items that the checkpoint is ranked on


class Watch:
    """Seconds since it was made: of the clock, and of all cores, which other programs hardly change."""

    def __init__(self) -> None:
        self.clock, self.cpu = time.time(), time.process_time()

    def read(self) -> dict[str, float]:
        seconds, cpu = time.time() - self.clock, time.process_time() - self.cpu
        return {"seconds": round(seconds, 1), "cpu_seconds": round(cpu, 1)}


def bench(args: argparse.Namespace) -> None:
    watch = Watch()
    data = read(args.data)
    reading = watch.read()
    codebook = 2 ** math.ceil(math.log2(len(data.items)) / args.levels)
    shapes = {"items": len(data.items), "levels": args.levels, "codebook": codebook, "window": 128}
    config = Config.from_depth(args.depth, 1, local_window=4, **shapes)
    recipe = Recipe(batch=args.batch, epochs=1)
    torch.manual_seed(recipe.seed)
    watch = Watch()
    model = new_model(data, config, recipe, None)
    assert isinstance(model, Earn)
    naming = watch.read()
    loss_of = shared_loss(model, recipe.smoothing)
    optimizer = optimizer_of(model, recipe)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rate(recipe, args.steps // 10))
    batches = epoch_batches(data.train, config.window, recipe, np.random.default_rng(recipe.seed))
    losses: list[float] = []
    recent: deque[float] = deque(maxlen=RECENT)
    positions, watch = 0, Watch()
    for batch in tqdm(islice(batches, args.steps), "training", args.steps):
        loss = loss_of(*(tensor.to(DEVICE) for tensor in batch))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
        positions += int(batch[3].sum())
        recent.append(loss.item())
        losses.append(sum(recent) / len(recent))
    training = watch.read()
    shown = np.linspace(min(RECENT, len(losses)) - 1, len(losses) - 1, 6).astype(int)
    report = {
        "users": len(data.users),
        "items": len(data.items),
        "events": len(data.histories.items),
        "read": reading,
        "semantic_ids": naming,
        "parameters": sum(p.numel() for p in model.parameters()),
        "negatives": recipe.negatives_of(len(data.items)),
        "batch": args.batch,
        "steps": len(losses),
        "positions": positions,
        "training": training,
        "positions_per_s": round(positions / training["seconds"]),
        "positions_per_cpu_s": round(positions / training["cpu_seconds"]),
        "loss": [round(losses[step], 3) for step in shown],
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "device": str(DEVICE),
        "threads": torch.get_num_threads(),
    }
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
        held_out = data.held_out("valid").sample(CHECKED, recipe.seed)
        ranges = activation_ranges(model, held_out, DEVICE, data.events)
        reached = metrics(ranks_of(model, held_out, "latent", 0, DEVICE, events=data.events))
        validation = {"parameters": report["parameters"], "latent": reached}
        save(model, data, recipe, args.out, {"validation": validation, "curve": [], "activations": ranges})
    print(json.dumps(report))


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    parser = Parser("bench", DESCRIPTION)
    parser.add_argument("--data", type=Path, required=True, help="the dataset")
    parser.add_argument("--out", type=Path, help="where to leave a checkpoint, to measure its build")
    parser.add_argument("--depth", type=int, default=3, help="N, layers")
    parser.add_argument("--levels", type=int, default=2, help="C, semantic-ID codes per item")
    parser.add_argument("--batch", type=int, default=256, help="users per step")
    parser.add_argument("--steps", type=int, default=300, help="steps to train")
    return parser.read(argv)


def main() -> None:
    run(lambda: bench(arguments()))


if __name__ == "__main__":
    main()
