"""The scorers that only count, beside six heuristics of OpusFilter, on the same pairs.

First as they are used: OpusFilter's command with two jobs, and our scorers on two cores, each with the time that it
takes to start. Then the scoring alone, in CPU time of one core. Where OpusFilter cannot be installed, only ours are
measured.
"""

import json
import os
import subprocess
import tempfile
import time
from functools import partial
from pathlib import Path

from benchmarks._elsewhere import python_with
from benchmarks._report import report, sized, versions
from sdrrl_data.languages import find
from sdrrl_data.processes.spread import Spread
from sdrrl_data.protocols import TextPair, Unit
from sdrrl_data.recipe import ScorerConfig
from sdrrl_data.scoring.heuristics import Heuristics, learned
from tests.support import real_texts

FLORES = real_texts.folder() / "flores-dev"
EN, PT = find("en"), find("pt")
SENTENCES, ROUNDS, ROUNDS_AS_USED = sized((None, 5, 2), (50, 1, 1))  # None: all
TIMES = sized(10, 1)  # the command scores the pairs so many times over, so that starting does not decide
WANTED = "5"
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
from opusfilter import filters
six, pairs = json.load(sys.stdin)
six = [getattr(filters, name)(**options) for name, options in six.items()]
for heuristic in six:
    list(heuristic.score(pairs[:10]))
start = time.process_time()
for heuristic in six:
    list(heuristic.score(pairs))
print(time.process_time() - start)
"""


def main() -> None:
    command = python_with("opusfilter")
    lines = [(FLORES / f"{tag}.txt").read_text("utf-8").splitlines()[:SENTENCES] for tag in ("en", "pt")]
    sentences = list(zip(*lines, strict=True))
    as_used(sentences * TIMES, command)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print(f"\nscoring alone, one core, best of {ROUNDS}; {versions('icu4py')}")
    for size in sized((1, 5), (5,)):  # sentences in a text
        compare([sentences[start : start + size] for start in range(0, len(sentences), size)], command)


def as_used(sentences: list[tuple[str, str]], command: list[str] | None) -> None:
    """Print the speeds on two cores, starting included. No command: only ours."""
    pairs = [paragraphs([sentence]) for sentence in sentences]
    theirs, ours = float("inf"), float("inf")
    for _ in range(ROUNDS_AS_USED):  # in turn, so that what else the machine does falls on both
        ours = min(ours, spread(pairs))
        if command:
            theirs = min(theirs, by_command(sentences, command))
    print(f"{len(pairs)} English-Portuguese pairs, two cores, starting included")
    print(f"our five scorers, twelve scores       {len(pairs) / ours:7.0f} pairs/s")
    if command:
        print(f"OpusFilter's command, six heuristics  {len(pairs) / theirs:7.0f} pairs/s")
        used = f"{versions('icu4py')}, opusfilter {release_of_opusfilter(command)}"
        report("OpusFilter's command / our scorers: seconds", theirs / ours, used, WANTED)
    else:
        report("our scorers on two cores", f"{len(pairs) / ours:.0f} pairs/s", versions("icu4py"))


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


def compare(texts: list[list[tuple[str, str]]], command: list[str] | None) -> None:
    """Print the speeds over texts of as many sentences each. No command: only ours."""
    pairs = [paragraphs(text) for text in texts]
    theirs, ours = float("inf"), float("inf")
    for _ in range(ROUNDS):  # in turn, so that what else the machine does falls on both
        ours = min(ours, scored(pairs))
        if command:
            theirs = min(theirs, opusfilter(pairs, command))
    size = len(texts[0])
    print(f"\n{len(pairs)} English-Portuguese pairs, sentences in each: {size}")
    print(f"our five scorers, twelve scores  {len(pairs) / ours:7.0f} pairs/s")
    if command:
        print(f"OpusFilter, six heuristics       {len(pairs) / theirs:7.0f} pairs/s")
        used = f"{versions('icu4py')}, opusfilter {release_of_opusfilter(command)}"
        report(f"OpusFilter / our scorers, scoring alone, sentences {size}: seconds", theirs / ours, used, WANTED)
    else:
        report(f"our scorers, scoring alone, sentences {size}", f"{len(pairs) / ours:.0f} pairs/s", versions("icu4py"))


def paragraphs(text: list[tuple[str, str]]) -> TextPair:
    """The sentences as one text, a line each."""
    source = target = ""
    units = []
    for sentence, translation in text:
        units.append(Unit(len(source), len(source) + len(sentence), len(target), len(target) + len(translation)))
        source, target = f"{source}{sentence}\n", f"{target}{translation}\n"
    return TextPair(source, target, units)


def release_of_opusfilter(command: list[str]) -> str:
    asked = "from importlib.metadata import version; print(version('opusfilter'))"
    return subprocess.run([*command, "-c", asked], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def opusfilter(pairs: list[TextPair], command: list[str]) -> float:
    """Seconds, in a process of its own."""
    texts = json.dumps([SIX, [(pair.source, pair.target) for pair in pairs]])
    done = subprocess.run([*command, "-c", OPUSFILTER], input=texts, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout)


def scored(pairs: list[TextPair]) -> float:
    """Seconds for all scores."""
    settings = [kind() for kind in ScorerConfig.kinds().values() if kind.counts_only]
    scorer = Heuristics(settings, EN, PT, learned(settings, pairs, EN, PT))
    start = time.process_time()
    assert scorer.score(pairs, lambda _: None).height == len(pairs)
    return time.process_time() - start


if __name__ == "__main__":
    main()
