"""Saving a model with the generation settings of its own files."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

RECORD = "training.yaml"  # beside a model that was trained here: what it was trained on, and how


def save(model: Any, folder: Path) -> None:
    """Save a model of transformers, with the generation settings as its own files have them."""
    with generation_settings_as_they_are(model):
        model.save_pretrained(folder)


def flush(folder: Path) -> None:
    """Have all files of a folder on the disk itself, before something says that they are whole."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())


@contextmanager
def generation_settings_as_they_are(model: Any) -> Iterator[None]:
    """Within this, a model can be saved though transformers finds fault with its generation settings.

    It loads such settings, and refuses to save them: those of Llama 2 have a temperature and no `do_sample`.
    """
    settings = getattr(model, "generation_config", None)
    if settings is None:
        yield
        return

    class Unchecked(type(settings)):  # type: ignore[misc]
        def validate(self, *_: Any, **__: Any) -> None:
            """Find no fault."""

    before = type(settings)
    settings.__class__ = Unchecked
    try:
        yield
    finally:
        settings.__class__ = before
