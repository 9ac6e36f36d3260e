"""The flags of the commands but of training (`recipe.py`), which have few.

Nothing here needs PyTorch, so that `python -m earn_train.flags COMMAND …` can check the flags before there is
an environment. The project's npm scripts do so first.
"""

import argparse
import sys
from pathlib import Path

from . import recipe
from .config import DECODERS
from .parser import Parser

RANK = """Ranks held-out items in float32 PyTorch: SASRec, which the engine doesn't run, and what int8
is compared with.

    npm run rank -- --checkpoint runs/ml-1m-sasrec --data data/ml-1m --ranks ranks.csv

The file of ranks is the one of `npm run evaluate -- --ranks`, for `npm run compare`."""

ATTENTION = """Measures where S looks, layer by layer, in a model without EARN (k = N).

    npm run attention -- --checkpoint runs/ml-1m-full --data data/ml-1m

The last line printed is a JSON object."""


REFIT = """Fits a checkpoint once more, to everything before the test items. The validation items are the
newest that it may know, and when they have chosen everything else, they are free.

    npm run refit -- --checkpoint runs/ml-1m --data data/ml-1m

The result is the folder `refit` within the checkpoint's, which `npm run build:model` takes the weights of."""


def refit(argv: list[str] | None = None) -> argparse.Namespace:
    parser = Parser("refit", REFIT)
    parser.add_argument("--checkpoint", type=Path, required=True, help="what `npm run train` wrote")
    parser.add_argument("--data", type=Path, required=True, help="what it was trained on")
    parser.add_argument("--epochs", type=int, help="passes over the histories (default: by what is new)")
    parser.add_argument("--compile", action="store_true", help="as in `npm run train`")
    return parser.read(argv)


def rank(argv: list[str] | None = None) -> argparse.Namespace:
    parser = Parser("rank", RANK)
    parser.add_argument("--checkpoint", type=Path, required=True, help="what `npm run train` wrote")
    parser.add_argument("--data", type=Path, required=True, help="the dataset")
    parser.add_argument("--split", choices=["valid", "test"], default="test", help="which items to rank")
    parser.add_argument("--decoders", default=",".join(DECODERS), help="of EARN; the baseline has one")
    parser.add_argument("--beam", type=int, default=20, help="width of the beam search")
    parser.add_argument(
        "--ranks", type=Path, help="CSV: user_id, place, a rank per decoder from 0; empty: not listed"
    )
    return parser.read(argv)


def attention(argv: list[str] | None = None) -> argparse.Namespace:
    parser = Parser("attention", ATTENTION)
    parser.add_argument("--checkpoint", type=Path, required=True, help="of a model without EARN")
    parser.add_argument("--data", type=Path, required=True, help="the dataset")
    parser.add_argument("--items", type=int, default=100, help="newest items to look at, a multiple of 20")
    parser.add_argument("--users", type=int, default=500, help="users with so many items")
    return parser.read(argv)


COMMANDS = {"train": recipe.arguments, "refit": refit, "rank": rank, "attention": attention}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]](sys.argv[2:])
