"""Generators of text: one file a kind."""

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Literal

from sdrrl_data import recipe
from sdrrl_data.errors import NotInstalled, RecipeError
from sdrrl_data.models import packaged
from sdrrl_data.models.locating import Located, loading
from sdrrl_data.protocols import Generator, Ingredient, Request, SetAside

Engine = Literal["vllm", "openai", "transformers"]


def identify(settings: recipe.GeneratorConfig) -> Ingredient:
    """What would answer, found without loading it.

    Raises:
        UserError: no engine is installed, or the model cannot be had.
    """
    engine = choose_engine(settings)
    if engine == "openai":
        from sdrrl_data.generation import openai

        return openai.identify(settings)
    if settings.model == packaged.NAME:
        return packaged.identify(_versioned(engine))
    located = _locate(settings)
    return Ingredient("generator", located.name, located.revision, located.licence, _versioned(engine))


def build(settings: recipe.GeneratorConfig) -> Generator:
    """Load the model.

    Raises:
        UserError: no engine is installed, or the model cannot be had or loaded.
    """
    engine = choose_engine(settings)
    if engine == "openai":
        from sdrrl_data.generation.openai import OpenAIGenerator

        return OpenAIGenerator(settings)
    located = _locate(settings)
    if engine == "vllm":
        from sdrrl_data.generation.vllm import VllmGenerator

        return VllmGenerator(settings, located)
    from sdrrl_data.generation.transformers import TransformersGenerator

    return TransformersGenerator(settings, located)


def prompt_lengths(settings: recipe.GeneratorConfig, requests: Sequence[Request]) -> list[int | SetAside] | None:
    """The tokens of each prompt, counted without loading the model; None where only a server has the tokenizer.

    Raises:
        UserError: the model has no tokenizer.
    """
    if choose_engine(settings) == "openai":
        return None
    from transformers import AutoTokenizer

    from sdrrl_data.chat.rendering import Chat

    located = _locate(settings)
    with loading("generator", located.name):
        tokenizer = AutoTokenizer.from_pretrained(located.path, **located.pinned())
    prompts = map(Chat(tokenizer, settings).tokenize, requests)
    return [prompt if isinstance(prompt, SetAside) else len(prompt) for prompt in prompts]


def choose_engine(settings: recipe.GeneratorConfig) -> Engine:
    """The engine the recipe names; `auto` is the server where there is one, else vLLM, else transformers.

    Raises:
        UserError: it is not installed, or has no server.
    """
    if settings.engine == "openai" and not settings.server:
        raise RecipeError("generator.engine openai needs a server: --set generator.server.url=http://HOST:PORT/v1")
    if settings.server and settings.engine in {"auto", "openai"}:
        if not find_spec("openai"):
            raise NotInstalled("a generator on a server needs its client: pip install 'sdrrl-data[openai]'", "openai")
        return "openai"
    if settings.engine != "transformers" and find_spec("vllm"):
        return "vllm"
    if settings.engine == "vllm":
        raise NotInstalled("generator.engine vllm is not installed: pip install 'sdrrl-data[vllm]'", "vllm")
    if not find_spec("transformers") or not find_spec("torch"):
        raise NotInstalled("no engine is installed to run a generator: pip install 'sdrrl-data[vllm]'", "vllm")
    return "transformers"


def _locate(settings: recipe.GeneratorConfig) -> Located:
    return packaged.locate(settings.model, settings.revision, "generator", "--model")


def _versioned(engine: Engine) -> str:
    for distribution in (engine, f"{engine}-cpu"):
        try:
            return f"{distribution} {version(distribution)}"
        except PackageNotFoundError:
            continue
    return engine
