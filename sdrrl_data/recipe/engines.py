"""The base class of the engines that run a generator's model. An engine's settings are those of the generator."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from sdrrl_data.errors import UserError
from sdrrl_data.protocols import Generator, Ingredient, Request, SetAside
from sdrrl_data.recipe.declared import Declared

if TYPE_CHECKING:
    from sdrrl_data.recipe.generators import GeneratorConfig

AUTO = "auto"


class GeneratorEngine(Declared, ABC):
    """Runs the model of a generator."""

    what = "engine"
    room = "sdrrl_data.generation"
    word_key = "engine"

    kind: ClassVar[str]  # its name in a recipe
    order: ClassVar[int] = 0  # its turn when `auto` chooses an engine, from 1; 0: `auto` never chooses it

    @classmethod
    def declared_word(cls) -> str:
        """Its name in a recipe."""
        return cls.kind

    def takes(self, settings: "GeneratorConfig") -> bool:
        """Whether `auto` may choose this engine when its turn comes."""
        return self.missing(settings) is None

    @classmethod
    def declared_words(cls) -> list[str]:
        """`auto`, and the names of all engines."""
        return [AUTO, *super().declared_words()]

    @abstractmethod
    def missing(self, settings: "GeneratorConfig") -> UserError | None:
        """Why the engine cannot run here, as an error with a sentence that says what to do; None if it can."""

    @abstractmethod
    def identify(self, settings: "GeneratorConfig") -> Ingredient:
        """Identify the model that would answer, without loading it.

        Raises:
            UserError: the model cannot be found.
        """

    @abstractmethod
    def open(self, settings: "GeneratorConfig") -> Generator:
        """Load the generator; the caller closes it.

        Raises:
            UserError: the model cannot be found or loaded.
        """

    def prompt_lengths(self, settings: "GeneratorConfig", requests: Sequence[Request]) -> list[int | SetAside] | None:
        """The number of tokens of each prompt, counted without loading the model; None if it cannot be counted here.

        Raises:
            UserError: the model has no tokenizer.
        """
        return None


def known_engine(word: str) -> str:
    """Return the word if it names an engine, or is `auto`.

    Raises:
        ValueError: no engine has this name.
        UserError: the word names the user's code, which has no such engine.
    """
    if word != AUTO:
        GeneratorEngine.named_in_validation(word)
    return word
