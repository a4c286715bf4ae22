"""The base classes of components (scorers, translators, aligners): one class says everything about a component.

The fields of the class are its settings, and have markers (see `markers`). Class variables and methods say the rest. A
component is one file in its room, or a class of the user, which a recipe names as `kind: module:Class`.
"""

import json
import re
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NamedTuple, Self

from pydantic import GetCoreSchemaHandler, ValidationError, ValidationInfo
from pydantic_core import CoreSchema, core_schema

from sdrrl_data.errors import RecipeError
from sdrrl_data.languages import Language
from sdrrl_data.protocols import Aligner, Generator, Ingredient, Scorer, Translator
from sdrrl_data.recipe.config import Config
from sdrrl_data.recipe.declared import Declared
from sdrrl_data.recipe.fields import walk
from sdrrl_data.recipe.markers import NamesCode, Place, ShapelessByDefault

if TYPE_CHECKING:
    from sdrrl_data.recipe.generators import GeneratorConfig

Better = Literal["more", "less", "usual"]  # which values of a score are good


class Score(NamedTuple):
    """A number that a scorer gives to a pair, with its meaning."""

    name: str  # of its column
    says: str  # what it means, for the card
    misses: str  # what it does not notice, for the card
    better: Better | None = "more"  # None: this depends on the threshold
    both_sides: bool = False  # whether there is also `src_NAME`, for the source text
    of_question: bool = False  # whether it judges only the question, so that an answer gets the score of its question
    low: str = ""  # what a text is whose value is too low: "shorter than usual"; a setting such as generator.max_tokens
    high: str = ""  # in it stands for its value. The same for a value that is too high
    highest: float | None = None  # value that a text can have, if there is one
    unscored: str = ""  # which texts have no value: "sources without numbers"

    @property
    def columns(self) -> tuple[str, ...]:
        """Its columns. `src_NAME` judges the text in the source language, `NAME` its translation."""
        return (f"src_{self.name}", self.name) if self.both_sides else (self.name,)


class Component(Config, Declared):
    """The settings of one kind of component, and everything else about it."""

    kind: Annotated[str, NamesCode()]  # for a class of the user: module:Class

    gpu: ClassVar[bool] = False  # whether it uses a GPU if there is one

    def called(self) -> str:
        """Its name in tables and messages: its kind, or the name of the user's class in lower case."""
        if ":" not in self.kind:
            return self.kind
        name = self.kind.rpartition(":")[2].removesuffix("Config")
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()

    def shaping(self) -> dict[str, Any]:
        """The same as `Config.shaping`; for the user's code, a digest of the code as well."""
        shaping = super().shaping()
        return shaping | {"code": self.code(self.kind)} if ":" in self.kind else shaping

    def checked(self, ingredients: Sequence[Ingredient]) -> list[Ingredient]:
        """The ingredients that the component identified. If it names a model, there must be one.

        Raises:
            RecipeError: the component names a model, and identified nothing.
        """
        written = walk(type(self), self.model_dump(mode="json"))
        places = [field.key for field in written if field.marker(Place) and field.value]
        if places and not ingredients:
            raise RecipeError(
                f"{self.what} {self.kind}: its identify() returns no ingredient, so that a change of its "
                f"{places[0]} would not be noticed"
            )
        return list(ingredients)

    @classmethod
    def declared_word(cls) -> str:
        """Its kind."""
        return str(cls.model_fields["kind"].default)

    @classmethod
    def read_as(cls, content: Mapping[str, Any], importing: bool = False) -> list[type[Config]]:
        """The class of its kind; all classes of its room if it has no kind, as in a layer over a recipe."""
        if "room" not in vars(cls):
            return [cls]
        kind = content.get("kind")
        if not isinstance(kind, str):
            return list(cls.kinds().values())
        kind_class = cls.named(kind) if importing else cls.loaded(kind)
        return [kind_class] if kind_class else []

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """A base class accepts the settings of all its kinds, and each is dumped by its class."""
        if "room" not in vars(cls):
            return handler(source)
        return core_schema.with_info_plain_validator_function(cls._of_its_kind)

    @classmethod
    def _of_its_kind(cls, value: Any, info: ValidationInfo) -> Self:
        if isinstance(value, cls):
            return value
        content = value if isinstance(value, dict) else {}
        if not isinstance(content.get("kind"), str):
            problem = {"type": "missing", "loc": ("kind",), "input": value}
            raise ValidationError.from_exception_data(cls.__name__, [problem])  # type: ignore[list-item]
        kind_class = cls.named_in_validation(content["kind"])
        if info.mode == "json":  # which accepts lists as tuples
            return kind_class.model_validate_json(json.dumps(content))
        return kind_class.model_validate(content)


class ScorerContext(NamedTuple):
    """Everything that a scorer may need besides the pairs."""

    src: Language  # of the source texts
    tgt: Language  # of the translations
    translate_back: Callable[[], Translator]  # returns the translator from `tgt` to `src`
    generator: "Callable[[GeneratorConfig | None], Generator]"  # returns a generator; None: that of the recipe
    seed: int  # of all random draws
    aligner: Callable[[], Aligner | None] = lambda: None
    """Returns the run's aligner, for scorers that align; None if the run is too small to have learned one."""
    translator: Callable[[], Translator | None] = lambda: None
    """Returns the first translator from `src` to `tgt`, for scorers that ask it; None if it gives no probabilities."""


