"""TRL's SFTTrainer, told what to train and made to tell how it gets on."""

import shutil
import time
from pathlib import Path
from typing import Any

import polars as pl

from sdrrl_data.errors import NotInstalled
from sdrrl_data.models.locating import loading
from sdrrl_data.processes.allocator import keep_freed_memory
from sdrrl_data.training import checkpoints, schedule
from sdrrl_data.training.losses import Loss, Losses, measure, together
from sdrrl_data.training.plan import Plan, devices, is_first
from sdrrl_data.training.reporting import Listeners, TrainingStep
from sdrrl_data.training.settings import Training

CHECKPOINTS = "checkpoints"


def build(plan: Plan, at_once: int, listeners: Listeners, checkpoint: Path | None = None) -> Any:
    """A trainer with the model loaded.

    Args:
        plan: what to train on what.
        at_once: rows that a device takes at once; `plan.batch` is a multiple of it.
        listeners: are told of each step and each evaluation, in the first process alone.
        checkpoint: what it is to go on from.

    Raises:
        UserError: the model cannot be loaded.
    """
    from transformers import EarlyStoppingCallback, PrinterCallback
    from trl import SFTTrainer

    if _on_cpu():
        keep_freed_memory()
    settings = plan.settings
    test = plan.test.table
    folder = plan.job.out / CHECKPOINTS
    order = schedule.longest_first(plan.order, plan.train.table["input_ids"].list.len(), plan.batch)

    class Trainer(SFTTrainer):  # type: ignore[misc]
        """Evaluates by task and direction; its checkpoints are whole or not there."""

        control: Any
        _tokens, _last = 0, time.perf_counter()

        def evaluate(self, *ignored: Any, **also: Any) -> dict[str, float]:
            """The losses on the test split, which go into the checkpoint's history too."""
            found = measure(self.model_wrapped, test, at_once, self.accelerator, self._tokenizer.pad_token_id)
            number = self.state.global_step
            kinds = [[*kind, *loss] for kind, loss in found.items()]
            self.state.log_history.append({"step": number, "losses": kinds})
            metrics = {"eval_loss": together(found).mean}
            self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
            if is_first():
                listeners.evaluated(number, found)
            self._last = time.perf_counter()  # evaluating is no training
            return metrics

        def log(self, logs: dict[str, Any], start_time: float | None = None) -> None:
            """Tell of a step."""
            super().log(logs, start_time)
            if "loss" in logs and is_first():
                now = time.perf_counter()
                speed = (logs["num_tokens"] - self._tokens) / max(now - self._last, 1e-9)
                self._tokens, self._last = logs["num_tokens"], now
                listeners.step(TrainingStep(self.state.global_step, logs["loss"], logs["learning_rate"], speed))

        def _run_epoch(self, *given: Any, **also: Any) -> None:
            """Train, but not one step more after a checkpoint that was the last."""
            if checkpoint is None or not checkpoints.is_last(checkpoint):
                super()._run_epoch(*given, **also)

        def create_model_card(self, *ignored: Any, **also: Any) -> None:
            """Our own is written at the end."""

        def _save_checkpoint(self, model: Any, trial: Any) -> None:
            path = folder / f"checkpoint-{self.state.global_step}"
            with checkpoints.writing(path):
                if is_first():
                    shutil.rmtree(path, ignore_errors=True)  # a half-written one
                self.accelerator.wait_for_everyone()
                super()._save_checkpoint(model, trial)
                self.accelerator.wait_for_everyone()
                if is_first():
                    mark = checkpoints.Mark(identity=plan.identity, last=self.control.should_training_stop)
                    checkpoints.mark_whole(path, mark)
                    checkpoints.forget(folder, settings.keep, self.state.best_model_checkpoint)

    trainer = Trainer(
        model=_model(plan),
        args=_arguments(plan, folder, at_once, resumed=checkpoint is not None),
        train_dataset=_dataset(plan.train.table).select(order),
        eval_dataset=None if test.is_empty() else _dataset(test.head(1)),  # it has to be there; ours is measured
        processing_class=plan.chat.tokenizer,
        peft_config=None if settings.method == "full" else _adapter(settings),
        callbacks=[EarlyStoppingCallback(settings.patience)] if settings.patience else None,
    )
    trainer.remove_callback(PrinterCallback)
    return trainer


