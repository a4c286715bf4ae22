"""Where the questions come from."""

from typing import Annotated, ClassVar, Literal

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


class SeedsConfig(Config):
    """The questions: a file (JSONL, JSON, Parquet, CSV, TSV, text) or a dataset on the Hub."""

    role: ClassVar[str | None] = "seeds"

    source: Annotated[
        str, Model(), Form("a file, or a dataset on the Hub", "questions.jsonl")
    ]  # a file, or a dataset on the Hub
    fields: SeedFieldsConfig = SeedFieldsConfig()
    leave_out: Annotated[tuple[str, ...], ShapelessByDefault()] = ()  # columns that are not read
    config: str | None = None  # of the dataset
    split: str = "train"  # of the dataset
    # A branch, a tag or a commit of the Hub; None: the newest commit when the run began.
    revision: Annotated[str | None, Shapeless()] = None
    licence: str | None = None  # its licence, where the Hub or a package does not say it


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


SeedSources = Annotated[
    Annotated[tuple[SeedsConfig, ...], Field(min_length=1), Tag("read")] | Annotated[MagpieConfig, Tag("magpie")],
    Form("files or datasets with questions", [{"source": "questions.jsonl"}]),
    Discriminator(lambda seeds: "read" if isinstance(seeds, list | tuple) else "magpie"),
]
