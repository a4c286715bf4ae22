from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from sdrrl_data.protocols import TextPair, Unit
from tests.generation.conftest import chat_model, make_model, make_tokenizer

__all__ = ["chat_model", "make_model", "make_tokenizer"]  # the same small models as for generating


@pytest.fixture(scope="session")
def text_pair() -> Callable[..., TextPair]:
    """Makes a pair of (source, target) sentences, with markup around each of them."""

    def make(*sentences: tuple[str, str]) -> TextPair:
        source = target = ""
        units = []
        for source_sentence, target_sentence in sentences:
            source, target = source + "- `x` ", target + "- `x` "
            units.append(
                Unit(len(source), len(source) + len(source_sentence), len(target), len(target) + len(target_sentence))
            )
            source, target = source + source_sentence + "\n", target + target_sentence + "\n"
        return TextPair(source, target, units)

    return make


@pytest.fixture(scope="session")
def score() -> Callable[..., dict[str, list[Any]]]:
    """Scores pairs, and holds the scorer to its protocol: one value per pair, all pairs reported as done."""

    def run(scorer, pairs) -> dict[str, list[Any]]:
        done = []
        scores = scorer.score(pairs, done.append)
        assert sum(done) == pytest.approx(len(pairs))
        assert scores.height == len(pairs)
        assert set(scores.dtypes) <= {pl.Float64, pl.String}
        return scores.to_dict(as_series=False)

    return run
