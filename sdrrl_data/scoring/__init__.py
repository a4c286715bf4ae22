"""Scorers: numbers that tell a good translated pair from a bad one. One file a kind."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from sdrrl_data import recipe
from sdrrl_data.languages import Language
from sdrrl_data.processes.spread import Spread, processes_for
from sdrrl_data.protocols import Generator, Ingredient, Scorer, TextPair, Translator
from sdrrl_data.text.masking import plain

if TYPE_CHECKING:
    from sdrrl_data.scoring.length import Expectation


class Context(NamedTuple):
    """What a scorer may need besides the pairs."""

    src: Language  # of the source texts
    tgt: Language  # of the translations
    translate_back: Callable[[], Translator]  # gives the translator from `tgt` to `src`
    generator: Callable[[recipe.GeneratorConfig | None], Generator]  # gives a generator; None: the recipe's own
    seed: int  # of all that is drawn


def identify(settings: recipe.ScorerConfig) -> list[Ingredient]:
    """The models and sets of texts behind a scorer, found without loading them; none for one that only counts.

    Raises:
        UserError: one of them, or what runs it, cannot be had.
    """
    match settings:
        case recipe.LanguageConfig():
            from sdrrl_data.scoring import language

            return [language.identify(settings)]
        case recipe.SimilarityConfig():
            from sdrrl_data.scoring import similarity

            return [similarity.identify(settings)]
        case recipe.CometConfig():
            from sdrrl_data.scoring import comet

            return [comet.identify(settings)]
        case recipe.DuplicatesConfig():
            from sdrrl_data.scoring import duplicates

            return duplicates.identify(settings)
        case recipe.ContaminationConfig():
            from sdrrl_data.scoring import contamination

            return contamination.identify(settings)
        case recipe.FunctionConfig():
            from sdrrl_data.scoring import function

            return [function.identify(settings)]
        case _:
            return []


@contextmanager
def opened(settings: recipe.ScorerConfig, context: Context) -> Iterator[Scorer]:
    """A scorer of pairs, with what it needs in memory; given back at the end.

    Raises:
        UserError: what it needs cannot be had.
        ValueError: it is none that judges each pair by itself.
    """
    src, tgt = context.src, context.tgt
    match settings:
        case recipe.LanguageConfig():
            from sdrrl_data.scoring.language import LanguageScorer, model_file

            make = partial(LanguageScorer, settings, src, tgt)
            with closing(Spread(make, processes_for(model_file(settings)))) as scorer:
                yield scorer
        case recipe.SimilarityConfig():
            from sdrrl_data.scoring.similarity import SimilarityScorer

            with closing(SimilarityScorer(settings)) as scorer:
                yield scorer
        case recipe.CometConfig():
            from sdrrl_data.scoring.comet import CometScorer

            with closing(CometScorer(settings)) as scorer:
                yield scorer
        case recipe.RoundTripConfig():
            from sdrrl_data.scoring.round_trip import RoundTripScorer

            yield RoundTripScorer(context.translate_back(), tgt)
        case recipe.JudgeConfig():
            from sdrrl_data.scoring.judge import JudgeScorer

            yield JudgeScorer(settings, context.generator(settings.generator), src, tgt, context.seed)
        case recipe.ContaminationConfig():
            from sdrrl_data.scoring.contamination import ContaminationScorer

            yield ContaminationScorer(settings, src, tgt)
        case recipe.FunctionConfig():
            from sdrrl_data.scoring.function import FunctionScorer

            yield FunctionScorer(settings, src, tgt)
        case _:
            raise ValueError(f"{settings.kind} does not judge each pair by itself")


@contextmanager
def opened_heuristics(
    settings: Sequence[recipe.HeuristicConfig], src: Language, tgt: Language, usual: "Expectation"
) -> Iterator[Scorer]:
    """The scorers that only count, as one, on all cores.

    Args:
        settings: of each.
        src: the language of the source texts.
        tgt: the language of the translations.
        usual: how long translations usually are in the run.
    """
    from sdrrl_data.scoring.heuristics import Heuristics

    make = partial(Heuristics, settings, src, tgt, usual)
    with closing(Spread(make, processes_for())) as scorer:
        yield scorer


def build_best_by(name: str) -> Scorer:
    """Make the scorer that compares several answers to one question.

    Raises:
        UserError: the scorer needs a package that is not installed.
    """
    if name == "similarity":
        from sdrrl_data.scoring.similarity import SimilarityScorer

        return SimilarityScorer(recipe.SimilarityConfig())
    from sdrrl_data.scoring.chrf import ChrfScorer

    return ChrfScorer()


def prose(pair: TextPair) -> tuple[str, str]:
    """The translated sentences of the source, and of the target, each joined by spaces into one line.

    What is protected within them, such as code, is left out.
    """
    sentences = plain(pair)
    source, target = (" ".join(" ".join(sentence[side] for sentence in sentences).split()) for side in (0, 1))
    return source, target
