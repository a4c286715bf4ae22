"""What a model answers to a few test prompts, before and after it was trained."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from sdrrl_data.training.plan import Plan, devices
from sdrrl_data.training.reporting import Sample

LONGEST = 128  # tokens of an answer
KEPT = Path("checkpoints", "before.json")


def draw(trainer: Any, plan: Plan) -> list[Sample]:
    """The likeliest answers, one prompt after the other; none where several processes share a model."""
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


def keep(out: Path, samples: Sequence[Sample]) -> None:
    """Keep the samples of before beside the checkpoints, for a training that is stopped and gone on with."""
    path = out / KEPT
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([own._asdict() for own in samples], ensure_ascii=False), encoding="utf-8")


def kept(out: Path) -> list[Sample]:
    """The samples of before."""
    path = out / KEPT
    return [Sample(**own) for own in json.loads(path.read_text(encoding="utf-8"))] if path.is_file() else []


def _prompts(plan: Plan) -> list[Any]:
    """Of as many tasks and directions as there are; the same ones for the same seed."""
    rows = plan.test.table.with_columns(turn=pl.int_range(pl.len()).over("task", "direction"))
    return rows.sort("turn", "task", "direction")["prompt"].head(plan.settings.samples).to_list()
