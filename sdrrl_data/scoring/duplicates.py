"""Duplicates: how similar is each text to an earlier one?"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Annotated, Literal

import polars as pl

from sdrrl_data.errors import UserError
from sdrrl_data.languages import Language
from sdrrl_data.protocols import Advance, Ingredient, TextPair
from sdrrl_data.recipe import Place, Score, ScorerContext
from sdrrl_data.scoring import compared_sets
from sdrrl_data.scoring.compared_sets import Kind
from sdrrl_data.scoring.comparing import ComparingConfig
from sdrrl_data.text.near_duplicates import Match, NearDuplicates

BATCH = 1024  # texts


class DuplicatesConfig(ComparingConfig):
    """Exact and near copies of earlier texts of the run, or of other sets."""

    kind: Literal["duplicates"] = "duplicates"
    against: Annotated[tuple[str, ...], Place()] = ()  # folders of earlier runs, and datasets of the Hub

    scores = (
        Score(
            "duplicate",
            unscored="texts of fewer than five words",
            says="similarity to the nearest earlier text of the run, or of the sets that it is compared with (0 to 1)",
            misses="the same said in other words; very short texts",
            high="like an earlier text",
            better="less",
            both_sides=True,
            highest=1,
        ),
    )

    def identify(self, generator: object = None) -> list[Ingredient]:
        """The other sets with which the run's texts are compared.

        Raises:
            UserError: one of them does not exist, or may not be read.
        """
        return [compared_sets.identify(source) for source in self.against]

    def compare(self, context: ScorerContext, texts: Kind) -> "DuplicatesScorer":
        """The scorer of questions, or of answers, with the same kind of texts from the other sets."""
        return DuplicatesScorer(self, context.src, context.tgt, texts)


class DuplicatesScorer:
    """How similar a text is to the most similar earlier one: the Jaccard index of their word 3-grams.

    `src_duplicate` judges the source, `duplicate` the target; `src_duplicate_of` and `duplicate_of` name the earlier
    text: a row's id, or "NAME:row" of another set. 1.0 is a copy, whatever its case, spacing and punctuation; 0.0 means
    less than 0.5, and 4 in 100 copies near 0.5 are missed. Null for a text of fewer than five words.

    Earlier texts are those of `against`, then those of earlier calls of `score` or `remember`: rows may come in any
    number of calls. A copy is remembered as well, so that a copy of the copy is found.

    Source: see `sdrrl_data.text.near_duplicates`, which also says how much memory a text takes.

    Args:
        settings: the other sets to compare with.
        src: the language of the sources.
        tgt: the language of the targets.
        kind: the kind of texts that this scorer compares; the other sets give texts of the same kind.

    Raises:
        UserError: a set cannot be read, or has no texts to compare with.
    """

    def __init__(self, settings: DuplicatesConfig, src: Language, tgt: Language, kind: Kind) -> None:
        self._src, self._tgt = NearDuplicates(src.tag), NearDuplicates(tgt.tag)
        for source in settings.against:
            if not _remember({src: self._src, tgt: self._tgt}, compared_sets.texts(source, kind, src, tgt)):
                raise UserError(
                    f"{compared_sets.ROLE} {source}: there are no {kind}s in {src.name} or {tgt.name} in it: "
                    "take it out of the recipe"
                )

    def remember(self, ids: Sequence[str], pairs: Sequence[TextPair]) -> None:
        """Remember pairs as earlier ones, without comparing them."""
        for names, batch in _batches(ids, pairs):
            self._src.remember(names, [pair.source for pair in batch])
            self._tgt.remember(names, [pair.target for pair in batch])

    def score(self, ids: Sequence[str], pairs: Sequence[TextPair], advance: Advance) -> pl.DataFrame:
        """Columns `src_duplicate`, `src_duplicate_of`, `duplicate` and `duplicate_of`; the pairs are remembered."""
        source: list[Match | None] = []
        target: list[Match | None] = []
        for names, batch in _batches(ids, pairs):
            source += self._src.compare(names, [pair.source for pair in batch])
            target += self._tgt.compare(names, [pair.target for pair in batch])
            advance(len(batch))
        columns = {
            "src_duplicate": [match and match.similarity for match in source],
            "src_duplicate_of": [match and match.name for match in source],
            "duplicate": [match and match.similarity for match in target],
            "duplicate_of": [match and match.name for match in target],
        }
        schema = {name: pl.String if name.endswith("_of") else pl.Float64 for name in columns}
        return pl.DataFrame(columns, schema=schema)


def _remember(indexes: Mapping[Language, NearDuplicates], texts: Iterable[tuple[Language, str, str]]) -> bool:
    """Let the index of each text's language remember it; returns whether there were any texts."""
    any_texts = False
    rest = iter(texts)
    while batch := list(islice(rest, BATCH)):
        any_texts = True
        for language, index in indexes.items():
            in_language = [(place, text) for text_language, place, text in batch if text_language == language]
            index.remember([place for place, _ in in_language], [text for _, text in in_language])
    return any_texts


def _batches(ids: Sequence[str], pairs: Sequence[TextPair]) -> Iterator[tuple[Sequence[str], Sequence[TextPair]]]:
    for start in range(0, len(pairs), BATCH):
        yield ids[start : start + BATCH], pairs[start : start + BATCH]
