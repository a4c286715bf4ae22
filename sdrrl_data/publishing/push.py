"""Publishes a finished run on the Hub, in one commit."""

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from functools import partial
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sdrrl_data import __version__
from sdrrl_data.cards import checking, description, licences
from sdrrl_data.errors import UserError
from sdrrl_data.models import hub
from sdrrl_data.models.hub import CARD, Digests, Repository
from sdrrl_data.protocols import Reporter, Silent
from sdrrl_data.publishing import existing, loadable, personal_data, published, retries, staging
from sdrrl_data.publishing.retries import Say
from sdrrl_data.publishing.staging import Content
from sdrrl_data.run import Manifest, Run, opened, refuse_unfinished
from sdrrl_data.run.disk import digest_of

if TYPE_CHECKING:
    from huggingface_hub import CommitInfo


class _PushConfig(NamedTuple):
    """Where a run is pushed, and how."""

    repo: str
    public: bool = False
    revision: str | None = None  # a branch; it is made if it does not exist
    tag: str | None = None
    create_pr: bool = False
    licence: str | None = None
    controls: bool = False
    dry_run: bool = False


class Pushed(NamedTuple):
    """The result of a push; of a dry run, what it would be."""

    address: str
    commit: str  # the newest commit of the branch, or of the pull request; of a dry run, as it is now
    pull_request: str | None  # its address
    sent: dict[str, int]  # path in the repository -> bytes, of what is new in the commit; empty: nothing has changed
    deleted: list[str]  # paths in the repository
    load: str  # Python that loads the dataset
    is_new: bool  # whether the dataset was not there before
    private: bool


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
    dry_run: bool = False,
    reporter: Reporter | None = None,
) -> Pushed:
    """Publish a finished run on the Hub. If it is killed at any moment and called again,
     it sends only what has not arrived.

    Every target of the run gets its own folder and its own config; other targets in the repository stay.

    Args:
        run: its folder, or a `Run`.
        repo: the dataset on the Hub, as owner/name. A new one is private.
        public: let everybody read it.
        revision: a branch to push to, which is made if it does not exist; the main one by default.
        tag: a name for the commit.
        create_pr: open a pull request instead.
        licence: under which the set is passed on, as the Hub names it ("cc-by-4.0").
        controls: push the controls too, each as a config of its own.
        dry_run: send nothing; check everything that can be checked before, the card too.
        reporter: is told when the Hub makes us wait, and when something looks like personal data.

    Returns:
        Where the set is now, and what was sent.

    Raises:
        UserError: the run or what is asked for cannot be used, or the Hub refuses, and nothing was sent; or
            `load_dataset` cannot load what is there now.
        Stopped: the Hub could not be reached.
    """
    config = _PushConfig(repo, public, revision, tag, create_pr, licence, controls, dry_run)
    return _publish(Path(run), config, (reporter or Silent()).say)


def _publish(path: Path, config: _PushConfig, say: Say) -> Pushed:
    run, manifest = opened(path)
    refuse_unfinished(run, manifest)
    config = config._replace(repo=retries.named(config.repo))
    _refuse_contradictions(config)
    controls = staging.controls(run, manifest)
    if config.controls and not controls:
        raise UserError(f"{path} has no controls of its transfer sets: make them with `sdrrl-data controls {path}`")
    if config.public and not config.licence:
        _refuse_unknown_licences([manifest])
    with run.lock():
        staging.check(run, manifest)
        for sentence in personal_data.warnings(run, manifest):
            say(f"warning: {sentence}")
        with retries.refusals(config.repo):
            pushed, card = retries.patiently(partial(_push, run, manifest, config, controls, say), say)
            shutil.rmtree(run.path / staging.FOLDER, ignore_errors=True)
            if config.dry_run:
                _refuse_faulty(run, manifest, card)
                return pushed
            names = loadable.promised(card)
            problems = retries.patiently(lambda: [*loadable.problems(config.repo, pushed.commit, names)], say)
    if problems:
        raise UserError(
            f"{config.repo} has the run now (commit {pushed.commit}), but `load_dataset` cannot load "
            f"{'; '.join(problems)}: correct what README.md, .huggingface.yaml or dataset_infos.json in the repository "
            "say of it, and push again"
        )
    return pushed


