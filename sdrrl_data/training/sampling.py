"""What a model answers to a few test prompts, before and after the training."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from sdrrl_data.errors import UserError
from sdrrl_data.run.disk import written
from sdrrl_data.training.plan import TrainingPlan, devices
from sdrrl_data.training.reporting import Sample

LONGEST = 128  # tokens of an answer
BEFORE = Path("checkpoints", "before.json")


def draw(trainer: Any, plan: TrainingPlan) -> list[Sample]:
    """Greedy answers, one prompt at a time; none if several processes share a model."""
    import torch

    if devices() > 1:
        return []
    chat, model = plan.chat, trainer.model
    samples = []
    training = model.training
    model.eval()
    for prompt in _prompts(plan):
        ids = torch.tensor([chat.prompt(prompt)], device=model.device)
        with torch.inference_mode():
            written = model.generate(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=LONGEST,
                do_sample=False,
                pad_token_id=chat.tokenizer.pad_token_id,
            )
        answer = chat.tokenizer.decode(written[0, ids.shape[1] :], skip_special_tokens=True)
        samples.append(Sample(prompt, answer.strip()))
    model.train(training)
    return samples


def save(out: Path, samples: Sequence[Sample]) -> None:
    """Save the samples of before the training beside the checkpoints, for when it is resumed."""
    with written(out / BEFORE) as temporary:
        temporary.write_text(json.dumps([sample._asdict() for sample in samples], ensure_ascii=False), "utf-8")


def load(out: Path) -> list[Sample]:
    """The saved samples of before the training; none if none were saved.

    Raises:
        UserError: they cannot be read.
    """
    path = out / BEFORE
    try:
        return [Sample(**fields) for fields in json.loads(path.read_text(encoding="utf-8"))] if path.is_file() else []
    except (OSError, ValueError, TypeError, RecursionError):
        raise UserError(
            f"{path} is damaged: remove it; the card will then show no samples of before the training"
        ) from None


def _prompts(plan: TrainingPlan) -> list[Any]:
    """Test prompts of as many different tasks and directions as possible; the same ones for the same seed."""
    rows = plan.test.table.with_columns(turn=pl.int_range(pl.len()).over("task", "direction"))
    return rows.sort("turn", "task", "direction")["prompt"].head(plan.settings.samples).to_list()
