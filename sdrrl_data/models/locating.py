"""Where a model is: a directory, a package that carries it, or the Hub; and what is known about it."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock

from sdrrl_data import causes, panics
from sdrrl_data.errors import ModelNotFound, OutOfMemory, UserError
from sdrrl_data.models import hub
from sdrrl_data.models.hub import HubRequest, Repository
from sdrrl_data.models.places import HubName, place_of
from sdrrl_data.models.saving import RECORD, flush
from sdrrl_data.suggestions import instead, path_instead

SERVED = "; if a server has it, generator.server.url must name that server"
# Models whose main branch has no weights as safetensors, and the revision where the conversion bot put them.
SAFETENSORS = {"facebook/nllb-200-distilled-600M": "refs/pr/45"}

ADAPTER = "adapter_config.json"  # in an adapter's folder, as peft names its files
ADAPTER_WEIGHTS = "adapter_model.safetensors"
# The files of an adapter on the Hub: also its tokenizer, and how it was trained.
ADAPTER_FILES = (ADAPTER, ADAPTER_WEIGHTS, RECORD, "*token*", "vocab*", "merges.txt", "*.jinja")

SAMPLED = 1 << 16  # bytes of each piece


class Located(NamedTuple):
    """A model as loaders take it, and its identity."""

    path: str  # a directory, or a name on the Hub
    name: str  # what the manifest and the card call it
    revision: str  # a commit of the Hub, or a digest of the directory's files
    licence: str | None  # as the model's card says; None if it does not say

    @property
    def on_hub(self) -> bool:
        """Whether loaders take it from the Hub, and not from a directory."""
        return self.path == self.name

    def pinned(self) -> dict[str, Any]:
        """The keyword arguments that make a loader take this commit of the Hub, and run no code of the model.

        Without the second one, transformers asks the user at the terminal whether to run it.
        """
        return {"trust_remote_code": False} | ({"revision": self.revision} if self.on_hub else {})


def locate(
    model: str, revision: str | None, role: str, option: str, also: str = "", packages: Collection[str] = ()
) -> Located:
    """Find a model without loading it.

    Args:
        model: a directory, or a name on the Hub.
        revision: a branch, tag or commit of the Hub; resolved to its commit. None: the main one that has safetensors.
        role: what the model is for, for the error's sentence ("generator").
        option: how the user gives another ("--model").
        also: what else can be used where the Hub cannot be reached, besides a directory.
        packages: as for `folder_of`.

    Raises:
        ModelNotFound: it does not exist, or this user may not see it.
        HubUnavailable: the Hub cannot be reached, and the model was not fetched before.
        UserError: it has no weights as safetensors, or the Hub refuses for another reason.
    """
    if folder := folder_of(model, role, packages):
        return _directory(folder)
    revision = revision or SAFETENSORS.get(model)
    repository = hub.find(_request(model, revision, role, option, also), _whole)
    if ADAPTER in repository.files and "config.json" not in repository.files:
        raise UserError(f"{role} {model} is an adapter, not a whole model: merge it into its base first")
    if not any(name.endswith(".safetensors") for name in repository.files):
        raise UserError(
            f"{role} {model}: revision {repository.commit} has no weights as *.safetensors; "
            "the conversion bot often keeps them under a revision such as refs/pr/1"
        )
    return located(repository)


def folder_of(model: str, role: str, packages: Collection[str] = ()) -> Path | None:
    """The directory of a model; None if it is a name on the Hub, which is not asked.

    Args:
        model: as the user wrote it.
        role: what it is for, for the error's sentence.
        packages: the names of models that packages carry, which can be written in its place.

    Raises:
        ModelNotFound: it is neither, or the directory holds no model.
        UserError: the directory has no weights as safetensors.
    """
    place = place_of(model)
    if isinstance(place, Path) and place.is_dir():
        if not (place / "config.json").is_file() and (place / "checkpoints").is_dir():
            raise ModelNotFound(f"{role} {place}: its training is not finished: wait for it, or go on with --resume")
        if not (place / "config.json").is_file():
            raise ModelNotFound(f"{role} {place}: the directory has no config.json, so it holds no model")
        if not list(place.glob("*.safetensors")):
            raise UserError(f"{role} {place}: the directory has no weights as *.safetensors")
        return place
    if place != HubName(model):
        if model.startswith("package:"):
            raise ModelNotFound(f"{role} {model}: there is no such package: {instead(model, packages)}")
        raise ModelNotFound(
            f"{role} {model}: there is no such directory, and it is not a name on the Hub (org/model)"
            f"{path_instead(model, holding='config.json') or (SERVED if role == 'generator' else '')}"
        )
    return None


def locate_adapter(place: str, role: str, option: str) -> Path | None:
    """The folder of an adapter (peft): a directory, or fetched from the Hub; None if this is no adapter.

    Args:
        place: a directory, or a name on the Hub.
        role: what it is for, for the error's sentence.
        option: how the user gives another.

    Raises:
        ModelNotFound: the Hub does not have it, or does not show it to this user.
        HubUnavailable: the Hub cannot be reached, and nothing was fetched before.
        UserError: the Hub refuses for another reason.
    """
    folder = Path(place).expanduser()
    if not folder.is_dir() and place_of(place) == HubName(place):
        request = _request(place, None, role, option, f"make it with `sdrrl-data train --out {place}`, ")
        repository = hub.find(request._replace(is_made_here=True), lambda fetched: _adapter(fetched) or _whole(fetched))
        if ADAPTER not in repository.files:
            return None
        with hub.downloads(f"{role} {place}"):
            folder = hub.download("model", place, repository.commit, ADAPTER_FILES)
    return folder.resolve() if (folder / ADAPTER).is_file() else None


def located(repository: Repository) -> Located:
    """A model on the Hub, or where it is in the cache, as loaders take it."""
    path = str(repository.folder) if repository.folder else repository.name
    return Located(path, repository.name, repository.commit, repository.licence)


def package_folder(package: str) -> Path | None:
    """The folder of an installed package, found without running its code; None where it is not installed."""
    spec = find_spec(package)
    return Path(spec.origin).parent if spec and spec.origin else None


def made_once(name: str, make: Callable[[Path], None]) -> Path:
    """A directory in the user's cache. `make` fills it the first time; it exists in whole or not at all."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "sdrrl-data" / "models"
    target = cache / name
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(cache / f"{name}.lock"):
        if not target.is_dir():
            temporary = cache / f"{name}.tmp"
            shutil.rmtree(temporary, ignore_errors=True)
            try:
                make(temporary)
                flush(temporary)
            except BaseException:
                shutil.rmtree(temporary, ignore_errors=True)  # the disk may be full because of it
                raise
            temporary.rename(target)
    return target


