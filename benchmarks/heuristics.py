"""The scorers that only count, beside OpusFilter's six heuristics: the same pairs. Reads ../shared/data.

First as they are used: OpusFilter's command with two jobs, and our scorers on two cores, each with all that it takes
to start. Then the scoring alone: the processor's time on one core.
"""

import json
import os
import platform
import subprocess
import tempfile
import time
from functools import partial
from importlib.metadata import version
from pathlib import Path

from benchmarks._elsewhere import python_with
from sdrrl_data.languages import find
from sdrrl_data.processes.spread import Spread
from sdrrl_data.protocols import TextPair, Unit
from sdrrl_data.recipe import ScorerConfig
from sdrrl_data.scoring.heuristics import Heuristics, learned

FLORES = Path(__file__).parents[2] / "shared/data/flores-dev"
EN, PT = find("en"), find("pt")
ROUNDS = 5
TIMES = 10  # the pairs are scored by the command so many times over, so that starting does not decide
WANTED = 5.0
# Those that look for what ours look for: too long, too short, repeated, copied, cut off, other numbers.
SIX = {
    "LengthFilter": {"unit": "char", "min_length": 1, "max_length": 10_000},
    "LengthRatioFilter": {"unit": "char"},
    "RepetitionFilter": {},
    "SimilarityFilter": {},
    "TerminalPunctuationFilter": {},
    "NonZeroNumeralsFilter": {},
}
OPUSFILTER = """
import json, sys, time
from importlib.metadata import version
from opusfilter import filters
six, pairs = json.load(sys.stdin)
six = [getattr(filters, name)(**options) for name, options in six.items()]
for own in six:
    list(own.score(pairs[:10]))
start = time.process_time()
for own in six:
    list(own.score(pairs))
print(json.dumps([time.process_time() - start, version("opusfilter")]))
"""


def main() -> None:
    command = python_with("opusfilter")
    lines = [(FLORES / f"{tag}.txt").read_text("utf-8").splitlines() for tag in ("en", "pt")]
    sentences = list(zip(*lines, strict=True))
    as_used(sentences * TIMES, command)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print(
        f"\nscoring alone, one core, best of {ROUNDS}; Python {platform.python_version()}, icu4py {version('icu4py')}"
    )
    for size in (1, 5):
        compare([sentences[start : start + size] for start in range(0, len(sentences), size)], command)


def as_used(sentences: list[tuple[str, str]], command: list[str]) -> None:
    """Print the speeds on two cores, all in."""
    pairs = [paragraphs([sentence]) for sentence in sentences]
    theirs, ours = float("inf"), float("inf")
    for _ in range(2):  # in turn, so that what else the machine does falls on both
        theirs, ours = min(theirs, by_command(sentences, command)), min(ours, spread(pairs))
    print(f"{len(pairs)} English-Portuguese pairs, two cores, starting included")
    print(f"OpusFilter's command, six heuristics  {len(pairs) / theirs:7.0f} pairs/s")
    print(f"our five scorers, twelve scores       {len(pairs) / ours:7.0f} pairs/s")
    print(f"ratio {theirs / ours:.1f} (wanted: {WANTED})")


def by_command(sentences: list[tuple[str, str]], command: list[str]) -> float:
    """Seconds of OpusFilter's command with two jobs."""
    with tempfile.TemporaryDirectory() as folder:
        for side, name in enumerate(("en", "pt")):
            (Path(folder) / name).write_text("".join(f"{pair[side]}\n" for pair in sentences), "utf-8")
        filters = [{name: options} for name, options in SIX.items()]
        parameters = {"inputs": ["en", "pt"], "output": "scores.jsonl", "filters": filters}
        common = {"output_directory": folder, "default_n_jobs": 2}
        steps = {"common": common, "steps": [{"type": "score", "parameters": parameters}]}
        recipe_file = Path(folder) / "steps.yaml"
        recipe_file.write_text(json.dumps(steps))
        # What the script `opusfilter` does.
        run = "import sys; from opusfilter.opusfilter import OpusFilter; from opusfilter.util import yaml; "
        run += "OpusFilter(yaml.load(open(sys.argv[1]))).execute_steps()"
        start = time.perf_counter()
        subprocess.run([*command, "-c", run, recipe_file], stderr=subprocess.DEVNULL, check=True)
        seconds = time.perf_counter() - start
        scored_lines = (Path(folder) / "scores.jsonl").read_text().count("\n")
        assert scored_lines == len(sentences), scored_lines
    return seconds


def spread(pairs: list[TextPair]) -> float:
    """Seconds of our scorers in two processes, with learning what is usual."""
    settings = [kind() for kind in ScorerConfig.kinds().values() if kind.counts_only]
    start = time.perf_counter()
    scorer = Spread(partial(Heuristics, settings, EN, PT, learned(settings, pairs[:2000], EN, PT)), 2)
    assert scorer.score(pairs, lambda _: None).height == len(pairs)
    seconds = time.perf_counter() - start
    scorer.close()
    return seconds


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
    texts = json.dumps([SIX, [(pair.source, pair.target) for pair in pairs]])
    done = subprocess.run([*command, "-c", OPUSFILTER], input=texts, stdout=subprocess.PIPE, text=True, check=True)
    seconds, release = json.loads(done.stdout)
    return seconds, release


def scored(pairs: list[TextPair]) -> float:
    """Seconds for all scores."""
    settings = [kind() for kind in ScorerConfig.kinds().values() if kind.counts_only]
    scorer = Heuristics(settings, EN, PT, learned(settings, pairs, EN, PT))
    start = time.process_time()
    assert scorer.score(pairs, lambda _: None).height == len(pairs)
    return time.process_time() - start


if __name__ == "__main__":
    main()
