"""Settings of a training as YAML."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sdrrl_data.errors import UserError
from sdrrl_data.recipe import overrides, paths
from sdrrl_data.training.settings import Training


def load(path: Path | None = None, changes: Mapping[str, Any] | None = None) -> Training:
    """The settings in a file, or the usual ones, with some values changed.

    Args:
        path: a YAML file. Paths in it are relative to it.
        changes: new values by dotted key, such as {"lora.rank": 8}.

    Raises:
        UserError: there is no such file, or a key or value in it is wrong.
    """
    content: dict[str, Any] = {}
    if path:
        path = path.expanduser()
        if not path.is_file():
            raise UserError(f"settings {path}: there is no such file")
        found = overrides.read(path.read_text(encoding="utf-8"), f"settings {path}")
        if not isinstance(found, dict):
            raise UserError(f"settings {path}: expected a mapping of keys to values")
        content = found
        paths.resolve(Training, content, path.parent)
    for key, value in (changes or {}).items():
        overrides.change(content, key, value)
    paths.take_in(Training, content)
    try:
        # By way of JSON: there, strict validation takes lists for tuples, but no text for a number.
        return Training.model_validate_json(json.dumps(content))
    except (ValidationError, TypeError) as error:
        raise UserError(f"settings {path or 'with --set'}: {overrides.explain(error, 'a training')}") from None
