"""Scorers that only count: fast, without a model, and kept together in one table."""

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from typing import Any, ClassVar

from sdrrl_data.languages import Language
from sdrrl_data.protocols import Ingredient, Scorer, TextPair
from sdrrl_data.recipe import Place, ScorerConfig, ScorerContext
from sdrrl_data.recipe.markers import marker
from sdrrl_data.scoring import prose
from sdrrl_data.text.tokens import tokens


class PreparedPair:
    """A pair, and values that several scorers need, each computed once.

    Attributes:
        pair: the texts.
        src: the language of the source.
        tgt: the language of the target.
        source: the prose of the source, in one line.
        target: the prose of the target, in one line.
    """

    def __init__(self, pair: TextPair, src: Language, tgt: Language) -> None:
        self.pair, self.src, self.tgt = pair, src, tgt
        self.source, self.target = prose(pair)

    @cached_property
    def source_words(self) -> list[str]:
        """The words of the source's prose."""
        return tokens(self.source, self.src)

    @cached_property
    def target_words(self) -> list[str]:
        """The words of the target's prose."""
        return tokens(self.target, self.tgt)

    def source_lines(self) -> list[str]:
        """The lines of the source that have prose, without their markers, but with code and addresses."""
        return _lines(self.pair.source, (unit.source_start for unit in self.pair.units))

    def target_lines(self) -> list[str]:
        """The same lines of the target."""
        return _lines(self.pair.target, (unit.target_start for unit in self.pair.units))


class CountingConfig(ScorerConfig):
    """Counts something in each pair by itself. It has no model: a scorer with a model is a `ScorerConfig`."""

    counts_only = True
    learns_usual: ClassVar[bool] = False  # whether it learns what is usual from pairs of the run

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Refuse a field that is a place, because nothing would identify it."""
        super().__pydantic_init_subclass__(**kwargs)
        places = [name for name, field in cls.model_fields.items() if marker(field, Place)]
        if places:
            raise TypeError(f"{cls.__name__} only counts, so it has no {places[0]}: make it a ScorerConfig")

    def learn(self, usual: Sequence[TextPair], src: Language, tgt: Language) -> Any:
        """What it learns from pairs of the run, as JSON values; it is passed to `count`."""
        return None

    @abstractmethod
    def count(self, pair: PreparedPair, learned: Any) -> Sequence[float | None]:
        """Its scores of a pair, in the order of their columns; None if it cannot judge."""

    def identify(self, generator: object = None) -> list[Ingredient]:
        """An empty list: it has no model."""
        return []

    def open(self, context: ScorerContext) -> AbstractContextManager[Scorer]:
        """Not supported: use `heuristics`, which applies all of them to each pair."""
        raise ValueError(f"{self.kind} does not judge each pair by itself")


def _lines(text: str, starts: Iterable[int]) -> list[str]:
    """From the first of these positions in each line to the end of the line."""
    lines: list[str] = []
    end = -1
    for start in starts:
        if start >= end:
            end = text.find("\n", start)
            end = len(text) if end < 0 else end
            lines.append(text[start:end].rstrip())
    return lines