def _push(
    run: Run, manifest: Manifest, config: _PushConfig, controls: dict[str, list[str]], say: Say
) -> tuple[Pushed, str]:
    """One attempt. It looks at the repository and does what is missing, so it may be repeated.

    Returns:
        What was pushed, and the card.
    """
    from huggingface_hub import HfApi, get_token

    retries.refuse_offline()
    if get_token() is None:
        raise UserError(
            f"{config.repo}: the Hub wants to know who you are: log in with `hf auth login`, or set HF_TOKEN"
        )
    api = HfApi()
    dataset, new_branch = _look(config)
    if dataset and not dataset.private and not config.public:
        raise UserError(f"{config.repo} is public, so everybody could read these rows: say --public if they may")
    others = published.runs(published.manifests(dataset, without=manifest.counts.targets)) if dataset else []
    if config.public and not config.licence:
        _refuse_unknown_licences(others)
    if not config.controls:
        controls = _pushed_before(controls, dataset)
    files = staging.files(run, manifest, controls)
    existing_card = _existing_card(run, dataset)
    described = description.files(run, manifest, others, existing_card, config.licence, controls)
    files |= described
    on_hub = dataset.files if dataset else {}
    card = described[CARD].decode()
    if dataset and not others and not any(staging.of_targets(path, manifest, controls) for path in on_hub):
        existing.refuse_other_formats(config.repo, card, on_hub)
        for sentence in existing.warnings(config.repo, card, existing_card or "", on_hub):
            say(f"warning: {sentence}")
    changed = {path: content for path, content in files.items() if not _same(content, on_hub.get(path))}
    stale = [path for path in on_hub if path not in files and staging.of_targets(path, manifest, controls)]
    has_tag = _has_tag(config, dataset, changes=bool(changed or stale))

    # A pull request makes nothing public.
    becomes_public = config.public and dataset is not None and dataset.private and not config.create_pr
    pushed = Pushed(
        f"{api.endpoint}/datasets/{config.repo}" + (f"/tree/{config.revision}" if config.revision else ""),
        dataset.commit if dataset else "",
        None,
        {path: _size(content) for path, content in changed.items()},
        stale,
        _load(config.repo, next(iter(manifest.counts.targets)), config.tag or config.revision),
        is_new=dataset is None,
        private=(dataset.private and not becomes_public) if dataset else not config.public,
    )
    if config.dry_run:
        return pushed, card
    if dataset is None:
        api.create_repo(config.repo, repo_type="dataset", private=not config.public)
    if config.revision and new_branch:
        start = dataset.commit if dataset else None
        api.create_branch(config.repo, repo_type="dataset", branch=config.revision, revision=start, exist_ok=True)
    if changed or stale:
        info = _commit(config, list(manifest.counts.targets), changed, stale, dataset)
        branch = config.tag or info.pr_revision or config.revision
        load = _load(config.repo, next(iter(manifest.counts.targets)), branch)
        pushed = pushed._replace(commit=info.oid, pull_request=info.pr_url, load=load)
    if becomes_public:
        api.update_repo_settings(config.repo, repo_type="dataset", private=False)
    if config.tag and not has_tag:
        api.create_tag(config.repo, repo_type="dataset", tag=config.tag, revision=pushed.commit)
    return pushed, card


def _refuse_faulty(run: Run, manifest: Manifest, card: str) -> None:
    """Refuse a run whose card says something else than its tables, or that the Hub would refuse."""
    of_run = checking.check(run, manifest) if (run.path / CARD).is_file() else []
    if problems := of_run or checking.hub_problems(card)[0]:
        raise UserError(
            f"the card of {run.path} has problems ({'; '.join(problems)}): `sdrrl-data card` writes it anew"
        )


def _refuse_contradictions(config: _PushConfig) -> None:
    if config.create_pr and config.revision:
        raise UserError("--create-pr proposes changes of the main branch: leave out --revision, or --create-pr")
    if config.create_pr and config.tag:
        raise UserError(
            "--tag names a commit of a branch, and with --create-pr there is no such commit yet: leave one of them out"
        )


