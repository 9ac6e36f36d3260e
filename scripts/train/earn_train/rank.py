"""Metrics of a checkpoint in float32 PyTorch, for what the engine doesn't run (SASRec) and to hold int8
against.

    npm run rank -- --checkpoint runs/ml-1m-sasrec --data data/ml-1m --ranks ranks.csv

The file of ranks is the one of `npm run evaluate -- --ranks`, for `npm run compare`.
"""

import argparse
import csv
import json
import sys
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from .checkpoint import load, read_config
from .data import Dataset, read
from .errors import run
from .model import DECODERS
from .ranking import LISTED, metrics, ranks_of


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--split", choices=["valid", "test"], default="test")
    parser.add_argument("--decoders", default=",".join(DECODERS), help="of EARN; the baseline has one")
    parser.add_argument("--beam", type=int, default=20)
    parser.add_argument(
        "--ranks", type=Path, help="CSV: user_id, place, a rank per decoder from 0; empty: not listed"
    )
    return parser.parse_args()


def rank(args: argparse.Namespace) -> None:
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model, data = load(args.checkpoint, device), read(args.data)
    _, training = read_config(args.checkpoint)
    architecture = training["architecture"]
    names = (
        {name: name for name in args.decoders.split(",")}
        if architecture == "earn"
        else {"latent": architecture}
    )
    cases = data.held_out(args.split)
    ranks = {column: ranks_of(model, cases, decoder, args.beam, device) for decoder, column in names.items()}
    if args.ranks:
        write(args.ranks, data, args.split, ranks)
    report = {
        "dataset": data.name,
        "protocol": f"{data.protocol} {args.split}, all items ranked, seen filtered",
        "cases": len(cases),
        "model": args.checkpoint.name,
        "precision": "float32",
        "beam": args.beam,
        "depth": model.config.depth,
        "register_depth": model.config.register_depth,
        "tail": model.config.local_window,
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
    run(lambda: rank(arguments()))


if __name__ == "__main__":
    main()
