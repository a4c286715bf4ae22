"""What an engine says about itself that runs a generator's model. Its settings are the generator's."""

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

    kind: ClassVar[str]  # how a recipe names it
    order: ClassVar[int] = 0  # in which `auto` asks; 0: never, it has to be named

    @classmethod
    def declared_word(cls) -> str:
        """How a recipe names it."""
        return cls.kind

    def takes(self, settings: "GeneratorConfig") -> bool:
        """Whether `auto` may choose it, when its turn comes."""
        return self.missing(settings) is None

    @classmethod
    def declared_words(cls) -> list[str]:
        """`auto` as well."""
        return [AUTO, *super().declared_words()]

    @abstractmethod
    def missing(self, settings: "GeneratorConfig") -> UserError | None:
        """What it lacks to run here, as an error whose sentence says what to do; None: nothing."""

    @abstractmethod
    def identify(self, settings: "GeneratorConfig") -> Ingredient:
        """What would answer, found without loading it.

        Raises:
            UserError: the model cannot be found.
        """

    @abstractmethod
    def open(self, settings: "GeneratorConfig") -> Generator:
        """The generator, loaded; whoever opened it closes it.

        Raises:
            UserError: the model cannot be found or loaded.
        """

    def prompt_lengths(self, settings: "GeneratorConfig", requests: Sequence[Request]) -> list[int | SetAside] | None:
        """The tokens of each prompt, counted without loading the model; None where they cannot be counted here.

        Raises:
            UserError: the model has no tokenizer.
        """
        return None


def known_engine(word: str) -> str:
    """The word, where it names an engine, or `auto`.

    Raises:
        ValueError: no engine has this word.
        UserError: there is no such engine of the user's own.
    """
    if word != AUTO:
        GeneratorEngine.named_in_validation(word)
    return word
