"""How a model is trained: the flags of `npm run train`."""

import argparse
from dataclasses import dataclass, fields
from pathlib import Path

from .config import DECODERS
from .parser import Parser

DESCRIPTION = """Train an EARN recommender: interactions -> semantic IDs -> decoder -> checkpoint.

    npm run train -- --data data/ml-1m --out runs/ml-1m

The checkpoint folder holds `model.safetensors` (the weights that were best on validation, and the semantic
IDs), `config.json` (shapes, how it was trained, what it reached, the ranges of its activations) and
`items.jsonl` (the catalogue, in the order of the item embeddings, with each item's `count` of training
interactions). `last.pt` resumes an interrupted run."""


MANY_ITEMS = 20_000  # beyond it a softmax over all items is most of a step's time on a CPU
MANY_NEGATIVES = 4096


@dataclass(frozen=True)
class Recipe:
    """The flags that a run's weights depend on, beside the shapes."""

    architecture: str = "earn"
    epochs: int = 40
    patience: int = 0
    batch: int = 32
    user_fraction: float = 1.0
    fraction: float = 1.0
    code_fraction: float = 0.25
    crops: float = 0.0
    init: str | None = None
    teachers: str | None = None
    distillation: float = 0.5
    lr: float = 1e-3
    schedule: str = "cosine"
    weight_decay: float = 0.05
    dropout: float = 0.2
    item_dropout: float = 0.0
    smoothing: float = 0.0
    temperature: float = 0.0
    ema: float = 0.995
    features: int = 128
    negatives: int | None = None
    seed: int = 1

    def negatives_of(self, items: int) -> int:
        """Items that the softmax over so many is estimated from; 0: all of them."""
        if self.negatives is not None:
            return self.negatives
        return MANY_NEGATIVES if items > MANY_ITEMS else 0

    def teacher_folders(self) -> list[Path]:
        return [Path(name) for name in (self.teachers or "").split(",") if name]

    @classmethod
    def of(cls, args: argparse.Namespace) -> "Recipe":
        return cls(**{field.name: getattr(args, field.name) for field in fields(cls)})


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    parser = Parser("train", DESCRIPTION)
    add = parser.add_argument
    add("--data", type=Path, required=True, help="folder of `npm run data`")
    add("--out", type=Path, help="checkpoint folder (default: runs/<name of the data folder>)")
    add_shapes(parser)
    add_recipe(parser)
    add("--decoders", default=",".join(DECODERS), help="ranked at the end; the best will be the default")
    add("--beam", type=int, default=20, help="beams of the last validation's search")
    add("--compile", action="store_true", help="fuse the layers' arithmetic; needs a C++ compiler")
    add("--restart", action="store_true", help="ignore last.pt and begin anew")
    args = parser.read(argv)
    args.out = args.out or Path("runs") / args.data.resolve().name
    return args


def add_shapes(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--depth", type=int, default=6, help="N, layers; the one dial of size")
    add("--register-depth", type=int, help="k, layers that see the history (default: N / 4; N: no EARN)")
    add(
        "--local-window",
        type=int,
        default=4,
        help="newest items seen after layer k (0: none, as in the paper)",
    )
    add("--sliding-window", type=int, default=0, help="newest items seen before layer k (0: all)")
    add("--code-layers", type=int, default=0, help="last layers, the ones that codes run (0: all after k)")
    add("--prefixes", type=int, default=1, help="prefix registers; other than 1: to compare, never served")
    add("--suffixes", type=int, default=1, help="suffix registers; 0: the last item predicts; never served")
    add("--gates", action="store_true", help="on what each part of a layer adds; to compare, never served")
    add("--width", type=int, help="of a token's state (default: by depth)")
    add("--levels", type=int, default=2, help="C, semantic-ID codes per item")
    add("--codebook", type=int, help="codes per level (default: the power of two that fits the catalogue)")
    add("--window", type=int, default=512, help="most items of a history that are looked at")


def add_recipe(parser: argparse.ArgumentParser) -> None:
    default = Recipe()

    def add(name: str, meaning: str, kind: type = float) -> None:
        parser.add_argument(
            f"--{name}", type=kind, default=getattr(default, name.replace("-", "_")), help=meaning
        )

    parser.add_argument(
        "--architecture", choices=["earn", "sasrec"], default="earn", help="sasrec: the baseline"
    )
    add("epochs", "passes over the training histories, at most", int)
    add("patience", "epochs without a better validation after which training ends (0: never)", int)
    add("batch", "users per step", int)
    add("user-fraction", "of the users trained per epoch, drawn anew")
    add("fraction", "of a user's positions trained per epoch")
    add("code-fraction", "of those, where codes run behind S")
    add("crops", "share of the histories that begin at a random item, drawn anew per epoch")
    add("init", "checkpoint folder whose weights and semantic IDs to begin with", str)
    add("teachers", "checkpoint folders, separated by commas, whose probabilities are learned too", str)
    add("distillation", "the teachers' share of what is learned")
    add("lr", "learning rate")
    parser.add_argument(
        "--schedule",
        choices=["cosine", "constant"],
        default="cosine",
        help="of the rate, after an epoch of warm-up",
    )
    add("weight-decay", "of the matrices")
    add("dropout", "share of the activations")
    add("item-dropout", "share of the items that a step sees by codes and text alone")
    add("smoothing", "of the next item's label, over all items")
    add("temperature", "of the cosines by which items score (0: by plain products)")
    add("ema", "decay per step of the averaged weights, which are the result")
    add("features", "size of an item's text features (0: none)", int)
    parser.add_argument(
        "--negatives",
        type=int,
        help="items that the softmax is estimated from (0: all; default: all up to 20,000, else 4,096)",
    )
    add("seed", "of everything that is drawn", int)
