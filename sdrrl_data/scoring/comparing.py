"""Scorers that compare each text of a run with earlier ones, so that its parts must come in order."""

from abc import abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

from sdrrl_data.protocols import Advance, Scorer, TextPair
from sdrrl_data.recipe import ScorerConfig, ScorerContext
from sdrrl_data.scoring.compared_sets import Kind

if TYPE_CHECKING:
    import polars as pl


class Comparing(Protocol):
    """Compares texts with earlier ones."""

    def score(self, ids: Sequence[str], pairs: Sequence[TextPair], advance: Advance) -> "pl.DataFrame":
        """One row per pair, which is compared with all earlier ones and then remembered."""
        ...

    def remember(self, ids: Sequence[str], pairs: Sequence[TextPair]) -> None:
        """Remember pairs without comparing them."""
        ...


class ComparingConfig(ScorerConfig):
    """Compares the texts of a run with one another: questions with questions, answers with answers."""

    @abstractmethod
    def compare(self, context: ScorerContext, texts: Kind) -> Comparing:
        """The scorer that compares the questions of a run, or its answers.

        Raises:
            UserError: a set that it needs cannot be found.
        """

    def open(self, context: ScorerContext) -> AbstractContextManager[Scorer]:
        """Not supported: use `compare`."""
        raise ValueError(f"{self.kind} does not judge each pair by itself")
