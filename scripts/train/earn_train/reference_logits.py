"""Items' log-probabilities and codes' logits in PyTorch, with which `npm run verify:pytorch` compares the
ONNX graphs.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from .checkpoint import load
from .data import read
from .errors import InputError, run
from .model import Earn
from .ranking import context_window


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--users", type=int, default=100)
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args()


@torch.no_grad()
def reference_logits(args: argparse.Namespace) -> None:
    model = load(args.checkpoint, torch.device("cpu"))
    if not isinstance(model, Earn):
        raise InputError(f"{args.checkpoint}: not an EARN decoder")
    data = read(args.data)
    cases = data.held_out("test")
    users = np.random.default_rng(0).permutation(len(cases))[: args.users]
    tensors = {}
    for number, user in enumerate(users):
        history, target = cases[user]
        part = torch.from_numpy(context_window(history, model.config.window, data.events))
        codes = model.semantic_ids[target]
        suffix, code = model.branches(part[None], torch.tensor([len(part)]), codes[None, None, :-1])
        states = [suffix[0, 0], *code[0, 0]]
        logits = torch.cat(
            [
                model.item_log_probs(states[0]),
                *(head(model.aimed(state)) for head, state in zip(model.heads, states, strict=True)),
            ]
        )
        tensors[f"{number}.items"], tensors[f"{number}.codes"] = part.int(), codes.int()
        tensors[f"{number}.logits"] = logits.contiguous()
    save_file(tensors, args.out)


def main() -> None:
    run(lambda: reference_logits(arguments()))


if __name__ == "__main__":
    main()