def _refuse_unknown_licences(manifests: Sequence[Manifest]) -> None:
    unknown = licences.unknown([part for manifest in manifests for part in manifest.ingredients])
    if unknown:
        raise UserError(
            f"--public: the rows were made from {', '.join(unknown)}, and the licence of that is not known: find out "
            "under which licence the dataset may be passed on, and name it with --licence (such as --licence cc-by-4.0)"
        )


def _look(config: _PushConfig) -> tuple[Repository | None, bool]:
    """The dataset at the revision that will change, or None if it does not exist; and whether the branch is missing.

    Raises:
        UserError: the name belongs to a model, or the revision is not a branch.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError

    try:
        dataset = hub.look("dataset", config.repo, config.revision, digests=True)
    except RevisionNotFoundError:
        return hub.look("dataset", config.repo, None, digests=True), True
    except RepositoryNotFoundError:
        try:
            hub.look("model", config.repo, None)
        except RepositoryNotFoundError:
            return None, config.revision not in {None, "main"}
        raise UserError(f"{config.repo} is a model on the Hub: choose another name for the dataset") from None
    if config.revision and not config.revision.startswith("refs/pr/"):
        refs = HfApi().list_repo_refs(config.repo, repo_type="dataset")
        if config.revision not in {branch.name for branch in refs.branches}:
            raise UserError(
                f"{config.repo}: {config.revision} is not a branch, so no commit can be added to it: name a branch"
            )
    return dataset, False


def _pushed_before(controls: dict[str, list[str]], dataset: Repository | None) -> dict[str, list[str]]:
    """The controls that are in the repository: every push updates them."""
    folders = {path.rpartition("/")[0] for path in dataset.files} if dataset else set()
    pushed = {tag: [name for name in names if f"{tag}/controls-{name}" in folders] for tag, names in controls.items()}
    return {tag: names for tag, names in pushed.items() if names}


def _existing_card(run: Run, dataset: Repository | None) -> str | None:
    """The card of the repository; for a new repository the card of the run, which somebody may have edited."""
    if dataset and CARD in dataset.files:
        return dataset.read(CARD).decode(errors="replace")
    card_of_run = run.path / CARD
    return card_of_run.read_text(encoding="utf-8") if card_of_run.is_file() else None


def _has_tag(config: _PushConfig, dataset: Repository | None, changes: bool) -> bool:
    """Whether the repository has the tag at the right commit.

    Raises:
        UserError: it has the tag at another commit.
    """
    from huggingface_hub import HfApi

    if not config.tag or dataset is None:
        return False
    tags = HfApi().list_repo_refs(config.repo, repo_type="dataset").tags
    commit = {tag.name: tag.target_commit for tag in tags}.get(config.tag)
    if commit and (changes or commit != dataset.commit):
        raise UserError(f"{config.repo} has a tag {config.tag} already, of commit {commit}: choose another --tag")
    return commit is not None


def _commit(
    config: _PushConfig,
    targets: Sequence[str],
    changed: Mapping[str, Content],
    stale: Sequence[str],
    dataset: Repository | None,
) -> "CommitInfo":
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

    added = [CommitOperationAdd(path, content) for path, content in changed.items()]
    deleted = [CommitOperationDelete(path, is_folder=False) for path in stale]
    return HfApi().create_commit(
        config.repo,
        [*added, *deleted],
        repo_type="dataset",
        commit_message=f"Transfer set {', '.join(targets)} (sdrrl-data {__version__})",
        revision=config.revision,
        create_pr=config.create_pr,
        # The card was merged with that of this commit; somebody may have added another commit since.
        parent_commit=dataset.commit if dataset else None,
    )


def _same(content: Content, file: Digests | None) -> bool:
    """Whether a file on the Hub has this content."""
    if file is None:
        return False
    if file.sha256:
        digest = hashlib.sha256(content).hexdigest() if isinstance(content, bytes) else digest_of(content)
        return digest == file.sha256
    data = content if isinstance(content, bytes) else content.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest() == file.blob


def _size(content: Content) -> int:
    return len(content) if isinstance(content, bytes) else content.stat().st_size


def _load(repo: str, config_name: str, revision: str | None) -> str:
    argument = f', revision="{revision}"' if revision else ""
    return f'from datasets import load_dataset; rows = load_dataset("{repo}", "{config_name}"{argument})'
