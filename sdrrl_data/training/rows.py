"""The rows to train on: from a dataset of the Hub, a run, or Parquet files."""

import glob
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from sdrrl_data import languages
from sdrrl_data.errors import DatasetNotFound, UserError
from sdrrl_data.models.hub import HubRequest
from sdrrl_data.models.places import HubName, place_of
from sdrrl_data.recipe import DEFAULT_DATE
from sdrrl_data.run import Run, fingerprint
from sdrrl_data.run.dataset import OF_TARGET, TRANSFER_SET
from sdrrl_data.run.disk import check, digest_of
from sdrrl_data.sources import hub_rows
from sdrrl_data.sources.row_files import parquet_table
from sdrrl_data.steps.schemas import MESSAGES
from sdrrl_data.stores import address_of
from sdrrl_data.suggestions import instead, path_instead


class Columns(NamedTuple):
    """What a set has to have for an objective."""

    needed: dict[str, Any]  # column -> its type
    dataset: str  # the name of a target's dataset that has them
    task: str = "task"  # the column that says what a row is about

    def config(self, tag: str) -> str:
        """The config of a target."""
        return tag if self.dataset == TRANSFER_SET else f"{tag}-{self.dataset}"

    def are_of(self, config: str) -> bool:
        """Whether a config may have them, by its name."""
        beside = next((name for name in OF_TARGET if config.endswith(f"-{name}")), TRANSFER_SET)
        return beside == self.dataset

    @property
    def named(self) -> str:
        """Their names in a sentence."""
        *others, last = self.needed
        return f"{', '.join(others)} and {last}"


COMPLETIONS = Columns({"prompt": MESSAGES, "completion": MESSAGES}, TRANSFER_SET)
# What a set may have besides, and what stands there where it has not.
OPTIONAL: dict[str, tuple[Any, Any]] = {
    "id": (pl.String, None),
    "task": (pl.String, "unknown"),
    "direction": (pl.String, "unknown"),
    "weight": (pl.Float64, 1.0),
    "signature": (pl.String, None),
    "split": (pl.String, "train"),
}


class Rows(NamedTuple):
    """A dataset to train on.

    Its table has the columns `key` (which no other row has, however the rows are ordered), task, direction, those that
    the objective needs (lists of role and content), weight, split.
    """

    table: pl.DataFrame
    name: str  # of the Hub, or the last part of a path
    config: str | None
    revision: str  # a commit of the Hub, or a digest of the files
    signatures: tuple[str, ...]  # one a target, as the rows have them
    licence: str | None  # as the Hub says; None where it is not known
    on_hub: bool

    @property
    def src(self) -> str | None:
        """The tag of the source language, by the signatures."""
        languages = self._signed("src")
        return languages.pop() if len(languages) == 1 else None

    @property
    def date(self) -> str:
        """The day that the chat template was told when the answers were written, by the signatures."""
        dates = self._signed("date")
        return dates.pop() if len(dates) == 1 else DEFAULT_DATE

    def _signed(self, field: str) -> set[str]:
        """What the signatures have in a field."""
        return {match[1] for line in self.signatures if (match := re.search(rf"(?:^|\|){field}:([^|]+)", line))}


def find(
    dataset: str,
    tgt: str | None = None,
    config: str | None = None,
    revision: str | None = None,
    option: str = "DATASET",
    columns: Columns = COMPLETIONS,
) -> Rows:
    """Read a dataset.

    Args:
        dataset: a dataset on the Hub (org/name), a run (its folder or its address), or a Parquet file,
            a folder or a glob of them.
        tgt: a target language of it, by any name.
        config: of the Hub's dataset or the run instead: a target's tag, a control such as `pt-sft`, or `all`.
        revision: of the Hub's dataset.
        option: what the user gave it with, for the error's sentence.
        columns: that it has to have.

    Raises:
        DatasetNotFound: it is not there, or not for this user.
        HubUnavailable: the Hub cannot be reached, and the dataset was not fetched before.
        UserError: it has several configs and none is named, or lacks a column.
    """
    config = config or (columns.config(languages.find(tgt).tag) if tgt else None)
    path = Path(os.path.expanduser(dataset))
    if address := address_of(dataset):
        run = Run(dataset)
        if run.manifest() is None:
            raise DatasetNotFound(f"{address}: there is no run")
        return _of_run(run, config, address.name, columns)
    if (path / "manifest.json").is_file():
        return _of_run(Run(path), config, path.resolve().name, columns)
    files = [path] if path.is_file() else sorted(path.glob("*.parquet") if path.is_dir() else _globbed(path))
    if files:
        return _of_files(files, path.resolve().name, None, columns)
    if path.exists():
        raise UserError(f"{dataset} has no Parquet files and is not a run: name a folder that has, or a run's")
    if place_of(dataset) != HubName(dataset):
        raise DatasetNotFound(
            f"{dataset}: there is no such file or folder, and it is not a dataset on the Hub (org/name)"
            + path_instead(dataset, [Path("runs")])
        )
    return _of_hub(dataset, config, revision, option, columns)


def _globbed(path: Path) -> list[Path]:
    return [Path(file) for file in glob.glob(str(path), recursive=True) if file.endswith(".parquet")]


