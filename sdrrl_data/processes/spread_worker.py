"""The code that runs in a scorer's process: it scores batches of pairs."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sdrrl_data.processes.worker import serve
from sdrrl_data.protocols import Scorer, TextPair

if TYPE_CHECKING:
    import polars as pl


def _load(make: Callable[[], Scorer]) -> "Callable[[Sequence[TextPair]], pl.DataFrame]":
    scorer = make()
    return lambda pairs: scorer.score(pairs, lambda done: None)


if __name__ == "__main__":
    serve(_load)
