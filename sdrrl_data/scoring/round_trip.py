"""Round trip: the target translated back, compared with the source."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

import polars as pl

from sdrrl_data.languages import Language
from sdrrl_data.protocols import Advance, Ingredient, Scorer, SetAside, TextPair, Translator
from sdrrl_data.recipe import Score, ScorerConfig, ScorerContext
from sdrrl_data.scoring.chrf import chrf_plus_plus
from sdrrl_data.text.masking import plain
from sdrrl_data.text.segments import sentences

REMEMBERED = 50_000  # translations back of sentences that may come again in another part: some 20 MB
SHOWN = 64  # sentences translated between two calls of `advance`
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
        self._back: dict[str, str | SetAside] = {}  # sentences that were translated back; some come again

    def score(self, pairs: Sequence[TextPair], advance: Advance) -> pl.DataFrame:
        """Column `round_trip`."""
        plain_pairs = list(map(plain, pairs))
        sources = [" ".join(" ".join(source for source, _ in plain_pair).split()) for plain_pair in plain_pairs]
        targets = [
            [piece for _, target in plain_pair for piece in self._cut(target)]
            if len(source) >= MIN_CHARACTERS
            else None
            for source, plain_pair in zip(sources, plain_pairs, strict=True)
        ]
        self._translate(list(dict.fromkeys(piece for target in targets for piece in target or [])), len(pairs), advance)
        scores = [
            None if target is None else self._score(source, [self._back[piece] for piece in target])
            for source, target in zip(sources, targets, strict=True)
        ]
        self._forget()
        return pl.DataFrame({"round_trip": scores}, schema={"round_trip": pl.Float64})

    def _translate(self, sentences: Sequence[str], pairs: int, advance: Advance) -> None:
        """Translate back what was not before, all at once: the translator makes batches of sentences that fit."""
        new = [sentence for sentence in sentences if sentence not in self._back]
        shown = 0
        for count, (number, translation) in enumerate(self._translate_back.translate(new), 1):
            self._back[new[number]] = translation
            if count - shown >= SHOWN:
                advance((count - shown) * pairs / len(new))
                shown = count
        advance((len(new) - shown) * pairs / len(new) if new else pairs)

    def _score(self, source: str, back: Sequence[str | SetAside]) -> float | None:
        """chrF++ of the sentences that came back; None if one cannot be translated back."""
        if any(isinstance(translation, SetAside) for translation in back):
            return None
        return self._chrf(" ".join(map(str, back)), source)

    def _forget(self) -> None:
        """Forget what a server failed at, which is asked again, and everything if it is too much."""
        if len(self._back) > REMEMBERED:
            self._back.clear()
        for sentence in [piece for piece, back in self._back.items() if isinstance(back, SetAside) and back.again]:
            del self._back[sentence]

    def _cut(self, sentence: str) -> list[str]:
        """The sentence; in pieces if it is too long for the translator back."""
        limit = self._translate_back.max_characters
        if len(sentence) <= limit:
            return [sentence]
        return [sentence[start:end] for start, end in sentences(sentence, self._tgt.tag, limit)]
