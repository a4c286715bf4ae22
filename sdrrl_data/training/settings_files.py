"""Loading the settings of a training from YAML."""

import json
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sdrrl_data.errors import RecipeError
from sdrrl_data.recipe import overrides, paths
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
        path = Path(settings).expanduser() if settings is not None else None
        content = _read(path) if path else {}
    for key, value in (changes or {}).items():
        overrides.change(content, key, value)
    paths.take_in(TrainingConfig, content)
    try:
        # Through JSON: strict validation then accepts a list for a tuple, but no text for a number.
        return TrainingConfig.model_validate_json(json.dumps(content))
    except (ValidationError, TypeError) as error:
        raise RecipeError(f"settings {path or 'with --set'}: {overrides.explain(error, 'a training')}") from None


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise RecipeError(f"settings {path}: there is no such file")
    content = overrides.read(path.read_text(encoding="utf-8"), f"settings {path}")
    if not isinstance(content, dict):
        raise RecipeError(f"settings {path}: expected a mapping of keys to values")
    paths.resolve(TrainingConfig, content, path.parent)
    return content
