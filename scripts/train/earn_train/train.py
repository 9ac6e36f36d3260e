"""Training itself: epochs, validation after each, resuming, and what the best weights reached."""

import argparse
import json
import math
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from . import processes, ranking
from .calibrate import activation_ranges
from .checkpoint import Model, build, initial_weights, load, save, warm_start
from .config import Config
from .data import Cases, Dataset, read
from .errors import InputError, run
from .events import Events
from .model import Earn
from .processes import DEVICE, RANK, WORLD
from .progress import progress, say
from .recipe import Recipe, arguments
from .resuming import interrupted_run, origin
from .semantic_ids import semantic_ids, text_embeddings
from .steps import Steps
from .teachers import Teachers

FINAL_ITEMS = 100_000  # ranked by every decoder at the end; a log may hold out millions
VALIDATION_ITEMS = 5000  # ranked after each epoch: with 1,000, epochs differ by less than the noise


def shapes(args: argparse.Namespace, data: Dataset) -> Config:
    items = len(data.items)
    codebook = args.codebook or 2 ** math.ceil(math.log2(items) / args.levels)
    return Config.from_depth(
        args.depth,
        args.register_depth,
        items=items,
        levels=args.levels,
        codebook=codebook,
        window=args.window,
        width=args.width,
        prefixes=args.prefixes,
        suffixes=args.suffixes,
        local_window=args.local_window,
        sliding_window=args.sliding_window,
        code_layers=args.code_layers,
        gates=args.gates,
        types=len(data.events.types),
        target=data.events.target_index,
    )


def new_model(
    data: Dataset,
    config: Config,
    recipe: Recipe,
    codes: Tensor | None = None,
    features: Tensor | None = None,
) -> Model:
    """The model before its first step; codes and features are known when a run goes on."""
    weights = initial_weights(Path(recipe.init), data, config, recipe) if recipe.init else None
    if codes is None and recipe.architecture == "earn":
        started = time.time()
        if weights:
            codes = weights["semantic_ids"]
        else:
            texts, shape = data.texts(), (config.levels, config.codebook)
            found = processes.of_first(lambda: semantic_ids(data.train_items, texts, *shape, recipe.seed))
            codes = torch.from_numpy(found)
        say(f"semantic IDs: {config.levels} x {config.codebook} in {time.time() - started:.0f} s")
    if recipe.features and features is None:
        with progress("words of the items"):
            text = text_embeddings(data.texts(), recipe.features, np.random.default_rng(recipe.seed))
        features = torch.from_numpy(text).float()
    popularity = torch.from_numpy(data.counts() / max(1, data.counts().sum())).float()
    model = build(recipe, config, codes, features, popularity)
    if weights:
        warm_start(model, weights)
    if isinstance(model, Earn):
        model.type_weights = type_weights(data.events)
    model = model.to(DEVICE)
    if isinstance(model, Earn) and features is not None and not weights:
        leave_to_text(model, data.counts() > 0)
    return model


def leave_to_text(model: Earn, taken: NDArray[np.bool_]) -> None:
    """An item that nobody has taken has codes and text, and no embedding of its own: all that training could
    teach one is to keep away from every user.
    """
    has_own = torch.from_numpy(taken).to(DEVICE)[:, None]
    weight = model.item.weight
    with torch.no_grad():
        weight.mul_(has_own)
    weight.register_hook(lambda gradient: gradient * has_own)


