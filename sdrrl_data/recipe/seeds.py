"""Where the questions come from."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Discriminator, Field, Tag

from sdrrl_data.recipe.config import Config, Positive
from sdrrl_data.recipe.generators import SamplingConfig
from sdrrl_data.recipe.markers import Form, Model, Shapeless, ShapelessByDefault


class SeedFieldsConfig(Config):
    """Names of the columns of the seeds; a column that is not named here is found by its usual names."""

    messages: str | None = None  # a conversation: a list of role and content
    question: str | None = None  # the user's turn
    input: str | None = None  # a text that the question is about
    system: Annotated[str | None, ShapelessByDefault()] = None  # the system prompt
    history: Annotated[str | None, ShapelessByDefault()] = None  # earlier turns
    reference: str | None = None  # an answer that the source brings, for the controls
    id: Annotated[str | None, ShapelessByDefault()] = None  # the user's own id, which `inspect --id` finds


class RowsConfig(Config):
    """Rows of a file or of a dataset on the Hub."""

    role: ClassVar[str | None] = "seeds"

    source: Annotated[
        str, Model(), Form("a file, or a dataset on the Hub", "questions.jsonl")
    ]  # a file, or a dataset on the Hub
    config: str | None = None  # of the dataset
    split: str = "train"  # of the dataset
    # A branch, a tag or a commit of the Hub; None: the newest commit when the run began.
    revision: Annotated[str | None, Shapeless()] = None
    licence: str | None = None  # its licence, where the Hub or a package does not say it


class SeedsConfig(RowsConfig):
    """The questions: a file (JSONL, JSON, Parquet, CSV, TSV, text) or a dataset on the Hub."""

    fields: SeedFieldsConfig = SeedFieldsConfig()
    leave_out: Annotated[tuple[str, ...], ShapelessByDefault()] = ()  # columns that are not read


class NativeFieldsConfig(Config):
    """Names of the columns of native texts; a column that is not named here is found by its usual names."""

    text: str | None = None  # the text
    id: Annotated[str | None, ShapelessByDefault()] = None  # the user's own id, which `inspect --id` finds


class NativeTextsConfig(RowsConfig):
    """Texts of the target language: a file of rows, text with one a line, a folder of text files, or a dataset."""

    fields: NativeFieldsConfig = NativeFieldsConfig()


class NativeConfig(SamplingConfig):
    """Texts that people wrote in the target language, as answers; the generator writes the question of each.

    It reads a translation of the text, and its question is translated (reverse instructions). The text stays as it is.

    Source: Köksal et al. 2024 (MURI), https://arxiv.org/abs/2409.12958.
    """

    source: Literal["native"]  # the answers are there, and the model writes the questions
    texts: Annotated[
        tuple[NativeTextsConfig, ...],
        Field(min_length=1),
        Form("files or datasets with texts of the target language", [{"source": "texts.jsonl"}]),
    ]
    max_tokens: Positive = 256  # of a question
    shortest: Positive = 10  # words; a shorter text is set aside
    longest: Positive = 500  # words; a text ends with the last paragraph that fits, or is set aside
    too_long: Literal["cut", "set_aside"] = "cut"
    # The similarity to an earlier text (Jaccard index of word 3-grams) from which on a text is a copy.
    near_copies: Annotated[float, Field(gt=0, le=1)] = 0.7


class MagpieConfig(SamplingConfig):
    """Questions that the generator writes itself: it continues the chat template after the header of a user's turn.

    Source: Xu et al. 2024, https://arxiv.org/abs/2406.08464.
    """

    source: Literal["magpie"]  # the model writes the questions
    temperature: Annotated[float, Field(ge=0)] = 1.0
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    max_tokens: Positive = 512
    system_prompt: str | None = None  # says what the questions should be about, or who asks them
    # The similarity to an earlier question (Jaccard index of word 3-grams) from which on a question is a copy.
    near_copies: Annotated[float, Field(gt=0, le=1)] = 0.7
    licence: str | None = None  # of the questions


NATIVE = "native"
WORDS = ("magpie", NATIVE)  # which a section of seeds may have for a source, and then it is no file or dataset


def _tag(seeds: Any) -> str:
    if isinstance(seeds, list | tuple):
        return "read"
    source = seeds.get("source") if isinstance(seeds, dict) else getattr(seeds, "source", None)
    return NATIVE if source == NATIVE else "magpie"


SeedSources = Annotated[
    Annotated[tuple[SeedsConfig, ...], Field(min_length=1), Tag("read")]
    | Annotated[MagpieConfig, Tag("magpie")]
    | Annotated[NativeConfig, Tag(NATIVE)],
    Form("files or datasets with questions", [{"source": "questions.jsonl"}]),
    Discriminator(_tag),
]


def sources_of(seeds: "SeedSources") -> tuple[RowsConfig, ...]:
    """The files and datasets of the seeds; none if the model writes them."""
    return () if isinstance(seeds, MagpieConfig) else seeds.texts if isinstance(seeds, NativeConfig) else seeds
