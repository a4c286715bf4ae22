"""Our HMM aligner beside the HMM and the eflomal of sil-thot: how right their links are, and what they cost.

How right their links are is measured on sentences of FLORES in an invented language, in which every link is known (see
tests/alignment/invented.py). Sure links are those that a recipe would use. What the aligners cost is measured on real
pairs, made as in benchmarks/code_switching.py. CPU time of one core; each aligner has a process of its own.
"""

import multiprocessing
import platform
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from benchmarks._report import report, sized, versions
from benchmarks.code_switching import lines, pairs
from sdrrl_data import recipe
from sdrrl_data.alignment.eflomal import EflomalAligner
from sdrrl_data.alignment.hmm import HmmAligner, HmmConfig
from sdrrl_data.alignment.lexicon import LONGEST
from sdrrl_data.protocols import Link
from sdrrl_data.text.words import words
from tests.alignment.invented import invented

Tokens = Sequence[str]
GOLD = sized(
    {"997 sentences": (997, {}), "997, inflected": (997, {"forms": True}), "100 sentences": (100, {})},
    {"100 sentences": (100, {})},
)
ROWS = sized(20_000, 200)
ITERATIONS = HmmConfig().iterations
SURE = recipe.CodeSwitchingConfig().min_confidence


class Aligner(Protocol):
    def train(self, pairs: Sequence[tuple[Tokens, Tokens]]) -> None: ...
    def align(self, pairs: Sequence[tuple[Tokens, Tokens]]) -> list[list[Link]]: ...
    def save(self, folder: Path) -> None: ...


class ThotHmmAligner(EflomalAligner):
    """sil-thot's HMM in both directions, begun with its IBM model 1; symmetrised and rated as its eflomal is here."""

    def train(self, pairs: Sequence[tuple[Tokens, Tokens]]) -> None:
        folded = dict.fromkeys(tuple(tuple(map(str.casefold, side)) for side in pair) for pair in pairs)
        learned = [pair for pair in folded if all(0 < len(side) <= LONGEST for side in pair)]
        self._counts = [Counter(word for pair in learned for word in pair[side]) for side in (0, 1)]
        self._models = [thot_hmm(learned), thot_hmm([(target, source) for source, target in learned])]


def thot_hmm(pairs: Sequence[tuple[Tokens, Tokens]]) -> object:
    from thot.alignment import HmmAlignmentModel, Ibm1AlignmentModel

    model = Ibm1AlignmentModel()
    for source, target in pairs:
        model.add_sentence_pair(source, target)
    for stage in (model, HmmAlignmentModel(model)):
        model = stage
        model.start_training()
        for _ in range(ITERATIONS):
            model.train()
        model.end_training()
    return model


ALIGNERS: dict[str, Callable[[], Aligner]] = {
    "our HMM": lambda: HmmAligner(HmmConfig()),
    "sil-thot's HMM": ThotHmmAligner,
    "sil-thot's eflomal": EflomalAligner,
}


class Quality(NamedTuple):
    """Shares, from 0 to 1."""

    right: float  # of the sure links
    recall: float  # of the true links, by sure ones
    f1: float  # of all links, sure or not


class Cost(NamedTuple):
    training: float  # seconds
    aligning: float  # seconds
    memory: float  # MiB at the peak, above what the pairs take
    saved: float  # MiB on the disk


def quality(name: str, sentences: int, variant: dict[str, bool]) -> Quality:
    gold = invented(lines("flores-dev/en.txt")[:sentences], **variant)
    tokens = [pair.tokens() for pair in gold]
    aligner = ALIGNERS[name]()
    aligner.train(tokens)
    aligned = aligner.align(tokens)
    true = sum(len(pair.links) for pair in gold)

    def right(least: float) -> tuple[int, int]:
        links = [{(i, j) for i, j, sure in some if sure >= least} for some in aligned]
        return sum(len(some & pair.links) for some, pair in zip(links, gold, strict=True)), sum(map(len, links))

    (right_sure, sure), (right_all, all_links) = right(SURE), right(0)
    return Quality(right_sure / sure, right_sure / true, 2 * right_all / (all_links + true))


def cost(name: str) -> Cost:
    tokens = [
        tuple(
            [text[start:end] for start, end in words(text, tag)]
            for text, tag in zip(map(" ".join, zip(first, second, strict=True)), ("en", "pt"), strict=True)
        )
        for first, second in pairs(ROWS)
    ]
    aligner = ALIGNERS[name]()
    aligner.train(tokens[:2])  # what is loaded only once
    before, start = peak(), time.process_time()
    aligner = ALIGNERS[name]()
    aligner.train(tokens)
    trained = time.process_time()
    aligner.align(tokens)
    aligned = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        aligner.save(Path(folder))
        saved = sum(path.stat().st_size for path in Path(folder).iterdir())
    return Cost(trained - start, aligned - trained, peak() - before, saved / 2**20)


def peak() -> float:
    """MiB that this process has held at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def alone(work: Callable[..., Any], *arguments: object) -> Any:
    """What `work` returns, done in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def main() -> None:
    used = versions("numpy", "sil-thot", "icu4py")
    print(f"One core ({platform.processor() or platform.machine()}), {used}")
    print(f"{ITERATIONS} rounds of each stage of the HMMs, as in the recipe\n")
    for case, (sentences, variant) in GOLD.items():
        for name in ALIGNERS:
            right, recall, f1 = alone(quality, name, sentences, variant)
            print(f"{case:15}  {name:19} sure links {right:6.1%} right, {recall:6.1%} found; F1 of all links {f1:.3f}")
            report(f"{name}, {case}: F1 of all links", f"{f1:.3f}", used)
    print(f"\n{ROWS:,} pairs of English and Portuguese")
    costs = {name: alone(cost, name) for name in ALIGNERS}
    for name, (training, aligning, memory, saved) in costs.items():
        print(
            f"{name:19} {training:6.1f} s to train, {aligning:5.1f} s to align, {memory:5.0f} MiB, {saved:4.0f} saved"
        )
    ours, *others = costs.values()
    for name, other in zip(list(ALIGNERS)[1:], others, strict=True):
        for cost_name, theirs, our_cost in zip(Cost._fields, other, ours, strict=True):
            # So few pairs, as in the short form, may take no memory or time that can be measured.
            report(f"{name} / ours: {cost_name}", theirs / our_cost if our_cost else "0 of ours", used)


if __name__ == "__main__":
    main()