def train(args: argparse.Namespace) -> None:
    recipe, out = Recipe.of(args), args.out
    with progress("reading"):
        data = read(args.data)
    if recipe.batch < 2 * WORLD:
        raise InputError(
            f"--batch {recipe.batch}: {WORLD} processes need at least {2 * WORLD} users per step"
        )
    torch.manual_seed(recipe.seed)
    config = shapes(args, data)
    state, now = out / "last.pt", origin(args.data, recipe)
    last = interrupted_run(state, now, config) if state.exists() and not args.restart else None
    # Semantic IDs and features are those that the run was begun with, whatever would be made of the data now.
    begun = (last["model"].get("semantic_ids"), last.get("features")) if last else ()
    model = new_model(data, config, recipe, *begun)
    size = sum(p.numel() for p in model.parameters())
    say(f"{size / 1e6:.2f} M parameters, N = {config.depth}, k = {config.register_depth}, {DEVICE}")

    steps = Steps(model, data, recipe, teachers_of(recipe, data, config))
    if args.compile:
        steps.compile()
    rng = np.random.default_rng(recipe.seed)
    validation = data.held_out("valid").sample(VALIDATION_ITEMS, recipe.seed)

    out.mkdir(parents=True, exist_ok=True)
    first, best, curve = 0, -1.0, []
    if last:
        steps.load(last)
        rng.bit_generator.state = last["rng"]
        torch.set_rng_state(last["torch_rng"].cpu())
        first, best, curve = last["epoch"], last["best"], last["curve"]
        say(f"resumed after epoch {first}")

    started = time.time()
    for epoch in range(first + 1, recipe.epochs + 1):
        if is_over(curve, recipe.patience):
            say(f"no better epoch in {recipe.patience}: training ends")
            break
        loss = steps.epoch(epoch, rng)
        reached = processes.of_first(lambda: ranked(steps.result, validation, data.events))
        curve.append({"epoch": epoch, "loss": loss, **reached})
        if RANK > 0:
            continue
        taken = time.time() - started
        left = taken / (epoch - first) * (recipe.epochs - epoch)
        say(f"{json.dumps(curve[-1])}  {taken:.0f} s, at most {left:.0f} s left")
        if reached["ndcg@10"] > best:
            best = reached["ndcg@10"]
            save(steps.result, data, recipe, out, {"validation": curve[-1], "curve": curve})
        torch.save(
            {
                "config": asdict(config),
                "origin": now,
                "epoch": epoch,
                "best": best,
                "curve": curve,
                "features": model.features if recipe.features else None,
                **steps.state(),
                "rng": rng.bit_generator.state,
                "torch_rng": torch.get_rng_state(),
            },
            state.with_suffix(".part"),
        )
        state.with_suffix(".part").rename(state)
    if RANK == 0:
        finish(data, recipe, out, args.decoders.split(","), args.beam, curve)
    processes.stop()


def teachers_of(recipe: Recipe, data: Dataset, config: Config) -> Teachers | None:
    folders = recipe.teacher_folders()
    if not folders:
        return None
    if recipe.negatives_of(config.items) > 0:
        raise InputError("--teachers: they score all items, so training needs --negatives 0")
    return Teachers(folders, data, config.window, recipe.distillation)


def ranked(model: Model, cases: Cases, events: Events) -> dict[str, float]:
    return ranking.metrics(ranking.ranks_of(model, cases, "latent", 0, DEVICE, events=events))


def type_weights(events: Events) -> Tensor | None:
    """[types + 1], how much a next event of each type counts in the loss; None: all alike."""
    if not events.types:
        return None
    return torch.tensor([1.0, *(events.weights.get(name, 1.0) for name in events.types)])


def is_over(curve: list[dict[str, Any]], patience: int) -> bool:
    """Whether the last `patience` epochs were all no better than one before them."""
    reached = [epoch["ndcg@10"] for epoch in curve]
    return patience > 0 and len(reached) > patience and max(reached[:-patience]) >= max(reached[-patience:])


def finish(
    data: Dataset, recipe: Recipe, out: Path, decoders: list[str], beam: int, curve: list[dict[str, Any]]
) -> None:
    """Back to the best weights: all validation items, and the activation ranges that int8 serving needs."""
    model = load(out, DEVICE)
    held_out = data.held_out("valid").sample(FINAL_ITEMS, recipe.seed)
    result: dict[str, Any] = {
        "cases": len(held_out),
        "parameters": sum(p.numel() for p in model.parameters()),
    }
    for decoder in decoders if isinstance(model, Earn) else ["latent"]:
        result[decoder] = ranking.metrics(
            ranking.ranks_of(model, held_out, decoder, beam, DEVICE, events=data.events)
        )
    result["newest"] = ranking.newest_metrics(model, held_out, DEVICE, data.events)
    ranges = activation_ranges(model, held_out, DEVICE, data.events) if isinstance(model, Earn) else None
    save(model, data, recipe, out, {"validation": result, "curve": curve, "activations": ranges})
    print(json.dumps({"checkpoint": str(out), **result}))


def main() -> None:
    processes.start()
    run(lambda: train(arguments()))


if __name__ == "__main__":
    main()
