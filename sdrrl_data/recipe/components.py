"""What a component (a scorer, a translator, an aligner) says about itself: all there is to be said, in one class.

Its settings are the fields of the class, each of which says what it is (see `markers`); the rest is said by class
variables and methods. A component is one file in its room, or a class of the user's own, which a recipe names as
`kind: module:Class`.
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
from sdrrl_data.recipe.markers import NamesCode, Place

if TYPE_CHECKING:
    from sdrrl_data.recipe.generators import GeneratorConfig

Better = Literal["more", "less", "usual"]  # which values of a score are the good ones


class Score(NamedTuple):
    """One number that a scorer gives a pair, for whoever reads it."""

    name: str  # of its column
    says: str  # what it says, for the card
    misses: str  # what it does not see
    better: Better | None = "more"  # None: only the threshold in force tells
    both_sides: bool = False  # whether `src_NAME` says the same of the source text

    @property
    def columns(self) -> tuple[str, ...]:
        """Its columns. `src_` judges the text in the source language, the other its translation."""
        return (f"src_{self.name}", self.name) if self.both_sides else (self.name,)


class Component(Config, Declared):
    """Settings of one kind of component, and what else is to be known of it."""

    kind: Annotated[str, NamesCode()]  # of a class of the user's own: module:Class

    gpu: ClassVar[bool] = False  # whether it runs on a GPU where there is one

    def called(self) -> str:
        """What to call it in tables and messages: its kind; a class of the user's own by its name, in small letters."""
        if ":" not in self.kind:
            return self.kind
        name = self.kind.rpartition(":")[2].removesuffix("Config")
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()

    def shaping(self) -> dict[str, Any]:
        """As `Config.shaping`; of the user's own code, the code shapes rows as well."""
        shaping = super().shaping()
        return shaping | {"code": self.code(self.kind)} if ":" in self.kind else shaping

    def checked(self, ingredients: Sequence[Ingredient]) -> list[Ingredient]:
        """What the component says is behind it: a model that it names has to be among that.

        Raises:
            RecipeError: it names a model, and says that there is nothing behind it.
        """
        written = walk(type(self), self.model_dump(mode="json"))
        places = [field.key for field in written if field.marker(Place) and field.value]
        if places and not ingredients:
            raise RecipeError(
                f"{self.what} {self.kind}: its identify() names nothing, so no fingerprint would tell "
                f"what its {places[0]} stands for"
            )
        return list(ingredients)

    @classmethod
    def declared_word(cls) -> str:
        """Its kind."""
        return str(cls.model_fields["kind"].default)

    @classmethod
    def read_as(cls, content: Mapping[str, Any], importing: bool = False) -> list[type[Config]]:
        """The class of its kind; where none is written (a layer over a recipe may leave it out), any of its room."""
        if "room" not in vars(cls):
            return [cls]
        kind = content.get("kind")
        if not isinstance(kind, str):
            return list(cls.kinds().values())
        kind_class = cls.named(kind) if importing else cls.loaded(kind)
        return [kind_class] if kind_class else []

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """What stands for all kinds takes the settings of each; they are written as what they are."""
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
        if info.mode == "json":  # where lists are taken for tuples
            return kind_class.model_validate_json(json.dumps(content))
        return kind_class.model_validate(content)


class ScorerContext(NamedTuple):
    """What a scorer may need besides the pairs."""

    src: Language  # of the source texts
    tgt: Language  # of the translations
    translate_back: Callable[[], Translator]  # gives the translator from `tgt` to `src`
    generator: "Callable[[GeneratorConfig | None], Generator]"  # gives a generator; None: the recipe's own
    seed: int  # of all that is drawn


class ScorerConfig(Component):
    """Judges pairs of a text and its translation."""

    what = "scorer"
    room = "sdrrl_data.scoring"
    role = "scorer"

    scores: ClassVar[tuple[Score, ...]]  # in the order of its columns
    counts_only: ClassVar[bool] = False  # fast, without a model: such scorers share a table (see scoring/counting.py)
    translates_back: ClassVar[bool] = False  # whether it asks for the translator back
    tells_language: ClassVar[bool] = False  # whether it gives the columns of scoring/language.py

    def declared(self) -> tuple[Score, ...]:
        """The scores that it gives."""
        return self.scores

    @abstractmethod
    def identify(self, generator: "Callable[[GeneratorConfig | None], Ingredient]") -> list[Ingredient]:
        """The models and sets of texts behind it, found without loading them; none for one that only counts.

        Args:
            generator: names a generator without loading it; None: the recipe's own.

        Raises:
            RecipeError: one of them, or what runs it, cannot be found.
        """

    @abstractmethod
    def open(self, context: ScorerContext) -> AbstractContextManager[Scorer]:
        """A scorer of pairs, with what it needs in memory; given back at the end.

        Raises:
            RecipeError: what it needs cannot be found.
            ValueError: it does not judge each pair by itself.
        """


class TranslatorContext(NamedTuple):
    """What a translator may need."""

    src: Language  # of the texts
    tgt: Language  # that they are translated into
    generator: Callable[[], Generator]  # gives the run's own, which may translate too
    seed: int  # of all that is drawn


class TranslatorConfig(Component):
    """Translates texts."""

    what = "translator"
    room = "sdrrl_data.translation"
    role = "translator"

    argument: ClassVar[tuple[str, str] | None] = None  # the key after the colon in "nllb:MODEL", and its name in help
    uses_generator: ClassVar[bool] = False  # whether the run's generator translates

    @abstractmethod
    def identify(self, src: Language, tgt: Language, generator: Ingredient) -> Ingredient:
        """What would translate, found without loading it.

        Args:
            src: the language of the texts.
            tgt: the language that they are translated into.
            generator: the run's, which may translate too.

        Raises:
            RecipeError: it cannot be found, or does not know the pair.
        """

    @abstractmethod
    def open(self, context: TranslatorContext) -> Translator:
        """The translator, loaded; whoever opened it closes it.

        Raises:
            RecipeError: it cannot be found, or does not know the pair.
        """

    @classmethod
    def own_words(cls) -> list[str]:
        """Such as "nllb" and "nllb:MODEL"."""
        word = cls.declared_word()
        return [word, f"{word}:{cls.argument[1]}"] if cls.argument else [word]


class AlignerContext(NamedTuple):
    """What an aligner may need."""

    translators: Sequence[TranslatorConfig] = ()  # the recipe's
    src: Language | None = None  # of the source sentences
    tgt: Language | None = None  # of the target sentences


class AlignerConfig(Component):
    """Finds which words of a text and its translation belong together."""

    what = "aligner"
    room = "sdrrl_data.alignment"
    role = "aligner"

    learns: ClassVar[bool] = False  # whether it is trained on the run's own pairs
    needs_translator: ClassVar[str | None] = None  # the kind of translator that the recipe has to have

    @abstractmethod
    def identify(self) -> Ingredient | None:
        """The model or dictionary behind it, found without loading it.

        None for one that learns from the run itself, and for the recipe's translator.

        Raises:
            RecipeError: it cannot be found.
        """

    @abstractmethod
    def open(self, context: AlignerContext) -> Aligner:
        """The aligner. One that learns has yet to be trained, or to load what it has learned.

        Raises:
            RecipeError: it cannot be found.
            ValueError: the context lacks what it needs.
        """
