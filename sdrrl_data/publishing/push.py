"""A finished run on the Hub, in one commit."""

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from functools import partial
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sdrrl_data import __version__
from sdrrl_data.cards import description, licences
from sdrrl_data.errors import UserError
from sdrrl_data.protocols import Reporter, Silent
from sdrrl_data.publishing import hub, personal_data, published, staging
from sdrrl_data.publishing.hub import Say, Stored, There
from sdrrl_data.publishing.staging import Content
from sdrrl_data.run import Manifest, Run, opened, refuse_unfinished
from sdrrl_data.run.disk import digest_of

if TYPE_CHECKING:
    from huggingface_hub import CommitInfo

CARD = "README.md"


class Wish(NamedTuple):
    """Where a run is to go, and how."""

    repo: str
    public: bool = False
    revision: str | None = None  # a branch, made where there is none
    tag: str | None = None
    create_pr: bool = False
    licence: str | None = None
    controls: bool = False


class Pushed(NamedTuple):
    """What became of a push."""

    address: str
    commit: str  # the one that the branch has now, or that the pull request has
    pull_request: str | None  # its address
    sent: dict[str, int]  # path in the repository -> bytes, of what is new in the commit; empty: nothing has changed
    deleted: list[str]  # paths in the repository
    load: str  # Python


def push(
    run: str | PathLike[str],
    repo: str,
    *,
    public: bool = False,
    revision: str | None = None,
    tag: str | None = None,
    create_pr: bool = False,
    licence: str | None = None,
    controls: bool = False,
    reporter: Reporter | None = None,
) -> Pushed:
    """Publish a finished run on the Hub. Killed at any moment and called again, it sends only what has not arrived.

    Every target of the run gets a folder and a config of its own; what the repository has of others stays.

    Args:
        run: its folder, or a `Run`.
        repo: the dataset on the Hub, as owner/name. A new one is private.
        public: let everybody read it.
        revision: a branch to push to, made where there is none; the main one by default.
        tag: a name for the commit.
        create_pr: open a pull request instead.
        licence: under which the set is passed on, as the Hub names it ("cc-by-4.0").
        controls: push the controls too, each as a config of its own.
        reporter: is told what the Hub is waited for, and what looks like personal data.

    Returns:
        Where the set is now, and what was sent.

    Raises:
        UserError: the run or what is asked for is not as it should be, or the Hub refuses. Nothing was sent.
        Stopped: the Hub stayed away.
    """
    wish = Wish(repo, public, revision, tag, create_pr, licence, controls)
    return _publish(Path(run), wish, (reporter or Silent()).say)


def _publish(path: Path, wish: Wish, say: Say) -> Pushed:
    run, manifest = opened(path)
    refuse_unfinished(run, manifest)
    wish = wish._replace(repo=hub.named(wish.repo))
    _refuse_contradictions(wish)
    controls = staging.controls(run, manifest)
    if wish.controls and not controls:
        raise UserError(f"{path} has no controls of its transfer sets: make them with `sdrrl-data controls {path}`")
    if wish.public and not wish.licence:
        _refuse_unknown_licences([manifest])
    with run.lock():
        staging.check(run, manifest)
        for sentence in personal_data.warnings(run, manifest):
            say(f"warning: {sentence}")
        with hub.refusals(wish.repo):
            pushed = hub.patiently(partial(_push, run, manifest, wish, controls), say)
        shutil.rmtree(path / staging.FOLDER, ignore_errors=True)
    return pushed


def _push(run: Run, manifest: Manifest, wish: Wish, controls: dict[str, list[str]]) -> Pushed:
    """One try. It looks at what is there and does what is missing, so it may be repeated."""
    from huggingface_hub import HfApi, get_token

    if get_token() is None:
        raise UserError(f"{wish.repo}: the Hub wants to know who you are: log in with `hf auth login`, or set HF_TOKEN")
    api = HfApi()
    there, new_branch = _look(wish)
    if there and not there.private and not wish.public:
        raise UserError(f"{wish.repo} is public, so everybody could read these rows: say --public if they may")
    others = published.runs(published.manifests(there, but=manifest.counts.targets)) if there else []
    if wish.public and not wish.licence:
        _refuse_unknown_licences(others)
    if not wish.controls:
        controls = _known(controls, there)
    files = staging.files(run, manifest, controls)
    existing = _existing_card(run, there)
    files |= description.files(run, manifest, others, existing, wish.licence, controls)
    held = there.files if there else {}
    changed = {path: content for path, content in files.items() if not _same(content, held.get(path))}
    stale = [path for path in held if path not in files and staging.of_targets(path, manifest, controls)]
    tagged = _tagged(wish, there, changes=bool(changed or stale))

    if there is None:
        api.create_repo(wish.repo, repo_type="dataset", private=not wish.public)
    if wish.revision and new_branch:
        start = there.sha if there else None
        api.create_branch(wish.repo, repo_type="dataset", branch=wish.revision, revision=start, exist_ok=True)
    commit, pull_request, merged = there.sha if there else "", None, wish.revision
    if changed or stale:
        made = _commit(wish, list(manifest.counts.targets), changed, stale, there)
        commit, pull_request, merged = made.oid, made.pr_url, made.pr_revision or wish.revision
    if wish.public and there and there.private and not wish.create_pr:  # a proposal shows nothing to anybody
        api.update_repo_settings(wish.repo, repo_type="dataset", private=False)
    if wish.tag and not tagged:
        api.create_tag(wish.repo, repo_type="dataset", tag=wish.tag, revision=commit)
    at = wish.tag or merged
    return Pushed(
        f"{api.endpoint}/datasets/{wish.repo}" + (f"/tree/{wish.revision}" if wish.revision else ""),
        commit,
        pull_request,
        {path: _size(content) for path, content in changed.items()},
        stale,
        _load(wish.repo, next(iter(manifest.counts.targets)), at),
    )


