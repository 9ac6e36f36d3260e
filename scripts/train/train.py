"""Train an EARN recommender: interactions -> semantic IDs -> decoder -> checkpoint.

    npm run train -- --data data/ml-1m --out runs/ml-1m

The checkpoint folder holds `model.safetensors` (the weights that were best on validation, and the semantic
IDs), `config.json` (shapes, how it was trained, what it reached, the ranges of its activations) and
`items.jsonl` (the catalogue, in the order of the item embeddings, with each item's `count` of training
interactions). `last.pt` resumes an interrupted run.
"""

import argparse
import hashlib
import json
import math
import sys
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch.optim.swa_utils import AveragedModel
from tqdm import tqdm

from calibrate import activation_ranges
from data import Dataset, read, window_start
from model import DECODERS, Config, Earn
from sasrec import SasRec
from semantic_ids import semantic_ids, text_embeddings

VALIDATION_ITEMS = 5000  # validation items ranked after each epoch: with 1,000, epochs differ by less than the noise
NEWEST = (1, 3, 5, 10)  # items that short histories are cut to in validation
EMA_WARMUP = 10  # steps; the average forgets its first weights while it is young
# Beside the shapes, the flags that a run's weights depend on.
LEARNING_FLAGS = [
    "architecture", "epochs", "batch", "fraction", "code_fraction", "lr", "weight_decay", "dropout", "smoothing", "ema",
    "features", "seed", "crops", "schedule", "init",
]  # fmt: skip


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with interactions.csv and items.jsonl")
    parser.add_argument("--out", type=Path, help="checkpoint folder (default: runs/<name of the data folder>)")
    parser.add_argument("--architecture", choices=["earn", "sasrec"], default="earn", help="sasrec: the baseline")
    parser.add_argument("--depth", type=int, default=6, help="N, layers; the one dial of size")
    parser.add_argument("--register-depth", type=int, help="k, layers that see the history (default: N / 4; N: no EARN)")
    parser.add_argument("--tail", type=int, default=4, help="newest items that a token sees after layer k (0: none, as in the paper)")
    parser.add_argument("--prefixes", type=int, default=1, help="prefix registers; other than 1: to compare, never served")
    parser.add_argument("--suffixes", type=int, default=1, help="suffix registers, 0: the last item predicts; never served")
    parser.add_argument("--width", type=int, help="of a token's state (default: by depth)")
    parser.add_argument("--levels", type=int, default=2, help="C, semantic-ID codes an item")
    parser.add_argument("--codebook", type=int, help="codes a level (default: the power of two that fits the catalogue)")
    parser.add_argument("--window", type=int, default=512, help="most items of a history that are looked at")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--batch", type=int, default=32, help="users a step")
    parser.add_argument("--fraction", type=float, default=1.0, help="of a user's positions trained in an epoch")
    parser.add_argument("--code-fraction", type=float, default=0.25, help="of those, where codes run behind S")
    parser.add_argument("--crops", type=float, default=0.0, help="share of the histories that begin at a random item, drawn anew per epoch")
    parser.add_argument("--init", type=Path, help="begin with the weights and semantic IDs of this checkpoint folder")
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--schedule", choices=["cosine", "constant"], default="cosine", help="of the learning rate, after one epoch of warm-up")
    parser.add_argument("--weight-decay", type=float, default=0.05)
    parser.add_argument("--dropout", type=float, default=0.2)
    parser.add_argument("--smoothing", type=float, default=0.0, help="of the next item's label, over all items")
    parser.add_argument("--ema", type=float, default=0.995, help="decay a step of the averaged weights, which are the result")
    parser.add_argument("--features", type=int, default=128, help="size of an item's text features (0: none)")
    parser.add_argument("--decoders", default=",".join(DECODERS), help="ranked at the end; the best will be the default")
    parser.add_argument("--beam", type=int, default=20, help="beams of the last validation's search")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--compile", action="store_true", help="fuse the layers' arithmetic; needs a C++ compiler")
    parser.add_argument("--restart", action="store_true", help="ignore last.pt and begin anew")
    args = parser.parse_args(argv)
    args.out = args.out or Path("runs") / args.data.resolve().name
    return args


