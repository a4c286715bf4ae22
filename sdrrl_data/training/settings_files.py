"""Loading the settings of a training from YAML."""

import os
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from sdrrl_data.errors import RecipeError
from sdrrl_data.recipe import overrides, paths
from sdrrl_data.suggestions import path_instead
from sdrrl_data.training.settings import TrainingConfig


def load(
    settings: TrainingConfig | str | PathLike[str] | None = None, changes: Mapping[str, Any] | None = None
) -> TrainingConfig:
    """The settings of a training: given, from a file, or the defaults; with some values changed.

    Args:
        settings: settings, or a YAML file. Paths in that file are relative to it.
        changes: new values by dotted key, such as {"lora.rank": 8}.

    Raises:
        RecipeError: there is no such file, or a key or a value is wrong.
    """
    if isinstance(settings, TrainingConfig):
        content, path = settings.model_dump(mode="json"), None
    else:
        path = Path(os.path.expanduser(settings)) if settings is not None else None
        content = _read(path) if path else {}
    for key, value in (changes or {}).items():
        overrides.change(content, key, value)
    return overrides.validated(TrainingConfig, content, f"settings {path or ''}".strip(), "a training", changes or ())


def _read(path: Path) -> dict[str, Any]:
    if not os.path.isfile(path):
        raise RecipeError(f"settings {path}: there is no such file{path_instead(path)}")
    content = overrides.read_file(path, f"settings {path}")
    paths.resolve(TrainingConfig, content, path.parent)
    return content
