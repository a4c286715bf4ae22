"""Word alignment: how many words of each side have a counterpart on the other."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Literal

import polars as pl

from sdrrl_data.languages import Language
from sdrrl_data.protocols import Advance, Aligner, Ingredient, Link, Scorer, TextPair
from sdrrl_data.recipe import Score, ScorerConfig, ScorerContext
from sdrrl_data.scoring.sentences import mean_and_lowest
from sdrrl_data.text.function_words import is_function_word
from sdrrl_data.text.masking import plain
from sdrrl_data.text.words import words

SURE = 0.5  # confidence of a link, as for code-switching
MOST_WORDS = 200  # of a sentence that is judged: aligners give longer ones no links
AT_ONCE = 512  # pairs between two calls of `advance`

Tokens = list[str]


class AlignmentConfig(ScorerConfig):
    """Words without a counterpart, by the run's own aligner."""

    kind: Literal["alignment"] = "alignment"

    aligns = True
    scores = (
        Score(
            "alignment",
            unscored="texts without words; all texts of a run with too few pairs to learn from",
            says="share of the content words that have a sure counterpart, on the side where it is lower (0 to 1)",
            misses="rare words have no sure counterpart, however well they are translated: it is low in small runs",
            low="with words that have no counterpart",
            highest=1,
        ),
        Score(
            "alignment_min",
            unscored="texts whose sentences are all very short; all texts of a run with too few pairs to learn from",
            says="as `alignment`, of the sentence where it is lowest",
            misses="rare words have no sure counterpart, however well they are translated; very short sentences",
            low="with a sentence whose words have no counterpart",
            highest=1,
        ),
        Score(
            "alignment_gap",
            unscored="texts without words; all texts of a run with too few pairs to learn from",
            says="most words in a row of a source sentence that have no counterpart in its translation",
            misses="a single lost word, and what is added",
            high="with words in a row that have no counterpart",
            better="less",
        ),
    )

    def identify(self, generator: object = None) -> list[Ingredient]:
        """An empty list: it uses the run's aligner."""
        return []

    @contextmanager
    def open(self, context: ScorerContext) -> Iterator[Scorer]:
        """The scorer; the run frees the aligner."""
        yield AlignmentScorer(context.aligner(), context.src, context.tgt)


class AlignmentScorer:
    """Shares of aligned words, and gaps between them. None without an aligner, or without words."""

    def __init__(self, aligner: Aligner | None, src: Language, tgt: Language) -> None:
        self._aligner = aligner
        self._src, self._tgt = src, tgt

    def score(self, pairs: Sequence[TextPair], advance: Advance) -> pl.DataFrame:
        """Columns `alignment`, `alignment_min` and `alignment_gap`."""
        rows: list[tuple[float | None, float | None, float | None]] = []
        for start in range(0, len(pairs), AT_ONCE):
            group = pairs[start : start + AT_ONCE]
            rows += self._rows(group) if self._aligner else [(None, None, None)] * len(group)
            advance(len(group))
        schema = {score.name: pl.Float64 for score in AlignmentConfig.scores}
        return pl.DataFrame(rows, schema=schema, orient="row")

    def _rows(self, pairs: Sequence[TextPair]) -> Iterator[tuple[float | None, float | None, float | None]]:
        assert self._aligner
        texts = [[(pair, self._tokens(*pair)) for pair in plain(text)] for text in pairs]
        links = iter(self._aligner.align([tokens for text in texts for _, tokens in text]))
        for text in texts:
            judged = [
                (sentence, *self._judged(tokens, links_of_sentence))
                for (sentence, tokens), links_of_sentence in zip(text, links, strict=False)
                if all(0 < len(side) <= MOST_WORDS for side in tokens)
            ]
            sentences, shares, gaps = zip(*judged, strict=True) if judged else ((), (), ())
            yield *mean_and_lowest(sentences, shares), max(map(float, gaps), default=None)

    def _tokens(self, source: str, target: str) -> tuple[Tokens, Tokens]:
        sides = ((source, self._src), (target, self._tgt))
        source_words, target_words = (
            [text[start:end] for start, end in words(text, language.tag)] for text, language in sides
        )
        return source_words, target_words

    def _judged(self, tokens: tuple[Tokens, Tokens], links: Sequence[Link]) -> tuple[float, int]:
        """The lower share of sure content words, and the longest gap of the source."""
        source, target = tokens
        sure = [link for link in links if link.confidence >= SURE]
        share = min(
            _share(source, {link.source for link in sure}, target, self._src),
            _share(target, {link.target for link in sure}, source, self._tgt),
        )
        linked = {link.source for link in links}
        runs = groupby(place in linked for place in range(len(source)))
        return share, max((sum(1 for _ in run) for is_linked, run in runs if not is_linked), default=0)


def _share(tokens: Tokens, sure: set[int], other: Tokens, language: Language) -> float:
    """The share of content words that are sure or the same on the other side; 1 if there are none."""
    same = {token.casefold() for token in other}
    content = [place for place, token in enumerate(tokens) if not is_function_word(token, language.tag)]
    counted = sum(place in sure or tokens[place].casefold() in same for place in content)
    return counted / len(content) if content else 1.0
