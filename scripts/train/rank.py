"""Metrics of a checkpoint in float32 PyTorch, for what the engine doesn't run (SASRec) and to hold int8 against.

    npm run rank -- --checkpoint runs/ml-1m-sasrec --data data/ml-1m --ranks ranks.csv

The file of ranks is the one of `npm run evaluate -- --ranks`, for `npm run compare`.
"""

import argparse
import csv
import json
import sys
from pathlib import Path

import torch

from data import read
from model import DECODERS
from train import load, metrics, rank_of_held_out

LISTED = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--split", choices=["valid", "test"], default="test")
    parser.add_argument("--decoders", default=",".join(DECODERS), help="of EARN; the baseline has one")
    parser.add_argument("--beam", type=int, default=20)
    parser.add_argument("--ranks", type=Path, help="CSV: user_id, place, a rank from 0 a decoder; empty: not listed")
    args = parser.parse_args()

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model, data = load(args.checkpoint, device), read(args.data)
    training = json.loads((args.checkpoint / "config.json").read_text())["training"]
    architecture = training["architecture"]
    names = {name: name for name in args.decoders.split(",")} if architecture == "earn" else {"latent": architecture}
    cases = data.held_out(args.split)
    ranks = {
        column: rank_of_held_out(model, cases, LISTED, decoder, args.beam, device) for decoder, column in names.items()
    }
    if args.ranks:
        users = data.case_users(args.split)
        with open(args.ranks, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["user_id", "place", *ranks])
            for row, (user, (history, _)) in enumerate(zip(users, cases)):
                writer.writerow([user, len(history), *("" if r[row] == LISTED else int(r[row]) for r in ranks.values())])
    run = {
        "dataset": args.data.resolve().name,
        "protocol": f"{data.protocol} {args.split}, all items ranked, seen filtered",
        "cases": len(cases),
        "model": args.checkpoint.name,
        "precision": "float32",
        "beam": args.beam,
        "depth": model.config.depth,
        "register_depth": model.config.register_depth,
        "tail": model.config.tail,
        "parameters": sum(p.numel() for p in model.parameters()),
        "seed": training["seed"],
        "command": f"npm run rank -- {' '.join(sys.argv[1:])}",
    }
    print(json.dumps({**run, "results": {name: metrics(each) for name, each in ranks.items()}}))


if __name__ == "__main__":
    main()
