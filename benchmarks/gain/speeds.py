"""How fast this machine is: `python -m benchmarks.gain.speeds FILE ENGINE` writes it into a JSON file.

In a process of its own, which gives back all memory.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks.gain.experiment import MODEL, questions
from sdrrl_data import generation, recipe
from sdrrl_data.cli.quiet import silence_libraries
from sdrrl_data.models import packaged
from sdrrl_data.processes.allocator import keep_freed_memory
from sdrrl_data.protocols import Completion, Request, Sampling
from sdrrl_data.training.settings import TrainingConfig
from sdrrl_data.training.trainer import in_bf16

PROBED = 16  # questions that are answered
ROW, ROWS = 256, 4  # tokens, for the speed of training and of reading

Speeds = dict[str, float]


def main() -> None:
    silence_libraries()
    path, engine = sys.argv[1:]
    Path(path).write_text(json.dumps(_writing(engine) | _training(), indent=2) + "\n", encoding="utf-8")


def _writing(engine: Any) -> Speeds:
    """Tokens a second, tokens of an answer, and seconds until the engine is ready."""
    known = recipe.GeneratorConfig(model=MODEL, engine=engine, max_tokens=320, max_model_len=2048)
    start = time.perf_counter()
    generator = generation.build(known)
    how = Sampling(0.2, 0.9, 1.1, known.max_tokens)
    requests = [
        Request(str(number), [{"role": "user", "content": row["instruction"]}], number, how)
        for number, row in enumerate(questions(PROBED))
    ]
    ready = time.perf_counter()
    results = [result for _, result in generator.generate(requests) if isinstance(result, Completion)]
    took = time.perf_counter() - ready
    generator.close()
    tokens = [result.completion_tokens or 0 for result in results]
    return {"writing": sum(tokens) / took, "answer": fmean(tokens), "starting": ready - start}


def _training() -> Speeds:
    """Tokens a second of an adapter as the trainer has it, and forward alone, as the model reads in an evaluation."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    keep_freed_memory()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    dtype = torch.bfloat16 if in_bf16(TrainingConfig()) else torch.float32
    rows = torch.randint(1000, (ROWS, 1, ROW), device=device)
    reading, training = (
        AutoModelForCausalLM.from_pretrained(packaged.unpack().path, dtype=own).to(device)
        for own in (torch.float32, dtype)
    )
    training = get_peft_model(training, LoraConfig(r=16, target_modules="all-linear", task_type="CAUSAL_LM"))

    def read(row: Any) -> None:
        with torch.inference_mode():
            reading(input_ids=row, labels=row)

    def learn(row: Any) -> None:
        with torch.autocast(device, dtype, enabled=dtype == torch.bfloat16):
            loss = training(input_ids=row, labels=row).loss
        loss.backward()

    return {name: _speed(work, rows) for name, work in (("reading", read), ("training", learn))}


def _speed(work: Callable[[Any], None], rows: Any) -> float:
    """Tokens a second; the first row is slow, and does not count."""
    work(rows[0])
    start = time.perf_counter()
    for row in rows:
        work(row)
    return float(rows.numel() / (time.perf_counter() - start))


if __name__ == "__main__":
    main()
