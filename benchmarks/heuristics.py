"""The scorers that only count, beside OpusFilter's six heuristics: the same pairs, one core. Reads ../shared/data.

Counted is the processor's time, without starting and without learning what is usual, which a run does once.

OpusFilter runs in an environment of its own. Give an interpreter that has it (`python -m venv /tmp/opusfilter`,
`/tmp/opusfilter/bin/pip install opusfilter`, `python benchmarks/heuristics.py /tmp/opusfilter/bin/python`); without
one, uv makes one.
"""

import json
import os
import platform
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import get_args

if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

from sdrrl_data import recipe
from sdrrl_data.languages import find
from sdrrl_data.protocols import TextPair, Unit
from sdrrl_data.scoring.heuristics import Heuristics
from sdrrl_data.scoring.length import Expectation

FLORES = Path(__file__).parents[2] / "shared/data/flores-dev"
EN, PT = find("en"), find("pt")
ROUNDS = 5
WANTED = 5.0
OPUSFILTER = """
import json, sys, time
from importlib.metadata import version
from opusfilter import filters
six = [
    filters.LengthFilter(unit="char", min_length=1, max_length=10_000),
    filters.LengthRatioFilter(unit="char"),
    filters.LongWordFilter(),
    filters.HtmlTagFilter(),
    filters.TerminalPunctuationFilter(),
    filters.NonZeroNumeralsFilter(),
]
pairs = json.load(sys.stdin)
for own in six:
    list(own.score(pairs[:10]))
start = time.process_time()
for own in six:
    list(own.score(pairs))
print(json.dumps([time.process_time() - start, version("opusfilter")]))
"""


def main() -> None:
    command = [sys.argv[1]] if sys.argv[1:] else ["uv", "run", "--no-project", "--with", "opusfilter", "python"]
    lines = [(FLORES / f"{tag}.txt").read_text("utf-8").splitlines() for tag in ("en", "pt")]
    sentences = list(zip(*lines, strict=True))
    print(f"one core, best of {ROUNDS}; Python {platform.python_version()}, icu4py {version('icu4py')}")
    for size in (1, 5):
        compare([sentences[start : start + size] for start in range(0, len(sentences), size)], command)


def compare(texts: list[list[tuple[str, str]]], command: list[str]) -> None:
    """Print the speeds over texts of so many sentences each."""
    pairs = [paragraphs(text) for text in texts]
    theirs, ours = float("inf"), float("inf")
    for _ in range(ROUNDS):  # in turn, so that what else the machine does falls on both
        seconds, release = opusfilter(pairs, command)
        theirs, ours = min(theirs, seconds), min(ours, scored(pairs))
    print(f"\n{len(pairs)} English-Portuguese pairs of {len(texts[0])} sentences")
    print(f"OpusFilter {release}, six heuristics  {len(pairs) / theirs:7.0f} pairs/s")
    print(f"our five scorers, twelve scores  {len(pairs) / ours:7.0f} pairs/s")
    print(f"ratio {theirs / ours:.1f} (wanted: {WANTED})")


def paragraphs(text: list[tuple[str, str]]) -> TextPair:
    """The sentences as one text, a line each."""
    source = target = ""
    units = []
    for own, other in text:
        units.append(Unit(len(source), len(source) + len(own), len(target), len(target) + len(other)))
        source, target = f"{source}{own}\n", f"{target}{other}\n"
    return TextPair(source, target, units)


def opusfilter(pairs: list[TextPair], command: list[str]) -> tuple[float, str]:
    """Seconds, in a process of its own; and its version."""
    texts = json.dumps([(pair.source, pair.target) for pair in pairs])
    done = subprocess.run([*command, "-c", OPUSFILTER], input=texts, stdout=subprocess.PIPE, text=True, check=True)
    seconds, release = json.loads(done.stdout)
    return seconds, release


def scored(pairs: list[TextPair]) -> float:
    """Seconds for all scores."""
    settings = [own() for own in get_args(recipe.Heuristic)]
    scorer = Heuristics(settings, EN, PT, Expectation.learn(pairs, EN, PT))
    start = time.process_time()
    assert scorer.score(pairs, lambda _: None).height == len(pairs)
    return time.process_time() - start


if __name__ == "__main__":
    main()