def history(trainer: Any) -> dict[int, Losses]:
    """The losses on the test split by the number of the step, also those of before it was stopped and gone on with."""
    return {
        entry["step"]: {(task, direction): Loss(nll, tokens) for task, direction, nll, tokens in entry["losses"]}
        for entry in trainer.state.log_history
        if "losses" in entry
    }


def in_bf16(settings: Training) -> bool:
    """Whether to calculate in bfloat16."""
    import torch

    if settings.precision != "auto":
        return settings.precision == "bf16"
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    known = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return bool(known.get("avx512_bf16") or known.get("amx_bf16"))


def _on_cpu() -> bool:
    import torch

    return not (torch.cuda.is_available() or torch.backends.mps.is_available())


def _model(plan: Plan) -> Any:
    import torch
    from transformers import AutoModelForCausalLM

    settings, located = plan.settings, plan.located
    bf16 = in_bf16(settings)
    # All weights are trained in float32 and only calculated with in bf16; sharded ones must be of one type.
    keep = settings.method == "full" or devices() > 1
    options: dict[str, Any] = {"dtype": torch.bfloat16 if bf16 and not keep else torch.float32}
    if settings.method == "qlora":
        options |= {"quantization_config": _quantization(bf16), "dtype": torch.bfloat16 if bf16 else torch.float32}
    with loading("model", located.name):
        return AutoModelForCausalLM.from_pretrained(located.path, use_safetensors=True, **options, **located.pinned())


def _quantization(bf16: bool) -> Any:
    """4 bits a weight, as QLoRA has it (Dettmers et al. 2023, https://arxiv.org/abs/2305.14314, section 3)."""
    from importlib.util import find_spec

    import torch
    from transformers import BitsAndBytesConfig

    if not find_spec("bitsandbytes"):
        raise NotInstalled(
            "method qlora needs bitsandbytes: pip install 'sdrrl-data[qlora]', or take method lora", "qlora"
        )
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16 if bf16 else torch.float32,
    )


def _adapter(settings: Training) -> Any:
    from peft import LoraConfig

    own = settings.lora
    targets = own.targets if isinstance(own.targets, str) else list(own.targets)
    return LoraConfig(
        r=own.rank, lora_alpha=own.alpha, lora_dropout=own.dropout, target_modules=targets, task_type="CAUSAL_LM"
    )


def _dataset(rows: pl.DataFrame) -> Any:
    """Token ids, and the labels: the completion alone; -100 leaves a token out of the loss."""
    from datasets import Dataset

    left_out = pl.lit(-100, dtype=pl.Int32).repeat_by("start")
    return Dataset.from_polars(
        rows.select("input_ids", labels=pl.concat_list(left_out, pl.col("input_ids").list.slice("start")))
    )


def _arguments(plan: Plan, folder: Path, at_once: int, resumed: bool) -> Any:
    import torch
    from trl import SFTConfig

    settings = plan.settings
    evaluated = not plan.test.table.is_empty()
    return SFTConfig(
        output_dir=str(folder),
        per_device_train_batch_size=at_once,
        gradient_accumulation_steps=plan.batch // devices() // at_once,
        num_train_epochs=1,  # the order holds all epochs
        # With packing the packs come longest rows first, so they have to be shuffled.
        train_sampling_strategy="random" if settings.packing else "sequential",
        max_steps=settings.max_steps or -1,
        learning_rate=settings.learning_rate,
        lr_scheduler_type="constant_with_warmup" if settings.scheduler == "constant" else settings.scheduler,
        warmup_steps=settings.warmup,
        max_length=plan.limit if settings.packing else None,  # else the rows are as long as they may be
        packing=settings.packing,
        eval_packing=False,
        completion_only_loss=True,
        gradient_checkpointing=settings.gradient_checkpointing,
        bf16=in_bf16(settings),
        use_cpu=_on_cpu(),
        seed=settings.seed,
        eval_strategy="steps" if evaluated else "no",
        eval_steps=settings.evaluate_every,
        eval_on_start=evaluated and not resumed,
        load_best_model_at_end=settings.patience is not None,
        metric_for_best_model="eval_loss" if settings.patience else None,
        greater_is_better=False if settings.patience else None,
        restore_callback_states_from_checkpoint=settings.patience is not None,
        save_strategy="steps",
        save_steps=settings.evaluate_every if settings.patience else settings.save_every,
        logging_steps=1,
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=torch.cuda.is_available(),
    )
