"""The only module that asks the Hugging Face Hub for models and datasets, or looks up what was fetched from it."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal, NamedTuple

import yaml

from sdrrl_data import causes
from sdrrl_data.errors import DatasetNotFound, HubUnavailable, ModelNotFound, UserError
from sdrrl_data.models import hub_errors
from sdrrl_data.recipe import plain_yaml
from sdrrl_data.suggestions import path_instead

Kind = Literal["model", "dataset"]

COMMIT = re.compile("[0-9a-f]{40}")
STRANGE = "what answers is not the Hub, or not as its client expects it: look at HF_ENDPOINT, or try again later"
TIMEOUT = 10  # seconds
CARD = "README.md"
# Small files of a repository. One is fetched as soon as the repository is found: its commit is then known offline.
SMALL = (CARD, ".gitattributes", "config.json")


class HubRequest(NamedTuple):
    """A model or dataset to look for, and the words for the error's sentence if it is not found."""

    kind: Kind
    name: str  # org/name
    revision: str | None  # a branch, tag or commit; None: the main branch
    role: str  # what it is for: "generator"
    check: str  # what to look at: "the name with --model"
    instead: str  # what to do instead: "give a local directory with --model"
    is_made_here: bool = False  # whether it is usually a folder of this machine

    def __str__(self) -> str:
        return f"{self.role} {self.name}"


class Digests(NamedTuple):
    """The digests of a file on the Hub."""

    sha256: str | None  # of a large file
    blob: str | None  # the name that git has for it


class Repository(NamedTuple):
    """A model or dataset at one commit: on the Hub, or as much of it as was fetched before."""

    kind: Kind
    name: str
    commit: str
    licence: str | None  # as its card says; of several, all
    configs: tuple[str, ...]  # of a dataset, as its card lists them
    files: Mapping[str, Digests | None]  # by path
    folder: Path | None  # with what was fetched before, if the Hub cannot be reached
    private: bool = False
    gated: bool = False

    def read(self, path: str) -> bytes:
        """A small file of it, through the cache. Raises what `raised_by_transfers` lists."""
        from huggingface_hub import hf_hub_download

        return Path(hf_hub_download(self.name, path, repo_type=self.kind, revision=self.commit)).read_bytes()


def find(request: HubRequest, usable: Callable[[Repository], bool]) -> Repository:
    """A model or dataset as it is on the Hub; if the Hub cannot be asked, as it was last fetched.

    Args:
        request: what is looked for.
        usable: whether what was fetched of a repository is enough.

    Raises:
        ModelNotFound, DatasetNotFound: the Hub does not have it, does not show it to this user, or lacks the revision.
        HubUnavailable: the Hub cannot be reached, and nothing usable was fetched before.
        UserError: the Hub refuses for another reason, and nothing usable was fetched before.
    """
    try:
        with refusals(request):
            repository = look(request.kind, request.name, request.revision, timeout=TIMEOUT)
            if repository.gated:  # anybody may see that it is there
                check_terms(repository)
    except hub_errors.raised() as error:
        earlier = next(filter(usable, fetched(request.kind, request.name, request.revision)), None)
        if earlier is None:
            raise _unavailable(request, error) from error
        return earlier
    _remember(repository, request.revision)
    return repository


def look(
    kind: Kind, name: str, revision: str | None, *, digests: bool = False, timeout: float | None = None
) -> Repository:
    """A repository as it is on the Hub now; raises what `hub_errors.raised` lists.

    Args:
        kind: of repository.
        name: org/name.
        revision: a branch, tag or commit; None: the main branch.
        digests: whether to ask for those of the files, too.
        timeout: in seconds.

    Raises:
        HubUnavailable: the answer lacks what an answer of the Hub has.
    """
    from huggingface_hub import HfApi

    try:
        info: Any = HfApi().repo_info(name, repo_type=kind, revision=revision, files_metadata=digests, timeout=timeout)
        card, commit = info.card_data or {}, COMMIT.fullmatch(info.sha)
        files = {
            file.rfilename: Digests(file.lfs.sha256 if file.lfs else None, file.blob_id) for file in info.siblings or []
        }
        licence, configs = licence_in(card), _configs(card)
    except hub_errors.raised():
        raise
    except (LookupError, TypeError, AttributeError, ValueError) as error:  # the client expects every field
        raise HubUnavailable(f"{kind} {name}: {STRANGE} ({causes.described(error)})") from error
    if commit is None:
        raise HubUnavailable(f"{kind} {name}: {STRANGE} (it names no commit)")
    return Repository(kind, name, commit[0], licence, configs, files, None, bool(info.private), bool(info.gated))


