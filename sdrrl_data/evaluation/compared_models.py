"""The models that are compared: the base model, and the models tuned from it."""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path, PurePath
from typing import Any

from sdrrl_data.errors import NotInstalled, UserError
from sdrrl_data.models import merging, packaged, tokenizers
from sdrrl_data.models.locating import ADAPTER, ADAPTER_WEIGHTS, Located, loading, locate, locate_adapter
from sdrrl_data.run import fingerprint
from sdrrl_data.run.disk import digest_of, on_disk

BASE = "base"


@dataclass(frozen=True)
class ComparedModel:
    """A model of the comparison: a directory, a model on the Hub, or an adapter on the base model."""

    name: str  # in tables and paths
    located: Located  # of an adapter: its base
    adapter: Path | None = None

    def identity(self) -> str:
        """A revision or digest that identifies its weights."""
        revision = self.located.revision
        return f"{revision}+{_digest(self.adapter)}" if self.adapter else revision


def find_models(base: str, tuned: Sequence[str]) -> list[ComparedModel]:
    """The base and each tuned model; locates them, but does not load them.

    Raises:
        UserError: a model does not exist, is named twice, or is an adapter for another base.
    """
    located = packaged.locate(base, None, "base", "--base")
    names = _names(tuned)
    return [
        ComparedModel(BASE, located),
        *(_tuned(name, place, located) for name, place in zip(names, tuned, strict=True)),
    ]


def tokenizer_of(model: ComparedModel) -> Any:
    """The tokenizer (of transformers): the adapter's if it has one, else the base's.

    Raises:
        UserError: the tokenizer cannot be loaded.
    """
    with loading("the tokenizer of", model.name):
        if model.adapter and (model.adapter / "tokenizer_config.json").is_file():
            return tokenizers.load_from(model.adapter)
        return tokenizers.load(model.located)


@contextmanager
def whole(model: ComparedModel, folder: Path) -> Iterator[Located]:
    """A model that every engine can load: an adapter is merged into a copy of its base.

    It is merged as it would be served.

    Args:
        model: the base or a tuned model.
        folder: for the copy; removed at the end.

    Raises:
        UserError: the adapter does not fit the base, or cannot be merged into it.
        DiskFailed: the copy cannot be written.
    """
    if model.adapter is None:
        yield model.located
        return
    shutil.rmtree(folder, ignore_errors=True)  # left by a process that was killed
    try:
        with on_disk(folder):
            merging.merge(model.located, model.adapter, folder)
            tokenizer_of(model).save_pretrained(folder)
        yield Located(str(folder), model.name, model.identity(), model.located.licence)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _tuned(name: str, place: str, base: Located) -> ComparedModel:
    folder = locate_adapter(place, "tuned model", "--tuned")
    if folder is None:
        return ComparedModel(name, locate(place, None, "tuned model", "--tuned"))
    if not find_spec("peft"):
        raise NotInstalled(
            f"tuned model {place} is an adapter, which needs peft: pip install 'sdrrl-data[train]'", "train"
        )
    if not (folder / ADAPTER_WEIGHTS).is_file():
        raise UserError(f"tuned model {place}: the adapter has no weights in the file {ADAPTER_WEIGHTS}")
    try:
        trained_on = json.loads((folder / ADAPTER).read_text(encoding="utf-8"))["base_model_name_or_path"]
    except (ValueError, KeyError, TypeError, RecursionError):
        trained_on = ()
    if not isinstance(trained_on, str | None):
        raise UserError(f"tuned model {place}: its {ADAPTER} cannot be read")
    if trained_on and not _is_base(trained_on, base):
        raise UserError(
            f"tuned model {place} is an adapter for {trained_on}, not for {base.name}: "
            f"use --base {trained_on}, or leave the adapter out"
        )
    return ComparedModel(name, base, folder)


def _is_base(trained_on: str, base: Located) -> bool:
    """Whether an adapter was trained on this base: on the same files, or on a model with the same name."""
    folder = Path(os.path.expanduser(trained_on))
    if os.path.isfile(folder / "config.json") and folder.resolve() != Path(base.path):
        return locate(trained_on, None, "base", "--base").revision == base.revision
    return PurePath(trained_on).name in {PurePath(base.name).name, PurePath(base.path).name}


def _names(tuned: Sequence[str]) -> list[str]:
    """A name for each place: its last part, or its last two parts if the last is not unique, or is "base"."""
    paths = [PurePath(Path(os.path.expanduser(place)).resolve()) for place in tuned]
    if len(set(paths)) < len(paths):
        raise UserError("--tuned names a model twice: give each once")
    last = [path.name for path in paths]
    names = [
        path.name if last.count(path.name) == 1 and path.name != BASE else "-".join(path.parts[-2:]) for path in paths
    ]
    if len(set(names)) < len(names):
        raise UserError(
            "--tuned: two models have the same name and the same parent folder name: rename one of the folders"
        )
    return names


def _digest(adapter: Path) -> str:
    files = sorted(path for path in adapter.iterdir() if path.suffix in {".json", ".jinja", ".safetensors"})
    return fingerprint([[path.name, digest_of(path)] for path in files])
