"""Ranks held-out items with a checkpoint in float32 PyTorch (`npm run rank`)."""

import argparse
import csv
import json
import sys
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from . import flags
from .checkpoint import is_refit, load, read_config
from .data import Dataset, read
from .errors import InputError, run
from .ranking import LISTED, metrics, ranks_of


def rank(args: argparse.Namespace) -> None:
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model, data = load(args.checkpoint, device), read(args.data)
    if args.split == "valid" and is_refit(args.checkpoint):
        raise InputError(f"{args.checkpoint} was fitted to the validation items; rank the test items")
    _, training = read_config(args.checkpoint)
    architecture = training["architecture"]
    names = (
        {name: name for name in args.decoders.split(",")}
        if architecture == "earn"
        else {"latent": architecture}
    )
    cases = data.held_out(args.split)
    ranks = {
        column: ranks_of(model, cases, decoder, args.beam, device, events=data.events)
        for decoder, column in names.items()
    }
    if args.ranks:
        write(args.ranks, data, args.split, ranks)
    report = {
        "dataset": data.name,
        "protocol": ", ".join(
            [f"{data.protocol} {args.split}", "all items ranked", "seen hidden"]
            + (["fitted up to the test items"] if is_refit(args.checkpoint) else [])
        ),
        "cases": len(cases),
        "model": "/".join(args.checkpoint.resolve().parts[-2 if is_refit(args.checkpoint) else -1 :]),
        "precision": "float32",
        "beam": args.beam,
        "depth": model.config.depth,
        "register_depth": model.config.register_depth,
        "local_window": model.config.local_window,
        "parameters": sum(p.numel() for p in model.parameters()),
        "seed": training["seed"],
        "command": f"npm run rank -- {' '.join(sys.argv[1:])}",
    }
    print(json.dumps({**report, "results": {name: metrics(each) for name, each in ranks.items()}}))


def write(path: Path, data: Dataset, split: str, ranks: dict[str, NDArray[np.int64]]) -> None:
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["user_id", "place", *ranks])
        cases = zip(data.case_users(split), data.held_out(split), *ranks.values(), strict=True)
        for user, (history, _), *places in cases:
            writer.writerow(
                [user, len(history), *("" if place == LISTED else int(place) for place in places)]
            )


def main() -> None:
    run(lambda: rank(flags.rank()))


if __name__ == "__main__":
    main()
