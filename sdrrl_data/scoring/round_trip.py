"""Round trip: the target translated back, compared with the source."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

import polars as pl

from sdrrl_data.languages import Language
from sdrrl_data.protocols import Advance, Ingredient, Scorer, SetAside, TextPair, Translator
from sdrrl_data.recipe import Score, ScorerConfig, ScorerContext
from sdrrl_data.scoring import prose
from sdrrl_data.scoring.chrf import chrf_plus_plus
from sdrrl_data.text.masking import plain
from sdrrl_data.text.segments import sentences

BATCH = 64  # pairs translated between two calls of `advance`
MIN_CHARACTERS = 20  # of the source: in a shorter one, one word decides ("Twice" against "Two times" is 12)


class RoundTripConfig(ScorerConfig):
    """chrF++ of the translation back by the first translator."""

    kind: Literal["round_trip"] = "round_trip"

    translates_back = True
    scores = (
        Score(
            "round_trip",
            says="chrF++ of the translation, translated back, against its source (0 to 100)",
            misses="mistakes that translating back corrects; a low value may be the fault of translating back",
        ),
    )

    def identify(self, generator: object = None) -> list[Ingredient]:
        """An empty list: it uses the run's translator."""
        return []

    @contextmanager
    def open(self, context: ScorerContext) -> Iterator[Scorer]:
        """The scorer; the run closes the translator."""
        yield RoundTripScorer(context.translate_back(), context.tgt)


class RoundTripScorer:
    """chrF++ of the back-translated target against the source, from 0 to 100 (identical).

    Compares the prose of whole texts. It judges both translations at once: a low score may be the fault of the
    translation back. A target that is a copy of the source scores high. None for a very short source.
    """

    def __init__(self, translate_back: Translator, tgt: Language) -> None:
        self._translate_back = translate_back
        self._tgt = tgt
        self._chrf = chrf_plus_plus()

    def score(self, pairs: Sequence[TextPair], advance: Advance) -> pl.DataFrame:
        """Column `round_trip`."""
        scores: list[float | None] = []
        for start in range(0, len(pairs), BATCH):
            batch = pairs[start : start + BATCH]
            for pair, back in zip(batch, self._back(batch), strict=True):
                source, _ = prose(pair)
                judged = len(source) >= MIN_CHARACTERS
                scores.append(self._chrf(back, source) if judged and back is not None else None)
            advance(len(batch))
        return pl.DataFrame({"round_trip": scores}, schema={"round_trip": pl.Float64})

    def _back(self, pairs: Sequence[TextPair]) -> list[str | None]:
        """The prose of each pair's target in the source's language; None if a sentence cannot be translated back."""
        texts = [[piece for _, target in plain(pair) for piece in self._cut(target)] for pair in pairs]
        distinct = list(dict.fromkeys(piece for text in texts for piece in text))
        back = {distinct[number]: translation for number, translation in self._translate_back.translate(distinct)}
        back_translated = ([back[piece] for piece in text] for text in texts)
        return [
            None if any(isinstance(translation, SetAside) for translation in text) else " ".join(map(str, text))
            for text in back_translated
        ]

    def _cut(self, sentence: str) -> list[str]:
        """The sentence; in pieces if it is too long for the translator back."""
        limit = self._translate_back.max_characters
        if len(sentence) <= limit:
            return [sentence]
        return [sentence[start:end] for start, end in sentences(sentence, self._tgt.tag, limit)]