class ScorerConfig(Component):
    """Judges pairs of a text and its translation."""

    what = "scorer"
    room = "sdrrl_data.scoring"
    role = "scorer"

    scores: ClassVar[tuple[Score, ...]]  # in the order of its columns
    counts_only: ClassVar[bool] = False  # fast, without a model: such scorers share a table (see scoring/counting.py)
    translates_back: ClassVar[bool] = False  # whether it needs the translator from `tgt` to `src`
    asks_translator: ClassVar[bool] = False  # whether it needs the translator from `src` to `tgt`
    aligns: ClassVar[bool] = False  # whether it needs the run's word aligner
    tells_language: ClassVar[bool] = False  # whether its columns are those of scoring/language.py
    of_answers: ClassVar[bool] = False  # whether it judges answers by what was asked, and neither questions nor pairs

    # Which texts it judges; the scores of the others are null.
    texts: Annotated[Literal["question", "answer", "both"], ShapelessByDefault()] = "both"

    def declared(self) -> tuple[Score, ...]:
        """Its scores."""
        return self.scores

    def judges(self, text: Literal["question", "answer"]) -> bool:
        """Whether it judges questions, or answers."""
        return self.texts in (text, "both")

    @abstractmethod
    def identify(self, generator: "Callable[[GeneratorConfig | None], Ingredient]") -> list[Ingredient]:
        """Identify its models and sets of texts without loading them; empty if it has none.

        Args:
            generator: identifies a generator without loading it; None: that of the recipe.

        Raises:
            RecipeError: a model, a set of texts or a package cannot be found.
        """

    def advice(self) -> str | None:
        """A sentence that says what to install so that it is faster; None if nothing is missing."""
        return None

    def prepare(self, say: Callable[[str], None]) -> None:
        """Fetch or make what could be missing when the scorer is opened, so that this shows before a run begins.

        Args:
            say: tells the user something.

        Raises:
            UserError: it cannot be had.
        """

    @abstractmethod
    def open(self, context: ScorerContext) -> AbstractContextManager[Scorer]:
        """Load the scorer; its memory is freed at the end of the context.

        Raises:
            RecipeError: a model, a set of texts or a package cannot be found.
            ValueError: the scorer does not judge each pair independently.
        """


class TranslatorContext(NamedTuple):
    """Everything that a translator may need."""

    src: Language  # of the texts
    tgt: Language  # that they are translated into
    generator: "Callable[[GeneratorConfig | None], Generator]"  # returns a generator; None: that of the recipe
    seed: int  # of all random draws


class TranslatorConfig(Component):
    """Translates texts."""

    what = "translator"
    room = "sdrrl_data.translation"
    role = "translator"

    argument: ClassVar[tuple[str, str] | None] = None  # the key after the colon in "nllb:MODEL", and its name in help
    uses_generator: ClassVar[bool] = False  # whether the run's generator translates
    gives_probabilities: ClassVar[bool] = False  # whether its translator is a `GivesProbabilities`

    @classmethod
    def completed(cls, content: Mapping[str, Any], generator: Mapping[str, Any]) -> dict[str, Any]:
        """The settings, with those defaults that depend on a model.

        Args:
            content: as they are written; nothing is validated yet.
            generator: the settings of the run's generator, as they are written.
        """
        return dict(content)

    def asks(self, of_run: "GeneratorConfig") -> "GeneratorConfig | None":
        """The generator that it asks: the run's, or another; None if it asks none."""
        return of_run if self.uses_generator else None

    @abstractmethod
    def identify(
        self, src: Language, tgt: Language, generator: "Callable[[GeneratorConfig | None], Ingredient]"
    ) -> Ingredient:
        """Identify the translator without loading it.

        Args:
            src: the language of the texts.
            tgt: the language that they are translated into.
            generator: identifies a generator without loading it; None: that of the recipe.

        Raises:
            RecipeError: the translator cannot be found, or does not know the pair.
        """

    @abstractmethod
    def open(self, context: TranslatorContext) -> Translator:
        """Load the translator; the caller closes it.

        Raises:
            RecipeError: the translator cannot be found, or does not know the pair.
        """

    @classmethod
    def recipe_words(cls) -> list[str]:
        """Such as "nllb" and "nllb:MODEL"."""
        word = cls.declared_word()
        return [word, f"{word}:{cls.argument[1]}"] if cls.argument else [word]


class AlignerContext(NamedTuple):
    """Everything that an aligner may need."""

    translators: Sequence[TranslatorConfig] = ()  # of the recipe
    src: Language | None = None  # of the source sentences
    tgt: Language | None = None  # of the target sentences


class AlignerConfig(Component):
    """Finds which words of a text and its translation belong together."""

    what = "aligner"
    room = "sdrrl_data.alignment"
    role = "aligner"

    learns: ClassVar[bool] = False  # whether it is trained on the run's pairs
    needs_translator: ClassVar[str | None] = None  # the kind of translator that the recipe must have

    @abstractmethod
    def identify(self) -> Ingredient | None:
        """Identify its model or dictionary without loading it.

        None if the aligner learns from the run, or uses the model of the recipe's translator.

        Raises:
            RecipeError: the model or the dictionary cannot be found.
        """

    @abstractmethod
    def open(self, context: AlignerContext) -> Aligner:
        """Open the aligner. If it learns, it must then be trained, or load what it learned before.

        Raises:
            RecipeError: its model or dictionary cannot be found.
            ValueError: the context lacks a translator or a language that it needs.
        """
