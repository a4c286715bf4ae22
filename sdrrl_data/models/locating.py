"""Where a model is: a directory, a package that carries it, or the Hub; and what is known of it."""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, NamedTuple

import yaml
from filelock import FileLock

from sdrrl_data.errors import UserError

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
        UserError: it is not there, cannot be reached, or has no weights as safetensors.
    """
    path = Path(model).expanduser()
    if path.is_dir():
        return _directory(path, role)
    if path.is_absolute() or model.count("/") != 1:
        raise UserError(f"{role} {model}: there is no such directory, and it is no name on the Hub (org/model)")
    return _on_hub(model, revision or SAFETENSORS.get(model), role, option)


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
        raise UserError(f"{role} {path}: the directory has no config.json, so it holds no model")
    if not list(path.glob("*.safetensors")):
        raise UserError(f"{role} {path}: the directory has no weights as *.safetensors")
    digest = hashlib.blake2b(digest_size=8)
    for file in sorted(path.iterdir()):
        if file.suffix in {".json", ".jinja"}:
            digest.update(file.name.encode() + file.read_bytes())
        elif file.is_file():
            digest.update(f"{file.name}:{file.stat().st_size}".encode() + sample(file))
    return Located(str(path.resolve()), path.resolve().name, digest.hexdigest(), licence_of(path))


def sample(file: Path) -> bytes:
    """Some of a file's bytes, so that another training of the same model is told apart without reading all of it."""
    size = file.stat().st_size
    with file.open("rb") as content:
        pieces = []
        for start in (0, size // 3, 2 * size // 3, max(size - SAMPLED, 0)):
            content.seek(start)
            pieces.append(content.read(SAMPLED))
    return b"".join(pieces)


def licence_of(path: Path) -> str | None:
    """The licence in the YAML head of a model directory's card."""
    card = path / "README.md"
    if not card.is_file():
        return None
    parts = card.read_text(encoding="utf-8", errors="replace").split("---\n", 2)
    try:
        head = yaml.safe_load(parts[1]) if len(parts) == 3 and not parts[0].strip() else None
    except yaml.YAMLError:
        return None
    licence = head.get("license") if isinstance(head, dict) else None
    return licence if isinstance(licence, str) else None


@contextmanager
def asking_hub(what: str, page: str, revision: str | None, check: str) -> Iterator[None]:
    """Ask the Hub for something; what it refuses becomes one sentence.

    Args:
        what: what is asked for, for the error's sentence ("generator org/model").
        page: where it is on the Hub ("org/model", "datasets/org/name").
        revision: of it, if one is wanted.
        check: what to look at where there is no such thing ("the name with --model").

    Raises:
        UserError: there is no such thing, or not for this user.
    """
    from huggingface_hub import errors

    try:
        yield
    except errors.GatedRepoError:
        raise UserError(f"{what}: accept its terms at https://huggingface.co/{page}, then `hf auth login`") from None
    except errors.RevisionNotFoundError:
        raise UserError(f"{what}: the Hub knows no revision {revision}") from None
    except (errors.RepositoryNotFoundError, errors.HFValidationError):
        kind = "dataset" if page.startswith("datasets/") else "model"
        raise UserError(
            f"{what}: the Hub has no such {kind} for you: check {check}, "
            "or log in with `hf auth login` if it is private"
        ) from None


def _on_hub(model: str, revision: str | None, role: str, option: str) -> Located:
    from huggingface_hub import HfApi, errors

    try:
        with asking_hub(f"{role} {model}", model, revision, f"the name with {option}"):
            info = HfApi().model_info(model, revision=revision, timeout=10)
    except (errors.HTTPError, errors.HfHubHTTPError, errors.OfflineModeIsEnabled, OSError):  # type: ignore[attr-defined]
        return _in_cache(model, revision, role, option)
    if not any(file.rfilename.endswith(".safetensors") for file in info.siblings or []):
        raise UserError(
            f"{role} {model}: revision {info.sha} has no weights as *.safetensors; "
            "the conversion bot often keeps them under a revision such as refs/pr/1"
        )
    return Located(model, model, str(info.sha), info.card_data.get("license") if info.card_data else None)


def _in_cache(model: str, revision: str | None, role: str, option: str) -> Located:
    """A model that was downloaded before, for when the Hub cannot be reached."""
    path = in_hub_cache(model, "model", revision)
    if path is None:
        raise UserError(
            f"{role} {model} is not in the cache and the Hugging Face Hub cannot be reached: {OFFER} with {option}"
        )
    return Located(str(path), model, path.name, licence_of(path))


def in_hub_cache(name: str, kind: Literal["model", "dataset"], revision: str | None) -> Path | None:
    """The folder with what was downloaded before, named after its commit; None where there is none.

    Without a revision it is the last one. What was downloaded by its commit stands under no branch in the cache: the
    Hub's client finds it by its commit alone.
    """
    from huggingface_hub import CacheNotFound, scan_cache_dir

    try:
        cached = [repo for repo in scan_cache_dir().repos if (repo.repo_type, repo.repo_id) == (kind, name)]
    except CacheNotFound:
        return None
    found = [own for repo in cached for own in repo.revisions if revision in {None, own.commit_hash, *own.refs}]
    last = max(found, key=lambda own: own.last_modified, default=None)
    return last.snapshot_path if last else None
