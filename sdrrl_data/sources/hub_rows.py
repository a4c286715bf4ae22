"""Datasets on the Hub as rows, fetched while they are read or all at once; offline, the rows that were fetched before.

No code of a dataset is run: `datasets` refuses datasets that are made by a script.
"""

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from sdrrl_data import causes
from sdrrl_data.errors import DatasetNotFound, HubUnavailable, UserError
from sdrrl_data.models import hub, hub_errors
from sdrrl_data.models.hub import HubRequest, Repository
from sdrrl_data.sources.row_cache import RowCache
from sdrrl_data.sources.row_files import Row, RowSource


class HubDataset(NamedTuple):
    """A dataset that is known to exist, on the Hub or as it was fetched before."""

    request: HubRequest
    repository: Repository


def find(request: HubRequest, config: str | None = None, split: str | None = None) -> HubDataset:
    """Find a dataset without reading it.

    Args:
        request: which dataset, and the words for error messages.
        config: its config, if known; offline, the last commit is used of which this config was fetched.
        split: its split, if it is to be streamed.

    Raises:
        DatasetNotFound: there is no such dataset or revision, or this user may not read it.
        HubUnavailable: the Hub cannot be reached, and no rows were fetched before.
        UserError: the Hub refuses for another reason.
    """
    return HubDataset(request, hub.find(request, partial(_is_on_disk, config=config, split=split)))


def stream(dataset: HubDataset, config: str | None, split: str) -> RowSource:
    """The rows of a split; only the rows that are read are fetched.

    Raises:
        DatasetNotFound: there is no such config.
        HubUnavailable: the Hub cannot be reached, and fewer rows were fetched before.
        UserError: they cannot be read. Iterating over the rows can raise all of these errors too.
    """
    repository = dataset.repository
    with _reading(dataset, config):
        streamed = _streamed_from_disk if repository.folder else _streamed
        examples = streamed(dataset, config, split)
        first = next(examples, None)
    columns = list(first) if first else []
    examples = itertools.chain([first] if first else [], examples)
    return RowSource(f"{repository.name}@{repository.commit}", columns, _rows(examples, dataset, config))


def load(dataset: HubDataset, config: str | None) -> Mapping[str, Any]:
    """All splits of a dataset by their names, as `datasets.Dataset`.

    Raises:
        DatasetNotFound: there is no such config.
        HubUnavailable: the Hub cannot be reached, and the config was not fetched before.
        UserError: it cannot be read.
    """
    import datasets

    datasets.disable_progress_bars()
    repository = dataset.repository
    splits: Mapping[str, Any]
    with _reading(dataset, config):
        if repository.folder is None:
            splits = datasets.load_dataset(repository.name, config, revision=repository.commit)
        elif prepared := _prepared(repository, config):
            splits = _builder(repository, prepared).as_dataset()
        elif _is_complete(repository):
            splits = datasets.load_dataset(str(repository.folder), config)
        else:
            raise _not_fetched(dataset, config)
    return splits


def _rows(examples: Iterator[Any], dataset: HubDataset, config: str | None) -> Iterator[Row]:
    with _reading(dataset, config):
        yield from itertools.starmap(Row, enumerate(examples, 1))


def _streamed(dataset: HubDataset, config: str | None, split: str) -> Iterator[Any]:
    from datasets import load_dataset  # takes seconds, so only once the dataset is known to exist

    repository = dataset.repository
    rows = load_dataset(repository.name, config, split=split, revision=repository.commit, streaming=True)
    return RowCache(repository, config, split).keep(iter(rows))


def _streamed_from_disk(dataset: HubDataset, config: str | None, split: str) -> Iterator[Any]:
    """The rows of a complete copy if there is one, otherwise the rows that were streamed before."""
    import datasets

    repository = dataset.repository
    cache = RowCache(repository, config, split)
    if cache.complete:
        yield from cache.rows()
    elif prepared := _prepared(repository, config):
        yield from _builder(repository, prepared).as_streaming_dataset(split=split)
    elif _is_complete(repository):
        yield from datasets.load_dataset(str(repository.folder), config, split=split, streaming=True)
    elif cache:
        yield from cache.rows()
        raise HubUnavailable(
            f"{dataset.request}: the Hugging Face Hub cannot be reached, and only these rows were fetched "
            f"before: use fewer, or {dataset.request.instead}"
        )
    else:
        raise _not_fetched(dataset, config)