def _of_run(run: Run, config: str | None, name: str, columns: Columns) -> Rows:
    tags, path = run.targets, run.path
    if columns.dataset != TRANSFER_SET:
        usual = {columns.config(tag): tag for tag in tags}
        chosen = _chosen(str(path), config, list(usual), list(usual))
        run.refuse_without(columns.dataset, [usual[chosen]])
        files = run.dataset(f"{usual[chosen]}/{columns.dataset}").files()
        return _of_files(files, name, chosen, columns)
    folders = {tag: f"{tag}/{TRANSFER_SET}" for tag in tags}
    controls = [folder for tag in tags for folder in sorted((path / tag).glob("controls-*"))]
    for control in controls:
        tag = control.parent.name
        folders[f"{tag}-{control.name.removeprefix('controls-')}"] = f"{tag}/{control.name}"
    chosen = _chosen(str(path), config, [*folders, "all"], tags)
    wanted = [folders[tag] for tag in tags] if chosen == "all" else [folders[chosen]]
    files = [file for folder in wanted for file in run.dataset(folder).files()]
    if not files:
        raise UserError(f"{path} has no {wanted[0]} yet: {run.goes_on}")
    return _of_files(files, name, chosen, columns)


def _chosen(where: str, config: str | None, configs: Sequence[str], usual: Sequence[str]) -> str:
    """The config that was named, or the only one there is."""
    if config is None and len(usual) == 1:
        return usual[0]
    if config is None:
        raise UserError(f"{where} has several configs: choose one with --tgt or --config, of {', '.join(configs)}")
    if config not in configs:
        raise UserError(f"{where} has no config {config}: {instead(config, configs)}")
    return config


def _of_files(files: Sequence[Path], name: str, config: str | None, columns: Columns) -> Rows:
    parts = []
    for file in files:
        check(file)
        split = re.match(r"train|test", file.name)
        parts.append(_normal(parquet_table(file, "dataset"), str(file), split[0] if split else None, columns))
    revision = fingerprint([digest_of(file) for file in files])
    return _rows(pl.concat(parts), name=name, config=config, revision=revision, licence=None, on_hub=False)


def _of_hub(name: str, config: str | None, revision: str | None, option: str, columns: Columns) -> Rows:
    instead = f"give a run or Parquet files as {option}"
    request = HubRequest("dataset", name, revision, "dataset", f"the name given as {option}", instead)
    dataset = hub_rows.find(request, config)
    repository = dataset.repository
    configs = [each for each in repository.configs or ("default",) if columns.are_of(each)]
    usual = [each for each in configs if each != "all"]
    if not usual:
        raise UserError(
            f"{request} has no {columns.dataset}: a run of this version of sdrrl-data has some; `sdrrl-data pull`, "
            "`generate` and `push` add them to a dataset of an earlier version"
        )
    chosen = _chosen(str(request), config, configs, usual)
    names = {*columns.needed, *OPTIONAL, columns.task}
    parts = [
        _normal(
            rows.select_columns([column for column in rows.column_names if column in names]).to_polars(),
            str(request),
            str(split),
            columns,
        )
        for split, rows in hub_rows.load(dataset, chosen).items()
    ]
    return _rows(
        pl.concat(parts),
        name=name,
        config=chosen,
        revision=repository.commit,
        licence=repository.licence,
        on_hub=True,
    )


def _normal(rows: pl.DataFrame, where: str, split: str | None, columns: Columns) -> pl.DataFrame:
    """The columns that are wanted, whatever else there is."""
    for column in columns.needed:
        if column not in rows.columns:
            raise UserError(f"{where} has no column {column}: a set to train on has {columns.named}")
    if columns.task in rows.columns:
        rows = rows.with_columns(task=columns.task)
    try:
        rows = rows.with_columns(pl.col(column).cast(dtype) for column, dtype in columns.needed.items())
    except pl.exceptions.PolarsError:
        raise UserError(
            f"{where}: {columns.named} must be lists of messages with role and content, as TRL's conversational "
            "format has them"
        ) from None
    defaults = {column: default for column, (_, default) in OPTIONAL.items()} | {"split": split or "train"}
    rows = rows.with_columns(
        pl.lit(default).alias(column) for column, default in defaults.items() if column not in rows.columns
    )
    try:
        return rows.select(*columns.needed, *(pl.col(column).cast(dtype) for column, (dtype, _) in OPTIONAL.items()))
    except pl.exceptions.PolarsError as error:
        raise UserError(f"{where} has a column that is not as expected ({str(error).splitlines()[0]})") from None


def _rows(table: pl.DataFrame, **known: Any) -> Rows:
    signatures = tuple(table["signature"].drop_nulls().unique(maintain_order=True))
    # Several targets share the ids of their seeds; rows of elsewhere may have none.
    named = pl.concat_str("id", "signature", ignore_nulls=True)
    place = pl.int_range(pl.len()).cast(pl.String)
    key = pl.when(pl.col("id").is_null()).then(place).otherwise(named)
    again = pl.int_range(pl.len()).over("key").cast(pl.String)
    weight = pl.col("weight").fill_null(1.0)
    table = (
        table.with_columns(key=key, weight=weight)
        .with_columns(key=pl.when(pl.col("key").is_duplicated()).then("key" + pl.lit(" ") + again).otherwise("key"))
        .with_columns(pl.col("task", "direction").fill_null("unknown"))
        .drop("id", "signature")
    )
    return Rows(table, signatures=signatures, **known)