def _refuse_contradictions(wish: Wish) -> None:
    if wish.create_pr and wish.revision:
        raise UserError("--create-pr proposes changes of the main branch: leave out --revision, or --create-pr")
    if wish.create_pr and wish.tag:
        raise UserError(
            "--tag names a commit of a branch, and with --create-pr there is none yet: leave one of them out"
        )


def _refuse_unknown_licences(manifests: Sequence[Manifest]) -> None:
    unknown = licences.unknown([part for manifest in manifests for part in manifest.ingredients])
    if unknown:
        raise UserError(
            f"--public: nobody knows the licence of {', '.join(unknown)}, which the rows were made from: find out, "
            "and say with --licence under which the set may be passed on (such as --licence cc-by-4.0)"
        )


def _look(wish: Wish) -> tuple[There | None, bool]:
    """The dataset where it is to be changed, None where there is none yet; and whether the branch is to be made.

    Raises:
        UserError: the name is a model's, or the revision is no branch.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError

    try:
        there = hub.look(wish.repo, wish.revision)
    except RevisionNotFoundError:
        return hub.look(wish.repo, None), True
    except RepositoryNotFoundError:
        try:
            HfApi().model_info(wish.repo)
        except RepositoryNotFoundError:
            return None, wish.revision not in {None, "main"}
        raise UserError(f"{wish.repo} is a model on the Hub: choose another name for the dataset") from None
    if wish.revision and not wish.revision.startswith("refs/pr/"):
        refs = HfApi().list_repo_refs(wish.repo, repo_type="dataset")
        if wish.revision not in {branch.name for branch in refs.branches}:
            raise UserError(f"{wish.repo}: {wish.revision} is no branch, which a commit could be added to: name one")
    return there, False


def _known(controls: dict[str, list[str]], there: There | None) -> dict[str, list[str]]:
    """Those controls that were pushed before: once they are there, they are kept in step."""
    folders = {path.rpartition("/")[0] for path in there.files} if there else set()
    known = {tag: [name for name in names if f"{tag}/controls-{name}" in folders] for tag, names in controls.items()}
    return {tag: names for tag, names in known.items() if names}


def _existing_card(run: Run, there: There | None) -> str | None:
    """The card that is there; for a new repository the run's own, in which somebody may have written."""
    if there and CARD in there.files:
        return there.read(CARD).decode(errors="replace")
    own = run.path / CARD
    return own.read_text(encoding="utf-8") if own.is_file() else None


def _tagged(wish: Wish, there: There | None, changes: bool) -> bool:
    """Whether the tag is where it should be.

    Raises:
        UserError: it is elsewhere.
    """
    from huggingface_hub import HfApi

    if not wish.tag or there is None:
        return False
    tags = HfApi().list_repo_refs(wish.repo, repo_type="dataset").tags
    at = {tag.name: tag.target_commit for tag in tags}.get(wish.tag)
    if at and (changes or at != there.sha):
        raise UserError(f"{wish.repo} has a tag {wish.tag} already, of commit {at}: choose another --tag")
    return at is not None


def _commit(
    wish: Wish, targets: Sequence[str], changed: Mapping[str, Content], stale: Sequence[str], there: There | None
) -> "CommitInfo":
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

    added = [CommitOperationAdd(path, content) for path, content in changed.items()]
    deleted = [CommitOperationDelete(path, is_folder=False) for path in stale]
    return HfApi().create_commit(
        wish.repo,
        [*added, *deleted],
        repo_type="dataset",
        commit_message=f"Transfer set {', '.join(targets)} (sdrrl-data {__version__})",
        revision=wish.revision,
        create_pr=wish.create_pr,
        # What was merged here was merged with this commit; another's may have come since.
        parent_commit=there.sha if there else None,
    )


def _same(content: Content, held: Stored | None) -> bool:
    """Whether a file is on the Hub as it is here."""
    if held is None:
        return False
    if held.sha256:
        digest = hashlib.sha256(content).hexdigest() if isinstance(content, bytes) else digest_of(content)
        return digest == held.sha256
    whole = content if isinstance(content, bytes) else content.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(whole) + whole, usedforsecurity=False).hexdigest() == held.blob


def _size(content: Content) -> int:
    return len(content) if isinstance(content, bytes) else content.stat().st_size


def _load(repo: str, config: str, revision: str | None) -> str:
    at = f', revision="{revision}"' if revision else ""
    return f'from datasets import load_dataset; rows = load_dataset("{repo}", "{config}"{at})'
