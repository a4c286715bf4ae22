"""The models that are compared: the base model, and what was tuned from it."""

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path, PurePath
from typing import Any

from sdrrl_data.errors import NotInstalled, UserError
from sdrrl_data.models import packaged
from sdrrl_data.models.locating import Located, loading, locate
from sdrrl_data.run import fingerprint
from sdrrl_data.run.disk import digest_of, on_disk

BASE = "base"
ADAPTER = "adapter_config.json"


@dataclass(frozen=True)
class Arm:
    """A model by the name that it has in tables: a model directory, a name on the Hub, or an adapter on the base."""

    name: str
    model: Located  # of an adapter: the base
    adapter: Path | None = None

    def identity(self) -> str:
        """What stands for its weights."""
        return f"{self.model.revision}+{_digest(self.adapter)}" if self.adapter else self.model.revision


def find_arms(base: str, tuned: Sequence[str]) -> list[Arm]:
    """The base and each tuned model, found without loading them.

    Raises:
        UserError: one is not there, is named twice, or is an adapter for another base.
    """
    located = packaged.locate(base, None, "base", "--base")
    names = _names(tuned)
    return [Arm(BASE, located), *(_tuned(name, place, located) for name, place in zip(names, tuned, strict=True))]


def tokenizer_of(arm: Arm) -> Any:
    """Its tokenizer (of transformers): the one that lies with an adapter, or else the base's.

    Raises:
        UserError: there is none.
    """
    from transformers import AutoTokenizer

    with loading("the tokenizer of", arm.name):
        if arm.adapter and (arm.adapter / "tokenizer_config.json").is_file():
            return AutoTokenizer.from_pretrained(arm.adapter)
        return AutoTokenizer.from_pretrained(arm.model.path, **arm.model.pinned())


@contextmanager
def whole(arm: Arm, folder: Path) -> Iterator[Located]:
    """The arm as one model that every engine loads: an adapter is merged into a copy of its base.

    Merging is done in float32, and the weights are kept in the base's own type, as they are served.

    Args:
        arm: the base or a tuned model.
        folder: for the copy; removed at the end.

    Raises:
        UserError: the adapter does not fit the base.
        Stopped: there is no room on the disk.
    """
    if arm.adapter is None:
        yield arm.model
        return
    shutil.rmtree(folder, ignore_errors=True)  # of a process that was killed
    try:
        _merge(arm, folder)
        yield Located(str(folder), arm.name, arm.identity(), arm.model.licence)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _merge(arm: Arm, folder: Path) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoConfig, AutoModelForCausalLM

    with loading("base", arm.model.name):
        own_type = AutoConfig.from_pretrained(arm.model.path, **arm.model.pinned()).dtype or torch.float32
        model = AutoModelForCausalLM.from_pretrained(
            arm.model.path, dtype=torch.float32, use_safetensors=True, **arm.model.pinned()
        )
    with loading("adapter", str(arm.adapter)):
        merged = PeftModel.from_pretrained(model, str(arm.adapter), torch_device="cpu").merge_and_unload()
    with on_disk(folder):
        merged.to(own_type).save_pretrained(folder)
        tokenizer_of(arm).save_pretrained(folder)


def _tuned(name: str, place: str, base: Located) -> Arm:
    folder = Path(place).expanduser()
    if not (folder / ADAPTER).is_file():
        return Arm(name, locate(place, None, "tuned model", "--tuned"))
    if not find_spec("peft"):
        raise NotInstalled(
            f"tuned model {place} is an adapter, which needs peft: pip install 'sdrrl-data[train]'", "train"
        )
    if not (folder / "adapter_model.safetensors").is_file():
        raise UserError(f"tuned model {place}: the adapter has no weights as adapter_model.safetensors")
    try:
        trained_on = json.loads((folder / ADAPTER).read_text(encoding="utf-8"))["base_model_name_or_path"]
    except (ValueError, KeyError, TypeError):
        raise UserError(f"tuned model {place}: its {ADAPTER} cannot be read") from None
    if trained_on and not _is_base(trained_on, base):
        raise UserError(
            f"tuned model {place} is an adapter for {trained_on}, not for {base.name}: "
            f"give --base {trained_on}, or leave the adapter out"
        )
    return Arm(name, base, folder.resolve())


def _is_base(trained_on: str, base: Located) -> bool:
    """Whether the base that an adapter names is this one: the same files, or a model of the same name elsewhere."""
    folder = Path(trained_on).expanduser()
    if (folder / "config.json").is_file() and folder.resolve() != Path(base.path):
        return locate(trained_on, None, "base", "--base").revision == base.revision
    return PurePath(trained_on).name in {PurePath(base.name).name, PurePath(base.path).name}


def _names(tuned: Sequence[str]) -> list[str]:
    """The last part of each place, or where two share it the last two; "base" is taken."""
    paths = [PurePath(Path(place).expanduser().resolve()) for place in tuned]
    if len(set(paths)) < len(paths):
        raise UserError("--tuned names a model twice: give each once")
    last = [path.name for path in paths]
    names = [
        path.name if last.count(path.name) == 1 and path.name != BASE else "-".join(path.parts[-2:]) for path in paths
    ]
    if len(set(names)) < len(names):
        raise UserError("--tuned: two models have the same name and parent: rename a folder, so that tables tell them")
    return names


def _digest(adapter: Path) -> str:
    files = sorted(path for path in adapter.iterdir() if path.suffix in {".json", ".jinja", ".safetensors"})
    return fingerprint([[path.name, digest_of(path)] for path in files])
