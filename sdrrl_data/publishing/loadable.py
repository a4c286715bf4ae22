"""Tries whether `load_dataset` will load what a card promises, from the files as they lie on the Hub.

Whole files are not fetched: `datasets` finds the files of each config, and their footers say their columns and rows.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

from sdrrl_data import causes
from sdrrl_data.cards import merging
from sdrrl_data.models import hub_errors
from sdrrl_data.sources.hub_rows import unreadable

AT_ONCE = 8  # files whose footers are read at the same time


def problems(repo: str, commit: str, names: Sequence[str]) -> Iterator[str]:
    """Why configs cannot be loaded, a sentence each.

    Args:
        repo: the dataset on the Hub, as owner/name.
        commit: of it.
        names: of the configs.

    Raises:
        OSError, huggingface_hub.errors.HTTPError: the Hub cannot be asked.
    """
    footer = cache(_footer)  # a file of a target is also one of the config of all targets
    for name in names:
        try:
            reason = _problem(repo, commit, name, footer)
        except unreadable() as error:
            if isinstance(error, hub_errors.raised_by_transfers()) and hub_errors.outage(error):
                raise
            reason = causes.described(error)
        if reason:
            yield f"{name}: {reason}"


def promised(card: str) -> list[str]:
    """The names of the configs in the head of a card."""
    head, _ = merging.split(card)
    return [name for config in merging.configs_of(head) if (name := merging.name_of(config))]


def _problem(repo: str, commit: str, name: str, footer: Callable[[str], Any]) -> str | None:
    """Why one config cannot be loaded; `footer` returns that of a Parquet file."""
    import datasets
    import pyarrow
    from datasets.packaged_modules.parquet.parquet import Parquet
    from datasets.table import CastError, table_cast

    builder = datasets.load_dataset_builder(repo, name, revision=commit)
    files = builder.config.data_files
    if not files or not all(files.values()):
        return "it names files that are not there"
    if not isinstance(builder, Parquet):
        return None  # not of a push: that its files are found is all that is tried
    columns, features = builder.config.columns, builder.info.features
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for split, paths in files.items():
            rows = 0
            for file in pool.map(footer, paths):
                rows += file.num_rows
                fields = file.schema.to_arrow_schema()
                schema = pyarrow.schema([field for field in fields if columns is None or field.name in columns])
                features = features or datasets.Features.from_arrow_schema(schema)
                try:
                    table_cast(schema.empty_table(), features.arrow_schema)
                except (pyarrow.ArrowException, CastError, TypeError):
                    return (
                        f"its files have the columns {', '.join(schema.names)}, and {', '.join(features)} are expected"
                    )
            stated = (builder.info.splits or {}).get(split)
            if stated and stated.num_examples not in (0, rows):
                return f"the split {split} has {rows} rows, and `dataset_info` says {stated.num_examples}"
    return None


def _footer(path: str) -> Any:
    """The footer of a Parquet file on the Hub, which has its columns and the number of its rows."""
    import pyarrow.parquet as parquet
    from huggingface_hub import HfFileSystem

    with HfFileSystem().open(path) as file:
        return parquet.read_metadata(file)
