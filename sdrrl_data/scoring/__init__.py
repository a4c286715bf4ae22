"""Scorers: numbers that tell a good translated pair from a bad one. One file per kind, with everything about it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from sdrrl_data.languages import Language
from sdrrl_data.processes.spread import Spread, processes_for
from sdrrl_data.protocols import Ingredient, Scorer, TextPair
from sdrrl_data.recipe import GeneratorConfig, ScorerConfig
from sdrrl_data.recipe import ScorerContext as Context
from sdrrl_data.text.masking import plain

if TYPE_CHECKING:
    from sdrrl_data.scoring.counting import CountingConfig

__all__ = ["Context", "build_best_by", "identify", "opened_heuristics", "prose"]


def identify(settings: ScorerConfig, generator: Callable[[GeneratorConfig | None], Ingredient]) -> list[Ingredient]:
    """The models and sets of texts behind a scorer, found without loading them; none if it only counts.

    Args:
        settings: the scorer's settings.
        generator: identifies a generator without loading it; None stands for the recipe's own.

    Raises:
        UserError: one of them, or the package that runs it, cannot be found.
    """
    return settings.checked(settings.identify(generator))


@contextmanager
def opened_heuristics(
    settings: "Sequence[CountingConfig]", src: Language, tgt: Language, learned: Sequence[Any]
) -> Iterator[Scorer]:
    """The scorers that only count, as one scorer on all cores.

    Args:
        settings: the settings of each scorer.
        src: the language of the source texts.
        tgt: the language of the translations.
        learned: what each has learned from pairs of the run; None for a scorer that learns nothing.
    """
    from sdrrl_data.scoring.heuristics import Heuristics

    make = partial(Heuristics, settings, src, tgt, learned)
    with closing(Spread(make, processes_for())) as scorer:
        yield scorer


def build_best_by(name: str) -> Scorer:
    """Make the scorer that compares several answers to one question.

    Raises:
        UserError: the scorer needs a package that is not installed.
    """
    if name == "similarity":
        from sdrrl_data.scoring.similarity import SimilarityConfig, SimilarityScorer

        return SimilarityScorer(SimilarityConfig())
    from sdrrl_data.scoring.chrf import ChrfScorer

    return ChrfScorer()


def prose(pair: TextPair) -> tuple[str, str]:
    """The translated sentences of source and target, each side joined by spaces into one line.

    Protected spans within them, such as code, are left out.
    """
    sentences = plain(pair)
    source, target = (" ".join(" ".join(sentence[side] for sentence in sentences).split()) for side in (0, 1))
    return source, target
