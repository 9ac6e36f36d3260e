"""A checkpoint folder: `model.safetensors`, `config.json` and `items.jsonl`."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from .config import Config
from .data import Dataset
from .errors import InputError
from .model import Earn
from .recipe import Recipe
from .sasrec import SasRec
from .semantic_ids import codes_of_new

Model = Earn | SasRec


def build(
    recipe: Recipe,
    config: Config,
    codes: Tensor | None,
    features: Tensor | None = None,
    popularity: Tensor | None = None,
) -> Model:
    """A model with weights as they are drawn; codes [items, C], which the baseline does without; features and
    popularity of the items are for training.
    """
    if recipe.architecture == "sasrec":
        return SasRec(config, recipe.dropout, features, recipe.temperature)
    assert codes is not None
    negatives = recipe.negatives_of(config.items)
    return Earn(
        config,
        codes,
        recipe.dropout,
        features,
        recipe.temperature,
        recipe.item_dropout,
        negatives,
        popularity,
    )


def save(model: Model, data: Dataset, recipe: Recipe, folder: Path, result: dict[str, Any]) -> None:
    """Everything that building and serving need, written so that a reader never sees half of it."""
    weights = {name: tensor.cpu().contiguous() for name, tensor in model.weights().items()}
    if "semantic_ids" in weights:
        weights["semantic_ids"] = weights["semantic_ids"].int()
    save_file(weights, folder / "model.safetensors.part")
    # Folders by their names alone: the manifest of a model that is deployed tells them to everyone.
    init = Path(recipe.init).name if recipe.init else None
    teachers = ",".join(teacher.name for teacher in recipe.teacher_folders()) or None
    names = {"data": data.name, "out": folder.name, "init": init, "teachers": teachers}
    training = {**asdict(recipe), **names}
    config = {"model": asdict(model.config), "training": training, **result}
    if data.events.types:
        config["events"] = asdict(data.events)
    (folder / "config.json.part").write_text(json.dumps(config, indent=2) + "\n")
    counts = data.counts().tolist()
    items = ({**item, "count": count} for item, count in zip(data.items, counts, strict=True))
    lines = (json.dumps(item, ensure_ascii=False) + "\n" for item in items)
    (folder / "items.jsonl.part").write_text("".join(lines), encoding="utf-8")
    for name in ("model.safetensors", "config.json", "items.jsonl"):
        (folder / f"{name}.part").rename(folder / name)


def read_config(folder: Path) -> tuple[Config, dict[str, Any]]:
    """The shapes of a checkpoint, and how it was trained."""
    found = json.loads((folder / "config.json").read_text())
    return Config.of(found["model"]), found["training"]


def is_refit(folder: Path) -> bool:
    """Whether a checkpoint was fitted to validation items too (`refit.py`)."""
    return "refit_of" in json.loads((folder / "config.json").read_text())


def its_types(folder: Path) -> list[str]:
    """The types of events that a checkpoint knows."""
    found: list[str] = json.loads((folder / "config.json").read_text()).get("events", {}).get("types", [])
    return found


def load(folder: Path, device: torch.device) -> Model:
    """The model of a checkpoint folder, ready to rank."""
    config, training = read_config(folder)
    weights = load_file(folder / "model.safetensors")
    architecture = training.get("architecture", "earn")
    temperature = training.get("temperature") or 0.0
    recipe = Recipe(architecture, dropout=0, temperature=temperature)
    model = build(recipe, config, weights.get("semantic_ids"))
    model.load_state_dict(weights)
    return model.to(device).eval()


def initial_weights(folder: Path, data: Dataset, config: Config, recipe: Recipe) -> dict[str, Tensor]:
    """The weights of an earlier checkpoint, to begin with, for the items of the data.

    The catalogue may have changed. An item that the checkpoint doesn't know gets a free semantic ID near
    those of the items that are most like it, and its vector begins as the sum of its codes.

    Raises InputError when they are of another shape.
    """
    its_config, training = read_config(folder)
    architecture = training.get("architecture", "earn")
    if architecture != recipe.architecture:
        raise InputError(f"--init {folder}: the checkpoint is of the architecture {architecture}")
    its_temperature = training.get("temperature", 0.0)
    if its_temperature != recipe.temperature:
        raise InputError(f"--init {folder}: the checkpoint has temperature {its_temperature}")
    mine, its = asdict(config), asdict(its_config)
    free = ("items", "code_layers", "sliding_window")  # the weights have the same shapes
    names = [name for name in mine if name not in free and its[name] != mine[name]]
    if names:
        differences = "; ".join(f"{name} {its[name]}, not {mine[name]}" for name in names)
        raise InputError(f"--init {folder}: the checkpoint has {differences}")
    if its_types(folder) != data.events.types:
        raise InputError(f"--init {folder}: it knows other types of events: {', '.join(its_types(folder))}")
    with open(folder / "items.jsonl", encoding="utf-8") as file:
        places = {json.loads(line)["id"]: place for place, line in enumerate(file)}
    place = np.array([places.get(item["id"], -1) for item in data.items])
    if not (place >= 0).any():
        raise InputError(f"--init {folder}: it knows none of the items")
    weights = load_file(folder / "model.safetensors")
    if np.array_equal(place, np.arange(len(places))):
        return weights
    if architecture != "earn":
        raise InputError(f"--init {folder}: it knows other items, and only EARN can go on with them")
    known = torch.from_numpy(place >= 0)
    rows = torch.from_numpy(place.clip(0))
    codes = weights["semantic_ids"][rows].numpy().astype(np.int64)
    codes = codes_of_new(codes, place >= 0, data.train_items, data.texts(), config.codebook, recipe.seed)
    own = weights["item.weight"][rows] * known[:, None]
    return weights | {"item.weight": own, "semantic_ids": torch.from_numpy(codes).int()}


def warm_start(model: Model, weights: dict[str, Tensor]) -> None:
    """Takes over `initial_weights`. What they know of texts is in their item vectors, so the projection
    begins at zero.
    """
    if model.feature is not None:
        weights = {**weights, "feature.weight": torch.zeros_like(model.feature.weight)}
    model.load_state_dict(weights)