def check_terms(repository: Repository) -> None:
    """Check that this user may read the files of a gated repository.

    Raises:
        huggingface_hub.errors.GatedRepoError: the user may not.
    """
    from huggingface_hub import HfApi

    HfApi().auth_check(repository.name, repo_type=repository.kind)


def fetched(kind: Kind, name: str, revision: str | None) -> Iterator[Repository]:
    """What was fetched of a repository, in whole or in part: one item per commit, the latest first.

    The cache is read as its documentation describes it. The client's own `scan_cache_dir` reads every repository
    in the cache, and skips one that has a single broken link.

    Source: https://huggingface.co/docs/huggingface_hub/guides/manage-cache.
    """
    from huggingface_hub import constants

    folder = Path(constants.HF_HUB_CACHE).expanduser() / "--".join([f"{kind}s", *name.split("/")])
    commit = _commit(folder, revision)
    snapshots = [path for path in folder.glob("snapshots/*") if commit in (None, path.name) and path.is_dir()]
    for path in sorted(snapshots, key=lambda path: path.stat().st_mtime, reverse=True):
        card = card_of(path)
        files: dict[str, Digests | None] = {
            file.relative_to(path).as_posix(): None for file in path.rglob("*") if file.is_file()
        }
        yield Repository(kind, name, path.name, licence_in(card), _configs(card), files, path)


def card_of(folder: Path) -> Mapping[str, Any]:
    """The YAML head of the card in a folder; empty if there is none that can be read."""
    card = folder / CARD
    if not card.is_file():
        return {}
    parts = card.read_text(encoding="utf-8", errors="replace").split("---\n", 2)
    try:
        head = plain_yaml.of_others(parts[1]) if len(parts) == 3 and not parts[0].strip() else None
    except yaml.YAMLError:
        return {}
    return head if isinstance(head, dict) else {}


def licence_of(folder: Path) -> str | None:
    """The licence in the card of a folder; of several, all."""
    return licence_in(card_of(folder))


def download(
    kind: Kind, name: str, revision: str | None, patterns: Sequence[str], local_dir: Path | None = None
) -> Path:
    """The folder with the files of a repository that match the patterns; what is not on the disk is fetched.

    Raises what `hub_errors.raised_by_transfers` lists.

    Args:
        kind: of repository.
        name: org/name.
        revision: a branch, tag or commit; None: the main branch.
        patterns: as `fnmatch` has them.
        local_dir: where to; None: the cache of the Hub's client.
    """
    from huggingface_hub import snapshot_download

    return Path(
        snapshot_download(
            name, repo_type=kind, revision=revision, allow_patterns=list(patterns), local_dir=local_dir, max_workers=4
        )
    )


@contextmanager
def refusals(request: HubRequest) -> Iterator[None]:
    """Say in one sentence that the Hub does not have a repository, or not for this user.

    Raises:
        ModelNotFound, DatasetNotFound: the Hub does not have it, does not show it to this user, or lacks the revision.
    """
    from huggingface_hub import errors

    not_found = _not_found(request)
    try:
        yield
    except errors.GatedRepoError:
        page = request.name if request.kind == "model" else f"datasets/{request.name}"
        raise not_found(f"{request}: accept its terms at https://huggingface.co/{page}, then `hf auth login`") from None
    except errors.RevisionNotFoundError:
        raise not_found(f"{request}: the Hub knows no revision {request.revision}") from None
    except (errors.RepositoryNotFoundError, errors.HFValidationError):
        _refuse_mistyped_path(request)
        no_folder = "there is no such folder, and " if _may_be_path(request) else ""
        raise not_found(
            f"{request}: {no_folder}the Hub has no such {request.kind} for you: check {request.check}, "
            "or log in with `hf auth login` if it is private"
        ) from None


