"""Fits a checkpoint once more, to the validation items too (`npm run refit`)."""

import argparse
import json
import math
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import torch

from . import flags, processes
from .calibrate import activation_ranges
from .checkpoint import read_config, save
from .data import Dataset, read
from .errors import run
from .model import Earn
from .processes import DEVICE, RANK
from .progress import progress, say
from .recipe import Recipe
from .resuming import digest
from .steps import Steps
from .train import new_model

FOLDER = "refit"  # within the checkpoint's
# Of the epochs until the best one: five times the share of the events that is new, up to half (docs/log.md).
PER_SHARE, MOST_SHARE = 5, 0.5


def refit(args: argparse.Namespace) -> None:
    """Validation has chosen the checkpoint; it says nothing about the weights that come of this."""
    folder: Path = args.checkpoint
    config, training = read_config(folder)
    found = json.loads((folder / "config.json").read_text())
    with progress("reading"):
        data = read(args.data)
    known = data.until_test()
    epochs = args.epochs or math.ceil(share_of_epochs(data) * best_epoch(found["curve"]))
    recipe = recipe_of(training, folder, epochs)
    torch.manual_seed(recipe.seed)
    model = new_model(known, config, recipe)
    steps = Steps(model, known, recipe)
    if args.compile:
        steps.compile()
    rng = np.random.default_rng(recipe.seed)
    for epoch in range(1, recipe.epochs + 1):
        loss = steps.epoch(epoch, rng)
        say(json.dumps({"epoch": epoch, "loss": loss}))
    if RANK == 0:
        result, cases = steps.result, data.held_out("valid")
        ranges = activation_ranges(result, cases, DEVICE, data.events) if isinstance(result, Earn) else None
        out = folder / FOLDER
        out.mkdir(exist_ok=True)
        of = digest(folder / "model.safetensors")  # beside other weights the refit is of no use
        report = {"validation": found["validation"], "activations": ranges, "refit_of": of}
        save(result, known, recipe, out, report)
        print(json.dumps({"checkpoint": str(out), "epochs": recipe.epochs, "loss": loss}))
    processes.stop()


def share_of_epochs(data: Dataset) -> float:
    new = 1 - data.trained.sum() / max(1, data.known.sum())
    return min(MOST_SHARE, PER_SHARE * float(new))


def best_epoch(curve: list[dict[str, Any]]) -> int:
    return int(max(curve, key=lambda epoch: epoch["ndcg@10"])["epoch"])


def recipe_of(training: dict[str, Any], folder: Path, epochs: int) -> Recipe:
    """As it was trained, but begun with the checkpoint, for fewer epochs, without teachers."""
    known = {field.name: training[field.name] for field in fields(Recipe) if field.name in training}
    return Recipe(**{**known, "init": str(folder), "teachers": None, "epochs": epochs})


def main() -> None:
    processes.start()
    run(lambda: refit(flags.refit()))


if __name__ == "__main__":
    main()
