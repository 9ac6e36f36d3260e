"""Whether a run goes on: what its weights come from, and what an earlier call left."""

import hashlib
from dataclasses import fields
from pathlib import Path
from typing import Any

import torch

from . import processes
from .config import Config
from .errors import InputError
from .items import items_file
from .log import log_files
from .processes import DEVICE
from .recipe import Recipe


def digest(file: Path) -> str:
    with open(file, "rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def origin(folder: Path, recipe: Recipe) -> dict[str, Any]:
    """What a run's weights come from: digests of its data and first weights, and its flags. Another origin is
    another run.
    """

    flags = {f"--{field.name.replace('_', '-')}": getattr(recipe, field.name) for field in fields(recipe)}
    if recipe.init:
        flags["--init"] = digest(Path(recipe.init) / "model.safetensors")
    if recipe.teachers:
        flags["--teachers"] = [digest(folder / "model.safetensors") for folder in recipe.teacher_folders()]
    log = processes.of_all({file.name: digest(file) for file in processes.mine(log_files(folder))})
    others = [file for file in (items_file(folder), folder / "events.json") if file.exists()]
    parts = [*log, {file.name: digest(file) for file in others}, flags]
    return {name: value for part in parts for name, value in part.items()}


def interrupted_run(state: Path, now: dict[str, Any], config: Config) -> dict[str, Any]:
    """What an earlier call left. Raises InputError when it was begun with other data, flags or shapes."""
    last: dict[str, Any] = torch.load(state, map_location=DEVICE, weights_only=False)
    begun = {**now, **last.get("origin", {})}  # what an older version did not note can't be compared
    changed = [name for name in now if begun[name] != now[name]]
    if not changed and Config.of(last["config"]) != config:
        changed = ["model"]
    if changed:
        differing = ", ".join(changed)
        raise InputError(
            f"{state} was begun with another {differing}: --restart trains anew, another --out keeps both"
        )
    return last
