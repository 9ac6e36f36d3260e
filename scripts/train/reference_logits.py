"""Logits of a checkpoint in PyTorch, for `npm run verify:pytorch` to hold the ONNX graphs against."""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from data import read, window_start
from model import Config, Earn


@torch.no_grad()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--users", type=int, default=100)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()

    config = Config(**json.loads((args.checkpoint / "config.json").read_text())["model"])
    weights = load_file(args.checkpoint / "model.safetensors")
    weights["semantic_ids"] = weights["semantic_ids"].long()
    model = Earn(config, weights["semantic_ids"])
    model.load_state_dict(weights)
    model.eval()

    cases = read(args.data).held_out(1)
    users = np.random.default_rng(0).permutation(len(cases))[: args.users]
    tensors = {}
    for number, user in enumerate(users):
        history, target = cases[user]
        part = torch.from_numpy(history[window_start(len(history), config.window) :])
        codes = model.semantic_ids[target]
        states = model(part[None], torch.tensor([[len(part)]]), codes[None, None, :-1])[0, 0]
        logits = torch.stack([head(state) for head, state in zip(model.heads, states)])
        tensors[f"{number}.items"], tensors[f"{number}.codes"] = part.int(), codes.int()
        tensors[f"{number}.logits"] = logits.contiguous()
    save_file(tensors, args.out)


if __name__ == "__main__":
    main()
