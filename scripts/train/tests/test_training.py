"""Whole runs: resuming, refusing to mix runs, warm starts and every architecture."""

import json
import math
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from earn_train import checkpoint, ranking
from earn_train.config import DECODERS
from earn_train.data import read
from earn_train.errors import InputError
from earn_train.events import TYPE_STRIDE
from earn_train.model import Earn
from earn_train.optimization import rate
from earn_train.recipe import Recipe, arguments
from earn_train.resuming import origin
from earn_train.rows import Rows
from earn_train.semantic_ids import codes_of_new
from earn_train.train import new_model, shapes

from .conftest import flags, train_on

CPU = torch.device("cpu")


def result(out: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    return load_file(out / "model.safetensors"), json.loads((out / "config.json").read_text())


def test_an_interrupted_run_resumes_to_the_same_weights(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, config = result(train_on(log, log / "whole"))
    validations: Iterator[bool] = iter([False, True])
    metrics = ranking.metrics

    def fail_once(*inputs: Any) -> Any:
        if next(validations):  # the power goes during the second epoch's validation
            raise KeyboardInterrupt
        return metrics(*inputs)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(ranking, "metrics", fail_once)
        train_on(log, log / "resumed")
    with monkeypatch.context() as patch:  # the items' features are those that it began with
        patch.setattr("earn_train.train.text_embeddings", lambda *_: pytest.fail("made again"))
        resumed, again = result(train_on(log, log / "resumed"))
    for name, tensor in whole.items():
        assert torch.equal(tensor, resumed[name]), name
    assert config["curve"] == again["curve"] and len(config["curve"]) == 3
    assert config["activations"] == again["activations"]


def test_a_checkpoint_lists_the_catalogue_with_counts(log: Path) -> None:
    out = train_on(log, log / "run")
    items = [json.loads(line) for line in (out / "items.jsonl").read_text().splitlines()]
    assert [item["id"] for item in items] == [f"i{n}" for n in range(30)]
    trained = np.concatenate(read(log).train)
    assert [item["count"] for item in items] == [(trained == n).sum() for n in range(30)]


def test_validation_includes_histories_cut_to_their_newest_items(log: Path) -> None:
    _, config = result(train_on(log, log / "run"))
    validation, cases = config["validation"], read(log).held_out("valid")
    assert validation["cases"] == len(cases) == 60
    assert list(validation["newest"]) == ["1", "3", "5", "10"]
    model = checkpoint.load(log / "run", CPU)
    hits = []
    for history, target in cases:
        cut, seen = torch.from_numpy(history[-3:])[None], torch.zeros(1, 30, dtype=torch.bool)
        seen[0, history] = True
        seen[0, target] = False
        hits.append(target in model.rank(cut, torch.tensor([cut.shape[1]]), seen, 10, "latent", 0))
    assert validation["newest"]["3"]["hr@10"] == pytest.approx(np.mean(hits), abs=1e-5)


def test_checkpoints_from_before_the_local_window_had_its_name_can_be_read(log: Path) -> None:
    out = train_on(log, log / "run", "--local-window", "3")
    config = json.loads((out / "config.json").read_text())
    assert config["model"]["local_window"] == 3
    config["model"]["tail"] = config["model"].pop("local_window")
    (out / "config.json").write_text(json.dumps(config))
    assert checkpoint.load(out, CPU).config.local_window == 3


def test_a_run_does_not_go_on_with_other_data_or_flags(log: Path) -> None:
    out = train_on(log, log / "run")
    for changes, changed in (
        (["--lr", "0.01"], "--lr"),
        (["--crops", "0.5"], "--crops"),
        (["--depth", "2"], "model"),
    ):
        with pytest.raises(InputError, match=f"begun with another {changed}:"):
            train_on(log, out, *changes)
    file = log / "interactions.csv"
    file.write_text(file.read_text().replace(",i7,", ",i8,"))  # the same shapes
    with pytest.raises(InputError, match="begun with another interactions.csv:"):
        train_on(log, out)
    train_on(log, out, "--restart")
    last = torch.load(out / "last.pt", weights_only=False)
    assert last["origin"] == origin(log, Recipe.of(arguments(flags(log, out))))


def test_a_warm_start_computes_what_its_checkpoint_does(log: Path) -> None:
    first = checkpoint.load(train_on(log, log / "first"), CPU)
    args = arguments(flags(log, log / "second", "--init", str(log / "first")))
    data = read(log)
    second = new_model(data, shapes(args, data), Recipe.of(args), None).eval()
    cases = data.held_out("valid")
    for decoder in DECODERS:
        expected = ranking.ranks_of(first, cases, decoder, 20, CPU)
        assert ranking.ranks_of(second, cases, decoder, 20, CPU).tolist() == expected.tolist()
    assert sum(p.numel() for p in second.parameters()) > sum(p.numel() for p in first.parameters())  # text
    assert result(train_on(log, log / "second", "--init", str(log / "first")))[1]["curve"]


def test_a_warm_start_refuses_other_shapes(log: Path) -> None:
    begin = ["--init", str(train_on(log, log / "first"))]
    with pytest.raises(InputError, match="has local_window 4, not 2$"):
        train_on(log, log / "second", *begin, "--local-window", "2")
    with pytest.raises(InputError, match=r"has temperature 0\.0$"):
        train_on(log, log / "second", *begin, "--temperature", "0.1")


@pytest.mark.parametrize("temperature", ["0", "0.1"])
def test_a_warm_start_takes_a_catalogue_that_has_changed(log: Path, temperature: str) -> None:
    """Two items are gone, two are new, and the order is another: what stayed keeps its vector and its ID."""
    cosine = ["--temperature", temperature, "--codebook", "8"]
    first = checkpoint.load(train_on(log, log / "first", *cosine), CPU)
    new = [{"id": f"new{n}", "title": "Item 3", "categories": []} for n in range(2)]
    old = [json.loads(line) for line in (log / "items.jsonl").read_text().splitlines()]
    (log / "items.jsonl").write_text("".join(json.dumps(item) + "\n" for item in [*new, *old[:1:-1]]))
    rows = (log / "interactions.csv").read_text().splitlines()
    kept = [row for row in rows if ",i0," not in row and ",i1," not in row]
    (log / "interactions.csv").write_text("\n".join([*kept, "u0,new0,99", "u1,new1,99"]) + "\n")
    args = arguments(flags(log, log / "second", "--init", str(log / "first"), *cosine))
    data = read(log)
    second = new_model(data, shapes(args, data), Recipe.of(args), None).eval()
    assert isinstance(first, Earn) and isinstance(second, Earn)
    assert torch.allclose(second.item_vectors()[2:], first.item_vectors()[2:].flip(0), atol=1e-6)
    assert torch.equal(second.semantic_ids[2:], first.semantic_ids[2:].flip(0))
    assert len(second.semantic_ids.unique(dim=0)) == 30
    assert train_on(log, log / "second", "--init", str(log / "first"), *cosine)
    with pytest.raises(InputError, match="name 16 items, the catalogue has 30: train anew"):
        codes_of_new(second.semantic_ids.numpy(), np.arange(30) > 1, data.train, data.texts(), 4, 1)


def test_training_ends_when_validation_no_longer_gets_better(log: Path) -> None:
    """Without a learning rate no epoch is better than the first."""
    out = train_on(log, log / "run", "--lr", "0", "--patience", "1", "--epochs", "9")
    assert len(result(out)[1]["curve"]) == 2
    train_on(log, out, "--lr", "0", "--patience", "1", "--epochs", "9")  # resumed, it has nothing left to do
    assert len(result(out)[1]["curve"]) == 2


def test_a_constant_rate_stays_and_a_cosine_falls() -> None:
    cosine, constant = (rate(Recipe(epochs=10, schedule=name), 5) for name in ("cosine", "constant"))
    assert [constant(step) for step in (0, 4, 5, 49)] == [0.2, 1, 1, 1]
    assert cosine(0) == 0.2 and cosine(25) == pytest.approx(0.51) and cosine(50) == pytest.approx(0.02)


@pytest.mark.parametrize(
    "more",
    [
        ["--levels", "1"],
        ["--levels", "3"],
        ["--architecture", "sasrec"],
        ["--suffixes", "0"],
        ["--register-depth", "3", "--crops", "1"],
        ["--ema", "0", "--features", "0"],
        ["--gates"],
        ["--architecture", "sasrec", "--temperature", "0.1"],
    ],
)
def test_every_kind_of_model_learns_from_short_histories(log: Path, more: list[str]) -> None:
    """Users of three items have one to train on, and others none."""
    rows = [f"short{user},i{(user + step) % 30},{step}" for user in range(40) for step in range(1 + user % 4)]
    with open(log / "interactions.csv", "a") as file:
        file.write("\n".join(rows) + "\n")
    _, config = result(train_on(log, log / "run", "--batch", "4", *more))
    assert all(math.isfinite(epoch["loss"]) for epoch in config["curve"])
    assert config["curve"][-1]["loss"] < config["curve"][0]["loss"]
    assert config["validation"]["latent"]["hr@10"] > 0.5


def test_an_item_that_nobody_took_has_codes_and_text_only(log: Path) -> None:
    with open(log / "items.jsonl", "a") as file:
        file.write(json.dumps({"id": "new", "title": "Item 3, new", "categories": []}) + "\n")
    out = train_on(log, log / "run", "--epochs", "2")
    last = torch.load(out / "last.pt", weights_only=False)
    assert not last["model"]["item.weight"][30].any()
    assert last["model"]["item.weight"][:30].any(1).all()


def with_types(log: Path) -> Path:
    """Users look at the item before the one that they buy; one in five is returned."""
    rows = (log / "interactions.csv").read_text().splitlines()[1:]
    typed = ["user_id,item_id,timestamp,type"]
    for number, row in enumerate(rows):
        user, item, time = row.split(",")
        before = (int(item[1:]) - 1) % 30
        typed += [f"{user},i{before},{time}.1,view", f"{user},{item},{time}.2,buy"]
        if number % 5 == 0:
            typed.append(f"{user},{item},{time}.3,return")
    (log / "interactions.csv").write_text("\n".join(typed) + "\n")
    meaning = {"types": ["buy", "return", "view"], "target": "buy", "hide": ["buy"], "remove": ["return"]}
    (log / "events.json").write_text(json.dumps({**meaning, "forbid": [], "weights": {"view": 0.5}}))
    return log


def test_a_list_leads_to_the_target_and_types_are_told_apart(log: Path) -> None:
    out = train_on(with_types(log), log / "run", "--epochs", "12")
    weights, config = result(out)
    assert weights["kind.weight"].shape == weights["target.weight"].shape == (4, 64)
    assert config["events"]["types"] == ["buy", "return", "view"]
    assert config["validation"]["latent"]["hr@10"] > 0.9
    model, data = checkpoint.load(out, CPU), read(log)
    assert isinstance(model, Earn)
    history = data.held_out("valid")[0][0]
    history = history[data.events.standing(history)]
    other = history % TYPE_STRIDE + TYPE_STRIDE * 2
    with torch.no_grad():
        bought, viewed = (
            model.next_log_probs(
                torch.from_numpy(h)[None],
                torch.tensor([[len(h)]]),
                Rows(torch.ones(1, 1, dtype=torch.bool)),
                torch.tensor([data.events.target_index]),
            )
            for h in (history, other)
        )
    assert (bought - viewed).abs().max() > 0.01
    (log / "events.json").write_text((log / "events.json").read_text().replace("0.5", "0.1"))
    with pytest.raises(InputError, match="begun with another events.json:"):
        train_on(log, out, "--epochs", "12")


def test_ctrl_c_ends_a_training_without_a_stack_trace(log: Path) -> None:
    command = [sys.executable, "-m", "earn_train.train", *flags(log, log / "run", "--epochs", "1000")]
    package = Path(__file__).parents[1]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=package) as process:
        assert process.stderr is not None
        said = next(line for line in process.stderr if line.startswith('{"epoch": 1'))
        process.send_signal(signal.SIGINT)
        said += process.stderr.read()
    assert process.returncode == -signal.SIGINT
    assert "Traceback" not in said
