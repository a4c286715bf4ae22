"""TRL's trainer of the objective, set up for a plan, and reporting to its listeners."""

import shutil
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from sdrrl_data.errors import NotInstalled, Stopped, UserError
from sdrrl_data.models.locating import loading
from sdrrl_data.models.saving import flush, generation_settings_as_they_are
from sdrrl_data.processes.allocator import keep_freed_memory
from sdrrl_data.training import checkpoints, saving, turn_ends
from sdrrl_data.training.losses import Figures, Losses, together
from sdrrl_data.training.plan import TrainingPlan, devices, is_first
from sdrrl_data.training.reporting import Listeners, TrainingStep
from sdrrl_data.training.settings import TrainingConfig

CHECKPOINTS = "checkpoints"


def build(plan: TrainingPlan, at_once: int, listeners: Listeners, checkpoint: Path | None = None) -> Any:
    """Build a trainer, with the model loaded.

    Args:
        plan: the training's.
        at_once: how many rows a device takes at once; `plan.batch` is a multiple of it.
        listeners: are told of each step and each evaluation, by the first process only.
        checkpoint: where to resume from.

    Raises:
        UserError: the model cannot be loaded, or not be trained with these settings.
    """
    from transformers import EarlyStoppingCallback, PrinterCallback

    if _on_cpu():
        keep_freed_memory()
    settings, objective = plan.settings, plan.objective
    test = plan.test.table
    folder = plan.job.out / CHECKPOINTS
    # Asked now: the checkpoint is removed while later ones are written.
    had_ended = checkpoint is not None and checkpoints.is_last(checkpoint)

    class Trainer(objective.trainer()):  # type: ignore[misc]
        """Evaluates by task and direction, and marks its checkpoints when they are complete."""

        control: Any
        _tokens, _last = 0, time.perf_counter()

        def evaluate(self, *ignored: Any, **also: Any) -> dict[str, float]:
            """Measure the losses on the test split; they are saved in the checkpoints' history, too."""
            losses = objective.measure(self, test, at_once)
            number = self.state.global_step
            kinds = [[*kind, *loss] for kind, loss in losses.items()]
            self.state.log_history.append({"step": number, "losses": kinds})
            metrics = {"eval_loss": together(losses).mean}
            self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
            if is_first():
                listeners.evaluated(number, losses)
            self._last = time.perf_counter()  # time spent on evaluating does not count
            return metrics

        def log(self, logs: dict[str, Any], start_time: float | None = None) -> None:
            """Report a step."""
            super().log(logs, start_time)
            if "loss" in logs and is_first():
                now = time.perf_counter()
                # Not every trainer of TRL counts them.
                tokens = logs.get("num_tokens", plan.tokens * self.state.global_step / plan.steps)
                speed = (tokens - self._tokens) / max(now - self._last, 1e-9)
                self._tokens, self._last = tokens, now
                listeners.step(TrainingStep(self.state.global_step, logs["loss"], logs["learning_rate"], speed))

        def _run_epoch(self, *args: Any, **kwargs: Any) -> None:
            """Train, unless the training had ended at the checkpoint."""
            if not had_ended:
                super()._run_epoch(*args, **kwargs)

        def create_model_card(self, *_: Any, **__: Any) -> None:
            """Write none: `model_card` does, at the end."""

        def _save_checkpoint(self, model: Any, trial: Any) -> None:
            path = folder / f"checkpoint-{self.state.global_step}"
            failed: list[str] = []
            with checkpoints.writing(path):
                if is_first():
                    shutil.rmtree(path, ignore_errors=True)  # left incomplete by an earlier attempt
                self.accelerator.wait_for_everyone()
                with saving.attempted(path.name, failed), generation_settings_as_they_are(self.model):
                    super()._save_checkpoint(model, trial)
                if failed:
                    self._save_weights_alone(path, failed[0])
                    return
                flush(path)
                self.accelerator.wait_for_everyone()
                if is_first():
                    mark = checkpoints.CheckpointMark(identity=plan.identity, last=self.control.should_training_stop)
                    checkpoints.mark_complete(path, mark)
                    checkpoints.remove_old(folder, settings.keep, self.state.best_model_checkpoint)

        def _save_weights_alone(self, path: Path, failed: str) -> None:
            """Go on without a checkpoint that cannot be saved; its weights are, for they may be the best, or the last.

            Raises:
                Stopped: it cannot go on, as other processes wait.
            """
            if devices() > 1:
                raise Stopped(f"a checkpoint cannot be saved: {failed}")
            listeners.say(f"a checkpoint cannot be saved: {failed}; the training goes on without it")
            checkpoints.remove_old(folder, settings.keep, self.state.best_model_checkpoint)
            saving.save_weights(self.model, path)
            if self.state.best_global_step == self.state.global_step:
                self.state.best_model_checkpoint = str(path)

    model = _model(plan)
    try:
        trainer = Trainer(
            model=model,
            args=_arguments(plan, folder, at_once, resumed=checkpoint is not None),
            train_dataset=objective.dataset(plan.train.table, plan.taken, at_once),
            # TRL's trainers want one; `evaluate` above uses `test`.
            eval_dataset=objective.dataset(test, [0], 1) if is_evaluated(plan) else None,
            processing_class=plan.chat.tokenizer,
            peft_config=None if settings.method == "full" or plan.adapter else _adapter(settings),
            **objective.options(lambda: _model(plan), whole=settings.method == "full"),
            callbacks=[EarlyStoppingCallback(settings.patience)] if settings.patience else None,
        )
    except (ValueError, NotImplementedError) as error:
        raise UserError(
            f"model {plan.located.name} cannot be trained with these settings: {saving.why(error)}"
        ) from error
    trainer.remove_callback(PrinterCallback)
    if plan.adapter:
        # DPO's and KTO's reference is a copy of the adapter, which is neither saved nor resumed.
        trainer.model.save_pretrained = partial(trainer.model.save_pretrained, selected_adapters=["default"])
    saving.sort_sets(trainer.model)
    return trainer


