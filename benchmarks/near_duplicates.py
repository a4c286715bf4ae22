"""Near duplicates: our index beside rensa's `RMinHashLSH`, with the same words, bands and exact check.

First as many texts as a run has: one in ten is a copy of an earlier one without some of its words. Then texts written
with a template, each like all the others. Each way runs in a process of its own.
"""

import json
import multiprocessing
import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import psutil

from benchmarks._report import report, sized, versions
from sdrrl_data.text.near_duplicates import CANDIDATES, LOWEST, MIN_WORDS, ORDER, Match, NearDuplicates
from sdrrl_data.text.ngrams import Hashes, hash_ngrams, plain_words
from tests.support import real_texts

INSTRUCTIONS = real_texts.folder() / "instructions/dolly-2k.jsonl"
COPIES = 0.1  # of the texts
BATCH = 1024  # texts, as the scorer takes them
BANDS, SLOTS = 50, 4
TEXTS, FROM_TEMPLATE = sized((100_000, 10_000), (1_000, 200))


class WithRensa:
    """What `NearDuplicates` does, with the candidates of `RMinHashLSH`, which has no limit to the size of a bucket."""

    def __init__(self, language: str) -> None:
        from rensa import RMinHashLSH

        self._language = language
        self._index = RMinHashLSH(LOWEST, BANDS * SLOTS, BANDS)
        self._names: list[str] = []
        self._runs: list[Hashes] = []

    def compare(self, names: Sequence[str], texts: Sequence[str]) -> list[Match | None]:
        from rensa import RMinHash

        words = [plain_words(text, self._language) for text in texts]
        hashes = [
            np.unique(hashed)
            for hashed in hash_ngrams([some if len(some) >= MIN_WORDS else [] for some in words], ORDER)
        ]
        first = len(self._names)
        self._names += names
        self._runs += hashes
        long = [number for number, hashed in enumerate(hashes) if len(hashed)]
        tokens = [[run.tobytes() for run in hashes[number]] for number in long]
        sketches = RMinHash.from_token_sets(tokens, BANDS * SLOTS, 1)
        self._index.insert_pairs([(first + number, sketch) for number, sketch in zip(long, sketches, strict=True)])
        matches: list[Match | None] = [None] * len(texts)
        for number, candidates in zip(long, self._index.query_all(sketches), strict=True):
            matches[number] = self._most_like(first + number, candidates)
        return matches

    def _most_like(self, number: int, candidates: list[int]) -> Match:
        best = Match(0.0, None)
        for earlier in sorted(candidate for candidate in candidates if candidate < number)[:CANDIDATES]:
            shared = np.intersect1d(self._runs[number], self._runs[earlier], assume_unique=True).size
            similarity = shared / (len(self._runs[number]) + len(self._runs[earlier]) - shared)
            if similarity >= max(LOWEST, best.similarity + 1e-9):
                best = Match(similarity, self._names[earlier])
        return best


def as_in_a_run(count: int) -> list[str]:
    """Texts as long as real answers, of their words in any order."""
    draw = random.Random(1)
    answers = [json.loads(line)["output"] for line in INSTRUCTIONS.read_text("utf-8").splitlines()]
    words = " ".join(answers).split()
    lengths = [len(answer.split()) for answer in answers]
    texts: list[str] = []
    while len(texts) < count:
        if texts and draw.random() < COPIES:
            texts.append(" ".join(draw.choice(texts).split()[draw.randint(0, 6) :]))
        else:
            texts.append(" ".join(draw.choices(words, k=draw.choice(lengths))))
    return texts


def from_a_template(count: int) -> list[str]:
    return [f"Write down what you would do on day number {day} of a long journey by boat." for day in range(count)]


WAYS: dict[str, Callable[[str], NearDuplicates | WithRensa]] = {"ours": NearDuplicates, "rensa's": WithRensa}


def measure(way: str, texts: list[str]) -> tuple[float, float, int]:
    """Texts a second of this process, bytes that are kept for each, and how many have a near duplicate."""
    process = psutil.Process()
    index = WAYS[way]("en")
    index.compare(["first"], ["what a process needs once is loaded now"])
    names = [f"{number:016x}" for number in range(len(texts))]
    before, start, alike = process.memory_info().rss, time.process_time(), 0
    for place in range(0, len(texts), BATCH):
        matches = index.compare(names[place : place + BATCH], texts[place : place + BATCH])
        alike += sum(match is not None and match.similarity > 0 for match in matches)
    seconds = time.process_time() - start
    return len(texts) / seconds, (process.memory_info().rss - before) / len(texts), alike


def main() -> None:
    used = versions("rensa", "icu4py")
    print(f"{used}, one core")
    cases = {"as in a run": as_in_a_run(TEXTS), "from one template": from_a_template(FROM_TEMPLATE)}
    for case, texts in cases.items():
        print(f"\n{len(texts)} texts {case}, {sum(len(text.split()) for text in texts) / len(texts):.0f} words each")
        results = {}
        for way in WAYS:
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
                speed, size, alike = results[way] = pool.submit(measure, way, texts).result()
            print(f"{way:8} {speed:7.0f} texts/s  {size:6.0f} bytes a text  {alike} with a near duplicate")
        (our_speed, our_size, _), (speed, size, _) = results.values()
        report(f"ours / rensa, {case}: texts/s", our_speed / speed, used)
        report(f"rensa / ours, {case}: memory", f"{size:.0f} / {our_size:.0f} bytes a text", used)


if __name__ == "__main__":
    main()
