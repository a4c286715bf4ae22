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
from sdrrl_data.scoring.tokens import tokens


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
        """The translated sentences of each line of the source."""
        units = self.pair.units
        return _joined(self.pair.source, ((unit.source_start, unit.source_end) for unit in units))

    def target_lines(self) -> list[str]:
        """The translated sentences of each line of the target."""
        units = self.pair.units
        return _joined(self.pair.target, ((unit.target_start, unit.target_end) for unit in units))


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


def _joined(text: str, spans: Iterable[tuple[int, int]]) -> list[str]:
    """The text in these spans; spans on the same line are joined."""
    lines: list[str] = []
    end = 0
    for start, next_end in spans:
        if lines and "\n" not in text[end:start]:
            lines[-1] += " " + text[start:next_end]
        else:
            lines.append(text[start:next_end])
        end = next_end
    return lines