def history(trainer: Any, kind: Callable[..., Figures]) -> dict[int, Losses]:
    """The losses on the test split by step, including those from before the training was resumed.

    Args:
        trainer: as `build` returns it.
        kind: of the objective's figures.
    """
    return {
        entry["step"]: {(task, direction): kind(*figures) for task, direction, *figures in entry["losses"]}
        for entry in trainer.state.log_history
        if "losses" in entry
    }


def in_bf16(settings: TrainingConfig) -> bool:
    """Whether to compute in bfloat16."""
    import torch

    if settings.precision != "auto":
        return settings.precision == "bf16"
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    capabilities = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


def _on_cpu() -> bool:
    import torch

    return not (torch.cuda.is_available() or torch.backends.mps.is_available())


def _model(plan: TrainingPlan) -> Any:
    import torch
    from transformers import AutoModelForCausalLM

    settings, located = plan.settings, plan.located
    bf16 = in_bf16(settings)
    # If all weights are trained they stay in float32 and only the computation is in bf16; sharded ones need one type.
    in_float32 = settings.method == "full" or devices() > 1
    options: dict[str, Any] = {"dtype": torch.bfloat16 if bf16 and not in_float32 else torch.float32}
    if settings.method == "qlora":
        options |= {"quantization_config": _quantization(bf16), "dtype": torch.bfloat16 if bf16 else torch.float32}
    with loading("model", located.name):
        model = AutoModelForCausalLM.from_pretrained(located.path, use_safetensors=True, **options, **located.pinned())
    if plan.new_end is not None:
        turn_ends.add_end(model, plan.new_end)
    if plan.adapter:
        from peft import PeftModel

        with loading("adapter", str(plan.job.adapter)):
            return PeftModel.from_pretrained(model, str(plan.adapter), is_trainable=True)
    return model


def is_evaluated(plan: TrainingPlan) -> bool:
    """Whether there are losses on the test split."""
    return plan.objective.evaluates and not plan.test.table.is_empty()


def _quantization(bf16: bool) -> Any:
    """4 bits per weight, as in QLoRA (Dettmers et al. 2023, https://arxiv.org/abs/2305.14314, section 3)."""
    from importlib.util import find_spec

    import torch
    from transformers import BitsAndBytesConfig

    if not find_spec("bitsandbytes"):
        raise NotInstalled(
            "method qlora needs bitsandbytes: pip install 'sdrrl-data[qlora]', or use method lora", "qlora"
        )
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16 if bf16 else torch.float32,
    )


def _adapter(settings: TrainingConfig) -> Any:
    from peft import LoraConfig

    adapter = settings.lora
    return LoraConfig(
        r=adapter.rank,
        lora_alpha=adapter.alpha,
        lora_dropout=adapter.dropout,
        target_modules=adapter.targets if isinstance(adapter.targets, str) else list(adapter.targets),
        task_type="CAUSAL_LM",
    )


def _arguments(plan: TrainingPlan, folder: Path, at_once: int, resumed: bool) -> Any:
    import torch

    settings = plan.settings
    evaluated = is_evaluated(plan)
    common = dict(
        output_dir=str(folder),
        per_device_train_batch_size=at_once,
        gradient_accumulation_steps=plan.batch // devices() // at_once,
        num_train_epochs=1,  # the order of the rows contains all epochs
        # The packs start with those of the longest rows, so they have to be shuffled.
        train_sampling_strategy="random" if settings.packing else "sequential",
        max_steps=plan.steps,
        learning_rate=settings.learning_rate,
        lr_scheduler_type="constant_with_warmup" if settings.scheduler == "constant" else settings.scheduler,
        warmup_steps=settings.warmup,
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
    return plan.objective.arguments(common, settings, plan.limit)
