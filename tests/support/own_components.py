"""Components of a user's own: a scorer, one that only counts, a translator, an aligner, an engine; and nothing else.

No file of the package knows them.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import polars as pl

from sdrrl_data.errors import UserError
from sdrrl_data.protocols import Advance, Aligner, Generator, Ingredient, Link, Scorer, TextPair, Translator
from sdrrl_data.recipe import (
    AlignerConfig,
    AlignerContext,
    GeneratorConfig,
    GeneratorEngine,
    Place,
    Score,
    ScorerConfig,
    ScorerContext,
    Shapeless,
    TranslatorConfig,
    TranslatorContext,
)
from sdrrl_data.scoring.counting import CountingConfig, PreparedPair
from tests.support.small_models import Answering

MODULE = "tests.support.own_components"


def _digest(path: str) -> str:
    return hashlib.sha256(Path(path).expanduser().read_bytes()).hexdigest()[:16]


class Rudeness(ScorerConfig):
    """How many words of a text stand in a list of rude ones."""

    words: Annotated[str, Place()]
    at_once: Annotated[int, Shapeless()] = 8
    ignored: tuple[str, ...] = ()

    scores = (Score("rudeness", says="rude words in the text", misses="rude tones", better="less", both_sides=True),)

    def identify(self, generator: object) -> list[Ingredient]:
        return [Ingredient("scorer", "rude words", _digest(self.words), "cc-by-4.0")]

    @contextmanager
    def open(self, context: ScorerContext) -> Iterator[Scorer]:
        yield _Rude({*Path(self.words).read_text().split()} - {*self.ignored})


class _Rude:
    def __init__(self, words: set[str]) -> None:
        self._words = words

    def score(self, pairs: Sequence[TextPair], advance: Advance) -> pl.DataFrame:
        advance(len(pairs))
        sides = {"src_rudeness": [pair.source for pair in pairs], "rudeness": [pair.target for pair in pairs]}
        counts = {name: [self._count(text) for text in texts] for name, texts in sides.items()}
        return pl.DataFrame(counts, schema=dict.fromkeys(counts, pl.Float64))

    def _count(self, text: str) -> float:
        return float(sum(word in self._words for word in text.lower().split()))


class ShoutsConfig(CountingConfig):
    """The share of capitals."""

    scores = (Score("shouting", says="share of capitals", misses="exclamation marks", better="usual"),)

    def count(self, pair: PreparedPair, learned: Any) -> list[float | None]:
        return [sum(map(str.isupper, pair.target)) / len(pair.target) if pair.target else None]


class Mirror(TranslatorConfig):
    """Writes every word backwards, but for those in a list."""

    table: Annotated[str, Place()]
    upper: bool = False

    argument = ("table", "FILE")

    def identify(self, src: object, tgt: object, generator: object) -> Ingredient:
        return Ingredient("translator", "mirror writing", _digest(self.table), "gpl-3.0", "mirror 1.0")

    def open(self, context: TranslatorContext) -> Translator:
        return _Mirrored({*Path(self.table).read_text().split()}, self.upper)


class _Mirrored:
    max_characters = 400
    whole_texts = False

    def __init__(self, kept: set[str], upper: bool) -> None:
        self._kept, self._upper = kept, upper

    def translate(self, sentences: Sequence[str], again: bool = False) -> Iterator[tuple[int, str]]:
        for number, sentence in enumerate(sentences):
            words = [word if word in self._kept else word[::-1] for word in sentence.split(" ")]
            yield number, " ".join(words).upper() if self._upper else " ".join(words)

    def close(self) -> None:
        pass


class Diagonal(AlignerConfig):
    """Links each word with the one at the same place."""

    confidence: float = 1.0

    def identify(self) -> None:
        return None

    def open(self, context: AlignerContext) -> Aligner:
        return _DiagonalAligner(self.confidence)


class _DiagonalAligner:
    learns = False

    def __init__(self, confidence: float) -> None:
        self._confidence = confidence

    def train(self, pairs: object) -> None:
        pass

    def align(self, pairs: Sequence[tuple[Sequence[str], Sequence[str]]]) -> list[list[Link]]:
        shorter = [min(map(len, pair)) for pair in pairs]
        return [[Link(number, number, self._confidence) for number in range(length)] for length in shorter]

    def save(self, folder: Path) -> None:
        pass

    def load(self, folder: Path) -> None:
        pass


class Shuffling(GeneratorEngine):
    """Answers with the words of the question."""

    kind = f"{MODULE}:Shuffling"

    def missing(self, settings: GeneratorConfig) -> UserError | None:
        return None

    def identify(self, settings: GeneratorConfig) -> Ingredient:
        return Ingredient("generator", settings.model, "7", "mit", "shuffling 1.0")

    def open(self, settings: GeneratorConfig) -> Generator:
        return Answering(settings)


class Nameless(ScorerConfig):
    """Has a model, and says that there is none."""

    model: Annotated[str, Place()] = "org/model"

    scores = (Score("nameless", says="nothing", misses="everything"),)

    def identify(self, generator: object) -> list[Ingredient]:
        return []

    @contextmanager
    def open(self, context: ScorerContext) -> Iterator[Scorer]:
        yield _Rude(set())


class Unfinished(ScorerConfig):
    """Does not say how it is opened."""

    scores = ()

    def identify(self, generator: object) -> list[Ingredient]:
        return []
