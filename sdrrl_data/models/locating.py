"""Where a model is: a directory, a package that carries it, or the Hub; and what is known of it."""

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
from sdrrl_data.models.hub import Repository, Wanted
from sdrrl_data.models.places import HubName, place_of

# Models whose main branch has no weights as safetensors, and where the conversion bot keeps them.
SAFETENSORS = {"facebook/nllb-200-distilled-600M": "refs/pr/45"}
OFFER = "use --recipe quickstart, which needs no download, or give a local directory"

SAMPLED = 1 << 16  # bytes of each piece


class Located(NamedTuple):
    """A model as loaders take it, and its identity."""

    path: str  # a directory, or a name on the Hub
    name: str  # what the manifest and the card call it
    revision: str  # a commit of the Hub, or a digest of the directory's files
    licence: str | None  # as the model's own card says; None where it does not

    def pinned(self) -> dict[str, str]:
        """The keyword argument that has a loader take this very commit of the Hub; nothing for a directory."""
        return {"revision": self.revision} if self.path == self.name else {}


def locate(model: str, revision: str | None, role: str, option: str) -> Located:
    """Find a model without loading it.

    Args:
        model: a directory, or a name on the Hub.
        revision: a branch, tag or commit of the Hub; resolved to its commit. None: the main one that has safetensors.
        role: what the model is for, for the error's sentence ("generator").
        option: how the user gives another ("--model").

    Raises:
        ModelNotFound: it is not there, or not for this user.
        HubUnavailable: the Hub cannot be reached, and the model was not fetched before.
        UserError: it has no weights as safetensors, or the Hub refuses for another reason.
    """
    place = place_of(model)
    if isinstance(place, Path) and place.is_dir():
        return _directory(place, role)
    if place != HubName(model):
        raise ModelNotFound(f"{role} {model}: there is no such directory, and it is not a name on the Hub (org/model)")
    revision = revision or SAFETENSORS.get(model)
    wanted = Wanted("model", model, revision, role, f"the name with {option}", f"{OFFER} with {option}")
    repository = hub.find(wanted, _whole)
    if not any(name.endswith(".safetensors") for name in repository.files):
        raise UserError(
            f"{wanted}: revision {repository.commit} has no weights as *.safetensors; "
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
    """A directory in the user's cache: `make` fills it the first time, and it is there whole or not at all."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "sdrrl-data" / "models"
    target = cache / name
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(cache / f"{name}.lock"):
        if not target.is_dir():
            temporary = cache / f"{name}.tmp"
            shutil.rmtree(temporary, ignore_errors=True)
            try:
                make(temporary)
            except BaseException:
                shutil.rmtree(temporary, ignore_errors=True)  # its room may be what was missing
                raise
            temporary.rename(target)
    return target


@contextmanager
def loading(role: str, name: str) -> Iterator[None]:
    """Load a model quietly; what goes wrong becomes one sentence that names it.

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
    """Some of a file's bytes, so that another training of the same model is told apart without reading all of it."""
    size = file.stat().st_size
    with file.open("rb") as content:
        pieces = []
        for start in (0, size // 3, 2 * size // 3, max(size - SAMPLED, 0)):
            content.seek(start)
            pieces.append(content.read(SAMPLED))
    return b"".join(pieces)


def _whole(repository: Repository) -> bool:
    """Whether what was fetched of a model is all that loads it: a download may have been broken off."""
    weights = {name for name in repository.files if name.endswith(".safetensors")}
    index = (repository.folder or Path()) / "model.safetensors.index.json"
    if index.is_file():
        try:
            weights |= {*json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()}
        except (ValueError, KeyError, AttributeError, TypeError):  # it is not an index
            return False
    return bool(weights) and {"config.json", *weights} <= repository.files.keys()
