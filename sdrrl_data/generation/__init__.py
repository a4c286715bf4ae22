"""Generators of text: one file per engine, with everything about it."""

from collections.abc import Sequence

from sdrrl_data.protocols import Generator, Ingredient, Request, SetAside
from sdrrl_data.recipe import GeneratorConfig, GeneratorEngine
from sdrrl_data.recipe.engines import AUTO


def identify(settings: GeneratorConfig) -> Ingredient:
    """The model that would answer, found without loading it.

    Raises:
        UserError: no engine is installed, or the model cannot be found.
    """
    return engine(settings).identify(settings)


def build(settings: GeneratorConfig) -> Generator:
    """Load the model.

    Raises:
        UserError: no engine is installed, or the model cannot be found or loaded.
    """
    return engine(settings).open(settings)


def prompt_lengths(settings: GeneratorConfig, requests: Sequence[Request]) -> list[int | SetAside] | None:
    """The number of tokens in each prompt, without loading the model; None if only a server has the tokenizer.

    Raises:
        UserError: the model has no tokenizer.
    """
    return engine(settings).prompt_lengths(settings, requests)


def choose_engine(settings: GeneratorConfig) -> str:
    """The name of the engine that would run the model.

    Raises:
        UserError: it is not installed, or has no server.
    """
    return engine(settings).kind


def engine(settings: GeneratorConfig) -> GeneratorEngine:
    """The engine that the recipe names; with `auto`, the first in order that takes the settings.

    Raises:
        UserError: it is not installed, or has no server.
    """
    if settings.engine == AUTO:
        ordered = sorted((kind for kind in GeneratorEngine.kinds().values() if kind.order), key=lambda kind: kind.order)
        chosen = next((kind() for kind in ordered if kind().takes(settings)), ordered[-1]())
    else:
        chosen = GeneratorEngine.named(settings.engine)()
    if lacking := chosen.missing(settings):
        raise lacking
    return chosen
