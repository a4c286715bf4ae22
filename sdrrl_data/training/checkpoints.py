"""Checkpoints: used only if they are complete, and only by the training that wrote them."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from sdrrl_data import causes
from sdrrl_data.errors import DiskFailed, DiskFull, RunMismatch, UserError
from sdrrl_data.run.disk import written

COMPLETE = "whole.json"  # written last
# Settings that change neither the weights nor which of them are written at the end.
FREE = {"at_once", "keep", "samples"}


class Identity(BaseModel):
    """What shapes a training. A training resumes only from checkpoints with the same identity."""

    vocabulary: str  # a digest of the tokenizer's tokens and their ids
    model: str  # name and revision
    dataset: str  # name, config and revision
    settings: dict[str, Any]
    adapter: str | None = None  # that it began with: name and digest


class CheckpointMark(BaseModel):
    """Content of the file that marks a complete checkpoint."""

    identity: Identity
    last: bool


def last(folder: Path, identity: Identity) -> Path | None:
    """The newest complete checkpoint; None if there is none.

    Raises:
        RunMismatch: another training wrote it.
    """
    complete = [path for path in _by_step(folder) if (path / COMPLETE).is_file()]
    if not complete:
        return None
    _refuse_another(complete[-1], _mark(complete[-1]).identity, identity)
    return complete[-1]


def is_last(path: Path) -> bool:
    """Whether the training had ended when the checkpoint was written: all steps were done, or it stopped early."""
    return _mark(path).last


def remove_old(folder: Path, keep: int, best: str | None) -> None:
    """Remove all checkpoints except the newest complete ones and the best one."""
    paths = _by_step(folder)
    complete = [path for path in paths if (path / COMPLETE).is_file()]
    for path in paths:
        if path not in complete[-keep:] and str(path) != best:
            shutil.rmtree(path, ignore_errors=True)


def mark_complete(path: Path, mark: CheckpointMark) -> None:
    """Mark a checkpoint as complete."""
    with written(path / COMPLETE) as temporary:
        temporary.write_text(mark.model_dump_json(indent=2) + "\n", encoding="utf-8")


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """While a checkpoint or a model is written: turn the disk's errors into one sentence.

    Raises:
        DiskFailed: the disk is full, or writing is not allowed.
    """
    from accelerate.utils.memory import should_reduce_batch_size
    from safetensors import SafetensorError

    try:
        yield
    except (OSError, RuntimeError, SafetensorError) as error:  # torch raises RuntimeError for a full disk
        if should_reduce_batch_size(error):
            raise
        reason = causes.described(error)
        kind = DiskFull if any(map(causes.is_disk_full, causes.chain(error))) else DiskFailed
        raise kind(
            f"{path} cannot be written ({reason}); finished checkpoints are kept: free some space on the disk, then "
            "run the same command again with --resume"
        ) from error


def _mark(path: Path) -> CheckpointMark:
    try:
        return CheckpointMark.model_validate_json((path / COMPLETE).read_text(encoding="utf-8"))
    except (ValidationError, OSError):
        raise UserError(f"{path / COMPLETE} cannot be read: remove that checkpoint, or choose another --out") from None


def _by_step(folder: Path) -> list[Path]:
    paths = [path for path in folder.glob("checkpoint-*") if path.name.removeprefix("checkpoint-").isdigit()]
    return sorted(paths, key=lambda path: int(path.name.removeprefix("checkpoint-")))


def _refuse_another(path: Path, before: Identity, now: Identity) -> None:
    remedy = "use the same again, or choose another --out"
    for what in ("vocabulary", "model", "dataset", "adapter"):
        was, is_ = getattr(before, what), getattr(now, what)
        if was != is_:
            raise RunMismatch(f"{path} was made with another {what} ({was}, now {is_}): {remedy}")
    for key in sorted({*before.settings, *now.settings} - FREE):
        was, is_ = before.settings.get(key), now.settings.get(key)
        if was != is_:
            raise RunMismatch(f"{path} was made with {key} {was}, now it is {is_}: {remedy}")