@contextmanager
def loading(role: str, name: str) -> Iterator[None]:
    """Load a model without a bar, and turn an error into one sentence that names the model.

    Raises:
        OutOfMemory: it does not fit into memory.
        UserError: it could not be loaded for another reason.
    """
    from transformers.utils import logging

    had_bars = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    except UserError:
        raise
    except BaseException as error:  # the files come from outside: there is no list of what the libraries raise
        if not isinstance(error, Exception) and not panics.is_panic(error):
            raise
        if causes.is_out_of_memory(error):
            raise OutOfMemory(f"{role} {name} does not fit into memory: choose a smaller model") from error
        first, *others = causes.text(error).strip().split("\n")
        reason = " ".join([first, *others[:1]]) if first.rstrip().endswith(":") else first
        if not isinstance(error, OSError | ValueError | RuntimeError):  # by themselves, many say little: KeyError: 'x'
            reason = f"{type(error).__name__}: {reason}"
        raise UserError(f"{role} {name} could not be loaded: {reason}") from error
    finally:
        if had_bars:  # the user's own, where this is a library in a program of the user's
            logging.enable_progress_bar()


def _request(model: str, revision: str | None, role: str, option: str, also: str = "") -> HubRequest:
    download = f"hf download {model}" + (f" --revision {revision}" if revision else "")
    instead = f"give a local directory with {option}, {also}or fetch it first with `{download}`"
    return HubRequest("model", model, revision, role, f"the name with {option}", instead)


def _adapter(repository: Repository) -> bool:
    """Whether the files that load an adapter were fetched."""
    return {ADAPTER, ADAPTER_WEIGHTS} <= repository.files.keys()


def _directory(path: Path) -> Located:
    digest = hashlib.blake2b(digest_size=8)
    for file in sorted(path.iterdir()):
        if file.suffix in {".json", ".jinja"}:
            digest.update(file.name.encode() + file.read_bytes())
        elif file.is_file():
            digest.update(f"{file.name}:{file.stat().st_size}".encode() + sample(file))
    return Located(str(path.resolve()), path.resolve().name, digest.hexdigest(), hub.licence_of(path))


def sample(file: Path) -> bytes:
    """Some bytes of a file: enough to tell two trainings of a model apart without reading all of it."""
    size = file.stat().st_size
    with file.open("rb") as content:
        pieces = []
        for start in (0, size // 3, 2 * size // 3, max(size - SAMPLED, 0)):
            content.seek(start)
            pieces.append(content.read(SAMPLED))
    return b"".join(pieces)


def _whole(repository: Repository) -> bool:
    """Whether all files that load a model were fetched: a download may have been interrupted."""
    weights = {name for name in repository.files if name.endswith(".safetensors")}
    index = (repository.folder or Path()) / "model.safetensors.index.json"
    if index.is_file():
        try:
            weights |= {*json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()}
        except (ValueError, KeyError, AttributeError, TypeError, RecursionError):  # the file is not an index
            return False
    return bool(weights) and {"config.json", *weights} <= repository.files.keys()
