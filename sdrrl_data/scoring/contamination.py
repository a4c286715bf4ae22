"""Contamination: does a text contain items of test sets?"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Literal

import polars as pl
from pydantic import Field

from sdrrl_data.languages import Language
from sdrrl_data.protocols import Advance, Ingredient, Scorer, TextPair
from sdrrl_data.recipe import Place, Score, ScorerConfig, ScorerContext
from sdrrl_data.scoring import item_sets
from sdrrl_data.text.ngram_overlap import Quote, Quotes

FOUND = 0.5  # share of an item's words from which it counts as found, as in Tülu 3 (PaLM: 0.7 of its 8-grams)
BATCH = 512  # pairs


class ContaminationConfig(ScorerConfig):
    """Runs of words that a text shares with test sets."""

    kind: Literal["contamination"] = "contamination"
    # belebele, flores, xquad, mgsm (from the Hub), or a file (JSONL, CSV, TSV, Parquet, or text: one item per line).
    sets: Annotated[tuple[str, ...], Field(min_length=1), Place(words=frozenset(item_sets.KNOWN))]

    scores = (
        Score(
            "contamination",
            unscored="texts of fewer than eight words",
            says="largest share of a test item's words that the text holds in runs (0 to 1)",
            misses="items in other words or in another language; other test sets than those named",
            high="with text of a test set",
            better="less",
            both_sides=True,
            highest=1,
        ),
    )

    def identify(self, generator: object = None) -> list[Ingredient]:
        """The test sets.

        Raises:
            UserError: one of them does not exist, or may not be read.
        """
        return [item_sets.identify(name) for name in self.sets]

    @contextmanager
    def open(self, context: ScorerContext) -> Iterator[Scorer]:
        """The scorer, with the items of the test sets."""
        yield ContaminationScorer(self, context.src, context.tgt)


class ContaminationScorer:
    """The largest share of a test item's words that a text holds in runs of eight, from 0 to 1.

    `src_contamination` judges the whole source against items in its language, `contamination` the target;
    `src_contamination_in` and `contamination_in` name the item ("belebele:17"). An item that is quoted within a longer
    text scores 1, half of it 0.5, an item of 21 words with its middle word changed 0.95. Null for a text of fewer than
    eight words. Items of fewer than eight words are not searched for, nor are runs of words that occur in more than ten
    items. A translation of an item into another language is not found.

    Source: see `sdrrl_data.text.ngram_overlap`.

    Raises:
        UserError: a test set cannot be read, or has neither of the two languages.
    """

    def __init__(self, settings: ContaminationConfig, src: Language, tgt: Language) -> None:
        items: dict[Language, list[tuple[str, str]]] = {src: [], tgt: []}
        for name in settings.sets:
            for language, place, text in item_sets.items(name, src, tgt):
                items[language].append((place, text))
        quotes = {language: Quotes(language.tag, items_of_language) for language, items_of_language in items.items()}
        self._src, self._tgt = quotes[src], quotes[tgt]

    def score(self, pairs: Sequence[TextPair], advance: Advance) -> pl.DataFrame:
        """Columns `src_contamination`, `src_contamination_in`, `contamination` and `contamination_in`."""
        source: list[Quote | None] = []
        target: list[Quote | None] = []
        for start in range(0, len(pairs), BATCH):
            batch = pairs[start : start + BATCH]
            source += self._src.best([pair.source for pair in batch])
            target += self._tgt.best([pair.target for pair in batch])
            advance(len(batch))
        columns = {
            "src_contamination": [quote and quote.share for quote in source],
            "src_contamination_in": [quote and quote.place for quote in source],
            "contamination": [quote and quote.share for quote in target],
            "contamination_in": [quote and quote.place for quote in target],
        }
        schema = {name: pl.String if name.endswith("_in") else pl.Float64 for name in columns}
        return pl.DataFrame(columns, schema=schema)


def found(scores: pl.DataFrame) -> pl.DataFrame:
    """What was found of each test set, for the card.

    Args:
        scores: the scores of a target, with any columns whose names end in `contamination` and `contamination_in`.

    Returns:
        A row for each test set of which something was found: `set`, `items` (how many of its rows have an item of which
        at least half was found), `texts` (in how many questions and answers, in both languages, it was found).
    """
    names = [name for name in scores.columns if name.endswith("contamination") and f"{name}_in" in scores.columns]
    places = [scores.filter(pl.col(name) >= FOUND).select(place=f"{name}_in") for name in names]
    return (
        pl.concat([pl.DataFrame(schema={"place": pl.String}), *places])
        .group_by(set=pl.col("place").str.splitn(":", 2).struct[0])
        .agg(items=pl.col("place").n_unique(), texts=pl.len())
        .sort("set")
    )
