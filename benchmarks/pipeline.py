"""Rows a second that pass from seeds to answers, and on to the transfer set, when no model makes them wait.

The generator returns a sentence at once, the translator the sentence with other letters. Everything else is as in a
real run: Parquet parts, journals, sentences, verdicts, mixing, the card. One core. Scorers and code-switching are off,
and on in a second run with fewer rows.
"""

import codecs
import json
import os
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

os.environ["POLARS_MAX_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

from benchmarks._report import report, sized, versions
from sdrrl_data.pipeline.generate import generate
from sdrrl_data.protocols import Completion, Generator, Ingredient, Request, Translator
from sdrrl_data.recipe import loading
from sdrrl_data.run import Run
from sdrrl_data.steps.model_pool import Models

DATA = Path(__file__).parents[2] / "shared/data/instructions/dolly-2k.jsonl"
ROWS, SWITCHED_ROWS, PART_ROWS = sized((20_000, 2_000, 1_000), (200, 100, 100))
ALONE = {"scorers": [], "thresholds": {}, "transfer_set.mix.code_switched": 0.0}


class AtOnce(Generator):
    """Answers each request with the text that stands under it."""

    def __init__(self, answers: Sequence[str]) -> None:
        self._answers = answers

    def generate(self, requests: Iterable[Request]) -> Iterator[tuple[str, Completion]]:
        for number, request in enumerate(requests):
            yield request.key, Completion(self._answers[number % len(self._answers)], "stop", 30, 80)

    def close(self) -> None:
        pass


class Cipher(Translator):
    """Moves every letter on."""

    max_characters = 400
    whole_texts = False

    def translate(self, sentences: Sequence[str], again: bool = False) -> Iterator[tuple[int, str]]:
        return enumerate(codecs.encode(sentence, "rot13") for sentence in sentences)

    def close(self) -> None:
        pass


def models(answers: Sequence[str]) -> Models:
    return Models(
        identify_generator=lambda settings: Ingredient("generator", "AtOnce", "1", None),
        build_generator=lambda settings: AtOnce(answers),
        identify_translator=lambda settings, src, tgt, generator: Ingredient("translator", "Cipher", "1", None),
        build_translator=lambda settings, src, tgt, generator, seed: Cipher(),
    )


def main() -> None:
    rows = [json.loads(line) for line in DATA.read_text("utf-8").splitlines()]
    answers = [row["output"].partition(". ")[0] for row in rows]
    used = versions("polars", "icu4py", "numpy")
    characters = sum(map(len, answers)) / len(answers)
    print(f"Answers of {characters:.0f} characters on average; one core, {used}")
    with tempfile.TemporaryDirectory() as folder:
        seeds = Path(folder) / "seeds.jsonl"
        texts = [row["instruction"] for row in rows]
        lines = (json.dumps({"question": f"{texts[n % len(texts)]} ({n})"}) for n in range(ROWS))
        seeds.write_text("\n".join(lines), encoding="utf-8")
        run = Run(Path(folder) / "run")
        took = measured({"seeds.source": str(seeds)} | ALONE, run, answers)
        report(f"{ROWS:,} rows, seeds to transfer set", f"{ROWS / took:,.0f} rows/s", used)
        for step, seconds in timings(run).items():
            print(f"    {step:34}{ROWS / seconds:8,.0f} rows/s")
        print(f"    {'reading seeds, mixing, card':34}{ROWS / (took - sum(timings(run).values())):8,.0f} rows/s")
        again = time.perf_counter()
        measured({"seeds.source": str(seeds)} | ALONE, run, answers)
        report("a second time, nothing to do", f"{ROWS / (time.perf_counter() - again):,.0f} rows/s", used)
        changes = {"scorers": ["length", "repetition"], "thresholds": {}, "limit": SWITCHED_ROWS}
        run = Run(Path(folder) / "switched")
        took = measured({"seeds.source": str(seeds)} | changes, run, answers)
        report(f"{SWITCHED_ROWS:,} rows, with code-switching and scorers", f"{SWITCHED_ROWS / took:,.0f} rows/s", used)
        for step, seconds in timings(run).items():
            print(f"    {step:34}{SWITCHED_ROWS / seconds:8,.0f} rows/s")


def measured(changes: dict[str, Any], run: Run, answers: Sequence[str]) -> float:
    recipe = loading.load("sdrrl", {"part_rows": PART_ROWS, "tgt": ["pt"], "parallel": None} | changes)
    start = time.perf_counter()
    generate(recipe, run.path, models(answers))
    return time.perf_counter() - start


def timings(run: Run) -> dict[str, float]:
    """Seconds of each step."""
    seconds: dict[str, float] = {}
    for step, took in run.timings().select("step", "seconds").iter_rows():
        seconds[step] = seconds.get(step, 0) + took
    return {step: took for step, took in seconds.items() if not step.endswith("prompts")}


if __name__ == "__main__":
    main()
