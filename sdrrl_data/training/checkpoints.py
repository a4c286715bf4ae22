"""Checkpoints that are whole or passed over, and belong to one training."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from sdrrl_data.errors import DiskFailed, DiskFull, RunMismatch, UserError
from sdrrl_data.run.disk import FULL, written

WHOLE = "whole.json"  # written last
# What changes neither the weights nor which of them are kept at the end.
FREE = {"at_once", "keep", "samples"}


class Identity(BaseModel):
    """What a training is made of. A checkpoint of another one cannot be gone on with."""

    vocabulary: str  # a digest of the tokenizer's tokens and their ids
    model: str  # name and revision
    dataset: str  # name, config and revision
    settings: dict[str, Any]


class Mark(BaseModel):
    """What stands in a whole checkpoint."""

    identity: Identity
    last: bool


def last(folder: Path, identity: Identity) -> Path | None:
    """The newest whole checkpoint; None where there is none.

    Raises:
        UserError: it is of another training.
    """
    found = [path for path in _by_step(folder) if (path / WHOLE).is_file()]
    if not found:
        return None
    _same(found[-1], _mark(found[-1]).identity, identity)
    return found[-1]


def is_last(path: Path) -> bool:
    """Whether the training had ended when the checkpoint was written: all steps were done, or patience was."""
    return _mark(path).last


def forget(folder: Path, keep: int, best: str | None) -> None:
    """Remove all whole checkpoints but the newest ones and the best one, and what was left half-written."""
    paths = _by_step(folder)
    whole = [path for path in paths if (path / WHOLE).is_file()]
    for path in paths:
        if path not in whole[-keep:] and str(path) != best:
            shutil.rmtree(path, ignore_errors=True)


def mark_whole(path: Path, mark: Mark) -> None:
    """Say that everything of a checkpoint is there."""
    with written(path / WHOLE) as temporary:
        temporary.write_text(mark.model_dump_json(indent=2) + "\n", encoding="utf-8")


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """What the disk refuses while a checkpoint or a model is written becomes one sentence.

    Raises:
        DiskFailed: there is no room, or no right to write.
    """
    from accelerate.utils.memory import should_reduce_batch_size
    from safetensors import SafetensorError

    try:
        yield
    except (OSError, RuntimeError, SafetensorError) as error:  # torch's writer has no error of its own
        if should_reduce_batch_size(error):
            raise
        reason = str(error).splitlines()[0]
        kind = DiskFull if isinstance(error, OSError) and error.errno in FULL else DiskFailed
        raise kind(
            f"{path} cannot be written ({reason}); what is finished is kept: make room on the disk, then run the same "
            "command again with --resume"
        ) from error


def _mark(path: Path) -> Mark:
    try:
        return Mark.model_validate_json((path / WHOLE).read_text(encoding="utf-8"))
    except (ValidationError, OSError):
        raise UserError(f"{path / WHOLE} cannot be read: remove that checkpoint, or choose another --out") from None


def _by_step(folder: Path) -> list[Path]:
    found = [path for path in folder.glob("checkpoint-*") if path.name.removeprefix("checkpoint-").isdigit()]
    return sorted(found, key=lambda path: int(path.name.removeprefix("checkpoint-")))


def _same(path: Path, before: Identity, now: Identity) -> None:
    begin = "go on with what it was made with, or choose another --out"
    for what in ("vocabulary", "model", "dataset"):
        was, is_ = getattr(before, what), getattr(now, what)
        if was != is_:
            raise RunMismatch(f"{path} was made with another {what} ({was}, now {is_}): {begin}")
    for key in sorted({*before.settings, *now.settings} - FREE):
        was, is_ = before.settings.get(key), now.settings.get(key)
        if was != is_:
            raise RunMismatch(f"{path} was made with {key} {was}, now it is {is_}: {begin}")
