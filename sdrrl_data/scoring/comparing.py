"""Scorers that compare each text of a run with those before it, so that its parts have to come in order."""

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
    """Compares texts with those before them."""

    def score(self, ids: Sequence[str], pairs: Sequence[TextPair], advance: Advance) -> "pl.DataFrame":
        """One row a pair, compared with all earlier ones; then it is remembered."""
        ...

    def remember(self, ids: Sequence[str], pairs: Sequence[TextPair]) -> None:
        """Only remember them."""
        ...


class ComparingConfig(ScorerConfig):
    """Compares the texts of a run with one another: questions with questions, answers with answers."""

    @abstractmethod
    def compare(self, context: ScorerContext, texts: Kind) -> Comparing:
        """What compares the questions of a run, or its answers.

        Raises:
            UserError: what it needs cannot be found.
        """

    def open(self, context: ScorerContext) -> AbstractContextManager[Scorer]:
        """It is not opened: see `compare`."""
        raise ValueError(f"{self.kind} does not judge each pair by itself")
