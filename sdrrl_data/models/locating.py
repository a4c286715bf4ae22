"""Where a model is: a directory, a package that carries it, or the Hub; and what is known about it."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock

from sdrrl_data.errors import ModelNotFound, UserError
from sdrrl_data.models import hub
from sdrrl_data.models.hub import HubRequest, Repository
from sdrrl_data.models.places import HubName, place_of
from sdrrl_data.models.saving import flush

# Models whose main branch has no weights as safetensors, and the revision where the conversion bot put them.
SAFETENSORS = {"facebook/nllb-200-distilled-600M": "refs/pr/45"}
OFFER = "use --recipe quickstart, which needs no download, or give a local directory"

SAMPLED = 1 << 16  # bytes of each piece


class Located(NamedTuple):
    """A model as loaders take it, and its identity."""

    path: str  # a directory, or a name on the Hub
    name: str  # what the manifest and the card call it
    revision: str  # a commit of the Hub, or a digest of the directory's files
    licence: str | None  # as the model's card says; None if it does not say

    def pinned(self) -> dict[str, str]:
        """The keyword argument that makes a loader take this commit of the Hub; empty for a directory."""
        return {"revision": self.revision} if self.path == self.name else {}


def locate(model: str, revision: str | None, role: str, option: str) -> Located:
    """Find a model without loading it.

    Args:
        model: a directory, or a name on the Hub.
        revision: a branch, tag or commit of the Hub; resolved to its commit. None: the main one that has safetensors.
        role: what the model is for, for the error's sentence ("generator").
        option: how the user gives another ("--model").

    Raises:
        ModelNotFound: it does not exist, or this user may not see it.
        HubUnavailable: the Hub cannot be reached, and the model was not fetched before.
        UserError: it has no weights as safetensors, or the Hub refuses for another reason.
    """
    place = place_of(model)
    if isinstance(place, Path) and place.is_dir():
        return _directory(place, role)
    if place != HubName(model):
        raise ModelNotFound(f"{role} {model}: there is no such directory, and it is not a name on the Hub (org/model)")
    revision = revision or SAFETENSORS.get(model)
    request = HubRequest("model", model, revision, role, f"the name with {option}", f"{OFFER} with {option}")
    repository = hub.find(request, _whole)
    if not any(name.endswith(".safetensors") for name in repository.files):
        raise UserError(
            f"{request}: revision {repository.commit} has no weights as *.safetensors; "
            "the conversion bot often keeps them under a revision such as refs/pr/1"
        )
    return located(repository)


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
    """Load a model quietly, and turn an error into one sentence that names the model.

    Raises:
        UserError: it could not be loaded.
    """
    from safetensors import SafetensorError
    from transformers.utils import logging

    logging.disable_progress_bar()
    try:
        yield
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        first, *others = str(error).strip().split("\n")
        reason = " ".join([first, *others[:1]]) if first.rstrip().endswith(":") else first
        raise UserError(f"{role} {name} could not be loaded: {reason}") from error


def _directory(path: Path, role: str) -> Located:
    if not (path / "config.json").is_file():
        raise ModelNotFound(f"{role} {path}: the directory has no config.json, so it holds no model")
    if not list(path.glob("*.safetensors")):
        raise UserError(f"{role} {path}: the directory has no weights as *.safetensors")
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
        except (ValueError, KeyError, AttributeError, TypeError):  # the file is not an index
            return False
    return bool(weights) and {"config.json", *weights} <= repository.files.keys()
