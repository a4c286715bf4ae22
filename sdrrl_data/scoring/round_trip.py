"""Round trip: the target translated back, compared with the source."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

import polars as pl

from sdrrl_data.languages import Language
from sdrrl_data.protocols import Advance, Ingredient, Scorer, SetAside, TextPair, Translator
from sdrrl_data.recipe import Score, ScorerConfig, ScorerContext
from sdrrl_data.scoring import length
from sdrrl_data.scoring.chrf import chrf_plus_plus
from sdrrl_data.scoring.returned import copied_words, lost_in_a_row, lost_negations, replaced_names
from sdrrl_data.text.equivalents import readable, with_dashes
from sdrrl_data.text.masking import plain
from sdrrl_data.text.segments import sentences

REMEMBERED = 50_000  # translations back of sentences that may come again in another part: some 20 MB
SHOWN = 64  # sentences translated between two calls of `advance`
MIN_CHARACTERS = 20  # of the source: in a shorter one, one word decides ("Twice" against "Two times" is 12)

_NOT_JUDGED = (None,) * 6


class RoundTripConfig(ScorerConfig):
    """The translation back by the first translator: chrF++, and what of the source does not return."""

    kind: Literal["round_trip"] = "round_trip"

    translates_back = True
    scores = (
        Score(
            "round_trip",
            unscored="sources of less than 20 characters; texts that cannot be translated back",
            says="chrF++ of the translation, translated back, against its source (0 to 100)",
            misses="mistakes that translating back corrects; a low value may be the fault of translating back",
            low="unlike the source when translated back",
            highest=100,
        ),
        Score(
            "round_trip_length",
            unscored="sources without a sentence of 40 characters; texts that cannot be translated back",
            says="characters of the translation back for one of the source, in the sentence where they are fewest",
            misses="anything but what is left out; sentences of less than 40 characters",
            low="shorter than the source when translated back",
        ),
        Score(
            "round_trip_lost",
            unscored="sources without a sentence of 20 characters; texts that cannot be translated back",
            says="most content words in a row of a source sentence that do not return in the translation back",
            misses="a single wrong word; synonyms count as lost",
            high="with words lost when translated back",
            better="less",
        ),
        Score(
            "round_trip_negation",
            unscored="as round_trip_lost; languages without a list",
            says="most negations (not, never, without) of a source sentence that do not return in the translation back",
            misses="a negation that is added; prefixes (unlikely); languages without a list",
            high="with a negation lost when translated back",
            better="less",
        ),
        Score(
            "round_trip_copied",
            unscored="sources without a sentence of 20 characters; texts that cannot be translated back",
            says="most words of a sentence that both translations have, but not the source: invented, or copied",
            misses="an invented word that translating back changes; words of both languages (hotel) count as copied",
            high="with invented or copied words",
            better="less",
        ),
        Score(
            "round_trip_names",
            unscored="sources without a sentence of 20 characters; texts that cannot be translated back",
            says="most names of a source sentence that neither translation has, while both have a copied word",
            misses="a name at the beginning of a sentence, and a wrong one that translating back changes",
            high="with a lost or changed name",
            better="less",
        ),
    )

    def identify(self, generator: object = None) -> list[Ingredient]:
        """An empty list: it uses the run's translator."""
        return []

    @contextmanager
    def open(self, context: ScorerContext) -> Iterator[Scorer]:
        """The scorer; the run closes the translator."""
        yield RoundTripScorer(context.translate_back(), context.src, context.tgt)


class RoundTripScorer:
    """chrF++ of the back-translated target against the source, from 0 to 100 (identical).

    Compares the prose of whole texts. It judges both translations at once: a low score may be the fault of the
    translation back. A target that is a copy of the source scores high. None for a very short source.

    The other scores judge each sentence by itself, and are those of the worst one: what a whole text hides.
    """

    def __init__(self, translate_back: Translator, src: Language, tgt: Language) -> None:
        self._translate_back = translate_back
        self._characters: frozenset[str] | None = getattr(translate_back, "characters", None)
        self._src, self._tgt = src, tgt
        self._chrf = chrf_plus_plus()
        self._back: dict[str, str | SetAside] = {}  # sentences that were translated back; some come again

    def score(self, pairs: Sequence[TextPair], advance: Advance) -> pl.DataFrame:
        """The columns of the scores, in their order."""
        plain_pairs = [
            sentence_pairs if len(_one_line(source for source, _ in sentence_pairs)) >= MIN_CHARACTERS else None
            for sentence_pairs in map(plain, pairs)
        ]
        targets = (target for sentence_pairs in plain_pairs for _, target in sentence_pairs or [])
        self._translate(
            list(dict.fromkeys(piece for target in targets for piece in self._cut(target))), len(pairs), advance
        )
        rows = [None if sentence_pairs is None else self._score(sentence_pairs) for sentence_pairs in plain_pairs]
        self._forget()
        names = [score.name for score in RoundTripConfig.scores]
        return pl.DataFrame([row or _NOT_JUDGED for row in rows], schema=dict.fromkeys(names, pl.Float64), orient="row")

    def _translate(self, sentences: Sequence[str], pairs: int, advance: Advance) -> None:
        """Translate back what was not before, all at once: the translator makes batches of sentences that fit."""
        new = [sentence for sentence in sentences if sentence not in self._back]
        shown = 0
        sent = [readable(sentence, self._characters) for sentence in new]
        for count, (number, back) in enumerate(self._translate_back.translate(sent), 1):
            sentence = new[number]
            self._back[sentence] = back if isinstance(back, SetAside) else with_dashes(back, sentence, self._characters)
            if count - shown >= SHOWN:
                advance((count - shown) * pairs / len(new))
                shown = count
        advance((len(new) - shown) * pairs / len(new) if new else pairs)

    def _score(self, sentence_pairs: Sequence[tuple[str, str]]) -> Sequence[float | None] | None:
        """The scores of a text; None if one of its sentences cannot be translated back."""
        sentence_triples = []
        for source, target in sentence_pairs:
            pieces = [self._back[piece] for piece in self._cut(target)]
            if any(isinstance(piece, SetAside) for piece in pieces):
                return None
            sentence_triples.append((source, target, " ".join(map(str, pieces))))
        whole_source, whole_back = (_one_line(triple[side] for triple in sentence_triples) for side in (0, 2))
        judged = [self._judge(*triple) for triple in sentence_triples if len(triple[0]) >= MIN_CHARACTERS]
        lengths, *losses = zip(*judged, strict=True) if judged else ((),) * 5
        chrf = self._chrf(whole_back, whole_source)
        return (
            chrf,
            min((share for share in lengths if share is not None), default=None),
            *(_most(numbers) for numbers in losses),
        )

    def _judge(self, source: str, target: str, back: str) -> tuple[float | None, int, int | None, int, int]:
        """The length that returns of a sentence, the words and negations that do not, and the copied words."""
        return (
            len(back) / len(source) if len(source) >= length.MIN_CHARACTERS else None,
            lost_in_a_row(source, back, self._src),
            lost_negations(source, back, self._src),
            len(copied_words(source, target, back, self._src, self._tgt)),
            replaced_names(source, target, back, self._src, self._tgt),
        )

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


def _one_line(sentences: Iterable[str]) -> str:
    return " ".join(" ".join(sentences).split())


def _most(numbers: Iterable[int | None]) -> float | None:
    return max((float(number) for number in numbers if number is not None), default=None)