def epoch_batches(histories: list[np.ndarray], args: argparse.Namespace, rng: np.random.Generator):
    """One epoch: batches of (items [U, n], t [U, M], targets [U, M], valid [U, M], at [U, B]), users of like length together.

    A history longer than the window is seen from a random anchor, as serving would see it at some time. A share of
    `args.crops` begins at a random item: a service does not know what its users did before they came.
    """
    histories = [crop(history, args.crops, rng) for history in histories if len(history) > 0]
    length = np.array([len(h) for h in histories])
    order = np.argsort(np.minimum(length, args.window) * rng.uniform(0.8, 1.25, len(length)))
    batches = np.array_split(order, math.ceil(len(order) / args.batch))
    rng.shuffle(batches)
    for users in batches:
        seen, chosen, targets = [], [], []
        for user in users:
            history = histories[user]
            anchors = window_start(len(history), args.window) // (args.window // 2) + 1
            start = rng.integers(anchors) * (args.window // 2)
            part = history[start : start + args.window]
            first = 0 if start == 0 else args.window // 2  # a later anchor is never used with less before it
            positions = np.arange(first, len(part))
            size = max(1, round(args.fraction * len(positions)))
            t = np.sort(rng.choice(positions, min(size, len(positions)), replace=False))
            seen.append(part[: t[-1]])
            chosen.append(t)
            targets.append(part[t])
        U, n, M = len(users), max(map(len, seen)), max(map(len, chosen))
        items, t, target, valid = (np.zeros((U, w), dtype=np.int64) for w in (n, M, M, M))
        for row in range(U):
            items[row, : len(seen[row])] = seen[row]
            t[row, : len(chosen[row])] = chosen[row]
            target[row, : len(chosen[row])] = targets[row]
            valid[row, : len(chosen[row])] = 1
        B = max(1, round(args.code_fraction * M))
        at = np.sort(np.argsort(rng.random((U, M)) - valid, axis=1)[:, :B], axis=1)
        yield tuple(map(torch.from_numpy, (items, t, target, valid.astype(bool), at)))


def crop(history: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """With probability `share` the history from a random item on."""
    if share == 0 or rng.random() >= share:
        return history
    return history[rng.integers(len(history)) :]


def rank_of_held_out(model, cases: list, k: int, decoder: str, beam: int, device: torch.device) -> np.ndarray:
    """Rank (0 is best, k: not in the list) of each case's item among those the user has not had."""
    model.eval()
    torch.compiler.set_stance("force_eager")  # compiling again for these shapes would cost more than it saves
    ranks = np.zeros(len(cases), dtype=np.int64)
    window = model.config.window
    order = np.argsort([len(h) for h, _ in cases])
    for rows in np.array_split(order, math.ceil(len(order) / (200 if decoder == "latent" else 50))):
        parts = [cases[r][0][window_start(len(cases[r][0]), window) :] for r in rows]
        items = torch.zeros(len(rows), max(map(len, parts)), dtype=torch.long)
        seen = torch.zeros(len(rows), model.config.items, dtype=torch.bool)
        for row, part in enumerate(parts):
            items[row, : len(part)] = torch.from_numpy(part)
            seen[row, torch.from_numpy(cases[rows[row]][0])] = True
            seen[row, cases[rows[row]][1]] = False  # someone may have had it before; then it is still the answer
        length = torch.tensor([len(p) for p in parts])
        top = model.rank(items.to(device), length.to(device), seen.to(device), k, decoder, beam).cpu()
        hit = top == torch.tensor([cases[r][1] for r in rows])[:, None]
        ranks[rows] = torch.where(hit.any(1), hit.int().argmax(1), k).numpy()
    torch.compiler.set_stance("default")
    return ranks


def metrics(ranks: np.ndarray) -> dict[str, float]:
    gain = np.where(ranks < 10, 1 / np.log2(ranks + 2), 0)
    return {"hr@10": round(float((ranks < 10).mean()), 5), "ndcg@10": round(float(gain.mean()), 5)}


def newest_metrics(model, cases: list, device: torch.device) -> dict[str, dict[str, float]]:
    """The latent decoder's metrics when all that is known of each user are the newest items."""

    def cut(n: int) -> list:
        return [(history[-n:], target) for history, target in cases]

    return {str(n): metrics(rank_of_held_out(model, cut(n), 20, "latent", 0, device)) for n in NEWEST}


def prepare(args: argparse.Namespace) -> tuple[Dataset, Config, torch.Tensor, torch.Tensor | None]:
    data = read(args.data)
    codebook = args.codebook or 2 ** math.ceil(math.log2(len(data.items)) / args.levels)
    config = Config.from_depth(
        args.depth, args.register_depth,
        items=len(data.items), levels=args.levels, codebook=codebook, window=args.window, width=args.width,
        prefixes=args.prefixes, suffixes=args.suffixes, tail=args.tail,
    )  # fmt: skip
    started = time.time()
    if args.init:
        codes = initial_weights(args.init, data, config)["semantic_ids"].numpy()
    else:
        codes = semantic_ids(data.train, data.texts(), args.levels, codebook, args.seed)
        print(f"semantic IDs: {args.levels} x {codebook} in {time.time() - started:.0f} s", file=sys.stderr)
    features = None
    if args.features and args.architecture == "earn":
        found = text_embeddings(data.texts(), args.features, np.random.default_rng(args.seed))
        features = torch.from_numpy(found).float()
    return data, config, torch.from_numpy(codes), features


def build(config: Config, codes: torch.Tensor, features: torch.Tensor | None, args: argparse.Namespace) -> Earn | SasRec:
    return Earn(config, codes, args.dropout, features) if args.architecture == "earn" else SasRec(config, args.dropout)


def initial_weights(folder: Path, data: Dataset, config: Config) -> dict[str, torch.Tensor]:
    """The weights of an earlier checkpoint to begin with. Ends the process when they are not of this catalogue and shape."""
    found = json.loads((folder / "config.json").read_text())
    mine, its = asdict(config), asdict(Config(**found["model"]))
    with open(folder / "items.jsonl", encoding="utf-8") as file:
        ids = [json.loads(line)["id"] for line in file]
    if ids != [item["id"] for item in data.items]:
        sys.exit(f"--init {folder}: its catalogue is another one: the ids of items.jsonl or their order differ")
    if found["training"].get("architecture", "earn") != "earn":
        sys.exit(f"--init {folder}: only an EARN checkpoint can be gone on with")
    if changed := [f"{name} {its[name]}, not {mine[name]}" for name in mine if its[name] != mine[name]]:
        sys.exit(f"--init {folder}: its shapes are others: {'; '.join(changed)}")
    return load_file(folder / "model.safetensors")


def warm_start(model: Earn, folder: Path, data: Dataset) -> None:
    """The checkpoint's weights; what it knows of the text is in its item vectors, so the projection begins at zero."""
    missing, unexpected = model.load_state_dict(initial_weights(folder, data, model.config), strict=False)
    assert set(missing) <= {"feature.weight"} and not unexpected
    if model.feature is not None:
        torch.nn.init.zeros_(model.feature.weight)


def averaged(model: Earn | SasRec, decay: float) -> AveragedModel:
    """A copy of the model whose weights follow by an exponential moving average, which ranks better than the last step's."""

    def follow(average: list, current: list, updates: int) -> None:
        torch._foreach_lerp_(average, current, 1 - min(decay, (updates + 1) / (updates + EMA_WARMUP)))

    return AveragedModel(model, multi_avg_fn=torch.no_grad()(follow))


def native_bf16(device: torch.device) -> bool:
    """Whether bf16 is faster than float32: always on CUDA, on a CPU only with instructions for it."""
    if device.type == "cuda":
        return True
    flags = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    return "avx512_bf16" in flags or "amx_bf16" in flags


def save(model: Earn | SasRec, data: Dataset, args: argparse.Namespace, result: dict) -> None:
    """Everything that building and serving need, written so that a reader never sees half of it."""
    weights = {name: tensor.cpu().contiguous() for name, tensor in model.weights().items()}
    if "semantic_ids" in weights:
        weights["semantic_ids"] = weights["semantic_ids"].int()
    save_file(weights, args.out / "model.safetensors.part")
    training = {key: str(value) if isinstance(value, Path) else value for key, value in vars(args).items()}
    training.update(data=args.data.resolve().name, out=args.out.name)
    config = {"model": asdict(model.config), "training": training, **result}
    (args.out / "config.json.part").write_text(json.dumps(config, indent=2) + "\n")
    counts = np.bincount(np.concatenate(data.train), minlength=len(data.items)).tolist()
    items = ({**item, "count": count} for item, count in zip(data.items, counts, strict=True))
    lines = (json.dumps(item, ensure_ascii=False) + "\n" for item in items)
    (args.out / "items.jsonl.part").write_text("".join(lines), encoding="utf-8")
    for name in ("model.safetensors", "config.json", "items.jsonl"):
        (args.out / f"{name}.part").rename(args.out / name)


def main(args: argparse.Namespace) -> None:
    torch.manual_seed(args.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    data, config, codes, features = prepare(args)
    model = build(config, codes, features, args).to(device)
    if args.init:
        warm_start(model, args.init, data)
    average = averaged(model, args.ema)
    if args.compile:
        for layer in model.layers:
            layer.compile(dynamic=True)
    size = sum(p.numel() for p in model.parameters())
    print(f"{size / 1e6:.2f} M parameters, N = {config.depth}, k = {config.register_depth}, {device}", file=sys.stderr)

    matrices = [p for p in model.parameters() if p.dim() >= 2]
    vectors = [p for p in model.parameters() if p.dim() < 2]
    groups = [{"params": matrices, "weight_decay": args.weight_decay}, {"params": vectors, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=args.lr, betas=(0.9, 0.98), fused=True)
    steps_an_epoch = math.ceil(len(data.train) / args.batch)
    total, warmup = args.epochs * steps_an_epoch, steps_an_epoch
    def rate(step: int) -> float:
        falling = 0.02 + 0.98 * (1 + math.cos(math.pi * min(1, step / total))) / 2
        return min((step + 1) / warmup, falling if args.schedule == "cosine" else 1)

    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rate)
    rng = np.random.default_rng(args.seed)
    held_out = data.held_out("valid")
    chosen = np.random.default_rng(args.seed).permutation(len(held_out))[:VALIDATION_ITEMS]
    validation = [held_out[i] for i in chosen]

    args.out.mkdir(parents=True, exist_ok=True)
    state, first, best, curve, now = args.out / "last.pt", 0, -1.0, [], origin(args)
    if state.exists() and not args.restart:
        last = torch.load(state, map_location=device, weights_only=False)
        begun = {**now, **last.get("origin", {})}  # what an older version did not note can't be compared
        changed = [name for name in now if begun[name] != now[name]] or ["model"] * (last["config"] != asdict(config))
        if changed:
            sys.exit(f"{state} was begun with another {', '.join(changed)}: --restart trains anew, another --out keeps both")
        model.load_state_dict(last["model"])
        average.load_state_dict(last["average"])
        optimizer.load_state_dict(last["optimizer"])
        schedule.load_state_dict(last["schedule"])
        rng.bit_generator.state = last["rng"]
        torch.set_rng_state(last["torch_rng"].cpu())
        first, best, curve = last["epoch"], last["best"], last["curve"]
        print(f"resumed after epoch {first}", file=sys.stderr)

    mixed = native_bf16(device)
    started = time.time()
    for epoch in range(first, args.epochs):
        model.train()
        losses = []
        for batch in tqdm(epoch_batches(data.train, args, rng), f"epoch {epoch + 1}", steps_an_epoch, leave=False):
            with torch.autocast(device.type, torch.bfloat16, enabled=mixed):
                loss = model.loss(*(tensor.to(device) for tensor in batch), args.smoothing)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            average.update_parameters(model)
            losses.append(loss.detach())
        reached = metrics(rank_of_held_out(average.module, validation, 20, "latent", args.beam, device))
        loss = torch.stack(losses).mean().item()
        newest = newest_metrics(average.module, validation, device)
        curve.append({"epoch": epoch + 1, "loss": round(loss, 4), **reached, "newest": newest})
        print(f"{json.dumps(curve[-1])}  {time.time() - started:.0f} s", file=sys.stderr)
        if reached["ndcg@10"] > best:
            best = reached["ndcg@10"]
            save(average.module, data, args, {"validation": curve[-1], "curve": curve})
        torch.save(
            {
                "config": asdict(config), "origin": now, "epoch": epoch + 1, "best": best, "curve": curve,
                "model": model.state_dict(), "average": average.state_dict(), "optimizer": optimizer.state_dict(),
                "schedule": schedule.state_dict(), "rng": rng.bit_generator.state, "torch_rng": torch.get_rng_state(),
            },
            state.with_suffix(".part"),
        )  # fmt: skip
        state.with_suffix(".part").rename(state)
    finish(data, args, held_out, device, curve)


def origin(args: argparse.Namespace) -> dict:
    """What a run's weights come from: the SHA-256 of its data, and its flags. Another origin is another run."""
    files = {name: hashlib.sha256((args.data / name).read_bytes()).hexdigest() for name in ("interactions.csv", "items.jsonl")}
    flags = {f"--{name.replace('_', '-')}": getattr(args, name) for name in LEARNING_FLAGS}
    if args.init:
        flags["--init"] = hashlib.sha256((args.init / "model.safetensors").read_bytes()).hexdigest()
    return files | flags


def load(folder: Path, device: torch.device) -> Earn | SasRec:
    """The model of a checkpoint folder, ready to rank."""
    config = json.loads((folder / "config.json").read_text())
    weights = load_file(folder / "model.safetensors")
    if "semantic_ids" in weights:
        weights["semantic_ids"] = weights["semantic_ids"].long()
    args = argparse.Namespace(**{"architecture": "earn", **config["training"], "dropout": 0.0})
    model = build(Config(**config["model"]), weights.get("semantic_ids"), None, args)
    model.load_state_dict(weights)
    return model.to(device).eval()


def finish(data: Dataset, args: argparse.Namespace, held_out: list, device: torch.device, curve: list) -> None:
    """Back to the best weights: all validation items, and the activation ranges that int8 serving needs."""
    model = load(args.out, device)
    decoders = args.decoders.split(",") if args.architecture == "earn" else ["latent"]
    reached = {name: metrics(rank_of_held_out(model, held_out, 20, name, args.beam, device)) for name in decoders}
    reached["newest"] = newest_metrics(model, held_out, device)
    ranges = activation_ranges(model, held_out, device) if args.architecture == "earn" else None
    result = {"cases": len(held_out), "parameters": sum(p.numel() for p in model.parameters()), **reached}
    save(model, data, args, {"validation": result, "curve": curve, "activations": ranges})
    print(json.dumps({"checkpoint": str(args.out), **result}))


if __name__ == "__main__":
    main(arguments())
