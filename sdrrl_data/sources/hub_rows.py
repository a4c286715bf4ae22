"""Datasets of the Hub as rows, fetched as they are read or all at once; without the Hub, what was fetched before.

Nothing of a dataset is run: `datasets` refuses those that are made by a script.
"""

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from sdrrl_data.errors import DatasetNotFound, HubUnavailable, UserError
from sdrrl_data.models import hub, hub_errors
from sdrrl_data.models.hub import Repository, Wanted
from sdrrl_data.sources.row_cache import RowCache
from sdrrl_data.sources.row_files import Row, RowSource


class HubDataset(NamedTuple):
    """A dataset that is known to be there, on the Hub or as it was fetched before."""

    wanted: Wanted
    repository: Repository


def find(wanted: Wanted, config: str | None = None, split: str | None = None) -> HubDataset:
    """Find a dataset without reading it.

    Args:
        wanted: which, and the words for the errors' sentences.
        config: of it, as far as it is known; without the Hub, the last commit is taken of which it was fetched.
        split: of it, where it is to be streamed.

    Raises:
        DatasetNotFound: there is no such dataset, not for this user, or not this revision.
        HubUnavailable: the Hub cannot be reached, and no rows were fetched before.
        UserError: the Hub refuses for another reason.
    """
    return HubDataset(wanted, hub.find(wanted, partial(_is_on_disk, config=config, split=split)))


def stream(dataset: HubDataset, config: str | None, split: str) -> RowSource:
    """The rows of a split, of which no more are fetched than are asked for.

    Raises:
        DatasetNotFound: there is no such config.
        HubUnavailable: the Hub cannot be reached, and not so many rows were fetched before.
        UserError: they cannot be read. Iterating over the rows raises all of these too.
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
        elif _is_whole(repository):
            splits = datasets.load_dataset(str(repository.folder), config)
        else:
            raise _not_fetched(dataset, config)
    return splits


def _rows(examples: Iterator[Any], dataset: HubDataset, config: str | None) -> Iterator[Row]:
    with _reading(dataset, config):
        yield from itertools.starmap(Row, enumerate(examples, 1))


def _streamed(dataset: HubDataset, config: str | None, split: str) -> Iterator[Any]:
    from datasets import load_dataset  # takes seconds, so only once the dataset is known to be there

    repository = dataset.repository
    rows = load_dataset(repository.name, config, split=split, revision=repository.commit, streaming=True)
    return RowCache(repository, config, split).keep(iter(rows))


def _streamed_from_disk(dataset: HubDataset, config: str | None, split: str) -> Iterator[Any]:
    """The rows from where all of them are, or else those that were streamed before."""
    import datasets

    repository = dataset.repository
    cache = RowCache(repository, config, split)
    if cache.complete:
        yield from cache.rows()
    elif prepared := _prepared(repository, config):
        yield from _builder(repository, prepared).as_streaming_dataset(split=split)
    elif _is_whole(repository):
        yield from datasets.load_dataset(str(repository.folder), config, split=split, streaming=True)
    elif cache:
        yield from cache.rows()
        raise HubUnavailable(
            f"{dataset.wanted}: the Hugging Face Hub cannot be reached, and no more rows than these were fetched "
            f"before: take fewer, or {dataset.wanted.instead}"
        )
    else:
        raise _not_fetched(dataset, config)


def _is_on_disk(repository: Repository, config: str | None, split: str | None) -> bool:
    if split and RowCache(repository, config, split):
        return True
    prepared = _prepared_configs(repository)
    return (config in prepared if config else bool(prepared)) or _is_whole(repository)


def _prepared_configs(repository: Repository) -> dict[str, Path]:
    """What `datasets` made of a commit when it was loaded: config -> folder. What is there, is there whole."""
    from datasets import config as settings
    from datasets.naming import camelcase_to_snakecase

    owner, _, name = repository.name.partition("/")
    root = Path(settings.HF_DATASETS_CACHE) / f"{owner}___{camelcase_to_snakecase(name)}"
    folders = root.glob(f"*/*/{repository.commit}")
    return {folder.parts[-3]: folder for folder in folders if (folder / "dataset_info.json").is_file()}


def _prepared(repository: Repository, config: str | None) -> Path | None:
    """The folder of a config, or of the only one."""
    configs = _prepared_configs(repository)
    return configs.get(config or (next(iter(configs)) if len(configs) == 1 else "default"))


def _builder(repository: Repository, prepared: Path) -> Any:
    """What reads a prepared folder; without the Hub, `load_dataset` would take the last one, whatever the commit."""
    from datasets.packaged_modules.cache.cache import Cache

    config, version, commit = prepared.parts[-3:]
    name = repository.name
    return Cache(repo_id=name, dataset_name=name.partition("/")[2], config_name=config, version=version, hash=commit)


def _is_whole(repository: Repository) -> bool:
    """Whether all files of a commit are on the disk, as after `hf download`; of fewer, rows would be missing unseen."""
    from huggingface_hub import errors, get_cached_repo_tree

    try:
        listed = get_cached_repo_tree(repository.name, repo_type="dataset", revision=repository.commit)
    except errors.CachedRepoTreeNotFoundError:
        return False
    return {file.path for file in listed} <= repository.files.keys()


def _not_fetched(dataset: HubDataset, config: str | None) -> HubUnavailable:
    part = f"its config {config}" if config else "the dataset"
    return HubUnavailable(
        f"{dataset.wanted}: {part} is not in the cache and the Hugging Face Hub cannot be reached: "
        f"{dataset.wanted.instead}"
    )


def unreadable() -> tuple[type[Exception], ...]:
    """What `datasets` raises where a dataset, the Hub, the network or the disk is at fault.

    Besides its own errors and the Hub's: `ValueError` for configs, splits and contents (those of JSON and UTF-8 are of
    its kind), `TypeError` for a column that changes its type, `ImportError` for a compression that is not installed,
    and what the readers of Parquet, YAML and compressed files raise.
    """
    import lzma
    import zlib

    import pyarrow
    import yaml
    from datasets.exceptions import DatasetsError

    return (
        *hub_errors.raised(),
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
    wanted = dataset.wanted
    try:
        yield
    except unreadable() as error:
        if config and f"BuilderConfig '{config}' not found" in str(error):
            raise DatasetNotFound(
                f"{wanted}: the Hub has no config {config} of this dataset: {wanted.instead}"
            ) from error
        outage = hub_errors.outage(error)
        where = "cache" if dataset.repository.folder else "Hugging Face Hub"
        raise (HubUnavailable if outage else UserError)(
            f"{wanted}: the dataset cannot be read from the {where}: check its name, config, split and revision, or "
            f"{wanted.instead} ({outage.why if outage else hub_errors.described(error)})"
        ) from error