def _is_on_disk(repository: Repository, config: str | None, split: str | None) -> bool:
    if split and RowCache(repository, config, split):
        return True
    prepared = _prepared_configs(repository)
    return (config in prepared if config else bool(prepared)) or _is_complete(repository)


def _prepared_configs(repository: Repository) -> dict[str, Path]:
    """The configs of a commit that `datasets` prepared earlier: config -> folder. A folder that exists is complete."""
    from datasets import config as settings
    from datasets.naming import camelcase_to_snakecase

    owner, _, name = repository.name.partition("/")
    root = Path(settings.HF_DATASETS_CACHE) / f"{owner}___{camelcase_to_snakecase(name)}"
    folders = root.glob(f"*/*/{repository.commit}")
    return {folder.parts[-3]: folder for folder in folders if (folder / "dataset_info.json").is_file()}


def _prepared(repository: Repository, config: str | None) -> Path | None:
    """The folder of a config; without a name, of the only config or of `default`."""
    configs = _prepared_configs(repository)
    return configs.get(config or (next(iter(configs)) if len(configs) == 1 else "default"))


def _builder(repository: Repository, prepared: Path) -> Any:
    """What reads a prepared folder; offline, `load_dataset` would take the latest folder, whatever its commit."""
    from datasets.packaged_modules.cache.cache import Cache

    config, version, commit = prepared.parts[-3:]
    name = repository.name
    return Cache(repo_id=name, dataset_name=name.partition("/")[2], config_name=config, version=version, hash=commit)


def _is_complete(repository: Repository) -> bool:
    """Whether all files of a commit are on the disk, as after `hf download`; otherwise rows might be missing unseen."""
    from huggingface_hub import errors, get_cached_repo_tree

    try:
        listed = get_cached_repo_tree(repository.name, repo_type="dataset", revision=repository.commit)
    except errors.CachedRepoTreeNotFoundError:
        return False
    return {file.path for file in listed} <= repository.files.keys()


def _not_fetched(dataset: HubDataset, config: str | None) -> HubUnavailable:
    part = f"its config {config}" if config else "a dataset without a config"
    configs = ", ".join(sorted(_prepared_configs(dataset.repository))) or "none"
    return HubUnavailable(
        f"{dataset.request}: {part} is not in the cache and the Hugging Face Hub cannot be reached: "
        f"{dataset.request.instead} (configs in the cache: {configs})"
    )


def unreadable() -> tuple[type[Exception], ...]:
    """The errors that `datasets` raises because of a dataset, the Hub, the network or the disk.

    Besides its own errors and the Hub's: `ValueError` for configs, splits and contents (errors of JSON and UTF-8 are
    subclasses), `RuntimeError` for a script, `TypeError` for a column that changes its type, `ImportError` for a
    compression that is not installed, and the errors of the readers of Parquet, YAML and compressed files.
    """
    import lzma
    import zlib

    import pyarrow
    import yaml
    from datasets.exceptions import DatasetsError

    return (
        *hub_errors.raised_by_transfers(),
        DatasetsError,
        ValueError,
        TypeError,
        ImportError,
        EOFError,
        pyarrow.ArrowException,
        yaml.YAMLError,
        zlib.error,
        lzma.LZMAError,
    )


@contextmanager
def _reading(dataset: HubDataset, config: str | None) -> Iterator[None]:
    request = dataset.request
    try:
        yield
    except unreadable() as error:
        from datasets.exceptions import DatasetGenerationError

        if config and f"BuilderConfig '{config}' not found" in str(error):
            raise DatasetNotFound(
                f"{request}: the dataset has no config {config} on the Hub: {request.instead}"
            ) from error
        if outage := hub_errors.outage(error):
            raise HubUnavailable(
                f"{request}: the Hugging Face Hub cannot be reached: {request.instead} ({outage.why})"
            ) from error
        place = "cache" if dataset.repository.folder else "Hugging Face Hub"
        reason = error.__cause__ if isinstance(error, DatasetGenerationError) and error.__cause__ else error
        raise UserError(
            f"{request}: the dataset cannot be read from the {place}: check its name, config, split and revision, or "
            f"{request.instead} ({causes.described(reason)})"
        ) from error