@contextmanager
def downloads(what: str) -> Iterator[None]:
    """Turn an error during a download into one sentence.

    Raises:
        HubUnavailable: the Hub cannot be reached.
        UserError: it could not be downloaded for another reason.
    """
    try:
        yield
    except hub_errors.raised_by_transfers() as error:
        outage = hub_errors.outage(error)
        sentence = f"{what} could not be downloaded: {outage.why if outage else causes.described(error)}"
        raise (HubUnavailable if outage else UserError)(sentence) from error


def _not_found(request: HubRequest) -> type[ModelNotFound | DatasetNotFound]:
    return ModelNotFound if request.kind == "model" else DatasetNotFound


def _may_be_path(request: HubRequest) -> bool:
    """Whether a name with an owner may be meant as the path of a folder of this machine."""
    return request.is_made_here or Path(request.name).parent.is_dir()


def _refuse_mistyped_path(request: HubRequest) -> None:
    """Refuse what is like the path of something that is here.

    Raises:
        ModelNotFound, DatasetNotFound: it is.
    """
    if _may_be_path(request) and (meant := path_instead(request.name)):
        raise _not_found(request)(f"{request}: there is no such folder{meant}")


def _unavailable(request: HubRequest, error: Exception) -> UserError:
    _refuse_mistyped_path(request)
    if outage := hub_errors.outage(error):
        name = f"{request}: there is no such folder, and as a name on the Hub it" if _may_be_path(request) else request
        missing = f"{name} is not in the cache and the Hugging Face Hub cannot be reached"
        return HubUnavailable(f"{missing}: {request.instead} ({outage.why})")
    return UserError(f"{request} is not in the cache, and {hub_errors.refusal(error) or causes.described(error)}")


def _commit(folder: Path, revision: str | None) -> str | None:
    """The commit that a revision stands for in the cache, as far as that is known there."""
    if revision is None or COMMIT.fullmatch(revision):
        return revision
    note = folder / "refs" / revision
    try:
        if not note.resolve().is_relative_to(folder.resolve()):  # the revision may come from somebody else's recipe
            return revision
        return note.read_text(encoding="utf-8").strip()
    except (OSError, ValueError):  # nothing is noted under this name, or it cannot be the name of a file
        return revision


def _remember(repository: Repository, revision: str | None) -> None:
    """Fetch one small file, so that commit, revision and licence are known without the Hub."""
    from huggingface_hub import errors, hf_hub_download

    small = next((name for name in SMALL if name in repository.files), None)
    if small:
        # This only helps a later run, so a cache that cannot be written does not matter.
        with suppress(errors.HTTPError, OSError):  # type: ignore[attr-defined]
            hf_hub_download(repository.name, small, repo_type=repository.kind, revision=revision or repository.commit)


def licence_in(card: Any) -> str | None:
    """The licences that a card's head names, separated by commas; "other" gives way to the name that it has for it.

    Args:
        card: its head: a mapping, or as much of one as the Hub's client gives.
    """
    licences = card.get("license")
    names = [str(licence) for licence in (licences if isinstance(licences, list) else [licences]) if licence]
    special_name = card.get("license_name")
    if isinstance(special_name, str) and special_name.strip():
        names = [special_name if name == "other" else name for name in names]
    return ", ".join(names) or None


def _configs(card: Any) -> tuple[str, ...]:
    configs = card.get("configs")
    named = configs if isinstance(configs, list) else []
    return tuple(str(config["config_name"]) for config in named if isinstance(config, dict) and "config_name" in config)
