"""Code-switching beside the translation that it works on: what 20,000 pairs cost each, and the memory that it takes.

There are not as many real pairs, so each pair is a sentence of Tatoeba joined to another of Tatoeba or of FLORES: all
are different, but they share their words. The aligner is given each pair as one sentence, the translator as the two
sentences that it consists of. CPU time of one core; memory is that of the switching pass, which reads parts from the
disk as a run does, in a process of its own.
"""

import multiprocessing
import os
import random
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

os.environ["POLARS_MAX_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

import polars as pl

from benchmarks._report import report, sized, versions
from sdrrl_data import alignment, recipe
from sdrrl_data.languages import find
from sdrrl_data.steps import code_switching
from sdrrl_data.steps.schemas import MESSAGES, UNITS
from sdrrl_data.translation.firefox import FirefoxConfig, FirefoxTranslator
from tests.support import real_texts

DATA = real_texts.folder()
ROWS, FEWER, PART_ROWS = sized((20_000, 5_000, 500), (400, 200, 100))
TRANSLATED = sized(300, 10)  # pairs, on which the translator is measured
SRC, TGT = "en", "pt"
SETTINGS = recipe.CodeSwitchingConfig()
TABLES = ("seeds", "answers", "translations")

Pair = tuple[str, str]
Joined = tuple[Pair, Pair]


def main() -> None:
    used = versions("numpy", "icu4py", "polars", "fxtranslate")
    print(f"One core, {used}")
    joined_pairs = pairs(ROWS)
    mean = sum(len(text.split()) for pair in joined_pairs for text, _ in pair) / ROWS
    print(f"{ROWS:,} pairs, {mean:.0f} English words each on average")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(joined_pairs, folder)
        training = alone(train, folder)
        print(f"training the aligner     {training:7.1f} s", flush=True)
        switching, places, peaks = alone(switch, folder)
    print(f"switching {places:,} places {switching:7.1f} s", flush=True)
    translating = translate(joined_pairs)
    print(f"translating              {translating:7.1f} s, scaled by characters from {TRANSLATED} pairs")
    report("training and switching / translating", f"{(training + switching) / translating:.3f}", used, "at most 0.1")
    for rows, mebibytes in zip((0, FEWER, ROWS), peaks, strict=True):
        report(f"memory of switching, at most, after {rows:,} rows", f"{mebibytes:.1f} MiB", used, "flat")


def pairs(count: int) -> list[Joined]:
    """So many, all different."""
    short = [
        (source, target) for source, target in (line.split("\t") for line in lines("parallel/tatoeba.eng-por.tsv"))
    ]
    english = lines("flores-dev/en.txt")
    long = [
        pair
        for name in ("pt", "bergamot-tiny.pt")
        for pair in zip(english, lines(f"flores-dev/{name}.txt"), strict=True)
    ]
    drawn = random.Random(0)
    made: dict[Joined, None] = {}
    while len(made) < count:
        made[drawn.choice(short), drawn.choice(short + long)] = None
    return list(made)


def lines(name: str) -> list[str]:
    return (DATA / name).read_text("utf-8").splitlines()


def write(made: Sequence[Joined], folder: Path) -> None:
    """Parts of three tables: each pair is a question and its translation; there is no answer."""
    for start in range(0, len(made), PART_ROWS):
        part = made[start : start + PART_ROWS]
        ids = [f"{number:05}" for number in range(start, start + len(part))]
        sources = [f"{first[0]} {second[0]}" for first, second in part]
        targets = [f"{first[1]} {second[1]}" for first, second in part]
        units = [[[whole(*pair)]] for pair in zip(sources, targets, strict=True)]  # one turn, one sentence
        answers = pl.DataFrame({"id": ids, "answer": [""] * len(part)})
        seeds = pl.DataFrame({"id": ids, "messages": asked(sources)}, {"id": pl.String, "messages": MESSAGES})
        translations = pl.DataFrame(
            {
                "id": ids,
                "question": asked(targets),
                "question_units": units,
                "answer": [""] * len(part),
                "answer_units": [[]] * len(part),
            },
            {
                "id": pl.String,
                "question": MESSAGES,
                "question_units": pl.List(UNITS),
                "answer": pl.String,
                "answer_units": UNITS,
            },
        )
        for name, table in ("seeds", seeds), ("answers", answers), ("translations", translations):
            table.write_parquet(folder / f"{name}-{start:05}.parquet")


def whole(source: str, target: str) -> dict[str, int]:
    return {"source_start": 0, "source_end": len(source), "target_start": 0, "target_end": len(target)}


def asked(texts: Sequence[str]) -> list[list[dict[str, str]]]:
    return [[{"role": "user", "content": text}] for text in texts]


def train(folder: Path) -> float:
    """Seconds. What was learned is saved."""
    seeds, answers, translations = (pl.read_parquet(folder / f"{name}-*.parquet") for name in TABLES)
    start = time.process_time()
    aligner = alignment.build(SETTINGS.aligner)
    aligner.train(code_switching.training_pairs(seeds, answers, translations, SRC, TGT))
    aligner.save(folder)
    return time.process_time() - start


def switch(folder: Path) -> tuple[float, int, list[float]]:
    """Seconds, places switched, and the peak of memory with the aligner loaded, after a few rows and after all."""
    start = time.process_time()
    aligner = alignment.build(SETTINGS.aligner)
    aligner.load(folder)
    places = 0
    peaks = [peak()]
    for row in range(0, ROWS, PART_ROWS):
        seeds, answers, translations = (pl.read_parquet(folder / f"{name}-{row:05}.parquet") for name in TABLES)
        switched = code_switching.switch(seeds, answers, translations, aligner, SETTINGS, SRC, TGT, 0)
        switched.write_parquet(folder / f"switched-{row:05}.parquet")
        places += switched.explode("switched")["switched"].count()
        if row + PART_ROWS in (FEWER, ROWS):
            peaks.append(peak())
    return time.process_time() - start, places, peaks


def peak() -> float:
    """MiB that this process has held at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def translate(made: Sequence[Joined]) -> float:
    """Seconds that all would take."""
    sample = random.Random(0).sample(made, TRANSLATED)
    measured = [source for pair in sample for source, _ in pair]
    loading, both = translated([]), translated(measured)
    characters = sum(len(source) for pair in made for source, _ in pair)
    return loading + (both - loading) * characters / sum(map(len, measured))


def translated(sentences: Sequence[str]) -> float:
    """Seconds, those of the translator's own process included."""
    before = cpu()
    translator = FirefoxTranslator(FirefoxConfig(), find(SRC), find(TGT))
    assert len(list(translator.translate(sentences))) == len(sentences)
    translator.close()
    return cpu() - before


def cpu() -> float:
    """Seconds of this process and of those that it has ended."""
    return sum(os.times()[:4])


def alone(work: Callable[[Path], Any], folder: Path) -> Any:
    """What `work` returns, done in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, folder).result()


if __name__ == "__main__":
    main()
